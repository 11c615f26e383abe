"""What is marked as untold in the log, and which of it this program tells.

Each program tells an event once, under a lease, so that of two programs one does; its
mark goes when it was told, or is no news any more. What no channel showed is tried
again, at ever longer pauses: a desktop may come up later, or never.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime

from watcher.clock import monotonic_s
from watcher.events import AnyEvent, EventName
from watcher.journal.log import DELIVERY_LEASE, Journal

FIRST_PAUSE_S = DELIVERY_LEASE.total_seconds()
LONGEST_PAUSE_S = 3600.0
"""Between two tries: each is written to the disk."""


class Untold:
    """The untold events of a log, as one program deals with them."""

    def __init__(
        self,
        journal: Journal,
        is_news: Callable[[AnyEvent, datetime], bool],
        can_tell: Callable[[AnyEvent], bool],
        *,
        is_daemon: bool,
    ) -> None:
        """Prepare.

        Args:
            journal: the event log.
            is_news: whether the user still wants to be told of an event.
            can_tell: whether this program has a way to do it.
            is_daemon: whether it stays; see `Journal.void_leases`.
        """
        self._journal = journal
        self._is_news, self._can_tell = is_news, can_tell
        self._is_daemon = is_daemon
        self.asked: set[int] = set()
        """Events for which this program has asked, and nobody knows yet the outcome."""
        self._pauses_s: dict[int, float] = {}
        """How long what failed was to wait for the next try."""
        self._due_s: dict[int, float] = {}

    def left(self, now: datetime) -> Iterator[AnyEvent]:
        """Yield what this program can tell and has not asked for; forget old news."""
        for event in self._journal.untold():
            if not self._is_news(event, now):
                self.note_told({event.id})
            elif self._is_due(event):
                yield event

    def of(
        self, name: EventName, now: datetime, attempt_id: int | None = None
    ) -> list[AnyEvent]:
        """Return the untold events of a name that are news, asked for or not."""
        return [
            event
            for event in self._journal.untold(attempt_id)
            if event.event is name and self._is_news(event, now)
        ]

    def lease(self, events: Sequence[AnyEvent], now: datetime) -> frozenset[int]:
        """Return the ids of those events that this program is to ask for now."""
        taken = frozenset(
            event.id
            for event in events
            if self._is_due(event)
            and self._journal.lease_untold(event.id, now, is_daemon=self._is_daemon)
        )
        self.asked |= taken
        return taken

    def note_told(self, event_ids: Collection[int]) -> None:
        """Note that the user was told of these, or that they are no news any more."""
        if event_ids:
            self._journal.note_told(event_ids)
            self.asked.difference_update(event_ids)
            for event_id in event_ids:
                self._due_s.pop(event_id, None)
                self._pauses_s.pop(event_id, None)

    def note_failed(self, event_ids: frozenset[int]) -> None:
        """Plan another try of what no channel showed."""
        self.asked -= event_ids
        for event_id in event_ids:
            last_s = self._pauses_s.get(event_id, FIRST_PAUSE_S / 2)
            self._pauses_s[event_id] = min(2 * last_s, LONGEST_PAUSE_S)
            self._due_s[event_id] = monotonic_s() + self._pauses_s[event_id]

    def have_failed(self, event_ids: frozenset[int]) -> bool:
        """Return whether one of these was tried before, in vain."""
        return bool(event_ids & self._pauses_s.keys())

    def _is_due(self, event: AnyEvent) -> bool:
        """Return whether this program can tell it, and is to try it now."""
        is_open = event.id not in self.asked and self._can_tell(event)
        return is_open and monotonic_s() >= self._due_s.get(event.id, 0.0)
