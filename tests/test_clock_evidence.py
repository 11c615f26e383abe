"""A clock is called wrong only with a proof, and with one it always is."""

from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.test_deadline import (
    ARRIVED_S,
    DAY_S,
    EPOCH_S,
    WINDOW_S,
    World,
    gaps,
    zones,
)
from watcher.timing.deadline import Machine, Times, find_deadline
from watcher.timing.evidence import FRESH_S, Evidence

RIGHT_S = 5.0
"""By how much a clock that is right may be wrong."""

PROMPT_S = 3.0


@dataclass(frozen=True)
class Story:
    """Mails that come one after another, to a machine that learns from each."""

    world: World
    evidence: Evidence = field(default_factory=Evidence)

    def machine(self, now_s: float) -> Machine:
        return self.world.machine(now_s)

    def see(
        self,
        attempted_s: float,
        arrived_s: float,
        absent_s: float | None,
        *,
        seen_s: float | None = None,
        account: str = "home",
    ) -> "Story":
        seen_s = arrived_s + 0.2 if seen_s is None else seen_s
        times = self.world.times(attempted_s, arrived_s, seen_s, absent_s)
        learned = self.evidence.learned(account, times, self.machine(seen_s))
        return replace(self, evidence=learned)

    def push(
        self, at_s: float, transit_s: float, gap_s: float, account: str = "home"
    ) -> "Story":
        return self.see(at_s - transit_s, at_s, at_s - gap_s, account=account)

    def move(self, arrived_s: float, at_s: float, gap_s: float) -> "Story":
        return self.see(arrived_s - 2, arrived_s, at_s - gap_s, seen_s=at_s + 0.2)

    def error_s(self, now_s: float) -> float | None:
        return self.evidence.error_s(self.machine(now_s))


right = st.floats(-RIGHT_S, RIGHT_S)
transits = st.floats(0.0, 85.0)
prompt = st.floats(0.0, PROMPT_S)
off_servers = st.one_of(st.just(0.0), zones, st.floats(-DAY_S, DAY_S))
synchronised = st.sampled_from([True, False, None])
wrong = st.one_of(st.floats(-400 * DAY_S, -96.0), st.floats(96.0, 400 * DAY_S))


@given(
    machine_s=right,
    server_s=off_servers,
    is_synchronised=synchronised,
    mails=st.lists(
        st.tuples(st.floats(0.0, DAY_S), transits, st.floats(0.05, 900.0)), max_size=6
    ),
)
def test_a_clock_that_is_right_is_never_called_wrong(
    machine_s: float,
    server_s: float,
    is_synchronised: bool | None,
    mails: list[tuple[float, float, float]],
) -> None:
    """Whatever the server's clock shows, and however long the mails take."""
    story = Story(World(machine_s, server_s, is_synchronised))
    for at_s, transit_s, gap_s in sorted(mails):
        story = story.push(at_s, transit_s, gap_s)
        assert story.error_s(at_s + 1) is None


@given(
    machine_s=right,
    is_synchronised=synchronised,
    transits_s=st.lists(st.floats(40.0, DAY_S), min_size=2, max_size=4),
)
def test_mails_that_take_long_prove_nothing(
    machine_s: float, is_synchronised: bool | None, transits_s: list[float]
) -> None:
    story = Story(World(machine_s, 0.0, is_synchronised))
    for number, transit_s in enumerate(transits_s):
        story = story.push(ARRIVED_S + 600 * number, transit_s, 1.0)

    assert story.error_s(ARRIVED_S + DAY_S / 2) is None


@given(
    machine_s=right,
    is_synchronised=synchronised,
    gap_s=st.floats(0.05, 20.0),
    arrived=st.lists(st.floats(0.0, ARRIVED_S - 60.0), min_size=2, max_size=4),
    is_split=st.booleans(),
)
def test_mails_that_were_moved_here_together_are_no_proof(
    machine_s: float,
    gap_s: float,
    arrived: list[float],
    *,
    is_synchronised: bool | None,
    is_split: bool,
) -> None:
    """Also where one sync saw the first of them, and the next one the others."""
    story = Story(World(machine_s, 0.0, is_synchronised))
    for number, arrived_s in enumerate(arrived):
        at_s = ARRIVED_S + (gap_s if is_split and number else 0.0)
        story = story.move(arrived_s, at_s, gap_s)

    assert story.error_s(ARRIVED_S + 60) is None


