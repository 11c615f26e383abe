"""The daemon's one queue, and the scheduler that puts values on it at set times.

Everything that happens comes in here as a value. The only importer of APScheduler: a
job does nothing but put a value on the queue, late rather than never
(`misfire_grace_time=None`); the daemon looks at the clock and the log again before it
acts.
"""

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from watcher.app.desktop import Shown
from watcher.app.judging import Judged, NotJudged
from watcher.errors import NotHandedOver
from watcher.events import Attempt, EventName, MailboxSynced, StateChanged
from watcher.notify.notification import Action


@dataclass(frozen=True, slots=True)
class Remind:
    """The time left of an attempt has come down to `left`."""

    attempt_id: int
    left: timedelta


@dataclass(frozen=True, slots=True)
class Deadline:
    """The time of the oldest attempt may be over."""


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """The user pressed a button of a notification, or clicked on its text."""

    attempt_id: int
    action: Action


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A browser has taken the link, or the clipboard the code, or it failed."""

    attempt: Attempt
    answer: EventName
    error: NotHandedOver | None


@dataclass(frozen=True, slots=True)
class Prune:
    """Events older than they are kept can be deleted."""


FromAccount = Judged | NotJudged | MailboxSynced | StateChanged
"""What comes from an account, in its order."""

QueueItem = FromAccount | Shown | Remind | Deadline | ButtonPressed | HandedOver | Prune

MAILS_AT_ONCE = 64
"""Judged mails in the queue: some tenths of a second of work."""

ROOM_CHECK_S = 0.2
"""How often a thread that waits for room checks whether the end has come."""


class EventQueue:
    """Takes items from every thread and signal handler; one thread reads them.

    A signal may come while the handler of another one runs, so `stop` takes no lock. A
    flood of mails waits in its account's thread, not in memory: there is room for so
    many that are not dealt with.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[QueueItem | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(MAILS_AT_ONCE)
        self._stopped: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.is_stopping = False
        """Whether the reader was asked to end."""

    def put(self, item: QueueItem) -> None:
        """Put an item; a mail too many waits for room, or for the end."""
        if isinstance(item, Judged):
            while not self._room.acquire(timeout=ROOM_CHECK_S):
                if self.is_stopping:
                    return
        self._queue.put(item)

    def stop(self) -> None:
        """Ask the reader to end."""
        self.is_stopping = True
        self._queue.put(None)
        self._stopped.put(None)

    def wait_for_stop(self, seconds: float) -> bool:
        """Wait at most so long; return whether the reader was asked to end."""
        if not self.is_stopping:
            with suppress(queue.Empty):
                self._stopped.get(timeout=seconds)
        return self.is_stopping

    def rest(self) -> Iterator[QueueItem]:
        """Yield what is still in the queue, without waiting."""
        while not self._queue.empty():
            if item := self._queue.get():
                yield item

    def next(self, seconds: float) -> QueueItem | None:
        """Return the oldest item; None if none comes within so many seconds."""
        with suppress(queue.Empty):
            return self._queue.get(timeout=seconds)
        return None

    def is_empty(self) -> bool:
        """Return whether nothing is waiting now."""
        return self._queue.empty()

    def make_room(self, item: QueueItem) -> None:
        """Let another mail come, since one was dealt with."""
        if isinstance(item, Judged):
            self._room.release()


class Scheduler:
    """Puts values on a queue at set times. `put` must be safe from any thread."""

    def __init__(self, put: Callable[[QueueItem], None]) -> None:
        self.put = put
        # Without a time zone of its own it asks the system's, which may be broken.
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            # In the scheduler's own thread: no job waits, and no thread can be missing.
            executors={"default": DebugExecutor()},
            job_defaults={
                "misfire_grace_time": None,
                "coalesce": True,
                "max_instances": 1,
            },
        )
        # Its tracebacks could hold what a job was called with.
        logging.getLogger("apscheduler").setLevel(logging.WARNING)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run while inside; it ends at once, since no job ever blocks."""
        self._scheduler.start()
        try:
            yield
        finally:
            self._scheduler.shutdown(wait=False)

    def at(self, when: datetime, value: QueueItem) -> None:
        """Put a value at an instant, or at once if it is past; the same value moves."""
        self._scheduler.add_job(
            self.put,
            "date",
            run_date=when,
            args=(value,),
            id=repr(value),
            replace_existing=True,
        )

    def wake_up(self) -> None:
        """Look at the wall clock again: it was set, or the machine was suspended."""
        self._scheduler.wakeup()

    def every(self, span: timedelta, value: QueueItem) -> None:
        """Put a value again and again."""
        self._scheduler.add_job(
            self.put, "interval", seconds=span.total_seconds(), args=(value,)
        )
