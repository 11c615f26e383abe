"""Waits for new mail on an open connection, and chooses between push and polls.

The library's own `idle_check` reads the socket alone and misses what came in one
segment with `+ idling`. Here all lines pass through `Protocol`, which notes announced
mail wherever it is announced. The caller syncs after every wait, whatever it returned:
servers omit announcements (RFC 2177 guarantees none). After `MISSES` consecutive IDLEs
that missed mail: poll, still in IDLE; one untagged EXISTS restores push. After `LOSSES`
consecutive IDLEs in which the connection was lost, or that were refused: poll without
IDLE for `AVOIDED_S`.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import partial
from math import inf

from watcher.errors import ConnectionLost
from watcher.events import Mode, ModeReason
from watcher.imap.backoff import LookRate
from watcher.imap.choices import WatchMode
from watcher.imap.connection import Connection
from watcher.imap.losses import Losses, SegmentLosses
from watcher.imap.protocol import IdleRefused, Protocol
from watcher.imap.transport import Interrupt


class WaitResult(Enum):
    """Why a wait ended."""

    ANNOUNCED = auto()
    """The server announced new mail."""
    TIMED_OUT = auto()
    INTERRUPTED = auto()
    """Another thread asked for a sync (`Interrupt.call`)."""
    RESTED = auto()
    """The server refused IDLE for now, and was left alone for a moment."""
    IDLE_REFUSED = auto()
    """The server refuses the IDLE that it offers, again and again."""


LOSSES = 3
"""IDLEs that were refused, or each broke the connection, before polls replace them."""

REFUSED_S = 5.0
"""How long after a refusal IDLE is tried again."""


ENDS = 6
"""At so many moments of a wait's length waits of this length end."""


SPREAD_S = 0.2
"""In which those that end together follow each other, and do not hold each other up."""


def shared_end_s(now_s: float, longest_s: float, place_s: float) -> float:
    """Return when a wait for news ends at the latest, up to a sixth sooner.

    Each account waits in its own thread. Where several waits end at the same moment,
    each at its place behind it, the machine wakes once for all; the next waits end
    together then by themselves.
    """
    step_s = longest_s / ENDS
    return (now_s + longest_s - place_s) // step_s * step_s + place_s


