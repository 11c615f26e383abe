"""Logs on which channel an attempt was told, and which channel did not show it."""

import logging
from datetime import datetime

from watcher.app.places import PHONE
from watcher.errors import WatcherError
from watcher.events import Attempt, EventName
from watcher.journal.log import Journal

logger = logging.getLogger(__name__)


class DeliveryLog:
    """What one program logs of its deliveries, each failure of an attempt once."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._logged_failures: set[tuple[int, str]] = set()
        self._pushed: dict[int, Attempt] = {}
        """Told on a phone, though nobody knows yet whether the desktop showed it."""

    def add(
        self, attempt: Attempt, confirms: EventName, channel: str, now: datetime
    ) -> None:
        """Log that an attempt was told: the first time it is `notified`.

        What waited for the desktop is logged behind it.
        """
        self._append(attempt, confirms, channel, now)
        if pushed := self._pushed.pop(attempt.id, None):
            self._append(pushed, EventName.NOTIFIED, PHONE, now)

    def add_push(
        self, attempt: Attempt, confirms: EventName, now: datetime, *, waits: bool
    ) -> None:
        """Log what a phone was told; if it `waits`, not before the desktop told it."""
        is_told = self._journal.has_happened(attempt.id, EventName.NOTIFIED)
        if waits and not is_told:
            self._pushed[attempt.id] = attempt
        else:
            self._append(attempt, confirms, PHONE, now)

    def add_failure(
        self, channel: str, error: WatcherError, now: datetime, about: Attempt | None
    ) -> None:
        """Log that a channel did not show it, of an attempt once for each reason."""
        detail = f"{channel}: {error}"
        logger.info("a channel did not show it: %s", detail)
        if about is None or (about.id, detail) not in self._logged_failures:
            name = EventName.NOTIFY_FAILED
            self._journal.append(name, at=now, about=about, detail=detail)
        if about is not None:
            self._logged_failures.add((about.id, detail))

    def was_pushed(self, attempt_id: int) -> bool:
        """Return whether a phone was told, and the log does not say so yet."""
        return attempt_id in self._pushed

    def settle(self, now: datetime) -> None:
        """Log what phones were told, whatever becomes of the desktop.

        So that the next program knows what is on the phones.
        """
        for attempt in self._pushed.values():
            self._append(attempt, EventName.NOTIFIED, PHONE, now)
        self._pushed.clear()

    def forget(self, attempt_id: int) -> None:
        """Forget what waits for the desktop: the attempt is over."""
        self._pushed.pop(attempt_id, None)

    def _append(
        self, attempt: Attempt, confirms: EventName, channel: str, now: datetime
    ) -> None:
        if not self._journal.has_happened(attempt.id, EventName.NOTIFIED):
            confirms = EventName.NOTIFIED
        self._journal.append(confirms, at=now, about=attempt, detail=channel)
