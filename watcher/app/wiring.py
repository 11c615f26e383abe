"""Builds the application from a `Config`; shared by `run`, `check` and `demo`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING

from watcher.app.configfile import ConfigFile, ConfigWatch, Taken
from watcher.app.daemon import Daemon, DaemonSettings
from watcher.app.desktop import Desktop
from watcher.app.health import Health
from watcher.app.judging import Judging, may_be_attempt
from watcher.app.memory import ensure_room
from watcher.app.notifier import Notifier
from watcher.app.phones import Phones, Route
from watcher.app.pipeline import MailPipeline, Observed
from watcher.app.queue import ButtonPressed, EventQueue
from watcher.app.reload import Reload
from watcher.app.service_manager import ServiceManager
from watcher.app.wanted import NotifierSettings, Wanted
from watcher.app.warmup import WarmUp
from watcher.config.accounts import watched
from watcher.config.push import pusher_of
from watcher.config.schema import Config, Push, PushWhen, secret_variables
from watcher.errors import WatcherError
from watcher.events import Attempt, Report
from watcher.i18n import Language
from watcher.imap.account import Account, WatchSettings
from watcher.imap.session import Session
from watcher.journal.log import Journal
from watcher.notify.delivery import Delivery, channels
from watcher.notify.notification import Action, Channel, Notification, OnAction

if TYPE_CHECKING:
    from watcher.recognition.judge import Verify
    from watcher.recognition.message import Reading
    from watcher.recognition.sender import Signature


def dns_verify(config: Config) -> "Verify":
    """Return the DKIM check that asks the configured name servers for keys."""

    @cache
    def made() -> "Verify":
        from watcher.dkim import verifier  # see `judging`
        from watcher.keys import dns_keys

        return verifier(dns_keys(config.dkim.nameservers, config.dkim.timeout))

    def verify(reading: "Reading", domain: str) -> tuple["Signature", ...]:
        return made()(reading, domain)

    return verify


OpenChannels = Callable[[OnAction], Sequence[Channel]]
"""Opens channels that report the buttons pressed, the best one first."""


def open_channels(config: Config) -> OpenChannels | None:
    """Return what opens the configured channels; None if the user wants none."""
    notify = config.notify
    return partial(channels, notify.channel) if notify.enabled else None


def routes(config: Config) -> dict[str, Route]:
    """Return how the attempts of each account that has a phone get there."""
    hidden = secret_variables(config)

    @cache  # accounts that share a phone share the way to it
    def route(entry: Push) -> Route | None:
        pusher = pusher_of(entry, hidden)
        only_expected = entry.when is PushWhen.EXPECTED
        return Route(pusher, entry.link, only_expected) if pusher else None

    entries = {
        one.name: one.push if one.push.url else config.push for one in config.accounts
    }
    return {name: found for name, one in entries.items() if (found := route(one))}


def wanted_by(config: Config) -> Wanted:
    """Return by which ways the user wants to be told, whatever a program can do."""
    return Wanted(on_desktop=config.notify.enabled, phones=frozenset(routes(config)))


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The application: what `run`, `check` and `demo` have in common."""

    config: Config
    journal: Journal
    language: Language
    verify: "Verify"
    open_channels: OpenChannels | None
    """Opens the notification channels; None: the user wants no notifications."""
    routes: Mapping[str, Route] = field(default_factory=dict)
    """How attempts get to a phone, by the accounts' names."""
    is_daemon: bool = False
    """Whether this is the one program that notes how well the accounts are watched."""
    is_one_shot: bool = False
    """Whether to end after one sync of every account."""
    is_waiting: bool = False
    """Whether the user waits for an attempt until the end."""
    is_attended: bool = True
    """Whether it stays to act on the buttons of what it shows."""
    on_shown: Callable[[Notification, str], None] = lambda *_: None
    on_unshown: Callable[[Attempt], None] = lambda _: None
    """Called with a live attempt each time that no channel shows it."""
    on_told: Callable[[Notification], None] = lambda _: None
    """Called with what is to be told, live attempts excepted, wherever it is shown."""
    observe: Callable[[Observed], None] = lambda _: None
    on_trouble: Callable[[WatcherError], None] = lambda _: None
    """Called once each time that the event log cannot be written."""
    on_log_changed: Callable[[WatcherError], None] = lambda _: None
    """Called once each time that it goes on with another log, or with less of it."""
    relay: Callable[[Journal, datetime], None] = lambda *_: None
    """Passes on what other programs have logged, at each tick."""
    keep_lock: Callable[[], None] = lambda: None
    manager: ServiceManager = field(default_factory=ServiceManager)
    queue: EventQueue = field(default_factory=EventQueue)
    config_file: ConfigFile | None = None
    """Where the configuration comes from, if what is written there is taken up."""

    def run(self) -> Taken | None:
        """Watch until the queue is asked to stop, or every session has ended.

        Or until another configuration was written: return that, to go on with.

        Raises:
            MemoryError: the threads would get too little.
        """
        ensure_room()
        accounts = watched(self.config)
        policies = {one.account.name: one.policy for one in accounts}
        judging = Judging(self.verify, policies, self.queue.put)
        warm_up = WarmUp(self.queue.put)
        phones = Phones(self.routes, self.language, self.queue.put)
        with (
            self._desktop() as desktop,
            phones.running(),
            judging.running(),
            warm_up.running(),
        ):
            settings = NotifierSettings(
                language=self.language,
                notify_unverified=self.config.notify.unverified,
                is_attended=self.is_attended,
                wanted=self._wanted(),
                window=self.config.watch.window,
                look_back=self.config.watch.look_back,
                on_shown=self.on_shown,
                on_unshown=self.on_unshown,
                on_told=self.on_told,
            )
            notifier = Notifier(self.journal, desktop, settings, phones)
            pipeline = MailPipeline(
                self.journal,
                notifier,
                window=self.config.watch.window,
                is_waiting=self.is_waiting,
                observe=self.observe,
            )
            health = Health(self.journal, notifier) if self.is_daemon else None
            daemon = Daemon(
                self.queue,
                self.journal,
                pipeline,
                notifier,
                DaemonSettings(
                    remind_at=self.config.notify.remind_at,
                    keep=self.config.log.keep,
                    hidden=secret_variables(self.config),
                    observe=self.observe,
                    on_trouble=self.on_trouble,
                    on_log_changed=self.on_log_changed,
                    relay=self.relay,
                    keep_lock=self.keep_lock,
                    manager=self.manager,
                ),
                health,
                self._reload(notifier, health),
            )
            sessions = [
                self._session(one.account, judging, warm_up) for one in accounts
            ]
            with self._watching_file():
                return daemon.run(sessions)

    def _wanted(self) -> Wanted:
        """Return what the user wants; a guide's own terminal is wanted, too."""
        wanted = wanted_by(self.config)
        on_desktop = wanted.on_desktop or self.open_channels is not None
        return replace(wanted, on_desktop=on_desktop)

    def _reload(self, notifier: Notifier, health: Health | None) -> Reload | None:
        if self.config_file is None:
            return None
        return Reload(self.config_file, self.journal, notifier, health)

    def _watching_file(self) -> AbstractContextManager[None]:
        if self.config_file is None:
            return nullcontext()
        return ConfigWatch(self.config_file, self.queue.put).running()

    @contextmanager
    def _desktop(self) -> Iterator[Desktop | None]:
        """Open the channels, let a thread show on them, and close them in the end."""
        if self.open_channels is None:
            yield None
            return

        def on_action(attempt_id: int, action: Action) -> None:
            self.queue.put(ButtonPressed(attempt_id, action))

        with closing(Delivery(self.open_channels(on_action))) as delivery:
            desktop = Desktop(delivery, self.queue.put)
            with desktop.running():
                yield desktop

    def _session(self, account: Account, judging: Judging, warm_up: WarmUp) -> Session:
        def report(report: Report) -> None:
            warm_up.hear(report)
            judging.report(report)

        watch = self.config.watch
        return Session(
            replace(account, get_secret=warm_up.after(account.get_secret)),
            cursors=self.journal.cursors(account.name),
            report=report,
            is_candidate=may_be_attempt,
            settings=WatchSettings(
                mode=watch.mode,
                poll_interval=watch.poll_interval,
                look_back=watch.look_back,
                window=watch.window,
            ),
            is_one_shot=self.is_one_shot,
        )
