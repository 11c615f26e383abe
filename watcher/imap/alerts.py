"""Decides which of a server's alerts are told (RFC 3501 §7.1): each text once.

Servers repeat an alert at each login, and some write a time or a number into it.
"""

import time
from collections import deque
from collections.abc import Callable

TOLD_AN_HOUR = 5
"""A server whose alerts are never the same must not flood the user."""

HOUR_S = 3600.0
REMEMBERED = 100


class AlertFilter:
    """The alerts of one account that were told, while the program runs."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._told: deque[str] = deque(maxlen=REMEMBERED)
        self._times_s: deque[float] = deque(maxlen=TOLD_AN_HOUR)

    def is_news(self, words: str) -> bool:
        """Return whether to tell an alert now, and count it as told if so."""
        now_s, times_s = self._clock_s(), self._times_s
        if words in self._told:
            return False
        if len(times_s) == TOLD_AN_HOUR and now_s - times_s[0] < HOUR_S:
            return False
        self._told.append(words)
        times_s.append(now_s)
        return True
