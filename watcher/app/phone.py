"""A phone's own thread: it sends and takes back, so that nothing else waits for it.

A push server may be slow or dead. What is asked for waits here, at most one request for
each message, a later one in the place of an earlier one; what failed is tried again,
worded anew, until it is too late for it. The thread starts with the first request, and
sleeps without a timeout while there is none.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watcher.clock import boottime_s, monotonic_s
from watcher.errors import UNEXPECTED, NotificationFailed
from watcher.events import Attempt, EventName
from watcher.notify.push import Pusher, PushWords

logger = logging.getLogger(__name__)

RETRY_S = (2.0, 4.0, 8.0, 15.0, 30.0)
"""Pauses before another try; the last one again and again."""

WITHDRAWALS = 6
"""Tries to take a message back; within a minute: it says itself when it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRequest:
    """What is asked of a phone for one message."""

    key: str = field(repr=False)
    now: datetime
    """When it was asked, by the wall clock, and on the scale of the time since boot."""
    # Looked up at each call, so that the clock of a test is asked as everywhere else.
    asked_s: float = field(default_factory=lambda: boottime_s())
    words: PushWords | None = None
    """None: the message is to be taken back."""
    about: Attempt | None = None
    confirms: EventName | None = None
    """What is to be logged of the attempt once it was sent."""
    tells: frozenset[int] = frozenset()
    """The events of which the user has been told then."""
    is_refresh: bool = False
    """Whether it only tells the time anew: what is still to be sent does that, too."""

    @property
    def asked_at(self) -> datetime:
        """The instant that it is now."""
        waited = timedelta(seconds=max(0.0, boottime_s() - self.asked_s))
        return self.now + waited


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of a request to send something."""

    request: PushRequest
    error: NotificationFailed | None = None
    """None: the push server has taken it."""


@dataclass(slots=True)
class _Job:
    request: PushRequest
    due_s: float = 0.0
    tries: int = 0


class Phone:
    """Does what is asked of a way to a phone, in a thread of its own."""

    def __init__(
        self,
        pusher: Pusher,
        report: Callable[[Pushed], None],
        *,
        retry_s: Sequence[float] = RETRY_S,
    ) -> None:
        """Prepare; `report` is called in the phone's thread, and must not wait."""
        self.pusher = pusher
        self._report = report
        self._retry_s = retry_s
        self._changed = threading.Condition()
        self._pending: dict[str, _Job] = {}
        self._tried: set[str] = set()
        """What may have reached the phone, though the server did not say so."""
        self._at_work: str | None = None
        self._is_started = False
        self._is_ended = False

    def ask(self, request: PushRequest) -> None:
        """Ask for what is to become of a message; return at once."""
        with self._changed:
            is_to_be_sent = request.key in {self._at_work, *self._pending}
            if self._is_ended or (request.is_refresh and is_to_be_sent):
                return
            self._pending[request.key] = _Job(request)
            if not self._is_started:
                self._is_started = True
                threading.Thread(target=self._run, name="phone", daemon=True).start()
            self._changed.notify_all()

    def adopt(self, key: str) -> None:
        """Treat what an earlier program has sent as sent by this one."""
        with self._changed:
            self._tried.add(key)

    def wait(self, seconds: float) -> bool:
        """Wait until each request was tried once; return whether it was."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._at_work is None and not self._has_untried(), seconds
            )

    def end(self) -> None:
        """Let the thread end; what is at work is left, and delays no exit."""
        with self._changed:
            self._is_ended = True
            self._pending.clear()
            self._changed.notify_all()
        self.pusher.close()

    def _has_untried(self) -> bool:
        return any(not job.tries for job in self._pending.values())

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                self._perform(job)
            finally:
                with self._changed:
                    self._at_work = None
                    self._changed.notify_all()

    def _next(self) -> _Job | None:
        """Wait for the request that is due first; None at the end."""
        with self._changed:
            while not self._is_ended:
                jobs = self._pending.values()
                job = min(jobs, key=lambda one: one.due_s, default=None)
                pause_s = None if job is None else job.due_s - monotonic_s()
                if job is not None and pause_s is not None and pause_s <= 0:
                    self._at_work = job.request.key
                    return self._pending.pop(job.request.key)
                self._changed.wait(pause_s)
            return None

    def _perform(self, job: _Job) -> None:
        """Do what is asked for, report what became of it, and plan another try."""
        request, error = job.request, None
        try:
            is_done = self._withdraw(job) if request.words is None else self._send(job)
            if not is_done:
                return
        except NotificationFailed as failure:
            error = failure
        except Exception as bug:  # noqa: BLE001 -- the next must be sent
            # Its text could hold what stands in the message.
            logger.error("a bug: %s", type(bug).__name__)
            error = NotificationFailed(UNEXPECTED)
        if request.words is not None:
            self._report(Pushed(request, error))
        if error is not None:
            logger.info("a push failed: %s", error)
            self._try_again(job)

    def _send(self, job: _Job) -> bool:
        """Send it, as it is now; return whether it was not too late for it."""
        request = job.request
        message = request.words and request.words(request.asked_at)
        if message is None:
            return False
        with self._changed:
            self._tried.add(request.key)
        self.pusher.send(message)
        return True

    def _withdraw(self, job: _Job) -> bool:
        with self._changed:
            may_be_there = job.request.key in self._tried
        if may_be_there and job.tries < WITHDRAWALS:
            self.pusher.withdraw(job.request.key)
        with self._changed:
            self._tried.discard(job.request.key)
        return True

    def _try_again(self, job: _Job) -> None:
        pause_s = self._retry_s[min(job.tries, len(self._retry_s) - 1)]
        job.tries, job.due_s = job.tries + 1, monotonic_s() + pause_s
        with self._changed:
            if not self._is_ended:  # what was asked for meanwhile takes its place
                self._pending.setdefault(job.request.key, job)