@given(
    machine_s=right,
    is_synchronised=synchronised,
    gap_s=gaps,
    moves=st.lists(st.tuples(st.floats(60.0, DAY_S), prompt), min_size=2, max_size=4),
)
def test_mails_that_were_moved_here_one_by_one_are_no_proof(
    machine_s: float,
    is_synchronised: bool | None,
    gap_s: float,
    moves: list[tuple[float, float]],
) -> None:
    """Unless a person moves each at the same age, to the second."""
    ages = sorted(age_s for age_s, _ in moves)
    assume(all(b - a > 6.0 for a, b in pairwise(ages)))
    story = Story(World(machine_s, 0.0, is_synchronised))
    for number, (age_s, _) in enumerate(moves):
        at_s = 2 * DAY_S + 1000 * number
        story = story.move(at_s - age_s, at_s, gap_s)

    assert story.error_s(2 * DAY_S + 9000) is None


@given(
    machine_s=right,
    is_synchronised=synchronised,
    pause_s=st.floats(100.0, 10 * DAY_S),
    gap_s=gaps,
    parts=st.lists(st.floats(0.0, 1.0), min_size=2, max_size=3),
)
def test_a_clock_that_was_put_right_after_a_pause_is_not_called_wrong(
    machine_s: float,
    is_synchronised: bool | None,
    pause_s: float,
    gap_s: float,
    parts: list[float],
) -> None:
    """The time since boot leaves the pause of a virtual machine out."""
    story = Story(World(machine_s, 0.0, is_synchronised))
    story = story.push(1000.0, 1.0, gap_s).push(2000.0, 1.0, gap_s)
    later = World(machine_s + pause_s, pause_s, is_synchronised)
    story = replace(story, world=later)
    assert story.error_s(3000.0) is None
    for part in parts:  # they came while nobody could look
        times = World(0.0, pause_s * part).times(
            2999.0 + pause_s * part, 3000.0, 3000.2, 3000.0 - gap_s
        )
        learned = story.evidence.learned("home", times, later.machine(3000.2))
        story = replace(story, evidence=learned)
        assert story.error_s(3001.0) is None


@given(
    machine_s=wrong,
    transits_s=st.tuples(prompt, prompt),
    gap_s=gaps,
    apart_s=st.floats(10.0, DAY_S),
    is_synchronised=synchronised,
    accounts=st.sampled_from([("home", "home"), ("home", "work")]),
)
def test_a_clock_that_is_wrong_is_found_out_by_two_mails_at_most(
    machine_s: float,
    transits_s: tuple[float, float],
    gap_s: float,
    apart_s: float,
    is_synchronised: bool | None,
    accounts: tuple[str, str],
) -> None:
    """Behind: by one. Ahead, by the kernel's word right: by two of two accounts."""
    assume(accounts[0] != accounts[1] or not (machine_s > 0 and is_synchronised))
    story = Story(World(machine_s, 0.0, is_synchronised))
    for number, account in enumerate(accounts):
        at_s = ARRIVED_S + number * apart_s
        story = story.push(at_s, transits_s[number], gap_s, account)
        if machine_s < 0:
            assert story.error_s(at_s + 1) is not None

    found_s = story.error_s(ARRIVED_S + apart_s + 1)
    assert found_s is not None
    assert machine_s == pytest.approx(found_s, abs=RIGHT_S)


def test_a_kernel_that_vouches_for_the_clock_is_believed_against_one_account() -> None:
    story = Story(World(DAY_S, 0.0, is_synchronised=True))
    story = story.push(1000.0, 1.0, 1.0).push(2000.0, 1.0, 1.0)
    assert story.error_s(2001.0) is None

    story = story.push(3000.0, 1.0, 1.0, "work")

    assert story.error_s(3001.0) == pytest.approx(DAY_S, abs=RIGHT_S)


