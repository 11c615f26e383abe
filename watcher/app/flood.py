"""Tells a flood of sign-in attempts, by somebody who has the password, from a few.

A flood is told once, as what it is; only the newest attempts stay on the screen.
"""

from collections import deque
from collections.abc import Callable, Collection

from watcher.clock import boottime_s

AT_ONCE = 3
"""Attempts of one account that are on the screen at once; more nobody reads."""

MINUTE_S = 60.0
TELL_EVERY_S = 1.0
"""How often the screen changes during a flood; more often it would only flicker."""

SETTLED_S = 600.0
"""How long after a flood the ends of its attempts are no news."""


class FloodGauge:
    """Counts the attempts of each account within a minute, on the time since boot."""

    def __init__(self, clock_s: Callable[[], float] = boottime_s) -> None:
        self._clock_s = clock_s
        self._came_s: dict[str, deque[float]] = {}
        self._last_s: dict[str, float] = {}
        self._told_s: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def note(self, account: str) -> None:
        """Count one more attempt."""
        now_s = self._clock_s()
        came_s = self._came_s.setdefault(account, deque())
        came_s.append(now_s)
        while came_s[0] < now_s - MINUTE_S:
            came_s.popleft()
        if len(came_s) > AT_ONCE:
            self._last_s[account] = now_s
            self._untold[account] = len(came_s)

    def is_flooded(self, account: str) -> bool:
        """Return whether there are too many to tell of each."""
        return self._clock_s() - self._last_s.get(account, -MINUTE_S) < MINUTE_S

    def is_settled(self, account: str) -> bool:
        """Return whether the attempts of a flood, if there was one, are long over."""
        return self._clock_s() - self._last_s.get(account, -SETTLED_S) >= SETTLED_S

    def told_just_now(self) -> frozenset[str]:
        """Return the flooded accounts whose screen is not to change again yet."""
        now_s = self._clock_s()
        return frozenset(
            account
            for account, told_s in self._told_s.items()
            if self.is_flooded(account) and now_s - told_s < TELL_EVERY_S
        )

    def take_news(self, held: Collection[str]) -> dict[str, int]:
        """Return how many attempts came within a minute, of whom it is to be told."""
        news = {one: count for one, count in self._untold.items() if one not in held}
        for account in news:
            del self._untold[account]
            self._told_s[account] = self._clock_s()
        return news
