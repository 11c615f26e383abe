"""Which attempt a newer one stands for: the same sign-in, tried again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.cost import calls
from tests.factories import attempt
from watcher.app.succession import Succession
from watcher.events import Attempt
from watcher.recognition.claim import Kind

Changes = dict[str, Any]
"""What a claim says instead."""

OLDER = attempt(id=1)


def superseded(attempts: list[Attempt]) -> list[Attempt]:
    """Return those for which a newer one stands."""
    return [older for older, _ in Succession().superseded(attempts)]


def newer(of: Attempt = OLDER, changes: Changes | None = None) -> Attempt:
    """Return an attempt that began a minute later, with another claim."""
    at = of.began_at + timedelta(minutes=1)
    claim = replace(of.claim, **{"attempted_at": at, **(changes or {})})
    return replace(of, id=of.id + 1, claim=claim)


def test_a_newer_attempt_of_the_same_sign_in_stands_for_the_older() -> None:
    assert superseded([newer(), OLDER]) == [OLDER]
    third = newer(newer())
    assert superseded([OLDER, newer(), third]) == [OLDER, newer()]


@pytest.mark.parametrize("kinds", [(Kind.CODE, Kind.APPROVAL), (Kind.CODE, Kind.CODE)])
def test_a_code_may_stand_for_a_link_and_for_a_code(kinds: tuple[Kind, Kind]) -> None:
    ours, theirs = replace(newer(), kind=kinds[0]), replace(OLDER, kind=kinds[1])

    assert superseded([ours, theirs]) == [theirs]


@pytest.mark.parametrize(
    "other",
    [
        {"device": "Chrome Android"},
        {"near": "Osaka, Japan"},
        {"store": "amazon.com"},
        {"attempted_at": OLDER.began_at - timedelta(seconds=1)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_one_from_elsewhere_takes_nothing_away(other: Changes) -> None:
    assert OLDER not in superseded([newer(OLDER, other), OLDER])


def test_one_of_another_account_takes_nothing_away() -> None:
    origin = replace(OLDER.origin, account="work")

    assert superseded([OLDER, replace(newer(), origin=origin)]) == []


def test_what_offers_nothing_stands_for_nothing() -> None:
    unknown = replace(newer(), kind=Kind.UNKNOWN)

    assert superseded([OLDER, unknown]) == []
    assert superseded([replace(OLDER, kind=Kind.UNKNOWN), newer()]) == []


@pytest.mark.parametrize("name", ["device", "near", "store"])
def test_one_that_says_less_or_more_may_be_anybodys(name: str) -> None:
    less = newer(OLDER, {name: None})
    assert superseded([OLDER, less]) == []
    assert superseded([replace(less, id=0), newer(newer(less), {name: "x"})]) == []


def test_one_that_says_nothing_is_no_bridge_between_two_places() -> None:
    nothing = newer(OLDER, {"device": None, "near": None})
    elsewhere = newer(nothing, {"device": "Chrome", "near": "Moscow, Russia"})

    assert superseded([OLDER, nothing, elsewhere]) == []


def test_one_to_another_address_takes_nothing_away() -> None:
    ours = newer(OLDER, {"written_to": "me@example.jp"})
    theirs = newer(ours, {"written_to": "wife@example.jp"})
    known = Succession()
    for one in (ours, theirs):
        known.note(one)

    assert known.superseded([ours, theirs]) == []
    assert known.superseded([OLDER, ours]) == [(OLDER, ours)]  # nobody knows whose
    known.forget(theirs.id)
    assert known.superseded([ours, theirs]) == [(ours, theirs)]


def test_no_link_stands_for_a_code_which_may_still_be_good() -> None:
    assert superseded([replace(OLDER, kind=Kind.CODE), newer()]) == []


def test_a_report_is_about_one_sign_in_or_about_none() -> None:
    again, elsewhere = newer(), newer(newer(), {"near": "Moscow, Russia"})
    known = Succession()
    silent = replace(OLDER.claim, device=None, near=None)

    assert known.find_reported([OLDER, again], silent) == again.id
    assert known.find_reported([OLDER, again, elsewhere], silent) is None
    assert known.find_reported([OLDER, again, elsewhere], OLDER.claim) == again.id
    assert known.find_reported([elsewhere], OLDER.claim) is None
    known.note(replace(OLDER, claim=replace(OLDER.claim, written_to="me@example.jp")))
    to_wife = replace(silent, written_to="wife@example.jp")
    assert known.find_reported([OLDER], to_wife) is None


def test_of_one_instant_the_one_that_came_last_stands() -> None:
    assert superseded([OLDER, replace(OLDER, id=2)]) == [OLDER]


def test_attempts_of_different_accounts_are_not_compared() -> None:
    costs = []
    for count in (10, 20):
        known = [
            replace(OLDER, id=one, origin=replace(OLDER.origin, account=str(one)))
            for one in range(count)
        ]
        costs.append(calls(lambda known=known: superseded(known)))  # type: ignore[misc]

    few, many = costs
    assert many <= 2 * few
