"""Says how long to wait before the next try, so that neither side suffers.

The first try comes at once, for most connections break for no lasting reason. Then a
short brisk phase catches a server that only restarts; then full jitter, 1 to 30 s, as
long as it takes. A server that answers "later" is never tried briskly. The count starts
anew only after a session that outlived the delay before it.
"""

import random
from collections.abc import Callable

BRISK_FOR_S = 6.0
BRISK_S = (0.1, 0.4)
FIRST_S = 1.0
LONGEST_S = 30.0
LEAST_S = 0.5
WORTHY_S = 5.0
"""A session shorter than this counts as one more failure."""

Pick = Callable[[float, float], float]
"""Returns a number between two."""


class Backoff:
    """The tries of one account since it was last watched for a while."""

    def __init__(self, pick: Pick = random.uniform) -> None:
        self._pick = pick
        self._forget()

    def _forget(self) -> None:
        self._since: float | None = None
        self._slow = 0
        self._last_s = 0.0

    def outlived(self, seconds: float) -> None:
        """Tell how long a session lasted: a good one starts the count anew."""
        if seconds >= max(WORTHY_S, self._last_s):
            self._forget()

    def delay(self, now: float, *, is_told_later: bool, longest: float) -> float:
        """Return the seconds until the next try, after one more failure.

        Args:
            now: monotonic seconds.
            is_told_later: the server itself asked for patience.
            longest: bound from outside, such as while a sign-in is expected.
        """
        self._last_s = min(self._choose(now, is_told_later), longest)
        return self._last_s

    def _choose(self, now: float, is_told_later: bool) -> float:
        is_first = self._since is None
        since = self._since = now if self._since is None else self._since
        if is_first and not is_told_later:
            return 0.0
        if now - since < BRISK_FOR_S and not is_told_later:
            return self._pick(*BRISK_S)
        ceiling = min(FIRST_S * 2**self._slow, LONGEST_S)
        self._slow = min(self._slow + 1, 10)
        return self._pick(min(LEAST_S, ceiling), ceiling)
