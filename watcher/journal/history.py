"""Finds what was logged within a time, and deletes what is old, a little at once.

What was logged in this boot is read by the time since boot, which no index knows. But
how far such instants are moved at most is known: so an index on them as they were
written leads close by, however long the log is.
"""

from watcher.journal.database import Database
from watcher.journal.rows import SQLITE_NUMBERS, WITH_NAMES

_FAR_MS = SQLITE_NUMBERS // 2
_MOVED = "moved(at, boot, at_boot)"
_FIRST_SINCE = (
    f"{WITH_NAMES} SELECT min(id) FROM events INDEXED BY events_by_name "  # noqa: S608 -- constants
    "WHERE event IN (SELECT name FROM names) AND at >= ?"
)
_OLDEST = (
    f"{WITH_NAMES} SELECT min(id) FROM (SELECT (SELECT id FROM events "  # noqa: S608 -- constants
    f"INDEXED BY events_by_name WHERE event = name AND at < ? AND {_MOVED} < ? "
    "ORDER BY at LIMIT 1) AS id FROM names)"
)
_OF_ATTEMPTS = ("seen", "deliveries", "secrets")


def as_written(database: Database, from_ms: int, to_ms: int) -> tuple[int, int]:
    """Return between which instants everything was written that is within a time."""
    boot, at_boot_ms = database.scale
    found = database.query("SELECT least, most FROM boots WHERE boot = ?", (boot,))
    if not found:
        return from_ms, to_ms
    least, most = found[0]
    if not (isinstance(least, int) and isinstance(most, int)):  # damage
        return -_FAR_MS, _FAR_MS
    return from_ms - max(0, at_boot_ms - least), to_ms - min(0, at_boot_ms - most)


def first_since(database: Database, since_ms: int) -> int | None:
    """Return the first event that may be as young; None if none is."""
    from_ms, _ = as_written(database, since_ms, since_ms)
    ((first_id,),) = database.query(_FIRST_SINCE, (from_ms,))
    return first_id if isinstance(first_id, int) else None


def prune(database: Database, before_ms: int, at_most: int) -> bool:
    """Delete the oldest events, with the keys of attempts of which nothing is left.

    Return whether there were any; then there may be more.
    """
    _, to_ms = as_written(database, before_ms, before_ms)
    ((first_id,),) = database.query(_OLDEST, (to_ms, before_ms))
    if not isinstance(first_id, int):
        own_boot, _ = database.scale
        gone = "DELETE FROM boots WHERE most < ? AND boot <> ?"
        database.query(gone, (before_ms, own_boot))
        return False
    deleted = database.query(
        f"DELETE FROM events WHERE id BETWEEN ? AND ? AND {_MOVED} < ? "  # noqa: S608 -- constants
        "RETURNING attempt_id",
        (first_id, first_id + at_most - 1, before_ms),
    )
    for attempt_id in {row for row in deleted if row[0] is not None}:
        if database.query("SELECT 1 FROM events WHERE attempt_id = ?", attempt_id):
            continue
        for table in _OF_ATTEMPTS:
            database.query(f"DELETE FROM {table} WHERE attempt_id = ?", attempt_id)  # noqa: S608 -- constants
    return True
