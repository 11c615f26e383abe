"""A log is read where nothing can be written, and used where SQLite has no WAL."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.environment import Done, Home, without_privileges
from tests.factories import NOW, WINDOW, link_of, recorded
from tests.fakes import posix_only
from tests.test_journal import OLDER, all_bytes, sql
from watcher.app.lock import only_daemon, running_daemon
from watcher.clock import utc_now
from watcher.errors import ExitCode, JournalUnusable
from watcher.events import EventName
from watcher.journal.errors import sentences
from watcher.journal.log import Journal
from watcher.journal.reader import JournalReader


@contextmanager
def unwritable(path: Path) -> Iterator[None]:
    """Let nobody without privileges write the log's files, or make new ones."""
    for file in path.parent.iterdir():
        file.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        yield
    finally:
        path.parent.chmod(0o700)


def leave(path: Path, how: str) -> None:
    """Leave a log as a program does that ended, that was killed, or that is old."""
    with Journal.open(path) as journal:
        recorded(journal, at=utc_now())
        beside = {
            file: file.read_bytes() for file in path.parent.iterdir() if file != path
        }
        content = path.read_bytes()
    if how.startswith("killed"):
        path.write_bytes(content)
        for file, was in beside.items():
            file.write_bytes(was)
    if how == "killed, without memory":
        path.with_name(path.name + "-shm").unlink()
    if how == "old":
        for statement in OLDER[1]:
            sql(path, statement)
    path.with_name(path.name + ".lock").touch()


@posix_only("file modes")
@pytest.mark.parametrize("how", ["ended", "killed", "killed, without memory", "old"])
def test_what_cannot_be_written_can_be_read(home: Home, how: str) -> None:
    leave(home.log, how)
    before = all_bytes(home.log)

    def run(*arguments: str) -> Done:
        return home.run(*arguments, command=without_privileges())

    with unwritable(home.log):
        log, status = run("log", "--reveal"), run("status")
        link, used = run("open", "--print"), run("expect")

    assert (log.code, log.err) == (0, "")
    assert link_of(1) in log.out
    assert (status.code, status.err) == (ExitCode.NOTHING, "")
    assert (link.code, link.out) == (0, link_of(1) + "\n")
    assert used.code == ExitCode.CONFIG
    assert "Correct its permissions" in used.err
    assert all_bytes(home.log) == before


@posix_only("file modes")
def test_a_read_only_file_in_a_folder_of_ones_own_is_read(home: Home) -> None:
    leave(home.log, "ended")
    home.log.chmod(0o400)

    done = home.run("open", "--print", command=without_privileges())

    assert (done.code, done.out) == (0, link_of(1) + "\n")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.db"


def share_no_memory(path: Path) -> None:
    """Make what WAL needs impossible, as on a network's disk."""
    shared = path.with_name(path.name + "-shm")
    shared.unlink(missing_ok=True)
    shared.symlink_to("nowhere")


@posix_only("SQLite shares memory by a file there")
@pytest.mark.parametrize("is_new", [True, False])
def test_without_wal_the_rollback_journal_does(path: Path, is_new: bool) -> None:
    if not is_new:
        with Journal.open(path) as journal:
            journal.append(EventName.STARTED, at=NOW)
    share_no_memory(path)

    with Journal.open(path) as journal, Journal.open(path) as other:
        event = recorded(journal)
        assert other.live(NOW) == [event]
        other.append(EventName.OPENED, at=NOW, about=event.about)
        assert journal.answer_to(event.id) is EventName.OPENED
        assert journal.is_in_place()
        journal.expire(NOW + WINDOW)
    reader = JournalReader.read(path)

    assert reader is not None
    with reader:
        assert reader.has_happened(event.id, EventName.EXPIRED)
    assert link_of(1).encode() not in path.read_bytes()
    assert sql(path, "PRAGMA journal_mode") == [("delete",)]


@pytest.mark.parametrize(
    "code",
    [sqlite3.SQLITE_IOERR_LOCK, sqlite3.SQLITE_IOERR_RDLOCK, sqlite3.SQLITE_NOLFS],
)
def test_a_disk_without_locks_is_told_with_the_remedy(path: Path, code: int) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code

    with (
        pytest.raises(JournalUnusable, match=r"cannot lock files.*path"),
        sentences(path),
    ):
        raise error


@posix_only("locks by flock")
@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOTSUP, errno.EINVAL])
def test_without_locks_nobody_is_said_to_run_already(
    path: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    path.with_name(path.name + ".lock").touch()
    monkeypatch.setattr("fcntl.flock", flock)

    with pytest.raises(JournalUnusable, match=r"\[log\] path"), only_daemon(path):
        pass
    with pytest.raises(JournalUnusable, match=r"\[log\] path"):
        running_daemon(path)


@posix_only("Windows lets nobody move or delete a file that is open")
def test_the_lock_is_taken_again_where_its_file_is_gone(path: Path) -> None:
    with only_daemon(path) as lock:
        path.with_name(path.name + ".lock").unlink()
        assert running_daemon(path) is None

        lock.keep()

        assert running_daemon(path) == os.getpid()


def test_a_reader_in_memory_sees_what_a_killed_writer_left(path: Path) -> None:
    leave(path, "killed")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (1,)


# What is over -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ("log", "--json", "--reveal"),
        ("status",),
        ("open",),
        ("open", "--print"),
        ("copy",),
        ("expect",),
        ("log", "--outcome", "failed"),
    ],
    ids=" ".join,
)
def test_where_no_daemon_deletes_a_link_that_is_over_the_next_command_does(
    home: Home, command: tuple[str, ...]
) -> None:
    with Journal.open(home.log) as journal:
        recorded(journal, at=utc_now() - 2 * WINDOW)
    token = link_of(1).rpartition("/")[2].encode()
    assert token in all_bytes(home.log)

    done = home.run(*command)

    assert token.decode() not in done.out + done.err
    assert token not in all_bytes(home.log)


def test_of_an_end_that_a_command_has_logged_the_next_daemon_is_to_tell(
    home: Home,
) -> None:
    with Journal.open(home.log) as journal:
        event = recorded(journal, at=utc_now() - 2 * WINDOW)
        journal.append(EventName.NOTIFIED, at=utc_now(), about=event.about)
    home.run("log")

    with Journal.open(home.log) as journal:
        assert [one.event for one in journal.untold()] == [EventName.EXPIRED]


@posix_only("file modes")
def test_a_link_that_is_over_is_not_told_where_it_cannot_be_deleted(home: Home) -> None:
    with Journal.open(home.log) as journal:
        recorded(journal, at=utc_now() - 2 * WINDOW)
    token = link_of(1).rpartition("/")[2]
    with unwritable(home.log):
        done = home.run("log", "--json", "--reveal", command=without_privileges())

    assert done.code == ExitCode.OK
    assert '"event": "attempt"' in done.out
    assert token not in done.out
