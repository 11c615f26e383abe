"""Rows of the event log as input: SQLite lets anything stand anywhere."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import cast

from tests.factories import NOW, attempt
from watcher.clock import BootClock
from watcher.events import FIELDS, AnyEvent, Event, EventName, Expectation, to_json
from watcher.journal.rows import (
    MASK,
    OddRow,
    Value,
    from_row,
    moved,
    to_cursor,
    to_row,
    to_server_clock,
    to_shown,
    to_state,
    whole,
    without_secret,
)
from watcher.recognition.claim import Kind

WORDS = (
    *(name.value.encode() for name in EventName),
    *(
        b"approval",
        b"code",
        b"unknown",
        b"[]",
        b'["dkim_fail"]',
        b"[[",
        b"\xe2\x80\xa6",
    ),
    *(b"https://www.amazon.co.jp/a/c/r/\xe2\x80\xa6", b"i", b"s", b"n", b"b", b"f"),
    b"\0",
)
CLOCK = BootClock(lambda: datetime(2026, 11, 21, tzinfo=UTC), lambda: 1000.0, "b0-07")


def bases() -> Sequence[tuple[object, ...]]:
    """Return rows as the program writes them: id, columns, live secret."""
    events: list[AnyEvent] = [
        Event(at=NOW, event=name, about=attempt(kind), reasons=("dkim_fail",))
        for kind in (*Kind, None)
        for name in (EventName.ATTEMPT, EventName.MISSED, EventName.EXPIRED)
    ]
    events.append(Event(at=NOW, event=EventName.STARTED, about=None, detail="x"))
    armed = EventName.ARMED
    events.append(Event(at=NOW, event=armed, about=Expectation(NOW)))
    return [
        (7, *to_row(event), getattr(event.about, "secret", None)) for event in events
    ]


BASES = bases()


def seeds() -> Sequence[bytes]:
    """Return changes of rows: which row, then column, kind and value, apart by NUL."""
    nothing = [b"%d" % number for number in range(len(BASES))]
    return (
        *nothing,
        b"0\x003i17\x0019s\xe2\x80\xa6",
        b"1\x000i99999999999999999999\x002sx",
        b"2\x0021sabc\x0016s[]\x005n",
        b"3\x0012i-62135596800000\x0013f1.5\x004bxx",
    )


def row_of(data: bytes) -> tuple[object, ...]:
    """Return a row after the changes."""
    which, *changes = data.split(b"\0")
    row = list(BASES[sum(which) % len(BASES)])
    for change in changes:
        digits = change[:2] if change[1:2].isdigit() else change[:1]
        rest = change[len(digits) :]
        at = int(digits) % len(row) if digits.isdigit() else sum(digits) % len(row)
        value = _value(rest[:1], rest[1:])
        if at > 0 or isinstance(value, int):  # SQLite keeps no other id
            row[at] = value
    return tuple(row)


def _value(kind: bytes, value: bytes) -> object:
    match kind:
        case b"i":
            number = int.from_bytes(value[:7], "big", signed=True)
            is_written = value.removeprefix(b"-").isdigit() and len(value) < 19
            return int(value) if is_written else number
        case b"f":
            return float(len(value)) / 3
        case b"b":
            return value
        case b"n":
            return None
        case _:
            return value.decode("utf-8", "replace")


def check(data: bytes) -> None:
    """Read a row in every way, and write what was read."""
    row = row_of(data)
    for number in range(len(row)):
        moved(CLOCK, *cast(list[Value], _scalars(row[number:], 3)))
    for start in (0, 2, 9):
        values = _scalars(row[start:], 3)
        for convert in (to_cursor, to_server_clock):
            with suppress(OddRow):
                convert(*values)
        with suppress(OddRow):
            to_shown(values[0], values[1])
        with suppress(OddRow):
            to_state(values[0], values[1])
    for read in (
        from_row,
        lambda row: whole(from_row(row)),
        lambda row: without_secret(from_row(row)),
    ):
        try:
            event = read(row)
        except OddRow:
            continue
        check_event(event, row)


def _scalars(values: Sequence[object], count: int) -> list[object]:
    return [*values, None, None, None][:count]


def check_event(event: AnyEvent, row: tuple[object, ...]) -> None:
    """Check that what was read is written, and read, as the same again."""
    to_json(event, NOW)
    secret = getattr(event.about, "secret", None)
    assert row[-1] == secret or secret is None or MASK in secret
    written = (event.id, *to_row(event), secret)
    again = from_row(written)
    assert again == event
    assert (event.id, event.event) == (row[0], row[1 + FIELDS.index("event")])
    with closing(sqlite3.connect(":memory:")) as memory:
        marks = ", ".join("?" * len(written))
        stored = memory.execute(f"SELECT {marks}", written)
        assert stored.fetchone() == written
