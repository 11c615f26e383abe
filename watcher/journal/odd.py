"""What becomes of a row that cannot be read: it is refused, or moved out of the way.

A command refuses it, so that the user learns of the damage. A program that stays goes
on without it: the row is kept as text in a table of its own, and named once.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, TypeVar

from watcher.errors import JournalUnusable
from watcher.journal.database import Database
from watcher.journal.errors import ODD_ROWS
from watcher.journal.rows import COLUMNS, OddRow, to_ms

NAMED = 5
"""Odd rows that are named; the user needs no more to see what is the matter."""

_CREATE = "CREATE TABLE IF NOT EXISTS set_aside (at INTEGER, was TEXT)"
_SET_ASIDE = (
    "INSERT INTO set_aside SELECT 1000 * strftime('%s'), "  # noqa: S608 -- constants
    + " || ',' || ".join(f"quote({name})" for name in ("id", *COLUMNS.split(", ")))
    + " FROM events WHERE id = ?"
)
_DELETE = {
    "events": "DELETE FROM events WHERE id = ?",
    "shown": "DELETE FROM shown WHERE replaces_id = ?",
}
"""By what rows are deleted that are odd; those of other tables are written anew."""

Row = tuple[Any, ...]
T = TypeVar("T")


class OddRows:
    """Lets through the rows that can be read."""

    def __init__(self) -> None:
        self.on_odd: Callable[[str], None] | None = None
        """Called with the names of rows that were set aside; None: refuse them."""

    def readable(
        self,
        database: Database,
        table: str,
        rows: Iterable[Row],
        convert: Callable[[Row], T],
    ) -> list[T]:
        """Return the rows converted, but for those that are set aside.

        Raises:
            JournalUnusable: there are odd ones, and nobody goes on without them.
        """
        odd: list[object] = []
        good = list(convertible(rows, convert, odd))
        self.settle(database, table, odd)
        return good

    def settle(self, database: Database, table: str, odd: list[object]) -> None:
        """Set odd rows aside, or refuse them.

        Raises:
            JournalUnusable: there are odd ones, and nobody goes on without them.
        """
        if self.on_odd is None:
            refuse(database, table, odd)
        elif odd and table in _DELETE:
            _set_aside(database, table, odd)
            self.on_odd(_names(table, odd))


def convertible(
    rows: Iterable[Row], convert: Callable[[Row], T], odd: list[object]
) -> Iterator[T]:
    """Yield the rows converted; of those that are odd, note the first column."""
    for row in rows:
        try:
            value = convert(row)
        except OddRow:
            odd.append(row[0])
        else:
            yield value


def refuse(database: Database, table: str, odd: list[object]) -> None:
    """Raise JournalUnusable if there are odd rows, and name them."""
    if odd:
        names = _names(table, odd)
        raise JournalUnusable(ODD_ROWS, path=database.path, rows=names)


def prune(database: Database, before: datetime) -> None:
    """Delete what was set aside before an instant."""
    database.query(_CREATE)
    database.query("DELETE FROM set_aside WHERE at < ?", (to_ms(before),))


def _set_aside(database: Database, table: str, odd: list[object]) -> None:
    with database.transaction():
        database.query(_CREATE)
        for key in odd:
            if table == "events":
                database.query(_SET_ASIDE, (key,))
            database.query(_DELETE[table], (key,))


def _names(table: str, odd: list[object]) -> str:
    more = ", …" if len(odd) > NAMED else ""
    return f"{table}: {', '.join(f'{key!r:.40}' for key in odd[:NAMED])}{more}"
