"""Which phone is told of what: each its own, once, then the time left; never a code."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.factories import (
    CODE,
    LINK,
    NOW,
    attempt,
    link_of,
    live,
    new_event,
    recorded,
    reported,
)
from tests.fakes import PromptDesktop, RecordingChannel
from watcher.app.notifier import Notifier
from watcher.app.phone import Phone, Pushed, PushRequest
from watcher.app.phones import ATTEMPTS_AN_HOUR, STALE_AFTER, Phones, Route
from watcher.app.wanted import NotifierSettings
from watcher.errors import NotificationFailed
from watcher.events import Attempt, Event, EventName, Expectation
from watcher.i18n import Language, Text
from watcher.journal.log import DELIVERY_LEASE, Journal
from watcher.notify import sentences
from watcher.notify.push import Pusher, PushMessage, message
from watcher.recognition.claim import Kind

LATER = NOW + DELIVERY_LEASE
SHUT = NotificationFailed(Text(en="shut", ja="閉"))


@dataclass(eq=False, slots=True)
class Way(Pusher):
    """A way to a phone that a test looks at."""

    error: NotificationFailed | None = None
    shown: dict[str, PushMessage] = field(default_factory=dict)
    sent: list[PushMessage] = field(default_factory=list)

    place = "phone"
    replaces = True

    def send(self, message: PushMessage) -> None:
        if self.error:
            raise self.error
        self.sent.append(message)
        self.shown[message.key] = message

    def withdraw(self, key: str) -> None:
        self.shown.pop(key, None)

    def check(self) -> None:
        pass


class PromptPhone(Phone):
    """A phone that does at once what is asked for, in the caller's thread."""

    def __init__(self, pusher: Pusher, report: Callable[[Pushed], None]) -> None:
        super().__init__(pusher, report)
        self._tell = report

    def ask(self, request: PushRequest) -> None:
        """Do it, as if no time had gone by."""
        if request.words is None:
            self.pusher.withdraw(request.key)
            return
        error = None
        try:
            if found := request.words(request.now):
                self.pusher.send(found)
        except NotificationFailed as failure:
            error = failure
        self._tell(Pushed(request, error))


def noting(
    asked: list[PushRequest],
) -> Callable[[Pusher, Callable[[Pushed], None]], Phone]:
    """Return what opens a phone that only notes what is asked for."""

    class Noting(PromptPhone):
        def ask(self, request: PushRequest) -> None:
            asked.append(request)

    return Noting


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "events.db") as journal:
        yield journal


@pytest.fixture
def way() -> Way:
    return Way()


def notifier(
    journal: Journal,
    routes: dict[str, Route],
    *channels: RecordingChannel,
    language: Language = Language.EN,
) -> Notifier:
    """Return a notifier with phones; without channels there is no desktop."""
    reports: list[Callable[[Pushed], None]] = []
    phones = Phones(
        routes, language, lambda one: reports[0](one), open_phone=PromptPhone
    )
    desktop = PromptDesktop(channels) if channels else None
    settings = NotifierSettings(language=language, notify_unverified=True)
    made = Notifier(journal, desktop, settings, phones)
    reports.append(lambda pushed: made.confirm_push(pushed, pushed.request.now))
    if desktop is not None:
        desktop.confirm = lambda shown: made.confirm(shown, shown.request.now)
    return made


def route(way: Way, *, is_linked: bool = False, only_expected: bool = False) -> Route:
    return Route(way, is_linked, only_expected)


def of_account(account: str, number: int, journal: Journal) -> Event[Attempt]:
    """Record an attempt of an account."""
    return recorded(journal, number, account=account)


def details(journal: Journal) -> list[tuple[str, str | None]]:
    return [(event.event.value, event.detail) for event in journal.events()]


def arm(journal: Journal) -> None:
    until = NOW + timedelta(minutes=10)
    journal.append(EventName.ARMED, at=NOW, about=Expectation(until))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            Language.EN,
            "Sign-in attempt, 4:32 left – look at your computer or your mail",
        ),
        (
            Language.JA,
            "サインイン試行 残り 4:32 – パソコンかメールを見てください",
        ),
    ],
)
@pytest.mark.parametrize("kind", Kind)
def test_a_message_holds_neither_link_nor_code(
    language: Language, text: str, kind: Kind
) -> None:
    about = attempt(kind)
    shown = live(about, language)
    said = message(about, shown, at=NOW, language=language, is_linked=False)

    assert (said.text, said.link) == (text, None)
    assert said.is_urgent


