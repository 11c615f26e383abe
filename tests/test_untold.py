"""What is logged to be told is told once, by whichever program comes to it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.factories import NOW, WINDOW, new_event, recorded, reported
from tests.fakes import FakeClock, RecordingChannel, posix_only, prompt_notifier
from watcher.app.desktop import Desktop
from watcher.app.news import STALE_AFTER
from watcher.app.notifier import Notifier
from watcher.app.wanted import UNVERIFIED_AN_HOUR, NotifierSettings, Wanted
from watcher.events import Attempt, EventName
from watcher.i18n import Language
from watcher.journal.files import beside
from watcher.journal.log import DELIVERY_LEASE, Journal
from watcher.journal.reader import JournalReader
from watcher.notify import trouble, wording
from watcher.notify.delivery import Delivery
from watcher.notify.notification import Notification
from watcher.timing.error import ClockError

VOICE = NotifierSettings(language=Language.EN, notify_unverified=True)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MS = timedelta(milliseconds=1)
SLOW = ClockError(-300.0)


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


def killed(journal: Journal, settings: NotifierSettings = VOICE) -> Notifier:
    """Return a program's notifier whose desktop shows nothing before its end."""
    return Notifier(journal, Desktop(Delivery([]), lambda _: None), settings)


def next_one(
    journal: Journal,
    channel: RecordingChannel,
    now: datetime = NOW,
    settings: NotifierSettings = VOICE,
) -> list[Notification]:
    """Let the next daemon start and sync; return what it shows."""
    before = len(channel.shown)
    journal.void_leases()
    shown_by = prompt_notifier(journal, [channel], settings)
    shown_by.note_clock(SLOW if is_clock_wrong(journal) else None, now)
    shown_by.prepare(now)
    shown_by.notify_pending(now)
    shown_by.update(now)
    shown_by.news.tell_missed("home", now)
    return channel.shown[before:]


def is_clock_wrong(journal: Journal) -> bool:
    return any(one.event is EventName.CLOCK_WRONG for one in journal.events())


def untold(journal: JournalReader) -> list[EventName]:
    return [event.event for event in journal.untold()]


def missed(journal: Journal, number: int = 1) -> Attempt:
    return recorded(journal, number, event=EventName.MISSED).about


# After the end of a program -----------------------------------------------------------


def test_what_came_too_late_is_told_in_one_summary_by_the_next_program(
    journal: Journal, channel: RecordingChannel
) -> None:
    killed(journal)
    attempts = [missed(journal, number) for number in (1, 2, 3)]

    told = next_one(journal, channel)

    assert told == [wording.missed(attempts, language=Language.EN)]
    assert next_one(journal, channel) == []
    assert untold(journal) == []


@pytest.mark.parametrize(("age", "is_told"), [(DAY - MS, True), (DAY, False)])
def test_that_an_attempt_came_too_late_is_news_for_as_long_as_is_looked_back(
    journal: Journal, channel: RecordingChannel, age: timedelta, is_told: bool
) -> None:
    killed(journal)
    missed(journal)

    assert len(next_one(journal, channel, NOW + age)) == is_told
    assert untold(journal) == []


@pytest.mark.parametrize(("age", "is_told"), [(WINDOW - MS, True), (WINDOW, False)])
def test_a_mail_that_is_not_verified_is_news_while_it_may_be_alive(
    journal: Journal, channel: RecordingChannel, age: timedelta, is_told: bool
) -> None:
    shown_by = killed(journal)
    shown_by.notify_new(recorded(journal, event=EventName.UNVERIFIED), NOW)

    assert len(next_one(journal, channel, NOW + age)) == is_told
    assert next_one(journal, channel, NOW + age) == []
    assert untold(journal) == []


