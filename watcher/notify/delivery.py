"""Shows a notification on the first channel that works."""

import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from watcher.errors import NotificationFailed
from watcher.notify.choice import ChannelChoice
from watcher.notify.notification import Channel, Notification, OnAction


@dataclass(frozen=True, slots=True)
class Failure:
    """A channel that did not show it."""

    channel: str
    error: NotificationFailed


@dataclass(frozen=True, slots=True)
class Delivered:
    """The channel that showed it, None if none did, and those that failed before."""

    channel: str | None
    failures: tuple[Failure, ...] = ()
    handle: str | None = None
    """By which another process can adopt it, None where the desktop has no such."""


class Delivery:
    """The channels of this desktop, the best first."""

    def __init__(self, channels: Sequence[Channel]) -> None:
        self._channels = tuple(channels)

    def prepare(self) -> None:
        """Let every channel do what the first notification would have to wait for."""
        for channel in self._channels:
            channel.prepare()

    def deliver(self, notification: Notification) -> Delivered:
        """Show it on the first channel that works."""
        failures: list[Failure] = []
        for channel in self._channels:
            try:
                handle = channel.show(notification)
            except NotificationFailed as error:
                failures.append(Failure(channel.name, error))
            else:
                return Delivered(channel.name, tuple(failures), handle)
        return Delivered(None, tuple(failures))

    def refresh(self, notification: Notification) -> None:
        """Replace what is still shown of its `replaces_id`, on every channel."""
        for channel in self._channels:
            channel.refresh(notification)

    def withdraw(self, replaces_id: int) -> None:
        """Close what is shown of this `replaces_id`, on every channel."""
        for channel in self._channels:
            channel.withdraw(replaces_id)

    def adopt(self, replaces_id: int, handle: str) -> None:
        """Treat what another process has shown as shown under this `replaces_id`."""
        for channel in self._channels:
            channel.adopt(replaces_id, handle)

    def restore(self, notification: Notification) -> Delivered:
        """Show it where it was lost, if its desktop is back."""
        for channel in self._channels:
            if notification.replaces_id in channel.lost():
                with suppress(NotificationFailed):
                    return Delivered(channel.name, (), channel.show(notification))
        return Delivered(None)

    def clear(self, replaces_ids: Iterable[int]) -> None:
        """Close these on every channel without waiting, from any thread."""
        going = frozenset(replaces_ids)
        for channel in self._channels:
            channel.clear(going)

    def lost(self) -> frozenset[int]:
        """Return what was still shown when its desktop lost it, and is not back."""
        return frozenset().union(*(channel.lost() for channel in self._channels))

    def close(self) -> None:
        """Release what the channels hold; what is shown stays."""
        for channel in self._channels:
            channel.close()


def channels(choice: ChannelChoice, on_action: OnAction) -> tuple[Channel, ...]:
    """Return the channels to try for the configured choice, in this order."""
    match choice:
        case ChannelChoice.AUTO:
            return (*desktop_channels(on_action), _terminal())
        case ChannelChoice.FREEDESKTOP:
            return (_freedesktop(on_action),)
        case ChannelChoice.TOAST:
            return (_toast(on_action),)
        case ChannelChoice.PLYER:
            return (_plyer(),)
        case ChannelChoice.TERMINAL:
            return (_terminal(),)


# Each channel is imported where it is opened: jeepney exists on some platforms only,
# and a command that shows nothing need not wait for plyer.


def desktop_channels(on_action: OnAction) -> tuple[Channel, ...]:
    """Return the channels to try on this platform's desktop, in this order."""
    match sys.platform:
        case "win32":
            return (_toast(on_action), _plyer())
        case "darwin":
            from watcher.notify.macos import Osascript

            # plyer asks for a framework that macOS shows nothing by any more.
            return (Osascript(), _plyer(confirms=False))
        case _:
            # notify-send speaks to the server that has just refused, and says nothing
            # of what comes of it.
            return (_freedesktop(on_action), _plyer(confirms=False))


def _freedesktop(on_action: OnAction) -> Channel:
    if sys.platform in ("win32", "darwin"):  # jeepney is not installed there
        from watcher.notify.elsewhere import NoFreedesktop

        return NoFreedesktop()
    from watcher.notify.freedesktop import Freedesktop

    return Freedesktop(on_action)


def _toast(on_action: OnAction) -> Channel:
    from watcher.notify.toast import Toast

    return Toast(on_action)


def _plyer(*, confirms: bool = True) -> Channel:
    from watcher.notify.plyer import Plyer

    return Plyer(confirms=confirms)


def _terminal() -> Channel:
    from watcher.notify.terminal import Terminal

    return Terminal()
