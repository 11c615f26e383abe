"""How well each account is watched is noted, and told when it is not."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.factories import NOW
from tests.fakes import RecordingChannel, prompt_notifier
from watcher.app.health import BLIND_AFTER, STUCK_AFTER, SYNC_NOTED_EVERY_S, Health
from watcher.app.judging import FromAccount, NotJudged
from watcher.app.notifier import NotifierSettings
from watcher.clock import monotonic_s
from watcher.errors import JournalBusy, LoginRefused
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


def test_a_blind_account_that_recovered_can_be_blind_again(
    journal: Journal, channel: RecordingChannel
) -> None:
    clock = ManualClock()
    health = watching(journal, channel, clock)
    for _ in range(2):
        clock.seconds += BLIND_AFTER.total_seconds() + 1
        health.tick(NOW)
        health.note_sync(synced(), NOW)

    assert names(journal) == [EventName.BLIND, EventName.RECOVERED] * 2


def test_a_sync_is_noted_every_ten_seconds_only(
    journal: Journal, channel: RecordingChannel
) -> None:
    clock = ManualClock()
    clock.seconds = 1000.0
    health = watching(journal, channel, clock)
    noted = []
    for second in range(11):
        clock.seconds = 1000.0 + second
        health.note_sync(synced(), NOW + timedelta(seconds=second))
        noted.append(journal.sessions()["home"]["last_look_at"][-3:-1])

    assert SYNC_NOTED_EVERY_S == 10.0
    assert noted == ["28"] * 10 + ["38"]


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
        one.note_sync(synced("work"), NOW)
        one.tick(NOW)
    one.note_sync(synced(), NOW)
    one.note_sync(synced(), NOW)

    told = [(event.event, to_fields(event)["account"]) for event in journal.events()]
    assert told == [(EventName.BLIND, "home"), (EventName.RECOVERED, "home")]
    assert len(channel.shown) == 2
    assert all("home" in notification.body for notification in channel.shown)


def test_status_finds_what_is_known_of_each_account(journal: Journal) -> None:
    channel = RecordingChannel()
    one = watching(journal, channel, ManualClock())
    error = LoginRefused(Text(en="no {n}", ja="否 {n}"), n=1)

    one.note_sync(synced(), NOW)
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
            health.note_sync(synced(), NOW)
        other.execute("ROLLBACK")
        health.note_sync(synced(), NOW)

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