def test_a_clock_that_is_set_back_while_it_runs_is_known_to_be_behind() -> None:
    story = Story(World()).push(1000.0, 1.0, 1.0)

    story = replace(story, world=World(-300.0))

    assert story.error_s(2000.0) == pytest.approx(-300, abs=RIGHT_S)
    assert story.error_s(1001.0 + FRESH_S) is None


@pytest.mark.parametrize("machine_s", [-DAY_S, DAY_S])
def test_a_clock_that_was_put_right_is_not_called_wrong_any_more(
    machine_s: float,
) -> None:
    story = Story(World(machine_s, is_synchronised=False))
    story = story.push(1000.0, 1.0, 1.0).push(2000.0, 1.0, 1.0)
    assert story.error_s(2001.0) is not None
    assert story.error_s(2001.0 + 30 * DAY_S) is not None

    story = replace(story, world=World())

    assert story.error_s(2002.0) is None


def test_a_server_of_another_time_zone_alone_proves_nothing() -> None:
    story = Story(World(0.0, 9 * 3600.0, is_synchronised=False))
    story = story.push(1000.0, 1.0, 1.0).push(2000.0, 1.0, 1.0)

    assert story.error_s(2001.0) is None


def test_a_mail_without_a_date_shows_nothing() -> None:
    times = Times(None, World().times(0.0, 1.0, 2.0, 0.5).arrival)

    assert Evidence().learned("home", times, World().machine(2.0)) == Evidence()


def test_what_was_learned_is_read_again_as_it_was_written() -> None:
    story = Story(World(DAY_S, is_synchronised=False))
    story = story.push(1000.0, 1.0, 1.0).push(2000.0, 1.0, 1.0)

    assert Evidence.of(story.evidence.to_facts()) == story.evidence
    assert Evidence.of({}) == Evidence()


@given(transit_s=st.floats(0.0, DAY_S), machine_s=right)
def test_the_true_time_is_never_less_than_a_date_that_was_seen(
    transit_s: float, machine_s: float
) -> None:
    story = Story(World(machine_s)).push(2 * DAY_S, transit_s, 1.0)
    least_s = story.evidence.least_s(story.machine(2 * DAY_S + 1))

    assert least_s is not None
    assert least_s <= EPOCH_S


# What it means for the time left ------------------------------------------------------


@given(
    ahead_s=st.floats(96.0, 400 * DAY_S),
    late_s=st.floats(1.0, 200.0),
    gap_s=gaps,
    transit_s=prompt,
)
def test_once_known_the_error_gives_the_time_left_on_an_account_not_known_yet(
    ahead_s: float, late_s: float, gap_s: float, transit_s: float
) -> None:
    story = Story(World(ahead_s, is_synchronised=False))
    story = story.push(1000.0, 1.0, gap_s).push(2000.0, 1.0, gap_s)
    attempted_s, now_s = ARRIVED_S - transit_s, ARRIVED_S + late_s
    times = story.world.times(attempted_s, ARRIVED_S, now_s, None)
    machine = story.machine(now_s)
    known = story.evidence.true_time(machine)
    found = find_deadline(times, known, machine, WINDOW_S)

    assert found.is_certain
    assert abs(found.boot_s - attempted_s - WINDOW_S) < RIGHT_S


@given(
    behind_s=st.floats(0.0, 400 * DAY_S),
    age_s=st.floats(0.0, DAY_S),
    transit_s=transits,
)
def test_a_date_that_was_seen_bounds_the_time_left_of_every_other_mail(
    behind_s: float, age_s: float, transit_s: float
) -> None:
    """Never below the true end, and close to it however far the clock is behind."""
    story = Story(World(-behind_s)).push(ARRIVED_S, transit_s, 1.0)
    machine = story.machine(ARRIVED_S + 1)
    times = story.world.times(ARRIVED_S - age_s, ARRIVED_S, ARRIVED_S + 1, None)
    latest_s = story.evidence.latest_s(times, machine, WINDOW_S)

    true_s = ARRIVED_S - age_s + WINDOW_S
    assert true_s - RIGHT_S <= latest_s <= true_s + transit_s + RIGHT_S
