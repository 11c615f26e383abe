"""Each guide ends its own expectation, and no other's."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from watcher.app.silence import BY_GUIDE
from watcher.clock import BootClock, utc_now
from watcher.events import EventName, Expectation
from watcher.guide.expectation import OwnExpectation
from watcher.guide.walk import WAIT_FOR
from watcher.journal.log import Journal

MINUTE = timedelta(minutes=1)
NOW = utc_now().replace(microsecond=0)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "events.db") as opened:
        yield opened


def say(journal: Journal, span: timedelta, now: datetime) -> None:
    """Expect a sign-in as `watcher expect` does."""
    journal.append(EventName.ARMED, at=now, about=Expectation(now + span))


def names(journal: Journal) -> list[str]:
    return [event.event.value for event in journal.events()]


@pytest.mark.parametrize("ends_first", [0, 1])
def test_the_guide_that_ends_first_leaves_the_other_armed(
    journal: Journal, ends_first: int
) -> None:
    guides = OwnExpectation(journal), OwnExpectation(journal)
    for number, guide in enumerate(guides):
        guide.begin(NOW + number * MINUTE)
    now = NOW + 2 * MINUTE

    first, last = guides[ends_first], guides[1 - ends_first]
    assert first.have_others(now)
    first.end(now)

    kept = journal.arming(now)
    assert kept is not None
    assert kept.about.until == NOW + (1 - ends_first) * MINUTE + WAIT_FOR
    assert kept.detail == BY_GUIDE
    assert not last.have_others(now)
    last.end(now)
    assert not journal.is_armed(now)


def test_three_guides_end_in_any_order(journal: Journal) -> None:
    guides = [OwnExpectation(journal) for _ in range(3)]
    for number, guide in enumerate(guides):
        guide.begin(NOW + number * MINUTE)
        guide.begin(NOW + number * MINUTE + MINUTE / 2)  # at the next step
    now = NOW + 3 * MINUTE

    for guide in (guides[2], guides[0]):
        guide.end(now)
        assert journal.is_armed(now)
    guides[1].end(now)
    assert not journal.is_armed(now)


def test_what_the_user_says_meanwhile_outlasts_the_guide(journal: Journal) -> None:
    guide = OwnExpectation(journal)
    guide.begin(NOW)
    say(journal, 30 * MINUTE, NOW + MINUTE)

    guide.end(NOW + 2 * MINUTE)

    assert journal.armed_until(NOW + 2 * MINUTE) == NOW + 31 * MINUTE
    arming = journal.arming(NOW + 2 * MINUTE)
    assert arming is not None
    assert arming.detail is None


def test_what_the_user_said_for_a_shorter_time_comes_to_its_own_end(
    journal: Journal,
) -> None:
    say(journal, 3 * MINUTE, NOW)
    guide = OwnExpectation(journal)
    guide.begin(NOW)
    assert journal.armed_until(NOW) == NOW + WAIT_FOR

    guide.end(NOW + MINUTE)

    assert journal.armed_until(NOW + MINUTE) == NOW + 3 * MINUTE


def test_the_users_last_word_holds(journal: Journal) -> None:
    say(journal, 60 * MINUTE, NOW)
    say(journal, MINUTE, NOW)
    guide = OwnExpectation(journal)
    guide.begin(NOW)

    guide.end(NOW + 2 * MINUTE)

    assert not journal.is_armed(NOW + 2 * MINUTE)


def test_what_the_user_calls_off_is_over_for_every_guide(journal: Journal) -> None:
    guides = OwnExpectation(journal), OwnExpectation(journal)
    for guide in guides:
        guide.begin(NOW)
    journal.append(EventName.DISARMED, at=NOW + MINUTE)
    before = names(journal)

    for guide in guides:
        assert not guide.have_others(NOW + MINUTE)
        guide.end(NOW + MINUTE)

    assert names(journal) == before


def test_where_one_is_expected_for_longer_nothing_is_written(journal: Journal) -> None:
    say(journal, 60 * MINUTE, NOW)
    guide = OwnExpectation(journal)
    guide.begin(NOW)
    guide.end(NOW)

    assert guide.have_others(NOW)
    assert names(journal) == ["armed"]


def test_an_expectation_that_is_over_is_not_ended_again(journal: Journal) -> None:
    guide = OwnExpectation(journal)
    guide.begin(NOW)
    guide.end(NOW + WAIT_FOR + MINUTE)

    assert names(journal) == ["armed"]


def test_a_clock_that_is_set_hides_no_guide_from_itself(tmp_path: Path) -> None:
    ahead = [0.0]
    clock = BootClock(
        wall=lambda: NOW + timedelta(seconds=ahead[0]), boottime_s=lambda: 0.0, boot="b"
    )
    with Journal.open(tmp_path / "events.db", clock=clock) as journal:
        guide = OwnExpectation(journal)
        guide.begin(NOW)
        ahead[0] = 3600.0
        later = NOW + timedelta(hours=1)
        assert journal.is_armed(later)

        guide.end(later)

        assert not journal.is_armed(later)
