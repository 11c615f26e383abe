"""The course of an attempt: notified, reminded of, opened or denied, expired.

Every step looks into the log first, so that it does not matter who came before: this
process, an earlier one, or a command beside it.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from watcher.app.browser import launch_in_thread, open_page
from watcher.app.notifier import Notifier
from watcher.app.queue import ButtonPressed, Deadline, Remind, Scheduler
from watcher.clock import ClockStepDetector, SuspendDetector, utc_now
from watcher.errors import NothingLive
from watcher.events import Attempt, EventName
from watcher.journal.log import Journal
from watcher.notify.notification import Action

logger = logging.getLogger(__name__)

REFRESH_EVERY = timedelta(seconds=30)
"""How often an open notification counts down; more often would only flicker."""


class AttemptTracker:
    """Schedules, reminds of and expires the attempts of a log."""

    def __init__(
        self,
        journal: Journal,
        notifier: Notifier,
        scheduler: Scheduler,
        remind_at: Sequence[timedelta],
        clock_step: ClockStepDetector | None = None,
        suspend: SuspendDetector | None = None,
    ) -> None:
        self._journal = journal
        self._notifier = notifier
        self._scheduler = scheduler
        self._remind_at = remind_at
        self._scheduled_id = 0
        self._refreshed_at = utc_now()
        self._clock_step = clock_step or ClockStepDetector()
        self._suspend = suspend or SuspendDetector()

    def resume(self, now: datetime) -> None:
        """Expire, schedule and notify of what an earlier daemon left."""
        self.expire(now)
        self.schedule(now)
        self._notifier.notify_pending(now)

    def tick(self, now: datetime) -> None:
        """Move deadlines by a clock step, retry the checkpoint, count down."""
        step = self._clock_step.take_step()
        if step:
            logger.warning("the clock was set by %s", step)
            self._journal.move_deadlines(step)
            self._scheduled_id = 0
            self.schedule(now)
        if self._suspend.has_resumed():
            self._scheduler.wake_up()
        self._journal.checkpoint()
        if now - self._refreshed_at >= REFRESH_EVERY:
            self._refreshed_at = now
            for event in self._journal.live(now):
                if not self._is_answered(event.about):
                    self._notifier.refresh(event.about, now)

    def schedule(self, now: datetime) -> None:
        """Plan reminders and end of each live attempt that has none planned yet."""
        for event in self._journal.live(now, after_id=self._scheduled_id):
            self._scheduled_id = event.id
            attempt = event.about
            for left in self._remind_at:
                if attempt.expires_at - left > now:
                    due = Remind(attempt.id, left)
                    self._scheduler.at(attempt.expires_at - left, due)
            self._scheduler.at(attempt.expires_at, Deadline(attempt.id))

    def remind(self, due: Remind, now: datetime) -> None:
        """Show an attempt again, unless it is over, answered, or a later one is due."""
        attempt = self._find_live(due.attempt_id, now)
        if attempt is None or self._is_answered(attempt):
            return
        left = attempt.time_left(now)
        is_overtaken = any(left <= later < due.left for later in self._remind_at)
        if not is_overtaken:
            self._notifier.remind(attempt, now)

    def expire(self, now: datetime) -> None:
        """Expire every attempt whose deadline is past."""
        for attempt in self._journal.expire(now):
            self._notifier.close(attempt, now)

    def press(self, pressed: ButtonPressed, now: datetime) -> None:
        """Open the page or answer "not me"; nothing if the attempt is over."""
        attempt = self._find_live(pressed.attempt_id, now)
        match pressed.action:
            case Action.OPEN if attempt:
                try:
                    open_page(self._journal, attempt, now, launch_in_thread)
                except NothingLive as error:
                    logger.warning("%s", error)
            case Action.NOT_ME if attempt:
                self._notifier.answer_not_me(attempt, now)
            case _:
                pass

    def _is_answered(self, attempt: Attempt) -> bool:
        answers = (EventName.OPENED, EventName.NOT_ME)
        return any(self._journal.has_happened(attempt.id, name) for name in answers)

    def _find_live(self, attempt_id: int, now: datetime) -> Attempt | None:
        live = (event.about for event in self._journal.live(now))
        return next((one for one in live if one.id == attempt_id), None)