@dataclass(frozen=True, slots=True)
class Waiter:
    """Waits in a session's thread, without waking until something happens."""

    interrupt: Interrupt
    on_wake: Callable[[float], None]
    """Called before a wait, and each time that it ends, with the longest it might take.

    In seconds; infinite where that is unknown.
    """
    losses: Losses = field(default_factory=partial(Losses, LOSSES))
    refusals: Losses = field(default_factory=partial(Losses, LOSSES))
    renewals: SegmentLosses = field(default_factory=partial(SegmentLosses, 1))
    look_rate: LookRate = field(default_factory=LookRate)
    place_s: float = field(default_factory=partial(random.uniform, 0.0, SPREAD_S))
    """By how many seconds its waits end later than those of others."""

    def rest(self, seconds: float) -> WaitResult:
        """Wait without the server until the time is over or a sync is asked for."""
        deadline = time.monotonic() + seconds
        return self._wait(deadline, self.interrupt.wait, lambda: False)

    def poll(self, seconds: float) -> WaitResult:
        """Wait as `rest` does, until the time of several accounts is over."""
        deadline = shared_end_s(time.monotonic(), seconds, self.place_s)
        return self._wait(deadline, self.interrupt.wait, lambda: False)

    def idle(
        self,
        connection: Connection,
        seconds: float,
        begin_look: Callable[[], None],
        *,
        renew_s: float = inf,
    ) -> WaitResult:
        """Wait in IDLE (RFC 2177) until new mail is announced, or as `rest` does.

        Each IDLE takes `renew_s` at most, so that a line that is dead does not go
        unnoticed. What `begin_look` sends goes out with the end of the last one.

        Raises:
            ConnectionLost: the connection broke.
        """
        if connection.protocol.is_announced():  # inside the last answer
            self._slow_down()
            return WaitResult.ANNOUNCED
        try:
            with connection.talking():
                result = self._wait_in_idle(
                    connection.protocol, seconds, begin_look, renew_s
                )
        except IdleRefused:
            return self._after_refusal(seconds)
        except ConnectionLost:
            self.losses.note_loss(time.monotonic())
            raise
        self.losses.note_good()
        self.refusals.note_good()
        return result

    def _after_refusal(self, seconds: float) -> WaitResult:
        """Wait a moment, unless IDLE was refused so often that polls are better."""
        now_s = time.monotonic()
        self.refusals.note_loss(now_s)
        if self.refusals.is_avoided(now_s):
            return WaitResult.IDLE_REFUSED
        result = self.rest(min(seconds, REFUSED_S))
        return WaitResult.RESTED if result is WaitResult.TIMED_OUT else result

    def _wait_in_idle(
        self,
        protocol: Protocol,
        seconds: float,
        begin_look: Callable[[], None],
        renew_s: float,
    ) -> WaitResult:
        tag = protocol.begin_idle()
        deadline = shared_end_s(time.monotonic(), seconds, self.place_s)
        while True:
            end = min(deadline, time.monotonic() + renew_s)
            receive = partial(protocol.receive, tag)
            result = self._wait(end, receive, protocol.is_announced)
            if result is not WaitResult.TIMED_OUT or end == deadline:
                break
            tag = self._renew(protocol, tag)
        if result is WaitResult.ANNOUNCED:
            self._slow_down()
        with protocol.in_one_segment():
            protocol.send(b"DONE\r\n")
            begin_look()
        protocol.end_idle(tag)
        return result

    def _renew(self, protocol: Protocol, tag: bytes) -> bytes:
        """Begin another IDLE, with the end of the last one where the server bears it.

        It may bear a look there and no IDLE, or not each time.
        """
        if not (
            protocol.takes_behind_idle and self.renewals.may_begin(time.monotonic())
        ):
            return protocol.renew_idle(tag, is_in_one_segment=False)
        try:
            following = protocol.renew_idle(tag, is_in_one_segment=True)
        except IdleRefused:  # the one that came too soon
            return protocol.begin_idle()
        self.renewals.note_answer(is_behind_idle=True)
        return following

    def _slow_down(self) -> None:
        """Wait where announcements come faster than an account is looked at."""
        if (pause_s := self.look_rate.pause_s()) > 0.0:
            self.rest(pause_s)

    def _wait(
        self,
        deadline: float,
        receive: Callable[[float], object],
        is_announced: Callable[[], bool],
    ) -> WaitResult:
        self.on_wake(inf)  # an exchange before may have taken the wake
        while not is_announced():
            if self.interrupt.take_call():
                return WaitResult.INTERRUPTED
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return WaitResult.TIMED_OUT
            receive(remaining)
            self.on_wake(remaining)
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

    def after(self, result: WaitResult, *, is_missed: bool) -> "WatchStrategy":
        """Return the strategy that follows from one wait and the sync after it.

        `is_missed` tells whether that found mail which was to be announced.
        """
        match result:
            case WaitResult.IDLE_REFUSED:
                return WatchStrategy(ModeReason.REFUSED)
            case WaitResult.ANNOUNCED:
                return WatchStrategy(ModeReason.OFFERED)
            case WaitResult.TIMED_OUT if is_missed and self.may_idle:
                if self.missed_count + 1 < MISSES:
                    return replace(self, missed_count=self.missed_count + 1)
                return WatchStrategy(ModeReason.SILENT)
            case WaitResult.TIMED_OUT | WaitResult.INTERRUPTED | WaitResult.RESTED:
                return self


def strategy(
    wanted: WatchMode,
    capabilities: frozenset[str],
    *,
    is_idle_avoided: bool = False,
    is_idle_refused: bool = False,
) -> WatchStrategy:
    """Return the strategy to begin with, by the capabilities after login."""
    if wanted is WatchMode.POLL:
        return WatchStrategy(ModeReason.CONFIGURED)
    if "IDLE" not in capabilities:
        return WatchStrategy(ModeReason.NOT_OFFERED)
    if is_idle_avoided:
        return WatchStrategy(ModeReason.BROKEN_OFF)
    if is_idle_refused:
        return WatchStrategy(ModeReason.REFUSED)
    return WatchStrategy(ModeReason.OFFERED)
