"""A clock that may be wrong deletes nothing from the log."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.factories import NOW
from tests.fakes import FakeClock
from watcher.app.prune import LEAST_AT_ONCE, PRUNE_EVERY, STEP_S, Pruner
from watcher.clock import ClockStepDetector, boot_id
from watcher.events import EventName
from watcher.journal.log import PRUNED_AT_ONCE, Journal

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
KEEP = 30 * DAY
JUMP = timedelta(seconds=4)


class Machine:
    """A machine with an event that is young, and one that is old."""

    def __init__(self, path: Path, *, is_synchronised: bool = True) -> None:
        self.clock = FakeClock(NOW)
        self.journal = Journal.open(path)
        self.is_synchronised = is_synchronised
        self.journal.append(EventName.STARTED, at=NOW - KEEP - DAY)
        self.journal.append(EventName.STOPPED, at=NOW - KEEP + DAY)
        self.start()

    def start(self) -> None:
        """Let the daemon start by the clock as it is."""
        self._pruner = Pruner(
            self.journal,
            KEEP,
            clock_step=ClockStepDetector(self.clock.wall, self.clock.boottime_s),
            boottime_s=self.clock.boottime_s,
            is_synchronised=lambda: self.is_synchronised,
        )

    def prune(self) -> list[EventName]:
        """Let the hour of it come; return what is left."""
        self._pruner.prune(self.clock.now)
        return [event.event for event in self.journal.events()]

    def see_server(self, wrong_by: timedelta = timedelta(0)) -> None:
        """Learn a mail server's clock, which may be wrong."""
        shown = self.clock.now + wrong_by
        at_boot_s = shown.timestamp() - self.clock.boot_s
        self.journal.put_server_clock("home", boot_id(), at_boot_s - 1, at_boot_s + 1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.db"


@pytest.fixture
def machine(path: Path) -> Iterator[Machine]:
    machine = Machine(path)
    with machine.journal:
        yield machine


@pytest.fixture
def doubtful(path: Path) -> Iterator[Machine]:
    """Give a machine whose clock no server has set."""
    machine = Machine(path, is_synchronised=False)
    with machine.journal:
        yield machine


YOUNG = [EventName.STOPPED]
BOTH = [EventName.STARTED, EventName.STOPPED]


def test_what_is_old_is_deleted(machine: Machine) -> None:
    machine.clock.rest(PRUNE_EVERY)

    assert machine.prune() == YOUNG


def test_a_jump_of_400_days_for_four_seconds_deletes_nothing(machine: Machine) -> None:
    machine.clock.rest(PRUNE_EVERY)
    machine.clock.set_by(400 * DAY)
    assert machine.prune() == BOTH
    machine.clock.rest(JUMP)
    machine.clock.set_by(-400 * DAY)

    machine.clock.rest(PRUNE_EVERY - JUMP)
    assert machine.prune() == BOTH
    machine.clock.rest(PRUNE_EVERY)
    assert machine.prune() == YOUNG


def test_a_clock_that_leads_at_the_start_and_is_corrected_deletes_nothing(
    machine: Machine,
) -> None:
    machine.clock.set_by(400 * DAY)
    machine.start()
    machine.clock.rest(PRUNE_EVERY / 2)
    machine.clock.set_by(-400 * DAY)
    machine.clock.rest(PRUNE_EVERY / 2)

    assert machine.prune() == BOTH


def test_a_clock_that_leads_for_hours_deletes_nothing_if_no_server_set_it(
    doubtful: Machine,
) -> None:
    machine = doubtful
    machine.clock.set_by(400 * DAY)
    machine.start()
    machine.clock.rest(PRUNE_EVERY)

    assert machine.prune() == BOTH


def test_a_clock_that_a_mail_server_contradicts_deletes_nothing(
    machine: Machine,
) -> None:
    machine.see_server(wrong_by=-400 * DAY)
    machine.clock.rest(PRUNE_EVERY)

    assert machine.prune() == BOTH


@pytest.mark.parametrize("wrong_by", [timedelta(0), 50 * MINUTE, -50 * MINUTE])
def test_a_clock_that_a_mail_server_bears_out_need_not_be_synchronised(
    doubtful: Machine, wrong_by: timedelta
) -> None:
    machine = doubtful
    machine.see_server(wrong_by)
    machine.clock.rest(PRUNE_EVERY)

    assert machine.prune() == YOUNG


def test_the_longer_it_takes_the_less_is_deleted_at_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []
    prune, seconds = Journal.prune, 0.0

    def slow(journal: Journal, before: datetime, *, at_most: int) -> bool:
        nonlocal seconds
        steps.append(at_most)
        seconds += takes_s
        return prune(journal, before, at_most=at_most)

    monkeypatch.setattr(Journal, "prune", slow)
    with Journal.open(path) as journal:
        pruner = Pruner(
            journal, KEEP, is_synchronised=lambda: True, clock_s=lambda: seconds
        )
        takes_s = 2 * STEP_S
        for _ in range(6):
            pruner.prune(NOW)
        takes_s = STEP_S / 2
        for _ in range(6):
            pruner.prune(NOW)

    assert steps[:4] == [PRUNED_AT_ONCE // 2**power for power in range(4)]
    assert steps[5:7] == [LEAST_AT_ONCE, LEAST_AT_ONCE]
    assert steps[-1] == PRUNED_AT_ONCE
