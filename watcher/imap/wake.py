"""Lets other threads end the waits of an account's thread.

Every wait of the IMAP engine goes through `Wake.wait`, so that `stop` is obeyed at once
in each of them: while a name is looked up, in a TLS handshake, in the middle of a line.
A socket pair does it because `select` knows sockets alone on Windows.
"""

import selectors
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE

_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)
"""`poll` needs no descriptor of its own and knows those above 1023."""


class Stopped(Exception):
    """The thread was told to stop. Not an error: it only leaves every wait."""


class Wake:
    """The bell of one thread: others ring it, its own waits hear it."""

    def __init__(self) -> None:
        self._ear, self._bell = socket.socketpair()
        self._ear.setblocking(False)
        self._bell.setblocking(False)
        self._is_stopped = False
        self._is_called = False

    def close(self) -> None:
        """Release the sockets; ringing is sanitise afterwards."""
        self._ear.close()
        self._bell.close()

    def stop(self) -> None:
        """Make the current wait, and every later one, raise `Stopped`."""
        self._is_stopped = True
        self._ring()

    def call(self) -> None:
        """Ask for a look now: ends a rest, but no exchange that is under way."""
        self._is_called = True
        self._ring()

    def take_call(self) -> bool:
        """Return whether somebody asked for a look since the last time."""
        was_called, self._is_called = self._is_called, False
        return was_called

    def _ring(self) -> None:
        with suppress(OSError):  # full: it rings already; closed: nobody listens
            self._bell.send(b"\0")

    def check(self) -> None:
        """Raise `Stopped` if the thread was told to stop."""
        if self._is_stopped:
            raise Stopped

    def wait(self, sock: socket.socket | None, events: int, seconds: float) -> bool:
        """Wait until a socket is ready, and return whether it is.

        False means that the time is over or that the bell rang.
        """
        self.check()
        with _Selector() as selector:
            selector.register(self._ear, READ)
            if sock is not None:
                selector.register(sock, events)
            ready = [key.fileobj for key, _ in selector.select(max(seconds, 0))]
        if self._ear in ready:
            with suppress(BlockingIOError):
                self._ear.recv(4096)
        self.check()
        return sock in ready

    def rest(self, seconds: float) -> None:
        """Wait, at most so long, until the bell rings."""
        if not self._is_called:
            self.wait(None, READ, seconds)

    def run_aside(self, function: Callable[[], T], *, seconds: float) -> T:
        """Return what a function returns that may hang, such as a look-up of a name.

        It runs in a daemon thread, which is left behind when the time is over.

        Raises:
            TimeoutError: it took longer; or whatever the function raises.
        """
        future: Future[T] = Future()

        def work() -> None:
            try:
                future.set_result(function())
            except Exception as error:  # noqa: BLE001 -- raised again where it is awaited
                future.set_exception(error)
            self._ring()

        threading.Thread(target=work, name="aside", daemon=True).start()
        deadline = time.monotonic() + seconds
        while not future.done():
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            self.wait(None, READ, remaining)
        return future.result()
