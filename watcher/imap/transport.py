"""Carries bytes to a server and back, TLS or not; no wait in it lacks a bound.

The socket is non-blocking and every wait goes through `Interrupt`, so that a stop is
obeyed at once in each of them: while a name is looked up, in a TLS handshake, in the
middle of a line. A socket pair does it because `select` knows sockets alone on Windows.
"""

import errno
import re
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from watcher.clock import call_in_thread
from watcher.errors import ConfigError, reason_of
from watcher.i18n import Text
from watcher.imap.account import Account
from watcher.imap.choices import TlsQuirk
from watcher.imap.errors import WebPage
from watcher.recognition.text import one_line


class Waitable(Protocol):
    """Has a descriptor that a selector knows."""

    def fileno(self) -> int:
        """Return the descriptor."""


T = TypeVar("T")
WaitableT = TypeVar("WaitableT", bound=Waitable)

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE

_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)
"""`poll` needs no descriptor of its own and knows those above 1023."""


class Stopped(Exception):
    """The thread was told to stop. Not an error: it only leaves every wait."""


class Interrupt:
    """Self-pipe by which other threads interrupt one thread's waits.

    `stop` is final, `call` and `wake` end one wait.
    """

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._is_stopped = False
        self._is_called = False

    def close(self) -> None:
        """Release the sockets; `stop` and `call` may still be called."""
        self._reader.close()
        self._writer.close()

    def fileno(self) -> int:
        """Return the descriptor of the writing end: a byte written there ends a wait.

        For `signal.set_wakeup_fd`.
        """
        return self._writer.fileno()

    def stop(self) -> None:
        """Make the current wait, and every later one, raise `Stopped`."""
        self._is_stopped = True
        self.wake()

    def call(self) -> None:
        """Ask for a sync: ends a wait for news, but no exchange that is under way."""
        self._is_called = True
        self.wake()

    def take_call(self) -> bool:
        """Return whether `call` was called since the last time."""
        was_called, self._is_called = self._is_called, False
        return was_called

    def wake(self) -> None:
        """End a wait, which may go on if nothing else has happened."""
        with suppress(OSError):  # full: a wait ends anyway; closed: there is none
            self._writer.send(b"\0")

    def wait(
        self,
        seconds: float | None,
        sock: socket.socket | None = None,
        events: int = READ,
    ) -> bool:
        """Wait until a socket is ready, and return whether it is.

        False means that the time is over (None: never) or that the wait was
        interrupted.

        Raises:
            Stopped: `stop` was called.
        """
        socks = [] if sock is None else [sock]
        return bool(self.wait_for_any(seconds, socks, events))

    def wait_for_any(
        self,
        seconds: float | None,
        socks: Iterable[WaitableT],
        events: int = WRITE,
    ) -> list[WaitableT]:
        """Wait as `wait` does until any socket is ready; return those that are.

        Raises:
            Stopped: `stop` was called.
        """
        ready: list[Any] = []
        if not self._is_stopped:
            with _Selector() as selector:
                selector.register(self._reader, READ)
                for sock in socks:
                    selector.register(sock, events)
                timeout = None if seconds is None else max(seconds, 0)
                ready = [key.fileobj for key, _ in selector.select(timeout)]
        if self._reader in ready:
            ready.remove(self._reader)
            with suppress(BlockingIOError):
                self._reader.recv(4096)
        self.check_stop()
        return ready

    def check_stop(self) -> None:
        """Raise `Stopped` if `stop` was called: who reads without end never waits."""
        if self._is_stopped:
            raise Stopped

    def call_with_timeout(self, function: Callable[[], T], *, seconds: float) -> T:
        """Return what a function returns that may hang, such as a look-up of a name.

        It runs in a daemon thread, which is left behind when the time is over.

        Raises:
            TimeoutError: it took longer; or whatever the function raises.
        """
        future = call_in_thread(function, then=self.wake)
        deadline = time.monotonic() + seconds
        while not future.done():
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            self.wait(remaining)
        return future.result()


_OP_LEGACY_SERVER_CONNECT = getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
"""Named by Python 3.12 and later; the bit is OpenSSL's."""

_STATIC_RSA = ("AES256-GCM-SHA384", "AES128-GCM-SHA256", "AES256-SHA", "AES128-SHA")
"""Ciphers without forward secrecy, behind all others; the certificate still counts."""

_AFTER_HTTP = re.compile(rb"[0-9]\.[0-9] [0-9]{3}")

_ONE_AT_A_TIME = threading.Lock()
"""All accounts connect at once at start; each context of its own would take 1 MB."""

_NO_CA_FILE = Text(
    en="The certificate file {path} cannot be used ({why}): correct ca_file.",
    ja="証明書ファイル {path} を使えません({why})。ca_file を書きなおしてください。",
)


