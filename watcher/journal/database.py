"""Opens the SQLite file, closed to other users and safe against kill -9.

Daemon and commands share one file: in WAL mode they read while one writes. Live links
and codes stand in a table of their own, `secrets`, and nowhere else; `secure_delete`
overwrites them when they go, `checkpoint` also empties the write-ahead log. An event is
a row of `events`: instants in milliseconds, its secret masked.
"""

import errno
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from watcher.errors import JournalBusy, JournalUnusable, reason_of
from watcher.events import FIELDS, AnyEvent, from_fields, to_fields
from watcher.i18n import Text

FORMAT = 2
"""`PRAGMA user_version` of the tables below."""

BUSY_TIMEOUT_S = 5.0
"""How long to wait for another program's transaction; ours take milliseconds."""

BUSY_RETRY_S = 0.01

OPEN_TO_OTHERS = 0o077

_SCHEMA = """
CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT, attempt_id INTEGER, at INTEGER NOT NULL,
  event TEXT NOT NULL, account TEXT, mailbox TEXT, uid_validity INTEGER, uid INTEGER,
  message_id TEXT, kind TEXT, store TEXT, masked TEXT, attempted_at INTEGER,
  received_at INTEGER, expires_at INTEGER, device TEXT, near TEXT,
  reasons TEXT NOT NULL, detail TEXT);
CREATE INDEX events_by_attempt ON events (attempt_id, event);
CREATE INDEX events_by_name ON events (event, at);
CREATE TABLE secrets (attempt_id INTEGER PRIMARY KEY, secret TEXT NOT NULL);
CREATE TABLE seen (key TEXT PRIMARY KEY, attempt_id INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE deliveries (attempt_id INTEGER PRIMARY KEY, claimed_at INTEGER NOT NULL);
CREATE TABLE cursors (account TEXT, mailbox TEXT, uid_validity INTEGER NOT NULL,
  uid_next INTEGER NOT NULL, PRIMARY KEY (account, mailbox)) WITHOUT ROWID;
CREATE TABLE sessions (account TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
"""
_SHOWN = "CREATE TABLE shown (replaces_id INTEGER PRIMARY KEY, handle TEXT NOT NULL);"
_CLOCKS = (
    "CREATE TABLE clocks (account TEXT PRIMARY KEY, boot_id TEXT NOT NULL, "
    "least_s REAL NOT NULL, most_s REAL NOT NULL) WITHOUT ROWID;"
)
_COLUMNS_2 = "".join(
    f"ALTER TABLE events ADD COLUMN {column};"
    for column in ("recipient TEXT", "is_deadline_known INTEGER")
)
_SINCE_2 = _SHOWN + _CLOCKS + _COLUMNS_2
_MIGRATIONS = {0: _SCHEMA + _SINCE_2, 1: _SINCE_2}
"""What leads from an older format to this one."""


