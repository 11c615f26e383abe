"""A damaged event log is said, and never a bug; what is alive in it survives."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from tests.desktop import eventually
from tests.environment import NO_HOME, Home
from tests.factories import recorded
from tests.fakes import IS_POSIX, posix_only
from tests.test_kill import configure
from watcher.app.daemon import TICK_S
from watcher.cli import main
from watcher.clock import iso, utc_now
from watcher.demo.server import Mailbox, serving
from watcher.errors import ExitCode
from watcher.events import Cursor, EventName, Expectation
from watcher.journal.log import Journal

DAMAGED_BYTES = 150
PARTS = 5
STRIDE = PARTS if IS_POSIX else PARTS * 6
"""Of what is damaged, every which is tried: one SQLite reads it on every system."""

LIVE = 2
FINE = {
    "log": ExitCode.OK,
    "status": ExitCode.NOTHING,
    "open": ExitCode.OK,
    "copy": ExitCode.NOTHING,
    "expect": ExitCode.OK,
    "check": ExitCode.OK,
}
"""What commands on a whole log end in: no daemon runs, and no code is alive."""

COMMANDS = (
    *("log", "log --json -n 5", "status", "status --json", "open --print"),
    *("copy", "expect 10m", "check --no-notify"),
)
ODD_VALUES = (
    *("NULL", "'text'", "''", "0", "-1.5", "1e300", "x'00ff'", "'{'", "'[1]'"),
    *("9223372036854775807", "-9223372036854775808", "253402300799999"),
    *("CAST(x'ff41' AS TEXT)", "'{\"state\": 1}'", f"'{'[' * 5000}'"),
)


def fill(path: Path) -> None:
    """Make a log as the program leaves it: all in one file, with freed pages."""
    now = utc_now()
    with Journal.open(path) as journal:
        for number in range(LIVE + 1, 60):
            at = now - timedelta(hours=30 * (number % 3), minutes=20)
            about = recorded(journal, number, at=at).about
            for name in (EventName.NOTIFIED, EventName.REMINDED, EventName.OPENED):
                journal.append(name, at=at, about=about, detail="terminal")
        journal.expire(now)
        journal.prune(now - timedelta(hours=40))
        for number in range(1, LIVE + 1):
            event = recorded(journal, number, at=now)
            assert journal.acquire_lease(event.about.id, now)
            journal.append(EventName.NOTIFIED, at=now, about=event.about)
        journal.append(EventName.ARMED, at=now, about=Expectation(now))
        journal.append(EventName.STARTED, at=now)
        journal.move_cursor("home", "INBOX", Cursor(1, 61))
        journal.put_session("home", {"state": "watching", "since": iso(now)})
        journal.put_shown(1, "a handle")
        journal.put_server_clock("home", "a boot", 1e9, 1e9 + 1)


@pytest.fixture
def user(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """Give a home with a log, and this process its environment."""
    for name in NO_HOME:
        monkeypatch.delenv(name, raising=False)
    for name, value in home.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(home.folder)
    with serving(Mailbox(), "secret") as port:
        configure(home, port, "127.0.0.1:9")
        fill(home.log)
        yield home


def put(path: Path, content: bytes) -> None:
    """Let this be all that is left of the log."""
    for file in path.parent.glob("*"):
        file.unlink()
    path.write_bytes(content)


def complaints(
    home: Home, content: bytes, capfd: pytest.CaptureFixture[str]
) -> list[str]:
    """Run every command on this log; return what is wrong with how they ended."""
    wrong = []
    for command in COMMANDS:
        put(home.log, content)
        code = main(command.split())
        out, err = capfd.readouterr()
        if code == ExitCode.CONFIG:
            is_fine = str(home.log) in err and len(err.splitlines()) == 1
            is_fine &= "Move it away" in err or "[log] path" in err
        else:
            is_fine = code == FINE[command.split(maxsplit=1)[0]] and "bug" not in err
            is_fine &= command != "open --print" or "…" not in out
        if not is_fine:
            wrong.append(f"{command}: {code} {err!r} {out[-200:]!r}")
    return wrong


@pytest.mark.parametrize("part", range(PARTS))
def test_one_damaged_byte_is_said_or_does_not_matter(
    user: Home, capfd: pytest.CaptureFixture[str], part: int
) -> None:
    content = user.log.read_bytes()
    for seed in range(part, DAMAGED_BYTES, STRIDE):
        chance = random.Random(seed)
        damaged = bytearray(content)
        damaged[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        assert complaints(user, bytes(damaged), capfd) == [], seed


@pytest.mark.parametrize("length", [1, 100, 511, 512, 4096, 6144, 8192, -4096])
def test_a_truncated_log_is_said(
    user: Home, capfd: pytest.CaptureFixture[str], length: int
) -> None:
    content = user.log.read_bytes()[:length]

    assert complaints(user, content, capfd) == []
    put(user.log, content)
    assert main(["expect"]) == ExitCode.CONFIG


def test_an_empty_file_is_a_log_that_has_yet_to_be_made(
    user: Home, capfd: pytest.CaptureFixture[str]
) -> None:
    found = complaints(user, b"", capfd)

    assert [one.split(": ")[0] for one in found] == ["open --print"]  # nothing is alive


def columns(path: Path) -> list[tuple[str, str]]:
    """Return every table with every column of it."""
    names = "SELECT name FROM sqlite_master WHERE type = 'table'"
    with closing(sqlite3.connect(path)) as connection:
        tables = [name for (name,) in connection.execute(names)]
        return [
            (table, column[1])
            for table in tables
            for column in connection.execute(f"PRAGMA table_info({table})")
        ]


def with_odd_value(path: Path, content: bytes, change: str) -> bytes | None:
    """Return the log changed by SQL; None where the table would not take it."""
    put(path, content)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        try:
            connection.execute(f"UPDATE OR REPLACE {change}")
        except sqlite3.Error:
            return None
    return path.read_bytes()


@pytest.mark.parametrize("part", range(PARTS))
def test_a_value_that_cannot_be_is_said_and_the_other_attempt_lives(
    user: Home, capfd: pytest.CaptureFixture[str], part: int
) -> None:
    content = user.log.read_bytes()
    newest = "WHERE id = (SELECT max(id) FROM events WHERE event = 'attempt')"
    for table, column in columns(user.log)[part::STRIDE]:
        for value in ODD_VALUES[:: STRIDE // PARTS]:
            where = newest if table == "events" else ""
            change = f"{table} SET {column} = {value} {where}"
            changed = with_odd_value(user.log, content, change)
            if changed is not None:
                assert complaints(user, changed, capfd) == [], change


@pytest.mark.parametrize(
    "change",
    [
        *("event = 'text'", "event = x'00'", "expires_at = NULL", "at = 'soon'"),
        *("attempt_id = NULL", "attempt_id = id + 1", "reasons = '['", "kind = 'kind'"),
    ],
)
def test_what_hides_every_attempt_is_not_taken_for_none(
    user: Home, capfd: pytest.CaptureFixture[str], change: str
) -> None:
    content = user.log.read_bytes()
    hidden = with_odd_value(user.log, content, f"events SET {change}")

    for command in ("open", "copy", "check --no-notify", "log"):
        put(user.log, hidden or b"")
        assert main(command.split()) == ExitCode.CONFIG


def test_attempts_that_are_neither_alive_nor_over_are_not_taken_for_none(
    user: Home,
) -> None:
    content = with_odd_value(user.log, user.log.read_bytes(), "events SET is_open = 0")

    for command in ("open", "copy", "check --no-notify"):
        put(user.log, content or b"")
        assert main(command.split()) == ExitCode.CONFIG


@pytest.mark.parametrize("damage", ["odd", "truncated", "fine"])
def test_run_says_it_at_its_start(user: Home, damage: str) -> None:
    content = user.log.read_bytes()
    change = "events SET expires_at = 'soon' WHERE event = 'attempt'"
    put(
        user.log,
        {
            "odd": with_odd_value(user.log, content, change) or b"",
            "truncated": content[:6144],
            "fine": content,
        }[damage],
    )
    with user.started("run") as run:
        if damage == "fine":
            run.await_text("connected")
            assert run.end() == 0
        else:
            assert run.await_end() == ExitCode.CONFIG
            assert "Move it away" in run.seen


def test_run_says_once_that_a_newer_version_has_changed_the_log_and_goes_on(
    user: Home,
) -> None:
    with user.started("run") as run:
        run.await_text("connected")
        with closing(sqlite3.connect(user.log)) as connection:
            connection.execute("PRAGMA user_version = 99")
        run.await_text("newer version")
        until_s = monotonic() + 3 * TICK_S
        eventually(lambda: monotonic() > until_s)
        assert run.end() == 0

    assert run.seen.count("trying again until it works") == 1
    assert not list(user.log.parent.glob("*.damaged-*"))


def test_log_prints_every_good_row_before_it_says_that_there_are_others(
    user: Home, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["log"]) == 0
    whole, _ = capfd.readouterr()
    with closing(sqlite3.connect(user.log)) as connection, connection:
        connection.execute("UPDATE events SET device = x'00' WHERE id = 240")

    for command in (["log"], ["log", "-n", "1000"]):
        assert main(command) == ExitCode.CONFIG
        out, err = capfd.readouterr()
        assert len(out.splitlines()) == len(whole.splitlines()) - 1
        assert "240" in err


@posix_only("Windows lets nobody move or delete a file that is open")
def test_a_log_deleted_under_run_is_told_and_every_command_sees_the_same(
    user: Home,
) -> None:
    with user.started("run") as run:
        run.await_text("connected")
        put(user.log, b"")  # its lock goes, too
        user.log.unlink()
        run.await_text("was moved, deleted or replaced")

        link, expected = user.run("open", "--print"), user.run("expect")
        status = user.run("status")
        again = user.run("run")
        assert run.end() == 0

    # Once as a line, once as the notification on this terminal.
    assert run.seen.count("was moved, deleted or replaced") == 2
    assert run.seen.count(" The event log ") == 1
    assert link.out.startswith("https://www.amazon.co.jp/a/c/r/Token")
    assert link.code == status.code == expected.code == ExitCode.OK
    assert again.code == ExitCode.TEMPORARY
    assert "armed" in user.names()
