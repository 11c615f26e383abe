"""The only door to time: aware UTC for what is told, monotonic for what is waited."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Now = Callable[[], datetime]
"""A clock that tells aware UTC; the core takes instants, only the edge takes clocks."""

STEP_S = 2.0
"""Less is how clocks are kept right without a step."""


def utc_now() -> datetime:
    """Return the current instant, aware, in UTC."""
    return datetime.now(UTC)


def monotonic_s() -> float:
    """Return seconds on a clock that is never set; it may stand still in suspend."""
    return time.monotonic()


def always_s() -> float:
    """Return seconds on a clock that is never set and goes on in suspend."""
    # time.monotonic() stands still on Linux and macOS; macOS's CLOCK_MONOTONIC goes on.
    clock = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class WallClock:
    """Notices that somebody set the machine's clock, or NTP did."""

    def __init__(
        self,
        wall: Now = utc_now,
        always_s: Callable[[], float] = always_s,
    ) -> None:
        self._wall = wall
        self._always_s = always_s
        self._ahead_s = self._now_ahead_s()

    def was_set_by(self) -> timedelta:
        """Return by how much the clock was set since the last call that said so."""
        ahead_s = self._now_ahead_s()
        step_s = ahead_s - self._ahead_s
        if abs(step_s) < STEP_S:
            return timedelta(0)
        self._ahead_s = ahead_s
        return timedelta(seconds=step_s)

    def _now_ahead_s(self) -> float:
        return self._wall().timestamp() - self._always_s()


class Sleep:
    """Notices that the machine slept, where its monotonic clock does too."""

    def __init__(self) -> None:
        self._slept_s = always_s() - monotonic_s()

    def has_passed(self) -> bool:
        """Return whether the machine slept since the last call."""
        slept_s = always_s() - monotonic_s()
        has_slept = slept_s - self._slept_s > STEP_S
        self._slept_s = slept_s
        return has_slept


def iso(instant: datetime) -> str:
    """Return an instant as the contract writes it: ISO 8601 in UTC, with `Z`."""
    text = instant.astimezone(UTC).isoformat(timespec="seconds")
    return text.replace("+00:00", "Z")


def local_time(instant: datetime) -> str:
    """Return the user's clock time of an instant, `HH:MM:SS`."""
    return instant.astimezone().strftime("%H:%M:%S")