def test_a_flood_of_doubtful_mails_is_summed_up_once_and_marked_no_further(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = prompt_notifier(journal, [channel], VOICE)
    for number in range(4):
        event = recorded(journal, number, event=EventName.UNVERIFIED)
        shown_by.notify_new(event, NOW)
    shown_by = killed(journal)
    for number in range(4, 40):
        event = recorded(journal, number, event=EventName.UNVERIFIED)
        shown_by.notify_new(event, NOW)
    assert len(untold(journal)) == UNVERIFIED_AN_HOUR + 1 - 4

    told = next_one(journal, channel)

    assert told == [wording.unverified_summary(40, language=Language.EN)]
    assert next_one(journal, channel) == []


@pytest.mark.parametrize(("age", "is_told"), [(HOUR - MS, True), (HOUR, False)])
def test_that_amazon_reports_a_sign_in_is_news_for_an_hour(
    journal: Journal, channel: RecordingChannel, age: timedelta, is_told: bool
) -> None:
    about = recorded(journal).about
    journal.append(EventName.NOTIFIED, at=NOW, about=about)
    shown_by = killed(journal)
    shown_by.notify_new(reported(journal, about), NOW)

    told = next_one(journal, channel, NOW + age)

    assert told == [wording.reported(NOW, about, language=Language.EN)][:is_told]
    assert next_one(journal, channel, NOW + age) == []
    assert untold(journal) == []


@pytest.mark.parametrize(
    ("late_by", "is_told"), [(STALE_AFTER - MS, True), (STALE_AFTER, False)]
)
def test_an_end_that_was_logged_is_told_while_it_is_news(
    journal: Journal, channel: RecordingChannel, late_by: timedelta, is_told: bool
) -> None:
    about = recorded(journal).about
    journal.append(EventName.NOTIFIED, at=NOW, about=about)
    shown_by = killed(journal)
    (over,) = journal.expire(NOW + WINDOW)
    shown_by.close(over, NOW + WINDOW)

    told = next_one(journal, channel, NOW + WINDOW + late_by)

    assert told == [wording.expired(over, language=Language.EN)][:is_told]
    assert untold(journal) == []


@pytest.mark.parametrize("is_answered", [True, False])
def test_the_end_of_what_was_answered_or_never_told_is_not_owed(
    journal: Journal, is_answered: bool
) -> None:
    killed(journal)
    about = recorded(journal).about
    if is_answered:
        journal.append(EventName.NOTIFIED, at=NOW, about=about)
        journal.append(EventName.OPENED, at=NOW, about=about)
    journal.expire(NOW + WINDOW)

    assert untold(journal) == []


def test_a_clock_that_is_wrong_is_told_by_the_next_program_while_it_is_so(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = killed(journal)
    shown_by.note_clock(SLOW, NOW)
    journal.append(EventName.CLOCK_WRONG, at=NOW, detail=SLOW.detail)
    shown_by.news.tell_clock(NOW)

    told = next_one(journal, channel)

    assert told == [trouble.clock_wrong(SLOW, language=Language.EN)]
    assert next_one(journal, channel) == []


def test_that_a_clock_was_wrong_is_no_news(
    journal: Journal, channel: RecordingChannel
) -> None:
    killed(journal)
    journal.append(EventName.CLOCK_WRONG, at=NOW, detail=SLOW.detail)

    shown_by = prompt_notifier(journal, [channel], VOICE)
    shown_by.notify_pending(NOW)

    assert channel.shown == []
    assert untold(journal) == []


@pytest.mark.parametrize(
    ("age", "is_told"), [(timedelta(0), True), (HOUR - MS, True), (HOUR, False)]
)
def test_the_alarm_about_a_flood_is_raised_by_the_next_program(
    journal: Journal, channel: RecordingChannel, age: timedelta, is_told: bool
) -> None:
    shown_by = killed(journal)
    for number in range(1, 7):
        event = recorded(journal, number, device=f"No. {number}")
        shown_by.notify_new(event, NOW)
    assert untold(journal) == [EventName.ATTEMPT]

    told = next_one(journal, channel, NOW + age)

    alarms = [one for one in told if one.replaces_id == wording.flood_id("home")]
    assert alarms == [wording.flood("home", 6, language=Language.EN)][:is_told]
    assert untold(journal) == []
    again = next_one(journal, channel, NOW + age)
    assert wording.flood_id("home") not in {one.replaces_id for one in again}


@pytest.mark.parametrize("count", [3, 4])
def test_an_alarm_is_owed_by_who_has_more_than_three_attempts_within_a_minute(
    journal: Journal, count: int
) -> None:
    killed(journal)
    for number in range(count):
        recorded(journal, number)
        recorded(journal, 10 + number, account="work", near="elsewhere")
        seen = new_event(20 + number)
        about = seen.event.about
        assert isinstance(about, Attempt)
        began_at = NOW - timedelta(minutes=2 * number + 2)
        about = replace(about, claim=replace(about.claim, attempted_at=began_at))
        journal.record(replace(seen, event=replace(seen.event, about=about)))

    assert untold(journal) == [EventName.ATTEMPT] * 2 * (count > 3)


def test_what_to_do_about_somebody_elses_attempt_is_told_by_the_next_program(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = killed(journal)
    about = recorded(journal).about
    shown_by.note_not_me(about, NOW)
    journal.append(EventName.NOT_ME, at=NOW, about=about)

    told = next_one(journal, channel)

    assert told == [wording.not_me_advice(about, language=Language.EN)]
    assert next_one(journal, channel) == []
    assert untold(journal) == []


@pytest.mark.parametrize("is_shut", [False, True])
def test_advice_that_was_shown_before_it_was_logged_is_not_given_again(
    journal: Journal, channel: RecordingChannel, is_shut: bool
) -> None:
    channel.is_shut = is_shut
    shown_by = prompt_notifier(journal, [channel], VOICE)
    about = recorded(journal).about
    shown_by.note_not_me(about, NOW)
    journal.append(EventName.NOT_ME, at=NOW, about=about)
    channel.is_shut = False
    for _ in range(2):
        shown_by.update(NOW)

    assert channel.shown == [wording.not_me_advice(about, language=Language.EN)]
    assert untold(journal) == []


# Two programs -------------------------------------------------------------------------


def test_of_two_programs_one_tells(path: Path, channel: RecordingChannel) -> None:
    with Journal.open(path) as one, Journal.open(path) as other:
        first, second = killed(one), prompt_notifier(other, [channel], VOICE)
        missed(one)
        first.news.tell_missed("home", NOW)
        second.news.tell_missed("home", NOW)
        assert channel.shown == []

        second.news.tell_missed("home", NOW + DELIVERY_LEASE)
        assert len(channel.shown) == 1


def test_what_a_program_that_tells_nobody_has_logged_the_other_tells(
    path: Path, channel: RecordingChannel
) -> None:
    """Such is `watcher check --no-notify` beside `watcher run`."""
    with Journal.open(path) as one, Journal.open(path) as other:
        mute = Notifier(one, None, replace(VOICE, is_attended=False))
        mute.notify_new(recorded(one, event=EventName.UNVERIFIED), NOW)
        mute.notify_pending(NOW)
        prompt_notifier(other, [channel], VOICE).update(NOW)

    assert len(channel.shown) == 1


def test_a_daemon_that_starts_leaves_a_command_what_it_is_about_to_tell(
    path: Path, channel: RecordingChannel
) -> None:
    with Journal.open(path) as one, Journal.open(path) as other:
        command = killed(one, replace(VOICE, is_attended=False))
        command.notify_new(recorded(one, event=EventName.UNVERIFIED), NOW)

        assert next_one(other, channel) == []
        assert len(next_one(other, channel, NOW + DELIVERY_LEASE)) == 1


def test_one_program_asks_once_however_long_its_desktop_takes(
    journal: Journal,
) -> None:
    asked: list[Notification] = []
    settings = replace(VOICE, on_told=asked.append)
    shown_by = killed(journal, settings)
    shown_by.notify_new(recorded(journal, event=EventName.UNVERIFIED), NOW)
    for minutes in range(4):
        shown_by.update(NOW + timedelta(minutes=minutes))

    assert len(asked) == 1


def test_what_no_channel_showed_is_tried_again_at_ever_longer_pauses(
    journal: Journal, channel: RecordingChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock(NOW)
    monkeypatch.setattr("watcher.app.untold.monotonic_s", lambda: clock.boot_s)
    channel.is_shut = True
    shown_by = prompt_notifier(journal, [channel], VOICE)
    missed(journal)
    leases = set()
    for _ in range(1000):
        shown_by.news.tell_missed("home", clock.now)
        leases.update(journal._database.query("SELECT claimed_at FROM untold"))
        clock.rest(timedelta(seconds=10))
    names = [event.event for event in journal.events()]
    assert names.count(EventName.NOTIFY_FAILED) == 1
    assert len(leases) == 10  # after 20, 40, 80 … s

    channel.is_shut = False
    clock.rest(HOUR)
    for _ in range(2):
        shown_by.news.tell_missed("home", clock.now)
    assert len(channel.shown) == 1
    assert untold(journal) == []


def test_what_waits_for_the_desktop_is_summed_up_with_what_comes_behind(
    journal: Journal,
) -> None:
    shown: list[Notification] = []
    shown_by = killed(journal, replace(VOICE, on_told=shown.append))
    attempts = [missed(journal, number) for number in (1, 2)]
    shown_by.news.tell_missed("home", NOW)
    attempts.append(recorded(journal, 3, event=EventName.MISSED, account="work").about)
    shown_by.news.tell_missed("work", NOW)

    assert shown[-1] == wording.missed(attempts, language=Language.EN)


# Where nobody is to be told -----------------------------------------------------------


def test_who_wants_the_log_alone_is_owed_nothing(
    journal: Journal, channel: RecordingChannel
) -> None:
    log_alone = replace(VOICE, wanted=Wanted(on_desktop=False))
    shown_by = Notifier(journal, None, log_alone)
    for number, name in enumerate(
        (EventName.MISSED, EventName.UNVERIFIED, *[EventName.ATTEMPT] * 4)
    ):
        shown_by.notify_new(recorded(journal, number, event=name), NOW)
    about = recorded(journal, 9).about
    journal.append(EventName.NOTIFIED, at=NOW, about=about)
    journal.append(EventName.CLOCK_WRONG, at=NOW, detail=SLOW.detail)
    reported(journal, about)
    journal.expire(NOW + WINDOW)

    assert untold(journal) == []


def test_who_wants_no_notifications_any_more_is_owed_none_of_before(
    journal: Journal,
) -> None:
    killed(journal)
    missed(journal)
    recorded(journal, 2, event=EventName.UNVERIFIED)

    log_alone = replace(VOICE, wanted=Wanted(on_desktop=False))
    Notifier(journal, None, log_alone).notify_pending(NOW)

    assert untold(journal) == []


def test_a_mark_goes_with_its_event(journal: Journal) -> None:
    killed(journal)
    missed(journal)
    while journal.prune(NOW + DAY):
        pass

    with journal._database.transaction():
        assert journal._database.query("SELECT * FROM untold") == []


@posix_only("an open file is moved away")
def test_what_is_untold_is_carried_into_a_log_that_takes_the_place_of_a_lost_one(
    journal: Journal, channel: RecordingChannel, path: Path
) -> None:
    killed(journal)
    about = recorded(journal).about
    journal.append(EventName.NOTIFIED, at=NOW, about=about)
    journal.expire(NOW + WINDOW)
    missed(journal, 2)
    journal.remember()
    for suffix in ("", "-wal", "-shm"):
        beside(path, suffix).rename(beside(path, f"{suffix}.lost"))
    with Journal.open(path) as other:  # which gives the first ids to others
        recorded(other, 7)
        recorded(other, 8)
    journal.reopen()

    told = next_one(journal, channel, NOW + WINDOW)

    titles = [one.title for one in told if one.expires_in is None]
    assert titles == ["Amazon: sign-in expired", "Amazon: mail came too late"]
    journal.check()
    assert untold(journal) == []


def test_the_advice_is_given_once_where_the_attempt_ends_before_the_log_knows(
    journal: Journal, channel: RecordingChannel
) -> None:
    shown_by = prompt_notifier(journal, [channel], VOICE)
    event = recorded(journal)
    about = event.about
    shown_by.notify_new(event, NOW)
    shown_by.note_not_me(about, about.expires_at - MS)
    for ended in journal.expire(about.expires_at):
        shown_by.close(ended, about.expires_at)
    journal.append(EventName.NOT_ME, at=about.expires_at, about=about)
    for _ in range(2):
        shown_by.update(about.expires_at)

    advice = wording.not_me_advice(about, language=Language.EN)
    assert channel.shown.count(advice) == 1
    assert EventName.NOT_ME not in untold(journal)
