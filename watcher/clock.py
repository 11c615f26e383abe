"""The only door to time: aware UTC for what is told, monotonic for what is waited.

Suspend and clock steps are noticed by clocks that disagree: the monotonic clock may
stand still in suspend, the wall clock and Linux's boot clock go on.
"""

import re
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
        self._always_s = boottime_s
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
        return self._wall().timestamp() - self._always_s()


class Sleep:
    """Notices that the machine slept, where its monotonic clock does too."""

    def __init__(self) -> None:
        self._slept_s = boottime_s() - monotonic_s()

    def has_passed(self) -> bool:
        """Return whether the machine slept since the last call."""
        slept_s = boottime_s() - monotonic_s()
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


GAP_S = 5.0
"""Less is a busy machine, or a clock that is set right."""


class Resumed(Exception):
    """The machine slept: what is open now leads nowhere."""


class SuspendDetector:
    """Beats at least once a second while its thread rests."""

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
        self._always = [clock() for clock in self._clocks_s]

    def check_tick(self) -> None:
        """Compare the clocks with the last beat, in a rest.

        Raises:
            Resumed: they are over `GAP_S` apart, or the beat itself is that late.
        """
        if self._step() > GAP_S:
            raise Resumed

    def check_work(self) -> None:
        """Compare the clocks after work, which may take as long as it likes.

        Raises:
            Resumed: they are over `GAP_S` apart.
        """
        awake = self._awake
        if self._step() - (self._awake - awake) > GAP_S:
            raise Resumed

    def _step(self) -> float:
        """Return the seconds since the last beat by the clock that says the most."""
        awake, always = self._awake, self._always
        self.reset()
        since = [now - then for now, then in zip(self._always, always, strict=True)]
        return max(self._awake - awake, *since)
