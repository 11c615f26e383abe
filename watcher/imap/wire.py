"""Speaks IMAP over a `Channel`: imaplib's machine, on our own bytes and bounds.

imaplib's own reader blocks for ever, has no bound for the size of a literal, and hides
in its buffer what arrived with the line before (IDLE!). Here every line passes through
`readline`, which notes each announcement of new mail, wherever it stands: between
commands, inside the answer to another one, before or right behind `+ idling`.
"""

import imaplib
import re
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watcher.imap import trouble
from watcher.imap.channel import Channel, dial
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

LATER = frozenset({"UNAVAILABLE", "LIMIT", "INUSE", "SERVERBUG"})
"""Response codes that mean "not now", where others mean "no" (RFC 5530 §3)."""

_LITERAL = re.compile(rb"\{(\d+)\}\r?\n\Z")
_UNTAGGED = re.compile(rb"\* (?:(\d+) )?([A-Za-z]+)")
_TAGGED = re.compile(rb"(\w+) (OK|NO|BAD)(?: ([^\r\n]*))?\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a server is, and how TLS is spoken on the way (None: not at once)."""

    host: str
    port: int
    context: ssl.SSLContext | None


class Wire(imaplib.IMAP4):
    """The wire to one server; belongs to one thread."""

    def __init__(self, route: Route, *, wake: Wake, bounds: Bounds) -> None:
        self._route = route
        self._wake = wake
        self._bounds = bounds
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._exists: int | None = None
        self.has_news = False
        """The server has announced mail since this was last set to False."""
        self.has_news_elsewhere = False
        """The same for mailboxes that are not open (RFC 5465)."""
        super().__init__(route.host, route.port)

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
        if self._route.context is not None:
            self.secure(self._route.context)
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

    def begin_tls(self, context: ssl.SSLContext) -> None:
        """Send STARTTLS and begin TLS; capabilities are asked anew (RFC 3501 §6.2.1).

        Raises:
            imaplib.IMAP4.error: not offered or refused, or more came in clear text than
                the answer, which somebody in between could have put there.
        """
        if "STARTTLS" not in self.capabilities:
            raise self.error("STARTTLS is not offered")
        kind, _ = self._simple_command("STARTTLS")
        if kind != "OK" or self._incoming:
            raise self.error("STARTTLS failed")
        self.secure(context)
        self.untagged_responses = {}
        self._get_capabilities()

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
        seconds = min(self._bounds.silence_s, remaining)
        self._receive(self._channel.read(seconds=seconds))

    def _receive(self, data: bytes) -> None:
        if not data:
            raise trouble.HungUp
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise self.abort("the answer is too long")
        self._incoming += data

    def _heard(self, line: bytes) -> bytes:
        """Return a line as imaplib wants it: RFC 3501's words are case-insensitive."""
        line = line.rstrip(b"\r\n") + b"\r\n"
        if match := _UNTAGGED.match(line):
            self._note(int(match[1] or 0), match[2].upper(), line[match.end() :])
            return line[: match.start(2)] + match[2].upper() + line[match.end(2) :]
        if match := _TAGGED.fullmatch(line):
            return b"%b %b %b\r\n" % (match[1], match[2].upper(), match[3] or b"")
        return line

    def _note(self, number: int, word: bytes, rest: bytes) -> None:
        match word:
            case b"BYE":
                raise trouble.HungUp(trouble.readable(rest))
            case b"EXISTS" if number != self._exists:
                # some servers repeat an old count at each IDLE: that is no news
                self._exists = number
                self.has_news = True
            case b"EXPUNGE" if self._exists:
                self._exists -= 1
            case b"STATUS":
                self.has_news_elsewhere = True
            case _:
                pass

    @property
    def is_told_later(self) -> bool:
        """Return whether the last refusal meant "not now" (RFC 5530 §3)."""
        return not LATER.isdisjoint(code.upper() for code in self.untagged_responses)

    def expect_mailbox(self) -> None:
        """Another mailbox will be opened: its count is no news about this one."""
        self._exists = None

    def forget(self) -> None:
        """Drop unsolicited answers that nobody will ask for; they would pile up."""
        self.untagged_responses = {}

    def begin_idle(self) -> bytes:
        """Send IDLE and return its tag once the server waits (RFC 2177).

        Raises:
            IdleRefused: the server will not.
        """
        tag: bytes = self._command("IDLE")
        while self._get_response() is not None:
            if self.tagged_commands[tag]:
                raise IdleRefused
        return tag

    def listen(self, tag: bytes, *, seconds: float) -> None:
        """Hear what the server says in IDLE, at most so long or until the bell rings.

        Returns after each batch of lines. A line whose end is still on its way stays
        in the buffer until then.

        Raises:
            HungUp: it ended the IDLE or the connection.
        """
        data = self._channel.listen(seconds=seconds)
        if data is not None:
            self._bytes_left = ANSWER_BYTES
            self._receive(data)
        self.hear_buffered(tag)

    def hear_buffered(self, tag: bytes) -> None:
        """Hear the whole lines that arrived with an earlier one."""
        while end := self._end_of_line():
            if self._heard(self._take(end)).startswith(tag + b" "):
                raise trouble.HungUp
        if len(self._incoming) > LINE_BYTES:
            raise self.abort("the line is too long")

    def _end_of_line(self) -> int:
        """Return where the first line ends, its literals included; 0 if it is not here.

        A name in an announcement of NOTIFY may be such a literal.
        """
        start = 0
        while (end := self._incoming.find(b"\n", start)) >= 0:
            literal = _LITERAL.search(self._incoming, start, end + 1)
            if literal is None:
                return end + 1
            start = end + 1 + int(literal[1])
        return 0

    def end_idle(self, tag: bytes) -> None:
        """Send DONE and read up to the end of the IDLE."""
        self.send(b"DONE\r\n")
        self._command_complete("IDLE", tag)

    def say_goodbye(self) -> None:
        """Send LOGOUT; nobody waits for the answer."""
        self._command("LOGOUT")

    def shutdown(self) -> None:
        """Close the socket."""
        self._channel.close()

    def _log(self, line: str) -> None:
        """Keep nothing: imaplib would hold the last ten lines, LOGIN among them."""


class IdleRefused(Exception):
    """The server offers IDLE and does not do it."""
