"""Tells the user of events, once each: store, then notify, then confirm.

An attempt is leased in the log before it is shown and confirmed after, so that of two
programs one shows it, and one that died half-way leaves it to the next. A program that
stays also keeps the screen true: what was answered elsewhere goes, what the desktop
lost comes back, and what a short command showed gets its buttons. The desktop works in
a thread of its own: what it showed comes back as a `Shown`, to be confirmed. Other
events that the user is to be told of are marked in the log until then (`untold`).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from watcher.app.delivery_log import PHONE, DeliveryLog
from watcher.app.desktop import Desktop, Shown, Words
from watcher.app.flood import AT_ONCE, COUNTED, FLOOD, MINUTE_S, FloodGauge
from watcher.app.hooks import NAME as HOOK
from watcher.app.phone import Pushed
from watcher.app.phones import Phones
from watcher.app.screen import Screen
from watcher.app.succession import Succession
from watcher.app.untold import Untold
from watcher.app.wanted import DESKTOP_ONLY, HOUR, SUMMED_UP_AT, Wanted
from watcher.clock import iso, monotonic_s
from watcher.errors import JournalUnusable, NotHandedOver, NotificationFailed
from watcher.events import AnyEvent, Attempt, Event, EventName, Mail
from watcher.i18n import Language
from watcher.journal.log import DELIVERY_LEASE, Journal
from watcher.notify import trouble, wording
from watcher.notify.notification import Notification
from watcher.notify.wording import Situation
from watcher.recognition.claim import Kind
from watcher.timing.error import ClockError

UNKNOWN_AN_HOUR = 5
"""Amazon's mails in another form, or to an address whose owner passes them on."""

STALE_AFTER = timedelta(minutes=2)
"""That an attempt is over is no news after this: the user was told the deadline."""


LOOKED_AT = 200
"""The newest events, among which those of live attempts are, but in a flood."""

