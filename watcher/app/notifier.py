"""Tells the user of events, once each: store, then notify, then confirm.

An attempt is leased in the log before it is shown and confirmed after, so that of two
programs one shows it, and one that died half-way leaves it to the next.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from watcher.events import Attempt, Event, EventName, Mail
from watcher.i18n import Language
from watcher.journal.log import Journal
from watcher.notify import wording
from watcher.notify.delivery import Delivery
from watcher.notify.notification import Notification

logger = logging.getLogger(__name__)

UNVERIFIED_AN_HOUR = 5
"""More than this would make us the amplifier of a phisher's flood."""

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
        self._delivery = delivery
        self._settings = settings

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
        """Show the live attempts that no channel has shown yet."""
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
        self._show(wording.reminder, attempt, EventName.REMINDED, now)

    def refresh(self, attempt: Attempt, now: datetime) -> None:
        """Let the time left count down where the notification is still open."""
        if self._delivery is None:
            return
        was_reminded = self._journal.has_happened(attempt.id, EventName.REMINDED)
        kind = wording.reminder if was_reminded else wording.live
        words = self._words(kind, attempt, now)
        self._delivery.refresh(words(language=self._settings.language))

    def answer_not_me(self, attempt: Attempt, now: datetime) -> None:
        """Tell a user who did not sign in what to do, and log that it was not them."""
        self._journal.append(EventName.NOT_ME, at=now, about=attempt)
        self.notify(partial(wording.not_me_advice, attempt), now, about=attempt)

    def close(self, attempt: Attempt, now: datetime) -> None:
        """Withdraw an expired attempt and say that it is over."""
        if self._delivery is None:
            return
        self._delivery.withdraw(attempt.id)
        was_shown = self._journal.has_happened(attempt.id, EventName.NOTIFIED)
        if was_shown and now - attempt.expires_at < STALE_AFTER:
            self.notify(partial(wording.expired, attempt), now)

    def notify(
        self, words: Words, now: datetime, about: Attempt | None = None
    ) -> str | None:
        """Show it and return the channel that did; log each channel that did not."""
        if self._delivery is None:
            return None
        notification = words(language=self._settings.language)
        delivered = self._delivery.deliver(notification)
        for failure in delivered.failures:
            detail = f"{failure.channel}: {failure.error}"
            logger.info("a channel did not show it: %s", detail)
            self._journal.append(
                EventName.NOTIFY_FAILED, at=now, about=about, detail=detail
            )
        if delivered.channel is not None:
            self._settings.on_shown(notification, delivered.channel)
        return delivered.channel

    def _notify_attempt(self, attempt: Attempt, now: datetime) -> None:
        if self._delivery and self._journal.acquire_lease(attempt.id, now):
            self._show(wording.live, attempt, EventName.NOTIFIED, now)

    def _show(
        self,
        kind: Callable[..., Notification],
        attempt: Attempt,
        confirmed_by: EventName,
        now: datetime,
    ) -> None:
        """Show an attempt, and confirm it in the log only if a channel showed it."""
        channel = self.notify(self._words(kind, attempt, now), now, about=attempt)
        if channel is not None:
            self._journal.append(confirmed_by, at=now, about=attempt, detail=channel)

    def _notify_unverified(self, attempt: Attempt, now: datetime) -> None:
        if not self._settings.notify_unverified or attempt.expires_at <= now:
            return
        count = self._journal.count(EventName.UNVERIFIED, now - HOUR)
        if count <= UNVERIFIED_AN_HOUR:
            self.notify(partial(wording.unverified, attempt), now)
        elif count == UNVERIFIED_AN_HOUR + 1:
            self.notify(partial(wording.unverified_summary, count), now)

    def _words(
        self, kind: Callable[..., Notification], attempt: Attempt, now: datetime
    ) -> Words:
        armed_until = self._journal.armed_until()
        is_armed = armed_until is not None and now < armed_until
        return partial(kind, attempt, now=now, is_armed=is_armed)