@pytest.mark.parametrize("language", Language)
def test_with_link_the_message_holds_that_of_an_approval_and_never_a_code(
    language: Language,
) -> None:
    for kind, link in [(Kind.APPROVAL, LINK), (Kind.CODE, None), (Kind.UNKNOWN, None)]:
        about = attempt(kind)
        shown = live(about, language)
        said = message(about, shown, at=NOW, language=language, is_linked=True)

        assert said.link == link
        assert CODE not in said.text + said.title + said.link_label


def test_a_time_left_that_nobody_knows_is_not_told() -> None:
    about = replace(attempt(), is_deadline_known=False)
    said = message(
        about, live(about), at=NOW, language=Language.EN, is_linked=False
    ).text

    assert said.startswith("Sign-in attempt, maybe over already")


def test_the_phone_is_told_once_beside_the_desktop(journal: Journal, way: Way) -> None:
    channel = RecordingChannel()
    told_by = notifier(journal, {"home": route(way)}, channel)
    told_by.notify_new(recorded(journal), NOW)
    told_by.notify_pending(LATER)

    assert (len(channel.shown), len(way.sent)) == (1, 1)
    assert way.sent[0].link is None
    assert details(journal) == [
        ("attempt", None),
        ("notified", "recording"),
        ("notified", "push"),
    ]


def test_the_phone_is_told_where_there_is_no_desktop(
    journal: Journal, way: Way
) -> None:
    told_by = notifier(journal, {"home": route(way)})
    told_by.notify_new(recorded(journal), NOW)
    told_by.notify_pending(LATER)

    assert len(way.sent) == 1
    assert details(journal) == [("attempt", None), ("notified", "push")]


def test_a_desktop_that_shows_nothing_is_tried_again_though_the_phone_was_told(
    journal: Journal, way: Way
) -> None:
    channel = RecordingChannel(is_shut=True)
    told_by = notifier(journal, {"home": route(way)}, channel)
    told_by.notify_new(recorded(journal), NOW)
    channel.is_shut = False
    told_by.notify_pending(LATER)

    assert (len(channel.shown), len(way.sent)) == (1, 1)
    assert details(journal)[-2:] == [("notified", "recording"), ("notified", "push")]


def test_what_a_phone_alone_shows_makes_way_for_the_same_sign_in_tried_again(
    journal: Journal, way: Way
) -> None:
    told_by = notifier(journal, {"home": route(way)}, RecordingChannel(is_shut=True))
    for number in (1, 2):
        told_by.notify_new(recorded(journal, number), NOW)
    told_by.update(NOW)

    assert [name for name, _ in details(journal)].count("superseded") == 1
    assert len(way.shown) == 1


def test_a_push_that_fails_is_logged_once_and_the_desktop_shows_it(
    journal: Journal, way: Way
) -> None:
    channel, way.error = RecordingChannel(), SHUT
    told_by = notifier(journal, {"home": route(way)}, channel)
    event = recorded(journal)
    told_by.notify_new(event, NOW)
    told_by.confirm_push(
        Pushed(PushRequest(key="1", now=NOW, about=event.about), SHUT), NOW
    )

    assert channel.links == [link_of(1)]
    assert details(journal)[1:] == [
        ("notified", "recording"),
        ("notify_failed", "push: shut"),
    ]


def test_everyone_gets_their_own_attempts_and_nobody_anothers_link(
    journal: Journal,
) -> None:
    hers, his = Way(), Way()
    told_by = notifier(
        journal,
        {"hers": route(hers, is_linked=True), "his": route(his)},
    )
    told_by.notify_new(of_account("hers", 1, journal), NOW)
    told_by.notify_new(of_account("his", 2, journal), NOW)
    told_by.notify_new(of_account("nobodys", 3, journal), NOW)

    assert [one.link for one in hers.sent] == [link_of(1)]
    assert [one.link for one in his.sent] == [None]


def test_a_mail_to_one_account_takes_nothing_of_another_off_the_phone(
    journal: Journal, way: Way
) -> None:
    told_by = notifier(
        journal, {"hers": route(way), "his": route(way)}, RecordingChannel()
    )
    told_by.notify_new(of_account("hers", 1, journal), NOW)
    told_by.notify_new(of_account("his", 2, journal), NOW)

    assert len(way.shown) == 2