class Database:
    """One open file of one thread; every error leaves it as a sentence."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file for reading and writing; create it (0600) if need be."""
        with _sentences(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make_private(path)
            if not os.access(path, os.W_OK):  # SQLite tells it only at the first write
                raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        database = cls._connect(path, "rw")
        with _closing_on_error(database), _sentences(path):
            database._prepare()
        return database

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Open the file for reading only; None if there is none yet.

        A file of an older format is brought to this one first.
        """
        with _sentences(path):
            is_there = path.exists()
        if not is_there:
            return None
        database = cls._connect(path, "ro")
        with _closing_on_error(database), _sentences(path):
            ((tables,),) = database.query("SELECT count(*) FROM sqlite_master")
            if not tables:  # another program is about to make them
                database.close()
                return None
            is_older = database._format() < FORMAT
        if is_older:
            database.close()
            cls.open(path).close()
            return cls.read(path)
        return database

    @classmethod
    def _connect(cls, path: Path, mode: str) -> Self:
        with _sentences(path):
            if path.is_dir():
                raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=BUSY_TIMEOUT_S,
                isolation_level=None,
            )
        database = cls(path, connection)
        with _closing_on_error(database), _sentences(path):
            if database._format() > FORMAT:
                raise JournalUnusable(_NEWER, path=path)
        return database

    def _prepare(self) -> None:
        deadline_s = time.monotonic() + BUSY_TIMEOUT_S
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError:
                # SQLite does not wait where two programs make a new file at once.
                if time.monotonic() >= deadline_s:
                    raise
                time.sleep(BUSY_RETRY_S)
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA secure_delete = ON")
        if self._format() == FORMAT:
            return
        with self.transaction():
            if self._format() < FORMAT:  # no other program was quicker
                for statement in _MIGRATIONS[self._format()].split(";"):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {FORMAT}")

    def _format(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def query(
        self, statement: str, values: tuple[object, ...] = ()
    ) -> list[tuple[object, ...]]:
        """Return all rows of a SELECT, or of a change that RETURNs."""
        with _sentences(self._path):
            return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all that is done inside one fact: there as a whole, or not at all."""
        with _sentences(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk ends it by itself
                    self._connection.execute("ROLLBACK")
                raise

    def checkpoint(self) -> bool:
        """Empty the write-ahead log, so that what was deleted is in no file any more.

        Return whether it is: another program that reads at this moment holds it up,
        maybe for hours, and is not waited for.
        """
        self.query("PRAGMA busy_timeout = 0")
        try:
            ((is_held_up, *_),) = self.query("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self.query(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000:.0f}")
        return not is_held_up


def _make_private(path: Path) -> None:
    """Create the file, or close one to others that was copied here without care.

    Only SQLite may open a file that exists: closing another descriptor of it would
    drop the locks that this process holds (https://sqlite.org/howtocorrupt.html §2.2).
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if path.stat().st_mode & OPEN_TO_OTHERS:
            path.chmod(0o600)


@contextmanager
def _closing_on_error(database: Database) -> Iterator[None]:
    try:
        yield
    except BaseException:
        database.close()
        raise


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """Turn what the file system and SQLite say into what the user can do about it."""
    try:
        yield
    except sqlite3.Error as error:
        # Extended codes such as SQLITE_IOERR_WRITE hold the primary one in a byte.
        code = getattr(error, "sqlite_errorcode", None)
        primary = None if code is None else code & 0xFF
        kind, text = _KINDS.get(primary, (JournalUnusable, _DAMAGED))
        raise kind(text, path=path, reason=error) from error
    except OSError as error:
        raise JournalUnusable(_NO_ACCESS, path=path, reason=reason_of(error)) from error


_NEWER = Text(
    en="The event log {path} was written by a newer version of watcher. Update "
    "watcher, or name another file under [log] path.",
    ja="記録ファイル {path} は、より新しい watcher が書いたものです。watcher を更新"
    "するか、[log] path に別のファイルを書いてください。",
)
_LOCKED = Text(
    en="The event log {path} is locked by another program. Try again; if it stays so, "
    "close the program that holds it.",
    ja="記録ファイル {path} はほかのプログラムが使用中です。もう一度試し、"
    "変わらなければそのプログラムを終了してください。",
)
_FULL = Text(
    en="The event log {path} cannot be written: {reason}. Make room on the disk and "
    "try again; nothing that was logged is lost.",
    ja="記録ファイル {path} に書きこめません: {reason}。ディスクを空けてから、もう一度"
    "試してください。これまでの記録は失われていません。",
)
_NO_ACCESS = Text(
    en="The event log {path} cannot be opened for writing ({reason}). Correct its "
    "permissions, or name another file under [log] path.",
    ja="記録ファイル {path} を書きこみ用に開けません({reason})。アクセス権を直すか、"
    "[log] path に別のファイルを書いてください。",
)
_DAMAGED = Text(
    en="The event log {path} is no log of watcher, or it is damaged ({reason}). Move "
    "it away; a new one is made.",
    ja="記録ファイル {path} は watcher の記録ではないか、壊れています({reason})。"
    "ほかの場所に移せば、新しく作られます。",
)
_KINDS: dict[int | None, tuple[type[JournalBusy | JournalUnusable], Text]] = {
    sqlite3.SQLITE_BUSY: (JournalBusy, _LOCKED),
    sqlite3.SQLITE_LOCKED: (JournalBusy, _LOCKED),
    sqlite3.SQLITE_PROTOCOL: (JournalBusy, _LOCKED),
    sqlite3.SQLITE_FULL: (JournalBusy, _FULL),
    sqlite3.SQLITE_IOERR: (JournalBusy, _FULL),
    sqlite3.SQLITE_READONLY: (JournalUnusable, _NO_ACCESS),
    sqlite3.SQLITE_CANTOPEN: (JournalUnusable, _NO_ACCESS),
    sqlite3.SQLITE_PERM: (JournalUnusable, _NO_ACCESS),
}


COLUMNS = ", ".join(FIELDS).replace("secret", "masked")
MARKS = ", ".join("?" for _ in FIELDS)
SELECT = (
    f"SELECT e.id, e.{COLUMNS.replace(', ', ', e.')}, secret "  # noqa: S608 -- constants
    "FROM events e LEFT JOIN secrets s ON s.attempt_id = e.attempt_id"
)
MASK = "…"
_INSTANTS = frozenset({"at", "attempted_at", "received_at", "expires_at"})
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


def to_row(event: AnyEvent) -> tuple[object, ...]:
    """Return the event's `COLUMNS`; a live link or code is masked."""
    fields = to_fields(event)
    fields |= {name: fields[name] and to_ms(fields[name]) for name in _INSTANTS}
    fields["secret"] = fields["secret"] and mask(fields["secret"])
    fields["reasons"] = json.dumps(fields["reasons"])
    return tuple(fields.values())


def from_row(row: tuple[Any, ...]) -> AnyEvent:
    """Return the event of a row of `SELECT`, with its link or code while it lives."""
    ident, *values, live_secret = row
    fields = dict(zip(FIELDS, values, strict=True))
    for name in _INSTANTS:
        fields[name] = None if fields[name] is None else from_ms(fields[name])
    fields["secret"] = fields["secret"] and (live_secret or fields["secret"])
    fields["reasons"] = json.loads(fields["reasons"])
    return from_fields(ident, fields)
