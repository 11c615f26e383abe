"""The values that travel: what a session reports, and a line of the event log."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, Self, TypeVar

from watcher.clock import iso
from watcher.errors import WatcherError
from watcher.i18n import Text, shorten
from watcher.recognition import limits
from watcher.recognition.claim import Claim, Kind


class EventName(StrEnum):
    """Everything that can happen. Scripts rely on these: add, never rename."""

    ATTEMPT = "attempt"
    MISSED = "missed"
    UNVERIFIED = "unverified"
    LOOK_ALIKE = "look_alike"
    NOTIFIED = "notified"
    NOTIFY_FAILED = "notify_failed"
    REMINDED = "reminded"
    EXPIRED = "expired"
    OPENED = "opened"
    OPEN_FAILED = "open_failed"
    NOT_ME = "not_me"
    COPIED = "copied"
    ARMED = "armed"
    DISARMED = "disarmed"
    CLOCK_WRONG = "clock_wrong"
    SUPERSEDED = "superseded"
    SIGN_IN_REPORTED = "sign_in_reported"
    OUTCOME = "outcome"
    BLIND = "blind"
    RECOVERED = "recovered"
    STARTED = "started"
    STOPPED = "stopped"


ANSWERS = (EventName.OPENED, EventName.COPIED, EventName.NOT_ME)
"""What a person did about an attempt; the first of them binds."""

CLOSINGS = (*ANSWERS, EventName.SUPERSEDED, EventName.SIGN_IN_REPORTED)
"""After which the notification of an attempt has nothing more to ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a mail lies (RFC 3501 §2.3.1)."""

    account: str
    mailbox: str
    uid_validity: int
    uid: int


UNRECORDED = 0
"""The id of an event, or of a mail, that the event log has not recorded yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail that events are about."""

    id: int = UNRECORDED
    """The `id` of the first event about it: what the contract calls `attempt_id`."""
    origin: Origin
    message_id: str | None
    received_at: datetime
    """INTERNALDATE, aware (RFC 3501 §2.3.3)."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When an attempt is over, by this machine's clock."""

    at: datetime
    is_known: bool = True
    """False: a clock is wrong, and this is only the latest possible end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt(Mail):
    """A mail that is, or reads like, a sign-in attempt."""

    claim: Claim
    expires_at: datetime
    kind: Kind | None = None
    """None while its sender is not verified."""
    is_deadline_known: bool = True
    """False: a clock is wrong, and `expires_at` is only the latest possible end."""
    secret: str | None = field(default=None, repr=False)
    """The live link or code, already masked where the reader must not see it."""

    @classmethod
    def of(
        cls,
        mail: Mail,
        claim: Claim,
        deadline: Deadline,
        *,
        kind: Kind | None = None,
        secret: str | None = None,
    ) -> Self:
        """Return the attempt that a mail is, by what it claims."""
        return cls(
            id=mail.id,
            origin=mail.origin,
            message_id=mail.message_id,
            received_at=mail.received_at,
            claim=claim,
            expires_at=deadline.at,
            is_deadline_known=deadline.is_known,
            kind=kind,
            secret=secret,
        )

    @property
    def began_at(self) -> datetime:
        """When the sign-in was tried: the mail's own time, else its arrival."""
        return self.claim.attempted_at or self.received_at

    @property
    def recency(self) -> tuple[datetime, int]:
        """What orders attempts by the mails' own time, the newest last."""
        return self.began_at, self.id

    @property
    def link(self) -> str | None:
        """The approval link, or None."""
        return self.secret if self.kind is Kind.APPROVAL else None

    @property
    def code(self) -> str | None:
        """The verification code, or None."""
        return self.secret if self.kind is Kind.CODE else None

    def time_left(self, now: datetime) -> timedelta:
        """Return the time in which the user can still act, never negative."""
        return max(self.expires_at - now, timedelta(0))


@dataclass(frozen=True, slots=True)
class AccountRef:
    """An account that an event is about, by its name in the configuration."""

    name: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """The user expects a sign-in until an instant."""

    until: datetime


Subject = Attempt | Mail | AccountRef | Expectation | None
"""What an event is about."""