def test_accounts_that_share_a_phone_are_told_there(journal: Journal, way: Way) -> None:
    shared = route(way)
    told_by = notifier(journal, {"hers": shared, "his": shared})
    told_by.notify_new(of_account("hers", 1, journal), NOW)
    told_by.notify_new(of_account("his", 2, journal), NOW)

    assert len(way.shown) == 2


def test_a_phone_for_expected_sign_ins_is_told_only_while_one_is(
    journal: Journal, way: Way
) -> None:
    told_by = notifier(journal, {"home": route(way, only_expected=True)})
    told_by.notify_new(recorded(journal, 1), NOW)
    assert way.sent == []
    arm(journal)
    told_by.notify_new(recorded(journal, 2), NOW)

    assert len(way.sent) == 1


def test_what_was_not_expected_at_first_is_told_with_the_reminder(
    journal: Journal, way: Way
) -> None:
    told_by = notifier(journal, {"home": route(way, only_expected=True)})
    event = recorded(journal)
    told_by.notify_new(event, NOW)
    arm(journal)
    told_by.remind(event.about, NOW)

    assert len(way.sent) == 1


def test_a_reminder_takes_the_place_of_the_first_message(
    journal: Journal, way: Way
) -> None:
    told_by = notifier(journal, {"home": route(way)})
    event = recorded(journal)
    told_by.notify_new(event, NOW)
    told_by.remind(event.about, NOW + timedelta(minutes=3))

    (shown,) = way.shown.values()
    assert "2:00 left" in shown.text
    assert shown.is_urgent
    assert details(journal)[-1] == ("reminded", "push")


def test_the_time_left_counts_down_without_a_sound_and_not_too_often(
    journal: Journal, way: Way
) -> None:
    told_by = notifier(journal, {"home": route(way)})
    event = recorded(journal)
    told_by.notify_new(event, NOW)
    for seconds in (30, 60, 90):
        told_by.refresh_all(NOW + timedelta(seconds=seconds))

    assert [one.is_urgent for one in way.sent] == [True, False]
    assert "4:00 left" in way.sent[1].text
    assert details(journal)[-1] == ("notified", "push")


@pytest.mark.parametrize("answer", ["used", "not_me", "over", "elsewhere"])
def test_at_the_answer_and_at_the_end_it_is_taken_back(
    journal: Journal, way: Way, answer: str
) -> None:
    told_by = notifier(journal, {"home": route(way)}, RecordingChannel())
    event = recorded(journal)
    told_by.notify_new(event, NOW)
    assert len(way.shown) == 1
    match answer:
        case "used":
            told_by.note_used(event.about, NOW)
        case "not_me":
            told_by.note_not_me(event.about, NOW)
        case "over":
            told_by.close(event.about, event.about.expires_at)
        case _:
            journal.append(EventName.OPENED, at=NOW, about=event.about)
            told_by.update(NOW)

    assert way.shown == {}


def test_what_an_earlier_program_sent_is_taken_back(journal: Journal, way: Way) -> None:
    event = recorded(journal)
    notifier(journal, {"home": route(way)}).notify_new(event, NOW)
    later = notifier(journal, {"home": route(way)})
    later.prepare(NOW)
    later.update(NOW)
    assert len(way.shown) == 1
    later.close(event.about, event.about.expires_at)

    assert way.shown == {}


@pytest.mark.parametrize(
    ("closing", "later"),
    [
        (EventName.OPENED, timedelta(0)),
        (EventName.SUPERSEDED, timedelta(0)),
        (None, timedelta(minutes=6)),
    ],
    ids=["answered", "superseded", "over"],
)
def test_what_was_closed_while_no_program_ran_is_taken_back_at_the_start(
    journal: Journal, way: Way, closing: EventName | None, later: timedelta
) -> None:
    event = recorded(journal)
    notifier(journal, {"home": route(way)}).notify_new(event, NOW)
    if closing:
        journal.append(closing, at=NOW, about=event.about)
    else:
        journal.expire(NOW + later)
    notifier(journal, {"home": route(way)}).prepare(NOW + later)

    assert way.shown == {}