def context_for(account: Account) -> ssl.SSLContext:
    """Return the context for an account, shared with those of the same needs.

    Raises:
        ConfigError: `ca_file` is missing or holds no certificate.
    """
    path = account.ca_file
    try:
        changed_ns = path.stat().st_mtime_ns if path else 0
        with _ONE_AT_A_TIME:
            return _make_context(path, changed_ns, account.tls_quirk)
    except (OSError, ValueError) as error:
        why = reason_of(error)
        raise ConfigError(_NO_CA_FILE, path=path, why=why) from error


@lru_cache(maxsize=16)
def _make_context(
    path: Path | None, _changed_ns: int, tls_quirk: TlsQuirk
) -> ssl.SSLContext:
    """Build a context, anew for each change of the file."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    if path is not None:
        context.load_verify_locations(cafile=path)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        # since Python 3.13 a CA made at home would have to name its key identifiers;
        # chain, dates and host name are verified without that as well
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if tls_quirk is TlsQuirk.LEGACY_RENEGOTIATION:
        context.options |= _OP_LEGACY_SERVER_CONNECT
    elif tls_quirk is TlsQuirk.STATIC_RSA:
        usual = [str(cipher["name"]) for cipher in context.get_ciphers()]
        context.set_ciphers(":".join((*usual, *_STATIC_RSA)))
    return context


@dataclass(frozen=True, slots=True)
class Encryption:
    """How a connection is encrypted, and who vouches for the server."""

    version: str
    """Such as `TLSv1.3`."""
    issuer: str
    """Of the server's certificate; empty where it names none."""


READ_BYTES = 16 * 1024
"""A record of TLS has no more, and the allocator maps no pages for so few."""
OPTIONS = {
    "TCP_NODELAY": 1,
    # idle seconds, seconds between probes, probes: in addition to `renew_interval_s`
    "TCP_KEEPIDLE": 30,
    "TCP_KEEPINTVL": 10,
    "TCP_KEEPCNT": 3,
    # Linux gives up on unacknowledged bytes after 15 s instead of some 15 minutes
    "TCP_USER_TIMEOUT": 15_000,
}
"""The options of TCP by their names; some platforms lack some."""


_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)


class Transport:
    """One connection to a server."""

    def __init__(self, sock: socket.socket, interrupt: Interrupt) -> None:
        self.sock = sock
        self._interrupt = interrupt

    def read(self, *, seconds: float) -> bytes:
        """Return the next bytes, empty at the end.

        Raises:
            TimeoutError: none came in time.
        """
        return self._until(self._receive, READ, seconds)

    def _receive(self) -> bytes:
        """Return what came; let the kernel acknowledge it at once.

        A server that sends an answer in pieces, and each only once the one before is
        acknowledged (Nagle), would wait for us to delay that. Linux alone has this
        option, and forgets it with each acknowledgement.
        """
        self._interrupt.check_stop()
        if _QUICKACK is not None:
            with suppress(OSError):
                self.sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        return self.sock.recv(READ_BYTES)

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
        """Begin TLS, and verify the server's certificate for `host`.

        Raises:
            WebPage: HTTP answers.
        """
        sock = context.wrap_socket(
            self.sock, server_hostname=host, do_handshake_on_connect=False
        )
        self.sock = sock
        try:
            self._until(sock.do_handshake, READ, seconds)
        except ssl.SSLError as error:
            if self._is_web_page():
                raise WebPage from error
            raise

    def _is_web_page(self) -> bool:
        """Return whether HTTP answered where TLS was to begin.

        OpenSSL has taken the five bytes of a record's header, here `HTTP/`.
        """
        with suppress(OSError):
            rest = socket.socket.recv(self.sock, len("1.1 200"), socket.MSG_PEEK)
            return _AFTER_HTTP.fullmatch(rest) is not None
        return False

    @property
    def encryption(self) -> Encryption | None:
        """How it is encrypted; None: in clear text."""
        if not isinstance(self.sock, ssl.SSLSocket):
            return None
        shown: dict[str, Any] = dict(self.sock.getpeercert() or {})
        names = dict(pair for part in shown.get("issuer", ()) for pair in part)
        issuer = names.get("organizationName") or names.get("commonName") or ""
        return Encryption(self.sock.version() or "", one_line(str(issuer)))

    def receive(self, *, seconds: float) -> bytes | None:
        """Return bytes that came, None when the time is over or at an interrupt.

        TLS may hold back bytes of an unfinished record, so None may come early too.
        """
        try:
            return self._receive()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
            self._interrupt.wait(seconds, self.sock)
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
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError(errno.ETIMEDOUT, "timed out")
            self._interrupt.wait(remaining, self.sock, events)


def new_socket(family: int, kind: int, protocol: int) -> socket.socket:
    """Return a socket that never blocks, to be connected and given to a `Transport`."""
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        _set_options(sock)
    except BaseException:
        sock.close()
        raise
    return sock


def _set_options(sock: socket.socket) -> None:
    """Send small commands at once, and let the kernel notice a dead connection too.

    A connection works without them, and each platform has others or refuses some.
    """
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in OPTIONS.items():
        option = getattr(socket, name, None)
        if option is not None:
            with suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, option, value)
