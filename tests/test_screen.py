"""What a program has on the screen: withdrawn at its end, taken over by the next."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.factories import NOW, attempt, live, recorded
from tests.fakes import PromptDesktop, RecordingChannel, prompt_notifier
from watcher.app.desktop import Shown
from watcher.app.screen import WITHDRAWN, Screen
from watcher.app.wanted import NotifierSettings
from watcher.errors import JournalBusy
from watcher.events import EventName
from watcher.i18n import Language, Text
from watcher.journal.log import Journal
from watcher.notify import sentences, trouble, wording
from watcher.notify.notification import Holds, Notification

EXPIRED = wording.expired(attempt(), language=Language.EN)
BLIND = trouble.blind("home", since=NOW, language=Language.EN)
ENDED = wording.ended(attempt(), now=NOW, language=Language.EN)
SETTINGS = NotifierSettings(language=Language.EN, notify_unverified=True)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "events.db") as journal:
        yield journal


@pytest.fixture
def channel() -> RecordingChannel:
    return RecordingChannel()


@pytest.fixture
def screen(journal: Journal, channel: RecordingChannel) -> Screen:
    desktop = PromptDesktop([channel])
    screen = Screen(journal, desktop)
    desktop.confirm = screen.note
    return screen


def show(screen: Screen, notification: Notification) -> None:
    screen.show(lambda _: notification, NOW)


def test_what_needs_the_program_is_withdrawn_at_its_end_and_the_rest_stays(
    screen: Screen, channel: RecordingChannel, journal: Journal
) -> None:
    for notification in (live(), BLIND, replace(EXPIRED, replaces_id=2)):
        show(screen, notification)
    screen.mark_withdrawn(screen.clear())

    assert channel.withdrawn == [1, BLIND.replaces_id]
    assert journal.shown() == {1: WITHDRAWN}
    assert 1 not in screen


def test_what_is_over_takes_the_handle_of_the_attempt_away(
    screen: Screen, journal: Journal
) -> None:
    show(screen, live())
    assert journal.shown() == {1: "recording 1"}
    show(screen, EXPIRED)

    assert journal.shown() == {}
    assert 1 not in screen


def test_what_a_command_shows_is_left_to_the_daemon(
    screen: Screen, channel: RecordingChannel, journal: Journal
) -> None:
    show(screen, replace(live(), holds=Holds.UNTIL_NEXT_RUN))
    screen.mark_withdrawn(screen.clear())

    assert channel.withdrawn == []
    assert journal.shown() == {1: "recording 1"}


def test_what_is_left_is_taken_away_but_for_what_is_to_be_kept(
    screen: Screen, channel: RecordingChannel, journal: Journal
) -> None:
    for notification in (live(), live(attempt(id=2)), BLIND):
        show(screen, notification)

    following = RecordingChannel()
    Screen(journal, PromptDesktop([following])).withdraw_left({2}, NOW)

    assert following.adopted == [(BLIND.replaces_id, "recording 3"), (1, "recording 1")]
    assert following.withdrawn == [BLIND.replaces_id, 1]
    assert journal.shown() == {2: "recording 2"}


def test_a_handle_is_stored_only_when_it_changes(
    screen: Screen, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[tuple[int, str | None]] = []
    monkeypatch.setattr(journal, "put_shown", lambda *row: stored.append(row))
    monkeypatch.setattr(RecordingChannel, "show", lambda *_: "one")
    for _ in range(2):
        show(screen, live())
    screen.withdraw(7, NOW)

    assert stored == [(1, "one")]


def test_a_log_that_is_busy_keeps_nobody_from_being_told(
    screen: Screen, channel: RecordingChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise JournalBusy(Text(en="busy", ja="busy"))

    monkeypatch.setattr(Journal, "put_shown", fail)
    show(screen, live())
    screen.withdraw(1, NOW)

    assert channel.shown == [live()]
    assert channel.withdrawn == [1]


def test_what_was_lost_is_shown_again_and_its_handle_stored(
    screen: Screen, channel: RecordingChannel, journal: Journal
) -> None:
    for notification in (live(), BLIND):
        show(screen, notification)
    channel.are_lost = {BLIND.replaces_id, 7}
    for _ in range(2):
        screen.restore_lost(NOW)

    assert channel.shown == [live(), BLIND, BLIND]
    assert journal.shown() == {1: "recording 1", BLIND.replaces_id: "recording 3"}


def test_what_is_not_known_to_be_shown_keeps_the_handle_of_the_program_before(
    journal: Journal, channel: RecordingChannel
) -> None:
    journal.put_shown(1, "handle of another")
    screen = Screen(journal, PromptDesktop([channel]))  # nobody confirms
    handle = screen.find_left(1)
    screen.show(lambda _: live(), NOW, adopts=handle)
    screen.mark_withdrawn(screen.clear())

    assert journal.shown() == {1: "handle of another"}


def test_what_was_withdrawn_while_it_was_being_shown_is_not_noted(
    journal: Journal, channel: RecordingChannel
) -> None:
    desktop = PromptDesktop([channel])
    screen = Screen(journal, desktop)
    answers: list[Shown] = []
    desktop.confirm = answers.append
    screen.show(lambda _: live(), NOW)
    screen.withdraw(1, NOW)
    screen.note(answers[0])

    assert journal.shown() == {}


def test_an_accounts_trouble_comes_back_with_the_desktop(
    journal: Journal, channel: RecordingChannel
) -> None:
    notifier = prompt_notifier(journal, [channel], SETTINGS)
    notifier.notify(lambda language: BLIND, NOW)
    channel.are_lost = {BLIND.replaces_id}
    notifier.update(NOW)

    assert channel.shown == [BLIND, BLIND]


# The end of a daemon ------------------------------------------------------------------


@pytest.mark.parametrize("answer", [None, EventName.OPENED])
@pytest.mark.parametrize("is_daemon", [True, False])
def test_a_daemon_that_ends_says_so_of_a_live_attempt_that_nobody_answered(
    journal: Journal,
    channel: RecordingChannel,
    answer: EventName | None,
    *,
    is_daemon: bool,
) -> None:
    event = recorded(journal)
    notifier = prompt_notifier(journal, [channel], SETTINGS)
    notifier.notify_new(event, NOW)
    if answer:
        journal.append(answer, at=NOW, about=event.about)
    assert notifier.end(NOW, is_told=is_daemon) == [1]

    assert channel.withdrawn == [1]
    ended = wording.ended(event.about, now=NOW, language=Language.EN)
    assert channel.shown[1:] == [ended][: is_daemon and answer is None]


def test_the_next_daemon_takes_away_what_the_last_left_but_for_live_attempts(
    journal: Journal, channel: RecordingChannel
) -> None:
    answered = recorded(journal, 1)
    alive = recorded(journal, 2, near="Osaka, Japan")  # else it would supersede
    notifier = prompt_notifier(journal, [channel], SETTINGS)
    for event in (answered, alive):
        notifier.notify_new(event, NOW)
    notifier.notify(lambda language: BLIND, NOW)
    notifier.notify(lambda language: ENDED, NOW)
    journal.append(EventName.OPENED, at=NOW, about=answered.about)

    following = RecordingChannel()
    prompt_notifier(journal, [following], SETTINGS).prepare(NOW)

    assert set(following.withdrawn) == {1, BLIND.replaces_id, ENDED.replaces_id}


@pytest.mark.parametrize("count", [1, 2])
def test_the_end_names_one_attempt_and_says_whether_others_wait(
    journal: Journal, channel: RecordingChannel, count: int
) -> None:
    notifier = prompt_notifier(journal, [channel], SETTINGS)
    for number in range(1, count + 1):
        notifier.notify_new(recorded(journal, number, near=f"{number}"), NOW)
    notifier.end(NOW, is_told=True)

    others = sentences.ENDED_OTHERS.say(SETTINGS.language)
    assert (others in channel.shown[-1].body) == (count > 1)


@pytest.mark.parametrize("has_handle", [True, False])
@pytest.mark.parametrize("was_ended", [True, False])
def test_a_live_attempt_is_shown_again_where_it_takes_the_place_of_the_one_before(
    journal: Journal, *, has_handle: bool, was_ended: bool
) -> None:
    """A terminal has no place: there a killed daemon's attempt is not told twice."""
    event = recorded(journal)
    first, second = (RecordingChannel(has_handles=has_handle) for _ in "12")
    notifier = prompt_notifier(journal, [first], SETTINGS)
    notifier.notify_new(event, NOW)
    if was_ended:
        notifier.hand_on(notifier.end(NOW, is_told=True), NOW)
    following = prompt_notifier(journal, [second], SETTINGS)
    following.prepare(NOW)
    following.update(NOW)

    assert len(second.shown) == (has_handle or was_ended)
    own = [handle for key, handle in second.adopted if key == 1]
    assert own == ["recording 1"][: has_handle and not was_ended]
