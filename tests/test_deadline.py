"""The time left is never a lie, whichever of three clocks is wrong."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from watcher.events import Arrival, Seen
from watcher.timing.deadline import Machine, ServerClock, Times, find_deadline

WINDOW_S = 300.0
EPOCH_S = 1_790_000_000.0
"""The true time at boot."""
DAY_S = 86400.0
OVER_S, UNDER_S = 1.0, 5.0


def instant(seconds: float) -> datetime:
    """Return an instant as a header writes it: cut to seconds."""
    return datetime.fromtimestamp(int(seconds), UTC)


@dataclass(frozen=True)
class World:
    """What truly happens, in seconds since boot, and how wrong each clock is."""

    machine_s: float = 0.0
    server_s: float = 0.0
    is_synchronised: bool | None = True

    def machine(self, now_s: float) -> Machine:
        return Machine(now_s, EPOCH_S + self.machine_s, self.is_synchronised)

    def times(
        self,
        attempted_s: float,
        arrived_s: float,
        seen_s: float,
        absent_s: float | None,
        newest_s: float | None = None,
        saved_s: float | None = None,
    ) -> Times:
        def by_server(seconds: float) -> datetime:
            return instant(EPOCH_S + self.server_s + seconds)

        newest_at = None if newest_s is None else by_server(newest_s)
        saved_at = None if saved_s is None else by_server(saved_s)
        seen = Seen(seen_s, absent_s, newest_at)
        return Times(
            attempted_at=instant(EPOCH_S + attempted_s),
            arrival=Arrival(by_server(arrived_s), seen, saved_at),
        )

    def server_clock(self, at_s: float, gap_s: float) -> ServerClock:
        """Return what a mail taught that came earlier."""
        times = self.times(at_s - 2, at_s, at_s + 0.2, at_s - gap_s)
        clock = ServerClock.of(times.arrival)
        assert clock is not None
        return clock


def check(deadline_s: float, attempted_s: float, *, is_exact: bool = True) -> None:
    true_s = attempted_s + WINDOW_S
    assert deadline_s <= true_s + OVER_S
    if is_exact:
        assert deadline_s >= true_s - UNDER_S


transits = st.floats(0.0, 120.0)
delays = st.floats(0.0, 400.0)
gaps = st.floats(0.05, 1.5)
zones = st.sampled_from([-12, -8, -1, 1, 9]).map(lambda hours: hours * 3600.0)
wrong = st.one_of(st.floats(-400 * DAY_S, -10.0), st.floats(45.0, 400 * DAY_S))
ARRIVED_S = 10_000.0


@given(transit_s=transits, gap_s=st.floats(0.05, 900.0), late_s=delays)
def test_where_all_clocks_are_right_the_date_counts(
    transit_s: float, gap_s: float, late_s: float
) -> None:
    world, attempted_s = World(), ARRIVED_S - transit_s
    for absent_s in (ARRIVED_S - gap_s, None):
        times = world.times(attempted_s, ARRIVED_S, ARRIVED_S + 0.2, absent_s)
        found = find_deadline(times, None, world.machine(ARRIVED_S + late_s), WINDOW_S)
        check(found.boot_s, attempted_s)
        assert found.is_certain


@given(transit_s=transits, gap_s=gaps, zone_s=zones, late_s=delays)
def test_a_server_of_another_time_zone_is_not_believed(
    transit_s: float, gap_s: float, zone_s: float, late_s: float
) -> None:
    world, attempted_s = World(server_s=zone_s), ARRIVED_S - transit_s
    for server in (None, world.server_clock(5000.0, gap_s)):
        for absent_s in (ARRIVED_S - gap_s, None):
            times = world.times(attempted_s, ARRIVED_S, ARRIVED_S + 0.2, absent_s)
            found = find_deadline(
                times, server, world.machine(ARRIVED_S + late_s), WINDOW_S
            )
            check(found.boot_s, attempted_s)


@given(
    transit_s=transits,
    gap_s=gaps,
    machine_s=wrong,
    late_s=delays,
    is_seen=st.booleans(),
)
def test_an_earlier_mail_shows_how_wrong_this_machine_is(
    transit_s: float, gap_s: float, machine_s: float, late_s: float, *, is_seen: bool
) -> None:
    """Also of a mail that may have been there for long, and whatever the delay."""
    world, attempted_s = World(machine_s), ARRIVED_S - transit_s
    server = world.server_clock(5000.0, gap_s)
    absent_s = ARRIVED_S - gap_s if is_seen else None
    times = world.times(attempted_s, ARRIVED_S, ARRIVED_S + 0.2, absent_s)
    found = find_deadline(times, server, world.machine(ARRIVED_S + late_s), WINDOW_S)

    check(found.boot_s, attempted_s)
    assert found.is_certain


@given(transit_s=transits, gap_s=gaps, behind_s=st.floats(-400 * DAY_S, -60.0))
def test_a_clock_that_is_behind_is_known_by_the_first_mail_that_comes(
    transit_s: float, gap_s: float, behind_s: float
) -> None:
    world, attempted_s = World(behind_s), ARRIVED_S - transit_s
    times = world.times(attempted_s, ARRIVED_S, ARRIVED_S + 0.2, ARRIVED_S - gap_s)
    found = find_deadline(times, None, world.machine(ARRIVED_S + 1), WINDOW_S)

    check(found.boot_s, attempted_s)


@given(
    transit_s=transits,
    gap_s=gaps,
    moved_s=st.floats(60.0, 900.0),
    machine_s=st.one_of(st.just(0.0), wrong),
    is_known=st.booleans(),
)
@example(transit_s=0.0, gap_s=1.0, moved_s=60.0, machine_s=-28.0, is_known=True)
def test_a_mail_that_was_moved_here_stays_as_old_as_it_is(
    transit_s: float, gap_s: float, moved_s: float, machine_s: float, *, is_known: bool
) -> None:
    world, attempted_s = World(machine_s), ARRIVED_S - transit_s
    server = world.server_clock(5000.0, gap_s) if is_known else None
    assume(is_known or machine_s == 0.0)
    seen_s = ARRIVED_S + moved_s
    for absent_s in (seen_s - gap_s, None):
        times = world.times(attempted_s, ARRIVED_S, seen_s + 0.2, absent_s)
        found = find_deadline(times, server, world.machine(seen_s + 1), WINDOW_S)
        if found.is_certain:
            check(found.boot_s, attempted_s)
        else:  # no time is shown, and the words say that it may be over
            assert attempted_s + WINDOW_S <= seen_s + 2


@given(
    transit_s=transits,
    gap_s=gaps,
    moved_s=st.one_of(st.just(0.0), st.floats(0.0, 900.0)),
    machine_s=st.one_of(st.just(0.0), wrong),
    is_synchronised=st.booleans(),
    late_s=delays,
)
def test_a_server_that_tells_when_a_mail_was_moved_makes_the_first_one_certain(
    transit_s: float,
    gap_s: float,
    moved_s: float,
    machine_s: float,
    late_s: float,
    *,
    is_synchronised: bool,
) -> None:
    world = World(machine_s, is_synchronised=is_synchronised)
    attempted_s, saved_s = ARRIVED_S - transit_s, ARRIVED_S + moved_s
    times = world.times(
        *(attempted_s, ARRIVED_S, saved_s + 0.2, saved_s - gap_s), saved_s=saved_s
    )
    found = find_deadline(times, None, world.machine(saved_s + late_s), WINDOW_S)

    check(found.boot_s, attempted_s)
    assert found.is_certain


@given(transit_s=transits, gap_s=gaps, ahead_s=st.floats(60.0, 400 * DAY_S))
def test_a_first_mail_that_is_old_by_a_clock_that_may_lead_is_not_given_up(
    transit_s: float, gap_s: float, ahead_s: float
) -> None:
    world, attempted_s = World(ahead_s), ARRIVED_S - transit_s
    times = world.times(attempted_s, ARRIVED_S, ARRIVED_S + 0.2, ARRIVED_S - gap_s)
    now_s = ARRIVED_S + 1
    found = find_deadline(times, None, world.machine(now_s), WINDOW_S)

    assert found.boot_s > now_s
    if found.is_certain:
        assert found.boot_s <= attempted_s + WINDOW_S + OVER_S


@given(
    transit_s=transits,
    ahead_s=st.floats(60.0, 400 * DAY_S),
    late_s=st.floats(0.2, 170.0),
    newer_s=st.floats(0.0, 170.0),
)
def test_a_mail_is_not_given_up_by_a_clock_that_nobody_has_set(
    transit_s: float, ahead_s: float, late_s: float, newer_s: float
) -> None:
    """It lay there at the first sync, and another mail may have come after it."""
    assume(newer_s <= late_s)
    world = World(ahead_s, is_synchronised=False)
    attempted_s, now_s = ARRIVED_S - transit_s, ARRIVED_S + late_s
    times = world.times(attempted_s, ARRIVED_S, now_s, None, ARRIVED_S + newer_s)
    found = find_deadline(times, None, world.machine(now_s), WINDOW_S)

    assert found.boot_s > now_s
    is_over_by_clock = int(attempted_s) + WINDOW_S - ahead_s <= now_s
    if not found.is_certain:
        assert is_over_by_clock
        assert found.boot_s >= attempted_s + WINDOW_S - UNDER_S


@given(
    age_s=st.floats(WINDOW_S + OVER_S, DAY_S),
    newer_s=st.floats(0.0, DAY_S),
    is_synchronised=st.sampled_from([True, False, None]),
)
def test_a_mail_is_over_where_a_newer_one_or_the_kernel_bears_the_clock_out(
    age_s: float, newer_s: float, *, is_synchronised: bool | None
) -> None:
    assume(is_synchronised is not False or newer_s > WINDOW_S)
    world, now_s = World(is_synchronised=is_synchronised), ARRIVED_S + age_s
    newest_s = ARRIVED_S + min(newer_s, age_s)
    times = world.times(ARRIVED_S - 2, ARRIVED_S, now_s, None, newest_s)
    found = find_deadline(times, None, world.machine(now_s), WINDOW_S)

    assert found.boot_s <= now_s
    assert found.is_certain


@given(
    attempted_s=st.floats(-DAY_S, DAY_S),
    arrived_s=st.floats(-DAY_S, DAY_S),
    machine_s=st.floats(-DAY_S, DAY_S),
    server_s=st.floats(-DAY_S, DAY_S),
    gap_s=st.one_of(st.none(), st.floats(0.0, 1000.0)),
    has_date=st.booleans(),
    is_known=st.booleans(),
    is_synchronised=st.booleans(),
)
def test_never_more_than_the_window_is_left(
    attempted_s: float,
    arrived_s: float,
    machine_s: float,
    server_s: float,
    gap_s: float | None,
    *,
    has_date: bool,
    is_known: bool,
    is_synchronised: bool,
) -> None:
    world = World(machine_s, server_s, is_synchronised)
    absent_s = None if gap_s is None else ARRIVED_S - gap_s
    times = world.times(attempted_s, arrived_s, ARRIVED_S, absent_s)
    if not has_date:
        times = Times(None, times.arrival)
    server = world.server_clock(5000.0, 1.0) if is_known else None

    found = find_deadline(times, server, world.machine(ARRIVED_S), WINDOW_S)

    assert found.boot_s <= ARRIVED_S + WINDOW_S


# What is known of a server's clock ----------------------------------------------------


def test_more_mails_tell_more_exactly_what_the_server_shows() -> None:
    world = World(server_s=7.0)
    wide, narrow = world.server_clock(100.0, 15.0), world.server_clock(200.0, 0.5)
    joined = wide.joined(narrow)

    assert joined.most_s - joined.least_s <= narrow.most_s - narrow.least_s
    assert joined.least_s <= EPOCH_S + 7.0 <= joined.most_s


def test_a_moved_mail_does_not_put_the_servers_clock_back() -> None:
    known = World().server_clock(100.0, 1.0)
    moved = World(server_s=-600.0).server_clock(200.0, 1.0)

    assert known.joined(moved) == known


def test_a_server_whose_clock_was_put_forward_is_known_by_its_newest_mail() -> None:
    known = World().server_clock(100.0, 1.0)
    newer = World(server_s=600.0).server_clock(200.0, 1.0)

    assert known.joined(newer) == newer


@pytest.mark.parametrize("hours", [-12, -1, 9])
def test_a_mail_that_may_have_been_there_for_long_shows_nothing(hours: int) -> None:
    times = World(server_s=hours * 3600.0).times(1.0, 2.0, 3.0, None)

    assert ServerClock.of(times.arrival) is None
