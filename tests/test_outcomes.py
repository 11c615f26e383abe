"""How attempts ended is noted as the user says it, and summed up."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.environment import Home
from tests.factories import NOW, recorded
from watcher.app.outcomes import Outcome, Outcomes, note_outcome, read_outcomes
from watcher.cli.arguments import OUTCOMES
from watcher.clock import utc_now
from watcher.errors import ExitCode
from watcher.events import EventName
from watcher.journal.log import Journal

MINUTE = timedelta(minutes=1)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "events.db") as journal:
        yield journal


def ended(
    journal: Journal,
    number: int,
    outcome: Outcome,
    answer: EventName | None = EventName.OPENED,
    after: timedelta = MINUTE,
) -> None:
    """Record an attempt that was answered so long after its mail, and ended so."""
    about = recorded(journal, number).about
    if answer:
        journal.append(answer, at=about.began_at + after, about=about)
    note_outcome(journal, about, outcome, NOW + timedelta(hours=1))


def test_nothing_was_said_of_a_new_log(journal: Journal) -> None:
    recorded(journal)

    assert read_outcomes(journal) == Outcomes()


def test_those_that_worked_are_counted_beside_those_that_failed(
    journal: Journal,
) -> None:
    ended(journal, 1, Outcome.WORKED)
    ended(journal, 2, Outcome.FAILED, after=5 * MINUTE)
    ended(journal, 3, Outcome.WORKED, EventName.COPIED, after=3 * MINUTE)

    assert read_outcomes(journal) == Outcomes(2, 1, slowest=3 * MINUTE)


@pytest.mark.parametrize("answer", [None, EventName.NOT_ME, EventName.OPEN_FAILED])
def test_what_was_not_opened_here_has_no_span(
    journal: Journal, answer: EventName | None
) -> None:
    ended(journal, 1, Outcome.WORKED, answer)

    assert read_outcomes(journal) == Outcomes(1, 0)


def test_what_a_wrong_clock_makes_of_it_is_no_span(journal: Journal) -> None:
    ended(journal, 1, Outcome.WORKED, after=-MINUTE)

    assert read_outcomes(journal) == Outcomes(1, 0)


def test_the_last_word_counts_once(journal: Journal) -> None:
    ended(journal, 1, Outcome.WORKED)
    attempt = journal.find_attempt()
    assert attempt is not None
    journal.expire(NOW + timedelta(days=1))
    note_outcome(journal, attempt, Outcome.FAILED, NOW + timedelta(days=1))

    assert read_outcomes(journal) == Outcomes(0, 1)


# By the command line


def test_the_words_of_the_command_are_the_outcomes() -> None:
    assert tuple(Outcome) == OUTCOMES


def test_the_outcome_of_the_newest_attempt_or_the_named_one_is_noted(
    home: Home,
) -> None:
    with Journal.open(home.log) as journal:
        first, second = (recorded(journal, n, at=utc_now()).id for n in (1, 2))

    newest = home.run("log", "--outcome", "worked")
    named = home.run("log", "--outcome", "failed", str(first))

    assert (newest.code, newest.out) == (0, f"Noted: #{second} worked.\n")
    assert (named.code, named.out) == (0, f"Noted: #{first} failed.\n")
    lines = map(json.loads, home.run("log", "--json").out.splitlines())
    said = [(one["attempt_id"], one["detail"]) for one in lines if one["detail"]]
    assert said == [(second, "worked"), (first, "failed")]


@pytest.mark.parametrize("options", [("--since", "5m"), ("-n", "1"), ("--reveal",)])
def test_an_outcome_is_noted_alone(home: Home, options: tuple[str, ...]) -> None:
    with Journal.open(home.log) as journal:
        recorded(journal, 1, at=utc_now())

    done = home.run("log", "--outcome", "worked", *options)

    assert (done.code, done.out) == (ExitCode.USAGE, "")
    assert "give it alone, or with the attempt's number" in done.err
    assert "outcome" not in home.names()


@pytest.mark.parametrize("name", [EventName.NOT_ME, EventName.SUPERSEDED])
def test_without_a_number_it_is_none_that_the_user_had_no_use_for(
    home: Home, name: EventName
) -> None:
    with Journal.open(home.log) as journal:
        first, second = (recorded(journal, n, at=utc_now()) for n in (1, 2))
        journal.append(name, at=utc_now(), about=second.about)

    assert home.run("log", "--outcome", "worked").out == f"Noted: #{first.id} worked.\n"


def test_an_attempt_that_is_not_in_the_log_is_3(home: Home) -> None:
    none = home.run("log", "--outcome", "worked")
    with Journal.open(home.log) as journal:
        recorded(journal)
    unknown = home.run("log", "--outcome", "worked", "7")

    assert (none.code, unknown.code) == (ExitCode.NOTHING, ExitCode.NOTHING)
    assert "no sign-in attempt in the log" in none.err
    assert "no sign-in attempt #7" in unknown.err


def test_log_shows_what_happened_to_one_attempt(home: Home) -> None:
    with Journal.open(home.log) as journal:
        first = recorded(journal, 1, at=utc_now())
        recorded(journal, 2, at=utc_now())
        journal.append(EventName.OPENED, at=utc_now(), about=first.about)

    out = home.run("log", "--json", str(first.id)).out

    assert [json.loads(line)["event"] for line in out.splitlines()] == [
        "attempt",
        "opened",
    ]


def test_status_tells_how_many_worked(home: Home) -> None:
    with Journal.open(home.log) as journal:
        ended(journal, 1, Outcome.WORKED, after=220 * MINUTE / 60)
        ended(journal, 2, Outcome.FAILED)

    said = home.run("status").out
    facts = json.loads(home.run("status", "--json").out)

    assert "Of 2 sign-ins 1 worked; the slowest was answered 3:40 after" in said
    assert facts["outcomes"] == {"worked": 1, "failed": 1, "slowest_s": 220}


def test_log_of_an_attempt_that_is_not_there_is_3(home: Home) -> None:
    without_log = home.run("log", "9999")
    with Journal.open(home.log) as journal:
        recorded(journal)
    done = [without_log, *(home.run("log", "9999", *more) for more in ([], ["--json"]))]

    assert [each.code for each in done] == [ExitCode.NOTHING] * 3
    assert all("no sign-in attempt #9999" in each.err for each in done)


def test_log_of_an_attempt_is_chosen_from_like_the_whole(home: Home) -> None:
    now = utc_now()
    with Journal.open(home.log) as journal:
        one = recorded(journal, 1, at=now - timedelta(minutes=3))
        recorded(journal, 2, at=now)
        for name in (EventName.OPENED, EventName.COPIED):
            journal.append(name, at=now, about=one.about)

    def events(*options: str) -> list[str]:
        lines = home.run("log", "--json", str(one.id), *options).out.splitlines()
        return [json.loads(line)["event"] for line in lines]

    assert events("-n", "1") == ["copied"]
    assert events("-n", "9") == ["attempt", "opened", "copied"]
    assert events("--since", "2m") == ["opened", "copied"]
    assert events("-n", "1", "--since", "2m") == ["copied"]


def test_following_an_attempt_tells_of_no_other(home: Home) -> None:
    with Journal.open(home.log) as journal:
        one = recorded(journal, 1, at=utc_now())
        with home.started("log", str(one.id), "--follow", "--json") as log:
            log.await_text('"event": "attempt"')
            another = recorded(journal, 2, at=utc_now())
            journal.append(EventName.OPENED, at=utc_now(), about=another.about)
            journal.append(EventName.COPIED, at=utc_now(), about=one.about)
            log.await_text('"event": "copied"')

    assert '"event": "opened"' not in log.seen
    assert log.seen.count('"event": "attempt"') == 1