def test_what_only_the_desktop_showed_is_told_once_a_phone_is_configured(
    journal: Journal, way: Way
) -> None:
    notifier(journal, {}, RecordingChannel()).notify_new(recorded(journal), NOW)
    for _ in range(2):
        later = notifier(journal, {"home": route(way)}, RecordingChannel())
        later.prepare(NOW)
        later.update(NOW)

    assert len(way.sent) == 1


def test_a_flood_does_not_go_on_the_phone_without_end(
    journal: Journal, way: Way
) -> None:
    phones = Phones({"home": route(way)}, Language.EN, open_phone=PromptPhone)
    for number in range(2 * ATTEMPTS_AN_HOUR):
        about = attempt(id=number + 1, uid=number)
        phones.tell(about, lambda _: live(), NOW, is_armed=True)

    assert len(way.sent) == ATTEMPTS_AN_HOUR


def test_a_mail_without_proof_is_told_only_while_a_sign_in_is_expected(
    journal: Journal, way: Way
) -> None:
    told_by = notifier(journal, {"home": route(way, is_linked=True)})
    told_by.notify_new(recorded(journal, 1, event=EventName.UNVERIFIED), NOW)
    assert way.sent == []
    arm(journal)
    new = new_event(2, event=EventName.UNVERIFIED)
    assert isinstance(new.event.about, Attempt)
    doubtful = replace(new.event.about, kind=None)
    event = journal.record(replace(new, event=replace(new.event, about=doubtful)))
    assert event is not None
    told_by.notify_new(event, NOW)

    (said,) = way.sent
    assert "sender could not be checked" in said.text
    assert said.link is None


def test_a_mail_without_proof_is_taken_back_when_its_time_is_over(way: Way) -> None:
    phones = Phones({"home": route(way)}, Language.EN, open_phone=PromptPhone)
    doubtful = attempt(None)
    phones.tell(doubtful, lambda _: live(), NOW, is_armed=True)
    phones.keep((), NOW)
    assert (len(way.shown), phones.are_showing) == (1, True)
    phones.keep((), doubtful.expires_at)

    assert (way.shown, phones.are_showing) == ({}, False)


def test_what_is_over_at_its_turn_is_not_sent(way: Way) -> None:
    phones = Phones({"home": route(way)}, Language.EN, open_phone=PromptPhone)
    over = attempt()
    phones.tell(over, lambda _: live(), over.expires_at, is_armed=True)

    assert way.sent == []


def test_a_mail_that_is_proved_later_is_told_anew(way: Way) -> None:
    phones = Phones({"home": route(way)}, Language.EN, open_phone=PromptPhone)
    for kind in (None, Kind.APPROVAL, Kind.APPROVAL):
        phones.tell(attempt(kind), lambda _: live(), NOW, is_armed=True)

    assert len(way.sent) == 2
    (shown,) = way.shown.values()
    assert "4:32 left" in shown.text


@pytest.mark.parametrize("language", Language)
def test_what_amazon_reports_takes_the_place_of_the_attempt_and_stays(
    journal: Journal, way: Way, language: Language
) -> None:
    shown_by = notifier(journal, {"home": route(way)}, language=language)
    event = recorded(journal)
    shown_by.notify_new(event, NOW)
    shown_by.notify_new(reported(journal, event.about), NOW)
    shown_by.update(NOW)
    notifier(journal, {"home": route(way)}, language=language).prepare(NOW)

    (told,) = way.shown.values()
    assert f"{NOW.astimezone():%H:%M:%S}" in told.text
    assert told.title == sentences.REPORTED.say(language)
    assert told.link is None


def test_a_phone_that_was_not_told_of_an_attempt_hears_of_no_report(
    journal: Journal, way: Way
) -> None:
    shown_by = notifier(journal, {"home": route(way, only_expected=True)})
    event = recorded(journal)
    shown_by.notify_new(event, NOW)
    shown_by.notify_new(reported(journal, event.about), NOW)

    assert way.sent == []


def test_a_report_that_a_phone_did_not_take_is_not_tried_for_ever(
    journal: Journal, way: Way
) -> None:
    asked: list[PushRequest] = []
    phones = Phones({"home": route(way)}, Language.EN, open_phone=noting(asked))
    about = recorded(journal).about
    phones.tell(about, lambda _: live(about), NOW, is_armed=False)
    phones.tell_reported(about, NOW, NOW)

    words = asked[-1].words
    assert words is not None
    assert words(about.expires_at - timedelta(seconds=1)) is not None
    assert words(about.expires_at) is None


