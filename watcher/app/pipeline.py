"""The one road of `run`, `check` and `demo` from the bytes of a mail to an event.

A mail is judged, recorded once for ever, then told; the cursor moves last, so that
whatever dies half-way is looked at again.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.app.notifier import Notifier
from watcher.events import Event, EventName, Kind, MailboxSynced, MessageFetched
from watcher.journal import Journal, NewEvent
from watcher.recognition.judge import Judgement, Policy, Verify, classify
from watcher.recognition.verdict import (
    Approval,
    Claim,
    Code,
    Content,
    LookAlike,
    NotRelevant,
    Reason,
    Recognised,
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
    event: Event | None
    """What was logged; None for a known mail and for one that is not relevant."""

    def is_worth_retrying(self, now: datetime) -> bool:
        """Return whether the proof only waits for DNS, and time is left for it."""
        verdict = self.judgement.verdict
        if not isinstance(verdict, Unverified):
            return False
        is_fresh = now - self.fetched.received_at < RETRY_WITHIN
        return is_fresh and Reason.DKIM_TEMPERROR in verdict.reasons


class MailPipeline:
    """Judges mails by the rules of their account and logs what they are."""

    def __init__(
        self,
        journal: Journal,
        verify: Verify,
        policies: Mapping[str, Policy],
        window: timedelta,
    ) -> None:
        self._journal = journal
        self._verify = verify
        self._policies = policies
        self._window = window

    def process(self, fetched: MessageFetched, now: datetime) -> Processed:
        """Judge a mail and log it, if it is an event that the log does not know."""
        policy = self._policies[fetched.origin.account or ""]
        judgement = classify(fetched.raw, verify=self._verify, policy=policy)
        new_event = find(fetched, judgement, now=now, window=self._window)
        event = self._journal.record(new_event) if new_event else None
        return Processed(fetched, judgement, event)


def find(
    fetched: MessageFetched, judgement: Judgement, *, now: datetime, window: timedelta
) -> NewEvent | None:
    """Return the event that a judged mail is at this moment, None if it is none."""
    event = Event(
        id=0,
        at=now,
        event=EventName.LOOK_ALIKE,
        origin=fetched.origin,
        message_id=judgement.message_id,
        received_at=fetched.received_at,
    )
    identity = judgement.message_id or judgement.digest
    match judgement.verdict:
        case Recognised(attempt=attempt):
            event = _with_claim(
                event, attempt.claim, _deadline(attempt.claim, fetched, now, window)
            )
            return _attempt(event, attempt.content, identity)
        case Unverified(claim=claim, reasons=reasons):
            event = _with_claim(event, claim, _deadline(claim, fetched, now, window))
            event = replace(event, event=EventName.UNVERIFIED, reasons=reasons)
            return NewEvent(event, (_key(EventName.UNVERIFIED, identity),))
        case LookAlike(reasons=reasons):
            event = replace(event, reasons=reasons)
            return NewEvent(event, (_key(EventName.LOOK_ALIKE, identity),))
        case NotRelevant():
            return None


def _deadline(
    claim: Claim, fetched: MessageFetched, now: datetime, window: timedelta
) -> datetime:
    """Return by this machine's clock, right or wrong, when the time is over.

    The two servers' clocks tell how old the mail was on arrival. When it arrived is
    known within `arrived.within` before now: a clock of ours that says otherwise is
    wrong by the difference, and the deadline is moved by it, never to be overstated.
    A mail that the user moved brings its old time of arrival along and stays old.
    """
    deadline = expires_at(claim.attempted_at, fetched.received_at, window)
    sighted_at = max(now, fetched.received_at)
    if fetched.max_age is not None:
        latest = fetched.received_at + fetched.max_age + CLOCKS_APART
        if now - latest < CLOCK_WRONG_BY:
            sighted_at = min(sighted_at, latest)
    return deadline + (now - sighted_at)


def _with_claim(event: Event, claim: Claim, deadline: datetime) -> Event:
    return replace(
        event,
        store=claim.store,
        attempted_at=claim.attempted_at,
        expires_at=deadline,
        device=claim.device,
        near=claim.near,
    )


def _attempt(event: Event, content: Content, identity: str) -> NewEvent:
    is_live = event.expires_at is not None and event.expires_at > event.at
    keys = [_key(EventName.ATTEMPT, identity)]
    if isinstance(content, Approval):
        # The same attempt in a second copy; a code is too short to tell attempts apart.
        keys.append(_key(EventName.ATTEMPT, content.link))
    return NewEvent(
        replace(
            event,
            event=EventName.ATTEMPT if is_live else EventName.MISSED,
            kind=kind_of(content),
            secret=_secret(content) if is_live else None,
        ),
        keys=tuple(keys),
        predecessors=(_key(EventName.UNVERIFIED, identity),),
    )


def kind_of(content: Content) -> Kind:
    """Return what a recognised mail offers the user."""
    match content:
        case Approval():
            return Kind.APPROVAL
        case Code():
            return Kind.CODE
        case Unknown():
            return Kind.UNKNOWN


def _secret(content: Content) -> str | None:
    match content:
        case Approval(link=secret) | Code(code=secret):
            return secret
        case Unknown():
            return None


def _key(name: EventName, identity: str) -> str:
    """Return a key that holds nothing of a link, and never meets another event's.

    Otherwise a look-alike that guesses a Message-ID could keep the real mail out.
    """
    return f"{name}:{hashlib.sha256(identity.encode()).hexdigest()}"


class Reception:
    """Takes mails in and tells of them, account by account."""

    def __init__(
        self,
        journal: Journal,
        intake: MailPipeline,
        notifier: Notifier,
        observe: Callable[[Processed | MailboxSynced], None],
    ) -> None:
        self._observe = observe
        self._journal = journal
        self._intake = intake
        self._notifier = notifier
        self._missed: dict[str, list[Event]] = {}

    def receive(self, fetched: MessageFetched, now: datetime) -> Processed:
        """Take a mail in; an attempt that came too late waits for the look's end."""
        processed = self._intake.process(fetched, now)
        self._observe(processed)
        if processed.event and processed.event.event is EventName.MISSED:
            account = fetched.origin.account or ""
            self._missed.setdefault(account, []).append(processed.event)
        elif processed.event:
            self._notifier.notify_new(processed.event, now)
        return processed

    def end_look(self, look: MailboxSynced, now: datetime) -> None:
        """Tell what is still to be told of a look, and remember how far it went."""
        self._notifier.notify_missed(self._missed.pop(look.account, []), now)
        self._notifier.notify_pending(now)
        self._journal.move_cursor(look.account, look.mailbox, look.cursor)
        self._observe(look)
