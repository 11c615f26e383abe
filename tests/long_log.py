"""A log with a long history, as months of running leave it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count as counter
from pathlib import Path

from tests.factories import WINDOW, attempt, link_of, new_event, recorded
from watcher.events import (
    AccountRef,
    AnyEvent,
    Cursor,
    Event,
    EventName,
    Expectation,
    Mail,
    Subject,
)
from watcher.journal.log import Journal
from watcher.journal.rows import COLUMNS, MARKS, to_row
from watcher.recognition.claim import Kind

HISTORY = timedelta(days=90)
ENDED = timedelta(hours=2)
"""How long ago the history ended: nothing of it counts as of the last hour."""

ACCOUNTS = ("home", "work", "shop")
MAILBOXES = ("INBOX", "Junk", "Archive")
BOOTS = 30
JITTER_MS = 7
"""Each program reads the clock at boot anew, and finds it a little apart."""

OF_MAILS = (
    *((EventName.ATTEMPT, 0), (EventName.NOTIFIED, 0), (EventName.REMINDED, 0)),
    *((EventName.LOOK_ALIKE, 3), (EventName.OPENED, 0), (EventName.UNVERIFIED, 5)),
    *((EventName.LOOK_ALIKE, 6), (EventName.EXPIRED, 0)),
)
"""What happens again and again: to which mail, by the place of its first event."""

OTHERS: tuple[tuple[EventName, bool], ...] = (
    *((EventName.BLIND, True), (EventName.RECOVERED, True)),
    *((EventName.STARTED, False), (EventName.STOPPED, False)),
)
REPETITION = len(OF_MAILS) + 2
ARMED_EVERY = 20
"""Of how many repetitions one begins or ends with expecting a sign-in."""

_PLACES = {name: place for place, name in enumerate(COLUMNS.split(", "))}
_KEYS = {EventName.ATTEMPT: 2, EventName.LOOK_ALIKE: 1, EventName.UNVERIFIED: 1}
_ATTEMPTS = frozenset(
    {name for name, _ in OF_MAILS} - {EventName.LOOK_ALIKE, EventName.UNVERIFIED}
)

LISTED = 50
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

Row = tuple[object, ...]
Question = Callable[[Journal, int], object]


def fill(path: Path, count: int, until: datetime) -> None:
    """Make a log of so many events, all of them over, that end before an instant."""
    first = until - HISTORY
    step = (HISTORY - ENDED) / count
    with Journal.open(path) as journal:
        for account in ACCOUNTS:
            journal.put_session(account, {"state": "watching"})
            journal.put_server_clock(account, "a boot", 1e9, 1e9 + 1)
            for mailbox in MAILBOXES:
                journal.move_cursor(account, mailbox, Cursor(1, count))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.executemany(
            f"INSERT INTO events (id, {COLUMNS}) VALUES (?, {MARKS})",
            _rows(count, first, step),
        )
        connection.executemany("INSERT INTO seen VALUES (?, ?)", _keys(count))
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _names(count: int) -> Iterator[tuple[int, EventName, int, bool]]:
    """Yield the events: id, name, first event of its mail, and if of an account."""
    for ident in range(1, count + 1):
        number, place = divmod(ident - 1, REPETITION)
        if place < len(OF_MAILS):
            name, of = OF_MAILS[place]
            yield ident, name, number * REPETITION + of + 1, False
        elif number % ARMED_EVERY == 0:
            is_armed = place == len(OF_MAILS)
            name = EventName.ARMED if is_armed else EventName.DISARMED
            yield ident, name, 0, False
        else:
            name, is_of_account = OTHERS[(place + 2 * number) % len(OTHERS)]
            yield ident, name, 0, is_of_account


def _rows(count: int, first: datetime, step: timedelta) -> Iterator[Row]:
    patterns: dict[EventName, Row] = {}
    first_ms, step_ms = first.timestamp() * 1000, step / timedelta(milliseconds=1)
    for ident, name, attempt_id, is_of_account in _names(count):
        if name not in patterns:
            patterns[name] = to_row(_event(name, first, is_of_account=is_of_account))
        row = list(patterns[name])
        at_ms = int(first_ms + ident * step_ms)
        row[_PLACES["at"]] = at_ms
        if attempt_id:
            row[_PLACES["attempt_id"]] = row[_PLACES["uid"]] = attempt_id
            row[_PLACES["account"]] = ACCOUNTS[attempt_id % len(ACCOUNTS)]
            row[_PLACES["message_id"]] = f"<{attempt_id:020}@amazonses.com>"
            row[_PLACES["received_at"]] = at_ms
        if row[_PLACES["expires_at"]] is not None:
            row[_PLACES["expires_at"]] = at_ms + WINDOW // timedelta(milliseconds=1)
        boot = ident * BOOTS // (count + 1)
        at_boot = first_ms + boot * HISTORY / BOOTS / timedelta(milliseconds=1)
        yield ident, *row, boot + 1, int(at_boot) + ident % JITTER_MS


def _event(name: EventName, at: datetime, *, is_of_account: bool) -> AnyEvent:
    mail = replace(attempt(Kind.APPROVAL), secret=link_of(1))
    about: Subject = None
    if name is EventName.LOOK_ALIKE:
        about = Mail(
            origin=mail.origin, message_id=mail.message_id, received_at=mail.received_at
        )
    elif name is EventName.UNVERIFIED:
        about = replace(mail, kind=None, secret=None)
    elif name in _ATTEMPTS:
        about = mail
    elif name is EventName.ARMED:
        about = Expectation(at + WINDOW)
    elif is_of_account:
        about = AccountRef(ACCOUNTS[0])
    detail = "freedesktop" if name is EventName.NOTIFIED else None
    return Event(at=at, event=name, about=about, detail=detail)


def _keys(count: int) -> Iterator[tuple[str, int]]:
    for ident, name, attempt_id, _ in _names(count):
        for number in range(_KEYS.get(name, 0)):
            yield f"{name}:{number:08x}{ident * 2654435761 % 2**32:056x}", attempt_id


def questions(now: datetime) -> dict[str, Question]:
    """Return what is asked of a log in which one attempt, of this id, is alive."""
    uids = counter(2_000_000_000)
    return {
        "status: sessions": lambda log, _: log.sessions(),
        "check: is it whole": lambda log, _: log.check(),
        "log -n 50": lambda log, _: list(log.last(LISTED)),
        "log --since 10m": lambda log, _: list(log.events(since=now - 2 * WINDOW)),
        "log --follow": lambda log, ident: list(log.events(after_id=ident)),
        "open, copy: live": lambda log, _: log.live(now),
        "open: unanswered": lambda log, _: log.unanswered(now),
        "open: the answer": lambda log, ident: log.answer_to(ident),
        "press: find": lambda log, ident: log.find_pending(ident, now),
        "tick: newest": lambda log, _: log.newest_pending(now, 3),
        "tick: not notified": lambda log, _: log.unnotified(now, 61),
        "tick: expected until": lambda log, _: log.armed_until(now),
        "tick: untold": lambda log, _: log.untold(),
        "many within a minute": lambda log, ident: [
            log.count_beside(event.about, MINUTE, 5)
            for event in log.live(now)
            if event.about.id == ident
        ],
        "tick: its end": lambda log, ident: log.find_expired(ident),
        "tick: remember": remember,
        "next deadline": lambda log, _: log.next_deadline(),
        "expire": lambda log, _: log.expire(now, at_most=50),
        "has happened": lambda log, ident: log.has_happened(ident, EventName.NOTIFIED),
        "look-alikes an hour": lambda log, _: log.count(
            EventName.LOOK_ALIKE, now, HOUR
        ),
        "unknown an hour": lambda log, _: log.count_unknown(now, HOUR),
        "record a known mail": lambda log, _: log.record(new_event(1)),
        "record a new mail": lambda log, _: recorded(
            log, next(uids), at=now, event=EventName.UNVERIFIED
        ),
        "append": lambda log, _: log.append(EventName.STARTED, at=now),
        "lease": lambda log, ident: log.acquire_lease(ident, now),
        "leases of a dead one": lambda log, _: log.void_leases(),
        "cursors": lambda log, _: log.cursors("home"),
        "move a cursor": lambda log, _: log.move_cursor(
            "home", "INBOX", Cursor(1, next(uids))
        ),
        "clocks": lambda log, _: log.server_clocks("a boot"),
        "shown": lambda log, _: log.shown(),
    }


def remember(log: Journal, _: int) -> None:
    """Keep what would be carried, after a change."""
    log.put_session("home", {"state": "watching"})
    log.remember()
