"""Notices that the machine slept, by clocks that disagree.

The monotonic clock may stand still in suspend, the wall clock and Linux's boot clock go
on. A process that was stopped, or a virtual machine that was paused, shows as a rest
that took far longer than it was asked to.
"""

import time
from collections.abc import Callable

from watcher.clock import always_s

GAP_S = 5.0
"""Less is a busy machine, or a clock that is set right."""


class Resumed(Exception):
    """The machine slept: what is open now leads nowhere."""


class Pulse:
    """Beats at least once a second while its thread rests."""

    def __init__(
        self,
        *,
        awake_s: Callable[[], float] = time.monotonic,
        clocks_s: tuple[Callable[[], float], ...] = (time.time, always_s),
    ) -> None:
        self._awake_s = awake_s
        self._clocks_s = clocks_s
        self.reset()

    def reset(self) -> None:
        """Start anew: what lies behind was no rest."""
        self._awake = self._awake_s()
        self._always = [clock() for clock in self._clocks_s]

    def beat(self) -> None:
        """Compare the clocks with the last beat, in a rest.

        Raises:
            Resumed: they are over `GAP_S` apart, or the beat itself is that late.
        """
        if self._step() > GAP_S:
            raise Resumed

    def look_up(self) -> None:
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
