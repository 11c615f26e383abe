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
from watcher.app.pipeline import MailPipeline, Observed
from watcher.app.queue import (
    ButtonPressed,
    Deadline,
    EventQueue,
    HandedOver,
    Prune,
    QueueItem,
    Remind,
    Retry,
    Scheduler,
)
from watcher.clock import boottime_s, monotonic_s, utc_now
from watcher.errors import JournalBusy, JournalUnusable, WatcherError
from watcher.events import EventName, MailboxSynced, MessageFetched, State, StateChanged
from watcher.imap.session import Session
from watcher.journal.log import Journal
from watcher.notify import wording

logger = logging.getLogger(__name__)

TICK_S = 1.0
"""How often the daemon ticks without an item."""

RETRY_AFTER = timedelta(seconds=5)
"""When to ask DNS again for a key that it did not give."""

BUSY_RETRY_S = 1.0
"""When to try again to write an event log that is locked or has no room."""

PRUNE_EVERY = timedelta(hours=1)
STOP_WITHIN_S = 1.5
"""How long all sessions together may take to end (contract: clean stop within 2 s)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonSettings:
    """What the daemon does by itself."""

    remind_at: tuple[timedelta, ...]
    keep: timedelta
    """How long events are kept."""
    hidden: frozenset[str] = frozenset()
    """Environment variables that hold passwords: no other program sees them."""
    alert_after: timedelta = timedelta(seconds=10)
    """How long the event log may be out of use before the user is told."""
    observe: Callable[[Observed], None] = lambda _: None
    """Called in the daemon's thread with the changes of an account's state."""
    on_trouble: Callable[[WatcherError], None] = lambda _: None
    """Called once each time that the event log cannot be written."""


class Daemon:
    """Watches accounts until it is told to stop, or all sessions have ended.

    Journal and notifier belong to the thread that calls `run`. Without a `health` this
    is a command beside the daemon: nothing is noted of how the accounts are watched,
    and a bug, or an event log that stays out of use, ends it.
    """

    def __init__(
        self,
        queue: EventQueue,
        journal: Journal,
        pipeline: MailPipeline,
        notifier: Notifier,
        settings: DaemonSettings,
        health: Health | None,
    ) -> None:
        self._queue = queue
        self._journal = journal
        self._pipeline = pipeline
        self._notifier = notifier
        self._settings = settings
        self._scheduler = Scheduler(queue.put)
        self._health = health
        self._ticked_s = 0.0
        self._attempts = AttemptTracker(
            journal, notifier, self._scheduler, settings.remind_at, settings.hidden
        )
        self._sessions: dict[str, Session] = {}
        self._armed_until: datetime | None = None

    def run(self, sessions: Sequence[Session]) -> None:
        """Watch until the queue is asked to stop, or every session has stopped.

        Raises:
            JournalBusy, JournalUnusable: without a `health`, after `alert_after`.
            Exception: without a `health`, a bug in judging a mail.
        """
        self._sessions = {session.account.name: session for session in sessions}
        if self._health:
            self._health.start(self._sessions)
        with self._scheduler.running(), _threads(sessions):
            self._scheduler.every(PRUNE_EVERY, Prune())
            try:
                self._work()
            finally:
                self._end()
        # `status` learns of the end; mails in the queue come again next time.
        for item in self._queue.rest():
            if isinstance(item, StateChanged) and self._health:
                self._retry_while_busy(partial(self._health.note_state, item))

    def _work(self) -> None:
        self._retry_while_busy(self._begin)
        while not self._queue.is_stopping:
            item = self._queue.next(TICK_S)
            if item is not None:
                self._retry_while_busy(partial(self._handle, item))
            if monotonic_s() - self._ticked_s >= TICK_S:
                self._ticked_s = monotonic_s()
                self._retry_while_busy(self._tick)

    def _begin(self) -> None:
        now = utc_now()
        if self._health:
            self._notifier.prepare(now)
        self._pipeline.check_clock(now)
        self._attempts.resume(now)

    def _end(self) -> None:
        """Leave nothing stale on the screen, and log the end; neither is waited for."""
        with suppress(JournalBusy, JournalUnusable):
            self._notifier.end(utc_now(), is_daemon=self._health is not None)
        if self._health:
            with suppress(JournalBusy, JournalUnusable):
                self._journal.append(EventName.STOPPED, at=utc_now())

    def _retry_while_busy(self, act: Callable[[], None]) -> None:
        """Repeat while the event log cannot be written, and alert the user once."""
        alert_at_s = monotonic_s() + self._settings.alert_after.total_seconds()
        is_told = False
        while True:
            try:
                act()
                if alert_at_s == float("inf"):
                    self._notifier.withdraw(wording.STUCK_ID)
                return
            except (JournalBusy, JournalUnusable) as error:
                logger.warning("%s", error)
                if not is_told:
                    is_told = True
                    self._settings.on_trouble(error)
                if monotonic_s() >= alert_at_s:
                    if self._health is None:
                        raise
                    alert_at_s = float("inf")
                    # A channel that fails now cannot be logged either.
                    with suppress(JournalBusy, JournalUnusable):
                        self._notifier.notify(partial(wording.stuck, error), utc_now())
                if self._queue.wait_for_stop(BUSY_RETRY_S):
                    return

    def _tick(self) -> None:
        now = utc_now()
        if self._health:
            self._health.tick(now)
        self._attempts.tick(now)
        self._pipeline.check_clock(now)
        armed_until = self._journal.armed_until()
        if armed_until and armed_until > now and armed_until != self._armed_until:
            self._armed_until = armed_until
            for session in self._sessions.values():
                session.arm(armed_until - now)

    def _handle(self, item: QueueItem) -> None:
        now = utc_now()
        match item:
            case MessageFetched() | Retry():
                self._process(item, now)
            case MailboxSynced():
                self._pipeline.finish_sync(item, now)
                self._attempts.schedule(now)
                if self._health:
                    self._health.note_sync(item, now)
            case StateChanged():
                self._note_state(item)
            case Remind():
                self._attempts.remind(item, now)
            case Deadline():
                self._attempts.expire(now)
            case ButtonPressed():
                self._attempts.press(item, now)
            case HandedOver():
                self._attempts.finish(item, now)
            case Prune():
                self._journal.prune(now - self._settings.keep)

    def _note_state(self, change: StateChanged) -> None:
        if self._health:
            self._health.note_state(change)
        self._settings.observe(change)
        if change.state is State.STOPPED:
            self._sessions.pop(change.account, None)
            if not self._sessions:
                self._queue.stop()

    def _process(self, item: MessageFetched | Retry, now: datetime) -> None:
        fetched = item.fetched if isinstance(item, Retry) else item
        try:
            processed = self._pipeline.process(fetched, now)
        except WatcherError:
            raise
        except Exception as error:
            # Its text could hold what stands in the mail.
            logger.error("%s: a bug: %s", fetched.origin, type(error).__name__)
            if self._health is None:
                raise
            return
        self._attempts.schedule(now)
        if processed.is_worth_retrying(boottime_s()):
            self._scheduler.at(now + RETRY_AFTER, Retry(fetched))


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