Wording = Callable[..., Notification]
"""A function of `wording`; to `notify`, one that only lacks its argument `language`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierSettings:
    """How the user wants to be told."""

    language: Language
    notify_unverified: bool
    is_attended: bool = True
    """Whether this program stays: to act on buttons, and to keep the screen true."""
    wanted: Wanted = field(default_factory=Wanted)
    """By which ways, whether or not this program can use them."""
    window: timedelta = timedelta(minutes=5)
    """How long a link or code lives."""
    look_back: timedelta = timedelta(hours=24)
    """For how long it is news that an attempt came too late."""
    on_shown: Callable[[Notification, str], None] = lambda *_: None
    """Called with each notification and the channel that showed it."""
    on_told: Callable[[Notification], None] = lambda _: None
    """Called with what is to be told, live attempts excepted, wherever it is shown."""


class Notifier:
    """Asks for notifications of events, and logs what was shown.

    Without a desktop the user wants no notifications here: nothing is shown or logged,
    but for what goes to `phones`.
    """

    def __init__(
        self,
        journal: Journal,
        desktop: Desktop | None,
        settings: NotifierSettings,
        phones: Phones | None = None,
    ) -> None:
        self._journal = journal
        self._phones = phones or Phones({}, settings.language)
        self._screen = Screen(journal, desktop) if desktop else None
        self._settings = settings
        self._floods = FloodGauge()
        self._failures: dict[int, NotHandedOver] = {}
        self._deliveries = DeliveryLog(journal)
        self._retry_at_s: dict[int, float] = {}
        self._answered: set[int] = set()
        """Answered here, though the event log may not have taken it yet."""
        self._advised: dict[int, bool] = {}
        """To whom "It was not me" was pressed here: whether the advice was shown."""
        self._account_mails: set[int] = set()
        """Account mails, by their place on the screen, that wait to be shown."""
        self._overtaken: set[int] = set()
        """What newer attempts have driven off the screen; it may come back."""
        self._clock_error: ClockError | None = None
        self._untold = Untold(
            journal, self._is_news, self._can_tell, is_daemon=settings.is_attended
        )
        self._of_flood: dict[str, frozenset[int]] = {}
        """The untold events of which the next alarm about an account tells."""
        self._last: dict[str, Attempt] = {}
        """The last attempt of each account that counts for a flood, without link."""
        self.succession = Succession()
        self._earlier: dict[int, Attempt] = {}
        """The older attempt that one of the same sign-in stands for."""
        journal.mark_untold(partial(settings.wanted.is_to_be_told, journal=journal))

    # Attempts ---------------------------------------------------------------------

    def lease_new(self, event: Event[Mail], now: datetime) -> bool:
        """Return whether `notify_new` is to show an attempt, which is leased for it.

        To be asked in the transaction that records it: so a mail is one fact.
        """
        match event:
            case Event(event=EventName.ATTEMPT, about=Attempt() as attempt):
                is_known = attempt.kind is not Kind.UNKNOWN
                if is_known and self._floods.is_full(attempt.origin.account):
                    return False
                return self._lease(attempt, now)
            case _:
                return False

    def notify_new(
        self, event: Event[Mail], now: datetime, *, is_leased: bool | None = None
    ) -> None:
        """Show a new event, if it is one to be shown; of a flood, at the next tick.

        `is_leased` is what `lease_new` has returned; None: it was not asked. What is
        leased is shown whatever fails: nobody else would show it for a while.
        """
        if is_leased is None:
            is_leased = self.lease_new(event, now)
        match event:
            case Event(event=EventName.ATTEMPT, about=Attempt() as attempt):
                self.succession.note(attempt)
                if attempt.kind is not Kind.UNKNOWN:  # they have their own limit
                    self._floods.note(attempt.origin.account, attempt.began_at)
                    self._last[attempt.origin.account] = replace(attempt, secret=None)
                try:
                    if not self.is_flooded(attempt):
                        self._withdraw_overtaken(now, attempt.origin.account)
                finally:
                    if is_leased:
                        self._show_leased(attempt, now)
            case Event(event=EventName.UNVERIFIED, about=Attempt() as attempt):
                self._notify_unverified(event, attempt, now)
            case Event(event=EventName.SIGN_IN_REPORTED, about=Attempt() as attempt):
                self._tell_reported(event, attempt, now)
            case _:
                pass

    def notify_pending(self, now: datetime, account: str | None = None) -> None:
        """Show the newest unanswered attempts that no channel has shown yet.

        Those of one account, or of all (None).
        """
        held = self._floods.held()
        unnotified = self._journal.unnotified(now, FLOOD + 1, account)
        pending = [one for one in unnotified if one.about.id not in self._answered]
        accounts = Counter(event.about.origin.account for event in pending)
        shown_alone = {one for one, count in accounts.items() if count <= FLOOD}
        crowded = [
            event
            for event in pending
            if event.about.origin.account not in shown_alone
            or self.is_flooded(event.about)
        ]
        newest = {event.id for event in self._newest(now, account)} if crowded else {}
        for event in pending:
            is_shown = event not in crowded or event.id in newest
            if is_shown and event.about.origin.account not in held:
                self._notify_attempt(event.about, now)
        self._tell_left(now)
        for whose, count in self._floods.take_news(held).items():
            self._tell_flood(whose, count, now)

    def is_flooded(self, attempt: Attempt) -> bool:
        """Return whether it is one of so many that nobody can be told of each."""
        is_known = attempt.kind is not Kind.UNKNOWN
        return is_known and self._floods.is_flooded(attempt.origin.account)

    def notify_missed(self, account: str, now: datetime) -> None:
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
            words = self._afterwards(wording.late, attempts[0])
        self._tell(words, now, frozenset(told))

    def notify_account_mail(self, account: str, subject: str, now: datetime) -> None:
        """Tell of another genuine mail, by its subject, who waits for an attempt."""
        if self._screen is not None:
            self._account_mails.add(wording.account_mail_id(account))
        self.notify(partial(wording.account_mail, account, subject), now)

    def is_telling_mail(self, account: str) -> bool:
        """Return whether such a mail waits for the desktop: the log knows none."""
        return wording.account_mail_id(account) in self._account_mails

    def remind(self, attempt: Attempt, now: datetime) -> None:
        """Show a live attempt again, with the time that is left now."""
        is_one_too_many = (
            attempt.kind is Kind.UNKNOWN
            and not self._journal.has_happened(attempt.id, EventName.NOTIFIED)
        )
        newest = self._newest(now, attempt.origin.account)
        is_shown = any(attempt.id == event.about.id for event in newest)
        if is_shown and not is_one_too_many:
            self._show(wording.reminder, attempt, now, confirms=EventName.REMINDED)
            self._push(wording.reminder, attempt, now, EventName.REMINDED)

    def refresh(self, attempt: Attempt, now: datetime) -> None:
        """Let the time left count down where the notification is still open."""
        if self._screen is not None and attempt.id in self._screen:
            self._screen.refresh(attempt.id, self._again(attempt, now), now)
        if self._phones.has(attempt):
            self._phones.refresh(attempt, self._again(attempt, now), now)

    def notify_failure(
        self, attempt: Attempt, error: NotHandedOver, now: datetime
    ) -> None:
        """Say that the page did not open, or the code was not copied, and why."""
        self._failures[attempt.id] = error
        self._show(wording.live, attempt, now)

    def note_used(self, attempt: Attempt, now: datetime) -> None:
        """Withdraw what the user has used; then many attempts were their own, too."""
        self._answered.add(attempt.id)
        self._withdraw_everywhere(attempt.id, now)
        if self._floods.are_many(attempt.origin.account):
            self.withdraw(wording.flood_id(attempt.origin.account), now)
            self._phones.withdraw_flood(attempt.origin.account, now)

    def note_not_me(self, attempt: Attempt, now: datetime) -> None:
        """Tell a user who did not sign in what to do."""
        if attempt.id in self._answered:
            return
        self._answered.add(attempt.id)
        self._withdraw_everywhere(attempt.id, now)
        self._advised[attempt.id] = False
        self.notify(partial(wording.not_me_advice, attempt), now, about=attempt)

    def _tell_reported(
        self, event: Event[Mail], attempt: Attempt, now: datetime
    ) -> None:
        """Say when Amazon reports a sign-in, in place of the attempt."""
        at = datetime.fromisoformat(event.detail or iso(event.at))
        self.withdraw(attempt.id, now)
        tells = self._untold.lease([event], now)
        self._phones.tell_reported(attempt, at, now, self._by_phone(tells))
        words = self._afterwards(partial(wording.reported, at), attempt)
        self._tell(words, now, tells)

    def close(self, attempt: Attempt, now: datetime) -> None:
        """Withdraw an expired attempt; say that it is over to who has not answered."""
        self._withdraw_everywhere(attempt.id, now)
        self._failures.pop(attempt.id, None)
        self._deliveries.forget(attempt.id)
        self.succession.forget(attempt.id)
        self._earlier.pop(attempt.id, None)
        self._overtaken.discard(attempt.id)
        self._answered.discard(attempt.id)
        self._advised.pop(attempt.id, None)
        self._retry_at_s.pop(attempt.id, None)
        self._tell_end(attempt, now)

    def _tell_end(self, attempt: Attempt, now: datetime) -> None:
        if tells := self._untold.lease(
            self._untold.of(EventName.EXPIRED, now, attempt.id), now
        ):
            self._tell(self._afterwards(wording.expired, attempt), now, tells)

    def note_clock(self, error: ClockError | None, now: datetime) -> None:
        """Show no clock times while this machine's clock is wrong."""
        was_wrong, self._clock_error = self._is_clock_wrong, error
        if self._is_clock_wrong == was_wrong:
            return
        if error is None:
            self.withdraw(trouble.CLOCK_ID, now)
        elif self._screen is None:
            self.notify(partial(trouble.clock_wrong, error), now)
        self.refresh_all(now)

    @property
    def _is_clock_wrong(self) -> bool:
        return self._clock_error is not None

    def tell_clock(self, now: datetime) -> None:
        """Tell that the clock is wrong, which was logged."""
        found = self._untold.of(EventName.CLOCK_WRONG, now)
        if self._clock_error and (tells := self._untold.lease(found, now)):
            self.notify(
                partial(trouble.clock_wrong, self._clock_error), now, tells=tells
            )

    # What was logged and not told -------------------------------------------------

    def _tell_left(self, now: datetime) -> None:
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
                self._tell_end(attempt, now)
            case Event(event=EventName.NOT_ME, about=Attempt() as attempt):
                self._advise_again(event, attempt, now)
            case Event(event=EventName.CLOCK_WRONG):
                self.tell_clock(now)
            case Event(event=EventName.MISSED):
                pass
            case _:
                self.notify_new(cast(Event[Mail], event), now)

    def _advise_again(self, event: AnyEvent, attempt: Attempt, now: datetime) -> None:
        """Advise whom no program has, unless it has just asked for that."""
        is_shown = self._advised.get(attempt.id)
        if is_shown:
            self._untold.note_told({event.id})
        elif is_shown is None:
            words = partial(wording.not_me_advice, attempt)
            self._tell(words, now, self._untold.lease([event], now))

    def _note_advice(self, shown: Shown) -> None:
        """Note whether the desktop showed what was asked for before it was logged."""
        about = shown.request.about
        if about is None or shown.request.replaces_id == about.id:
            return
        if shown.delivered.channel is None:
            self._advised.pop(about.id, None)
        elif about.id in self._advised:
            self._advised[about.id] = True

    def _recall_flood(self, event: AnyEvent, attempt: Attempt, now: datetime) -> None:
        account = attempt.origin.account
        if tells := self._untold.lease([event], now):
            minute = timedelta(seconds=MINUTE_S)
            count = self._journal.count_beside(attempt, minute, COUNTED)
            self._floods.recall(account, max(count, AT_ONCE + 1))
            self._last.setdefault(account, replace(attempt, secret=None))
            self._of_flood[account] = self._of_flood.get(account, tells) | tells

    def _tell_flood(self, account: str, count: int, now: datetime) -> None:
        """Tell of too many attempts: as often as they grow, a phone once."""
        tells = self._of_flood.pop(account, frozenset[int]())
        if self._floods.is_first_alarm(account):
            self._phones.tell_flood(
                self._last[account],
                count,
                now,
                is_armed=self._journal.is_armed(now),
                tells=self._by_phone(tells),
            )
        self.notify(partial(wording.flood, account, count), now, tells=tells)

    def _is_news(self, event: AnyEvent, now: datetime) -> bool:
        """Return whether the user still wants to be told of an untold event."""
        if not self._settings.wanted.tells_of(event):
            return False
        match event:
            case Event(event=EventName.CLOCK_WRONG):
                return self._is_clock_wrong
            case Event(event=EventName.MISSED):
                return now - event.at < max(self._settings.look_back, HOUR)
            case Event(event=EventName.UNVERIFIED, about=Attempt() as attempt):
                return self._settings.notify_unverified and attempt.expires_at > now
            case Event(event=EventName.EXPIRED, about=Attempt() as attempt):
                is_recent = now - attempt.expires_at < STALE_AFTER
                return is_recent and not self._floods.are_many(attempt.origin.account)
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

    # Everything -------------------------------------------------------------------

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

    def confirm(self, shown: Shown, now: datetime) -> None:
        """Log what the desktop's thread says was shown, and what did not show it."""
        request, channel = shown.request, shown.delivered.channel
        if self._screen is not None:
            self._screen.note(shown)
        self._account_mails.discard(request.replaces_id)
        self._note_advice(shown)
        if not self._untold.have_failed(request.tells):
            for failure in shown.delivered.failures:
                self._deliveries.add_failure(
                    failure.channel, failure.error, now, request.about
                )
        if channel is None or shown.notification is None:
            self._untold.note_failed(request.tells)
            return
        self._untold.note_told(request.tells)
        if request.about is not None and request.confirms is not None:
            self._deliveries.add(request.about, request.confirms, channel, now)
            self._withdraw_overtaken(now, request.about.origin.account)
        self._settings.on_shown(shown.notification, channel)

    def confirm_push(self, pushed: Pushed, now: datetime) -> None:
        """Log what was sent to a phone, and what could not be.

        What the desktop has still to show is not logged as told before it has.
        """
        about, confirms = pushed.request.about, pushed.request.confirms
        if pushed.error is not None:
            self._deliveries.add_failure(PHONE, pushed.error, now, about)
            return
        self._untold.note_told(pushed.request.tells)
        if about is not None and confirms is not None:
            waits = self._screen is not None
            self._deliveries.add_push(about, confirms, now, waits=waits)

    def note_hook_failure(self, error: NotificationFailed, now: datetime) -> None:
        """Log that the user's command did not take an event."""
        self._deliveries.add_failure(HOOK, error, now, None)

    def withdraw(self, replaces_id: int, now: datetime) -> None:
        """Take a notification off the screen, if it is there."""
        if self._screen is not None:
            self._screen.withdraw(replaces_id, now)

    # The screen -------------------------------------------------------------------

    @property
    def is_showing(self) -> bool:
        """Whether something is on the screen or a phone, to be kept true."""
        is_on_screen = self._screen is not None and self._screen.is_showing
        return is_on_screen or self._phones.are_showing

    @property
    def is_busy(self) -> bool:
        """Whether something that was asked for is not shown yet."""
        return self._screen is not None and self._screen.is_busy

    def wait(self, seconds: float) -> None:
        """Wait so long, at most, until all that was asked for is shown or failed."""
        if self._screen is not None:
            self._screen.wait(seconds)

    def wait_for_phones(self, seconds: float) -> None:
        """Wait so long, at most, until the phones were told, or could not be."""
        self._phones.wait(seconds)

    def prepare(self, now: datetime) -> None:
        """Take away what ended programs left, but for unanswered attempts."""
        newest = [event.about for event in self._newest(now)]
        if self._phones.are_any:
            self._prepare_phones(newest, now)
        if self._screen is not None:
            self._screen.withdraw_left({attempt.id for attempt in newest}, now)

    def _prepare_phones(self, newest: Sequence[Attempt], now: datetime) -> None:
        """Take over what is on the phones, and tell them what only a desktop showed."""
        told: dict[int, Attempt] = {}
        with suppress(JournalUnusable):  # after the last good row
            for event in self._journal.last(LOOKED_AT):
                if event.detail == PHONE and isinstance(event.about, Attempt):
                    told[event.about.id] = event.about
        current = {attempt.id: attempt for attempt in newest}
        owed = {
            event.about.id
            for event in self._untold.of(EventName.SIGN_IN_REPORTED, now)
            if isinstance(event.about, Attempt)
        }
        for attempt in told.values():
            is_reported = attempt.id not in owed and self._journal.has_happened(
                attempt.id, EventName.SIGN_IN_REPORTED
            )
            is_left = abs(now - attempt.expires_at) < HOUR and not is_reported
            if is_left or attempt.id in current:  # as that stands in the log now
                self._phones.adopt(current.get(attempt.id, attempt), now)
        self._phones.keep({*current, *owed}, now)
        for attempt in newest:
            if attempt.id not in told and self._journal.has_happened(
                attempt.id, EventName.NOTIFIED
            ):
                self._push(wording.live, attempt, now, EventName.NOTIFIED)

    def update(self, now: datetime) -> None:
        """Keep the screen true: withdraw what is answered, show what is not there."""
        is_told = self._screen is not None or self._phones.are_any
        if not (is_told and self._settings.is_attended):
            return
        newest = self._withdraw_overtaken(now)
        self.notify_pending(now)
        if self._screen is None:
            return
        self._screen.restore_lost(now)
        for attempt in newest:
            if attempt.id in self._overtaken:
                self._overtaken.discard(attempt.id)
                self._screen.show(self._again(attempt, now), now, about=attempt)
            elif attempt.id not in self._screen:
                self._take_over(attempt, now)

    def _withdraw_overtaken(
        self, now: datetime, account: str | None = None
    ) -> list[Attempt]:
        """Withdraw what is over, closed or overtaken; return what may be shown.

        Look at the attempts of one account, or of all (None).
        """
        found = [event.about for event in self._newest(now, account)]
        newest = self._supersede(found, now)
        ids = {attempt.id for attempt in newest}
        self._phones.keep(ids, now, account)
        if self._screen is not None:
            for gone in self._screen.attempt_ids(account) - ids:
                is_alive = gone not in self._answered and bool(
                    self._journal.find_pending(gone, now)
                )
                if is_alive and not self._screen.is_confirmed(gone):
                    continue  # it is to be told, though only for a moment
                self._screen.withdraw(gone, now)
                if is_alive:
                    self._overtaken.add(gone)
                if ended := self._journal.find_expired(gone):
                    self._tell_end(ended, now)  # another program has logged it
        return newest

    def _supersede(self, newest: list[Attempt], now: datetime) -> list[Attempt]:
        """Close each for which a newer one stands; return the rest.

        Both must have been told, the older though only for a moment: what a channel
        has failed to show, or is yet to show, may take nothing away from the user.
        """
        accounts = Counter(one.origin.account for one in newest)
        told = [
            one
            for one in newest
            if accounts[one.origin.account] > 1 and self._was_told(one)
        ]
        for older, newer in self.succession.superseded(told):
            self._journal.append(EventName.SUPERSEDED, at=now, about=older)
            newest = [one for one in newest if one.id != older.id]
            self._earlier[newer.id] = older
            self.refresh(newer, now)
        return newest

    def _was_told(self, attempt: Attempt) -> bool:
        """Return whether the user was told, be it by the log where nothing else is."""
        if self._settings.wanted.is_log_alone(attempt.origin.account):
            return True
        return self._journal.has_happened(attempt.id, EventName.NOTIFIED)

    def refresh_all(self, now: datetime) -> None:
        """Let the time left of everything that is open count down."""
        for event in self._newest(now):
            self.refresh(event.about, now)

    def end(self, now: datetime, *, is_told: bool) -> list[int]:
        """Withdraw what nobody keeps true; where it `is_told`, a live attempt says so.

        Return what was withdrawn, for `mark_withdrawn`.
        """
        if self._screen is None:
            return []
        going = self._screen.clear()
        alive = [event.about for event in self._newest(now)]
        if alive and is_told:
            last = max(alive, key=lambda attempt: attempt.expires_at)
            self.notify(partial(self._afterwards(wording.ended, last), now=now), now)
        return going

    def mark_withdrawn(self, replaces_ids: Sequence[int]) -> None:
        """Let the next daemon know what this one has taken off the screen."""
        if self._screen is not None:
            self._screen.mark_withdrawn(replaces_ids)

    def _newest(
        self, now: datetime, account: str | None = None
    ) -> list[Event[Attempt]]:
        newest = self._journal.newest_pending(now, AT_ONCE, account)
        return [event for event in newest if event.about.id not in self._answered]

    def _take_over(self, attempt: Attempt, now: datetime) -> None:
        """Show what another program has shown, in its place; not too often."""
        if self._screen is None:
            return
        if monotonic_s() < self._retry_at_s.get(attempt.id, 0.0):
            return
        handle = self._screen.find_left(attempt.id)
        if handle is None:
            return
        self._retry_at_s[attempt.id] = monotonic_s() + DELIVERY_LEASE.total_seconds()
        words = self._again(attempt, now)
        self._screen.show(words, now, about=attempt, adopts=handle)

    # ------------------------------------------------------------------------------

    def _notify_attempt(self, attempt: Attempt, now: datetime) -> None:
        if self._lease(attempt, now):
            self._show_leased(attempt, now)

    def _lease(self, attempt: Attempt, now: datetime) -> bool:
        """Return whether this program is to show an attempt, and no other."""
        if attempt.kind is Kind.UNKNOWN and self._is_flood_of_unknown(now):
            return False
        is_told = self._screen is not None or self._phones.has(attempt)
        return is_told and self._journal.acquire_lease(
            attempt.id, now, is_daemon=self._settings.is_attended
        )

    def _show_leased(self, attempt: Attempt, now: datetime) -> None:
        self._show(wording.live, attempt, now, confirms=EventName.NOTIFIED)
        self._push(wording.live, attempt, now, EventName.NOTIFIED)

    def _push(
        self, kind: Wording, attempt: Attempt, now: datetime, confirms: EventName
    ) -> None:
        """Tell the account's phone of an attempt, if it has one."""
        if self._phones.has(attempt):
            words = self._words(kind, attempt, now)
            is_armed = self._journal.is_armed(now)
            self._phones.tell(attempt, words, now, is_armed=is_armed, confirms=confirms)

    def _show(
        self,
        kind: Wording,
        attempt: Attempt,
        now: datetime,
        confirms: EventName | None = None,
    ) -> None:
        """Show an attempt; it is confirmed in the log once a channel showed it."""
        if self._screen is not None:
            words = self._words(kind, attempt, now)
            self._screen.show(words, now, about=attempt, confirms=confirms)

    def _is_flood_of_unknown(self, now: datetime) -> bool:
        """Return whether somebody passes Amazon's mails to them on to this user."""
        return self._journal.count_unknown(now, HOUR) > UNKNOWN_AN_HOUR

    def _notify_unverified(
        self, event: Event[Mail], attempt: Attempt, now: datetime
    ) -> None:
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

    def _again(self, attempt: Attempt, now: datetime) -> Words:
        """Return the words for a live attempt as it is to be shown now."""
        was_reminded = self._journal.has_happened(attempt.id, EventName.REMINDED)
        kind = wording.reminder if was_reminded else wording.live
        return self._words(kind, attempt, now)

    def _words(self, kind: Wording, attempt: Attempt, now: datetime) -> Words:
        """Return the words for a live attempt, which go on with the time left."""
        situation = Situation(
            now=now,
            is_armed=self._journal.is_armed(now),
            is_attended=self._settings.is_attended,
            is_clock_wrong=self._is_clock_wrong,
            window=self._settings.window,
            failure=self._failures.get(attempt.id),
            earlier=self._earlier.get(attempt.id),
        )

        def word(at: datetime) -> Notification | None:
            if at >= attempt.expires_at:
                return None
            current = replace(situation, now=at)
            language = self._settings.language
            return kind(attempt, situation=current, language=language)

        return word

    def _afterwards(self, kind: Wording, attempt: Attempt) -> Wording:
        return partial(kind, attempt, is_clock_wrong=self._is_clock_wrong)

    def _withdraw_everywhere(self, attempt_id: int, now: datetime) -> None:
        self.withdraw(attempt_id, now)
        self._phones.withdraw(attempt_id, now)
