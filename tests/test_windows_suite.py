"""How long a piece of the suite under Wine is waited for, and what counts as failed."""

import json
from pathlib import Path

import pytest

from tests.windows_suite import (
    END_S,
    ROUNDS,
    SILENCE_S,
    Patience,
    Piece,
    dealt,
    in_order,
)

ROOT = Path(__file__).parent.parent
START_S, DEADLINE_S = 100.0, 10_000.0


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "piece.report"


@pytest.fixture
def patience(report: Path) -> Patience:
    """Give one that has looked at the report once."""
    patience = Patience(DEADLINE_S)
    assert not patience.has_ended(START_S, report)
    return patience


def write(report: Path, outcome: str, *tests: str) -> None:
    """Write down that this became of these tests."""
    with report.open("a", encoding="utf-8") as file:
        for test in tests:
            file.write(json.dumps({"test": test, "outcome": outcome}) + "\n")


def test_a_piece_that_writes_nothing_down_is_ended(
    patience: Patience, report: Path
) -> None:
    assert not patience.has_ended(START_S + SILENCE_S, report)
    assert patience.has_ended(START_S + SILENCE_S + 1, report)


def test_a_piece_that_writes_is_waited_for_however_long_it_is(
    patience: Patience, report: Path
) -> None:
    write(report, "", "a", "b")
    for number in range(1, 20):
        write(report, "started", "a")
        assert not patience.has_ended(START_S + number * SILENCE_S, report)


def test_at_the_deadline_a_piece_is_ended_though_it_writes(
    patience: Patience, report: Path
) -> None:
    write(report, "", "a")

    assert patience.has_ended(DEADLINE_S + 1, report)


def test_what_has_reported_all_is_not_waited_for_long(
    patience: Patience, report: Path
) -> None:
    write(report, "", "a", "b")
    write(report, "passed", "a")
    now_s = START_S + 1
    assert not patience.has_ended(now_s, report)
    assert not patience.has_ended(now_s + END_S + 1, report)

    write(report, "skipped", "b")

    assert not patience.has_ended(now_s + END_S + 2, report)
    assert patience.has_ended(now_s + 2 * END_S + 3, report)


def test_a_test_that_was_running_at_two_ends_has_failed_and_at_one_has_not(
    report: Path,
) -> None:
    write(report, "", "a", "b", "c")
    write(report, "started", "a", "b")
    write(report, "passed", "b")
    assert Piece.read(report).of("failed") == []

    write(report, "started", "a")

    piece = Piece.read(report)
    assert [one["test"] for one in piece.of("failed")] == ["a"]
    assert not piece.is_complete


def test_every_file_of_the_suite_is_run_and_none_that_is_not_there() -> None:
    run = [one.partition("::")[0] for one in in_order(ROOT)]

    there = [f"tests/{one.name}" for one in (ROOT / "tests").glob("test_*.py")]
    assert sorted({*run}) == sorted(there)
    assert len({*in_order(ROOT)}) == len(in_order(ROOT))


def test_each_file_is_dealt_to_one_piece_and_the_first_pieces_are_the_longest() -> None:
    files = [str(number) for number in range(2 * sum(ROUNDS))]
    pieces = dealt(files)

    assert sorted(file for piece in pieces for file in piece) == sorted(files)
    assert len(pieces) == max(ROUNDS)
    lengths = [len(piece) for piece in pieces]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] < lengths[0]


def test_what_failed_is_run_once_more_in_a_piece_of_its_own() -> None:
    assert dealt(["a", "b"]) == [["a"], ["b"]]
