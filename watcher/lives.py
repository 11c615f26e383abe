"""The life of an attempt: announced, reminded of, opened or denied, over.

Every step looks into the log first, so that it does not matter who came before: this
process, an earlier one, or a command beside it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from watcher.announce import Announcer
from watcher.browser import open_page
from watcher.events import Event, EventName
from watcher.inbox import Deadline, Pressed, Remind
from watcher.journal import Journal
from watcher.notify.notification import Action
from watcher.reminders import Reminders


class Lives:
    """Follows the attempts of a log from their first sight to their end."""

    def __init__(
        self,
        journal: Journal,
        announcer: Announcer,
        reminders: Reminders,
        remind_at: Sequence[timedelta],
    ) -> None:
        self._journal = journal
        self._announcer = announcer
        self._reminders = reminders
        self._remind_at = remind_at
        self._planned: set[int] = set()

    def resume(self, now: datetime) -> None:
        """Go on where an earlier daemon stopped."""
        self.end(now)
        self.follow(now)
        self._announcer.announce_pending(now)

    def follow(self, now: datetime) -> None:
        """Plan reminders and end of each live attempt that has none planned yet."""
        for event in self._journal.live(now):
            if event.id not in self._planned:
                self._planned.add(event.id)
                self._plan(event, now)

    def _plan(self, event: Event, now: datetime) -> None:
        if event.expires_at is None:
            return
        for left in self._remind_at:
            if event.expires_at - left > now:
                self._reminders.at(
                    event.expires_at - left, Remind(event.attempt_id or 0)
                )
        self._reminders.at(event.expires_at, Deadline())

    def remind(self, attempt_id: int, now: datetime) -> None:
        """Show an attempt again, unless it is over or the user has opened it."""
        event = self._find_live(attempt_id, now)
        if event and not self._journal.has_happened(attempt_id, EventName.OPENED):
            self._announcer.remind(event, now)

    def end(self, now: datetime) -> None:
        """End every attempt whose time is over."""
        for event in self._journal.expire(now):
            self._announcer.close(event, now)

    def press(self, pressed: Pressed, now: datetime) -> None:
        """Do what the user asked for with a button; nothing if it is over."""
        event = self._find_live(pressed.attempt_id, now)
        match pressed.action:
            case Action.OPEN if event and event.link:
                open_page(self._journal, event, now)
            case Action.NOT_ME if event:
                self._announcer.advise(event, now)
            case _:
                pass

    def _find_live(self, attempt_id: int, now: datetime) -> Event | None:
        live = {event.attempt_id: event for event in self._journal.live(now)}
        return live.get(attempt_id)
