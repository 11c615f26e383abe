"""Tells the user of events, once each: store, then notify, then confirm.

An attempt is leased in the log before it is shown and confirmed after, so that of two
programs one shows it, and one that died half-way leaves it to the next. A program that
stays also keeps the screen true: what was answered elsewhere goes, what the desktop
lost comes back, and what a short command showed gets its buttons. The desktop works in
a thread of its own: what it showed comes back as a `Shown`, to be confirmed. Other
events that the user is to be told of are marked in the log until then (`untold`).
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from watcher.app.delivery_log import DeliveryLog
from watcher.app.desktop import Desktop, Request, Shown, Words
from watcher.app.flood import AT_ONCE, FLOOD
from watcher.app.hooks import NAME as HOOK
from watcher.app.news import News, Wording
from watcher.app.phone import Pushed
from watcher.app.phones import Phones
from watcher.app.places import PHONE
from watcher.app.screen import Screen
from watcher.app.succession import Succession
from watcher.app.wanted import HOUR, NotifierSettings
from watcher.clock import monotonic_s
from watcher.errors import JournalUnusable, NotHandedOver, NotificationFailed
from watcher.events import Attempt, Event, EventName, Mail
from watcher.journal.log import DELIVERY_LEASE, Journal
from watcher.notify import trouble, wording
from watcher.notify.notification import Notification
from watcher.notify.wording import Situation
from watcher.recognition.claim import Kind
from watcher.timing.error import ClockError

UNKNOWN_AN_HOUR = 5
"""Amazon's mails in another form, or to an address whose owner passes them on."""

LOOKED_AT = 200
"""The newest events, among which those of live attempts are, but in a flood."""


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
        self.news = News(journal, self._screen, self._phones, settings)
        self._floods = self.news.floods
        self._failures: dict[int, NotHandedOver] = {}
        self._deliveries = DeliveryLog(journal)
        self._retry_at_s: dict[int, float] = {}
        self._answered: set[int] = set()
        """Answered here, though the event log may not have taken it yet."""
        self._overtaken: set[int] = set()
        """What newer attempts have driven off the screen; it may come back."""
        self.succession = Succession()
        self._earlier: dict[int, Attempt] = {}
        """The older attempt that one of the same sign-in stands for."""

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
                self.news.note_attempt(attempt)
                if is_leased:
                    self._show_leased(attempt, now)
                is_asked = is_leased and self._screen is not None
                if not (is_asked or self.is_flooded(attempt)):
                    # Else that waits for `confirm`: the new one is shown first.
                    self._withdraw_overtaken(now, attempt.origin.account)
            case Event(event=EventName.UNVERIFIED, about=Attempt() as attempt):
                self.news.tell_unverified(event, attempt, now)
            case Event(event=EventName.SIGN_IN_REPORTED, about=Attempt() as attempt):
                self.news.tell_reported(event, attempt, now)
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
        self.news.tell_left(now)
        for whose, count in self._floods.take_news(held).items():
            self.news.tell_flood(whose, count, now)

    def is_flooded(self, attempt: Attempt) -> bool:
        """Return whether it is one of so many that nobody can be told of each."""
        is_known = attempt.kind is not Kind.UNKNOWN
        return is_known and self._floods.is_flooded(attempt.origin.account)

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
        self.news.advise(attempt, now)

    def close(self, attempt: Attempt, now: datetime) -> None:
        """Withdraw an expired attempt; say that it is over to who has not answered."""
        self._withdraw_everywhere(attempt.id, now)
        self._failures.pop(attempt.id, None)
        self._deliveries.forget(attempt.id)
        self.succession.forget(attempt.id)
        self._earlier.pop(attempt.id, None)
        self._overtaken.discard(attempt.id)
        self._answered.discard(attempt.id)
        self._retry_at_s.pop(attempt.id, None)
        self.news.tell_end(attempt, now)

    def note_clock(self, error: ClockError | None, now: datetime) -> None:
        """Show no clock times while this machine's clock is wrong."""
        was_wrong = self.news.clock_error is not None
        self.news.clock_error = error
        if was_wrong == (error is not None):
            return
        if error is None:
            self.withdraw(trouble.CLOCK_ID, now)
        elif self._screen is None:
            self.notify(partial(trouble.clock_wrong, error), now)
        self.refresh_all(now)

    # Everything -------------------------------------------------------------------

    def notify(self, wording: Wording, now: datetime) -> None:
        """Ask for a notification whose words do not change while it waits."""
        self.news.notify(wording, now)

    def confirm(self, shown: Shown, now: datetime) -> None:
        """Log what the desktop's thread says was shown, and what did not show it."""
        request, channel = shown.request, shown.delivered.channel
        if self._screen is not None:
            self._screen.note(shown)
        if channel is None and shown.delivered.failures:
            self._report_unshown(request, now)  # before the log, which may be busy
        if not self.news.have_failed(request.tells):
            for failure in shown.delivered.failures:
                self._deliveries.add_failure(
                    failure.channel, failure.error, now, request.about
                )
        self.news.confirm(shown)
        if channel is None or shown.notification is None:
            return
        if request.about is not None and request.confirms is not None:
            self._deliveries.add(request.about, request.confirms, channel, now)
            self._withdraw_overtaken(now, request.about.origin.account)
        self._settings.on_shown(shown.notification, channel)

    def _report_unshown(self, request: Request, now: datetime) -> None:
        """Let an attempt be told in another way that is alive, as it is now."""
        if request.about is None or request.confirms is None:
            return
        alive = self._journal.find_pending(request.about.id, now)
        if alive and alive.id not in self._answered and not self.is_flooded(alive):
            self._settings.on_unshown(alive)

    def confirm_push(self, pushed: Pushed, now: datetime) -> None:
        """Log what was sent to a phone, and what could not be.

        What the desktop has still to show is not logged as told before it has.
        """
        about, confirms = pushed.request.about, pushed.request.confirms
        if pushed.error is not None:
            self._deliveries.add_failure(PHONE, pushed.error, now, about)
            return
        self.news.note_told(pushed.request.tells)
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
        owed = self.news.owed_reports(now)
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
                    self.news.tell_end(ended, now)  # another program has logged it
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
        return (
            self._settings.wanted.is_log_alone(attempt.origin.account)
            or self._deliveries.was_pushed(attempt.id)
            or self._journal.has_happened(attempt.id, EventName.NOTIFIED)
        )

    def refresh_all(self, now: datetime) -> None:
        """Let the time left of everything that is open count down."""
        for event in self._newest(now):
            self.refresh(event.about, now)

    def end(self, now: datetime, *, is_told: bool) -> list[int]:
        """Withdraw what nobody keeps true; where it `is_told`, a live attempt says so.

        Return what was withdrawn, for `hand_on`.
        """
        if self._screen is None:
            return []
        going = self._screen.clear()
        alive = [event.about for event in self._newest(now)]
        if alive and is_told:
            last = max(alive, key=lambda attempt: attempt.expires_at)
            words = self.news.afterwards(wording.ended, last)
            self.notify(partial(words, now=now, has_others=len(alive) > 1), now)
        return going

    def hand_on(self, withdrawn: Sequence[int], now: datetime) -> None:
        """Let the next daemon know what this one has withdrawn, and told on phones."""
        self._deliveries.settle(now)
        if self._screen is not None:
            self._screen.mark_withdrawn(withdrawn)

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
            is_clock_wrong=self.news.clock_error is not None,
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

    def _withdraw_everywhere(self, attempt_id: int, now: datetime) -> None:
        self.withdraw(attempt_id, now)
        self._phones.withdraw(attempt_id, now)
