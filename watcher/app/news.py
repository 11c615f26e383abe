"""Tells once of what is logged beside live attempts, whichever program has logged it.

That is what came too late, is doubtful, is over or was reported; of many attempts at
once, of this machine's clock, and what to do after "It was not me". Such an event is
marked in the log until the user was told (`untold`). Account mails are no events: they
are told by the program that has found them.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from watcher.app.desktop import Shown
from watcher.app.flood import AT_ONCE, COUNTED, MINUTE_S, FloodGauge
from watcher.app.phones import Phones
from watcher.app.screen import Screen
from watcher.app.untold import Untold
from watcher.app.wanted import DESKTOP_ONLY, HOUR, SUMMED_UP_AT, NotifierSettings
from watcher.clock import iso
from watcher.events import AnyEvent, Attempt, Event, EventName
from watcher.journal.log import Journal
from watcher.notify import trouble, wording
from watcher.notify.notification import Notification
from watcher.recognition.claim import Kind
from watcher.timing.error import ClockError

STALE_AFTER = timedelta(minutes=2)
"""That an attempt is over is no news after this: the user was told the deadline."""

Wording = Callable[..., Notification]
"""A function of `wording`; to `notify`, one that only lacks its argument `language`."""


class News:
    """What one program tells of a log beside live attempts.

    Without a screen nothing is shown, but for what goes to `phones`.
    """

    def __init__(
        self,
        journal: Journal,
        screen: Screen | None,
        phones: Phones,
        settings: NotifierSettings,
    ) -> None:
        self._journal, self._screen, self._phones = journal, screen, phones
        self._settings = settings
        self.floods = FloodGauge()
        self.clock_error: ClockError | None = None
        """How wrong this machine's clock is known to be."""
        self._untold = Untold(
            journal, self._is_news, self._can_tell, is_daemon=settings.is_attended
        )
        self._advised: dict[int, bool] = {}
        """To whom "It was not me" was pressed here: whether the advice was shown.

        Until the log, which may have it later, knows that too."""
        self._account_mails: set[int] = set()
        """Account mails, by their place on the screen, that wait to be shown."""
        self._of_flood: dict[str, frozenset[int]] = {}
        """The untold events of which the next alarm about an account tells."""
        self._last: dict[str, Attempt] = {}
        """The last attempt of each account that counts for a flood, without link."""
        journal.mark_untold(settings.wanted.is_to_be_told)

    def notify(
        self,
        wording: Wording,
        now: datetime,
        about: Attempt | None = None,
        tells: frozenset[int] = frozenset(),
    ) -> None:
        """Ask for a notification whose words do not change while it waits."""
        notification = wording(language=self._settings.language)
        self._settings.on_told(notification)
        if self._screen is not None:
            self._screen.show(lambda _: notification, now, about=about, tells=tells)

    def afterwards(self, kind: Wording, attempt: Attempt) -> Wording:
        """Return the words for an attempt that is not alive."""
        return partial(kind, attempt, is_clock_wrong=self.clock_error is not None)

    # New mails --------------------------------------------------------------------

    def note_attempt(self, attempt: Attempt) -> None:
        """Count a new attempt, for a flood of which is to be told."""
        if attempt.kind is not Kind.UNKNOWN:  # they have their own limit
            self.floods.note(attempt.origin.account, attempt.began_at)
            self._last[attempt.origin.account] = replace(attempt, secret=None)

    def tell_unverified(self, event: AnyEvent, attempt: Attempt, now: datetime) -> None:
        """Tell that an attempt is not proved; of many within an hour their sum."""
        if not self._settings.notify_unverified or attempt.expires_at <= now:
            return
        count = self._journal.count(EventName.UNVERIFIED, now, HOUR)
        tells = self._untold.lease([event], now)
        if count < SUMMED_UP_AT:
            words = partial(wording.unverified, attempt, event.reasons, now=now)
            self._tell(words, now, tells)
            if tells and self._journal.is_armed(now):  # anybody can send such a mail
                shown = words(language=self._settings.language)
                tells = self._by_phone(tells)
                self._phones.tell(
                    attempt, lambda _: shown, now, is_armed=True, tells=tells
                )
        elif tells or count == SUMMED_UP_AT:
            tells |= self._untold.lease(self._untold.of(EventName.UNVERIFIED, now), now)
            self._tell(partial(wording.unverified_summary, count), now, tells)

    def tell_reported(self, event: AnyEvent, attempt: Attempt, now: datetime) -> None:
        """Say when Amazon reports a sign-in, in place of the attempt."""
        at = datetime.fromisoformat(event.detail or iso(event.at))
        self._withdraw(attempt.id, now)
        tells = self._untold.lease([event], now)
        self._phones.tell_reported(attempt, at, now, self._by_phone(tells))
        words = self.afterwards(partial(wording.reported, at), attempt)
        self._tell(words, now, tells)

    def tell_missed(self, account: str, now: datetime) -> None:
        """Tell what came too late: one alone, several in a summary without links.

        What the desktop has still to show is summed up with it.
        """
        untold = cast(list[Event[Attempt]], self._untold.of(EventName.MISSED, now))
        news = [one for one in untold if one.about.origin.account == account]
        if not self._untold.lease(news, now):
            return
        told = {one.id: one.about for one in untold if one.id in self._untold.asked}
        attempts = [*told.values()]
        words: Wording = partial(wording.missed, attempts)
        if len(attempts) == 1:
            words = self.afterwards(wording.late, attempts[0])
        self._tell(words, now, frozenset(told))

    def tell_account_mail(self, account: str, subject: str, now: datetime) -> None:
        """Tell of another genuine mail, by its subject, who waits for an attempt."""
        if self._screen is not None:
            self._account_mails.add(wording.account_mail_id(account))
        self.notify(partial(wording.account_mail, account, subject), now)

    def is_telling_mail(self, account: str) -> bool:
        """Return whether such a mail waits for the desktop: the log knows none."""
        return wording.account_mail_id(account) in self._account_mails

    # What becomes of attempts -----------------------------------------------------

    def tell_end(self, attempt: Attempt, now: datetime) -> None:
        """Say that an attempt is over to who was told of it and has not answered."""
        expired = self._untold.of(EventName.EXPIRED, now, attempt.id)
        if tells := self._untold.lease(expired, now):
            self._tell(self.afterwards(wording.expired, attempt), now, tells)

    def advise(self, attempt: Attempt, now: datetime) -> None:
        """Tell a user who did not sign in what to do; the log learns of it later."""
        self._advised[attempt.id] = False
        self.notify(partial(wording.not_me_advice, attempt), now, about=attempt)

    # This machine's clock ---------------------------------------------------------

    def tell_clock(self, now: datetime) -> None:
        """Tell that the clock is wrong, which was logged."""
        found = self._untold.of(EventName.CLOCK_WRONG, now)
        if self.clock_error and (tells := self._untold.lease(found, now)):
            words = partial(trouble.clock_wrong, self.clock_error)
            self.notify(words, now, tells=tells)

    # What is left -----------------------------------------------------------------

    def tell_left(self, now: datetime) -> None:
        """Tell what is untold, be it by a program that ended; forget what is no news.

        Of what came too late, the end of its account's sync tells.
        """
        for event in self._untold.left(now):
            self._tell_again(event, now)

    def _tell_again(self, event: AnyEvent, now: datetime) -> None:
        match event:
            case Event(event=EventName.ATTEMPT, about=Attempt() as attempt):
                self._recall_flood(event, attempt, now)
            case Event(event=EventName.EXPIRED, about=Attempt() as attempt):
                self.tell_end(attempt, now)
            case Event(event=EventName.NOT_ME, about=Attempt() as attempt):
                self._advise_again(event, attempt, now)
            case Event(event=EventName.UNVERIFIED, about=Attempt() as attempt):
                self.tell_unverified(event, attempt, now)
            case Event(event=EventName.SIGN_IN_REPORTED, about=Attempt() as attempt):
                self.tell_reported(event, attempt, now)
            case Event(event=EventName.CLOCK_WRONG):
                self.tell_clock(now)
            case _:
                pass

    def _advise_again(self, event: AnyEvent, attempt: Attempt, now: datetime) -> None:
        """Advise whom no program has, unless it has just asked for that."""
        is_shown = self._advised.get(attempt.id)
        if is_shown:
            self._untold.note_told({event.id})
            del self._advised[attempt.id]
        elif is_shown is None:
            words = partial(wording.not_me_advice, attempt)
            self._tell(words, now, self._untold.lease([event], now))

    def _recall_flood(self, event: AnyEvent, attempt: Attempt, now: datetime) -> None:
        account = attempt.origin.account
        if tells := self._untold.lease([event], now):
            minute = timedelta(seconds=MINUTE_S)
            count = self._journal.count_beside(attempt, minute, COUNTED)
            self.floods.recall(account, max(count, AT_ONCE + 1))
            self._last.setdefault(account, replace(attempt, secret=None))
            self._of_flood[account] = self._of_flood.get(account, tells) | tells

    def tell_flood(self, account: str, count: int, now: datetime) -> None:
        """Tell of too many attempts: as often as they grow, a phone once."""
        tells = self._of_flood.pop(account, frozenset[int]())
        if self.floods.is_first_alarm(account):
            self._phones.tell_flood(
                self._last[account],
                count,
                now,
                is_armed=self._journal.is_armed(now),
                tells=self._by_phone(tells),
            )
        self.notify(partial(wording.flood, account, count), now, tells=tells)

    def owed_reports(self, now: datetime) -> set[int]:
        """Return the attempts of which Amazon reports the sign-in, and nobody told."""
        return {
            event.about.id
            for event in self._untold.of(EventName.SIGN_IN_REPORTED, now)
            if isinstance(event.about, Attempt)
        }

    # Confirmation -----------------------------------------------------------------

    def confirm(self, shown: Shown) -> None:
        """Note what the desktop has shown, or has failed to show."""
        request = shown.request
        self._account_mails.discard(request.replaces_id)
        self._note_advice(shown)
        if shown.delivered.channel is None or shown.notification is None:
            self._untold.note_failed(request.tells)
        else:
            self._untold.note_told(request.tells)

    def have_failed(self, event_ids: frozenset[int]) -> bool:
        """Return whether one of these was tried before, in vain: that is no news."""
        return self._untold.have_failed(event_ids)

    def note_told(self, event_ids: Iterable[int]) -> None:
        """Note that the user was told of these events in another way."""
        self._untold.note_told({*event_ids})

    def _note_advice(self, shown: Shown) -> None:
        """Note whether the desktop showed what was asked for before it was logged."""
        about = shown.request.about
        if about is None or shown.request.replaces_id == about.id:
            return
        if shown.delivered.channel is None:
            self._advised.pop(about.id, None)
        elif about.id in self._advised:
            self._advised[about.id] = True

    # ------------------------------------------------------------------------------

    def _is_news(self, event: AnyEvent, now: datetime) -> bool:
        """Return whether the user still wants to be told of an untold event."""
        if not self._settings.wanted.tells_of(event):
            return False
        match event:
            case Event(event=EventName.CLOCK_WRONG):
                return self.clock_error is not None
            case Event(event=EventName.MISSED):
                return now - event.at < max(self._settings.look_back, HOUR)
            case Event(event=EventName.UNVERIFIED, about=Attempt() as attempt):
                return self._settings.notify_unverified and attempt.expires_at > now
            case Event(event=EventName.EXPIRED, about=Attempt() as attempt):
                is_recent = now - attempt.expires_at < STALE_AFTER
                return is_recent and not self.floods.are_many(attempt.origin.account)
            case _:
                return now - event.at < HOUR

    def _can_tell(self, event: AnyEvent) -> bool:
        """Return whether this program has a way to tell of it."""
        if self._screen is not None:
            return True
        has_phone = isinstance(event.about, Attempt) and self._phones.has(event.about)
        return has_phone and event.event not in DESKTOP_ONLY

    def _tell(self, words: Wording, now: datetime, tells: frozenset[int]) -> None:
        """Tell of events that were leased; where there is no desktop, say so only."""
        if tells or self._screen is None:
            self.notify(words, now, tells=tells)

    def _by_phone(self, tells: frozenset[int]) -> frozenset[int]:
        """Return of what a phone tells: of nothing that a desktop is to tell."""
        return tells if self._screen is None else frozenset()

    def _withdraw(self, replaces_id: int, now: datetime) -> None:
        if self._screen is not None:
            self._screen.withdraw(replaces_id, now)
