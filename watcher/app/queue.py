"""The daemon's one queue, and the scheduler that puts values on it at set times.

Everything that happens comes in here as a value. The only importer of APScheduler: a
job does nothing but put a value on the queue, late rather than never
(`misfire_grace_time=None`); the daemon looks at the clock and the log again before it
acts.
"""

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from watcher.app.configfile import FromConfig
from watcher.app.desktop import Shown
from watcher.app.judging import FromAccount, Judged, NotJudged
from watcher.app.phone import Pushed
from watcher.clock import STEP_S, Now, boottime_s, monotonic_s, utc_now
from watcher.errors import NotHandedOver, NotificationFailed
from watcher.events import (
    AlertReceived,
    Attempt,
    EventName,
    MailboxSynced,
    StateChanged,
)
from watcher.notify.notification import Action

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

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


@dataclass(frozen=True, slots=True)
class WarmedUp:
    """What takes long to import was imported, or cannot be."""

    bug: Exception | None = None
    """The installation is broken."""


@dataclass(frozen=True, slots=True)
class HookFailed:
    """The user's command did not take an event."""

    error: NotificationFailed


@dataclass(frozen=True, slots=True)
class Changed:
    """Somebody has written to the event log, or the clock was set."""


QueueItem = (
    FromAccount
    | FromConfig
    | Changed
    | Shown
    | Pushed
    | Remind
    | Deadline
    | ButtonPressed
    | HandedOver
    | HookFailed
    | Prune
    | WarmedUp
)

MAILS_AT_ONCE = 64
"""Judged mails in the queue: some tenths of a second of work."""

ROOM_CHECK_S = 0.2
"""How often a thread that waits for room checks whether the end has come."""

LATE_S = 45.0
"""A sync that comes so long after the last one is news: it may end a trouble."""


@dataclass(frozen=True, slots=True)
class _Synced:
    """What was reported of a mailbox, and when."""

    item: MailboxSynced
    at_s: float


class EventQueue:
    """Takes items from every thread and signal handler; one thread reads them.

    A signal may come while the handler of another one runs, so `stop` takes no lock. A
    flood of mails waits in its account's thread, not in memory: there is room for so
    many that are not dealt with. A sync that found nothing new does not wake the
    reader, who takes the last one of each mailbox before what comes next.
    """

    def __init__(self) -> None:
        self._items: deque[QueueItem | None] = deque()
        self._taken: deque[QueueItem | None] = deque()
        """What the reader has looked at, before all other items."""
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._synced: dict[str, dict[str, _Synced]] = {}
        """What each account has reported last of its mailboxes, and nothing since."""
        self._without_news: dict[tuple[str, str], _Synced] = {}
        """What the reader has not taken, by account and mailbox."""
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
        match item:
            case MailboxSynced():
                if not self._is_news(item):
                    return
            case StateChanged(account=account):
                self._synced.pop(account, None)
            case Judged(origin=origin) | NotJudged(origin=origin):
                self._synced.pop(origin.account, None)
            case _:
                pass
        self._items.append(item)
        self._ring()

    def _is_news(self, item: MailboxSynced) -> bool:
        """Return whether a sync tells more than the last one; keep it if it does not.

        The reader takes what is kept before any item that the account reports later.
        """
        now = _Synced(item, monotonic_s())
        mailboxes = self._synced.setdefault(item.account, {})
        before, mailboxes[item.mailbox] = mailboxes.get(item.mailbox), now
        if not before or before.item != item or now.at_s - before.at_s > LATE_S:
            return True
        self._without_news[item.account, item.mailbox] = now
        return False

    def take_syncs(self) -> Iterator[tuple[MailboxSynced, float]]:
        """Yield what syncs without news have told, and how many seconds ago."""
        while self._without_news:
            _, synced = self._without_news.popitem()
            yield synced.item, monotonic_s() - synced.at_s

    def _ring(self) -> None:
        """Wake the reader, who looks at the items after each ring."""
        if self._bell.empty():
            self._bell.put(None)

    def stop(self) -> None:
        """Ask the reader to end."""
        self.is_stopping = True
        self._items.append(None)
        self._bell.put(None)
        self._stopped.put(None)

    def wait_for_stop(self, seconds: float) -> bool:
        """Wait at most so long; return whether the reader was asked to end."""
        if not self.is_stopping:
            with suppress(queue.Empty):
                self._stopped.get(timeout=seconds)
        return self.is_stopping

    def rest(self) -> Iterator[QueueItem]:
        """Yield what is still in the queue, without waiting."""
        while items := self._taken or self._items:
            if item := items.popleft():
                yield item

    def next(self, seconds: float) -> QueueItem | None:
        """Return the oldest item, within so many seconds; None: there is none."""
        deadline_s = monotonic_s() + seconds
        while self.is_empty():
            try:
                self._bell.get(timeout=max(0.0, deadline_s - monotonic_s()))
            except queue.Empty:
                break
        items = self._taken or self._items
        return items.popleft() if items else None

    def mails_beside(self, mail: Judged, at_most: int) -> list[Judged]:
        """Take the next mail of each other account, where it is what comes next of it.

        So what came from one account stays in its order.
        """
        while self._items:
            self._taken.append(self._items.popleft())
        accounts, mails = {mail.origin.account}, list[Judged]()
        left = deque[QueueItem | None]()
        for item in self._taken:
            match item:
                case Judged(origin=origin) | NotJudged(origin=origin):
                    account = origin.account
                case MailboxSynced() | StateChanged() | AlertReceived():
                    account = item.account
                case _:
                    left.append(item)
                    continue
            is_next = account not in accounts and len(mails) < at_most
            accounts.add(account)
            if is_next and isinstance(item, Judged):
                mails.append(item)
            else:
                left.append(item)
        self._taken = left
        return mails

    def is_empty(self) -> bool:
        """Return whether nothing is waiting now."""
        return not (self._taken or self._items)

    def make_room(self, item: QueueItem) -> None:
        """Let another mail come, since one was dealt with."""
        if isinstance(item, Judged):
            self._room.release()


