"""Every instant that is kept survives a clock that is set, or is wrong, or both."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import NOW, WINDOW, recorded
from tests.fakes import FakeClock, posix_only
from watcher.clock import STEP_S
from watcher.errors import JournalUnusable
from watcher.events import Attempt, Event, EventName, Expectation
from watcher.journal.carry import put_carried, read_carried
from watcher.journal.database import Database
from watcher.journal.log import DELIVERY_LEASE, Journal
from watcher.journal.reader import JournalReader

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
WRONG_BY = [-DAY, -5 * MINUTE, 5 * MINUTE, DAY, 400 * DAY]

wrong = pytest.mark.parametrize("wrong_by", WRONG_BY)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.db"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def journal(path: Path, clock: FakeClock) -> Iterator[Journal]:
    with Journal.open(path, clock=clock.boot_clock()) as journal:
        yield journal


def arm(journal: Journal, clock: FakeClock, span: timedelta) -> None:
    journal.append(EventName.ARMED, at=clock.now, about=Expectation(clock.now + span))


Query = Callable[[JournalReader, FakeClock], list[Event[Attempt]]]
QUERIES: list[Query] = [
    lambda journal, clock: journal.live(clock.now),
    lambda journal, clock: journal.unanswered(clock.now),
    lambda journal, clock: journal.unnotified(clock.now, 3),
]


# The clock is set ---------------------------------------------------------------------


@wrong
@pytest.mark.parametrize("query", QUERIES)
def test_an_attempt_has_the_time_that_it_truly_has(
    journal: Journal, clock: FakeClock, query: Query, wrong_by: timedelta
) -> None:
    recorded(journal)
    clock.rest(MINUTE)
    clock.set_by(wrong_by)

    (event,) = query(journal, clock)
    assert event.about.time_left(clock.now) == WINDOW - MINUTE
    assert event.about.is_deadline_known
    assert event.at == clock.now - MINUTE

    clock.rest(WINDOW - MINUTE)
    assert query(journal, clock) == []


@wrong
def test_an_attempt_expires_when_it_is_over_and_not_before(
    journal: Journal, clock: FakeClock, wrong_by: timedelta
) -> None:
    recorded(journal)
    clock.set_by(wrong_by)
    assert journal.expire(clock.now) == []

    clock.rest(WINDOW)
    assert [one.expires_at for one in journal.expire(clock.now)] == [clock.now]


@given(steps=st.lists(st.sampled_from([*WRONG_BY, -400 * DAY, 3 * SECOND])))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_number_of_steps_leaves_the_time_that_is_left(
    tmp_path: Path, steps: list[timedelta]
) -> None:
    clock = FakeClock(NOW)
    (tmp_path / "events.db").unlink(missing_ok=True)
    with Journal.open(tmp_path / "events.db", clock=clock.boot_clock()) as journal:
        event = recorded(journal)
        arm(journal, clock, WINDOW)
        for step in steps:
            clock.set_by(step)
            clock.rest(SECOND)
            journal.append(EventName.REMINDED, at=clock.now, about=event.about)
        left = WINDOW - len(steps) * SECOND

        (live,) = journal.live(clock.now)
        until = journal.armed_until(clock.now)

    assert live.about.time_left(clock.now) == left
    assert until is not None
    assert until - clock.now == left


@wrong
def test_a_lease_lasts_as_long_as_it_does(
    journal: Journal, clock: FakeClock, wrong_by: timedelta
) -> None:
    attempt_id = recorded(journal).id
    assert journal.acquire_lease(attempt_id, clock.now)
    clock.set_by(wrong_by)

    assert not journal.acquire_lease(attempt_id, clock.now)
    clock.rest(DELIVERY_LEASE - SECOND)
    assert not journal.acquire_lease(attempt_id, clock.now)
    clock.rest(SECOND)
    assert journal.acquire_lease(attempt_id, clock.now)


@wrong
def test_a_sign_in_is_expected_as_long_as_the_user_said(
    journal: Journal, clock: FakeClock, wrong_by: timedelta
) -> None:
    arm(journal, clock, MINUTE)
    clock.set_by(wrong_by)

    assert journal.armed_until(clock.now) == clock.now + MINUTE
    clock.rest(MINUTE)
    assert not journal.is_armed(clock.now)


@wrong
def test_a_rate_counts_the_last_hour(
    journal: Journal, clock: FakeClock, wrong_by: timedelta
) -> None:
    recorded(journal, event=EventName.UNVERIFIED)
    clock.set_by(wrong_by)

    def count() -> int:
        return journal.count(EventName.UNVERIFIED, clock.now, HOUR)

    assert count() == 1
    clock.rest(HOUR)
    assert count() == 1
    clock.rest(SECOND)
    assert count() == 0


def test_a_rate_does_not_count_what_lies_ahead(
    journal: Journal, clock: FakeClock, path: Path
) -> None:
    clock.set_by(DAY)
    journal.append(EventName.UNVERIFIED, at=clock.now)
    clock.reboot(MINUTE, wrong_by=-DAY)

    with Journal.open(path, clock=clock.boot_clock()) as later:
        assert later.count(EventName.UNVERIFIED, clock.now, HOUR) == 0


@wrong
def test_the_log_is_pruned_and_asked_by_true_age(
    journal: Journal, clock: FakeClock, wrong_by: timedelta
) -> None:
    journal.append(EventName.STARTED, at=clock.now)
    clock.set_by(wrong_by)
    clock.rest(HOUR)

    journal.prune(clock.now - HOUR)
    assert len(list(journal.events(since=clock.now - HOUR))) == 1
    assert list(journal.events(since=clock.now - HOUR + SECOND)) == []
    journal.prune(clock.now - HOUR + SECOND)
    assert list(journal.events()) == []


def test_only_boots_of_which_there_are_events_are_kept_in_mind(
    journal: Journal, clock: FakeClock, path: Path
) -> None:
    journal.append(EventName.STARTED, at=clock.now)
    clock.reboot(DAY)
    with Journal.open(path, clock=clock.boot_clock()) as later:
        later.append(EventName.STARTED, at=clock.now)
        clock.rest(DAY)
        while later.prune(clock.now):
            pass

    with closing(sqlite3.connect(path)) as connection:
        kept = connection.execute("SELECT boot FROM boots").fetchall()
    assert kept == [(clock.boot_clock().boot,)]


def test_a_clock_that_is_corrected_bit_by_bit_moves_nothing(
    journal: Journal, clock: FakeClock
) -> None:
    event = recorded(journal)
    clock.set_by(timedelta(seconds=STEP_S - 0.1))

    assert journal.live(clock.now) == [event]


# Two programs -------------------------------------------------------------------------


@wrong
def test_a_program_whose_clock_is_wrong_reads_the_same_time_left(
    journal: Journal, clock: FakeClock, path: Path, wrong_by: timedelta
) -> None:
    attempt_id = recorded(journal).id
    arm(journal, clock, MINUTE)
    assert journal.acquire_lease(attempt_id, clock.now)
    other_clock = clock.boot_clock(wrong_by=wrong_by)
    its_now = clock.now + wrong_by

    with Journal.open(path, clock=other_clock) as other:
        (event,) = other.live(its_now)
        assert event.about.time_left(its_now) == WINDOW
        assert other.armed_until(its_now) == its_now + MINUTE
        assert not other.acquire_lease(attempt_id, its_now)
        second = recorded(other, 2, at=its_now)
    assert journal.live(clock.now)[-1].about.time_left(clock.now) == WINDOW
    assert journal.live(clock.now)[-1].id == second.id


def test_what_the_system_gives_no_name_to_is_a_boot_of_each_program(
    path: Path,
) -> None:
    clock = FakeClock(NOW, boot="")
    with Journal.open(path, clock=clock.boot_clock()) as journal:
        recorded(journal)
        clock.set_by(-DAY)
        (own,) = journal.live(clock.now)
        with Journal.open(path, clock=clock.boot_clock()) as other:
            (others,) = other.live(clock.now)

    assert own.about.time_left(clock.now) == WINDOW
    assert not others.about.is_deadline_known


# Another boot -------------------------------------------------------------------------


def test_an_instant_of_another_boot_stands_as_it_was_written(
    journal: Journal, clock: FakeClock, path: Path
) -> None:
    recorded(journal)
    clock.reboot(MINUTE)

    with Journal.open(path, clock=clock.boot_clock()) as later:
        (event,) = later.live(clock.now)

    assert event.about.is_deadline_known
    assert event.about.time_left(clock.now) == WINDOW - MINUTE


@pytest.mark.parametrize("wrong_by", [-400 * DAY, -DAY, -5 * MINUTE])
def test_what_lies_ahead_may_be_over_and_ends_within_its_window(
    journal: Journal, clock: FakeClock, path: Path, wrong_by: timedelta
) -> None:
    recorded(journal)
    arm(journal, clock, MINUTE)
    clock.reboot(MINUTE, wrong_by=wrong_by)
    boot_clock = clock.boot_clock()

    reader = JournalReader.read(path, boot_clock)
    assert reader is not None
    with reader:
        (event,) = reader.live(clock.now)
        assert not event.about.is_deadline_known
        assert event.about.time_left(clock.now) == WINDOW
        assert not reader.is_armed(clock.now)
    with Journal.open(path, clock=boot_clock) as later:
        assert later.expire(clock.now) == []
        clock.rest(WINDOW - SECOND)
        assert later.expire(clock.now) == []
        assert not later.live(clock.now)[0].about.is_deadline_known
        clock.set_by(-wrong_by)
        assert len(later.live(clock.now)) == 1
        clock.rest(SECOND)
        assert len(later.expire(clock.now)) == 1


@wrong
def test_what_was_stored_anew_in_this_boot_is_asked_for_by_true_age(
    journal: Journal, clock: FakeClock, path: Path, wrong_by: timedelta
) -> None:
    recorded(journal)
    clock.reboot(MINUTE, wrong_by=-DAY)

    with Journal.open(path, clock=clock.boot_clock()) as later:
        assert later.expire(clock.now) == []
        clock.set_by(wrong_by)
        clock.rest(MINUTE)
        assert len(list(later.events(since=clock.now - MINUTE))) == 1
        assert list(later.events(since=clock.now - MINUTE + SECOND)) == []


# Another file -------------------------------------------------------------------------


def test_what_is_carried_is_known_again_after_a_step(
    journal: Journal, clock: FakeClock, path: Path
) -> None:
    attempt_id = recorded(journal).id
    assert journal.acquire_lease(attempt_id, clock.now)
    journal.remember()
    clock.set_by(DAY)

    journal.restore()

    assert len(list(journal.events())) == 1
    with closing(Database.open(path.with_name("new.db"), clock.boot_clock())) as new:
        put_carried(new, read_carried(journal._database))
        other = Journal(new)
        (event,) = other.live(clock.now)
        assert event.about.time_left(clock.now) == WINDOW
        assert not other.acquire_lease(attempt_id, clock.now)


@posix_only("Windows lets nobody move or delete a file that is open")
def test_another_file_is_read_by_the_same_clock(path: Path) -> None:
    clock = FakeClock(NOW, boot="")
    with Journal.open(path, clock=clock.boot_clock()) as journal:
        recorded(journal)
        journal.remember()
        path.rename(path.with_name("moved.db"))
        journal.reopen()
        clock.set_by(DAY)

        (event,) = journal.live(clock.now)

    assert event.about.time_left(clock.now) == WINDOW


# Odd scales ---------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["boot", "at_boot"])
@pytest.mark.parametrize("value", ["'text'", "NULL", "1.5", "x'00'"])
def test_an_odd_scale_hides_no_event(
    journal: Journal, path: Path, column: str, value: str
) -> None:
    recorded(journal)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE events SET {column} = {value}")

    with pytest.raises(JournalUnusable, match="cannot be read"):
        list(journal.events())
    with pytest.raises(JournalUnusable, match="cannot be read"):
        journal.check()


def test_an_odd_clock_of_this_boot_hides_no_event(
    journal: Journal, clock: FakeClock, path: Path
) -> None:
    journal.append(EventName.UNVERIFIED, at=clock.now)
    clock.set_by(DAY)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE boots SET least = 'text'")

    assert journal.count(EventName.UNVERIFIED, clock.now, HOUR) == 1


def test_an_odd_lease_is_none(journal: Journal, clock: FakeClock, path: Path) -> None:
    attempt_id = recorded(journal).id
    assert journal.acquire_lease(attempt_id, clock.now)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE deliveries SET at_boot = 'text'")

    assert journal.acquire_lease(attempt_id, clock.now)
