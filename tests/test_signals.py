"""`watcher run` ends when it is told to, also while something holds it up."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.desktop import SessionBus, session_bus, spare_server
from tests.environment import CONNECTED, PATIENCE_S, MailUser, Running
from tests.fakes import posix_only
from watcher.app.queue import RoundQueues
from watcher.cli.signals import ENDING
from watcher.errors import ExitCode


@pytest.fixture
def running(mail_user: MailUser) -> Iterator[Running]:
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        yield run


def test_it_ends_though_another_program_locks_the_log(
    mail_user: MailUser, running: Running
) -> None:
    with closing(sqlite3.connect(mail_user.home.log, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        mail_user.approval()

        assert running.end() == ExitCode.OK


def test_it_ends_though_no_name_server_answers(mail_user: MailUser) -> None:
    mail_user.name_server.is_silent = True
    mail_user.configure(dkim='timeout = "60s"')
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        mail_user.approval()
        assert mail_user.name_server.was_asked.wait(PATIENCE_S)

        assert run.end() == ExitCode.OK


@pytest.fixture
def bus() -> Iterator[SessionBus]:
    with session_bus() as bus:
        yield bus


def test_it_ends_though_the_desktop_is_frozen(
    mail_user: MailUser, bus: SessionBus
) -> None:
    mail_user.home.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.address
    mail_user.configure(notify="")
    with spare_server(bus, "body"), mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        bus.process.freeze()
        for _ in range(5):
            mail_user.approval()
        run.await_text("a notification could not be shown")

        assert run.end() == ExitCode.OK
        bus.process.thaw()


@pytest.mark.parametrize("number", ENDING)
def test_each_signal_ends_it_with_0(running: Running, number: int) -> None:
    assert running.end(number) == ExitCode.OK


@posix_only("signals: it sends itself one")
@pytest.mark.parametrize("number", ENDING)
def test_a_signal_while_the_interpreter_ends_does_not_kill_it(number: int) -> None:
    command = (sys.executable, "-m", "tests.subprograms", "signal_at_exit", str(number))

    assert subprocess.run(command, check=False).returncode == ExitCode.OK


@posix_only("signals: it sends SIGTERM and SIGINT")
def test_many_signals_are_one_end(running: Running) -> None:
    for number in 200 * (signal.SIGTERM, signal.SIGINT):
        running.process.send_signal(number)

    assert running.await_end() == ExitCode.OK


def test_a_signal_between_two_configurations_ends_the_next_round() -> None:
    queues = RoundQueues()
    first = queues.next()
    queues.stop()

    assert first.is_stopping
    assert queues.next().is_stopping
