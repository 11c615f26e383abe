"""A damaged event log is said, and never a bug; what is alive in it survives."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.environment import Home
from tests.factories import new_event, recorded
from tests.test_kill import configure
from watcher.cli import main
from watcher.clock import iso, utc_now
from watcher.demo.server import Mailbox, serving
from watcher.errors import ExitCode
from watcher.events import Cursor, EventName, Expectation
from watcher.journal.log import Journal

DAMAGED_BYTES = 150
LIVE = 2
COMMANDS = (
    *(["log"], ["log", "--json"], ["log", "-n", "5"], ["log", "--since", "2d"]),
    *(["status"], ["status", "--json"], ["open", "--print"], ["open"], ["copy"]),
    *(["expect", "10m"], ["check", "--no-notify"]),
)
FINE = {
    "log": {ExitCode.OK},
    "status": {ExitCode.NOTHING},
    "open": {ExitCode.OK},
    "copy": {ExitCode.NOTHING},
    "expect": {ExitCode.OK},
    "check": {ExitCode.OK},
}
"""What a whole log ends in: no daemon runs, and no code is alive."""


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


@pytest.fixture
def folder(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """Give a home whose environment is this process's."""
    for name, value in home.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(home.folder)
    with serving(Mailbox(), "secret") as port:
        configure(home, port, "127.0.0.1:9")
        yield home


def damage_byte(content: bytes, chance: random.Random) -> bytes:
    """Return a file of which one byte is another one."""
    position = chance.randrange(len(content))
    damaged = bytearray(content)
    damaged[position] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def command_lines(home: Home, content: bytes, capfd: pytest.CaptureFixture[str]) -> list[str]:
    """Run each command on this log; return what was wrong with how they ended."""
    wrong = []
    for arguments in COMMANDS:
        for file in home.log.parent.glob("*") if home.log.parent.exists() else ():
            file.unlink()
        home.log.parent.mkdir(parents=True, exist_ok=True)
        home.log.write_bytes(content)
        code = main(arguments)
        out, err = capfd.readouterr()
        if code == ExitCode.CONFIG:
            fine = str(home.log) in err and ("Move it away" in err or "[log] path" in err)
        else:
            fine = code in FINE[arguments[0]]
        if not fine or "bug" in err or "Traceback" in err:
            wrong.append(f"{arguments} {code} {err!r} {out[-300:]!r}")
    return wrong


@pytest.mark.parametrize("part", range(5))
def test_bytes(folder: Home, capfd: pytest.CaptureFixture[str], part: int) -> None:
    fill(folder.log)
    content = folder.log.read_bytes()
    wrong = []
    for seed in range(part, DAMAGED_BYTES, 5):
        chance = random.Random(seed)
        found = command_lines(folder, damage_byte(content, chance), capfd)
        wrong += [f"{seed} {one}" for one in found]
    assert wrong == []


@pytest.mark.parametrize("length", [0, 1, 100, 4096, 6144, 8192, 0.5, -1])
def test_truncated(folder: Home, capfd: pytest.CaptureFixture[str], length: float) -> None:
    fill(folder.log)
    content = folder.log.read_bytes()
    size = int(len(content) * length) if 0 < length < 1 else int(length)
    wrong = command_lines(folder, content[:size], capfd)
    assert wrong == []


ODD = (
    "NULL", "'text'", "''", "9223372036854775807", "-9223372036854775808", "1e300",
    "-1.5", "x'00ff'", "CAST(x'ff41' AS TEXT)", "'{'", "'[1]'", "'{\"state\": 1}'", "0", "'['",
    "253402300799999", "9007199254740993", "'" + "[" * 5000 + "'",
)


def columns(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        return [(table, row[1]) for table in tables for row in connection.execute(f"PRAGMA table_info({table})")]


@pytest.mark.parametrize("part", range(8))
def test_odd(folder: Home, capfd: pytest.CaptureFixture[str], part: int) -> None:
    fill(folder.log)
    content = folder.log.read_bytes()
    wrong = []
    for column in columns(folder.log)[part::8]:
        for value in ODD:
            made = odd(folder.log, content, *column, value)
            if made is None: continue
            wrong += [f"{column} {value[:30]} {one}" for one in command_lines(folder, made, capfd)]
    assert wrong == []


def odd(path: Path, content: bytes, table: str, column: str, value: str) -> bytes | None:
    for file in path.parent.glob("*"):
        file.unlink()
    path.write_bytes(content)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        try:
            connection.execute(f"UPDATE OR REPLACE {table} SET {column} = {value}")
        except sqlite3.Error:
            return None
        connection.execute("PRAGMA journal_mode = WAL")
    return path.read_bytes()
