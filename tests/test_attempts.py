"""Deadlines stay honest when somebody sets the machine's clock."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.factories import NOW, WINDOW, new_event
from tests.fakes import RecordingChannel
from watcher.app.attempts import AttemptTracker
from watcher.app.notifier import Notifier, NotifierSettings
from watcher.app.queue import QueueItem, Scheduler
from watcher.clock import ClockStepDetector
from watcher.events import EventName
from watcher.i18n import Language
from watcher.journal import Journal
from watcher.notify.delivery import Delivery


@dataclass(slots=True)
class Machine:
    """A machine with an attempt that is alive, and two clocks."""

    journal: Journal
    attempts: AttemptTracker
    now: datetime = NOW
    elapsed_s: float = 1000.0
    put: list[QueueItem] = field(default_factory=list)

    def rest(self, span: timedelta) -> None:
        """Let time pass on both clocks, as it does also in suspend."""
        self.now += span
        self.elapsed_s += span.total_seconds()

    def deadline(self) -> datetime | None:
        """Return when the one attempt is over by the log."""
        (event,) = self.journal.live(self.now)
        return event.about.expires_at


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with Journal.open(tmp_path / "events.db") as journal:
        settings = NotifierSettings(language=Language.EN, notify_unverified=True)
        notifier = Notifier(journal, Delivery([RecordingChannel()]), settings)
        journal.record(new_event())
        machine = Machine(journal, None)  # type: ignore[arg-type]  # the clock reads it
        clock = ClockStepDetector(lambda: machine.now, lambda: machine.elapsed_s)
        scheduler = Scheduler(machine.put.append)
        machine.attempts = AttemptTracker(journal, notifier, scheduler, (), clock)
        yield machine


@pytest.mark.parametrize("step", [timedelta(minutes=3), timedelta(minutes=-3)])
def test_a_deadline_moves_with_a_clock_that_is_set(
    machine: Machine, step: timedelta
) -> None:
    machine.rest(timedelta(seconds=30))
    machine.now += step
    machine.attempts.tick(machine.now)

    assert machine.deadline() == NOW + WINDOW + step


def test_a_deadline_stands_while_the_machine_sleeps(machine: Machine) -> None:
    machine.rest(timedelta(minutes=4))
    machine.attempts.tick(machine.now)

    assert machine.deadline() == NOW + WINDOW


def test_small_corrections_add_up_to_a_step(machine: Machine) -> None:
    for _ in range(5):
        machine.now += timedelta(seconds=0.5)
        machine.attempts.tick(machine.now)

    moved = machine.deadline()
    assert moved is not None
    assert timedelta(0) < moved - (NOW + WINDOW) <= timedelta(seconds=2.5)


def test_what_is_over_stays_over_when_the_clock_goes_back(machine: Machine) -> None:
    machine.rest(WINDOW)
    machine.attempts.expire(machine.now)
    machine.now -= timedelta(minutes=3)
    machine.attempts.tick(machine.now)

    assert machine.journal.live(machine.now) == []
    assert machine.journal.count(EventName.EXPIRED, NOW - WINDOW) == 1
