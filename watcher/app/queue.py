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
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from watcher.app.configfile import FromConfig
from watcher.app.desktop import Shown
from watcher.app.judging import FromAccount, Judged
from watcher.clock import STEP_S, Now, boottime_s, utc_now
from watcher.errors import NotHandedOver
from watcher.events import Attempt, EventName
from watcher.notify.notification import Action

logger = logging.getLogger(__name__)


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


QueueItem = (
    FromAccount
    | FromConfig
    | Shown
    | Remind
    | Deadline
    | ButtonPressed
    | HandedOver
    | Prune
)

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


JOBS_AT_ONCE = 9
"""Of the same value: one that is planned anew by its own job must not be skipped."""

CLOCKS_APART = timedelta(seconds=STEP_S)


@dataclass(frozen=True, slots=True)
class _Due:
    """A value that is due at so many seconds since boot, maybe again and again."""

    value: QueueItem
    at_s: float
    every_s: float | None = None


class Scheduler:
    """Puts values on a queue at set times. `put` must be safe from any thread.

    APScheduler goes by the wall clock, which may be set: what is due is kept by the
    time since boot, and looked at again before it is put.
    """

    def __init__(
        self,
        put: Callable[[QueueItem], None],
        *,
        wall: Now = utc_now,
        boottime_s: Callable[[], float] = boottime_s,
    ) -> None:
        self.put = put
        self._wall = wall
        self._boottime_s = boottime_s
        # Without a time zone of its own it asks the system's, which may be broken.
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={
                "misfire_grace_time": None,
                "coalesce": True,
                "max_instances": JOBS_AT_ONCE,
            },
        )
        # Its tracebacks could hold what a job was called with.
        logging.getLogger("apscheduler").setLevel(logging.WARNING)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run while inside; it ends at once, since no job ever blocks."""
        self._scheduler.start()
        # Starts the one thread for all jobs: later there may be none to be had.
        self._scheduler.add_job(_do_nothing)
        try:
            yield
        finally:
            # APScheduler 3.11 fails if its end comes while it takes a job out.
            self._scheduler.remove_all_jobs()
            self._scheduler.shutdown(wait=False)

    def at(self, when: datetime, value: QueueItem) -> None:
        """Put a value at an instant, or at once if it is past; the same value moves."""
        due_s = self._boottime_s() + (when - self._wall()).total_seconds()
        self._plan(_Due(value, due_s))

    def every(self, span: timedelta, value: QueueItem) -> None:
        """Put a value again and again; what was missed is not made up for."""
        span_s = span.total_seconds()
        self._plan(_Due(value, self._boottime_s() + span_s, span_s))

    def check_clock(self) -> None:
        """Plan anew what the wall clock, as it was set, would bring early or late.

        Also wake up after a suspend, which APScheduler's wait does not count.
        """
        for job in self._scheduler.get_jobs():
            if not job.args:
                continue
            (due,) = job.args
            apart = self._run_date(due) - job.next_run_time
            if abs(apart) >= CLOCKS_APART:
                logger.warning("the clock was set by %s: planned anew", apart)
                with suppress(JobLookupError):  # it has just come
                    job.reschedule("date", run_date=self._run_date(due))
            elif job.next_run_time < self._wall():
                self._scheduler.wakeup()

    def _plan(self, due: _Due) -> None:
        self._scheduler.add_job(
            self._fire,
            "date",
            run_date=self._run_date(due),
            args=(due,),
            id=repr(due.value),
            replace_existing=True,
        )

    def _run_date(self, due: _Due) -> datetime:
        return self._wall() + timedelta(seconds=due.at_s - self._boottime_s())

    def _fire(self, due: _Due) -> None:
        now_s = self._boottime_s()
        if due.at_s - now_s >= STEP_S:  # the wall clock was set since it was planned
            self._plan(due)
            return
        if due.every_s is not None:
            self._plan(replace(due, at_s=now_s + due.every_s))
        self.put(due.value)


def _do_nothing() -> None:
    """Let a thread start."""
