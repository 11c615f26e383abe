"""Brings a notification to the user: tries each channel until one answers."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from watcher.errors import NotificationFailed
from watcher.i18n import Language, Text
from watcher.notify.notification import Channel, Notification, OnAction

ChannelName = Literal["auto", "freedesktop", "plyer", "terminal"]

_NOBODY = Text(
    en="The notification could not be shown: {reasons}",
    ja="通知を表示できませんでした: {reasons}",
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A channel that was tried in vain."""

    channel: str
    error: NotificationFailed


@dataclass(frozen=True, slots=True)
class Delivered:
    """The channel that showed it, and those that failed before."""

    channel: str
    failures: tuple[Failure, ...] = ()


class NotDelivered(NotificationFailed):
    """No channel showed it; `failures` says why, channel by channel."""

    def __init__(self, failures: tuple[Failure, ...]) -> None:
        super().__init__(_NOBODY)
        self.failures = failures

    def say(self, language: Language) -> str:
        """Return the whole sentence, each channel's reason in it."""
        each = (
            f"{failed.channel}: {failed.error.say(language)}"
            for failed in self.failures
        )
        return self.text.say(language, reasons="; ".join(each))


class Delivery:
    """The channels of this desktop, the best first."""

    def __init__(self, channels: Sequence[Channel]) -> None:
        self._channels = tuple(channels)

    def deliver(self, notification: Notification) -> Delivered:
        """Show it on the first channel that answers; raise `NotDelivered` if none."""
        failures: list[Failure] = []
        for channel in self._channels:
            try:
                channel.show(notification)
            except NotificationFailed as error:
                failures.append(Failure(channel.name, error))
            else:
                return Delivered(channel.name, tuple(failures))
        raise NotDelivered(tuple(failures))

    def refresh(self, notification: Notification) -> None:
        """Change what is still shown of its topic, wherever that can be done."""
        for channel in self._channels:
            channel.refresh(notification)

    def withdraw(self, replaces_id: int) -> None:
        """Close what is shown of this topic, wherever it can be closed."""
        for channel in self._channels:
            channel.withdraw(replaces_id)

    def close(self) -> None:
        """Give back what the channels hold; what is shown stays."""
        for channel in self._channels:
            channel.close()


def channels(name: ChannelName, *, on_action: OnAction) -> tuple[Channel, ...]:
    """Return the channels to try for the configured name, in this order."""
    match name:
        case "auto":
            return (*desktop_channels(on_action=on_action), _terminal())
        case "freedesktop":
            return (_freedesktop(on_action),)
        case "plyer":
            return (_plyer(),)
        case "terminal":
            return (_terminal(),)
        case _:
            assert_never(name)


def desktop_channels(*, on_action: OnAction) -> tuple[Channel, ...]:
    """Return the channels to try on this platform's desktop, in this order."""
    match sys.platform:
        case "win32":
            return (_plyer(),)
        case "darwin":
            return (_plyer(), _osascript())
        case _:
            return (_freedesktop(on_action), _plyer())


# Each channel is imported where it is used: jeepney exists on some platforms only, and
# a command that shows nothing need not wait for plyer.


def _freedesktop(on_action: OnAction) -> Channel:
    from watcher.notify.freedesktop import Freedesktop

    return Freedesktop(on_action)


def _plyer() -> Channel:
    from watcher.notify.plyer import Plyer

    return Plyer()


def _osascript() -> Channel:
    from watcher.notify.macos import Osascript

    return Osascript()


def _terminal() -> Channel:
    from watcher.notify.terminal import Terminal

    return Terminal()
