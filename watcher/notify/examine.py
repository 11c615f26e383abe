"""Finds out which channel would show a notification, without showing one."""

import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import Enum, auto

from watcher.errors import NotificationFailed
from watcher.notify.choice import ChannelChoice
from watcher.notify.delivery import Failure, channels
from watcher.notify.notification import Channel


class Buttons(Enum):
    """How the user presses a button of a notification."""

    NONE = auto()
    BEHIND_A_CLICK = auto()
    """They are in a menu, as in dunst's."""
    DRAWN = auto()


@dataclass(frozen=True, slots=True)
class Offer:
    """The first channel that works, and what it can do."""

    channel: str
    server: str = ""
    """What the notification server calls itself; empty where there is none."""
    buttons: Buttons = Buttons.NONE


def examine(choice: ChannelChoice) -> tuple[Offer | None, Sequence[Failure]]:
    """Return what the first channel that works offers, and why others do not.

    Each call is bounded in time.
    """
    failures: list[Failure] = []
    for channel in channels(choice, lambda *_: None):
        try:
            return _offer_of(channel), failures
        except NotificationFailed as error:
            failures.append(Failure(channel.name, error))
    return None, failures


def _offer_of(channel: Channel) -> Offer:
    match channel.name:
        case "freedesktop":
            return _ask_desktop(channel)
        case "toast":
            return _ask_windows(channel)
        case "plyer":
            from watcher.notify.plyer import Plyer

            if isinstance(channel, Plyer):
                channel.check()
        case "osascript":
            if shutil.which("osascript") is None:
                from watcher.notify.macos import FAILED

                raise NotificationFailed(FAILED, reason="FileNotFoundError")
        case _:
            from watcher.notify.terminal import check

            check()
    return Offer(channel.name)


def _ask_windows(channel: Channel) -> Offer:
    from watcher.notify.toast import Toast

    if isinstance(channel, Toast):
        channel.check()
    return Offer("toast", "Windows", Buttons.DRAWN)


def _ask_desktop(channel: Channel) -> Offer:
    from watcher.notify.elsewhere import NoFreedesktop

    if isinstance(channel, NoFreedesktop):
        channel.check()
    from watcher.notify.dbus import connect  # jeepney exists on some platforms only
    from watcher.notify.freedesktop import NAME, ask_server

    with closing(connect(NAME)) as bus:
        server = ask_server(bus)
    buttons = Buttons.NONE
    if server.has_buttons:
        buttons = Buttons.DRAWN if server.draws_buttons else Buttons.BEHIND_A_CLICK
    return Offer("freedesktop", server.name, buttons)
