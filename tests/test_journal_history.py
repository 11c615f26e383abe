"""However long the log, what is asked of it takes no more than of a short one."""

from pathlib import Path

import pytest

from tests.factories import NOW, recorded
from tests.fakes import FakeClock
from tests.long_log import HISTORY, Question, fill, questions
from watcher.journal.log import Journal

SHORT = 300
LONG = 10 * SHORT
EACH = 10
"""Instructions of SQLite's machine that are counted as one step."""

STEPS = 3
"""What the depth of an index, and the page where a row happens to lie, make up."""


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Make a log with a short history, and one with a long one."""
    folder = tmp_path_factory.mktemp("logs")
    paths = folder / "short.db", folder / "long.db"
    for path, count in zip(paths, (SHORT, LONG), strict=True):
        fill(path, count, NOW)
    return paths


def steps(path: Path, ask: Question) -> int:
    """Return how many steps SQLite takes to answer, while one attempt is alive."""
    count = 0

    def note() -> int:
        nonlocal count
        count += 1
        return 0

    with Journal.open(path, clock=FakeClock(NOW).boot_clock()) as journal:
        known = journal.live(NOW)
        ident = (known[0] if known else recorded(journal)).id
        connection = journal._database._connection
        connection.set_progress_handler(note, EACH)
        ask(journal, ident)
        connection.set_progress_handler(None, EACH)
    return count


@pytest.mark.parametrize("name", questions(NOW))
def test_a_question_takes_as_many_steps_in_a_long_log(
    logs: tuple[Path, Path], name: str
) -> None:
    ask = questions(NOW)[name]
    short, long = (steps(path, ask) for path in logs)

    assert long <= short + STEPS


def test_a_slice_of_upkeep_takes_as_many_steps_in_a_long_log(
    logs: tuple[Path, Path],
) -> None:
    def prune(journal: Journal, _: int) -> None:
        assert journal.prune(NOW - HISTORY / 2, at_most=50)

    short, long = (steps(path, prune) for path in logs)

    assert long <= short * 1.2
