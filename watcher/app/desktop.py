"""The desktop's own thread: it shows and withdraws, so that nothing else waits for it.

A desktop may need seconds for a call, or never answer. What is asked for waits here, at
most one request for each notification: a later one takes the place of an earlier one,
so nothing that is out of date is shown any more. A notification is worded when its turn
comes, since the time left that it tells goes on while it waits.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from watcher.clock import boottime_s
from watcher.errors import UNEXPECTED, NotificationFailed
from watcher.events import Attempt, EventName
from watcher.notify.delivery import Delivered, Delivery, Failure
from watcher.notify.notification import Notification

logger = logging.getLogger(__name__)

Words = Callable[[datetime], Notification | None]
"""Words a notification as it is at an instant; None where it is too late for it."""


class Act(Enum):
    """What is to become of a notification."""

    SHOW = auto()
    REFRESH = auto()
    """Replace it if it is still on the screen; what the user closed stays closed."""
    RESTORE = auto()
    """Show it again if the desktop lost it, and is back."""
    WITHDRAW = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of the desktop for one notification."""

    replaces_id: int
    act: Act
    now: datetime
    """When it was asked, by the wall clock, and on the scale of the time since boot."""
    # Looked up at each call, so that the clock of a test is asked as everywhere else.
    asked_s: float = field(default_factory=lambda: boottime_s())
    words: Words = lambda _: None
    adopts: str | None = None
    """The handle of another program's notification, whose place it takes."""
    about: Attempt | None = None
    confirms: EventName | None = None
    """What is to be logged of the attempt once it was shown."""
    tells: frozenset[int] = frozenset()
    """The events of which the user has been told then."""

    def after(self, earlier: "Request | None") -> "Request":
        """Return the one request that this and an earlier one, still to do, make."""
        if earlier is None:
            return self
        is_weaker = self.act in {Act.REFRESH, Act.RESTORE}
        act = earlier.act if is_weaker and earlier.act is not Act.REFRESH else self.act
        return replace(
            self,
            act=act,
            adopts=self.adopts or earlier.adopts,
            about=self.about or earlier.about,
            confirms=self.confirms or earlier.confirms,
            tells=self.tells | earlier.tells,
        )

    def word(self) -> Notification | None:
        """Word it as it is now, by the time that went by since it was asked for."""
        waited = timedelta(seconds=max(0.0, boottime_s() - self.asked_s))
        return self.words(self.now + waited)


@dataclass(frozen=True, slots=True)
class Shown:
    """What became of a request to show something."""

    request: Request
    notification: Notification | None
    """None: it was too late for it."""
    delivered: Delivered


class Desktop:
    """Does what is asked of a delivery, in a thread of its own."""

    def __init__(self, delivery: Delivery, report: Callable[[Shown], None]) -> None:
        """Prepare; `report` is called in the desktop's thread, and must not wait."""
        self._delivery = delivery
        self._report = report
        self._changed = threading.Condition()
        self._pending: dict[int, Request] = {}
        self._is_working = False
        self._is_ended = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the thread while inside; one that hangs is left, and delays no exit."""
        threading.Thread(target=self._run, name="desktop", daemon=True).start()
        try:
            yield
        finally:
            with self._changed:
                self._is_ended = True
                self._changed.notify_all()

    @property
    def is_busy(self) -> bool:
        """Whether something that was asked for is not done yet."""
        return not self.wait(0.0)

    def ask(self, request: Request) -> None:
        """Ask for what is to become of a notification; return at once."""
        with self._changed:
            earlier = self._pending.get(request.replaces_id)
            self._pending[request.replaces_id] = request.after(earlier)
            self._changed.notify_all()

    def lost(self) -> frozenset[int]:
        """Return what was still shown when the desktop lost it, and is not back."""
        return self._delivery.lost()

    def clear(self, going: Iterable[int]) -> None:
        """Take these off the screen without waiting, and show nothing more.

        What waits is still taken off, in its turn: it may be on the screen, as it was
        before, or as another program has left it.
        """
        with self._changed:
            for replaces_id, request in self._pending.items():
                self._pending[replaces_id] = replace(request, act=Act.WITHDRAW)
        self._delivery.clear(going)

    def wait(self, seconds: float) -> bool:
        """Wait until all is done; return whether it is."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not (self._is_working or self._pending), seconds
            )

    def _run(self) -> None:
        try:
            self._delivery.prepare()
        except Exception as bug:  # noqa: BLE001 -- it is tried again at the first call
            logger.error("a bug: %s", type(bug).__name__)
        while (request := self._next()) is not None:
            try:
                self.perform(request)
            finally:
                with self._changed:
                    self._is_working = False
                    self._changed.notify_all()

    def _next(self) -> Request | None:
        """Wait for the oldest request; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._pending or self._is_ended)
            if self._is_ended:
                return None
            self._is_working = True
            return self._pending.pop(next(iter(self._pending)))

    def perform(self, request: Request) -> None:
        """Do what is asked for, and report what was shown, or that it was not."""
        notification, delivered = None, Delivered(None)
        try:
            notification = request.word()
            delivered = self._do(request, notification)
        except Exception as bug:  # noqa: BLE001 -- the next must be shown
            # Its text could hold what stands in the notification.
            logger.error("a bug: %s", type(bug).__name__)
            delivered = Delivered(None, (Failure("desktop", _UNEXPECTED),))
        if request.act is Act.SHOW or delivered.channel is not None:
            self._report(Shown(request, notification, delivered))

    def _do(self, request: Request, notification: Notification | None) -> Delivered:
        if request.adopts:
            self._delivery.adopt(request.replaces_id, request.adopts)
        if request.act is Act.WITHDRAW:
            self._delivery.withdraw(request.replaces_id)
        elif notification is None:
            pass
        elif request.act is Act.REFRESH:
            self._delivery.refresh(notification)
        elif request.act is Act.RESTORE:
            return self._delivery.restore(notification)
        else:
            return self._delivery.deliver(notification)
        return Delivered(None)


_UNEXPECTED = NotificationFailed(UNEXPECTED)
