"""Where no mail comes, other ways are named, and a cure only after a second time."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.environment import ONE_LOOK_S, MailUser
from tests.factories import NOW, attempt, new_event
from tests.fakes import RecordingChannel, prompt_notifier
from watcher.app.silence import (
    BY_GUIDE,
    SILENT_AFTER,
    Silence,
    other_ways,
    silent_tries,
)
from watcher.app.wanted import NotifierSettings
from watcher.errors import ExitCode
from watcher.events import AnyEvent, Event, EventName, Expectation, Subject
from watcher.i18n import Language
from watcher.journal.log import Journal
from watcher.notify import trouble

MINUTE = timedelta(minutes=1)


def event(name: EventName, minute: float, about: Subject = None) -> AnyEvent:
    return Event(at=NOW + minute * MINUTE, event=name, about=about)


def armed(minute: float, *, until: float) -> AnyEvent:
    return event(EventName.ARMED, minute, Expectation(NOW + until * MINUTE))


def disarmed(minute: float) -> AnyEvent:
    return event(EventName.DISARMED, minute)


def came(minute: float, name: EventName = EventName.ATTEMPT) -> AnyEvent:
    return event(name, minute, attempt())


LATE = NOW + 100 * MINUTE


@pytest.mark.parametrize(
    ("events", "now", "count"),
    [
        ([], LATE, 0),
        ([armed(0, until=10)], LATE, 1),
        ([armed(0, until=10)], NOW + 5 * MINUTE, 0),
        ([armed(0, until=10), disarmed(2)], LATE, 1),
        ([armed(0, until=10), disarmed(0.5)], LATE, 0),
        ([armed(0, until=10), armed(3, until=13), disarmed(4)], LATE, 1),
        ([armed(0, until=10), armed(20, until=30)], LATE, 2),
        ([armed(0, until=10), disarmed(2), armed(3, until=13), disarmed(9)], LATE, 2),
        ([armed(0, until=10), came(1), disarmed(2)], LATE, 0),
        ([armed(0, until=10), disarmed(2), armed(3, until=13), came(4)], LATE, 0),
        ([armed(0, until=10), came(1, EventName.UNVERIFIED)], LATE, 0),
        ([armed(0, until=10), came(1, EventName.LOOK_ALIKE)], LATE, 1),
        ([disarmed(1)], LATE, 0),
    ],
    ids=[
        *("nothing", "over", "still expected", "called off", "called off at once"),
        *("prolonged", "twice by time", "twice", "a mail came", "a mail at the second"),
        *("a doubtful mail", "a look-alike", "no arming"),
    ],
)
def test_a_try_is_silent_if_a_sign_in_was_expected_and_no_mail_came(
    events: list[AnyEvent], now: datetime, count: int
) -> None:
    assert silent_tries(events, now) == count


@pytest.mark.parametrize("language", Language)
def test_the_cure_comes_with_the_second_silent_try_alone(language: Language) -> None:
    first, second = ([*other_ways(tries)] for tries in (0, 1))
    cure = {Language.EN: "authenticator app", Language.JA: "認証アプリ"}[language]

    assert second[: len(first)] == first
    assert not any(cure in text.say(language) for text in first)
    assert any(cure in text.say(language) for text in second)


@pytest.mark.parametrize("language", Language)
def test_all_ways_are_named_with_the_date_of_the_knowledge(language: Language) -> None:
    told = "\n".join(text.say(language) for text in other_ways(0))
    words = {
        Language.EN: ("SMS", "shopping app", "passkey", "26 November 2026"),
        Language.JA: ("SMS", "ショッピングアプリ", "パスキー", "2026 年 11 月 26 日"),
    }

    assert all(word in told for word in words[language])


def hurried(seconds: float) -> tuple[str, ...]:
    """Return the command of a watcher that is not as patient."""
    return (
        sys.executable,
        "-c",
        "import sys; from datetime import timedelta; import watcher.app.silence as one;"
        f"one.SILENT_AFTER = timedelta(seconds={seconds});"
        "from watcher.cli import main; sys.exit(main(sys.argv[1:]))",
    )


WAIT = ("check", "--wait", ONE_LOOK_S, "--no-notify", "--json")


def test_check_wait_tells_on_standard_error_what_else_amazon_does(
    mail_user: MailUser,
) -> None:
    first = mail_user.home.run(*WAIT, command=hurried(0.1))
    quiet = mail_user.home.run(*WAIT, "--quiet", command=hurried(0.1))

    assert [one.code for one in (first, quiet)] == [ExitCode.NOTHING] * 2
    assert [one.out for one in (first, quiet)] == [""] * 2
    assert "- by SMS" in first.err
    assert "authenticator" not in first.err
    assert "SMS" not in quiet.err


# What `watcher run` shows ------------------------------------------------------------


@dataclass(slots=True)
class Room:
    """A log, what a daemon shows, and a clock."""

    journal: Journal
    channel: RecordingChannel
    silence: Silence
    clock: SimpleNamespace

    def arm(self, detail: str | None = None) -> None:
        until = Expectation(self.now + 10 * MINUTE)
        self.journal.append(EventName.ARMED, at=self.now, about=until, detail=detail)
        self.tick(0)

    @property
    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.clock.s)

    def tick(self, seconds: float) -> int:
        """Let so much time pass; return how often it was told until then."""
        self.clock.s += seconds
        self.silence.tick(self.now)
        return len(self.channel.shown)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    clock, channel = SimpleNamespace(s=0.0), RecordingChannel()
    settings = NotifierSettings(language=Language.EN, notify_unverified=True)
    with Journal.open(tmp_path / "events.db") as journal:
        notifier = prompt_notifier(journal, [channel], settings)
        silence = Silence(journal, notifier, lambda: clock.s)
        yield Room(journal, channel, silence, clock)


SILENT_S = SILENT_AFTER.total_seconds()


def test_who_expects_a_sign_in_is_told_quietly_once_that_no_mail_came(
    room: Room,
) -> None:
    assert room.tick(SILENT_S) == 0
    room.arm()
    assert room.tick(SILENT_S - 1) == 0
    assert room.tick(1) == 1
    assert room.tick(1) == 1
    (shown,) = room.channel.shown
    assert shown == trouble.silent(language=Language.EN)
    assert not shown.is_urgent


def test_each_time_that_a_sign_in_is_expected_has_a_minute_of_its_own(
    room: Room,
) -> None:
    room.arm()
    assert room.tick(SILENT_S) == 1
    room.arm()
    assert room.channel.withdrawn == [trouble.SILENT_ID]
    assert room.tick(SILENT_S - 1) == 1
    assert room.tick(1) == 2


def test_the_second_time_what_is_shown_names_the_cure(room: Room) -> None:
    for _ in range(2):
        room.arm()
        room.tick(SILENT_S)
        room.journal.append(EventName.DISARMED, at=room.now)
        room.tick(1)

    words = [trouble.silent(tries, language=Language.EN) for tries in (0, 1)]
    assert room.channel.shown == words
    assert words[1].body.startswith(words[0].body)
    assert "authenticator app" in words[1].body


def test_it_goes_when_the_mail_comes_or_nothing_is_expected_any_more(
    room: Room,
) -> None:
    room.arm()
    room.tick(SILENT_S)
    room.journal.record(new_event(1, at=room.now))
    assert room.tick(1) == 1
    assert room.channel.withdrawn == [trouble.SILENT_ID]

    room.arm()
    room.journal.expire(room.now + 10 * MINUTE)
    room.tick(SILENT_S + 10)
    room.journal.append(EventName.DISARMED, at=room.now)
    room.tick(1)
    assert room.channel.withdrawn == [trouble.SILENT_ID] * 2


@pytest.mark.parametrize("name", [EventName.ATTEMPT, EventName.UNVERIFIED])
def test_where_a_mail_came_in_the_minute_nothing_is_told(
    room: Room, name: EventName
) -> None:
    room.arm()
    room.clock.s += 30
    room.journal.record(new_event(1, at=room.now, event=name))

    assert room.tick(SILENT_S) == 0


def test_who_is_led_by_the_guide_is_told_there(room: Room) -> None:
    room.arm(BY_GUIDE)

    assert room.tick(SILENT_S) == 0
