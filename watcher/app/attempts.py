"""The course of an attempt: notified, reminded of, opened or denied, expired.

Every step looks into the log first, so that it does not matter who came before: this
process, an earlier one, or a command beside it.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from watcher.app.browser import launch_aside, open_page
from watcher.app.notifier import Notifier
from watcher.app.queue import ButtonPressed, Deadline, Remind, Scheduler
from watcher.clock import ClockStepDetector, Sleep, utc_now
from watcher.errors import NothingLive
from watcher.events import Event, EventName
from watcher.journal import Journal
from watcher.notify.notification import Action
from watcher.recognition.verdict import time_left

logger = logging.getLogger(__name__)

REFRESH_EVERY = timedelta(seconds=30)
"""How often an open notification counts down; more often would only flicker."""


class AttemptTracker:
    """Follows the attempts of a log from their first sight to their end."""

    def __init__(
        self,
        journal: Journal,
        notifier: Notifier,
        scheduler: Scheduler,
        remind_at: Sequence[timedelta],
        wall_clock: ClockStepDetector | None = None,
    ) -> None:
        self._journal = journal
        self._notifier = notifier
        self._scheduler = scheduler
        self._remind_at = remind_at
        self._followed_id = 0
        self._refreshed_at = utc_now()
        self._wall_clock = wall_clock or ClockStepDetector()
        self._sleep = Sleep()

    def resume(self, now: datetime) -> None:
        """Go on where an earlier daemon stopped."""
        self.expire(now)
        self.schedule(now)
        self._notifier.notify_pending(now)

    def tick(self, now: datetime) -> None:
        """Keep deadlines honest when the clock is set, and secrets from staying."""
        step = self._wall_clock.take_step()
        if step:
            logger.warning("the clock was set by %s", step)
            self._journal.move_deadlines(step)
            self._followed_id = 0
            self.schedule(now)
        if self._sleep.has_passed():
            self._scheduler.interrupt()
        self._journal.checkpoint()
        if now - self._refreshed_at >= REFRESH_EVERY:
            self._refresh(now)

    def schedule(self, now: datetime) -> None:
        """Plan reminders and end of each live attempt that has none planned yet."""
        for event in self._journal.live(now, after_id=self._followed_id):
            self._followed_id = event.id
            if event.expires_at:
                self._plan(event.attempt_id or 0, event.expires_at, now)

    def remind(self, due: Remind, now: datetime) -> None:
        """Show an attempt again, unless it is over or the user has answered."""
        event = self._find_live(due.attempt_id, now)
        if event is None or event.expires_at is None:
            return
        left = time_left(event.expires_at, now)
        is_overtaken = any(left <= later < due.left for later in self._remind_at)
        if not is_overtaken and not self._is_answered(due.attempt_id):
            self._notifier.remind(event, now)

    def expire(self, now: datetime) -> None:
        """End every attempt whose time is over."""
        for event in self._journal.expire(now):
            self._notifier.close(event, now)

    def press(self, pressed: ButtonPressed, now: datetime) -> None:
        """Do what the user asked for with a button; nothing if it is over."""
        event = self._find_live(pressed.attempt_id, now)
        match pressed.action:
            case Action.OPEN if event:
                try:
                    open_page(self._journal, event, now, launch_aside)
                except NothingLive as error:
                    logger.warning("%s", error)
            case Action.NOT_ME if event:
                self._notifier.answer_not_me(event, now)
            case _:
                pass

    def _refresh(self, now: datetime) -> None:
        self._refreshed_at = now
        for event in self._journal.live(now):
            if not self._is_answered(event.attempt_id or 0):
                self._notifier.refresh(event, now)

    def _plan(self, attempt_id: int, expires_at: datetime, now: datetime) -> None:
        for left in self._remind_at:
            if expires_at - left > now:
                self._scheduler.at(expires_at - left, Remind(attempt_id, left))
        self._scheduler.at(expires_at, Deadline(attempt_id))

    def _is_answered(self, attempt_id: int) -> bool:
        answers = (EventName.OPENED, EventName.NOT_ME)
        return any(self._journal.has_happened(attempt_id, name) for name in answers)

    def _find_live(self, attempt_id: int, now: datetime) -> Event | None:
        live = {event.attempt_id: event for event in self._journal.live(now)}
        return live.get(attempt_id)
