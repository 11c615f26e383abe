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

from apscheduler.schedulers.background import BackgroundScheduler

from watcher.events import MessageFetched, Report
from watcher.notify.notification import Action


@dataclass(frozen=True, slots=True)
class Remind:
    """The time left of an attempt has come down to `left`."""

    attempt_id: int
    left: timedelta


@dataclass(frozen=True, slots=True)
class Deadline:
    """The time of an attempt may be over."""

    attempt_id: int


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """The user pressed a button of a notification."""

    attempt_id: int
    action: Action


@dataclass(frozen=True, slots=True)
class Retry:
    """A mail whose proof waited for DNS can be judged again."""

    fetched: MessageFetched


@dataclass(frozen=True, slots=True)
class Poll:
    """It is time to look at an account that learns of new mail by polls."""

    account: str


@dataclass(frozen=True, slots=True)
class Prune:
    """Old events may go."""


QueueItem = Report | Remind | Deadline | ButtonPressed | Retry | Poll | Prune

MAILS_AT_ONCE = 64
"""Mails in the queue, of 256 KiB at most: 16 MiB, and a second of work."""

LOOK_UP_S = 0.2
"""How often a thread that waits for room looks whether the end has come."""


class EventQueue:
    """Takes messages from every thread and signal handler; one thread reads them.

    A signal may come while the handler of another one runs, so `stop` takes no lock. A
    flood of mails waits in its account's thread, not in memory.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[QueueItem | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(MAILS_AT_ONCE)
        self._writer: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.is_stopping = False
        """Whether the reader was asked to end."""

    def put(self, message: QueueItem) -> None:
        """Hand in a message; a mail too many waits for room, or for the end."""
        if isinstance(message, MessageFetched):
            while not self._room.acquire(timeout=LOOK_UP_S):
                if self.is_stopping:
                    return
        self._queue.put(message)

    def press(self, replaces_id: int, action: Action) -> None:
        """Hand in a button that the user pressed on a notification."""
        self.put(ButtonPressed(replaces_id, action))

    def stop(self) -> None:
        """Ask the reader to end."""
        self.is_stopping = True
        self._queue.put(None)
        self._writer.put(None)

    def wait_for_stop(self, seconds: float) -> bool:
        """Wait at most so long; return whether the reader was asked to end."""
        if not self.is_stopping:
            with suppress(queue.Empty):
                self._writer.get(timeout=seconds)
        return self.is_stopping

    def rest(self) -> Iterator[QueueItem]:
        """Yield what is still in the queue, without waiting."""
        while not self._queue.empty():
            if message := self._queue.get():
                yield message

    def next(self, seconds: float) -> QueueItem | None:
        """Return the oldest message; None if none comes within so many seconds."""
        try:
            message = self._queue.get(timeout=seconds)
        except queue.Empty:
            return None
        if isinstance(message, MessageFetched):
            self._room.release()
        return message


class Scheduler:
    """Puts values on a queue at set times. `put` must be safe from any thread."""

    def __init__(self, put: Callable[[QueueItem], None]) -> None:
        self._put = put
        # Without a time zone of its own it asks the system's, which may be broken.
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
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
        """Call while inside; the end comes at once, since no job ever blocks."""
        self._scheduler.start()
        try:
            yield
        finally:
            self._scheduler.shutdown(wait=False)

    def at(self, when: datetime, value: QueueItem) -> None:
        """Put a value at an instant, or at once if it is past; the same value moves."""
        self._scheduler.add_job(
            self._put,
            "date",
            run_date=when,
            args=(value,),
            id=repr(value),
            replace_existing=True,
        )

    def interrupt(self) -> None:
        """Look at the wall clock again: it was set, or the machine slept."""
        self._scheduler.wakeup()

    def every(self, span: timedelta, value: QueueItem) -> None:
        """Put a value again and again; planned again, it begins anew."""
        self._scheduler.add_job(
            self._put,
            "interval",
            seconds=span.total_seconds(),
            args=(value,),
            id=repr(value),
            replace_existing=True,
        )

    def cancel(self, value: QueueItem) -> None:
        """Put a value no more, if it was planned."""
        if self._scheduler.get_job(repr(value)):
            self._scheduler.remove_job(repr(value))