SubjectT_co = TypeVar("SubjectT_co", bound=Subject, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Generic[SubjectT_co]):
    """One line of the event log."""

    id: int = UNRECORDED
    at: datetime
    event: EventName
    about: SubjectT_co
    reasons: tuple[str, ...] = ()
    detail: str | None = None


AnyEvent = Event[Subject]


FIELDS = (
    *("attempt_id", "at", "event", "account", "mailbox", "uid_validity", "uid"),
    *("message_id", "kind", "store", "secret", "attempted_at", "received_at"),
    *("expires_at", "device", "near", "reasons", "detail"),
    *("recipient", "is_deadline_known"),
)
"""An event laid flat: the contract's names (§4), and two more behind them."""

_FOREIGN = ("mailbox", "message_id", "recipient", "detail")
"""Texts of a server, a mail or an error; device and place are cut where read."""

_OF_ORIGIN = tuple(one.name for one in dataclass_fields(Origin))

_CLAIMED = ("store", "attempted_at", "device", "near", "recipient")

_JSON_KEYS = (
    *("v", "id", "attempt_id", "at", "event", "account", "mailbox", "uid_validity"),
    *("uid", "message_id", "kind", "store", "link", "code", "attempted_at"),
    *("received_at", "expires_at", "seconds_left", "device", "near", "reasons"),
    "detail",
)


def to_fields(event: AnyEvent) -> dict[str, Any]:
    """Return an event laid flat, its `FIELDS` by name; None what it does not say.

    Foreign text is cut at `limits.LOGGED`, on its way to the log and to JSON.
    """
    fields: dict[str, Any] = dict.fromkeys(FIELDS)
    for name in ("at", "event", "reasons", "detail"):
        fields[name] = getattr(event, name)
    match event.about:
        case Mail() as mail:
            fields |= {name: getattr(mail.origin, name) for name in _OF_ORIGIN}
            fields |= {"attempt_id": mail.id, "message_id": mail.message_id}
            fields["received_at"] = mail.received_at
        case AccountRef(name=name):
            fields["account"] = name
        case Expectation(until=until):
            fields["expires_at"] = until
        case None:
            pass
    if isinstance(attempt := event.about, Attempt):
        for name in ("expires_at", "kind", "secret", "is_deadline_known"):
            fields[name] = getattr(attempt, name)
        for name in _CLAIMED:
            fields[name] = getattr(attempt.claim, name)
    for name in _FOREIGN:
        fields[name] = fields[name] and shorten(fields[name], limits.LOGGED)
    return fields


def from_fields(id: int, fields: Mapping[str, Any]) -> AnyEvent:  # noqa: A002
    """Return the event that `to_fields` has laid flat."""
    return Event(
        id=id,
        at=fields["at"],
        event=EventName(fields["event"]),
        about=_subject(fields),
        reasons=tuple(fields["reasons"]),
        detail=fields["detail"],
    )


def _subject(fields: Mapping[str, Any]) -> Subject:
    account, expires_at = fields["account"], fields["expires_at"]
    if account is None:
        return Expectation(expires_at) if expires_at else None
    if fields["uid"] is None:
        return AccountRef(account)
    origin = Origin(**{name: fields[name] for name in _OF_ORIGIN})
    mail = Mail(
        id=fields["attempt_id"],
        origin=origin,
        message_id=fields["message_id"],
        received_at=fields["received_at"],
    )
    if expires_at is None:
        return mail
    return Attempt.of(
        mail,
        Claim(**{name: fields[name] for name in _CLAIMED}),
        Deadline(expires_at, fields["is_deadline_known"] != 0),
        kind=fields["kind"] and Kind(fields["kind"]),
        secret=fields["secret"],
    )


