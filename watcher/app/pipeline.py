"""The one road of `run`, `check` and `demo` from a judged mail to an event.

A mail is stored once for ever, with all that was learned from it and the lease to tell
it, in one transaction; then it is told. The cursor moves last, so that whatever dies
half-way is processed again.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.app.clocks import AccountClocks
from watcher.app.judging import Judged
from watcher.app.machine_clock import MachineClock, read_machine
from watcher.app.notifier import Notifier
from watcher.clock import iso
from watcher.events import (
    AlertReceived,
    Attempt,
    Cursor,
    Deadline,
    Event,
    EventName,
    Mail,
    MailboxSynced,
    StateChanged,
)
from watcher.journal.log import Journal, NewEvent
from watcher.recognition.claim import Claim
from watcher.recognition.reasons import Reason
from watcher.recognition.verdict import (
    AccountMail,
    Approval,
    Authentication,
    Authority,
    Content,
    LookAlike,
    NotRelevant,
    Recognised,
    SignInAttempt,
    Unknown,
    Unverified,
    Verdict,
)
from watcher.timing.deadline import Machine, Times
from watcher.timing.error import ClockError

DOUBTFUL_WHILE_ARMED = 3
"""Mails that may be about a sign-in, told while one is expected."""

LOGGED_AN_HOUR = {EventName.LOOK_ALIKE: 200, EventName.UNVERIFIED: 1000}
"""What is logged of mails that anybody can send: more would only fill the log.

One whose proof waits for DNS may be genuine, so that more of them are logged.
"""

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of one mail."""

    judged: Judged
    event: Event[Mail] | None
    """What was logged; None for a known mail and for one that is not relevant."""


@dataclass(frozen=True, slots=True)
class _Stored:
    """A mail that the log has taken, and that is to be told."""

    judged: Judged
    event: Event[Mail] | None
    is_expected: bool
    """Whether it may be about a sign-in that the user expects."""
    is_leased: bool
    """Whether this program is to show it."""


Observed = Processed | MailboxSynced | StateChanged | AlertReceived
"""What observers of the daemon are told of, once it was handled."""


