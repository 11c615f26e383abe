"""How well each account is watched is noted, and told when it is not."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf
from pathlib import Path

import pytest

from tests.factories import NOW
from tests.fakes import RecordingChannel, prompt_notifier
from watcher.app.health import BLIND_AFTER, STUCK_AFTER, Health
from watcher.app.judging import FromAccount, NotJudged
from watcher.app.places import IS_BLIND
from watcher.app.wanted import NotifierSettings
from watcher.clock import iso, monotonic_s
from watcher.errors import JournalBusy, LoginRefused, Unreachable
from watcher.events import (
    AlertReceived,
    Cursor,
    EventName,
    MailboxSynced,
    Origin,
    State,
    StateChanged,
    to_fields,
)
from watcher.i18n import Language, Text
from watcher.journal.log import Journal
from watcher.notify import trouble


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "events.db") as journal:
        yield journal


@pytest.fixture
def channel() -> RecordingChannel:
    return RecordingChannel()


def names(journal: Journal) -> list[EventName]:
    return [event.event for event in journal.events()]


class ManualClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = monotonic_s()

    def __call__(self) -> float:
        return self.seconds


def synced(account: str = "home") -> MailboxSynced:
    return MailboxSynced(account=account, mailbox="INBOX", cursor=Cursor(1, 1))


def sync(health: Health, at: datetime, account: str = "home") -> None:
    """Report that an account was synced."""
    health.hear(synced(account))
    health.note_sync(synced(account), at)


def watching(
    journal: Journal, channel: RecordingChannel, clock: ManualClock, *others: str
) -> Health:
    settings = NotifierSettings(language=Language.EN, notify_unverified=True)
    notifier = prompt_notifier(journal, [channel], settings)
    health = Health(journal, notifier, clock)
    health.start(["home", *others])
    return health


@pytest.mark.parametrize(("over_s", "is_blind"), [(0.0, False), (0.5, True)])
def test_an_account_is_blind_after_90_seconds_without_a_sync(
    journal: Journal, channel: RecordingChannel, over_s: float, is_blind: bool
) -> None:
    clock = ManualClock()
    clock.seconds = 1000.0
    health = watching(journal, channel, clock)
    clock.seconds += BLIND_AFTER.total_seconds() + over_s
    for _ in range(2):
        health.tick(NOW)

    since = NOW - timedelta(seconds=90 + over_s)
    words = trouble.blind("home", since=since, language=Language.EN)
    assert channel.shown == [words][:is_blind]
    assert names(journal) == [EventName.BLIND][:is_blind]


def test_the_log_says_why_an_account_is_blind(
    journal: Journal, channel: RecordingChannel
) -> None:
    clock = ManualClock()
    health = watching(journal, channel, clock)
    error = Unreachable(Text(en="nobody is there", ja="誰もいません"))
    health.note_state(replace(changed(State.BACKING_OFF), error=error))
    clock.seconds += BLIND_AFTER.total_seconds() + 1
    health.tick(NOW)

    assert [event.detail for event in journal.events()] == ["nobody is there"]


def test_a_blind_account_that_recovered_can_be_blind_again(
    journal: Journal, channel: RecordingChannel
) -> None:
    clock = ManualClock()
    health = watching(journal, channel, clock)
    for _ in range(2):
        clock.seconds += BLIND_AFTER.total_seconds() + 1
        health.tick(NOW)
        sync(health, NOW)

    assert names(journal) == [EventName.BLIND, EventName.RECOVERED] * 2


def test_looks_that_find_nothing_new_write_nothing_for_ten_minutes(
    journal: Journal, channel: RecordingChannel
) -> None:
    clock = ManualClock()
    clock.seconds = 1000.0
    health = watching(journal, channel, clock)
    contents, noted = [], []
    for minute in range(11):
        clock.seconds = 1000.0 + 60.0 * minute
        sync(health, NOW + timedelta(minutes=minute))
        health.tick(NOW + timedelta(minutes=minute))
        contents.append(journal.content())
        noted.append(journal.sessions()["home"]["last_look_at"])

    assert contents[:10] == [contents[0]] * 10
    assert noted == [iso(NOW)] * 10 + [iso(NOW + timedelta(minutes=10))]


def test_what_the_log_has_of_the_last_look_is_true_when_the_watch_ends(
    journal: Journal, channel: RecordingChannel
) -> None:
    health = watching(journal, channel, ManualClock())
    looks = [NOW, NOW + timedelta(minutes=3)]
    for at in looks:
        sync(health, at)
    health.note_state(changed(State.BACKING_OFF))

    assert journal.sessions()["home"]["last_look_at"] == iso(looks[-1])


def test_the_time_that_a_sync_waited_in_the_queue_does_not_count_as_watched(
    journal: Journal, channel: RecordingChannel
) -> None:
    clock = ManualClock()
    health = watching(journal, channel, clock)
    clock.seconds += 30.0
    health.hear(synced(), waited_s=20.0)
    health.note_sync(synced(), NOW)
    clock.seconds += BLIND_AFTER.total_seconds() - 19.0
    health.tick(NOW)

    assert journal.sessions()["home"]["last_look_at"] == iso(
        NOW - timedelta(seconds=20)
    )
    assert names(journal) == [EventName.BLIND]


def test_the_log_has_that_an_account_is_blind_until_it_is_not(
    journal: Journal, channel: RecordingChannel
) -> None:
    clock = ManualClock()
    health = watching(journal, channel, clock)
    sync(health, NOW)
    told = []
    clock.seconds += BLIND_AFTER.total_seconds() + 1
    health.tick(NOW)
    told.append(journal.sessions()["home"].get(IS_BLIND))
    sync(health, NOW)
    told.append(journal.sessions()["home"].get(IS_BLIND))

    assert told == [True, None]


def test_the_next_account_to_be_told_as_blind_is_known_until_it_is(
    journal: Journal, channel: RecordingChannel
) -> None:
    clock = ManualClock()
    clock.seconds = 1000.0
    health = watching(journal, channel, clock, "work")
    clock.seconds += 20.0
    sync(health, NOW, "work")
    due_in_s = [health.due_in_s]
    for _ in range(2):
        clock.seconds += health.due_in_s + 1.0
        health.tick(NOW)
        due_in_s.append(health.due_in_s)

    assert due_in_s == [BLIND_AFTER.total_seconds() - 20.0, 19.0, inf]


def test_a_refused_login_is_told_once_until_the_server_lets_us_in(
    journal: Journal, channel: RecordingChannel
) -> None:
    health = watching(journal, channel, ManualClock())
    error = LoginRefused(Text(en="no", ja="no"))
    counts = []
    for state in (State.REFUSED, State.CONNECTING, State.REFUSED, State.CATCHING_UP):
        health.note_state(
            StateChanged(account="home", state=state, at=NOW, error=error)
        )
        counts.append(len(channel.shown))
    assert channel.withdrawn == [trouble.account_id("home")]
    health.note_state(
        StateChanged(account="home", state=State.REFUSED, at=NOW, error=error)
    )

    assert counts == [1, 1, 1, 1]
    words = trouble.login_refused("home", why=error, language=Language.EN)
    assert channel.shown == [words] * 2


def test_a_login_that_is_refused_after_something_was_put_right_is_told_again(
    journal: Journal, channel: RecordingChannel
) -> None:
    health = watching(journal, channel, ManualClock())
    error = LoginRefused(Text(en="no", ja="no"))
    refused = StateChanged(account="home", state=State.REFUSED, at=NOW, error=error)
    health.note_state(refused)

    health.expect_login({"other"}, NOW)
    health.note_state(refused)
    assert (len(channel.shown), channel.withdrawn) == (1, [])
    health.expect_login({"home", "other"}, NOW)
    health.note_state(refused)

    assert channel.withdrawn == [trouble.account_id("home")]
    assert len(channel.shown) == 2


def test_an_account_without_a_sync_is_notified_once_and_its_recovery_too(
    journal: Journal,
) -> None:
    channel, clock = RecordingChannel(), ManualClock()
    one = watching(journal, channel, clock, "work")
    for _ in range(4):
        clock.seconds += BLIND_AFTER.total_seconds() / 2 + 1
        sync(one, NOW, "work")
        one.tick(NOW)
    sync(one, NOW)
    sync(one, NOW)

    told = [(event.event, to_fields(event)["account"]) for event in journal.events()]
    assert told == [(EventName.BLIND, "home"), (EventName.RECOVERED, "home")]
    assert len(channel.shown) == 2
    assert all("home" in notification.body for notification in channel.shown)


def test_status_finds_what_is_known_of_each_account(journal: Journal) -> None:
    channel = RecordingChannel()
    one = watching(journal, channel, ManualClock())
    error = LoginRefused(Text(en="no {n}", ja="否 {n}"), n=1)

    sync(one, NOW)
    one.note_state(
        StateChanged(account="home", state=State.REFUSED, at=NOW, error=error)
    )

    known = journal.sessions()["home"]
    assert (known["state"], known["error"]) == (
        "refused",
        {"en": "no 1", "ja": "否 1"},
    )
    assert known["last_look_at"] == "2026-11-21T03:00:28Z"
    assert "home" in channel.shown[0].body


def test_what_a_locked_log_did_not_take_is_noted_the_next_time(
    journal: Journal, channel: RecordingChannel
) -> None:
    clock = ManualClock()
    health = watching(journal, channel, clock)
    clock.seconds += BLIND_AFTER.total_seconds() + 1
    journal.wait_at_most(0.0)
    with closing(sqlite3.connect(journal.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(2):
            with pytest.raises(JournalBusy):
                health.tick(NOW)
        assert len(channel.shown) == 1
        other.execute("ROLLBACK")
        health.tick(NOW)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalBusy):
            sync(health, NOW)
        other.execute("ROLLBACK")
        sync(health, NOW)

    assert names(journal) == [EventName.BLIND, EventName.RECOVERED]
    assert "last_look_at" in journal.sessions()["home"]


STUCK_S = STUCK_AFTER.total_seconds() + 1.0
ORIGIN = Origin(account="home", mailbox="INBOX", uid_validity=1, uid=1)


def changed(state: State, *, pause: timedelta | None = None) -> StateChanged:
    next_try_at = NOW + pause if pause else None
    return StateChanged(account="home", state=state, at=NOW, next_try_at=next_try_at)


@pytest.mark.parametrize(
    "report",
    [
        synced(),
        changed(State.CONNECTING),
        AlertReceived(account="home", at=NOW, words="soon"),
        NotJudged(ORIGIN, ValueError()),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_session_is_stuck_that_reports_nothing_whatever_it_reported_last(
    journal: Journal, channel: RecordingChannel, report: FromAccount
) -> None:
    clock = ManualClock()
    health = watching(journal, channel, clock)
    stuck = []
    for _ in range(2):
        clock.seconds += STUCK_S
        stuck.append(health.is_any_stuck())
        health.hear(report)
        stuck.append(health.is_any_stuck())
    clock.seconds += STUCK_S - 2.0

    assert stuck == [True, False, True, False]
    assert not health.is_any_stuck()


def test_one_session_that_is_stuck_suffices(
    journal: Journal, channel: RecordingChannel
) -> None:
    clock = ManualClock()
    health = watching(journal, channel, clock, "work")
    clock.seconds += STUCK_S
    health.hear(synced("work"))

    assert health.is_any_stuck()


def test_a_session_is_not_stuck_in_its_pause_and_not_at_its_end(
    journal: Journal, channel: RecordingChannel
) -> None:
    clock, pause = ManualClock(), timedelta(hours=2)
    health = watching(journal, channel, clock)
    health.hear(changed(State.REFUSED, pause=pause))
    clock.seconds += pause.total_seconds() + STUCK_S - 2.0
    assert not health.is_any_stuck()
    clock.seconds += 2.0
    assert health.is_any_stuck()

    health.hear(changed(State.STOPPED))

    assert not health.is_any_stuck()
