"""The daemon: one queue, one consumer.

A thread for each account, the scheduler and the notification channel only put values on
the queue; this thread alone judges, stores and notifies, so nothing needs a lock.
Trouble with network, desktop or disk never ends it: only `stop` does.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from watcher.app.attempts import AttemptTracker
from watcher.app.health import Health
from watcher.app.notifier import Notifier
from watcher.app.pipeline import Processed, Reception
from watcher.app.queue import (
    ButtonPressed,
    Deadline,
    EventQueue,
    Poll,
    Prune,
    QueueItem,
    Remind,
    Retry,
    Scheduler,
)
from watcher.clock import monotonic_s, utc_now
from watcher.errors import JournalBusy, JournalUnusable, WatcherError
from watcher.events import MailboxSynced, MessageFetched, Mode, StateChanged
from watcher.imap.session import Session
from watcher.journal import Journal
from watcher.notify import wording

logger = logging.getLogger(__name__)

TICK_S = 1.0
"""How often the daemon looks around without being called."""

RETRY_AFTER = timedelta(seconds=5)
"""When to ask DNS again for a key that it did not give."""

BUSY_RETRY_S = 1.0
"""When to try again to write an event log that is locked or has no room."""

PRUNE_EVERY = timedelta(hours=1)
STOP_WITHIN_S = 1.5
"""How long all sessions together may take to end (contract: clean stop within 2 s)."""


Observed = Processed | MailboxSynced | StateChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonSettings:
    """What the daemon does by itself."""

    remind_at: tuple[timedelta, ...]
    poll_interval: timedelta
    keep: timedelta
    """How long events are kept."""
    alert_after: timedelta = timedelta(seconds=10)
    """How long the event log may be out of use before the user is told."""
    observe: Callable[[Observed], None] = lambda _: None
    """Called with everything that was handled, in the daemon's thread."""


class Daemon:
    """Watches accounts until it is told to stop.

    Journal and announcer belong to the thread that calls `run`. Without a `health`,
    another daemon may be at work: nothing is noted of how the accounts are watched.
    """

    def __init__(
        self,
        queue: EventQueue,
        journal: Journal,
        reception: Reception,
        notifier: Notifier,
        settings: DaemonSettings,
        health: Health | None,
    ) -> None:
        self._queue = queue
        self._journal = journal
        self._reception = reception
        self._notifier = notifier
        self._settings = settings
        self._scheduler = Scheduler(queue.put)
        self._health = health
        self._ticked_s = 0.0
        self._attempts = AttemptTracker(
            journal, notifier, self._scheduler, settings.remind_at
        )
        self._sessions: dict[str, Session] = {}
        self._armed_until: datetime | None = None

    def run(self, sessions: Sequence[Session]) -> None:
        """Watch until the inbox is asked to stop, from whatever thread."""
        self._sessions = {session.account.name: session for session in sessions}
        if self._health:
            self._health.start(session.account.name for session in sessions)
        with self._scheduler.running(), _threads(sessions):
            self._scheduler.every(PRUNE_EVERY, Prune())
            self._retry_while_busy(lambda: self._attempts.resume(utc_now()))
            while not self._queue.is_stopping:
                self._serve(self._queue.next(TICK_S))
        self._retry_while_busy(self._note_ends)

    def _serve(self, message: QueueItem | None) -> None:
        if message is not None:
            self._retry_while_busy(lambda: self._handle(message, utc_now()))
        if monotonic_s() - self._ticked_s >= TICK_S:
            self._ticked_s = monotonic_s()
            self._retry_while_busy(lambda: self._tick(utc_now()))

    def _note_ends(self) -> None:
        """Let `status` know that the sessions ended; mails come again next time."""
        for message in self._queue.rest():
            if isinstance(message, StateChanged) and self._health:
                self._health.note_state(message)

    def _retry_while_busy(self, act: Callable[[], None]) -> None:
        """Do it again and again while the event log cannot be written, and be loud."""
        alert_at_s = monotonic_s() + self._settings.alert_after.total_seconds()
        while True:
            try:
                return act()
            except (JournalBusy, JournalUnusable) as error:
                logger.warning("%s", error)
                if monotonic_s() >= alert_at_s:
                    alert_at_s = float("inf")
                    self._alert(error)
                if self._queue.wait_for_stop(BUSY_RETRY_S):
                    return None

    def _alert(self, error: WatcherError) -> None:
        words = partial(wording.stuck, error)
        # A channel that fails now cannot be logged either.
        with suppress(JournalBusy, JournalUnusable):
            self._notifier.notify(words, utc_now())

    def _tick(self, now: datetime) -> None:
        if self._health:
            self._health.tick(now)
        self._attempts.tick(now)
        armed_until = self._journal.armed_until()
        if armed_until and armed_until > now and armed_until != self._armed_until:
            self._armed_until = armed_until
            for session in self._sessions.values():
                session.arm(armed_until - now)

    def _handle(self, message: QueueItem, now: datetime) -> None:
        match message:
            case MessageFetched():
                self._process(message, now)
            case Retry(fetched=fetched):
                self._process(fetched, now)
            case MailboxSynced():
                self._note_look(message, now)
            case StateChanged():
                if self._health:
                    self._health.note_state(message)
                self._plan_polls(message)
                self._settings.observe(message)
            case Poll(account=account):
                self._sessions[account].sync_now()
            case Remind():
                self._attempts.remind(message, now)
            case Deadline():
                self._attempts.expire(now)
            case ButtonPressed():
                self._attempts.press(message, now)
            case Prune():
                self._journal.prune(now - self._settings.keep)

    def _plan_polls(self, change: StateChanged) -> None:
        poll = Poll(change.account)
        if change.mode is Mode.POLL:
            self._scheduler.every(self._settings.poll_interval, poll)
        else:
            self._scheduler.cancel(poll)

    def _process(self, fetched: MessageFetched, now: datetime) -> None:
        try:
            processed = self._reception.receive(fetched, now)
        except WatcherError:
            raise
        except Exception as error:  # noqa: BLE001 -- one mail must not end the watch
            # Its text could hold what stands in the mail.
            logger.error("%s: a bug: %s", fetched.origin, type(error).__name__)
            return
        self._attempts.schedule(now)
        if processed.is_worth_retrying(now):
            self._scheduler.at(now + RETRY_AFTER, Retry(fetched))

    def _note_look(self, look: MailboxSynced, now: datetime) -> None:
        self._reception.end_look(look, now)
        self._attempts.schedule(now)
        if self._health:
            self._health.note_look(look, now)


@contextmanager
def _threads(sessions: Sequence[Session]) -> Iterator[None]:
    """Run each session in a thread of its own; stop them all at the end.

    Daemon threads: one that hangs in the system's resolver must not hold the exit.
    """
    threads = [
        threading.Thread(target=session.run, name=session.account.name, daemon=True)
        for session in sessions
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for session in sessions:
            session.stop()
        deadline_s = time.monotonic() + STOP_WITHIN_S
        for thread in threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))
