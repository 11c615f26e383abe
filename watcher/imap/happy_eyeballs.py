"""Connects to the first address of a host that answers (RFC 8305, Happy Eyeballs).

Addresses of both families take turns, and the next one is tried a moment after the last
one or at its failure, so that one that does not answer costs little. One that answers
in TCP and then speaks neither TLS nor IMAP is left out, and the others are tried. What
failed comes last at the next connection, and what worked comes first.
"""

import ctypes
import errno
import os
import socket
import sys
import time
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain, zip_longest
from typing import NamedTuple

from watcher.imap.account import Timeouts
from watcher.imap.transport import Interrupt, Transport, new_socket

ATTEMPT_DELAY_S = 0.25
"""How long after one attempt the next one starts (RFC 8305 §8)."""

ALTERNATIVE_S = 5.0
"""What TLS, and again the greeting, may take where there are other addresses."""

ALTERNATIVES_S = 15.0
"""What all the addresses but the last one may take of that together."""

_IN_PROGRESS = {0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN}

_CUT_OFF = {errno.ECONNRESET, errno.EPIPE}
"""It was connected, and is no more: the first read raises."""

_NO_ROUTE = {
    getattr(errno, name)
    for name in ("ENETUNREACH", "EHOSTUNREACH", "EAFNOSUPPORT", "EADDRNOTAVAIL")
}
"""Of a family that this machine cannot use: says less than any other error."""


class Address(NamedTuple):
    """Where to connect to, as `socket.getaddrinfo` names it."""

    family: int
    kind: int
    protocol: int
    where: tuple[object, ...]


def interleaved(addresses: Iterable[Address]) -> list[Address]:
    """Return addresses with the families in turn, that of the first one first (§4)."""
    by_family: dict[int, list[Address]] = {}
    for address in dict.fromkeys(addresses):
        by_family.setdefault(address.family, []).append(address)
    turns = chain.from_iterable(zip_longest(*by_family.values()))
    return [address for address in turns if address is not None]


class AddressHistory:
    """Which addresses of one host failed, and which one worked last."""

    def __init__(self) -> None:
        self._failures: dict[Address, int] = {}
        self._count = 0

    def note_success(self, address: Address) -> None:
        """Put an address first the next time."""
        self._failures = {one: max(n, 0) for one, n in self._failures.items()}
        self._failures[address] = -1

    def note_failure(self, address: Address) -> None:
        """Put an address last the next time."""
        self._count += 1
        self._failures[address] = self._count

    def sort(self, addresses: Sequence[Address]) -> list[Address]:
        """Return addresses in the order of their trial; forget all others."""
        self._failures = {one: self._failures.get(one, 0) for one in addresses}
        return sorted(addresses, key=self._failures.__getitem__)


class Addresses:
    """The addresses of one host that are still to be tried for one connection."""

    def __init__(
        self,
        addresses: Sequence[Address],
        *,
        interrupt: Interrupt,
        timeouts: Timeouts,
        history: AddressHistory,
    ) -> None:
        self._remaining = history.sort(addresses)
        self._interrupt = interrupt
        self._timeouts = timeouts
        self._history = history
        self._connected: Address | None = None

    def connect(self) -> Transport:
        """Connect to the first of them that answers in TCP.

        Raises:
            OSError: none does; the error is the one that says most.
        """
        address, sock = connect_first(
            self._remaining,
            interrupt=self._interrupt,
            seconds=self._timeouts.connect_timeout_s,
        )
        self._connected = address
        return Transport(sock, self._interrupt)

    def greeting_timeout_s(self) -> float:
        """Return what TLS, and again the greeting, may take on the next connection."""
        others = len(self._remaining) - 1
        full_s = self._timeouts.greeting_timeout_s
        if not others:
            return full_s
        return min(full_s, ALTERNATIVE_S, ALTERNATIVES_S / others)

    @property
    def has_connected(self) -> bool:
        """Whether an address answered in TCP that was not rejected since."""
        return self._connected is not None

    def accept(self) -> None:
        """Note that the server greets at the address that was connected."""
        if self._connected is not None:
            self._history.note_success(self._connected)

    def reject(self) -> bool:
        """Leave the address out that was connected; return whether others remain."""
        if self._connected is None:  # none answers in TCP
            return False
        self._history.note_failure(self._connected)
        self._remaining.remove(self._connected)
        self._connected = None
        return bool(self._remaining)


