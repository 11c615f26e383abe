"""Tells the user of events, once each: store, then notify, then confirm.

An attempt is leased in the log before it is shown and confirmed after, so that of two
programs one shows it, and one that died half-way leaves it to the next. A program that
stays also keeps the screen true: what was answered elsewhere goes, what the desktop
lost comes back, and what a short command showed gets its buttons.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from watcher.app.screen import Screen
from watcher.clock import monotonic_s
from watcher.errors import NotHandedOver
from watcher.events import Attempt, Event, EventName, Mail
from watcher.i18n import Language
from watcher.journal.log import DELIVERY_LEASE, Journal
from watcher.notify import wording
from watcher.notify.delivery import Delivery, Failure
from watcher.notify.notification import Notification
from watcher.notify.wording import Situation

logger = logging.getLogger(__name__)

UNVERIFIED_AN_HOUR = 5
"""More than this would make us the amplifier of a phisher's flood."""

MISADDRESSED_AN_HOUR = 5
"""Genuine mails to another address; who owns it could pass any number of them on."""

HOUR = timedelta(hours=1)
STALE_AFTER = timedelta(minutes=2)
"""That an attempt is over is no news after this: the user was told the deadline."""


Words = Callable[..., Notification]
"""A function of `wording` that only lacks its argument `language`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierSettings:
    """How the user wants to be told."""

    language: Language
    notify_unverified: bool
    is_attended: bool = True
    """Whether this program stays: to act on buttons, and to keep the screen true."""
    on_shown: Callable[[Notification, str], None] = lambda *_: None
    """Called with each notification and the channel that showed it."""


class Notifier:
    """Shows events through a delivery and logs that it did.

    Without a delivery the user wants no notifications: nothing is shown or logged.
    """

    def __init__(
        self, journal: Journal, delivery: Delivery | None, settings: NotifierSettings
    ) -> None:
        self._journal = journal
        self._screen = Screen(journal, delivery) if delivery else None
        self._settings = settings
        self._failures: dict[int, NotHandedOver] = {}
        self._logged_failures: set[tuple[int, str]] = set()
        self._retry_at_s: dict[int, float] = {}

    # Attempts ---------------------------------------------------------------------

    def notify_new(self, event: Event[Mail], now: datetime) -> None:
        """Show a new event, if it is one to be shown."""
        match event:
            case Event(event=EventName.ATTEMPT, about=Attempt() as attempt):
                self._notify_attempt(attempt, now)
            case Event(event=EventName.UNVERIFIED, about=Attempt() as attempt):
                self._notify_unverified(attempt, now)
            case _:
                pass

    def notify_pending(self, now: datetime) -> None:
        """Show the unanswered attempts that no channel has shown yet."""
        for event in self._journal.unnotified(now):
            self._notify_attempt(event.about, now)

    def notify_missed(self, attempts: Sequence[Attempt], now: datetime) -> None:
        """Tell what came too late: one alone, several in a summary without links."""
        if len(attempts) == 1:
            self.notify(partial(wording.late, attempts[0]), now)
        elif attempts:
            self.notify(partial(wording.missed, attempts), now)

    def remind(self, attempt: Attempt, now: datetime) -> None:
        """Show a live attempt again, with the time that is left now."""
        if attempt.claim.recipient and not self._journal.has_happened(
            attempt.id, EventName.NOTIFIED
        ):
            return  # it was one too many
        self._show(wording.reminder, attempt, EventName.REMINDED, now)

    def refresh(self, attempt: Attempt, now: datetime) -> None:
        """Let the time left count down where the notification is still open."""
        if self._screen is not None and attempt.id in self._screen:
            self._screen.refresh(self._again(attempt, now))

    def notify_failure(
        self, attempt: Attempt, error: NotHandedOver, now: datetime
    ) -> None:
        """Say that the page did not open, or the code was not copied, and why."""
        self._failures[attempt.id] = error
        self.notify(self._words(wording.live, attempt, now), now, about=attempt)

    def answer_not_me(self, attempt: Attempt, now: datetime) -> None:
        """Tell a user who did not sign in what to do, and log that it was not them."""
        self._journal.append(EventName.NOT_ME, at=now, about=attempt)
        self.withdraw(attempt.id)
        self.notify(partial(wording.not_me_advice, attempt), now, about=attempt)

    def close(self, attempt: Attempt, now: datetime) -> None:
        """Withdraw an expired attempt; say that it is over to who has not answered."""
        self.withdraw(attempt.id)
        was_shown = self._journal.has_happened(attempt.id, EventName.NOTIFIED)
        is_news = was_shown and now - attempt.expires_at < STALE_AFTER
        if is_news and self._journal.answer_to(attempt.id) is None:
            self.notify(partial(wording.expired, attempt), now)

    # Everything -------------------------------------------------------------------

    def notify(
        self, words: Words, now: datetime, about: Attempt | None = None
    ) -> str | None:
        """Show it and return the channel that did; log each channel that did not."""
        if self._screen is None:
            return None
        notification = words(language=self._settings.language)
        delivered = self._screen.show(notification)
        for failure in delivered.failures:
            self._log_failure(failure, now, about)
        if delivered.channel is not None:
            self._settings.on_shown(notification, delivered.channel)
        return delivered.channel

    def withdraw(self, replaces_id: int) -> None:
        """Take a notification off the screen, if it is there."""
        if self._screen is not None:
            self._screen.withdraw(replaces_id)

    # The screen -------------------------------------------------------------------

    def prepare(self, now: datetime) -> None:
        """Get ready; take away what ended programs left but unanswered attempts."""
        if self._screen is not None:
            keep = {event.about.id for event in self._journal.unanswered(now)}
            self._screen.prepare(keep)

    def update(self, now: datetime) -> None:
        """Keep the screen true: withdraw what is answered, show what is not there."""
        if self._screen is None or not self._settings.is_attended:
            return
        attempts = {one.about.id: one.about for one in self._journal.unanswered(now)}
        for answered in self._screen.attempt_ids - attempts.keys():
            self._screen.withdraw(answered)
        self.notify_pending(now)
        for lost in self._screen.lost():
            attempt = attempts.get(lost.replaces_id)
            self._screen.restore(self._again(attempt, now) if attempt else lost)
        for attempt in attempts.values():
            if attempt.id not in self._screen:
                self._take_over(attempt, now)

    def end(self, now: datetime, *, is_daemon: bool) -> None:
        """Withdraw what nobody keeps true; the daemon says so of a live attempt."""
        if self._screen is None:
            return
        farewell = None
        alive = [event.about for event in self._journal.unanswered(now)]
        if alive and is_daemon:
            last = max(alive, key=lambda attempt: attempt.expires_at)
            farewell = wording.ended(last, now=now, language=self._settings.language)
        self._screen.clear(farewell)

    def _take_over(self, attempt: Attempt, now: datetime) -> None:
        """Show what another program has shown, in its place; not too often."""
        is_due = monotonic_s() >= self._retry_at_s.get(attempt.id, 0.0)
        if self._screen is None or not (is_due and self._screen.was_left(attempt.id)):
            return
        self._retry_at_s[attempt.id] = monotonic_s() + DELIVERY_LEASE.total_seconds()
        self._screen.adopt(attempt.id)
        self.notify(lambda language: self._again(attempt, now), now, about=attempt)

    # ------------------------------------------------------------------------------

    def _notify_attempt(self, attempt: Attempt, now: datetime) -> None:
        if attempt.claim.recipient and self._is_flood_of_misaddressed(now):
            return
        if self._screen and self._journal.acquire_lease(attempt.id, now):
            self._show(wording.live, attempt, EventName.NOTIFIED, now)

    def _show(
        self, kind: Words, attempt: Attempt, confirmed_by: EventName, now: datetime
    ) -> None:
        """Show an attempt, and confirm it in the log only if a channel showed it."""
        channel = self.notify(self._words(kind, attempt, now), now, about=attempt)
        if channel is not None:
            self._journal.append(confirmed_by, at=now, about=attempt, detail=channel)

    def _is_flood_of_misaddressed(self, now: datetime) -> bool:
        """Return whether somebody passes Amazon's mails to them on to this user."""
        return self._journal.count_misaddressed(now, HOUR) > MISADDRESSED_AN_HOUR

    def _notify_unverified(self, attempt: Attempt, now: datetime) -> None:
        if not self._settings.notify_unverified or attempt.expires_at <= now:
            return
        count = self._journal.count(EventName.UNVERIFIED, now, HOUR)
        if count <= UNVERIFIED_AN_HOUR:
            self.notify(partial(wording.unverified, attempt, now=now), now)
        elif count == UNVERIFIED_AN_HOUR + 1:
            self.notify(partial(wording.unverified_summary, count), now)

    def _log_failure(
        self, failure: Failure, now: datetime, about: Attempt | None
    ) -> None:
        """Log that a channel did not show it, of an attempt once for each reason."""
        detail = f"{failure.channel}: {failure.error}"
        logger.info("a channel did not show it: %s", detail)
        if about is None or (about.id, detail) not in self._logged_failures:
            self._journal.append(
                EventName.NOTIFY_FAILED, at=now, about=about, detail=detail
            )
        if about is not None:
            self._logged_failures.add((about.id, detail))

    def _again(self, attempt: Attempt, now: datetime) -> Notification:
        """Return a live attempt's notification as it is to be now."""
        was_reminded = self._journal.has_happened(attempt.id, EventName.REMINDED)
        kind = wording.reminder if was_reminded else wording.live
        words = self._words(kind, attempt, now)
        return words(language=self._settings.language)

    def _words(self, kind: Words, attempt: Attempt, now: datetime) -> Words:
        situation = Situation(
            now=now,
            is_armed=self._journal.is_armed(now),
            is_attended=self._settings.is_attended,
            failure=self._failures.get(attempt.id),
        )
        return partial(kind, attempt, situation=situation)
