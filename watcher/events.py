"""The values that travel: what a session reports, and a line of the event log."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from watcher.clock import iso
from watcher.errors import WatcherError
from watcher.i18n import Text
from watcher.recognition.verdict import time_left


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
    NOT_ME = "not_me"
    ARMED = "armed"
    BLIND = "blind"
    RECOVERED = "recovered"
    STARTED = "started"
    STOPPED = "stopped"


class Kind(StrEnum):
    """What a recognised mail offers the user."""

    APPROVAL = "approval"
    CODE = "code"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a mail lies; all None for an event that is about no mail."""

    account: str | None = None
    mailbox: str | None = None
    uid_validity: int | None = None
    uid: int | None = None


NOWHERE = Origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the event log. A link or code shows only in `to_json`."""

    id: int
    attempt_id: int | None = None
    """The `id` of the first event about the same attempt."""
    at: datetime
    event: EventName
    origin: Origin = NOWHERE
    message_id: str | None = None
    kind: Kind | None = None
    store: str | None = None
    secret: str | None = None
    """The live link or code, already masked where the reader must not see it."""
    attempted_at: datetime | None = None
    received_at: datetime | None = None
    expires_at: datetime | None = None
    device: str | None = None
    near: str | None = None
    reasons: tuple[str, ...] = ()
    detail: str | None = None

    def __repr__(self) -> str:
        return f"<Event {self.id} {self.event} attempt={self.attempt_id}>"

    @property
    def link(self) -> str | None:
        """The approval link, or None."""
        return self.secret if self.kind is Kind.APPROVAL else None

    @property
    def code(self) -> str | None:
        """The verification code, or None."""
        return self.secret if self.kind is Kind.CODE else None

    def to_json(self, now: datetime) -> str:
        """Return the event as one line of JSON, with the seconds left at `now`."""
        line: dict[str, Any] = {
            "v": 1,
            "id": self.id,
            "attempt_id": self.attempt_id,
            "at": iso(self.at),
            "event": self.event,
            "account": self.origin.account,
            "mailbox": self.origin.mailbox,
            "uid_validity": self.origin.uid_validity,
            "uid": self.origin.uid,
            "message_id": self.message_id,
            "kind": self.kind,
            "store": self.store,
            "link": self.link,
            "code": self.code,
            "attempted_at": iso(self.attempted_at) if self.attempted_at else None,
            "received_at": iso(self.received_at) if self.received_at else None,
            "expires_at": iso(self.expires_at) if self.expires_at else None,
            "seconds_left": self._seconds_left(now),
            "device": self.device,
            "near": self.near,
            "reasons": list(self.reasons),
            "detail": self.detail,
        }
        return json.dumps(line, ensure_ascii=False)

    def _seconds_left(self, now: datetime) -> int | None:
        if self.expires_at is None:
            return None
        return int(time_left(self.expires_at, now).total_seconds())


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a mailbox has been looked at: every UID below `uid_next` is known."""

    uid_validity: int
    uid_next: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFetched:
    """A mail that may be an attempt, judging by its header fields alone."""

    origin: Origin
    received_at: datetime
    """INTERNALDATE: set by the server, aware (RFC 3501 §2.3.3)."""
    max_age: timedelta | None = None
    """The longest it can lie there already: it was not at the last look. None: nobody
    knows."""
    raw: bytes = field(repr=False)
    """At most `bounds.MAIL_BYTES` + 1 bytes: the one more tells of a larger mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSynced:
    """A mailbox was synced to the end; its `MessageFetched` values came before this."""

    account: str
    mailbox: str
    cursor: Cursor


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
        en="the server refuses IDLE", ja="サーバーが IDLE を拒みます"
    ),
    ModeReason.SILENT: Text(
        en="the server's IDLE announces nothing",
        ja="サーバーの IDLE が新着を知らせません",
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


Report = MessageFetched | MailboxSynced | StateChanged