def resolve(
    host: str,
    port: int,
    *,
    interrupt: Interrupt,
    timeouts: Timeouts,
    history: AddressHistory,
) -> Addresses:
    """Look up the addresses of a host.

    Raises:
        OSError: the name is not known, or nobody answers in time.
    """
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = interrupt.call_with_timeout(look_up, seconds=timeouts.resolve_timeout_s)
    addresses = interleaved(
        Address(family, kind, protocol, where)
        for family, kind, protocol, _, where in found
    )
    return Addresses(addresses, interrupt=interrupt, timeouts=timeouts, history=history)


def connect_first(
    addresses: Iterable[Address], *, interrupt: Interrupt, seconds: float
) -> tuple[Address, socket.socket]:
    """Return the first address that answers, and the socket connected to it (§5).

    Each attempt may take so many seconds.

    Raises:
        OSError: none answers; the error is the one that says most.
    """
    race = _Race(addresses, seconds)
    try:
        while race.is_running:
            race.start_due()
            ready = interrupt.wait_for_any(race.wait_s(), race.sockets)
            if winner := race.finish(ready):
                return winner
    finally:
        race.close()
    raise race.error


class _Race:
    """Attempts that run at the same time."""

    def __init__(self, addresses: Iterable[Address], seconds: float) -> None:
        self._waiting = deque(addresses)
        self._seconds = seconds
        self._pending: dict[socket.socket, tuple[Address, float]] = {}
        self._next_at = time.monotonic()
        self._errors: list[OSError] = []

    @property
    def is_running(self) -> bool:
        return bool(self._waiting or self._pending)

    @property
    def sockets(self) -> list[socket.socket]:
        return list(self._pending)

    @property
    def error(self) -> OSError:
        """The error that says most; of several, the last one."""
        errors = self._errors or [OSError(errno.EADDRNOTAVAIL, "no address")]
        return max(reversed(errors), key=_weight)

    def start_due(self) -> None:
        """Start the next attempt, if it is time for it."""
        while self._waiting and time.monotonic() >= self._next_at:
            address = self._waiting.popleft()
            try:
                sock = _begin(address)
            except OSError as error:
                self._errors.append(error)
                continue
            now = time.monotonic()
            self._pending[sock] = (address, now + self._seconds)
            self._next_at = now + ATTEMPT_DELAY_S

    def wait_s(self) -> float:
        """Return the seconds until an attempt is to be started or given up."""
        ends = [end for _, end in self._pending.values()]
        due = [self._next_at] if self._waiting else []
        return min([*ends, *due], default=0.0) - time.monotonic()

    def finish(
        self, ready: Iterable[socket.socket]
    ) -> tuple[Address, socket.socket] | None:
        """Return an attempt that succeeded, and end those that failed."""
        for sock in ready:
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code in {0, *_CUT_OFF}:
                return self._pending.pop(sock)[0], sock
            self._fail(sock, _error(code))
        now = time.monotonic()
        for sock in [one for one, (_, end) in self._pending.items() if now >= end]:
            self._fail(sock, TimeoutError(errno.ETIMEDOUT, "timed out"))
        return None

    def _fail(self, sock: socket.socket, error: OSError) -> None:
        del self._pending[sock]
        sock.close()
        self._errors.append(error)
        self._next_at = time.monotonic()

    def close(self) -> None:
        for sock in self._pending:
            with suppress(OSError):
                sock.close()


def _weight(error: OSError) -> int:
    if error.errno in _NO_ROUTE:
        return 0
    return 1 if isinstance(error, TimeoutError) else 2


def _error(code: int) -> OSError:
    """Return what the system calls an error of a socket."""
    if sys.platform == "win32":  # where strerror() knows none of them
        return ctypes.WinError(code)
    return OSError(code, os.strerror(code))


def _begin(address: Address) -> socket.socket:
    sock = new_socket(address.family, address.kind, address.protocol)
    try:
        code = sock.connect_ex(address.where)
        if code not in {*_IN_PROGRESS, *_CUT_OFF}:
            raise _error(code)
    except BaseException:
        sock.close()
        raise
    return sock
