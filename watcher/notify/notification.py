"""What is to be shown, and what a channel can do with it."""

# ruff: noqa: B027 -- a channel overrides only what its desktop can do

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


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
    """One notification in the user's language, its text sanitised.

    A channel that can replace shows a notification of the same `replaces_id` in place
    of the one before; one that can close finds it by its `replaces_id`.
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
"""Called from any thread with a notification's `replaces_id` and the button pressed.

It must return at once: the channel takes no other signal meanwhile.
"""


class Channel(ABC):
    """One way to show notifications. Each call is bounded in time."""

    name: str

    @abstractmethod
    def show(self, notification: Notification) -> None:
        """Show it, or raise `NotificationFailed` with the reason."""

    def refresh(self, notification: Notification) -> None:
        """Replace what is still shown of its `replaces_id`, where the desktop can."""

    def withdraw(self, replaces_id: int) -> None:
        """Close what is shown of this `replaces_id`, where the desktop can."""

    def close(self) -> None:
        """Release what the channel holds (connections, threads)."""
