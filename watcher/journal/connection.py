"""Connects to an SQLite file, and tells a log from another program's database."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from watcher.errors import JournalDamaged, JournalUnusable
from watcher.journal.errors import DAMAGED, NEWER
from watcher.journal.schema import FORMAT

BUSY_TIMEOUT_S = 5.0
"""How long to wait for another program's transaction; ours take milliseconds."""

_WHOSE = (
    "SELECT (SELECT user_version FROM pragma_user_version), count(*), "
    "coalesce(sum(name = 'events'), 0) FROM sqlite_master"
)


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """Connect to the file at a path, which is there."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
    )


def check_untouched(path: Path) -> None:
    """Check as `check_is_log` does, and leave another program's file as it is.

    To open it for writing would roll back what a killed program began, or empty its
    write-ahead log. Where all lies in that yet, the file itself does not tell; what
    cannot be read is looked at again once it is open.
    """
    for mode in ("ro&immutable=1", "ro"):
        with suppress(sqlite3.Error), closing(connect(path, mode)) as connection:
            if check_is_log(path, connection):
                return


def check_is_log(path: Path, connection: sqlite3.Connection) -> bool:
    """Return whether a file is a log already; False: it has yet to become one.

    Raises:
        JournalDamaged: it is a database of another program's.
        JournalUnusable: it is a log of a newer version.
    """
    ((version, tables, own),) = connection.execute(_WHOSE).fetchall()
    if version > FORMAT:
        raise JournalUnusable(NEWER, path=path)
    if (version or tables) and not (version and own):
        raise JournalDamaged(DAMAGED, path=path, reason=f"user_version {version}")
    return bool(version)
