"""Waits for new mail on an open connection, and decides between push and polls.

The library's own `idle_check` looks at the socket alone, so that whatever came in one
segment with `+ idling` stays unseen until its time-out. Here all lines pass through
`Protocol.readline`, which notes announcements wherever they stand. The caller syncs the
mailbox after every wait, whatever it returns: servers forget to announce (RFC 2177 is
no promise). After `MISSES` consecutive IDLEs that missed mail the account is polled,
still in IDLE; one untagged EXISTS restores push.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto

from watcher.events import Mode, ModeReason
from watcher.imap.account import Timeouts, WatchMode
from watcher.imap.connection import Connection
from watcher.imap.protocol import IdleRefused, Protocol
from watcher.imap.transport import Interrupt


class WaitResult(Enum):
    """Why a wait ended."""

    ANNOUNCED = auto()
    """The server announced something."""
    TIMED_OUT = auto()
    """The time is over."""
    INTERRUPTED = auto()
    """Somebody asks for a look."""
    IDLE_REFUSED = auto()
    """The server refuses the IDLE that it offers."""


class Listener:
    """Waits on one connection; `beat` is called at least each `tick_s` seconds."""

    def __init__(
        self,
        connection: Connection,
        *,
        interrupt: Interrupt,
        timeouts: Timeouts,
        on_tick: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._interrupt = interrupt
        self._timeouts = timeouts
        self._on_tick = on_tick

    def push(self, *, seconds: float) -> WaitResult:
        """Wait in IDLE until the server announces something, at most so long.

        Raises:
            ConnectionLost: the line is dead.
        """
        protocol = self._connection.protocol
        with self._connection.talking():
            if _is_announced(protocol):  # it came inside the answer to the last command
                return WaitResult.ANNOUNCED
            try:
                tag = protocol.begin_idle()
            except IdleRefused:
                return WaitResult.IDLE_REFUSED
            protocol.hear_buffered(tag)
            result = self._wait_in_idle(protocol, tag, time.monotonic() + seconds)
            protocol.end_idle(tag)
        return result

    def _wait_in_idle(
        self, protocol: Protocol, tag: bytes, deadline: float
    ) -> WaitResult:
        while not _is_announced(protocol):
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return WaitResult.TIMED_OUT
            if self._interrupt.take_call():
                return WaitResult.INTERRUPTED
            protocol.receive(tag, seconds=min(remaining, self._timeouts.tick_s))
            self._on_tick()
        return WaitResult.ANNOUNCED

    def rest(self, *, seconds: float) -> WaitResult:
        """Wait without the server, at most so long or until a look is asked for."""
        rest(
            self._interrupt,
            seconds=seconds,
            tick_s=self._timeouts.tick_s,
            on_tick=self._on_tick,
        )
        self._connection.noop()
        return WaitResult.TIMED_OUT


def rest(
    interrupt: Interrupt, *, seconds: float, tick_s: float, on_tick: Callable[[], None]
) -> None:
    """Wait at most so long, or until somebody asks for a look; beat at each tick."""
    deadline = time.monotonic() + seconds
    while not interrupt.take_call():
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            return
        interrupt.wait(None, 0, min(remaining, tick_s))
        on_tick()


def _is_announced(protocol: Protocol) -> bool:
    return protocol.has_new_mail or protocol.has_new_mail_elsewhere


MISSES = 2


@dataclass(frozen=True, slots=True)
class WatchStrategy:
    """How the account is watched now."""

    reason: ModeReason
    missed_count: int = 0

    @property
    def mode(self) -> Mode:
        """Push or poll."""
        return Mode.PUSH if self.reason is ModeReason.OFFERED else Mode.POLL

    @property
    def may_idle(self) -> bool:
        """Return whether to wait in IDLE, be it only in hope."""
        return self.reason in {ModeReason.OFFERED, ModeReason.SILENT}

    def after(self, result: WaitResult, *, found_mail: bool) -> "WatchStrategy":
        """Return what follows from one wait and the scan behind it."""
        match result:
            case WaitResult.IDLE_REFUSED:
                return WatchStrategy(ModeReason.REFUSED)
            case WaitResult.ANNOUNCED:
                return WatchStrategy(ModeReason.OFFERED)
            case WaitResult.TIMED_OUT if found_mail and self.may_idle:
                return self._missed()
            case WaitResult.TIMED_OUT | WaitResult.INTERRUPTED:
                return self

    def _missed(self) -> "WatchStrategy":
        if self.missed_count + 1 < MISSES:
            return replace(self, missed_count=self.missed_count + 1)
        return WatchStrategy(ModeReason.SILENT)


def strategy(wanted: WatchMode, capabilities: frozenset[str]) -> WatchStrategy:
    """Return how to begin, after login told what the server can do."""
    if wanted is WatchMode.POLL:
        return WatchStrategy(ModeReason.CONFIGURED)
    if "IDLE" not in capabilities:
        return WatchStrategy(ModeReason.NOT_OFFERED)
    return WatchStrategy(ModeReason.OFFERED)
