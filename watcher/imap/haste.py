"""Knows when waits must be short: a sign-in is expected, or the machine woke up."""

import time
from datetime import timedelta

from watcher.imap.backoff import LONGEST_S
from watcher.imap.settings import Bounds

AFTER_RESUME_FOR_S = 60.0
AFTER_RESUME_S = 1.0
"""After a sleep the network comes up by itself within seconds: nobody should wait."""


class Haste:
    """The haste of one account."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._armed_until = self._resumed_until = float("-inf")

    def arm(self, lasting: timedelta) -> None:
        """A sign-in is expected for so long; may be called from any thread."""
        self._armed_until = time.monotonic() + lasting.total_seconds()

    def resume(self) -> None:
        """The machine woke up."""
        self._resumed_until = time.monotonic() + AFTER_RESUME_FOR_S

    @property
    def longest_s(self) -> float:
        """Return the longest that a poll or a backoff may take now."""
        now = time.monotonic()
        if now < self._resumed_until:
            return AFTER_RESUME_S
        return self._bounds.armed_s if now < self._armed_until else LONGEST_S
