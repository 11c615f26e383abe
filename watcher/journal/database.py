"""Opens the SQLite file, closed to other users and safe against kill -9.

Daemon and commands share one file: in WAL mode they read while one writes. Live links
and codes stand in a table of their own, `secrets`, and nowhere else; `secure_delete`
overwrites them when they go, `checkpoint` also empties the write-ahead log. Where a
file system cannot share memory, SQLite's rollback journal takes the place of WAL; where
nothing can be written, a copy in memory is read.
"""

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Self

from watcher.clock import BootClock
from watcher.errors import JournalBusy, JournalDamaged, JournalUnusable
from watcher.journal.connection import (
    BUSY_TIMEOUT_S,
    check_is_log,
    check_untouched,
    connect,
)
from watcher.journal.errors import BUSY, DAMAGED, NEWER, NO_ACCESS, sentences
from watcher.journal.files import (
    beside,
    check,
    close_to_others,
    identity,
    make,
    stamp,
)
from watcher.journal.rows import Scale, moved
from watcher.journal.schema import FORMAT, MIGRATIONS

BUSY_RETRY_S = 0.01

CHECKPOINT_PAGES = 200
"""Of how many the write-ahead log is emptied; 1000 would hold up one write for long."""

READ_AT_ONCE_BYTES = 16 * 2**20
"""A log up to this size is read as a whole at each opening, 4 ms for each MB; a longer
one by the daemon in a thread of its own, and by `watcher doctor`."""

IDS = range(2**53)
"""More ids than these were never given; at 2**63 SQLite would give no more."""

SMALLEST_PAGE = 512
"""SQLite takes a file that is smaller than any page of its for an empty one."""

_WITHOUT_WAL = (
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR_SHMOPEN,
    sqlite3.SQLITE_IOERR_SHMLOCK,
    sqlite3.SQLITE_IOERR_SHMMAP,
)
"""What SQLite says where programs cannot share the memory that WAL needs."""