class RoundQueues:
    """The queue of each round that a configuration lasts; `stop` stops them all."""

    def __init__(self) -> None:
        self._is_stopping = False
        self._queue = EventQueue()

    def stop(self) -> None:
        """End this round and every later one; for a handler of signals."""
        self._is_stopping = True
        self._queue.stop()

    def put(self, item: QueueItem) -> None:
        """Put an item on the queue of this round."""
        self._queue.put(item)

    def next(self) -> EventQueue:
        """Return the queue of another round."""
        self._queue = EventQueue()
        if self._is_stopping:  # it may have come to the queue before
            self._queue.stop()
        return self._queue


JOBS_AT_ONCE = 9
"""Of the same value: one that is planned anew by its own job must not be skipped."""

CLOCKS_APART = timedelta(seconds=STEP_S)

NEEDED = tuple(
    f"apscheduler.{name}"
    for name in (
        *("executors.pool", "jobstores.memory", "schedulers.background"),
        "triggers.date",  # else found by its name
    )
)
"""What a scheduler needs, and takes long to import (see `warmup`)."""


@dataclass(frozen=True, slots=True)
class _Due:
    """A value that is due at so many seconds since boot, maybe again and again."""

    value: QueueItem
    at_s: float
    every_s: float | None = None


class Scheduler:
    """Puts values on a queue at set times. `put` must be safe from any thread.

    APScheduler goes by the wall clock, which may be set: what is due is kept by the
    time since boot, and looked at again before it is put. It takes long to import, and
    is started when something is planned.
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
        self._scheduler: BackgroundScheduler | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run while inside; it ends at once, since no job ever blocks."""
        try:
            yield
        finally:
            if self._scheduler is not None:
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
        if self._scheduler is None:
            return
        from apscheduler.jobstores.base import JobLookupError

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
        self._scheduler = self._scheduler or _started()
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


def _started() -> "BackgroundScheduler":
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.schedulers.background import BackgroundScheduler

    # Its tracebacks could hold what a job was called with.
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    # Without a time zone of its own it asks the system's, which may be broken.
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(1)},
        job_defaults={
            "misfire_grace_time": None,
            "coalesce": True,
            "max_instances": JOBS_AT_ONCE,
        },
    )
    scheduler.start()
    # Starts the one thread for all jobs: later there may be none to be had.
    scheduler.add_job(_do_nothing)
    return scheduler


def _do_nothing() -> None:
    """Let a thread start."""
