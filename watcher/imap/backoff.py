"""Chooses the delay before the next try.

The first try comes at once, for most connections break for no lasting reason. Then a
short brisk phase, for a server that only restarts; then full jitter, 1 to 30 s, without
end; 3 s, later 8 s, while no connection comes about at all, for that costs next to
nothing. A server that answers "later" is never tried briskly. The count starts anew
only after a session that lasted longer than the delay before it. A `DelayCap` shortens
polls and delays while a sign-in is expected, and after a suspend.
"""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from enum import Enum, auto

from watcher.imap.account import Timeouts

BRISK_FOR_S = 6.0
BRISK_S = (0.1, 0.4)
BRISK_KNOCK_S = (0.1, 0.2)
"""The same while nothing answers in TCP."""

FIRST_S = 1.0
LONGEST_S = 30.0
LEAST_S = 0.5
WORTHY_S = 5.0
"""A session shorter than this counts as one more failure."""

KNOCK_S = 3.0
KNOCKING_FOR_S = 180.0
SLOW_KNOCK_S = 8.0
"""The longest between two tries while nothing answers in TCP, and after a while."""


class Trouble(Enum):
    """What ended the last try or session."""

    UNCONNECTED = auto()
    """No connection came about."""
    BROKEN = auto()
    BUSY = auto()
    """The server itself answered "later"."""


Pick = Callable[[float, float], float]
"""Returns a number between two."""


class Backoff:
    """The failures of one account since its last session that was long enough."""

    def __init__(self, pick: Pick = random.uniform) -> None:
        self._pick = pick
        self._forget()

    def _forget(self) -> None:
        self._since: float | None = None
        self._slow = 0
        self._last_s = 0.0

    def outlived(self, seconds: float) -> None:
        """Start the count anew if the session that ended was long enough."""
        if seconds >= max(WORTHY_S, self._last_s):
            self._forget()

    def delay(self, now: float, trouble: Trouble, *, longest: float) -> float:
        """Return the seconds until the next try, after one more failure.

        Args:
            now: monotonic seconds.
            trouble: what failed.
            longest: bound from outside, such as while a sign-in is expected.
        """
        self._last_s = min(self._choose(now, trouble), longest)
        return self._last_s

    def _choose(self, now: float, trouble: Trouble) -> float:
        is_first = self._since is None
        since = self._since = now if self._since is None else self._since
        is_busy = trouble is Trouble.BUSY
        if is_first and not is_busy:
            return 0.0
        is_unconnected = trouble is Trouble.UNCONNECTED
        if now - since < BRISK_FOR_S and not is_busy:
            return self._pick(*(BRISK_KNOCK_S if is_unconnected else BRISK_S))
        if is_unconnected:
            is_late = now - since >= KNOCKING_FOR_S
            return self._pick(LEAST_S, SLOW_KNOCK_S if is_late else KNOCK_S)
        ceiling = min(FIRST_S * 2**self._slow, LONGEST_S)
        self._slow = min(self._slow + 1, 10)
        return self._pick(min(LEAST_S, ceiling), ceiling)


AFTER_RESUME_FOR_S = 60.0
AFTER_RESUME_S = 1.0
"""After a suspend the network comes up within seconds."""


class DelayCap:
    """The upper bound of one account's polls and delays."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._armed_until = self._resumed_until = float("-inf")

    def arm(self, lasting: timedelta) -> None:
        """Expect a sign-in for so long; may be called from any thread."""
        self._armed_until = time.monotonic() + lasting.total_seconds()

    def disarm(self) -> None:
        """Expect none any more; may be called from any thread."""
        self._armed_until = float("-inf")

    def resume(self) -> None:
        """Try briskly for a while, after a suspend."""
        self._resumed_until = time.monotonic() + AFTER_RESUME_FOR_S

    @property
    def is_armed(self) -> bool:
        """Whether a sign-in is expected now."""
        return time.monotonic() < self._armed_until

    @property
    def longest_s(self) -> float:
        """Return the longest that a poll or a backoff may take now."""
        now = time.monotonic()
        if now < self._resumed_until:
            return AFTER_RESUME_S
        return self._timeouts.armed_delay_s if now < self._armed_until else LONGEST_S


LOOKS_AT_ONCE = 20
LOOKS_A_SECOND = 5.0


class LookRate:
    """How often one account is looked at, whatever its server announces.

    A burst of mail is followed at once; a server that announces in every IDLE, mail or
    none, gets a look each 0.2 s.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._looks = float(LOOKS_AT_ONCE)
        self._counted_s = clock_s()

    def pause_s(self) -> float:
        """Count one look, and return the seconds by which it comes too early."""
        now_s = self._clock_s()
        gained = (now_s - self._counted_s) * LOOKS_A_SECOND
        self._looks = min(self._looks + gained, LOOKS_AT_ONCE) - 1
        self._counted_s = now_s
        return max(0.0, -self._looks / LOOKS_A_SECOND)
