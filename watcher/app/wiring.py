"""Builds the application from a `Config`; shared by `run`, `check` and `demo`."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from typing import Protocol

from watcher.app.daemon import Daemon, DaemonSettings, Observed
from watcher.app.health import Health
from watcher.app.notifier import Notifier, NotifierSettings
from watcher.app.pipeline import MailPipeline, Reception
from watcher.app.queue import EventQueue
from watcher.clock import utc_now
from watcher.config.accounts import Watched, watched
from watcher.config.schema import Config
from watcher.dkim import dns_lookup, verifier
from watcher.errors import WatcherError
from watcher.events import MailboxSynced, MessageFetched, Report, StateChanged
from watcher.i18n import Language
from watcher.imap.account import WatchSettings
from watcher.imap.once import look_once
from watcher.imap.session import Session
from watcher.journal import Journal
from watcher.notify.delivery import Delivery, channels
from watcher.notify.notification import Channel, Notification, OnAction
from watcher.recognition.judge import Verify, may_be_attempt


def dns_verify(config: Config) -> Verify:
    """Return the DKIM check that asks the configured name servers for keys."""
    return verifier(dns_lookup(config.dkim.nameservers, config.dkim.timeout))


POLL_GRACE = 1.5
"""The scheduler calls for polls; a session that hears nothing looks by itself then."""


class OpenChannels(Protocol):
    """Opens channels that report the buttons pressed."""

    def __call__(self, *, on_action: OnAction) -> Sequence[Channel]:
        """Return them, the best first."""


def open_channels(config: Config) -> OpenChannels | None:
    """Return what opens the configured channels; None if the user wants none."""
    notify = config.notify
    return partial(channels, notify.channel.value) if notify.enabled else None


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Everything a daemon needs, and one look too."""

    config: Config
    journal: Journal
    language: Language
    verify: Verify
    open_channels: OpenChannels | None
    """Opens the ways to the user's eyes; None: the user wants no notifications."""
    is_daemon: bool = False
    """Whether this is the one program that tells how well the accounts are watched."""
    on_shown: Callable[[Notification, str], None] = lambda *_: None
    observe: Callable[[Observed], None] = lambda _: None
    queue: EventQueue = field(default_factory=EventQueue)

    def accounts(self) -> tuple[Watched, ...]:
        """Return every account with its rules."""
        return watched(self.config)

    def reception(self, notifier: Notifier) -> Reception:
        """Return what receives mails."""
        policies = {one.account.name: one.policy for one in self.accounts()}
        window = self.config.watch.window
        intake = MailPipeline(self.journal, self.verify, policies, window)
        return Reception(self.journal, intake, notifier, self.observe)

    @contextmanager
    def notifier(self) -> Iterator[Notifier]:
        """Give what tells the user, and close its channels in the end."""
        delivery = None
        if self.open_channels:
            delivery = Delivery(self.open_channels(on_action=self.queue.press))
        settings = NotifierSettings(
            language=self.language,
            notify_unverified=self.config.notify.unverified,
            on_shown=self.on_shown,
        )
        try:
            yield Notifier(self.journal, delivery, settings)
        finally:
            if delivery:
                delivery.close()

    def watch(self) -> None:
        """Be the daemon until the inbox is asked to stop."""
        settings = DaemonSettings(
            remind_at=self.config.notify.remind_at,
            poll_interval=self.config.watch.poll_interval,
            keep=self.config.log.keep,
            observe=self.observe,
        )
        with self.notifier() as notifier:
            daemon = Daemon(
                self.queue,
                self.journal,
                self.reception(notifier),
                notifier,
                settings,
                Health(self.journal, notifier) if self.is_daemon else None,
            )
            daemon.run([self._session(one) for one in self.accounts()])

    def look(self) -> dict[str, WatcherError]:
        """Look at every account once; return why, of those that could not be.

        The accounts are looked at side by side, so that a dead server delays nobody.
        """
        reports: SimpleQueue[Report | Ended] = SimpleQueue()
        for one in self.accounts():
            look = partial(
                look_once,
                one.account,
                cursors=self.journal.cursors(one.account.name),
                report=reports.put,
                is_candidate=may_be_attempt,
                settings=self._settings(),
            )
            name = one.account.name
            # Daemon threads: Ctrl-C need not wait for a server that is mute.
            threading.Thread(
                target=_end, args=(look, name, reports.put), name=name, daemon=True
            ).start()
        with self.notifier() as notifier:
            return _receive(reports, self.reception(notifier), len(self.accounts()))

    def _session(self, one: Watched) -> Session:
        return Session(
            one.account,
            cursors=self.journal.cursors(one.account.name),
            report=self.queue.put,
            is_candidate=may_be_attempt,
            settings=self._settings(),
        )

    def _settings(self) -> WatchSettings:
        watch = self.config.watch
        return WatchSettings(
            mode=watch.mode,
            poll_interval=watch.poll_interval * POLL_GRACE,
            look_back=watch.look_back,
            window=watch.window,
        )


@dataclass(frozen=True, slots=True)
class Ended:
    """A look at an account has ended, with an error or without."""

    account: str
    error: Exception | None


def _end(
    look: Callable[[], None], account: str, report: Callable[[Ended], None]
) -> None:
    """Look, and report the end, whatever it is."""
    error: Exception | None = None
    try:
        look()
    except Exception as raised:  # noqa: BLE001 -- raised again where it is received
        error = raised
    report(Ended(account, error))


def _receive(
    reports: SimpleQueue[Report | Ended], reception: Reception, count: int
) -> dict[str, WatcherError]:
    """Receive reports until so many looks have ended; return errors by account."""
    errors = {}
    while count:
        match reports.get():
            case MessageFetched() as fetched:
                reception.receive(fetched, utc_now())
            case MailboxSynced() as look:
                reception.end_look(look, utc_now())
            case StateChanged():
                pass  # one look has no states
            case Ended(account=account, error=error):
                count -= 1
                if isinstance(error, WatcherError):
                    errors[account] = error
                elif error:
                    raise error
    return errors
