"""Channels are tried until one answers, and it is known which did not."""

import sys
from dataclasses import dataclass, field

import pytest

from tests.notifications import live
from watcher.errors import NotificationFailed
from watcher.language import Language, Text
from watcher.notify.delivery import (
    ChannelName,
    Delivered,
    Delivery,
    Failure,
    NotDelivered,
    channels,
)
from watcher.notify.notification import Action, Notification


@dataclass
class Screen:
    """A channel that remembers what it was asked, and shows nothing if it is broken."""

    name: str
    is_broken: bool = False
    shown: list[Notification] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    is_closed: bool = False

    def show(self, notification: Notification) -> None:
        if self.is_broken:
            raise NotificationFailed(Text(en="it is off", ja="切れています"))
        self.shown.append(notification)

    def withdraw(self, topic: int) -> None:
        self.withdrawn.append(topic)

    def close(self) -> None:
        self.is_closed = True


def _ignore(topic: int, action: Action) -> None:
    """Press nothing."""


def test_the_first_channel_that_answers_shows_it_alone() -> None:
    first, second = Screen("first"), Screen("second")

    delivered = Delivery([first, second]).deliver(live())

    assert delivered == Delivered("first")
    assert first.shown == [live()]
    assert second.shown == []


def test_a_channel_that_fails_is_told_and_the_next_one_shows_it() -> None:
    first, second = Screen("first", is_broken=True), Screen("second")

    delivered = Delivery([first, second]).deliver(live())

    assert delivered.channel == "second"
    assert [failure.channel for failure in delivered.failures] == ["first"]
    assert str(delivered.failures[0].error) == "it is off"
    assert second.shown == [live()]


def test_when_nobody_shows_it_each_reason_is_told_in_the_users_language() -> None:
    screens = [Screen(name, is_broken=True) for name in ("first", "second")]

    with pytest.raises(NotDelivered) as caught:
        Delivery(screens).deliver(live())

    error = caught.value
    assert [failure.channel for failure in error.failures] == ["first", "second"]
    assert str(error).endswith("first: it is off; second: it is off")
    assert error.say(Language.JA).endswith("first: 切れています; second: 切れています")


def test_without_any_channel_nobody_is_shown_anything() -> None:
    with pytest.raises(NotDelivered) as caught:
        Delivery([]).deliver(live())

    assert caught.value.failures == ()


def test_a_channel_that_failed_is_tried_again_the_next_time() -> None:
    first, second = Screen("first", is_broken=True), Screen("second")
    delivery = Delivery([first, second])
    delivery.deliver(live())
    first.is_broken = False

    assert delivery.deliver(live()) == Delivered("first")


def test_withdrawing_and_closing_reach_every_channel() -> None:
    screens = [Screen("first"), Screen("second")]
    delivery = Delivery(screens)
    delivery.withdraw(3)
    delivery.close()

    assert [screen.withdrawn for screen in screens] == [[3], [3]]
    assert all(screen.is_closed for screen in screens)


@pytest.mark.parametrize(
    ("platform", "names"),
    [
        ("linux", ["freedesktop", "plyer", "terminal"]),
        ("freebsd14", ["freedesktop", "plyer", "terminal"]),
        ("darwin", ["plyer", "osascript", "terminal"]),
        ("win32", ["plyer", "terminal"]),
    ],
)
def test_every_platform_has_its_channels(
    monkeypatch: pytest.MonkeyPatch, platform: str, names: list[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", platform)
        found = channels("auto", on_action=_ignore)

    assert [channel.name for channel in found] == names


@pytest.mark.parametrize("name", ["freedesktop", "plyer", "terminal"])
def test_a_channel_that_was_asked_for_is_the_only_one(name: ChannelName) -> None:
    found = channels(name, on_action=_ignore)

    assert [channel.name for channel in found] == [name]


def test_a_failure_is_a_value() -> None:
    error = NotificationFailed(Text(en="x", ja="x"))

    assert Failure("a", error) == Failure("a", error)
