"""Carries what must not be lost from one log's file into another.

That is whatever is known of the attempts that are not over, what the user is still to
be told of, until when a sign-in is expected, and how far each mailbox was synced. An
event keeps its id, by which the desktop knows its notification, unless the other log
has given it to another event.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import cast

from watcher.events import AnyEvent, Attempt, EventName, Mail
from watcher.journal.database import Database
from watcher.journal.rows import (
    COLUMNS,
    MARKS,
    MASK,
    SELECT_AS_WRITTEN,
    OddRow,
    Scale,
    from_row,
    to_ms,
    to_row,
    to_scale,
)
from watcher.journal.schema import ARMING

NOT_OVER = "WHERE e.is_open = 1 AND +e.event = 'attempt'"
"""The sign keeps SQLite from looking through all attempts that ever were."""
_OF_OPEN = f"IN (SELECT e.attempt_id FROM events e {NOT_OVER})"  # noqa: S608 -- constants
NEWEST_ARMING = (
    "(SELECT id FROM events INDEXED BY events_arming "  # noqa: S608 -- constants
    f"WHERE {ARMING} ORDER BY id DESC LIMIT 1)"
)
_UNTOLD = "(e.event <> 'attempt' AND e.id IN (SELECT event_id FROM untold))"
_REOPEN = (
    "UPDATE events SET is_open = 1 WHERE attempt_id = ? AND event = 'attempt' "
    "AND is_open IS NOT 1 AND NOT EXISTS (SELECT 1 FROM events o "
    "WHERE o.attempt_id = events.attempt_id AND o.event = 'expired')"
)
_WHOLE = ("cursors", "sessions", "clocks", "shown")

Row = tuple[object, ...]
Rows = list[Row]


@dataclass(frozen=True, slots=True)
class Carried:
    """What was read from a log, to be written into another."""

    events: tuple[tuple[AnyEvent, Scale | None], ...]
    """With the instants as they were written, so that each is known again."""
    keys: Rows
    leases: Rows
    untold: Rows
    whole: dict[str, Rows]
    """All rows of the tables that say how things are, not what happened."""
    last_id: int

    @property
    def secrets(self) -> dict[int, str]:
        """The live links and codes, by the id of their attempt."""
        return {
            event.about.id: event.about.secret
            for event, _ in self.events
            if event.event is EventName.ATTEMPT
            and isinstance(event.about, Attempt)
            and event.about.secret
            and MASK not in event.about.secret
        }

    @property
    def attempt_ids(self) -> set[int]:
        """The attempts that were not over."""
        return {
            event.about.id
            for event, _ in self.events
            if event.event is EventName.ATTEMPT and isinstance(event.about, Attempt)
        }


NOTHING = Carried((), [], [], [], {}, 0)


def read_carried(
    database: Database, convert: Callable[[Row], AnyEvent] = from_row
) -> Carried:
    """Read what must not be lost; a row that is odd is left behind.

    `convert` does what `from_row` does, and may remember what it did before.
    """
    rows = database.query(
        f"{SELECT_AS_WRITTEN} WHERE e.attempt_id {_OF_OPEN} OR e.id = {NEWEST_ARMING} "
        f"OR {_UNTOLD} ORDER BY e.id"
    )
    ((last_id,),) = database.query(
        "SELECT max(ifnull((SELECT max(seq) FROM sqlite_sequence), 0), "
        "ifnull((SELECT max(id) FROM events), 0))"
    )
    return Carried(
        events=tuple(_readable(rows, convert)),
        keys=database.query(f"SELECT * FROM seen WHERE attempt_id {_OF_OPEN}"),  # noqa: S608 -- constants
        leases=database.query(f"SELECT * FROM deliveries WHERE attempt_id {_OF_OPEN}"),  # noqa: S608 -- constants
        untold=database.query("SELECT * FROM untold"),
        whole={
            table: database.query(f"SELECT * FROM {table}")  # noqa: S608 -- constants
            for table in _WHOLE
        },
        last_id=cast(int, last_id),
    )


def put_carried(database: Database, carried: Carried) -> None:
    """Write what was carried and is not there yet, as one fact."""
    with database.transaction():
        _Target(database, carried).put()


def _readable(
    rows: Rows, convert: Callable[[Row], AnyEvent]
) -> Iterable[tuple[AnyEvent, Scale | None]]:
    for *row, boot, at_boot in rows:
        try:
            yield convert(tuple(row)), to_scale(boot, at_boot)
        except OddRow:
            continue


class _Target:
    """The log that is written into."""

    def __init__(self, database: Database, carried: Carried) -> None:
        self._database = database
        self._carried = carried
        given = read_carried(database).last_id
        self._last_id = max(given, carried.last_id)
        self._ids: dict[int, int] = {}
        """What the id of an attempt has become."""
        self._put_as: dict[int, int] = {}
        """What the id of an event has become that was not there yet."""

    def put(self) -> None:
        """Write everything."""
        for table, rows in self._carried.whole.items():
            if table != "shown":
                self._put(table, rows, is_newer=True)
        for event, scale in self._carried.events:
            self._put_event(event, scale)
        for open_id in self._carried.attempt_ids:
            self._database.query(_REOPEN, (self._id_now(open_id),))
        for key, attempt_id in self._carried.keys:
            self._put("seen", [(key, self._id_now(attempt_id))])
        for attempt_id, *lease in self._carried.leases:
            self._put("deliveries", [(self._id_now(attempt_id), *lease)])
        for event_id, *lease in self._carried.untold:
            if put_as := self._put_as.get(cast(int, event_id)):
                self._put("untold", [(put_as, *lease)])
        for attempt_id, secret in self._carried.secrets.items():
            self._put_secret(self._id_now(attempt_id), secret)
        for replaces_id, handle in self._carried.whole.get("shown", ()):
            self._put_shown(cast(int, replaces_id), handle)
        self._put_last_id()

    def _put(self, table: str, rows: Rows, *, is_newer: bool = False) -> None:
        verb = "REPLACE" if is_newer else "IGNORE"
        for row in rows:
            marks = ", ".join("?" for _ in row)
            self._database.query(f"INSERT OR {verb} INTO {table} VALUES ({marks})", row)  # noqa: S608 -- constants

    def _put_event(self, event: AnyEvent, scale: Scale | None) -> None:
        attempt_id: int | None = None
        if isinstance(event.about, Mail):
            attempt_id = self._id_of(event.about.id)
            event = replace(event, about=replace(event.about, id=attempt_id))
        if self._database.query(
            "SELECT 1 FROM events WHERE attempt_id IS ? AND event = ? AND at = ?",
            (attempt_id, event.event, to_ms(event.at)),
        ):
            return
        ident = self._ids.get(event.id, event.id)
        if not self._is_free(ident) or ident < (attempt_id or 0):
            ident = self._new_id()
        self._database.query(
            f"INSERT INTO events (id, {COLUMNS}) VALUES (?, {MARKS})",  # noqa: S608 -- constants
            (ident, *to_row(event), *(scale or (None, None))),
        )
        self._put_as[event.id] = ident

    def _id_of(self, attempt_id: int) -> int:
        """Return the id that an attempt has in this log: the same, if it is free."""
        if attempt_id not in self._ids:
            known = (
                self._database.query(
                    "SELECT attempt_id FROM seen WHERE key = ?", (key,)
                )
                for key, of_id in self._carried.keys
                if of_id == attempt_id
            )
            there = [rows[0][0] for rows in known if rows]
            if there and isinstance(there[0], int):
                self._ids[attempt_id] = there[0]
            elif self._is_free(attempt_id):
                self._ids[attempt_id] = attempt_id
            else:
                self._ids[attempt_id] = self._new_id()
        return self._ids[attempt_id]

    def _id_now(self, attempt_id: object) -> int:
        return self._ids.get(cast(int, attempt_id), cast(int, attempt_id))

    def _is_free(self, ident: int) -> bool:
        return not self._database.query("SELECT 1 FROM events WHERE id = ?", (ident,))

    def _new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _put_secret(self, attempt_id: int, secret: str) -> None:
        if not self._database.query(
            "SELECT 1 FROM events WHERE attempt_id = ? AND event = ?",
            (attempt_id, EventName.EXPIRED),
        ):
            self._put("secrets", [(attempt_id, secret)], is_newer=True)

    def _put_shown(self, replaces_id: int, handle: object) -> None:
        """Carry what is on the screen; of an attempt with a new id, that it is due."""
        if replaces_id < 0 or self._ids.get(replaces_id) == replaces_id:
            self._put("shown", [(replaces_id, handle)], is_newer=True)
        elif replaces_id in self._ids:
            self._put("shown", [(self._ids[replaces_id], "")], is_newer=True)

    def _put_last_id(self) -> None:
        self._database.query("DELETE FROM sqlite_sequence WHERE name = 'events'")
        self._database.query(
            "INSERT INTO sqlite_sequence VALUES ('events', ?)", (self._last_id,)
        )
