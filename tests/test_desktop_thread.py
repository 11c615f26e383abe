"""The desktop's own thread: nothing waits for it, and nothing out of date is shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from queue import SimpleQueue

import pytest

from tests.factories import NOW, live
from tests.fakes import HangingChannel
from watcher.app.desktop import Act, Desktop, Request, Shown
from watcher.clock import boottime_s
from watcher.events import EventName
from watcher.notify.delivery import Delivered, Delivery
from watcher.notify.notification import Notification

PATIENCE_S = 20.0


@pytest.fixture
def channel() -> HangingChannel:
    return HangingChannel()


@pytest.fixture
def told() -> SimpleQueue[Shown]:
    return SimpleQueue()


@contextmanager
def hanging(channel: HangingChannel, told: SimpleQueue[Shown]) -> Iterator[Desktop]:
    """Give a desktop that hangs while it shows the attempt 7."""
    desktop = Desktop(Delivery([channel]), told.put)
    with desktop.running():
        desktop.ask(show(7))
        assert channel.is_asked.wait(PATIENCE_S)
        yield desktop
        channel.is_freed.set()


def show(replaces_id: int = 1, act: Act = Act.SHOW) -> Request:
    notification = replace(live(), replaces_id=replaces_id)
    return Request(
        replaces_id=replaces_id, act=act, now=NOW, words=lambda _: notification
    )


def await_idle(desktop: Desktop, channel: HangingChannel) -> None:
    channel.is_freed.set()
    assert desktop.wait(PATIENCE_S)


def test_who_asks_never_waits_and_is_told_what_was_shown(
    channel: HangingChannel, told: SimpleQueue[Shown]
) -> None:
    with hanging(channel, told) as desktop:
        assert desktop.is_busy
        assert told.empty()
        await_idle(desktop, channel)

    shown = told.get_nowait()
    assert shown.request.replaces_id == 7
    assert shown.delivered == Delivered("recording", (), "recording 1")
    assert not desktop.is_busy


def test_what_was_withdrawn_before_its_turn_is_never_shown(
    channel: HangingChannel, told: SimpleQueue[Shown]
) -> None:
    with hanging(channel, told) as desktop:
        desktop.ask(show())
        desktop.ask(Request(replaces_id=1, act=Act.WITHDRAW, now=NOW))
        await_idle(desktop, channel)

    assert [one.replaces_id for one in channel.shown] == [7]
    assert channel.withdrawn == [1]


def test_what_was_withdrawn_while_it_was_being_shown_goes_afterwards(
    channel: HangingChannel, told: SimpleQueue[Shown]
) -> None:
    with hanging(channel, told) as desktop:
        desktop.ask(Request(replaces_id=7, act=Act.WITHDRAW, now=NOW))
        await_idle(desktop, channel)

    assert channel.withdrawn == [7]


def test_what_waits_is_at_most_one_request_for_each_notification(
    channel: HangingChannel, told: SimpleQueue[Shown]
) -> None:
    with hanging(channel, told) as desktop:
        for _ in range(100):
            desktop.ask(show())
        await_idle(desktop, channel)

    assert [one.replaces_id for one in channel.shown] == [7, 1]


def test_a_time_left_goes_on_while_its_notification_waits(
    channel: HangingChannel, told: SimpleQueue[Shown]
) -> None:
    worded: list[datetime] = []

    def words(now: datetime) -> Notification:
        worded.append(now)
        return live()

    asked = replace(show(), words=words, asked_s=boottime_s() - 45.0)
    with hanging(channel, told) as desktop:
        desktop.ask(asked)
        await_idle(desktop, channel)

    (at,) = worded
    assert timedelta(seconds=45) <= at - NOW < timedelta(seconds=45 + PATIENCE_S)


def test_what_is_too_late_for_its_words_is_not_shown(
    channel: HangingChannel, told: SimpleQueue[Shown]
) -> None:
    with hanging(channel, told) as desktop:
        desktop.ask(replace(show(), words=lambda _: None))
        await_idle(desktop, channel)

    assert [one.replaces_id for one in channel.shown] == [7]
    told.get_nowait()
    assert told.get_nowait().delivered == Delivered(None)


def test_a_bug_is_a_failure_to_show_and_the_next_is_shown(
    channel: HangingChannel, told: SimpleQueue[Shown]
) -> None:
    def fail(_: datetime) -> Notification:
        raise RuntimeError

    with hanging(channel, told) as desktop:
        desktop.ask(replace(show(1), words=fail))
        desktop.ask(show(2))
        await_idle(desktop, channel)

    answers = [told.get_nowait().delivered for _ in "123"]
    assert [one.channel for one in answers] == ["recording", None, "recording"]
    assert "bug" in str(answers[1].failures[0].error)


def test_the_end_takes_everything_away_without_waiting(
    channel: HangingChannel, told: SimpleQueue[Shown]
) -> None:
    with hanging(channel, told) as desktop:
        desktop.ask(show(8))
        desktop.clear([7, 8])
        assert channel.withdrawn == [8, 7]
        assert not desktop.wait(0.0)
        await_idle(desktop, channel)

    assert [one.replaces_id for one in channel.shown] == [7]


@pytest.mark.parametrize(
    "waits",
    [show(9, Act.WITHDRAW), replace(show(9), adopts="left by another")],
    ids=["answered", "taken over"],
)
def test_the_end_takes_away_in_its_turn_what_waits_and_may_be_on_the_screen(
    channel: HangingChannel, told: SimpleQueue[Shown], waits: Request
) -> None:
    with hanging(channel, told) as desktop:
        desktop.ask(waits)
        desktop.clear([7])
        assert channel.withdrawn == [7]
        await_idle(desktop, channel)

    assert channel.withdrawn == [7, 9]
    assert [key for key, _ in channel.adopted] == [9][: waits.adopts is not None]
    assert [one.replaces_id for one in channel.shown] == [7]


# Two requests for one notification ----------------------------------------------------


@pytest.mark.parametrize(
    ("earlier", "later", "both"),
    [
        (Act.SHOW, Act.REFRESH, Act.SHOW),
        (Act.SHOW, Act.RESTORE, Act.SHOW),
        (Act.RESTORE, Act.REFRESH, Act.RESTORE),
        (Act.REFRESH, Act.RESTORE, Act.RESTORE),
        (Act.WITHDRAW, Act.REFRESH, Act.WITHDRAW),
        (Act.WITHDRAW, Act.SHOW, Act.SHOW),
        (Act.SHOW, Act.WITHDRAW, Act.WITHDRAW),
        (Act.REFRESH, Act.SHOW, Act.SHOW),
    ],
)
def test_the_stronger_of_two_requests_is_done(
    earlier: Act, later: Act, both: Act
) -> None:
    assert show(act=later).after(show(act=earlier)).act is both


def test_the_later_words_and_all_that_was_owed_are_kept() -> None:
    first = replace(show(), adopts="handle", confirms=EventName.NOTIFIED)
    second = show(act=Act.REFRESH)
    merged = second.after(first)

    assert (merged.words, merged.adopts) == (second.words, "handle")
    assert merged.confirms is EventName.NOTIFIED
    assert show().after(None).adopts is None