class Database:
    """One open file of one thread; every error leaves it as a sentence."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, clock: BootClock
    ) -> None:
        self.path = path
        self.clock = clock
        self._use(connection)
        self._paths = tuple(beside(path, suffix) for suffix in ("", "-wal", "-shm"))
        self._files: tuple[object, ...] = ()
        self._busy_timeout_s = BUSY_TIMEOUT_S
        self._failure: BaseException | None = None
        """Of a part of the transaction that has not ended yet."""
        self.checkpoints_begun = self.checkpoints_ended = 0
        """How many threads have begun, and have ended, `empty_wal`."""

    def _use(self, connection: sqlite3.Connection) -> None:
        connection.text_factory = _text
        connection.create_function("moved", 3, partial(moved, self.clock))
        self._connection = connection

    @property
    def scale(self) -> Scale:
        """What is stored beside instants that are read off the wall clock now."""
        return self.clock.boot, self.clock.at_boot_ms

    @classmethod
    def open(cls, path: Path, clock: BootClock | None = None) -> Self:
        """Open the file for reading and writing; create it (0600) if need be."""
        with sentences(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            make(path)
            if not os.access(path, os.W_OK):  # SQLite tells it only at the first write
                raise OSError(errno.EACCES, os.strerror(errno.EACCES))
            check_untouched(path)
        database = cls._connect(path, "rw", clock or BootClock())
        with _closing_on_error(database), sentences(path):
            check_is_log(path, database._connection)
            close_to_others(path)
            database._prepare()
            database._check_at_opening()
            if not database.is_in_wal_mode():
                database._paths = (path,)
            database._files = database._files_in_place()
        return database

    def opened_anew(self) -> Self:
        """Return the same file as a program finds it now that reads all of it."""
        with sentences(self.path):
            size = self.path.stat().st_size
        if size < SMALLEST_PAGE:  # once in use, it is never empty
            raise JournalDamaged(DAMAGED, path=self.path, reason=f"{size} B")
        fresh = self.open(self.path, self.clock)
        with _closing_on_error(fresh):
            fresh.read_rest()
        return fresh

    def verify(self) -> None:
        """Read the same file as a whole, by a connection of whoever calls.

        Raises:
            JournalDamaged: it is no log any more.
        """
        self.opened_anew().close()

    @classmethod
    def read(cls, path: Path, clock: BootClock | None = None) -> Self | None:
        """Open the file for reading only; None if there is none yet.

        A file of an older format is brought to this one first.
        """
        with sentences(path):
            is_there = path.exists()
        if not is_there:
            return None
        try:
            return cls._read(path, clock or BootClock())
        except JournalUnusable as error:
            # Even a reader makes files beside a log in WAL mode, and rolls back what a
            # killed writer began: neither can be where nothing can be written.
            if error.text is not NO_ACCESS:
                raise
            return cls._copy(path, clock or BootClock())

    @classmethod
    def _read(cls, path: Path, clock: BootClock) -> Self | None:
        with sentences(path):
            check(path)
            check_untouched(path)
        database = cls._connect(path, "ro", clock)
        with _closing_on_error(database), sentences(path):
            if not database._has_tables():  # another program is about to make them
                database.close()
                return None
            is_older = database._format() < FORMAT
            if not is_older:
                database._check_at_opening()
        if is_older:
            database.close()
            cls.open(path).close()
            return cls.read(path, clock)
        return database

    @classmethod
    def _copy(cls, path: Path, clock: BootClock) -> Self | None:
        """Return a copy in memory, brought to this format, which cannot be changed."""
        from tempfile import TemporaryDirectory  # a log of this format needs none

        with sentences(path), TemporaryDirectory() as folder:
            content = _content(path, Path(folder))
            connection = sqlite3.connect(":memory:", isolation_level=None)
            database = cls(path, connection, clock)
            with _closing_on_error(database):
                if content:
                    connection.deserialize(content)
                if not database._has_tables():
                    database.close()
                    return None
                check_is_log(path, connection)
                database._migrate()
                database._check_at_opening()
                connection.execute("PRAGMA query_only = ON")
        return database

    @classmethod
    def _connect(cls, path: Path, mode: str, clock: BootClock) -> Self:
        with sentences(path):
            if 0 < path.stat().st_size < SMALLEST_PAGE:
                raise JournalDamaged(DAMAGED, path=path, reason=f"< {SMALLEST_PAGE} B")
            connection = connect(path, mode)
        database = cls(path, connection, clock)
        with _closing_on_error(database), sentences(path):
            try:
                database._check_format()
            except sqlite3.Error as error:
                if mode != "rw" or error.sqlite_errorcode not in _WITHOUT_WAL:
                    raise
                database._leave_wal(error)  # it was brought here from another disk
                database._check_format()
        return database

    def _check_format(self) -> None:
        if self._format() > FORMAT:
            raise JournalUnusable(NEWER, path=self.path)

    def has_format(self) -> bool:
        """Return whether the tables are still of this program's format."""
        with sentences(self.path):
            return self._format() == FORMAT

    def is_newer(self) -> bool:
        """Return whether a newer version of the program has changed the format."""
        try:
            return self._format() > FORMAT
        except (sqlite3.Error, UnicodeDecodeError):  # damaged, or closed
            return False

    def _has_tables(self) -> bool:
        ((count,),) = self.query("SELECT count(*) FROM sqlite_master")
        return bool(count)

    def _check_at_opening(self) -> None:
        """Read what is read at once; and the number of ids given."""
        if self.is_read_at_opening():
            self._read_whole()
        self.check_ids()

    def is_read_at_opening(self) -> bool:
        """Return whether whoever opens the log reads all of it."""
        ((pages, size),) = self.query(
            "SELECT page_count, page_size FROM pragma_page_count, pragma_page_size"
        )
        return int(str(pages)) * int(str(size)) <= READ_AT_ONCE_BYTES

    def read_rest(self) -> None:
        """Read what opening it left unread; raise JournalDamaged if that is damaged."""
        if not self.is_read_at_opening():
            self._read_whole()

    def _read_whole(self) -> None:
        """Read every page and index."""
        ((found, *_), *_) = self.query("PRAGMA integrity_check(1)")
        if found != "ok":
            reason = " ".join(str(found).split())
            raise JournalDamaged(DAMAGED, path=self.path, reason=reason)

    def check_ids(self) -> None:
        """Raise JournalDamaged if SQLite would soon give no new ids any more."""
        for (given,) in self.query(
            "SELECT seq FROM sqlite_sequence UNION SELECT max(id) FROM events"
        ):
            if not isinstance(given or 0, int) or (given or 0) not in IDS:
                reason = f"id {given!r:.40}"
                raise JournalDamaged(DAMAGED, path=self.path, reason=reason)

    def _prepare(self) -> None:
        # A log that is not in WAL mode was made where there is none.
        if self._format() == 0 or self.is_in_wal_mode():
            self._enter_wal()
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA secure_delete = ON")
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        self._migrate()

    def _enter_wal(self) -> None:
        deadline_s = time.monotonic() + BUSY_TIMEOUT_S
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._format()
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode in _WITHOUT_WAL:
                    self._leave_wal(error)
                    return
                # SQLite does not wait where two programs make a new file at once.
                is_busy = error.sqlite_errorcode & 0xFF in BUSY
                if not is_busy or time.monotonic() >= deadline_s:
                    raise
                time.sleep(BUSY_RETRY_S)

    def _leave_wal(self, reason: sqlite3.Error) -> None:
        """Go on with a rollback journal: alone with the file, WAL needs no memory.

        A connection that has tried WAL without that cannot leave it any more.
        """
        self._connection.close()
        self._use(connect(self.path, "rw"))
        try:
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute("PRAGMA journal_mode = DELETE")
            self._connection.execute("PRAGMA locking_mode = NORMAL")
            self._format()  # gives the lock back
        except sqlite3.Error:
            raise reason from None

    def _migrate(self) -> None:
        if self._format() == FORMAT:
            return
        with self.transaction():
            if self._format() < FORMAT:  # no other program was quicker
                if self._format() not in MIGRATIONS:
                    reason = f"user_version {self._format()}"
                    raise JournalDamaged(DAMAGED, path=self.path, reason=reason)
                for statement in MIGRATIONS[self._format()]:
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {FORMAT}")

    def _format(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def is_in_wal_mode(self) -> bool:
        """Return whether programs can read the file while another one writes."""
        ((mode,),) = self.query("PRAGMA journal_mode")
        return mode == "wal"

    def is_in_place(self) -> bool:
        """Return whether the path still leads to the files that are open."""
        return self._files == self._files_in_place()

    def is_elsewhere(self) -> bool:
        """Return whether the file itself, not one beside it, is not there any more."""
        return self._files[:1] != self._files_in_place()[:1]

    def _files_in_place(self) -> tuple[object, ...]:
        return tuple(identity(path) for path in self._paths)

    def stamps(self) -> tuple[object, ...]:
        """Return what is another value after each change of the files' content."""
        return tuple(stamp(path) for path in self._paths[:2])

    def version(self) -> tuple[int, int]:
        """Return what is another value after each change, by whomever it was made."""
        ((version,),) = self.query("PRAGMA data_version")
        return self._connection.total_changes, int(str(version))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def query(
        self, statement: str, values: tuple[object, ...] = ()
    ) -> list[tuple[object, ...]]:
        """Return all rows of a SELECT, or of a change that RETURNs."""
        with sentences(self.path):
            return self._connection.execute(statement, values).fetchall()

    @property
    def is_in_transaction(self) -> bool:
        """Whether what is done now is part of a fact that is not stored yet."""
        with sentences(self.path):
            return self._connection.in_transaction

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all that is done inside one fact: there as a whole, or not at all.

        Inside another one it is part of that fact, which is stored at its own end, and
        fails with the part, whoever gets over that.
        """
        with sentences(self.path):
            if self.is_in_transaction:
                with self._failing_with_part():
                    yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._failure = None
            try:
                yield
                if self._failure is not None:
                    raise self._failure
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk ends it by itself
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _failing_with_part(self) -> Iterator[None]:
        try:
            yield
        except BaseException as failure:
            self._failure = failure
            raise

    @contextmanager
    def unhurried(self) -> Iterator[None]:
        """Let transactions inside not wait for the disk: a power cut may undo them.

        Nor do they empty the write-ahead log: `empty_wal` does. Without one, a power
        cut could damage the file, and they wait as all others do.
        """
        if not self.is_in_wal_mode():
            yield
            return
        try:
            self.query("PRAGMA synchronous = NORMAL")
            self.query("PRAGMA wal_autocheckpoint = 0")
            yield
        finally:
            self.query("PRAGMA synchronous = FULL")
            self.query(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")

    def empty_wal(self) -> None:
        """Bring into the file what lies beside it, by a connection of whoever calls.

        Nobody is held up; what cannot be done now is left to the next transaction.
        """
        self.checkpoints_begun += 1
        try:
            with (
                suppress(JournalBusy, JournalUnusable),
                sentences(self.path),
                closing(connect(self.path, "rw")) as connection,
            ):
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        finally:
            self.checkpoints_ended += 1

    def wait_at_most(self, seconds: float) -> None:
        """Wait no longer than this for another program's transaction."""
        self._busy_timeout_s = seconds
        self.query(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")

    def checkpoint(self) -> bool:
        """Empty the write-ahead log, so that what was deleted is in no file any more.

        Return whether it is: another program that reads at this moment holds it up,
        maybe for hours, and is not waited for.
        """
        self.query("PRAGMA busy_timeout = 0")
        try:
            ((is_held_up, *_),) = self.query("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self.wait_at_most(self._busy_timeout_s)
        return not is_held_up


def _text(raw: bytes) -> object:
    """Return a text; bytes where it is none, which whoever reads the row finds odd."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _content(path: Path, folder: Path) -> bytes:
    """Return a file's content, with what stands in a journal beside it only."""
    from shutil import copyfile

    copy = folder / path.name
    copyfile(path, copy)
    has_journal = False
    for suffix in ("-wal", "-journal"):
        journal = beside(path, suffix)
        if journal.exists() and journal.stat().st_size:
            copyfile(journal, beside(copy, suffix))
            has_journal = True
    if has_journal:
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    content = bytearray(copy.read_bytes())
    # https://sqlite.org/fileformat.html §1.3.3: in memory there is no WAL mode.
    if content[18:20] == b"\2\2":
        content[18:20] = b"\1\1"
    return bytes(content)


@contextmanager
def _closing_on_error(database: Database) -> Iterator[None]:
    try:
        yield
    except BaseException:
        database.close()
        raise