class MailPipeline:
    """Records each judged mail and notifies of it."""

    def __init__(
        self,
        journal: Journal,
        notifier: Notifier,
        *,
        window: timedelta,
        is_waiting: bool = False,
        observe: Callable[[Observed], None] = lambda _: None,
        machine: Callable[[datetime], Machine] = read_machine,
    ) -> None:
        """Prepare.

        Args:
            journal: the event log.
            notifier: shows what is to be shown.
            window: how long an attempt is alive.
            is_waiting: the user waits for an attempt all the time.
            observe: called between recording a mail and notifying of it.
            machine: reads this machine's clocks.
        """
        self._journal = journal
        self._observe = observe
        self._notifier = notifier
        self._window = window
        self._clocks = AccountClocks(journal, machine)
        self._machine_clock = MachineClock(journal, machine)
        self._synced: dict[tuple[str, str], Cursor] = {}
        """How far each mailbox of an account was synced, until the log has it."""
        self._stored: dict[int, _Stored] = {}
        """What is in the log and was not told yet, by the identity of what came."""
        self._is_waiting = is_waiting
        self._armed_until: datetime | None = None
        self._doubtful: set[str] = set()
        """Mails that may be about the sign-in which the user expects, told of."""

    def process(self, judged: Judged, now: datetime) -> Processed:
        """Record a mail if the log does not know it, and notify.

        An attempt that came too late is told at the end of its account's sync.
        """
        if id(judged) not in self._stored:
            self.store([judged], now)
        self._note_clock(now)  # it may find the log busy: what is stored stays so
        return self._tell(self._stored.pop(id(judged)), now)

    def forget_stored(self) -> None:
        """Store anew what was not told: the log that had it is damaged."""
        self._stored.clear()

    def store(self, mails: Sequence[Judged], now: datetime) -> None:
        """Store mails of different accounts, all or none; `process` is to tell each."""
        with self._one_fact():
            stored = [self._store(judged, now) for judged in mails]
        self._stored.update((id(one.judged), one) for one in stored)

    @contextmanager
    def _one_fact(self) -> Iterator[None]:
        """Let what is learned be forgotten with what the log does not take."""
        restores = self._clocks.kept(), self._machine_clock.kept()
        armed_until, doubtful = self._armed_until, set(self._doubtful)
        try:
            with self._journal.transaction():
                yield
        except BaseException:
            for restore in restores:
                restore()
            self._armed_until, self._doubtful = armed_until, doubtful
            raise

    def _store(self, judged: Judged, now: datetime) -> _Stored:
        account = judged.origin.account
        self._clocks.note(account, judged.arrival, now)
        self._learn_time(judged, now)

        def deadline_of(attempted_at: datetime | None) -> Deadline:
            times = Times(attempted_at, judged.arrival)
            evidence = self._machine_clock.evidence
            return self._clocks.deadline(account, times, self._window, now, evidence)

        is_expected = self._expects(judged, now)
        if is_expected:
            self._doubtful.add(judged.identity)
        new_event = find_event(
            judged, now=now, deadline_of=deadline_of, is_expected=is_expected
        )
        new_event = new_event or self._find_report(judged, now)
        event = self._record(new_event, now) if new_event else None
        is_leased = event is not None and self._notifier.lease_new(event, now)
        return _Stored(judged, event, is_expected, is_leased)

    def _tell(self, stored: _Stored, now: datetime) -> Processed:
        processed = Processed(stored.judged, stored.event)
        self._observe(processed)
        match stored.event:
            case Event() as event:
                self._notifier.notify_new(event, now, is_leased=stored.is_leased)
            case None if stored.is_expected:
                self._notify_account_mail(stored.judged, now)
            case None:
                pass
        self.check_clock(now)
        return processed

    def _expects(self, judged: Judged, now: datetime) -> bool:
        """Return whether the user expects a sign-in, and this mail may be about it.

        It is one that nobody is told of at other times. A sign-in that was reported
        before is over, whoever looks at that mail once more.
        """
        match judged.verdict:
            case LookAlike(claim=Claim()) | NotRelevant(account_mail=AccountMail()):
                pass
            case _:
                return False
        armed_until = self._journal.armed_until(now)
        if armed_until != self._armed_until:
            self._armed_until = armed_until
            self._doubtful.clear()
        is_armed = self._is_waiting or armed_until is not None
        if not is_armed or len(self._doubtful) >= DOUBTFUL_WHILE_ARMED:
            return False
        if self._journal.is_recorded(_key(EventName.SIGN_IN_REPORTED, judged.identity)):
            return False
        return judged.identity not in self._doubtful

    def _notify_account_mail(self, judged: Judged, now: datetime) -> None:
        match judged.verdict:
            case NotRelevant(account_mail=AccountMail(subject=subject)) if (
                self._is_recent(judged, now)
            ):
                account = judged.origin.account
                self._notifier.news.tell_account_mail(account, subject, now)
            case _:
                pass

    def _find_report(self, judged: Judged, now: datetime) -> NewEvent | None:
        """Return that Amazon reports a sign-in, about the attempt that it was."""
        match judged.verdict:
            case NotRelevant(account_mail=AccountMail(sign_in=Claim() as claim)):
                at = claim.attempted_at or judged.arrival.received_at
            case _:
                return None
        alive = {
            event.about.id: event.about
            for event in self._journal.live(now)
            if event.about.origin.account == judged.origin.account
            and event.about.began_at <= at
        }
        found = self._notifier.succession.find_reported(list(alive.values()), claim)
        if found is None:
            return None
        name = EventName.SIGN_IN_REPORTED
        attempt = replace(alive[found], secret=None)
        event = Event(at=now, event=name, about=attempt, detail=iso(at))
        return NewEvent(event, (_key(name, judged.identity),))

    def _is_recent(self, judged: Judged, now: datetime) -> bool:
        return now - judged.arrival.received_at < self._window

    def _record(self, new: NewEvent, now: datetime) -> Event[Mail] | None:
        """Record it, unless it is one of too many that anybody could send."""
        name = new.event.event
        most = LOGGED_AN_HOUR.get(name)
        if most is not None and self._journal.count(name, now, HOUR) >= most:
            return None
        return self._journal.record(new)

    def check_clock(self, now: datetime) -> None:
        """Tell once that this machine's clock is wrong; take it back when it is not."""
        clock = self._machine_clock
        error = self._note_clock(now)
        if clock.log(error, now):
            self._notifier.news.tell_clock(now)

    def _note_clock(self, now: datetime) -> ClockError | None:
        """Show no clock times while this machine's clock is wrong; return its error."""
        error = self._machine_clock.error(now)
        self._notifier.note_clock(error, now)
        return error

    def _learn_time(self, judged: Judged, now: datetime) -> None:
        """Learn what time it is from a Date that is signed, by our own check."""
        match judged.verdict:
            case Recognised(SignInAttempt(claim), Authentication(by=Authority.DKIM)):
                times = Times(claim.attempted_at, judged.arrival)
                self._machine_clock.learn(judged.origin.account, times, now)
            case _:
                pass

    def finish_sync(self, synced: MailboxSynced, now: datetime) -> None:
        """Tell what is still to be told of a sync, then remember how far it went."""
        if synced.newest is not None:
            self._clocks.note(synced.account, synced.newest, now)
        self._notifier.news.tell_missed(synced.account, now)
        self._notifier.notify_pending(now, synced.account)
        self._synced[synced.account, synced.mailbox] = synced.cursor
        self.move_cursors(now)
        self._observe(synced)

    def move_cursors(self, _: datetime) -> None:
        """Remember how far all was synced, once mails were shown that no log keeps."""
        for (account, mailbox), cursor in list(self._synced.items()):
            if not self._notifier.news.is_telling_mail(account):
                self._journal.move_cursor(account, mailbox, cursor)
                del self._synced[account, mailbox]


