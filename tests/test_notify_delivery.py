"""Channels are tried until one answers, and it is known which did not."""

import sys

import pytest

from tests.factories import live
from tests.fakes import RecordingChannel, linux_only
from watcher.config.schema import CHANNELS
from watcher.i18n import Language
from watcher.notify.choice import ChannelChoice
from watcher.notify.delivery import (
    Delivered,
    Delivery,
    channels,
)
from watcher.notify.examine import examine
from watcher.notify.notification import Action, Channel, Notification
from watcher.notify.plyer import Plyer


def _ignore(replaces_id: int, action: Action) -> None:
    """Press nothing."""


def test_the_first_channel_that_answers_shows_it_alone() -> None:
    first, second = RecordingChannel("first"), RecordingChannel("second")

    delivered = Delivery([first, second]).deliver(live())

    assert delivered == Delivered("first", handle="first 1")
    assert first.shown == [live()]
    assert second.shown == []


def test_what_is_shown_is_refreshed_wherever_that_can_be_done() -> None:
    first, second = RecordingChannel("first"), RecordingChannel("second")

    Delivery([first, second]).refresh(live())

    assert [first.refreshed, second.refreshed] == [[live()], [live()]]
    assert [first.shown, second.shown] == [[], []]


def test_a_channel_that_fails_is_told_and_the_next_one_shows_it() -> None:
    first, second = RecordingChannel("first", is_shut=True), RecordingChannel("second")

    delivered = Delivery([first, second]).deliver(live())

    assert delivered.channel == "second"
    assert [failure.channel for failure in delivered.failures] == ["first"]
    assert str(delivered.failures[0].error) == "shut"
    assert second.shown == [live()]


def test_where_no_channel_shows_it_each_reason_is_returned() -> None:
    screens = [RecordingChannel(name, is_shut=True) for name in ("first", "second")]

    delivered = Delivery(screens).deliver(live())

    assert delivered.channel is None
    assert [failure.channel for failure in delivered.failures] == ["first", "second"]
    assert [str(failure.error) for failure in delivered.failures] == ["shut", "shut"]


def test_without_any_channel_nothing_is_shown() -> None:
    assert Delivery([]).deliver(live()) == Delivered(None)


def test_a_channel_that_failed_is_tried_again_the_next_time() -> None:
    first, second = RecordingChannel("first", is_shut=True), RecordingChannel("second")
    delivery = Delivery([first, second])
    delivery.deliver(live())
    first.is_shut = False

    assert delivery.deliver(live()) == Delivered("first", handle="first 1")


def test_withdrawing_and_closing_reach_every_channel() -> None:
    screens = [RecordingChannel("first"), RecordingChannel("second")]
    delivery = Delivery(screens)
    delivery.withdraw(3)
    delivery.close()

    assert [screen.withdrawn for screen in screens] == [[3], [3]]
    assert all(screen.is_closed for screen in screens)


class ShowingChannel(Channel):
    """A channel that can show and nothing else."""

    name = "showing"

    def show(self, notification: Notification) -> None:
        """Show nothing."""


def test_a_channel_that_can_only_show_hinders_no_other_one() -> None:
    able = RecordingChannel("able")
    delivery = Delivery([ShowingChannel(), able])
    delivery.refresh(live())
    delivery.withdraw(3)
    delivery.close()

    assert (able.refreshed, able.withdrawn) == ([live()], [3])
    assert able.is_closed


@pytest.mark.parametrize(
    ("platform", "names"),
    [
        ("linux", ["freedesktop", "plyer", "terminal"]),
        ("freebsd14", ["freedesktop", "plyer", "terminal"]),
        ("darwin", ["osascript", "plyer", "terminal"]),
        ("win32", ["toast", "plyer", "terminal"]),
    ],
)
def test_every_platform_has_its_channels(
    monkeypatch: pytest.MonkeyPatch, platform: str, names: list[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", platform)
        found = channels(ChannelChoice.AUTO, _ignore)

    assert [channel.name for channel in found] == names


@pytest.mark.parametrize(
    "name", [one for one in ChannelChoice if one is not ChannelChoice.AUTO]
)
def test_a_channel_that_was_asked_for_is_the_only_one(name: ChannelChoice) -> None:
    found = channels(name, _ignore)

    assert [channel.name for channel in found] == [name]


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_the_desktop_of_linux_is_refused_elsewhere_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", platform)
        found = channels(ChannelChoice.FREEDESKTOP, _ignore)
        offer, failures = examine(ChannelChoice.FREEDESKTOP)

    assert offer is None
    delivered = Delivery(found).deliver(live())
    for (failure,) in (delivered.failures, failures):
        assert failure.channel == "freedesktop"
        assert 'Set channel = "auto"' in failure.error.say(Language.EN)


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_every_channel_has_a_name_for_the_user(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", platform)
        found = channels(ChannelChoice.AUTO, _ignore)

    assert {channel.name for channel in found} <= CHANNELS.keys()


@linux_only("plyer's notify-send")
def test_on_linux_plyer_is_not_believed_where_the_bus_has_refused() -> None:
    _, beneath, _ = channels(ChannelChoice.AUTO, _ignore)
    (alone,) = channels(ChannelChoice.PLYER, _ignore)

    assert isinstance(beneath, Plyer)
    assert isinstance(alone, Plyer)
    assert (beneath.confirms, alone.confirms) == (False, True)


def test_what_was_lost_is_shown_again_where_it_was_lost_alone() -> None:
    first, second = RecordingChannel("first"), RecordingChannel("second")
    second.are_lost = {1}
    delivery = Delivery([first, second])

    assert delivery.lost() == {1}
    assert delivery.restore(live()) == Delivered("second", (), "second 1")
    assert first.shown == []
    assert delivery.restore(live()) == Delivered(None)


def test_what_cannot_be_shown_again_yet_stays_lost() -> None:
    channel = RecordingChannel(is_shut=True, are_lost={1})

    assert Delivery([channel]).restore(live()) == Delivered(None)
    assert Delivery([channel]).lost() == {1}
