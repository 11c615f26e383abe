"""Carries bytes to a server and back, TLS or not; no wait in it lacks a bound.

The socket is non-blocking and every wait goes through `Wake`: a handshake or a read can
be left at once, without touching the socket from another thread.
"""

import errno
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from watcher.imap.settings import Bounds
from watcher.imap.wake import READ, WRITE, Wake

T = TypeVar("T")

READ_BYTES = 64 * 1024
IN_PROGRESS = {0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN}

CUT_OFF = {errno.ECONNRESET, errno.EPIPE}
"""It was connected, and is no more: the first read will tell."""

KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
"""Seconds of rest, seconds between probes, probes: a second net under the slices."""

UNACKNOWLEDGED_MS = 15_000
"""Linux gives up on bytes that nobody acknowledges after so long, not after 15 min."""


class Channel:
    """One connection to a server."""

    def __init__(self, sock: socket.socket, wake: Wake) -> None:
        self.sock = sock
        self._wake = wake

    def read(self, *, seconds: float) -> bytes:
        """Return the next bytes, empty at the end.

        Raises:
            TimeoutError: none came in time.
        """
        return self._until(partial(self.sock.recv, READ_BYTES), READ, seconds)

    def write(self, data: bytes, *, seconds: float) -> None:
        """Send bytes to the last one.

        Raises:
            TimeoutError: the server does not take them.
        """
        deadline = time.monotonic() + seconds
        rest = memoryview(data)
        while rest:
            remaining = deadline - time.monotonic()
            rest = rest[self._until(partial(self.sock.send, rest), WRITE, remaining) :]

    def secure(self, context: ssl.SSLContext, host: str, *, seconds: float) -> None:
        """Begin TLS, and verify the server's certificate for `host`."""
        sock = context.wrap_socket(
            self.sock, server_hostname=host, do_handshake_on_connect=False
        )
        self.sock = sock
        self._until(sock.do_handshake, READ, seconds)

    def listen(self, *, seconds: float) -> bytes | None:
        """Return bytes that came, None when the time is over or the bell rang.

        TLS may hold back bytes of an unfinished record, so None may come early too.
        """
        try:
            return self.sock.recv(READ_BYTES)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
            self._wake.wait(self.sock, READ, seconds)
            return None

    def close(self) -> None:
        """Close the socket; nothing is said to the server."""
        self.sock.close()

    def _until(self, step: Callable[[], T], blocked_on: int, seconds: float) -> T:
        deadline = time.monotonic() + seconds
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                events = READ
            except ssl.SSLWantWriteError:
                events = WRITE
            except BlockingIOError:
                events = blocked_on
            self._await(events, deadline)

    def _await(self, events: int, deadline: float) -> None:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError(errno.ETIMEDOUT, "timed out")
        self._wake.wait(self.sock, events, remaining)


def dial(host: str, port: int, *, wake: Wake, bounds: Bounds) -> Channel:
    """Connect to the first address of a host that answers.

    Raises:
        OSError: none does; the error is that of the last one tried.
    """
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = wake.run_aside(look_up, seconds=bounds.resolve_s)
    return Channel(_first_answering(found, wake, bounds.connect_s), wake)


_Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[object, ...]]


def _first_answering(
    found: Iterable[_Address], wake: Wake, seconds: float
) -> socket.socket:
    """Try each address; all but the last get a fifth of the time, no more."""
    addresses = list(found)
    for address in addresses[:-1]:
        with suppress(OSError):
            return _connect(address, wake, seconds / 5)
    return _connect(addresses[-1], wake, seconds)


def _connect(address: _Address, wake: Wake, seconds: float) -> socket.socket:
    family, kind, protocol, _, where = address
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        _tune(sock)
        code = sock.connect_ex(where)
        if code in IN_PROGRESS:
            _await_connected(sock, wake, seconds)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code not in {0, *CUT_OFF}:
            raise OSError(code, os.strerror(code))
    except BaseException:
        sock.close()
        raise
    return sock


def _await_connected(sock: socket.socket, wake: Wake, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not wake.wait(sock, WRITE, deadline - time.monotonic()):
        if time.monotonic() >= deadline:
            raise TimeoutError(errno.ETIMEDOUT, "timed out")


def _tune(sock: socket.socket) -> None:
    """Send small commands at once, and let the kernel notice a dead line too."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in {**KEEPALIVE, "TCP_USER_TIMEOUT": UNACKNOWLEDGED_MS}.items():
        option = getattr(socket, name, None)
        if option is not None:  # each platform has others
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