def find_event(
    judged: Judged,
    *,
    now: datetime,
    deadline_of: Callable[[datetime | None], Deadline],
    is_expected: bool = False,
) -> NewEvent | None:
    """Return the event that a judged mail is at this moment, None if it is none.

    `deadline_of` returns when an attempt is over that began at an instant. While one is
    expected, a mail that may have been altered on its way is not verified.
    """
    mail = Mail(
        origin=judged.origin,
        message_id=judged.message_id,
        received_at=judged.arrival.received_at,
    )
    identity = judged.identity
    match _doubted(judged.verdict) if is_expected else judged.verdict:
        case Recognised(attempt=SignInAttempt(claim=claim, content=content)):
            attempt = Attempt.of(mail, claim, deadline_of(claim.attempted_at))
            return _recognised(attempt, content, identity, now)
        case Unverified(claim=claim, reasons=reasons):
            name = EventName.UNVERIFIED
            attempt = Attempt.of(mail, claim, deadline_of(claim.attempted_at))
            event: Event[Mail]
            event = Event(at=now, event=name, about=attempt, reasons=reasons)
            # While DNS is silent, what was proved before cannot be proved again.
            is_silent = reasons == (Reason.DKIM_TEMPERROR,)
            proved = (_key(EventName.ATTEMPT, identity),) if is_silent else ()
            return NewEvent(event, (_key(name, identity),), successors=proved)
        case LookAlike(reasons=reasons):
            name = EventName.LOOK_ALIKE
            event = Event(at=now, event=name, about=mail, reasons=reasons)
            return NewEvent(event, (_key(name, identity),))
        case NotRelevant():
            return None


def _doubted(verdict: Verdict) -> Verdict:
    """Return what a verdict is to a user who expects a sign-in."""
    match verdict:
        case LookAlike(reasons, authentication, Claim() as claim):
            return Unverified(claim, reasons, authentication)
        case _:
            return verdict


def _recognised(
    attempt: Attempt, content: Content, identity: str, now: datetime
) -> NewEvent:
    is_live = attempt.expires_at > now
    name = EventName.ATTEMPT if is_live else EventName.MISSED
    secret = content.secret if is_live else None
    keys = [_key(EventName.ATTEMPT, identity)]
    if isinstance(content, Approval):
        # The same attempt in a second copy; a code is too short to tell attempts apart.
        keys.append(_key(EventName.ATTEMPT, content.link))
    attempt = replace(attempt, kind=content.kind, secret=secret)
    reasons = content.reasons if isinstance(content, Unknown) else ()
    return NewEvent(
        Event(at=now, event=name, about=attempt, reasons=reasons),
        keys=tuple(keys),
        predecessors=(_key(EventName.UNVERIFIED, identity),),
    )


def _key(name: EventName, identity: str) -> str:
    """Return a key that holds nothing of a link, and never meets another event's.

    Otherwise a look-alike that guesses a Message-ID could keep the real mail out.
    """
    from hashlib import sha256  # it takes long, and the first mail comes later

    return f"{name}:{sha256(identity.encode()).hexdigest()}"