# Floods of attempts -------------------------------------------------------------------


def many(journal: Journal, shown_by: Notifier, *numbers: int) -> None:
    for number in numbers:
        shown_by.notify_new(recorded(journal, number, device=f"No. {number}"), NOW)
    shown_by.update(NOW)


def alarms(way: Way) -> list[PushMessage]:
    return [one for one in way.sent if one.title == sentences.FLOOD.say(Language.EN)]


@pytest.mark.parametrize("has_desktop", [True, False])
def test_a_phone_is_told_of_a_flood_once_and_it_is_logged(
    journal: Journal, way: Way, has_desktop: bool
) -> None:
    channels = [RecordingChannel()] if has_desktop else []
    shown_by = notifier(journal, {"home": route(way)}, *channels)
    many(journal, shown_by, 1, 2, 3, 4)
    many(journal, shown_by, 5, 6)
    notifier(journal, {"home": route(way)}, *channels).update(NOW)

    (told,) = alarms(way)
    assert told.text.startswith("4 sign-in attempts within a minute")
    assert told.link is None
    assert details(journal).count(("notified", "push")) == 7
    assert journal.untold() == []


def test_what_a_killed_program_has_not_told_of_a_flood_the_next_one_does(
    journal: Journal, way: Way
) -> None:
    killed = notifier(journal, {"home": route(way)})
    for number in range(1, 6):
        killed.notify_new(recorded(journal, number, device=f"No. {number}"), NOW)
    for _ in range(2):
        notifier(journal, {"home": route(way)}).notify_pending(NOW)

    (told,) = alarms(way)
    assert told.text.startswith("5 sign-in attempts within a minute")


def test_only_the_phone_of_the_flooded_account_is_told_and_only_as_its_owner_wants(
    journal: Journal, way: Way
) -> None:
    other, quiet = Way(), Way()
    shown_by = notifier(journal, {"home": route(way), "work": route(other)})
    many(journal, shown_by, 1, 2, 3, 4)
    assert (len(alarms(way)), alarms(other)) == (1, [])

    expected = {"home": route(quiet, only_expected=True)}
    many(journal, notifier(journal, expected), 11, 12, 13, 14)
    assert quiet.sent == []


def test_who_used_one_of_many_has_the_alarm_taken_off_the_phone(
    journal: Journal, way: Way
) -> None:
    shown_by = notifier(journal, {"home": route(way)})
    many(journal, shown_by, 1, 2, 3, 4)
    *_, newest = journal.live(NOW)
    shown_by.note_used(newest.about, NOW)

    assert alarms(way)
    assert not set(alarms(way)) & set(way.shown.values())


def test_an_alarm_that_a_phone_did_not_take_is_logged_and_stale_after_an_hour(
    journal: Journal, way: Way
) -> None:
    way.error = SHUT
    many(journal, notifier(journal, {"home": route(way)}), 1, 2, 3, 4)
    failures = [one for one in details(journal) if one[0] == "notify_failed"]
    assert ("notify_failed", "push: shut") in failures
    assert len(journal.untold()) == 1

    asked: list[PushRequest] = []
    phones = Phones({"home": route(way)}, Language.EN, open_phone=noting(asked))
    phones.tell_flood(recorded(journal, 9).about, 4, NOW, is_armed=False)
    words = asked[-1].words
    assert words is not None
    assert words(NOW + STALE_AFTER - timedelta(seconds=1)) is not None
    assert words(NOW + STALE_AFTER) is None


def test_what_amazon_reports_is_told_by_the_next_program_to_the_phone(
    journal: Journal, way: Way
) -> None:
    event = recorded(journal)
    shown_by = notifier(journal, {"home": route(way)})
    shown_by.notify_new(event, NOW)
    reported(journal, event.about)  # and it is killed
    for _ in range(2):
        following = notifier(journal, {"home": route(way)})
        following.prepare(NOW)
        following.notify_pending(NOW)
        following.update(NOW)

    (told,) = way.shown.values()
    assert told.title == sentences.REPORTED.say(Language.EN)
    assert len(way.sent) == 2
    assert journal.untold() == []
