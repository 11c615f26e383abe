"""How an event lies in the database: instants in milliseconds, secrets masked."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from watcher.events import Event, EventName, Kind, Origin

COLUMNS = (
    "attempt_id, at, event, account, mailbox, uid_validity, uid, message_id, kind, "
    "store, masked, attempted_at, received_at, expires_at, device, near, reasons, "
    "detail"
)
MARKS = ", ".join("?" for _ in COLUMNS.split(","))
SELECT = (
    f"SELECT e.id, e.{COLUMNS.replace(', ', ', e.')}, secret "  # noqa: S608 -- constants
    "FROM events e LEFT JOIN secrets s ON s.attempt_id = e.attempt_id"
)
MASK = "…"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(instant: datetime) -> int:
    """Return milliseconds since 1970-01-01 UTC."""
    return (instant - _EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """Return the aware UTC instant of milliseconds since 1970-01-01 UTC."""
    return _EPOCH + milliseconds * _MILLISECOND


def mask(secret: str) -> str:
    """Return a link up to its token, or nothing of a code, and the sign of omission."""
    link = urlsplit(secret)
    return f"https://{link.netloc}/a/c/r/{MASK}" if link.netloc else MASK


def masked(event: Event) -> Event:
    """Return the event as it may be shown to anybody."""
    return replace(event, secret=event.secret and mask(event.secret))


def to_row(event: Event) -> tuple[object, ...]:
    """Return the event's `COLUMNS`; a live link or code is masked."""
    origin = event.origin
    instants = (event.attempted_at, event.received_at, event.expires_at)
    return (
        event.attempt_id,
        to_ms(event.at),
        event.event,
        origin.account,
        origin.mailbox,
        origin.uid_validity,
        origin.uid,
        event.message_id,
        event.kind,
        event.store,
        event.secret and mask(event.secret),
        *(instant and to_ms(instant) for instant in instants),
        event.device,
        event.near,
        json.dumps(event.reasons),
        event.detail,
    )


def from_row(row: tuple[Any, ...]) -> Event:
    """Return the event of a row of `SELECT`, with its link or code while it lives."""
    ident, attempt_id, at, name, account, mailbox, uid_validity, uid, *rest = row
    message_id, kind, store, masked_secret, attempted, received, expires, *rest = rest
    device, near, reasons, detail, secret = rest
    return Event(
        id=ident,
        attempt_id=attempt_id,
        at=from_ms(at),
        event=EventName(name),
        origin=Origin(
            account=account, mailbox=mailbox, uid_validity=uid_validity, uid=uid
        ),
        message_id=message_id,
        kind=kind and Kind(kind),
        store=store,
        secret=masked_secret and (secret or masked_secret),
        attempted_at=_instant(attempted),
        received_at=_instant(received),
        expires_at=_instant(expires),
        device=device,
        near=near,
        reasons=tuple(json.loads(reasons)),
        detail=detail,
    )


def _instant(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_ms(milliseconds)
