"""systemd is told of the start, of real progress and of the end, and nobody else is."""

import os
import socket
import sys
from contextlib import suppress
from math import inf
from pathlib import Path

import pytest

from tests.environment import CONNECTED, UNREACHABLE, Home, MailUser
from tests.fakes import FED, READY, Latch, Listener, posix_only
from tests.servers import PASSWORD
from watcher.app.service_manager import ServiceManager

NO_FEED_S = 3.0
"""Three ticks of the daemon, each of which would feed."""

pytestmark = posix_only("systemd")


@pytest.fixture
def manager(tmp_path: Path, listener: Listener) -> ServiceManager:
    return ServiceManager(listener.address, 10.0)


def test_the_watchdog_is_due_by_the_clock_and_never_without_one() -> None:
    now_s = 100.0
    manager = ServiceManager("", 10.0, lambda: now_s)
    due = [manager.due_in_s]
    manager.note_progress()
    now_s += 4.0
    due.append(manager.due_in_s)
    now_s += 6.0
    manager.note_progress()
    due.append(manager.due_in_s)

    assert due == [10.0, 6.0, 10.0]
    assert ServiceManager().due_in_s == inf


@pytest.fixture
def served(home: Home, tmp_path: Path, listener: Listener) -> Home:
    """Give a home whose watcher a service manager starts; no server answers there."""
    home.environment |= {
        "NOTIFY_SOCKET": listener.address,
        "WATCHDOG_USEC": "2000000",
    }
    home.configure(
        "[notify]\nenabled = false",
        *UNREACHABLE,
    )
    return home


def test_it_tells_the_start_then_progress_then_the_end(
    served: Home, listener: Listener
) -> None:
    with served.started("run") as run:
        messages = [listener.next() for _ in range(3)]
        code = run.end()

    assert (messages, code) == ([READY, FED, FED], 0)
    assert [one for one in listener.all() if one != FED] == ["STOPPING=1"]


def test_a_main_thread_that_is_stuck_is_not_told_as_progress(
    served: Home, listener: Listener, tmp_path: Path
) -> None:
    served.environment["PYTHONPATH"] = str(Path(__file__).parent.parent)
    latch = Latch(tmp_path / "latch")
    program = (sys.executable, "-m", "tests.subprograms", "stuck_while")

    with served.started(str(latch.pipe), "run", command=program) as run:
        assert [listener.next() for _ in range(2)] == [READY, FED]
        os.mkfifo(latch.pipe)
        run.await_text("stuck")
        listener.all()
        with pytest.raises(TimeoutError):
            listener.next(NO_FEED_S)
        latch.open()

        assert listener.next() == FED


def test_what_it_starts_cannot_speak_in_its_name(
    mail_user: MailUser, listener: Listener, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    command = f'["sh", "-c", "env > {seen}; echo {PASSWORD}"]'
    mail_user.configure(mail_user.account(password_env=None, password_command=command))
    mail_user.home.environment |= {"NOTIFY_SOCKET": listener.address}

    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)

    names = {line.partition("=")[0] for line in seen.read_text().splitlines()}
    assert "PATH" in names
    assert not names & {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}
    assert listener.next() == READY


def test_without_a_service_manager_nothing_is_sent(listener: Listener) -> None:
    manager = ServiceManager.take_from({})

    manager.note_progress()
    manager.note_end()

    assert listener.all() == []


def test_an_abstract_address_is_reached() -> None:
    name = f"watcher-{os.getpid()}"
    listener = Listener(f"\0{name}")

    ServiceManager(f"@{name}").note_end()

    assert listener.next() == "STOPPING=1"
    listener.close()


def test_a_manager_that_is_gone_or_reads_nothing_holds_up_nobody(
    tmp_path: Path, manager: ServiceManager, listener: Listener
) -> None:
    ServiceManager(str(tmp_path / "nobody")).note_progress()
    ServiceManager("/" + "x" * 200).note_progress()
    fill(listener.address)
    manager.note_end()

    assert set(listener.all()) == {"full"}


def fill(address: str) -> None:
    """Send until there is no room."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams:
        datagrams.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                datagrams.sendto(b"full", address)


def test_the_watchdog_is_fed_four_times_in_its_interval(
    tmp_path: Path, listener: Listener
) -> None:
    now = [100.0]
    manager = ServiceManager(listener.address, 15.0, clock_s=lambda: now[0])

    told = []
    for _ in range(60):
        manager.note_progress()
        told.append(len(listener.all()))
        now[0] += 1.0

    assert sum(told) == 4


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"WATCHDOG_USEC": "10", "WATCHDOG_PID": "1"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": ""},
    ],
    ids=str,
)
def test_a_watchdog_that_waits_for_another_or_for_nobody_is_not_fed(
    tmp_path: Path, listener: Listener, others: dict[str, str]
) -> None:
    environment = {"NOTIFY_SOCKET": listener.address, **others, "LANG": "C"}
    manager = ServiceManager.take_from(environment)

    for _ in range(3):
        manager.note_progress()

    assert listener.all() == [READY]
    assert environment == {"LANG": "C"}
