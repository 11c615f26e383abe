"""Deletes old events, if the clock that tells their age can be trusted.

A clock that leads by a year makes everything old at once, and what was deleted does not
come back when it is put right. So a clock that was set since the last time, an hour
ago, deletes nothing; nor does one that the mail servers' clocks contradict, or, before
mail has come in this boot, one that the kernel knows no server to have set.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from watcher.clock import (
    ClockStepDetector,
    boot_id,
    boottime_s,
    is_synchronised,
    monotonic_s,
)
from watcher.journal.log import PRUNED_AT_ONCE, Journal

logger = logging.getLogger(__name__)

PRUNE_EVERY = timedelta(hours=1)

STEP_S = 0.01
"""What deleting some may take: mails wait behind it."""

LEAST_AT_ONCE = 5
"""What is deleted even by a disk that takes longer: else it would never end."""

AGREE_S = 3600.0
"""A clock that is less wrong deletes nothing that matters."""


class Pruner:
    """Deletes events that are older than they are kept."""

    def __init__(
        self,
        journal: Journal,
        keep: timedelta,
        *,
        clock_step: ClockStepDetector | None = None,
        boottime_s: Callable[[], float] = boottime_s,
        is_synchronised: Callable[[], bool | None] = is_synchronised,
        clock_s: Callable[[], float] = monotonic_s,
    ) -> None:
        """Prepare; `keep` is how long events are kept."""
        self._journal = journal
        self._keep = keep
        self._clock_step = clock_step or ClockStepDetector()
        self._boottime_s = boottime_s
        self._is_synchronised = is_synchronised
        self._clock_s = clock_s
        self._at_most = PRUNED_AT_ONCE

    def prune(self, now: datetime) -> bool:
        """Delete some of what is old, unless the clock was set or is known to be wrong.

        Return whether there may be more: to be asked for again, behind other work.
        """
        was_set = bool(self._clock_step.take_step())
        if was_set or not self._is_borne_out(now):
            logger.info("old events are kept: the clock may be wrong")
            return False
        began_s = self._clock_s()
        is_more = self._journal.prune(now - self._keep, at_most=self._at_most)
        if self._clock_s() - began_s > STEP_S:
            self._at_most = max(self._at_most // 2, LEAST_AT_ONCE)
        else:
            self._at_most = min(self._at_most * 2, PRUNED_AT_ONCE)
        return is_more

    def _is_borne_out(self, now: datetime) -> bool:
        """Return whether another clock agrees that it is now."""
        at_boot_s = now.timestamp() - self._boottime_s()
        clocks = self._journal.server_clocks(boot_id())
        if not clocks:
            return self._is_synchronised() is not False
        return any(
            least_s - AGREE_S <= at_boot_s <= most_s + AGREE_S
            for least_s, most_s in clocks
        )
