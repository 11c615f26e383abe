"""The course of an attempt: notified, reminded of, answered, expired.

Every step looks into the log first, so that it does not matter who came before: this
process, an earlier one, or a command beside it.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from watcher.app.browser import open_link
from watcher.app.clipboard import copy_text
from watcher.app.notifier import Notifier
from watcher.app.queue import ButtonPressed, Deadline, HandedOver, Remind, Scheduler
from watcher.clock import call_in_thread, utc_now
from watcher.errors import UNEXPECTED, NotHandedOver, reason_of
from watcher.events import Attempt, EventName
from watcher.i18n import Text
from watcher.journal.log import Journal
from watcher.notify.notification import Action

logger = logging.getLogger(__name__)

EXPIRED_AT_ONCE = 50
"""What takes the daemon some milliseconds, so that it is held up by no flood."""

REFRESH_EVERY = timedelta(seconds=30)
"""How often an open notification counts down; more often would only flicker."""


class AttemptTracker:
    """Schedules, reminds of and expires the attempts of a log, and takes answers."""

    def __init__(
        self,
        journal: Journal,
        notifier: Notifier,
        scheduler: Scheduler,
        remind_at: Sequence[timedelta],
        hidden: Collection[str] = (),
    ) -> None:
        """Prepare; `hidden` names the environment variables that hold passwords."""
        self._journal = journal
        self._notifier = notifier
        self._scheduler = scheduler
        self._remind_at = remind_at
        self._hidden = hidden
        self._scheduled_id = 0
        self._next_end: datetime | None = None
        self._refreshed_at = utc_now()
        self._in_hand: set[int] = set()
        """Attempts that were answered, and the log does not know it yet: that binds."""

    @property
    def is_handing_over(self) -> bool:
        """Whether a browser or the clipboard has not answered yet."""
        return bool(self._in_hand)

    @property
    def are_alive(self) -> bool:
        """Whether an attempt has not ended yet, as far as is known."""
        return bool(self._next_end or self._in_hand)

    def resume(self, now: datetime) -> None:
        """Expire, schedule and notify of what an earlier daemon left."""
        self.expire(now)
        self._notifier.notify_pending(now)
        self._notifier.update(now)

    def tick(self, now: datetime) -> None:
        """Look at the clock, count down, retry the checkpoint."""
        self._scheduler.check_clock()
        self._notifier.update(now)
        if abs(now - self._refreshed_at) >= REFRESH_EVERY:  # the clock may be put back
            self._refreshed_at = now
            self._notifier.refresh_all(now)
        self._journal.checkpoint()

    def schedule(self, now: datetime) -> None:
        """Plan reminders and end of each live attempt that has none planned yet."""
        for event in self._journal.live(now, after_id=self._scheduled_id):
            self._scheduled_id = event.id
            attempt = event.about
            if attempt.is_deadline_known and not self._notifier.is_flooded(attempt):
                self._plan_reminders(attempt, now)
            self._plan_end(attempt.expires_at)

    def _plan_reminders(self, attempt: Attempt, now: datetime) -> None:
        for left in self._remind_at:
            if attempt.expires_at - left > now:
                due = Remind(attempt.id, left)
                self._scheduler.at(attempt.expires_at - left, due)

    def _plan_end(self, at: datetime) -> None:
        """Plan the next end of all: one job, however many attempts are alive."""
        if self._next_end is None or at < self._next_end:
            self._next_end = at
            self._scheduler.at(at, Deadline())

    def reschedule(self, now: datetime) -> None:
        """Plan everything anew, by the deadlines that stand in the log now."""
        self._scheduled_id, self._next_end = 0, None
        self.schedule(now)

    def remind(self, due: Remind, now: datetime) -> None:
        """Show an attempt again, unless it is over, answered, or a later one is due."""
        attempt = self._find_pending(due.attempt_id, now)
        if attempt is None:
            return
        left = attempt.time_left(now)
        is_overtaken = any(left <= later < due.left for later in self._remind_at)
        if not is_overtaken:
            self._notifier.remind(attempt, now)

    def expire(self, now: datetime) -> None:
        """Expire the attempts whose deadline is past, some at once; plan the next."""
        for attempt in self._journal.expire(now, at_most=EXPIRED_AT_ONCE):
            self._notifier.close(attempt, now)
        self._next_end = None
        if (next_end := self._journal.next_deadline()) is not None:
            self._plan_end(next_end)

    def press(self, pressed: ButtonPressed, now: datetime) -> None:
        """Do what was pressed, unless the attempt is over or was answered before.

        A click on the text is no answer, and opens the page only while armed.
        """
        attempt = self._find_pending(pressed.attempt_id, now)
        if attempt is None:
            return
        is_opening = pressed.action is Action.OPEN or (
            pressed.action is Action.CLICK and self._journal.is_armed(now)
        )
        if is_opening and attempt.link:
            self._hand_over(attempt, EventName.OPENED, open_link, attempt.link)
        elif pressed.action is Action.COPY and attempt.code:
            self._hand_over(attempt, EventName.COPIED, copy_text, attempt.code)
        elif pressed.action is Action.NOT_ME:
            self._in_hand.add(attempt.id)
            self._notifier.note_not_me(attempt, now)
            self._scheduler.put(HandedOver(attempt, EventName.NOT_ME, None))

    def finish(self, done: HandedOver, now: datetime) -> None:
        """Log what was handed over; say so, and go on reminding, where it was not."""
        attempt = done.attempt
        if done.error is None:
            if done.answer is not EventName.NOT_ME:
                self._notifier.note_used(attempt, now)
            self._journal.append(done.answer, at=now, about=attempt)
            self._in_hand.discard(attempt.id)
            return
        logger.warning("%s", done.error)
        if done.answer is EventName.OPENED:
            self._journal.append(
                EventName.OPEN_FAILED, at=now, about=attempt, detail=str(done.error)
            )
        self._in_hand.discard(attempt.id)
        if attempt.expires_at > now:
            self._notifier.notify_failure(attempt, done.error, now)

    def _hand_over(
        self,
        attempt: Attempt,
        answer: EventName,
        act: Callable[[str, Collection[str]], None],
        secret: str,
    ) -> None:
        """Start what may take long in a thread; its end comes back by the queue."""

        def run() -> None:
            error = None
            try:
                act(secret, self._hidden)
            except NotHandedOver as failure:
                error = failure
            except Exception as bug:  # noqa: BLE001 -- the press must not be lost
                logger.error("a bug: %s", type(bug).__name__)
                error = NotHandedOver(UNEXPECTED)
            self._scheduler.put(HandedOver(attempt, answer, error))

        self._in_hand.add(attempt.id)
        started = call_in_thread(run)
        if started.done() and (failure := started.exception()):
            error = NotHandedOver(_NOT_STARTED, reason=reason_of(failure))
            self._scheduler.put(HandedOver(attempt, answer, error))

    def _find_pending(self, attempt_id: int, now: datetime) -> Attempt | None:
        """Return a live attempt; None if it was closed, or is being answered."""
        if attempt_id in self._in_hand:
            return None
        return self._journal.find_pending(attempt_id, now)


_NOT_STARTED = Text(
    en="It could not be started ({reason}).", ja="起動できません({reason})。"
)
