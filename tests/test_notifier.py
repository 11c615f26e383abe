"""What the user is told of, once each: stored first, then shown, then confirmed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.factories import NOW, WINDOW, link_of, recorded
from tests.fakes import RecordingChannel
from watcher.app.notifier import (
    STALE_AFTER,
    UNVERIFIED_AN_HOUR,
    Notifier,
    NotifierSettings,
)
from watcher.app.pipeline import MailPipeline
from watcher.events import Cursor, EventName, Expectation, MailboxSynced
from watcher.i18n import Language
from watcher.journal import Journal
from watcher.journal.log import DELIVERY_LEASE
from watcher.notify.delivery import Delivery

VOICE = NotifierSettings(language=Language.EN, notify_unverified=True)
LATER = NOW + DELIVERY_LEASE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal.open(path) as journal:
        yield journal


@pytest.fixture
def channel() -> RecordingChannel:
    return RecordingChannel()


def notifier(
    journal: Journal, *channels: RecordingChannel, settings: NotifierSettings = VOICE
) -> Notifier:
    return Notifier(journal, Delivery(channels) if channels else None, settings)


def names(journal: Journal) -> list[str]:
    return [event.event.value for event in journal.events()]


def test_an_attempt_is_shown_once_and_confirmed(
    journal: Journal, channel: RecordingChannel
) -> None:
    event = recorded(journal)

    for _ in range(2):
        notifier(journal, channel).notify_new(event, NOW)
        notifier(journal, channel).notify_pending(LATER)

    assert channel.links == [link_of(1)]
    assert names(journal) == ["attempt", "notified"]


def test_two_programs_show_an_attempt_once(
    path: Path, channel: RecordingChannel
) -> None:
    with Journal.open(path) as one, Journal.open(path) as other:
        event = recorded(one)
        notifier(one, channel).notify_new(event, NOW)
        notifier(other, channel).notify_new(event, NOW)

    assert channel.links == [link_of(1)]


def test_what_a_program_claimed_and_died_over_is_shown_by_the_next(
    journal: Journal, channel: RecordingChannel
) -> None:
    event = recorded(journal)
    assert journal.acquire_lease(event.id, NOW)

    notifier(journal, channel).notify_pending(NOW)
    assert channel.links == []
    notifier(journal, channel).notify_pending(LATER)

    assert channel.links == [link_of(1)]


def test_what_could_not_be_shown_is_tried_again_but_not_at_once(
    journal: Journal, channel: RecordingChannel
) -> None:
    channel.is_shut = True
    shown_by = notifier(journal, channel)
    shown_by.notify_new(recorded(journal), NOW)
    shown_by.notify_pending(NOW)
    assert names(journal) == ["attempt", "notify_failed"]

    channel.is_shut = False
    shown_by.notify_pending(LATER)

    assert channel.links == [link_of(1)]
    assert names(journal) == ["attempt", "notify_failed", "notified"]


def test_a_channel_that_fails_is_logged_and_the_next_one_shows_it(
    journal: Journal, channel: RecordingChannel
) -> None:
    shut = RecordingChannel(name="shut", is_shut=True)

    notifier(journal, shut, channel).notify_new(recorded(journal), NOW)

    details = [event.detail for event in journal.events()]
    assert details == [None, "shut: shut", "eyes"]


def test_what_is_over_is_not_shown_any_more(
    journal: Journal, channel: RecordingChannel
) -> None:
    recorded(journal)

    notifier(journal, channel).notify_pending(NOW + WINDOW)

    assert channel.shown == []


def test_who_wants_no_notifications_gets_none_and_the_log_says_so(
    journal: Journal,
) -> None:
    event = recorded(journal)
    silent = notifier(journal)

    silent.notify_new(event, NOW)
    silent.notify_pending(NOW)
    silent.remind(event.about, NOW)
    silent.close(event.about, NOW + WINDOW)

    assert names(journal) == ["attempt"]


def test_an_unverified_mail_is_told_without_link(
    journal: Journal, channel: RecordingChannel
) -> None:
    notifier(journal, channel).notify_new(
        recorded(journal, event=EventName.UNVERIFIED), NOW
    )

    assert channel.links == [None]
    assert "https://" not in channel.shown[0].body


def test_unverified_mails_can_be_kept_silent(
    journal: Journal, channel: RecordingChannel
) -> None:
    settings = replace(VOICE, notify_unverified=False)

    notifier(journal, channel, settings=settings).notify_new(
        recorded(journal, event=EventName.UNVERIFIED), NOW
    )

    assert channel.shown == []


def test_a_flood_of_unverified_mails_ends_in_one_summary(
    journal: Journal, channel: RecordingChannel
) -> None:
    for number in range(UNVERIFIED_AN_HOUR + 10):
        event = recorded(journal, number, event=EventName.UNVERIFIED)
        notifier(journal, channel).notify_new(event, NOW)

    assert len(channel.shown) == UNVERIFIED_AN_HOUR + 1
    assert f"{UNVERIFIED_AN_HOUR + 1} " in channel.shown[-1].body


@pytest.mark.parametrize("name", [EventName.LOOK_ALIKE, EventName.BLIND])
def test_a_look_alike_is_logged_and_not_shown(
    journal: Journal, channel: RecordingChannel, name: EventName
) -> None:
    notifier(journal, channel).notify_new(recorded(journal, event=name), NOW)

    assert channel.shown == []


def test_a_reminder_is_shown_and_logged(
    journal: Journal, channel: RecordingChannel
) -> None:
    event = recorded(journal)

    notifier(journal, channel).remind(event.about, NOW + timedelta(minutes=3))

    assert channel.links == [link_of(1)]
    assert names(journal) == ["attempt", "reminded"]


def test_a_reminder_that_nobody_saw_is_not_logged_as_one(
    journal: Journal, channel: RecordingChannel
) -> None:
    channel.is_shut = True

    notifier(journal, channel).remind(recorded(journal).about, NOW)

    assert names(journal) == ["attempt", "notify_failed"]


def test_the_end_of_what_was_shown_is_told_and_its_popup_withdrawn(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = notifier(journal, channel)
    shown_by.notify_new(recorded(journal), NOW)
    (over,) = journal.expire(NOW + WINDOW)

    shown_by.close(over, NOW + WINDOW)

    assert channel.withdrawn == [over.id]
    assert channel.links == [link_of(1), None]


def test_the_end_of_what_was_not_shown_or_long_ago_is_no_news(
    journal: Journal, channel: RecordingChannel
) -> None:
    unseen = recorded(journal, 1)
    seen = recorded(journal, 2)
    shown_by = notifier(journal, channel)
    shown_by.notify_new(seen, NOW)

    shown_by.close(unseen.about, NOW + WINDOW)
    shown_by.close(seen.about, NOW + WINDOW + STALE_AFTER)

    assert channel.links == [link_of(2)]


def test_it_was_not_me_is_logged_and_answered_with_advice(
    journal: Journal, channel: RecordingChannel
) -> None:
    notifier(journal, channel).answer_not_me(recorded(journal).about, NOW)

    assert names(journal) == ["attempt", "not_me"]
    assert channel.links == [None]


def test_who_expects_a_sign_in_is_told_to_act(
    journal: Journal, channel: RecordingChannel
) -> None:
    event = recorded(journal)
    until = NOW + timedelta(minutes=10)
    shown_by = notifier(journal, channel)

    shown_by.remind(event.about, NOW)
    journal.append(EventName.ARMED, at=NOW, about=Expectation(until))
    shown_by.remind(event.about, NOW)

    assert channel.shown[0] != channel.shown[1]


def test_several_missed_attempts_are_told_in_one_summary(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = notifier(journal, channel)
    missed = [
        recorded(journal, number, event=EventName.MISSED).about for number in (1, 2, 3)
    ]

    shown_by.notify_missed(missed[:1], NOW)
    shown_by.notify_missed(missed, NOW)
    shown_by.notify_missed([], NOW)

    assert len(channel.shown) == 2
    assert channel.links == [None, None]


def test_a_sync_ends_with_its_cursor_after_all_was_notified(
    journal: Journal, channel: RecordingChannel
) -> None:
    observed: list[object] = []
    pipeline = MailPipeline(
        journal,
        notifier(journal, channel),
        verify=lambda *_: (),
        policies={},
        window=WINDOW,
        observe=observed.append,
    )
    synced = MailboxSynced(account="home", mailbox="INBOX", cursor=Cursor(1, 7))
    recorded(journal)

    pipeline.finish_sync(synced, NOW)

    assert channel.links == [link_of(1)]
    assert journal.cursors("home") == {"INBOX": Cursor(1, 7)}
    assert observed == [synced]


def test_a_failure_that_is_about_no_mail_is_logged_as_such(
    journal: Journal, channel: RecordingChannel
) -> None:
    channel.is_shut = True

    notifier(journal, channel).notify_missed(
        [recorded(journal, event=EventName.MISSED).about], NOW
    )

    *_, failed = journal.events()
    assert (failed.event, failed.about) == (EventName.NOTIFY_FAILED, None)
