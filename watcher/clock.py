"""Reads the clocks: aware UTC for instants, the monotonic clock for intervals.

A suspend and a clock step show as clocks that disagree: the monotonic clock may stop in
suspend, the wall clock and Linux's boot clock go on. Also here: calls with a timeout,
and how instants and time spans are written and parsed.
"""

import errno
import functools
import os
import re
import sys
import threading
import time
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future
    from ctypes import CDLL

Now = Callable[[], datetime]
"""Returns the current instant, aware, in UTC; recognition takes instants instead."""

STEP_S = 2.0
"""Seconds; smaller differences come from slewing, by which NTP corrects a clock."""

GAP_S = 5.0
"""Seconds; smaller differences come from a busy machine or a corrected clock."""

T = TypeVar("T")


def utc_now() -> datetime:
    """Return the current instant, aware, in UTC."""
    return datetime.now(UTC)


def monotonic_s() -> float:
    """Return seconds on a clock that is never set; it may stop in suspend."""
    return time.monotonic()


def awake_s() -> float:
    """Return seconds on a clock that is never set and stops in suspend."""
    if sys.platform == "win32":  # where time.monotonic() goes on
        import ctypes

        ticks = ctypes.c_ulonglong()
        ctypes.windll.kernel32.QueryUnbiasedInterruptTime(ctypes.byref(ticks))
        return ticks.value / TICKS_PER_S
    return time.monotonic()


TICKS_PER_S = 10_000_000
"""Of Windows' clocks."""


def boottime_s() -> float:
    """Return seconds on a clock that is never set and goes on in suspend."""
    if sys.platform == "win32":
        return time.monotonic()
    # time.monotonic() stops in suspend on Linux and macOS; macOS's CLOCK_MONOTONIC does
    # not.
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


def boot_id() -> str:
    """Return what names this boot of the machine; "" where the system has no such."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


_TIME_ERROR = 5


def is_synchronised() -> bool | None:
    """Return whether the kernel takes the wall clock for right; None: it does not tell.

    Linux alone tells it (adjtimex(2)): a clock that no server has set is in error.
    """
    if not sys.platform.startswith("linux"):
        return None
    try:
        return bool(libc().adjtimex(bytes(512)) != _TIME_ERROR)
    except (AttributeError, OSError):
        return None


@functools.cache
def libc() -> "CDLL":
    """Return the C library, loaded once: each load leaves memory behind."""
    from ctypes import CDLL

    return CDLL(None)


class ClockStepDetector:
    """Detects that the wall clock was set, by the user or by NTP."""

    def __init__(
        self, wall: Now = utc_now, boottime_s: Callable[[], float] = boottime_s
    ) -> None:
        self._wall = wall
        self._boottime_s = boottime_s
        self.ahead_s = self._now_ahead_s()
        """Seconds by which it was ahead of the time since boot, at the last step."""

    def take_step(self) -> timedelta:
        """Return by how much the clock was set since the last step returned; else 0."""
        ahead_s = self._now_ahead_s()
        step_s = ahead_s - self.ahead_s
        if abs(step_s) < STEP_S:
            return timedelta(0)
        self.ahead_s = ahead_s
        return timedelta(seconds=step_s)

    def _now_ahead_s(self) -> float:
        return self._wall().timestamp() - self._boottime_s()


class BootClock:
    """Tells by how much an instant must be moved that was read off the wall clock.

    With it is kept what that clock showed at boot. So a program that reads it later in
    this boot finds the same moment, though the clock was set since, or is another one.
    Where the system names no boot, each program counts as one.
    """

    def __init__(
        self,
        wall: Now = utc_now,
        boottime_s: Callable[[], float] = boottime_s,
        boot: str | None = None,
    ) -> None:
        name = (boot_id() if boot is None else boot) or os.urandom(16).hex()
        self.boot = int(name.replace("-", "")[:15], 16)
        """Names this boot: 60 bits, a number that SQLite can hold."""
        self._steps = ClockStepDetector(wall, boottime_s)

    @property
    def at_boot_ms(self) -> int:
        """What the wall clock shows at boot, in Unix time; the same until it is set."""
        self._steps.take_step()
        return round(self._steps.ahead_s * 1000)

    def step_ms(self, boot: int, at_boot_ms: int) -> int:
        """Return by how much an instant is to be moved; 0 for one of another boot."""
        if boot != self.boot:
            return 0
        step_ms = self.at_boot_ms - at_boot_ms
        return step_ms if abs(step_ms) >= STEP_S * 1000 else 0


class Resumed(Exception):
    """The machine was suspended: the connections that were open are dead."""


class SuspendDetector:
    """Detects a suspend by clocks that disagree: monotonic, wall and boot time.

    A stopped process or a paused virtual machine shows as a wait that took far longer
    than it might.
    """

    def __init__(
        self,
        *,
        awake_s: Callable[[], float] = awake_s,
        clocks_s: tuple[Callable[[], float], ...] = (time.time, boottime_s),
    ) -> None:
        self._awake_s = awake_s
        self._clocks_s = clocks_s
        self.reset()

    def reset(self) -> None:
        """Forget the time until now, which was not spent waiting."""
        self._awake = self._awake_s()
        self._others = [clock() for clock in self._clocks_s]

    def check_wait(self, longest_s: float) -> None:
        """Compare the clocks with the last call, after a wait of so long at most.

        Raises:
            Resumed: they are over `GAP_S` apart, or the end of the wait is that late.
        """
        awake_s, *others_s = self._elapsed()
        if max(others_s) - awake_s > GAP_S or awake_s - longest_s > GAP_S:
            raise Resumed

    def has_resumed(self) -> bool:
        """Return whether the clocks are over `GAP_S` apart since the last call.

        Work may lie between the two calls: its duration does not count.
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
) -> "Future[T]":
    """Start a call that may hang, such as a DNS look-up; return its future.

    It runs in a daemon thread, which delays no exit; `then` is called at its end. Where
    the system allows no more threads, it fails with an OSError.
    """
    from concurrent.futures import Future  # it takes long, and few commands need it

    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except Exception as error:  # noqa: BLE001 -- raised again where it is awaited
            future.set_exception(error)
        then()

    try:
        threading.Thread(target=run, name="call_in_thread", daemon=True).start()
    except RuntimeError:
        future.set_exception(OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)))
        then()
    return future


