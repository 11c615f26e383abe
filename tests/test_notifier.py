"""What is shown when: the lease before, the confirmation after, floods, late news."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from tests.cost import calls
from tests.factories import (
    NOW,
    WINDOW,
    link_of,
    live,
    new_event,
    recorded,
    reminder,
    reported,
)
from tests.fakes import PromptDesktop, RecordingChannel, prompt_notifier
from watcher.app.desktop import Act, Request, Shown
from watcher.app.flood import AT_ONCE, FLOOD
from watcher.app.news import STALE_AFTER
from watcher.app.notifier import (
    UNKNOWN_AN_HOUR,
    Notifier,
)
from watcher.app.pipeline import MailPipeline
from watcher.app.wanted import UNVERIFIED_AN_HOUR, NotifierSettings, Wanted
from watcher.errors import NotificationFailed
from watcher.events import (
    Attempt,
    Cursor,
    Event,
    EventName,
    Expectation,
    MailboxSynced,
)
from watcher.i18n import Language, Text
from watcher.journal.log import DELIVERY_LEASE, Journal
from watcher.notify import trouble, wording
from watcher.notify.delivery import Delivered, Failure
from watcher.notify.notification import Notification
from watcher.recognition.claim import Kind
from watcher.timing.error import ClockError

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
    if not channels:
        return Notifier(journal, None, settings)
    return prompt_notifier(journal, channels, settings)


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
    assert details == [None, "shut: shut", "recording"]


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
    shown_by = notifier(journal, channel)
    for number in range(UNVERIFIED_AN_HOUR + 10):
        event = recorded(journal, number, event=EventName.UNVERIFIED)
        shown_by.notify_new(event, NOW)

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
    shown_by = notifier(journal, channel)
    shown_by.notify_new(event, NOW)

    shown_by.remind(event.about, NOW + timedelta(minutes=3))

    assert channel.links == [link_of(1)] * 2
    assert names(journal) == ["attempt", "notified", "reminded"]


def test_a_reminder_that_is_the_first_to_be_shown_notifies(
    journal: Journal, channel: RecordingChannel
) -> None:
    event = recorded(journal)

    notifier(journal, channel).remind(event.about, NOW + timedelta(minutes=3))

    assert names(journal) == ["attempt", "notified"]


def test_a_reminder_that_no_channel_showed_is_not_logged_as_one(
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

    journal.expire(NOW + WINDOW)
    shown_by.close(unseen.about, NOW + WINDOW)
    shown_by.close(seen.about, NOW + WINDOW + STALE_AFTER)

    assert channel.links == [link_of(2)]


def test_it_was_not_me_is_answered_with_advice_once_and_not_shown_again(
    journal: Journal, channel: RecordingChannel
) -> None:
    """Also while the event log does not take the answer."""
    event = recorded(journal)
    shown_by = notifier(journal, channel)
    for _ in range(2):
        shown_by.note_not_me(event.about, NOW)
    shown_by.update(NOW)
    shown_by.notify_pending(NOW)

    assert names(journal) == ["attempt"]
    assert channel.links == [None]
    assert channel.withdrawn == [1]


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
    recorded(journal, event=EventName.MISSED)
    shown_by.news.tell_missed("home", NOW)
    for number in (2, 3):
        recorded(journal, number, event=EventName.MISSED)
    for _ in range(2):
        shown_by.news.tell_missed("home", NOW)

    assert len(channel.shown) == 2
    assert channel.links == [None, None]


def test_a_sync_ends_with_its_cursor_after_all_was_notified(
    journal: Journal, channel: RecordingChannel
) -> None:
    observed: list[object] = []
    pipeline = MailPipeline(
        journal,
        notifier(journal, channel),
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

    shown_by = notifier(journal, channel)
    recorded(journal, event=EventName.MISSED)
    shown_by.news.tell_missed("home", NOW)

    *_, failed = journal.events()
    assert (failed.event, failed.about) == (EventName.NOTIFY_FAILED, None)


HOUR = timedelta(hours=1)
MS = timedelta(milliseconds=1)


def arm(journal: Journal, until: datetime) -> None:
    journal.append(EventName.ARMED, at=NOW, about=Expectation(until))


# Claim, show, confirm -----------------------------------------------------------------


@dataclass(slots=True)
class Witness(RecordingChannel):
    """A channel that tries to claim the attempt while it is asked to show it."""

    journal: Journal | None = None
    could_claim: list[bool] = field(default_factory=list)
    names_then: list[str] = field(default_factory=list)

    def show(self, notification: Notification) -> None:
        """Claim what is shown, as another program would."""
        assert self.journal is not None
        self.could_claim.append(
            self.journal.acquire_lease(notification.replaces_id, NOW)
        )
        self.names_then += names(self.journal)
        RecordingChannel.show(self, notification)


def test_an_attempt_is_claimed_before_it_is_shown_and_confirmed_after(
    journal: Journal,
) -> None:
    witness = Witness(journal=journal)
    notifier(journal, witness).notify_new(recorded(journal), NOW)

    assert witness.could_claim == [False]
    assert witness.names_then == [EventName.ATTEMPT]
    assert names(journal) == [EventName.ATTEMPT, EventName.NOTIFIED]


def test_who_wants_no_notifications_claims_nothing(journal: Journal) -> None:
    event = recorded(journal)
    notifier(journal).notify_new(event, NOW)

    assert journal.acquire_lease(event.id, NOW)


def test_without_a_delivery_nothing_is_refreshed_or_told(journal: Journal) -> None:
    shown: list[Notification] = []
    settings = replace(
        VOICE, on_shown=lambda notification, _: shown.append(notification)
    )
    silent = notifier(journal, settings=settings)
    event = recorded(journal)

    silent.refresh(event.about, NOW)
    silent.notify(partial(trouble.trial, "https://www.amazon.co.jp/"), NOW)
    assert shown == []
    assert names(journal) == [EventName.ATTEMPT]


@pytest.mark.parametrize("wait", [DELIVERY_LEASE - MS, DELIVERY_LEASE])
def test_what_could_not_be_shown_is_tried_again_after_the_lease(
    journal: Journal, channel: RecordingChannel, wait: timedelta
) -> None:
    channel.is_shut = True
    settings = notifier(journal, channel)
    settings.notify_new(recorded(journal), NOW)
    channel.is_shut = False
    settings.notify_pending(NOW + wait)

    assert channel.links == ([link_of(1)] if wait == DELIVERY_LEASE else [])


def test_the_channel_that_showed_it_is_logged_and_told(journal: Journal) -> None:
    shut, channel = RecordingChannel(name="shut", is_shut=True), RecordingChannel()
    shown: list[tuple[Notification, str]] = []
    settings = replace(
        VOICE,
        on_shown=lambda *both: shown.append(both),
        on_unshown=lambda attempt: pytest.fail(str(attempt)),
    )
    event = recorded(journal)
    journal.append(EventName.NOTIFIED, at=NOW, about=event.about)
    notifier(journal, shut, channel, settings=settings).remind(event.about, NOW)

    _, _, failed, reminded = journal.events()
    assert (failed.event, failed.detail, failed.about, failed.at) == (
        EventName.NOTIFY_FAILED,
        "shut: shut",
        event.about,
        NOW,
    )
    assert (reminded.event, reminded.detail, reminded.at) == (
        EventName.REMINDED,
        "recording",
        NOW,
    )
    assert shown == [(channel.shown[0], "recording")]


def test_each_channel_that_failed_is_logged(journal: Journal) -> None:
    channels = [
        RecordingChannel(name=name, is_shut=True) for name in ("first", "second")
    ]
    unshown: list[Attempt] = []
    settings = replace(VOICE, on_unshown=unshown.append)
    event = recorded(journal)
    notifier(journal, *channels, settings=settings).notify_new(event, NOW)

    failures = [(e.event, e.detail, e.about) for e in journal.events()][1:]
    assert failures == [
        (EventName.NOTIFY_FAILED, "first: shut", event.about),
        (EventName.NOTIFY_FAILED, "second: shut", event.about),
    ]
    assert unshown == [event.about]


@pytest.mark.parametrize("is_answered", [True, False])
def test_only_what_still_waits_is_told_in_another_way(
    journal: Journal, *, is_answered: bool
) -> None:
    """A desktop may take seconds to fail, and the deadline may move meanwhile."""
    unshown: list[Attempt] = []
    settings = replace(VOICE, on_unshown=unshown.append)
    attempt = recorded(journal).about
    if is_answered:
        journal.append(EventName.OPENED, at=NOW, about=attempt)
    failure = Failure("shut", NotificationFailed(Text(en="shut", ja="shut")))
    request = Request(
        replaces_id=attempt.id,
        act=Act.SHOW,
        now=NOW,
        words=lambda _: None,
        about=replace(attempt, expires_at=NOW),
        confirms=EventName.NOTIFIED,
    )
    shown = Shown(request, None, Delivered(None, (failure,)))
    notifier(journal, settings=settings).confirm(shown, NOW)

    assert unshown == ([] if is_answered else [attempt])


def test_a_failure_about_nothing_names_no_mail(
    journal: Journal, channel: RecordingChannel
) -> None:
    recorded(journal)
    notifier(journal, RecordingChannel(is_shut=True), channel).notify(
        partial(trouble.trial, "https://www.amazon.co.jp/"), NOW
    )

    *_, failed = journal.events()
    assert (failed.about, failed.at) == (None, NOW)


def test_a_failure_to_give_advice_is_about_the_attempt(journal: Journal) -> None:
    event = recorded(journal)
    notifier(journal, RecordingChannel(is_shut=True)).note_not_me(event.about, NOW)

    logged = [(e.event, e.about, e.at) for e in journal.events()][1:]
    assert logged == [(EventName.NOTIFY_FAILED, event.about, NOW)]


# Armed --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("until", "is_armed"),
    [(NOW + MS, True), (NOW, False), (NOW - HOUR, False), (None, False)],
)
def test_a_call_to_act_is_made_only_while_a_sign_in_is_expected(
    journal: Journal, channel: RecordingChannel, until: datetime | None, is_armed: bool
) -> None:
    event = recorded(journal)
    if until:
        arm(journal, until)
    notifier(journal, channel).notify_new(event, NOW)

    assert channel.shown == [live(event.about, Language.EN, now=NOW, is_armed=is_armed)]


def test_a_user_who_is_not_armed_any_more_is_asked_in_reminder_and_countdown(
    journal: Journal, channel: RecordingChannel
) -> None:
    event = recorded(journal)
    arm(journal, NOW)
    settings = notifier(journal, channel)
    settings.notify_new(event, NOW)
    settings.refresh(event.about, NOW)
    settings.remind(event.about, NOW)

    ask = live(event.about, Language.EN, is_armed=False)
    again = reminder(event.about, Language.EN, now=NOW, is_armed=False)
    assert channel.refreshed == [ask]
    assert channel.shown[1:] == [again]


# Countdown ----------------------------------------------------------------------------


def test_the_countdown_after_a_reminder_keeps_its_title(
    journal: Journal, channel: RecordingChannel
) -> None:
    event = recorded(journal)
    settings = notifier(journal, channel)
    settings.notify_new(event, NOW)
    settings.refresh(event.about, NOW)
    settings.remind(event.about, NOW)
    settings.refresh(event.about, NOW + timedelta(seconds=30))

    first, again = channel.shown
    assert first.title != again.title
    assert [one.title for one in channel.refreshed] == [first.title, again.title]
    assert "4:30" in channel.refreshed[1].body


# Unverified mails ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "count"), [(NOW + WINDOW - MS, 1), (NOW + WINDOW, 0), (NOW + 2 * WINDOW, 0)]
)
def test_an_unverified_mail_whose_time_is_over_is_not_announced(
    journal: Journal, channel: RecordingChannel, at: datetime, count: int
) -> None:
    shown_by = notifier(journal, channel)
    shown_by.notify_new(recorded(journal, event=EventName.UNVERIFIED), at)

    assert len(channel.shown) == count


def test_five_unverified_mails_are_told_then_a_summary_then_nothing(
    journal: Journal, channel: RecordingChannel
) -> None:
    events: list[Event[Attempt]] = []
    for number in range(8):
        shown_by = notifier(journal, channel)
        events.append(recorded(journal, number, event=EventName.UNVERIFIED))
        shown_by.notify_new(events[-1], NOW)

    assert UNVERIFIED_AN_HOUR == 5
    assert channel.shown == [
        *(
            wording.unverified(event.about, now=NOW, language=Language.EN)
            for event in events[:5]
        ),
        wording.unverified_summary(6, language=Language.EN),
    ]


@pytest.mark.parametrize(("age", "is_single"), [(HOUR, False), (HOUR + MS, True)])
def test_unverified_mails_older_than_an_hour_do_not_count(
    journal: Journal, channel: RecordingChannel, age: timedelta, is_single: bool
) -> None:
    shown_by = notifier(journal, channel)
    for number in range(5):
        recorded(journal, number, event=EventName.UNVERIFIED, at=NOW - age)
    event = recorded(journal, 9, event=EventName.UNVERIFIED)
    shown_by.notify_new(event, NOW)

    single = wording.unverified(event.about, now=NOW, language=Language.EN)
    summary = wording.unverified_summary(6, language=Language.EN)
    assert channel.shown == [single if is_single else summary]


# Genuine mails to another address -----------------------------------------------------


def test_five_genuine_mails_to_another_address_are_told_an_hour(
    journal: Journal, channel: RecordingChannel
) -> None:
    settings = notifier(journal, channel)
    events: list[Event[Attempt]] = []
    for number in range(8):
        seen = new_event(number)
        mail = cast(Attempt, seen.event.about)
        claim = replace(mail.claim, recipient="taro@example.jp")
        about = replace(mail, kind=Kind.UNKNOWN, secret=None, claim=claim)
        event = journal.record(replace(seen, event=replace(seen.event, about=about)))
        assert event is not None
        settings.notify_new(event, NOW)
        settings.notify_pending(NOW + timedelta(seconds=30))
        events.append(cast(Event[Attempt], event))
    settings.notify_new(recorded(journal, 99), NOW)

    assert UNKNOWN_AN_HOUR == 5
    assert [shown.link for shown in channel.shown] == [*[None] * 5, link_of(99)]
    channel.shown.clear()
    for event in events:
        settings.remind(event.about, NOW + timedelta(minutes=3))
    assert [shown.replaces_id for shown in channel.shown] == [
        event.about.id for event in events[: AT_ONCE - 1]
    ]


# The end of an attempt ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("late_by", "is_told"), [(STALE_AFTER - MS, True), (STALE_AFTER, False)]
)
def test_that_an_attempt_is_over_is_news_for_two_minutes(
    journal: Journal, channel: RecordingChannel, late_by: timedelta, is_told: bool
) -> None:
    event = recorded(journal)
    settings = notifier(journal, channel)
    settings.notify_new(event, NOW)
    journal.expire(NOW + WINDOW)
    settings.close(event.about, NOW + WINDOW + late_by)

    assert timedelta(minutes=2) == STALE_AFTER
    assert (
        channel.shown[1:]
        == [wording.expired(event.about, language=Language.EN)][:is_told]
    )
    assert channel.withdrawn == [event.id]


def test_the_end_of_what_was_never_shown_is_not_told(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = notifier(journal, channel)
    event = recorded(journal)
    journal.expire(NOW + WINDOW)
    shown_by.close(event.about, NOW + WINDOW)

    assert channel.shown == []
    assert channel.withdrawn == [1]


# Missed attempts ----------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_one_missed_attempt_is_told_alone_and_several_in_a_summary(
    journal: Journal, channel: RecordingChannel, count: int
) -> None:
    shown_by = notifier(journal, channel)
    missed = [
        recorded(journal, number, event=EventName.MISSED).about
        for number in range(count)
    ]
    shown_by.news.tell_missed("home", NOW)

    told = {
        0: [],
        1: [wording.late(missed[0], language=Language.EN)] if missed else [],
    }
    summary = wording.missed(missed, language=Language.EN) if count > 1 else None
    assert channel.shown == told.get(count, [summary])


# Every way to tell --------------------------------------------------------------------


def test_all_is_told_in_the_language_of_the_user(
    journal: Journal, channel: RecordingChannel
) -> None:
    event = recorded(journal)
    settings = notifier(journal, channel, settings=replace(VOICE, language=Language.JA))
    settings.notify_new(event, NOW)
    settings.refresh(event.about, NOW)
    settings.note_not_me(event.about, NOW)

    shown = live(event.about, Language.JA, is_armed=False)
    assert channel.shown == [
        shown,
        wording.not_me_advice(event.about, language=Language.JA),
    ]
    assert channel.refreshed == [shown]


def test_a_failure_is_logged_at_its_time_whatever_was_to_be_told(
    journal: Journal,
) -> None:
    settings = notifier(journal, RecordingChannel(is_shut=True))
    for number in range(UNVERIFIED_AN_HOUR + 1):
        settings.notify_new(recorded(journal, number, event=EventName.UNVERIFIED), NOW)
    for number in (20, 21):
        recorded(journal, number, event=EventName.MISSED)
        settings.news.tell_missed("home", NOW)
    event = recorded(journal, 30, at=NOW - WINDOW)
    journal.append(EventName.NOTIFIED, about=event.about, at=NOW)
    journal.expire(NOW)
    settings.close(event.about, NOW)

    failed = [e for e in journal.events() if e.event is EventName.NOTIFY_FAILED]
    assert [one.at for one in failed] == [NOW] * (UNVERIFIED_AN_HOUR + 1 + 2 + 1)


def test_an_end_that_another_program_has_logged_is_told_by_who_shows_it(
    journal: Journal, channel: RecordingChannel, path: Path
) -> None:
    shown_by = notifier(journal, channel)
    shown_by.notify_new(recorded(journal), NOW)
    with Journal.open(path) as command:
        notifier(command)
        (attempt,) = command.expire(NOW + WINDOW)
    for _ in range(2):
        shown_by.update(NOW + WINDOW)

    assert channel.withdrawn == [1]
    assert channel.shown[1:] == [wording.expired(attempt, language=Language.EN)]


def test_a_daemon_that_starts_leaves_a_command_its_lease(journal: Journal) -> None:
    event = recorded(journal)
    assert journal.acquire_lease(event.id, NOW, is_daemon=False)
    journal.void_leases()
    assert not journal.acquire_lease(event.id, NOW)

    assert journal.acquire_lease(event.id, LATER)
    journal.void_leases()
    assert journal.acquire_lease(event.id, LATER)


# What a newer attempt, or Amazon's report, closes -------------------------------------


def slow_notifier(
    journal: Journal, channel: RecordingChannel
) -> tuple[Notifier, list[Shown]]:
    """Return one whose desktop does not report yet what it showed, and its reports."""
    desktop = PromptDesktop([channel])
    answers: list[Shown] = []
    desktop.confirm = answers.append
    return Notifier(journal, desktop, VOICE), answers


def test_a_newer_attempt_of_the_same_sign_in_closes_the_older_one_for_good(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = notifier(journal, channel)
    older, newer = recorded(journal, 1), recorded(journal, 2)
    shown_by.notify_new(older, NOW)
    shown_by.notify_new(newer, NOW)
    shown_by.update(NOW)
    shown_by.remind(older.about, NOW)
    journal.append(EventName.OPENED, at=NOW, about=newer.about)
    shown_by.update(NOW)
    shown_by.close(older.about, NOW)

    assert [one.replaces_id for one in channel.shown] == [1, 2]
    assert channel.withdrawn[0] == 1
    (again,) = channel.refreshed
    assert "one from the same device came at " in again.body
    events = [event.event for event in journal.about(older.id)]
    assert events == [EventName.ATTEMPT, EventName.NOTIFIED, EventName.SUPERSEDED]


def test_a_newer_attempt_from_elsewhere_closes_nothing(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = notifier(journal, channel)
    ours, theirs = recorded(journal, 1), recorded(journal, 2, near="Moscow, Russia")
    shown_by.notify_new(ours, NOW)
    shown_by.notify_new(theirs, NOW)
    shown_by.update(NOW)

    assert on_screen(channel) == [ours.id, theirs.id]
    assert "superseded" not in names(journal)


def test_what_was_never_told_is_told_before_a_newer_one_stands_for_it(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by, answers = slow_notifier(journal, channel)
    for number in (1, 2):
        shown_by.notify_new(recorded(journal, number), NOW)
    assert "superseded" not in names(journal)
    for shown in answers:
        shown_by.confirm(shown, NOW)
    shown_by.update(NOW)

    assert names(journal).count("notified") == 2
    assert names(journal)[-1] == "superseded"
    assert channel.withdrawn == [1]


def test_a_newer_one_that_was_not_shown_takes_nothing_away(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = notifier(journal, channel)
    older, newer = recorded(journal, 1), recorded(journal, 2)
    shown_by.notify_new(older, NOW)
    channel.is_shut = True
    shown_by.notify_new(newer, NOW)
    shown_by.update(NOW)

    assert "notify_failed" in names(journal)
    assert "superseded" not in names(journal)


@pytest.mark.parametrize(
    ("wanted", "accounts"),
    [
        (Wanted(on_desktop=False), {"home", "work"}),
        (Wanted(on_desktop=False, phones=frozenset({"home"})), {"work"}),
        (Wanted(), set()),
    ],
)
def test_where_the_log_alone_tells_of_an_account_what_is_logged_was_told(
    journal: Journal, wanted: Wanted, accounts: set[str]
) -> None:
    shown_by = notifier(journal, settings=replace(VOICE, wanted=wanted))
    for number, account in enumerate(("home", "home", "work", "work")):
        shown_by.notify_new(recorded(journal, number, account=account), NOW)

    superseded = [one for one in journal.events() if one.event is EventName.SUPERSEDED]
    about = [cast(Attempt, one.about).origin.account for one in superseded]
    assert sorted(about) == sorted(accounts)


def test_what_amazon_reports_takes_the_place_of_the_attempt(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = notifier(journal, channel)
    event = recorded(journal)
    shown_by.notify_new(event, NOW)
    about = event.about
    shown_by.notify_new(reported(journal, about), NOW)
    journal.expire(NOW + WINDOW)
    shown_by.close(about, NOW + WINDOW)

    told = wording.reported(NOW, about, language=Language.EN)
    assert channel.shown[1:] == [told]
    assert 1 in channel.withdrawn


# Floods of attempts -------------------------------------------------------------------


def began(journal: Journal, number: int, at: datetime) -> Event[Attempt]:
    """Record an attempt that began then by its mail."""
    seen = new_event(number)
    about = cast(Attempt, seen.event.about)
    about = replace(about, claim=replace(about.claim, attempted_at=at))
    event = journal.record(replace(seen, event=replace(seen.event, about=about)))
    return cast(Event[Attempt], event)


def newest_first(count: int, journal: Journal) -> list[Event[Attempt]]:
    """Record so many attempts of one minute, each from another device."""
    numbers = range(1, count + 1)
    return [recorded(journal, number, device=f"No. {number}") for number in numbers]


def on_screen(channel: RecordingChannel) -> list[int]:
    """Return the attempts that are shown and not withdrawn, in their order."""
    shown = [one.replaces_id for one in channel.shown if one.replaces_id > 0]
    return [one for one in shown if one not in channel.withdrawn]


def test_the_newest_three_attempts_of_an_account_stay_and_many_are_summed_up(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = notifier(journal, channel)
    for event in newest_first(4, journal):
        shown_by.notify_new(event, NOW)
        assert len(on_screen(channel)) <= AT_ONCE
    shown_by.update(NOW)

    assert on_screen(channel) == [2, 3, 4]
    assert [one.replaces_id for one in channel.shown[:4]] == [1, 2, 3, 4]
    assert channel.shown[4:] == [wording.flood("home", 4, language=Language.EN)]


def test_what_the_desktop_has_not_shown_yet_is_not_overtaken(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by, answers = slow_notifier(journal, channel)
    for event in newest_first(4, journal):
        shown_by.notify_new(event, NOW)
    assert channel.withdrawn == []
    for shown in answers:
        shown_by.confirm(shown, NOW)
    shown_by.update(NOW)

    assert channel.withdrawn == [1]
    assert names(journal).count("notified") == 4


def test_what_newer_attempts_drove_off_the_screen_comes_back_when_there_is_room(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = notifier(journal, channel)
    events = newest_first(4, journal)
    for event in events:
        shown_by.notify_new(event, NOW)
    channel.shown.clear()
    journal.append(EventName.NOT_ME, at=NOW, about=events[3].about)
    for _ in range(2):
        shown_by.update(NOW)

    assert [one.replaces_id for one in channel.shown if one.replaces_id > 0] == [1]
    assert names(journal).count("notified") == 4


def test_attempts_that_came_over_minutes_are_not_many(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = notifier(journal, channel)
    for number in range(1, 5):
        event = began(journal, number, NOW - timedelta(minutes=number))
        shown_by.notify_new(event, NOW)
    shown_by.update(NOW)

    assert all(one.replaces_id > 0 for one in channel.shown)


def test_who_used_one_of_many_is_not_told_that_they_are_somebody_elses(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = notifier(journal, channel)
    events = newest_first(4, journal)
    for event in events:
        shown_by.notify_new(event, NOW)
    shown_by.update(NOW)
    shown_by.note_used(events[3].about, NOW)

    assert channel.withdrawn[-2:] == [4, wording.flood_id("home")]


def test_three_attempts_are_no_flood(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = notifier(journal, channel)
    for event in newest_first(AT_ONCE, journal):
        shown_by.notify_new(event, NOW)
    shown_by.update(NOW)

    assert on_screen(channel) == [1, 2, 3]
    assert len(channel.shown) == AT_ONCE


def test_of_a_flood_the_newest_are_shown_and_the_rest_counted_in_one_place(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = notifier(journal, channel)
    events = newest_first(FLOOD + 10, journal)
    for event in events:
        shown_by.notify_new(event, NOW)
    assert [one.replaces_id for one in channel.shown] == [*range(1, FLOOD + 1)]
    shown_by.update(NOW)

    summaries = [one for one in channel.shown if one.replaces_id < 0]
    assert summaries == [wording.flood("home", FLOOD + 10, language=Language.EN)]
    assert set(on_screen(channel)) <= {event.id for event in events[-AT_ONCE:]}
    shown_by.update(NOW)
    assert len([one for one in channel.shown if one.replaces_id < 0]) == 1


def test_a_flood_keeps_no_other_account_from_being_told(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = notifier(journal, channel)
    for event in newest_first(FLOOD + 10, journal):
        shown_by.notify_new(event, NOW)
    seen = new_event(999)
    origin = replace(seen.event.about.origin, account="work")
    about = replace(seen.event.about, origin=origin)
    other = journal.record(replace(seen, event=replace(seen.event, about=about)))
    assert other is not None
    shown_by.notify_new(other, NOW)
    shown_by.update(NOW)

    assert other.id in on_screen(channel)


def test_the_end_of_one_of_many_is_no_news(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = notifier(journal, channel)
    events = newest_first(4, journal)
    for event in events:
        shown_by.notify_new(event, NOW)
    channel.shown.clear()
    journal.expire(NOW + WINDOW)
    for event in events:
        shown_by.close(event.about, NOW + WINDOW)

    assert channel.shown == []


# This machine's clock -----------------------------------------------------------------


def test_a_wrong_clock_is_told_and_taken_back_when_it_is_right(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = notifier(journal, channel)
    shown_by.notify_new(recorded(journal), NOW)

    error = ClockError(300.0)
    journal.append(EventName.CLOCK_WRONG, at=NOW, detail=error.detail)
    for _ in range(2):
        shown_by.note_clock(error, NOW)
        shown_by.news.tell_clock(NOW)
    *_, told = channel.shown
    assert len(channel.shown) == 2
    assert "5 minutes ahead" in told.body
    assert ["Until" in one.body for one in channel.refreshed] == [False]

    shown_by.note_clock(None, NOW)
    assert channel.withdrawn == [told.replaces_id]
    assert ["Until" in one.body for one in channel.refreshed] == [False, True]


def test_while_the_clock_is_wrong_an_attempt_is_shown_with_the_time_left(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = notifier(journal, channel)

    shown_by.note_clock(ClockError(300.0), NOW)
    shown_by.notify_new(recorded(journal), NOW)

    (shown,) = channel.shown
    assert "Until" not in shown.body
    assert "5:00 left" in shown.body


def test_a_mail_to_one_account_takes_nothing_of_another_off_the_screen(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = notifier(journal, channel)
    for number, account in enumerate(("home", "work"), 1):
        shown_by.notify_new(recorded(journal, number, account=account), NOW)

    assert channel.links == [link_of(1), link_of(2)]
    assert channel.withdrawn == []


def cost_beside(journal: Journal, others: int) -> int:
    """Return what a mail costs while so many other accounts have an attempt."""
    shown_by = notifier(journal, RecordingChannel())
    pipeline = MailPipeline(journal, shown_by, window=WINDOW)
    for number in range(others):
        event = recorded(journal, number, account=f"of {number}")
        shown_by.notify_new(event, NOW)
    mine = recorded(journal, others)

    def tell() -> None:
        shown_by.notify_new(mine, NOW)
        pipeline.finish_sync(
            MailboxSynced(account="home", mailbox="INBOX", cursor=Cursor(1, 7)), NOW
        )

    return calls(tell)


def test_a_mail_costs_as_much_however_many_other_accounts_have_an_attempt(
    tmp_path: Path,
) -> None:
    costs = []
    for others in (1, 30):
        with Journal.open(tmp_path / f"{others}.db") as journal:
            costs.append(cost_beside(journal, others))

    few, many = costs
    assert many <= 1.1 * few


def test_no_more_is_asked_of_the_log_at_a_tick_however_many_accounts_have_an_attempt(
    tmp_path: Path, channel: RecordingChannel
) -> None:
    counts = []
    for others in (1, 30):
        asked: list[str] = []
        with Journal.open(tmp_path / f"{others}.db") as journal:
            shown_by = notifier(journal, channel)
            for number in range(others):
                event = recorded(journal, number, account=f"of {number}")
                shown_by.notify_new(event, NOW)
            journal._database._connection.set_trace_callback(asked.append)
            shown_by.update(NOW)
            journal._database._connection.set_trace_callback(None)
        counts.append(len(asked))

    few, many = counts
    assert few == many
