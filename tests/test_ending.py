"""`watcher run` ends when it is told to, also while something holds it up."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.home import PATIENCE_S, Running
from tests.household import Household
from tests.session_bus import SessionBus, session_bus, spare_server
from watcher.errors import ExitCode

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM")


@pytest.fixture
def running(household: Household) -> Iterator[Running]:
    with household.home.started("run") as run:
        run.await_text("state=watching")
        yield run


def test_it_ends_though_another_program_locks_the_log(
    household: Household, running: Running
) -> None:
    with closing(sqlite3.connect(household.home.log, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        household.approval()

        assert running.end() == ExitCode.OK


def test_it_ends_though_no_name_server_answers(household: Household) -> None:
    household.name_server.is_silent = True
    household.configure(dkim='timeout = "60s"')
    with household.home.started("run") as run:
        run.await_text("state=watching")
        household.approval()
        assert household.name_server.was_asked.wait(PATIENCE_S)

        assert run.end() == ExitCode.OK


@pytest.fixture
def bus() -> Iterator[SessionBus]:
    with session_bus() as bus:
        yield bus


def test_it_ends_though_the_desktop_is_frozen(
    household: Household, bus: SessionBus
) -> None:
    household.home.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.address
    household.configure(notify="")
    with spare_server(bus, "body"), household.home.started("run") as run:
        run.await_text("state=watching")
        bus.process.freeze()
        for _ in range(5):
            household.approval()
        run.await_text("did not show it")

        assert run.end() == ExitCode.OK
        bus.process.thaw()


def test_a_storm_of_signals_is_one_end(running: Running) -> None:
    for number in 200 * (signal.SIGTERM, signal.SIGINT):
        running.process.send_signal(number)

    assert running.await_end() == ExitCode.OK