def call_with_timeout(call: Callable[[], T], *, timeout_s: float) -> T:
    """Return what a call returns; one that hangs goes on in its daemon thread.

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


def other_day(instant: datetime, told_at: datetime) -> str:
    """Return the user's date of an instant with a blank; "" on the day of `told_at`."""
    local = instant.astimezone()
    is_that_day = local.date() == told_at.astimezone().date()
    return "" if is_that_day else f"{local:%Y-%m-%d} "


def local_moment(instant: datetime, told_at: datetime) -> str:
    """Return the user's clock time, with the date where it is another day's."""
    return f"{other_day(instant, told_at)}{local_time(instant)}"


def minutes_seconds(span: timedelta) -> str:
    """Return a time span as `M:SS`, fractions of a second cut."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    return f"{minutes}:{seconds:02}"


_UNITS_S = {
    "": 1,
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86400,
    "秒": 1,
    "分": 60,
    "時間": 3600,
    "日": 86400,
}
LONGEST_DURATION = timedelta(days=36500)
"""A hundred years; subtracting much more would leave the range of `datetime`."""
_SPAN = r"(\d{1,10}(?:\.\d{1,6})?)\s*([smhd秒分日]|時間|)"


def parse_duration(written: str) -> timedelta:
    """Return the time span of `90s`, `5m`, `2h`, `30d`, or of seconds like `300`.

    Full-width signs and Japanese units (`5分`) are understood as well.

    Raises:
        ValueError: it has another form, or is over `LONGEST_DURATION`.
    """
    match = re.fullmatch(_SPAN, unicodedata.normalize("NFKC", written).strip())
    seconds = float(match[1]) * _UNITS_S[match[2]] if match else inf
    if seconds > LONGEST_DURATION.total_seconds():
        raise ValueError(written)
    return timedelta(seconds=seconds)
