"""Where the guide was left is offered again as long as it can help."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.factories import NOW
from watcher.app.places import GUIDE
from watcher.guide.left import KEPT_FOR, LASTS, Left, read_left, write_left
from watcher.guide.steps import Place
from watcher.journal.log import Journal

SECOND = timedelta(seconds=1)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "events.db") as journal:
        yield journal


def test_each_app_has_a_place_of_its_own(journal: Journal) -> None:
    left = Left(Place.WAIT, NOW)
    write_left(journal, "zaim", left)
    write_left(journal, "moneyforward", Left(Place.FINISH, NOW))
    write_left(journal, "moneyforward", None)

    assert read_left(journal, "zaim") == left
    assert read_left(journal, "moneyforward") is None


@pytest.mark.parametrize(
    "kept",
    [
        *({}, {"zaim": None}, {"zaim": {"place": "moon", "at": "2026-11-26T12:00Z"}}),
        *({"zaim": {"place": "wait", "at": 7}}, {"zaim": {"place": "wait"}}),
        {"zaim": {"place": "wait", "at": "2026-11-26T12:00:00"}},
    ],
    ids=repr,
)
def test_what_cannot_be_read_is_no_place(
    journal: Journal, kept: dict[str, object]
) -> None:
    journal.put_session(GUIDE, kept)

    assert read_left(journal, "zaim") is None


@pytest.mark.parametrize(
    ("place", "age", "resumed"),
    [
        (Place.PREPARE, SECOND, None),
        (Place.WAIT, SECOND, Place.WAIT),
        (Place.WAIT, LASTS + SECOND, Place.AGAIN),
        (Place.APPROVE, LASTS, Place.APPROVE),
        (Place.APPROVE, LASTS + SECOND, Place.AGAIN),
        (Place.FINISH, LASTS + SECOND, Place.FINISH),
        (Place.AGAIN, KEPT_FOR, Place.AGAIN),
        (Place.FINISH, KEPT_FOR + SECOND, None),
        (Place.FINISH, -SECOND, None),
    ],
)
def test_a_place_is_gone_on_from_while_that_makes_sense(
    place: Place, age: timedelta, resumed: Place | None
) -> None:
    assert Left(place, NOW - age).resume(NOW) is resumed
