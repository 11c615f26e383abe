"""What the thread of an account reports to the daemon, as frozen values."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from watcher.errors import WatcherError
from watcher.events import Origin
from watcher.language import Text


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a mailbox has been looked at: every UID below `uid_next` is known."""

    uid_validity: int
    uid_next: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A mail that may be an attempt, judging by its header fields alone."""

    origin: Origin
    received_at: datetime
    """INTERNALDATE: set by the server, aware (RFC 3501 §2.3.3)."""
    within: timedelta | None = None
    """The longest it can lie there already: it was not at the last look. None: nobody
    knows."""
    raw: bytes = field(repr=False)
    """At most `bounds.MAIL_BYTES` + 1 bytes: the one more tells of a larger mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """A mailbox was looked at to the end; its `Arrived` mails came before this."""

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


Report = Arrived | LookedAt | StateChanged
