"""What is to be shown, and the one thing a channel must be able to do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol


class Action(StrEnum):
    """A button; what it does is decided by the daemon, never by the channel."""

    OPEN = "open"
    NOT_ME = "not_me"


@dataclass(frozen=True, slots=True)
class Button:
    """An action with its label in the user's language."""

    action: Action
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One notification in the user's language, made sanitise already.

    A channel that can replace shows a notification of the same `topic` in place of the
    one before; one that can close closes it by its topic.
    """

    replaces_id: int
    """The attempt's id; negative for what is about no attempt."""
    title: str = field(repr=False)
    """Fixed words alone: never anything that stood in a mail."""
    body: str = field(repr=False)
    """Lines for a popup, the most important ones first."""
    footer: str = field(default="", repr=False)
    """Further lines, for a channel that has room for them."""
    short_body: str = field(repr=False)
    """At most 200 UTF-16 units and no secret, for a channel of few and public words."""
    link: str | None = field(default=None, repr=False)
    """The link that stands in `body`, None if there is none."""
    buttons: tuple[Button, ...] = ()
    is_urgent: bool = True
    expires_in: timedelta | None = None
    """How long what it says holds; None: until it was seen."""


OnAction = Callable[[int, Action], None]
"""Called from any thread with a notification's topic and the button pressed.

It must return at once: the channel hears nothing else meanwhile.
"""


class Channel(Protocol):
    """One way to the user's eyes. Each call is bounded in time."""

    name: str

    def show(self, notification: Notification) -> None:
        """Show it, or raise `NotificationFailed` with the reason."""

    def refresh(self, notification: Notification) -> None:
        """Show it in place of what is still shown of its topic; else do nothing."""

    def withdraw(self, replaces_id: int) -> None:
        """Close what is shown of this topic where the channel can; else do nothing."""

    def close(self) -> None:
        """Give back what the channel holds (connections, threads)."""
