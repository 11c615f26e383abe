"""What the program imports, and when: it costs time, memory and battery."""

import os
import sys
from collections.abc import Callable
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.desktop import eventually
from tests.environment import Home
from tests.fakes import posix_only
from tests.imap_server import Server
from tests.sample_mails import approval, records
from tests.servers import serving_dns
from watcher.clock import utc_now
from watcher.errors import ExitCode

REPORTING = """
import os, pathlib, sys, threading

record = pathlib.Path(sys.argv[1])
asked = record.with_suffix(".asked")

def report():
    new = record.with_suffix(".new")
    new.write_text("\\n".join(sorted(sys.modules)))
    new.replace(record)

def answer():
    while True:
        asked.read_text()
        report()

if asked.exists():
    threading.Thread(target=answer, daemon=True).start()
from watcher.cli import main
try:
    code = main(sys.argv[2:])
finally:
    report()
sys.exit(code)
"""
"""Runs a command of watcher and writes what was imported, when asked and at its end.

It is asked by a FIFO that somebody opens and closes.
"""

JUDGING = {"dkim", "dns", "mailparser", "nacl", "watcher.recognition.judge"}
LARGE = {"unittest", "xml", "multiprocessing", "asyncio", "http", "email"}
"""Parts of the standard library that bring many others along."""
NEEDLESS = JUDGING | LARGE | {"apscheduler", "imapclient", "jeepney", "keyring"}
NEEDLESS |= {"plyer", "ssl", "socket", "subprocess", "importlib.metadata", "logging"}
"""What a command that reads the event log does without."""

LAST = {"dns.rdtypes.ANY.TXT", "apscheduler.triggers.date", "nacl"}
"""What is imported last of all that a mail needs."""


def imported(record: Path) -> set[str]:
    """Return the modules that were imported when they were written down."""
    return set(record.read_text().split("\n"))


def unmeasured(folder: Path) -> Home:
    """Return a home whose programs import nothing to measure what tests cover."""
    home = Home(folder)
    for name in [one for one in home.environment if one.startswith("COV")]:
        del home.environment[name]
    return home


def command(record: Path) -> tuple[str, ...]:
    """Return the command that writes them down."""
    return (sys.executable, "-c", REPORTING, str(record))


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "modules"


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("status", "--json"),
        ("log",),
        ("log", "--json"),
        ("open", "--print"),
        ("--help",),
        ("completion", "bash"),
    ],
    ids=" ".join,
)
def test_a_short_command_imports_no_library_that_it_does_not_need(
    tmp_path: Path, record: Path, arguments: tuple[str, ...]
) -> None:
    home = unmeasured(tmp_path)
    home.configure(*configuration(1))
    home.run("expect")  # so there is an event log
    done = home.run(*arguments, command=command(record))

    assert done.out or done.err
    assert not NEEDLESS & imported(record)


def test_help_needs_no_dataclass(tmp_path: Path, record: Path) -> None:
    """They are compiled at each start, by a module that brings others along."""
    done = unmeasured(tmp_path).run("--help", command=command(record))

    assert done.code == ExitCode.OK
    assert not {"dataclasses", "inspect"} & imported(record)


# A daemon, and a command beside it --------------------------------------------------


def configuration(port: int, *, name_server: str = "") -> tuple[str, ...]:
    return (
        '[notify]\nchannel = "terminal"\nlanguage = "en"',
        f'[dkim]\nnameservers = ["{name_server}"]' if name_server else "",
        '[[accounts]]\nname = "home"\nuser = "taro@example.jp"\nhost = "127.0.0.1"',
        f'port = {port}\ntls = "none"\npassword_env = "MAIL_PASSWORD"',
        'mailboxes = ["INBOX"]',
    )


@pytest.fixture
def modules_now(record: Path) -> Callable[[], set[str]]:
    """Give what asks a running program what it has imported until now."""
    asked = record.with_suffix(".asked")
    os.mkfifo(asked)

    def ask() -> set[str]:
        record.unlink(missing_ok=True)
        asked.write_text("")
        eventually(record.exists)
        return imported(record)

    return ask


@posix_only("a pipe in the file system")
@pytest.mark.parametrize("name", ["check", "run"])
def test_nothing_that_only_a_mail_needs_holds_up_the_connection(
    tmp_path: Path, record: Path, modules_now: Callable[[], set[str]], name: str
) -> None:
    home, silent = unmeasured(tmp_path), Server(greet=lambda _: None)
    with silent as server:
        home.configure(*configuration(server.port))
        with home.started(name, command=command(record)):
            server.wait_until(lambda: bool(server.peers))
            modules = modules_now()

    assert "watcher.imap.transport" in modules
    assert not (JUDGING | LARGE | {"apscheduler", "imapclient", "plyer"}) & modules


@posix_only("a pipe in the file system")
@pytest.mark.parametrize("push", ["", '[push]\nurl = "https://ntfy.sh/topic"'])
def test_a_phone_costs_little_before_it_is_told_and_nothing_where_there_is_none(
    tmp_path: Path, record: Path, modules_now: Callable[[], set[str]], push: str
) -> None:
    home, silent = unmeasured(tmp_path), Server(greet=lambda _: None)
    with silent as server:
        home.configure(*configuration(server.port), push)
        with home.started("run", command=command(record)):
            server.wait_until(lambda: bool(server.peers))
            modules = modules_now()

    assert ("watcher.notify.ntfy" in modules) == bool(push)
    assert not ({"http", "hashlib", "apprise", "watcher.notify.hook"} & modules)


@posix_only("a pipe in the file system")
def test_the_first_mail_finds_everything_imported(
    tmp_path: Path, record: Path, modules_now: Callable[[], set[str]]
) -> None:
    home = unmeasured(tmp_path)
    with serving_dns(records()) as name_server, Server() as server:
        home.configure(*configuration(server.port, name_server=name_server.address))
        with home.started("run", command=command(record)) as daemon:
            server.wait_for_idle()
            eventually(lambda: modules_now() >= LAST)
            before = modules_now()
            date = format_datetime(utc_now())
            server.add(approval(date=date, to="taro@example.jp"))
            daemon.await_text("/a/c/r/")
            eventually(lambda: "notified" in home.names())
            imported_late = modules_now() - before

    assert not {one for one in imported_late if not one.startswith("encodings.")}


@posix_only("modules beside the program")
@pytest.mark.parametrize("library", ["imapclient", "dkim", "apscheduler"])
def test_a_broken_installation_ends_it_though_it_has_connected(
    tmp_path: Path, library: str
) -> None:
    home = Home(tmp_path)
    (home.folder / f"{library}.py").write_text("raise RuntimeError('broken')")
    with Server() as server:
        home.configure(*configuration(server.port))
        with home.started("run") as daemon:
            assert daemon.await_end() == ExitCode.BUG

    assert "This is a bug" in daemon.seen
    assert server.peers
