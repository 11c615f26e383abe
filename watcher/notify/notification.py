"""What is to be shown, and what a channel can do with it."""

# ruff: noqa: B027 -- a channel overrides only what its desktop can do

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, StrEnum, auto


class Action(StrEnum):
    """What the user pressed; what it does is decided by the daemon, not the channel."""

    OPEN = "open"
    COPY = "copy"
    NOT_ME = "not_me"
    CLICK = "default"
    """A click on the text, which is no button."""


class Holds(Enum):
    """How long what a notification says is true, or can be acted on."""

    FOR_EVER = auto()
    UNTIL_NEXT_RUN = auto()
    """A daemon that starts replaces it, or takes it off the screen."""
    WHILE_RUNNING = auto()
    """The program that showed it takes it off the screen at its end."""


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
    """The attempt's id; negative for what is no live attempt."""
    title: str = field(repr=False)
    """Fixed words alone: never anything that stood in a mail."""
    body: str = field(repr=False)
    """Lines for a popup, the most important ones first."""
    footer: str = field(default="", repr=False)
    """Further lines, for a channel that has room for them."""
    short_body: str = field(repr=False)
    """At most 200 UTF-16 units and no secret, for a channel of few and public words."""
    link: str | None = field(default=None, repr=False)
    """The approval link; it is no line of `body` where a button opens it."""
    link_label: str = ""
    """What a button says by which the desktop itself opens `link`."""
    code: str | None = field(default=None, repr=False)
    """The first line of `body` where that is a code, to be shown large."""
    buttons: tuple[Button, ...] = ()
    is_urgent: bool = True
    expires_in: timedelta | None = None
    """How long what it says holds; None: until it was seen."""
    percent_left: int | None = None
    """The time left as a part of the window, for a bar; None: there is no bar."""
    time_left: str = ""
    """The time left in words, to stand at the bar."""
    holds: Holds = Holds.FOR_EVER

    def lines(self, *, with_link: bool) -> list[str]:
        """Return the body's lines; the link behind the three that matter most."""
        lines = self.body.splitlines()
        if with_link and self.link is not None and self.link not in lines:
            lines.insert(LINES_THAT_MATTER, self.link)
        return lines


LINES_THAT_MATTER = 3
"""Lines that every desktop shows without being asked for more."""

OnAction = Callable[[int, Action], None]
"""Called from any thread with a notification's `replaces_id` and what the user pressed.

It must return at once: the channel takes no other signal meanwhile.
"""


class Channel(ABC):
    """One way to show notifications; each call is bounded in time.

    One thread calls, but for `clear` and `lost`.
    """

    name: str

    def prepare(self) -> None:
        """Do in good time what the first notification would have to wait for."""

    @abstractmethod
    def show(self, notification: Notification) -> str | None:
        """Show it, or raise `NotificationFailed` with the reason.

        Returns:
            A handle by which another process can `adopt` it, where the desktop can.
        """

    def adopt(self, replaces_id: int, handle: str) -> None:
        """Treat what another process has shown as shown under this `replaces_id`."""

    def refresh(self, notification: Notification) -> None:
        """Replace what is still shown of its `replaces_id`, where the desktop can."""

    def withdraw(self, replaces_id: int) -> None:
        """Close what is shown of this `replaces_id`, where the desktop can."""

    def clear(self, replaces_ids: frozenset[int]) -> None:
        """Close all these, where the desktop can; from any thread, without waiting."""

    def lost(self) -> frozenset[int]:
        """Return what was still shown when the desktop lost it; from any thread."""
        return frozenset()

    def close(self) -> None:
        """Release what the channel holds (connections, threads)."""
