"""Waits for new mail on an open connection, and chooses between push and polls.

The library's own `idle_check` reads the socket alone and misses what came in one
segment with `+ idling`. Here all lines pass through `Protocol`, which notes announced
mail wherever it is announced. The caller syncs after every wait, whatever it returned:
servers omit announcements (RFC 2177 guarantees none). After `MISSES` consecutive IDLEs
that missed mail: poll, still in IDLE; one untagged EXISTS restores push. After `LOSSES`
consecutive IDLEs in which the connection was lost: poll without IDLE for `AVOIDED_S`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import partial

from watcher.errors import ConnectionLost
from watcher.events import Mode, ModeReason
from watcher.imap.account import WatchMode
from watcher.imap.connection import Connection
from watcher.imap.protocol import IdleRefused, Protocol
from watcher.imap.transport import Interrupt


class WaitResult(Enum):
    """Why a wait ended."""

    ANNOUNCED = auto()
    """The server announced new mail."""
    TIMED_OUT = auto()
    INTERRUPTED = auto()
    """Another thread asked for a sync (`Interrupt.call`)."""
    IDLE_REFUSED = auto()
    """The server refuses the IDLE that it offers."""


LOSSES = 3

AVOIDED_S = 30 * 60.0
"""How long polls take the place of IDLE; then one more loss is enough for the next."""


class IdleLosses:
    """Counts the connections of an account that were lost in IDLE, one after the other.

    A server, or what stands in between, may say BYE to each IDLE or answer nothing.
    """

    def __init__(self) -> None:
        self._count = 0
        self._avoided_until_s = 0.0

    def note_good(self) -> None:
        """Note an IDLE that the server ended as it was asked to."""
        self._count = 0

    def note_loss(self, now_s: float) -> None:
        """Note an IDLE in which the connection was lost."""
        self._count += 1
        if self._count >= LOSSES:
            self._count = LOSSES - 1
            self._avoided_until_s = now_s + AVOIDED_S

    def is_idle_avoided(self, now_s: float) -> bool:
        """Return whether to poll instead, by the monotonic clock."""
        return now_s < self._avoided_until_s


@dataclass(frozen=True, slots=True)
class Waiter:
    """Waits in a session's thread; `on_tick` is called at least each `tick_s`."""

    interrupt: Interrupt
    tick_s: float
    on_tick: Callable[[], None]
    losses: IdleLosses = field(default_factory=IdleLosses)

    def rest(self, seconds: float) -> WaitResult:
        """Wait without the server until the time is over or a sync is asked for."""
        return self._wait(seconds, self.interrupt.wait, lambda: False)

    def idle(self, connection: Connection, seconds: float) -> WaitResult:
        """Wait in IDLE (RFC 2177) until new mail is announced, or as `rest` does.

        Raises:
            ConnectionLost: the connection broke.
        """
        if connection.protocol.is_announced():  # inside the last answer
            return WaitResult.ANNOUNCED
        try:
            with connection.talking():
                result = self._wait_in_idle(connection.protocol, seconds)
        except IdleRefused:
            return WaitResult.IDLE_REFUSED
        except ConnectionLost:
            self.losses.note_loss(time.monotonic())
            raise
        self.losses.note_good()
        return result

    def _wait_in_idle(self, protocol: Protocol, seconds: float) -> WaitResult:
        tag = protocol.begin_idle()
        receive = partial(protocol.receive, tag)
        result = self._wait(seconds, receive, protocol.is_announced)
        protocol.end_idle(tag)
        return result

    def _wait(
        self,
        seconds: float,
        receive: Callable[[float], object],
        is_announced: Callable[[], bool],
    ) -> WaitResult:
        deadline = time.monotonic() + seconds
        while not is_announced():
            if self.interrupt.take_call():
                return WaitResult.INTERRUPTED
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return WaitResult.TIMED_OUT
            receive(min(remaining, self.tick_s))
            self.on_tick()
        return WaitResult.ANNOUNCED


MISSES = 2


@dataclass(frozen=True, slots=True)
class WatchStrategy:
    """How an account is watched, and why."""

    reason: ModeReason
    missed_count: int = 0
    """Consecutive IDLEs after which a sync found mail that was not announced."""

    @property
    def mode(self) -> Mode:
        """Push or poll."""
        return Mode.PUSH if self.reason is ModeReason.OFFERED else Mode.POLL

    @property
    def may_idle(self) -> bool:
        """Return whether to wait in IDLE, also while its announcements are missed."""
        return self.reason in {ModeReason.OFFERED, ModeReason.SILENT}

    def after(self, result: WaitResult, *, found_mail: bool) -> "WatchStrategy":
        """Return the strategy that follows from one wait and the sync after it."""
        match result:
            case WaitResult.IDLE_REFUSED:
                return WatchStrategy(ModeReason.REFUSED)
            case WaitResult.ANNOUNCED:
                return WatchStrategy(ModeReason.OFFERED)
            case WaitResult.TIMED_OUT if found_mail and self.may_idle:
                if self.missed_count + 1 < MISSES:
                    return replace(self, missed_count=self.missed_count + 1)
                return WatchStrategy(ModeReason.SILENT)
            case WaitResult.TIMED_OUT | WaitResult.INTERRUPTED:
                return self


def strategy(
    wanted: WatchMode, capabilities: frozenset[str], *, is_idle_avoided: bool = False
) -> WatchStrategy:
    """Return the strategy to begin with, by the capabilities after login."""
    if wanted is WatchMode.POLL:
        return WatchStrategy(ModeReason.CONFIGURED)
    if "IDLE" not in capabilities:
        return WatchStrategy(ModeReason.NOT_OFFERED)
    if is_idle_avoided:
        return WatchStrategy(ModeReason.BROKEN_OFF)
    return WatchStrategy(ModeReason.OFFERED)