def to_json(event: AnyEvent, now: datetime) -> str:
    """Return an event as one line of JSON, with the seconds left at `now`."""
    fields, about = to_fields(event), event.about
    expires_at = fields["expires_at"]
    left_s = expires_at and max(0, int((expires_at - now).total_seconds()))
    if isinstance(about, Attempt) and not about.is_deadline_known:
        left_s = 0
    fields |= {"v": 1, "id": event.id, "seconds_left": left_s}
    for name in ("link", "code"):
        fields[name] = getattr(about, name) if isinstance(about, Attempt) else None
    line = {key: fields[key] for key in _JSON_KEYS}
    return json.dumps(line, default=iso, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a mailbox was synced: every UID below `uid_next` is known."""

    uid_validity: int
    uid_next: int


@dataclass(frozen=True, slots=True)
class Seen:
    """When a mail was first seen, in seconds since boot, suspend included."""

    boot_s: float
    absent_s: float | None = None
    """When it was certainly not there yet; None: it may have been there for long."""
    newest_at: datetime | None = None
    """INTERNALDATE of the newest mail beside it: so late it was by the server."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail's INTERNALDATE, and when it was seen by this machine."""

    received_at: datetime
    seen: Seen
    saved_at: datetime | None = None
    """SAVEDATE: when it came into this mailbox, by the server's clock (RFC 8514)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFetched:
    """A mail that may be an attempt, judging by its header fields alone."""

    origin: Origin
    arrival: Arrival
    raw: bytes = field(repr=False)
    """At most `limits.MAIL_BYTES` + 1 bytes: the one more tells of a larger mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSynced:
    """A mailbox was synced to the end; its `MessageFetched` values came before this."""

    account: str
    mailbox: str
    cursor: Cursor
    newest: Arrival | None = None
    """The newest mail, by INTERNALDATE, of those that were seen to arrive."""
    undelivered_count: int = 0
    """How many mails the server named and has not delivered; `cursor` passes none that
    is still asked for."""


class Mode(StrEnum):
    """How an account learns of new mail."""

    PUSH = "push"
    POLL = "poll"


class ModeReason(StrEnum):
    """Why an account learns of new mail the way it does."""

    OFFERED = "offered"
    """The server offers IDLE."""
    NOT_OFFERED = "not_offered"
    REFUSED = "refused"
    """It offers IDLE and answers no to it."""
    SILENT = "silent"
    """It does IDLE and announces nothing."""
    BROKEN_OFF = "broken_off"
    """It ends the connection at each IDLE, or falls silent."""
    CONFIGURED = "configured"
    """The user wants polls."""

    @property
    def text(self) -> Text:
        """The reason in words."""
        return _REASONS[self]


_REASONS = {
    ModeReason.OFFERED: Text(
        en="the server announces new mail", ja="サーバーが新着を知らせます"
    ),
    ModeReason.NOT_OFFERED: Text(
        en="the server offers no IDLE", ja="サーバーが IDLE に対応していません"
    ),
    ModeReason.REFUSED: Text(
        en="the server refuses IDLE; it is tried again later",
        ja="サーバーが IDLE を拒否します。しばらくしてからもう一度試します",
    ),
    ModeReason.SILENT: Text(
        en="the server's IDLE announces nothing",
        ja="サーバーの IDLE が新着を知らせません",
    ),
    ModeReason.BROKEN_OFF: Text(
        en="the connection breaks at each IDLE; IDLE is tried again later",
        ja="IDLE のたびに接続が途切れます。しばらくしてから IDLE をもう一度試します",
    ),
    ModeReason.CONFIGURED: Text(
        en='the configuration says mode = "poll"', ja='設定が mode = "poll" です'
    ),
}


class State(StrEnum):
    """Where an account's session is (the transitions stand in `imap.session`)."""

    CONNECTING = "connecting"
    CATCHING_UP = "catching_up"
    WATCHING = "watching"
    BACKING_OFF = "backing_off"
    REFUSED = "refused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """The session of an account entered a state."""

    account: str
    state: State
    at: datetime
    mode: Mode | None = None
    mode_reason: ModeReason | None = None
    error: WatcherError | None = None
    next_try_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertReceived:
    """The server sent words that the user has to be shown (RFC 3501 §7.1, ALERT)."""

    account: str
    at: datetime
    words: str
    """One line without control characters, at most 200 characters."""


Report = MessageFetched | MailboxSynced | StateChanged | AlertReceived
