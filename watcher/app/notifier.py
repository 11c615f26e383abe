"""Tells the user of events, once each: store, then notify, then confirm.

An attempt is leased in the log before it is shown and confirmed after, so that of two
programs one shows it, and one that died half-way leaves it to the next.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from watcher.events import Event, EventName
from watcher.i18n import Language
from watcher.journal import Journal
from watcher.notify import wording
from watcher.notify.delivery import Delivery, Failure, NotDelivered
from watcher.notify.notification import Notification

logger = logging.getLogger(__name__)

UNVERIFIED_AN_HOUR = 5
"""More than this would make us the amplifier of a phisher's flood."""

HOUR = timedelta(hours=1)
STALE_AFTER = timedelta(minutes=2)
"""That an attempt is over is no news after this: the user was told the deadline."""


class Words(Protocol):
    """A function of `wording` that only wants to know the language."""

    def __call__(self, *, language: Language) -> Notification:
        """Return the notification in a language."""


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

    def notify_new(self, event: Event, now: datetime) -> None:
        """Show a new event, if it is one to be shown."""
        match event.event:
            case EventName.ATTEMPT:
                self._notify_attempt(event, now)
            case EventName.UNVERIFIED if self._settings.notify_unverified:
                self._notify_unverified(event, now)
            case _:
                pass

    def notify_pending(self, now: datetime) -> None:
        """Show the live attempts that nobody was shown yet."""
        for event in self._journal.unnotified(now):
            self._notify_attempt(event, now)

    def notify_missed(self, events: Sequence[Event], now: datetime) -> None:
        """Tell what came too late: one alone, several in a summary without links."""
        if len(events) == 1:
            self.notify(partial(wording.late, events[0]), now)
        elif events:
            self.notify(partial(wording.missed, events), now)

    def remind(self, event: Event, now: datetime) -> None:
        """Show a live attempt again, with the time that is left now."""
        words = self._words(wording.reminder, event, now)
        channel = self.notify(words, now, about=event)
        if channel is not None:
            self._journal.append_about(
                event, EventName.REMINDED, at=now, detail=channel
            )

    def refresh(self, event: Event, now: datetime) -> None:
        """Let the time left count down where the notification is still open."""
        was_reminded = self._journal.has_happened(event.attempt_id, EventName.REMINDED)
        kind = wording.reminder if was_reminded else wording.live
        if self._delivery:
            words = self._words(kind, event, now)
            self._delivery.refresh(words(language=self._settings.language))

    def answer_not_me(self, event: Event, now: datetime) -> None:
        """Tell a user who did not sign in what to do, and log that it was not them."""
        self._journal.append_about(event, EventName.NOT_ME, at=now)
        self.notify(partial(wording.not_me_advice, event), now, about=event)

    def close(self, event: Event, now: datetime) -> None:
        """Take an expired attempt off the screen and say that it is over."""
        if self._delivery is None:
            return
        self._delivery.withdraw(event.attempt_id or 0)
        was_shown = self._journal.has_happened(event.attempt_id, EventName.NOTIFIED)
        if was_shown and event.expires_at and now - event.expires_at < STALE_AFTER:
            self.notify(partial(wording.expired, event), now)

    def notify(
        self, words: Words, now: datetime, about: Event | None = None
    ) -> str | None:
        """Show it and return the channel that did; log each channel that did not."""
        if self._delivery is None:
            return None
        notification = words(language=self._settings.language)
        try:
            delivered = self._delivery.deliver(notification)
        except NotDelivered as error:
            self._log_failures(error.failures, now, about)
            return None
        self._settings.on_shown(notification, delivered.channel)
        self._log_failures(delivered.failures, now, about)
        return delivered.channel

    def _notify_attempt(self, event: Event, now: datetime) -> None:
        attempt_id = event.attempt_id or 0
        if self._delivery is None or not self._journal.acquire_lease(attempt_id, now):
            return
        words = self._words(wording.live, event, now)
        channel = self.notify(words, now, about=event)
        if channel is not None:
            self._journal.append_about(
                event, EventName.NOTIFIED, at=now, detail=channel
            )

    def _notify_unverified(self, event: Event, now: datetime) -> None:
        if event.expires_at is not None and event.expires_at <= now:
            return
        count = self._journal.count(EventName.UNVERIFIED, now - HOUR)
        if count <= UNVERIFIED_AN_HOUR:
            self.notify(partial(wording.unverified, event), now)
        elif count == UNVERIFIED_AN_HOUR + 1:
            self.notify(partial(wording.unverified_summary, count), now)

    def _words(
        self, kind: Callable[..., Notification], event: Event, now: datetime
    ) -> Words:
        armed_until = self._journal.armed_until()
        is_armed = armed_until is not None and now < armed_until
        return partial(kind, event, now=now, is_armed=is_armed)

    def _log_failures(
        self, failures: Sequence[Failure], now: datetime, about: Event | None
    ) -> None:
        nothing = Event(id=0, at=now, event=EventName.NOTIFY_FAILED)
        for failure in failures:
            logger.info("%s did not show it: %s", failure.channel, failure.error)
            self._journal.append_about(
                about or nothing,
                EventName.NOTIFY_FAILED,
                at=now,
                detail=f"{failure.channel}: {failure.error}",
            )
