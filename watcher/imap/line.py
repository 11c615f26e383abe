"""Gives imaplib's machine our own bytes, with a bound for every wait and every size.

imaplib's own reader blocks for ever, believes any size of a literal, and hides in its
buffer what arrived with the line before. Here the bytes come from a `Channel` and lie
in a buffer that can be looked at.
"""

import imaplib
import ssl
import time
from typing import TYPE_CHECKING

from watcher.imap import trouble
from watcher.imap.channel import Channel, dial
from watcher.imap.grammar import tidied
from watcher.imap.settings import Bounds
from watcher.imap.wake import Wake

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

LINE_BYTES = 4 * 1024 * 1024
"""A SEARCH answer is one line: some 500,000 UIDs fit."""

LITERAL_BYTES = 4 * 1024 * 1024
"""Nothing we ask for is larger; a server that announces more is not believed."""

ANSWER_BYTES = 32 * 1024 * 1024
"""All that may come in answer to one command."""


class Line(imaplib.IMAP4):
    """A connection to a server, greeted, in TLS or not; belongs to one thread."""

    def __init__(
        self,
        address: tuple[str, int],
        context: ssl.SSLContext | None,
        *,
        wake: Wake,
        bounds: Bounds,
    ) -> None:
        """Connect and read the greeting, in TLS if there is a context.

        Raises:
            Unreachable: no connection, no trust in who answers, or no IMAP there.
            ConnectionLost: the server hung up.
        """
        self._context = context
        self._wake = wake
        self._bounds = bounds
        self._patience_s = bounds.answer_s
        """How long an answer may be silent."""
        self._incoming = bytearray()
        self._outgoing = bytearray()
        super().__init__(*address)

    def open(
        self, host: str = "", port: int = 143, timeout: float | None = None
    ) -> None:
        """Connect; imaplib calls this before it reads the greeting.

        Raises:
            Unreachable: no connection, or no trust in who answers.
        """
        self.host, self.port = host, port
        with trouble.reaching(host, port):
            channel = dial(host, port, wake=self._wake, bounds=self._bounds)
        self._set_channel(channel)
        if self._context is not None:
            self.secure(self._context)
        self._start_clock(self._bounds.greet_s)

    def _set_channel(self, channel: Channel) -> None:
        self._channel = channel
        self.sock = channel.sock

    def _connect(self) -> None:
        with trouble.greeting(self.host, self.port):
            super()._connect()  # type: ignore[misc]  # typeshed keeps it to itself

    def secure(self, context: ssl.SSLContext) -> None:
        """Begin TLS.

        Raises:
            Unreachable: no TLS, or a certificate that is not to be trusted.
        """
        try:
            with trouble.securing(self.host, self.port):
                seconds = self._bounds.greet_s
                self._channel.secure(context, self.host, seconds=seconds)
        except BaseException:
            self.shutdown()
            raise
        self._set_channel(self._channel)

    def send(self, data: "ReadableBuffer") -> None:
        """Send what ends a line, together with what was held back before it."""
        self._outgoing += data
        if not self._outgoing.endswith(b"\r\n"):
            return
        line, self._outgoing = bytes(self._outgoing), bytearray()
        self._channel.write(line, seconds=self._bounds.silence_s)
        self._start_clock(self._bounds.command_s)

    def _start_clock(self, seconds: float) -> None:
        """A command went out: its whole answer has so much time and so many bytes."""
        self._deadline = time.monotonic() + seconds
        self._bytes_left = ANSWER_BYTES

    def read(self, size: int) -> bytes:
        """Return a literal."""
        if size > LITERAL_BYTES:
            raise self.abort("the literal is too long")
        while len(self._incoming) < size:
            self._fill()
        return self._take(size)

    def readline(self) -> bytes:
        """Return the next line, tidied; note what it announces."""
        start = 0
        while (end := self._incoming.find(b"\n", start)) < 0:
            start = len(self._incoming)
            if start > LINE_BYTES:
                raise self.abort("the line is too long")
            self._fill()
        return self._heard(self._take(end + 1))

    def _take(self, size: int) -> bytes:
        taken = bytes(self._incoming[:size])
        del self._incoming[:size]
        return taken

    def _fill(self) -> None:
        remaining = self._deadline - time.monotonic()
        seconds = min(self._patience_s, remaining)
        self._receive(self._channel.read(seconds=seconds))

    def _receive(self, data: bytes) -> None:
        if not data:
            raise trouble.HungUp
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise self.abort("the answer is too long")
        self._incoming += data

    def _heard(self, line: bytes) -> bytes:
        """Return a line that came in as imaplib wants it."""
        return tidied(line)

    def shutdown(self) -> None:
        """Close the socket."""
        self._channel.close()

    def _log(self, line: str) -> None:
        """Keep nothing: imaplib would hold the last ten lines, LOGIN among them."""
