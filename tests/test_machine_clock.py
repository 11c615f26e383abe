"""An error of this machine's clock is logged once, whoever finds it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.test_deadline import DAY_S, EPOCH_S
from watcher.app.machine_clock import MachineClock
from watcher.events import Arrival, EventName, Seen
from watcher.journal.log import Journal
from watcher.timing.deadline import Machine, Times

NOW = datetime.fromtimestamp(EPOCH_S, UTC)
"""What this machine's clock shows; how wrong that is, each test says."""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "events.db") as journal:
        yield journal


class Computer:
    """A machine with a clock that is so wrong, and programs that run on it."""

    def __init__(self, journal: Journal, ahead_s: float) -> None:
        self.journal = journal
        self.ahead_s = ahead_s
        self.boot = "a boot"
        self.now_s = 1000.0

    def program(self) -> MachineClock:
        return MachineClock(self.journal, self.machine, lambda: self.boot)

    def machine(self, _: datetime) -> Machine:
        at_boot_s = EPOCH_S + self.ahead_s
        return Machine(self.now_s, at_boot_s, is_synchronised=False)

    def push(self, clock: MachineClock) -> None:
        """Let a mail come now, after a while."""
        self.now_s += 100.0
        now = datetime.fromtimestamp(EPOCH_S + self.now_s, UTC)
        arrival = Arrival(now, Seen(self.now_s, self.now_s - 1))
        clock.learn("home", Times(now - timedelta(seconds=1), arrival), NOW)

    def details(self) -> list[str | None]:
        return [
            one.detail
            for one in self.journal.events()
            if one.event is EventName.CLOCK_WRONG
        ]


def log(clock: MachineClock) -> bool:
    """Log as a program does; return whether it is news."""
    return clock.log(clock.error(NOW), NOW)


def test_an_error_is_logged_once_and_not_for_each_mail(journal: Journal) -> None:
    computer = Computer(journal, -300.0)
    clock = computer.program()
    assert not log(clock)

    computer.push(clock)
    assert log(clock)
    computer.push(clock)
    assert not log(clock)

    assert computer.details() == ["behind by 299 s"]


def test_two_programs_share_what_they_know_and_log_it_once(journal: Journal) -> None:
    computer = Computer(journal, DAY_S)
    daemon, command = computer.program(), computer.program()
    computer.push(daemon)
    computer.push(command)

    assert log(command)
    assert not log(daemon)

    assert computer.program().error(NOW) is not None
    assert not log(computer.program())
    assert computer.details() == ["ahead by 86399 s"]


def test_an_error_that_comes_back_is_logged_again(journal: Journal) -> None:
    computer = Computer(journal, 0.0)
    clock = computer.program()
    computer.push(clock)

    for ahead_s, is_news in ((-300.0, True), (0.0, False), (-300.0, True)):
        computer.ahead_s = ahead_s
        assert log(clock) is is_news
        assert not log(clock)

    assert len(computer.details()) == 2


def test_another_direction_is_another_error(journal: Journal) -> None:
    computer = Computer(journal, -DAY_S)
    clock = computer.program()
    computer.push(clock)
    assert log(clock)

    computer.ahead_s = DAY_S
    computer.push(clock)
    computer.push(clock)

    assert log(clock)


def test_a_new_boot_begins_anew(journal: Journal) -> None:
    computer = Computer(journal, -300.0)
    clock = computer.program()
    computer.push(clock)
    assert log(clock)

    computer.boot = "another boot"
    clock = computer.program()
    assert clock.error(NOW) is None
    computer.push(clock)

    assert log(clock)


def test_without_the_name_of_the_boot_nothing_is_kept_but_that_it_was_told(
    journal: Journal,
) -> None:
    """What was learned may be of an earlier boot, with another scale of time."""
    computer = Computer(journal, -300.0)
    computer.boot = ""
    clock = computer.program()
    computer.push(clock)
    assert log(clock)
    assert clock.error(NOW) is not None

    other = computer.program()

    assert other.error(NOW) is None
    computer.push(other)
    assert not log(other)
