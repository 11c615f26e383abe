"""Tells a flood of sign-in attempts, by somebody who has the password, from a few.

More than a few within a minute are told as what they are, in one summary; of a flood
only the newest are shown at all.
"""

from collections import deque
from collections.abc import Callable, Collection
from datetime import datetime

from watcher.clock import boottime_s

AT_ONCE = 3
"""Attempts of one account that are on the screen at once; more nobody reads."""

FLOOD = 60
"""Attempts within a minute of which each is still shown, and soon replaced."""

COUNTED = 2000
"""Attempts of a minute that are counted; more say no more."""

MINUTE_S = 60.0
TELL_EVERY_S = 1.0
"""How often the screen changes during a flood; more often it would only flicker."""

SETTLED_S = 600.0
"""How long after so many attempts, or a flood, it is over, with all its attempts."""


class FloodGauge:
    """Counts the attempts of each account within a minute, on the time since boot."""

    def __init__(self, clock_s: Callable[[], float] = boottime_s) -> None:
        self._clock_s = clock_s
        self._came_s: dict[str, deque[tuple[float, float]]] = {}
        """When each came, and when it began by the mail's own time."""
        self._many_s: dict[str, float] = {}
        """When there were more than `AT_ONCE` last."""
        self._flood_s: dict[str, float] = {}
        self._told_s: dict[str, float] = {}
        self._untold: dict[str, int] = {}
        self._alarmed: set[str] = set()
        """Of whose flood it was told, be it with fewer attempts."""

    def note(self, account: str, began_at: datetime) -> None:
        """Count one more attempt, which began at that instant by its mail."""
        began_s = began_at.timestamp()
        came = self._came_s.setdefault(account, deque(maxlen=COUNTED))
        came.append((self._clock_s(), began_s))
        while came[0][0] < self._clock_s() - MINUTE_S:
            came.popleft()
        together = sum(abs(began_s - other_s) < MINUTE_S for _, other_s in came)
        if together > AT_ONCE:
            self._begin(account)
            self._untold[account] = together
        if len(came) > FLOOD:
            self._flood_s[account] = self._clock_s()

    def recall(self, account: str, count: int) -> None:
        """Take over from the log that there were so many, and nobody was told."""
        self._begin(account)
        self._untold.setdefault(account, count)

    def _begin(self, account: str) -> None:
        if not self.are_many(account):
            self._alarmed.discard(account)
        self._many_s[account] = self._clock_s()

    def is_flooded(self, account: str) -> bool:
        """Return whether there are too many to show each, or were a while ago."""
        return self._is_recent(self._flood_s.get(account))

    def is_full(self, account: str) -> bool:
        """Return whether one more attempt would be one of too many."""
        if self.is_flooded(account):
            return True
        since_s = self._clock_s() - MINUTE_S
        came = self._came_s.get(account, ())
        return sum(came_s >= since_s for came_s, _ in came) >= FLOOD

    def are_many(self, account: str) -> bool:
        """Return whether there are more than are on the screen, or were."""
        return self._is_recent(self._many_s.get(account))

    def _is_recent(self, at_s: float | None) -> bool:
        return at_s is not None and self._clock_s() - at_s < SETTLED_S

    def held(self) -> frozenset[str]:
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

    def is_first_alarm(self, account: str) -> bool:
        """Note that it is told; return whether it is the first time in this flood."""
        is_first = account not in self._alarmed
        self._alarmed.add(account)
        return is_first
