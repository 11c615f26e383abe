"""The one road of `run`, `check` and `demo` from the bytes of a mail to an event.

A mail is judged, recorded once for ever, then told; the cursor moves last, so that
whatever dies half-way is processed again.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.app.notifier import Notifier
from watcher.events import (
    Attempt,
    Event,
    EventName,
    Mail,
    MailboxSynced,
    MessageFetched,
    StateChanged,
)
from watcher.journal.log import Journal, NewEvent
from watcher.recognition.judge import Judgement, Policy, Verify, classify
from watcher.recognition.verdict import (
    Approval,
    Claim,
    Content,
    LookAlike,
    NotRelevant,
    Reason,
    Recognised,
    SignInAttempt,
    Unknown,
    Unverified,
    expires_at,
)

CLOCKS_APART = timedelta(seconds=5)
"""Clocks that are right differ by less; only more makes a deadline later."""

CLOCK_WRONG_BY = timedelta(minutes=10)
"""A clock that is wrong by more is noticed: such a mail was moved here instead."""

RETRY_WITHIN = timedelta(minutes=10)
"""How long after its arrival a mail's proof is worth asking DNS for again."""


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of one mail."""

    fetched: MessageFetched
    judgement: Judgement
    event: Event[Mail] | None
    """What was logged; None for a known mail and for one that is not relevant."""

    def is_worth_retrying(self, now: datetime) -> bool:
        """Return whether the proof only waits for DNS, and time is left for it."""
        verdict = self.judgement.verdict
        if not isinstance(verdict, Unverified):
            return False
        is_fresh = now - self.fetched.received_at < RETRY_WITHIN
        return is_fresh and Reason.DKIM_TEMPERROR in verdict.reasons


Observed = Processed | MailboxSynced | StateChanged
"""What observers of the daemon are told of, once it was handled."""


class MailPipeline:
    """Judges each mail by the rules of its account, records it, notifies of it."""

    def __init__(
        self,
        journal: Journal,
        notifier: Notifier,
        *,
        verify: Verify,
        policies: Mapping[str, Policy],
        window: timedelta,
        observe: Callable[[Observed], None] = lambda _: None,
    ) -> None:
        """Prepare; `observe` is called between judging a mail and notifying of it."""
        self._journal = journal
        self._observe = observe
        self._notifier = notifier
        self._verify = verify
        self._policies = policies
        self._window = window
        self._missed: dict[str, list[Attempt]] = {}

    def process(self, fetched: MessageFetched, now: datetime) -> Processed:
        """Judge a mail, record it if the log does not know it, and notify.

        An attempt that came too late is told at the end of its account's sync.
        """
        account = fetched.origin.account
        policy = self._policies[account]
        judgement = classify(fetched.raw, verify=self._verify, policy=policy)
        new_event = find_event(fetched, judgement, now=now, window=self._window)
        event = self._journal.record(new_event) if new_event else None
        processed = Processed(fetched, judgement, event)
        self._observe(processed)
        match event:
            case Event(event=EventName.MISSED, about=Attempt() as attempt):
                self._missed.setdefault(account, []).append(attempt)
            case Event():
                self._notifier.notify_new(event, now)
            case None:
                pass
        return processed

    def finish_sync(self, synced: MailboxSynced, now: datetime) -> None:
        """Tell what is still to be told of a sync, then remember how far it went."""
        self._notifier.notify_missed(self._missed.pop(synced.account, []), now)
        self._notifier.notify_pending(now)
        self._journal.move_cursor(synced.account, synced.mailbox, synced.cursor)
        self._observe(synced)


def find_event(
    fetched: MessageFetched, judgement: Judgement, *, now: datetime, window: timedelta
) -> NewEvent | None:
    """Return the event that a judged mail is at this moment, None if it is none."""
    mail = Mail(
        origin=fetched.origin,
        message_id=judgement.reading.message_id,
        received_at=fetched.received_at,
    )
    identity = mail.message_id or judgement.reading.digest
    match judgement.verdict:
        case Recognised(attempt=SignInAttempt(claim=claim, content=content)):
            attempt = Attempt.of(mail, claim, _deadline(claim, fetched, now, window))
            return _recognised(attempt, content, identity, now)
        case Unverified(claim=claim, reasons=reasons):
            name = EventName.UNVERIFIED
            attempt = Attempt.of(mail, claim, _deadline(claim, fetched, now, window))
            event: Event[Mail]
            event = Event(at=now, event=name, about=attempt, reasons=reasons)
            return NewEvent(event, (_key(name, identity),))
        case LookAlike(reasons=reasons):
            name = EventName.LOOK_ALIKE
            event = Event(at=now, event=name, about=mail, reasons=reasons)
            return NewEvent(event, (_key(name, identity),))
        case NotRelevant():
            return None


def _deadline(
    claim: Claim, fetched: MessageFetched, now: datetime, window: timedelta
) -> datetime:
    """Return by this machine's clock, right or wrong, when the time is over.

    The two servers' clocks tell how old the mail was on arrival. When it arrived is
    known within `fetched.max_age` before now: a clock of ours that says otherwise is
    wrong by the difference, and the deadline is moved by it, never to be overstated.
    A mail that the user moved keeps its old INTERNALDATE and stays old.
    """
    deadline = expires_at(claim.attempted_at, fetched.received_at, window)
    arrived_at = max(now, fetched.received_at)
    if fetched.max_age is not None:
        latest = fetched.received_at + fetched.max_age + CLOCKS_APART
        if now - latest < CLOCK_WRONG_BY:
            arrived_at = min(arrived_at, latest)
    return deadline + (now - arrived_at)


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
    return f"{name}:{hashlib.sha256(identity.encode()).hexdigest()}"
