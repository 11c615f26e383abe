"""The only door to time: aware UTC for what is told, monotonic for what is waited.

Suspend and clock steps are noticed by clocks that disagree: the monotonic clock may
stand still in suspend, the wall clock and Linux's boot clock go on.
"""

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import TypeVar

Now = Callable[[], datetime]
"""A clock that tells aware UTC; the core takes instants, only the edge takes clocks."""

STEP_S = 2.0
"""Seconds; less is how clocks are kept right without a step."""

GAP_S = 5.0
"""Seconds; less is a busy machine, or a clock that is set right."""

T = TypeVar("T")


def utc_now() -> datetime:
    """Return the current instant, aware, in UTC."""
    return datetime.now(UTC)


def monotonic_s() -> float:
    """Return seconds on a clock that is never set; it may stand still in suspend."""
    return time.monotonic()


def boottime_s() -> float:
    """Return seconds on a clock that is never set and goes on in suspend."""
    # time.monotonic() stands still on Linux and macOS; macOS's CLOCK_MONOTONIC goes on.
    clock = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class ClockStepDetector:
    """Notices that somebody set the machine's clock, or NTP did."""

    def __init__(
        self,
        wall: Now = utc_now,
        boottime_s: Callable[[], float] = boottime_s,
    ) -> None:
        self._wall = wall
        self._boottime_s = boottime_s
        self._ahead_s = self._now_ahead_s()

    def take_step(self) -> timedelta:
        """Return by how much the clock was set since the last call that said so."""
        ahead_s = self._now_ahead_s()
        step_s = ahead_s - self._ahead_s
        if abs(step_s) < STEP_S:
            return timedelta(0)
        self._ahead_s = ahead_s
        return timedelta(seconds=step_s)

    def _now_ahead_s(self) -> float:
        return self._wall().timestamp() - self._boottime_s()


class Resumed(Exception):
    """The machine was suspended: what is open now leads nowhere."""


class SuspendDetector:
    """Notices a suspend by clocks that disagree: monotonic, wall and boot time.

    A process that was stopped, or a virtual machine that was paused, shows as a rest
    that took far longer than it was asked to.
    """

    def __init__(
        self,
        *,
        awake_s: Callable[[], float] = time.monotonic,
        clocks_s: tuple[Callable[[], float], ...] = (time.time, boottime_s),
    ) -> None:
        self._awake_s = awake_s
        self._clocks_s = clocks_s
        self.reset()

    def reset(self) -> None:
        """Start anew: what lies behind was no rest."""
        self._awake = self._awake_s()
        self._others = [clock() for clock in self._clocks_s]

    def check_tick(self) -> None:
        """Compare the clocks with the last tick, in a rest that ticks each second.

        Raises:
            Resumed: they are over `GAP_S` apart, or the tick itself is that late.
        """
        if max(self._elapsed()) > GAP_S:
            raise Resumed

    def has_resumed(self) -> bool:
        """Return whether the clocks are over `GAP_S` apart since the last call.

        What lies between may have been work, which takes as long as it likes.
        """
        awake_s, *others_s = self._elapsed()
        return max(others_s) - awake_s > GAP_S

    def _elapsed(self) -> list[float]:
        """Return the seconds since the last call, by each clock."""
        before = [self._awake, *self._others]
        self.reset()
        after = [self._awake, *self._others]
        return [now - then for now, then in zip(after, before, strict=True)]


def call_in_thread(
    call: Callable[[], T], *, then: Callable[[], None] = lambda: None
) -> Future[T]:
    """Start a call that may hang, such as a look-up of a name; return its outcome.

    It runs in a daemon thread, which holds up no exit; `then` is called at its end.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except Exception as error:  # noqa: BLE001 -- raised again where it is awaited
            future.set_exception(error)
        then()

    threading.Thread(target=run, name="call_in_thread", daemon=True).start()
    return future


def call_with_timeout(call: Callable[[], T], *, timeout_s: float) -> T:
    """Return what a call returns; one that hangs is left behind in its thread.

    Raises:
        TimeoutError: it took longer; or whatever the call raises.
    """
    return call_in_thread(call).result(timeout_s)


def iso(instant: datetime) -> str:
    """Return an instant as the contract writes it: ISO 8601 in UTC, with `Z`."""
    text = instant.astimezone(UTC).isoformat(timespec="seconds")
    return text.replace("+00:00", "Z")


def local_time(instant: datetime) -> str:
    """Return the user's clock time of an instant, `HH:MM:SS`."""
    return instant.astimezone().strftime("%H:%M:%S")


def minutes_seconds(span: timedelta) -> str:
    """Return a span of time as people read it, `M:SS`."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    return f"{minutes}:{seconds:02}"


_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST_DURATION = timedelta(days=36500)
"""A hundred years; what goes back further than the year 1 is no date."""
_SPAN = re.compile(r"(\d{1,6})\s*([smhd])")


def parse_duration(written: str) -> timedelta:
    """Return a time span; ValueError if it is none, or longer than any calendar."""
    match = _SPAN.fullmatch(written.strip())
    span = match and timedelta(seconds=int(match[1]) * _UNITS_S[match[2]])
    if span is None or span > LONGEST_DURATION:
        raise ValueError(written)
    return span
