"""How an account is watched: what the user chose, and the bounds of every wait."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class WatchMode(StrEnum):
    """What the user wants: push where it is offered, or one of the two."""

    AUTO = "auto"
    IDLE = "idle"
    POLL = "poll"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The longest that each wait may take, in seconds."""

    resolve_s: float = 10
    connect_s: float = 10
    """TCP to one server; its addresses share it."""
    greet_s: float = 15
    """TLS handshake, and again greeting with capabilities."""
    silence_s: float = 8
    """Until the answer to DONE or NOOP, which cost a server nothing: or it is dead."""
    answer_s: float = 25
    """Until an answer begins, or goes on, that may cost it a search or a delay."""
    command_s: float = 60
    """A whole answer, however steadily its bytes drip in."""
    secret_s: float = 75
    """The password's source; a human may have to unlock it."""
    slice_s: float = 18
    """One IDLE, then a scan. With `silence_s`, a dead line is noticed in 26 s."""
    tick_s: float = 1
    """How often a wait looks at the clocks for a suspended machine."""
    refused_s: float = 15 * 60
    """After a refused login: trying again soon locks accounts."""
    locked_s: float = 60
    """After the password's source failed: each try may ask the user something."""
    armed_s: float = 5
    """The longest that a poll or a backoff takes while a sign-in is expected."""
    reopen_s: float = 60
    """How often the watched mailbox is opened anew: it may have been re-created."""


BOUNDS = Bounds()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """What all accounts share."""

    mode: WatchMode = WatchMode.AUTO
    poll_interval: timedelta = timedelta(seconds=15)
    look_back: timedelta = timedelta(hours=24)
    """How far the first look at a mailbox goes back."""
    window: timedelta = timedelta(minutes=5)
    """How far every later catching up goes back, beside the cursor."""
    bounds: Bounds = BOUNDS
