"""Waits for news on an open connection: in IDLE, or at rest between two polls.

The library's own `idle_check` looks at the socket alone, so that whatever came in one
segment with `+ idling` stays unseen until its time-out. Here all lines pass through
`Wire.readline`, which notes announcements wherever they stand; this module only decides
when there is nothing left to wait for. The caller looks at the mailbox after every
return, whatever it says: servers forget to announce (RFC 2177 is no promise).
"""

import time
from collections.abc import Callable
from enum import Enum, auto

from watcher.imap.mailbox import Connection
from watcher.imap.settings import Bounds
from watcher.imap.wake import Wake
from watcher.imap.wire import IdleRefused, Wire


class Heard(Enum):
    """Why a wait ended."""

    NEWS = auto()
    """The server announced something."""
    NOTHING = auto()
    """The time is over."""
    CALLED = auto()
    """Somebody asks for a look."""
    NO_IDLE = auto()
    """The server refuses the IDLE that it offers."""


class Listener:
    """Waits on one connection; `beat` is called at least each `tick_s` seconds."""

    def __init__(
        self,
        connection: Connection,
        *,
        wake: Wake,
        bounds: Bounds,
        on_tick: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._wake = wake
        self._bounds = bounds
        self._on_tick = on_tick

    def push(self, *, seconds: float) -> Heard:
        """Wait in IDLE until the server announces something, at most so long.

        Raises:
            ConnectionLost: the line is dead.
        """
        wire = self._connection.wire
        with self._connection.talking():
            if _is_news(wire):  # it came inside the answer to the last command
                return Heard.NEWS
            try:
                tag = wire.begin_idle()
            except IdleRefused:
                return Heard.NO_IDLE
            wire.hear_buffered(tag)
            heard = self._listen(wire, tag, time.monotonic() + seconds)
            wire.end_idle(tag)
        return heard

    def _listen(self, wire: Wire, tag: bytes, deadline: float) -> Heard:
        while not _is_news(wire):
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return Heard.NOTHING
            if self._wake.take_call():
                return Heard.CALLED
            wire.listen(tag, seconds=min(remaining, self._bounds.tick_s))
            self._on_tick()
        return Heard.NEWS

    def rest(self, *, seconds: float) -> Heard:
        """Wait without the server, at most so long or until a look is asked for."""
        rest(
            self._wake,
            seconds=seconds,
            tick_s=self._bounds.tick_s,
            on_tick=self._on_tick,
        )
        self._connection.noop()
        return Heard.NOTHING


def rest(
    wake: Wake, *, seconds: float, tick_s: float, on_tick: Callable[[], None]
) -> None:
    """Wait at most so long, or until somebody asks for a look; beat at each tick."""
    deadline = time.monotonic() + seconds
    while not wake.take_call():
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            return
        wake.wait(None, 0, min(remaining, tick_s))
        on_tick()


def _is_news(wire: Wire) -> bool:
    return wire.has_news or wire.has_news_elsewhere
