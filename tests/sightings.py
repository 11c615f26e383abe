"""Attempts as the event log takes them in."""

from dataclasses import replace
from datetime import datetime, timedelta

from tests import notifications
from watcher.events import EventName, Kind, Origin
from watcher.journal import NewEvent

NOW = notifications.NOW
WINDOW = timedelta(minutes=5)


def link(number: int) -> str:
    """Return the approval link of an attempt."""
    return f"https://www.amazon.co.jp/a/c/r/Token{number:020}"


def new_event(
    number: int = 1,
    *,
    at: datetime = NOW,
    keys: tuple[str, ...] = (),
    predecessors: tuple[str, ...] = (),
    event: EventName = EventName.ATTEMPT,
) -> NewEvent:
    """Return an attempt that came just now, not the same as one of another number."""
    seen = replace(
        notifications.attempt(Kind.APPROVAL),
        id=0,
        attempt_id=None,
        at=at,
        event=event,
        origin=Origin(account="home", mailbox="INBOX", uid_validity=1, uid=number),
        message_id=f"<{number}@example.jp>",
        secret=link(number) if event is EventName.ATTEMPT else None,
        expires_at=at + WINDOW,
    )
    return NewEvent(seen, keys or (f"key {number}",), predecessors)
