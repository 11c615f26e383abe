"""Speaks IMAP in lines and literals, with a bound for every wait and every size.

imaplib's own reader blocks for ever, believes any size of a literal, and hides in its
buffer what arrived with the line before. Here the bytes come from a `Transport` and lie
in a buffer that can be examined. Every line passes through `_receive_line`, which notes
new mail wherever it is announced: between commands, inside the answer to another one,
before or right behind `+ idling`. RFC 3501's words are case-insensitive, imaplib's are
not; some servers end a line with LF alone, or say `OK` and nothing behind it.
"""

import contextlib
import imaplib
import re
import ssl
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from watcher.imap import errors
from watcher.imap.account import Timeouts
from watcher.imap.transport import Interrupt, Transport, connect_transport

UNTAGGED = re.compile(rb"\* (?:(\d+) )?([A-Za-z]+)([^\r\n]*)")
"""An untagged answer: number, word, rest."""

_TAGGED = re.compile(rb"(\w+) (OK|NO|BAD)(?: ([^\r\n]*))?", re.IGNORECASE)
_LITERAL = re.compile(rb"\{(\d+)\}\r?\n\Z")


def normalise_line(line: bytes) -> bytes:
    """Return a line as imaplib wants it: words in upper case, text, CRLF."""
    line = line.rstrip(b"\r\n")
    if match := UNTAGGED.match(line):
        line = line[: match.start(2)] + match[2].upper() + line[match.end(2) :]
    elif match := _TAGGED.fullmatch(line):
        line = b"%b %b %b" % (match[1], match[2].upper(), match[3] or b"")
    return line + b"\r\n"


def end_of_line(data: bytearray) -> int:
    """Return where the first line ends, its literals included; 0 if it is not all here.

    A mailbox's name in an announcement may be such a literal (RFC 5465).
    """
    start = 0
    while (end := data.find(b"\n", start)) >= 0:
        literal = _LITERAL.search(data, start, end + 1)
        if literal is None:
            return end + 1
        start = end + 1 + int(literal[1])
    return 0


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
        interrupt: Interrupt,
        timeouts: Timeouts,
    ) -> None:
        """Connect and read the greeting, in TLS if there is a context.

        Raises:
            Unreachable: no connection, no trust in who answers, or no IMAP there.
            ConnectionLost: the server hung up.
        """
        self._context = context
        self._interrupt = interrupt
        self._timeouts = timeouts
        self._patience_s = timeouts.answer_timeout_s
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
        with errors.reaching(host, port):
            transport = connect_transport(
                host, port, interrupt=self._interrupt, timeouts=self._timeouts
            )
        self._set_transport(transport)
        if self._context is not None:
            self.secure(self._context)
        self._start_clock(self._timeouts.greeting_timeout_s)

    def _set_transport(self, transport: Transport) -> None:
        self._transport = transport
        self.sock = transport.sock

    def _connect(self) -> None:
        with errors.greeting(self.host, self.port):
            super()._connect()  # type: ignore[misc]  # typeshed keeps it to itself

    def secure(self, context: ssl.SSLContext) -> None:
        """Begin TLS.

        Raises:
            Unreachable: no TLS, or a certificate that is not to be trusted.
        """
        try:
            with errors.securing(self.host, self.port):
                seconds = self._timeouts.greeting_timeout_s
                self._transport.secure(context, self.host, seconds=seconds)
        except BaseException:
            self.shutdown()
            raise
        self._set_transport(self._transport)

    def send(self, data: "ReadableBuffer") -> None:
        """Send what ends a line, together with what was held back before it."""
        self._outgoing += data
        if not self._outgoing.endswith(b"\r\n"):
            return
        line, self._outgoing = bytes(self._outgoing), bytearray()
        self._transport.write(line, seconds=self._timeouts.prompt_timeout_s)
        self._start_clock(self._timeouts.command_timeout_s)

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
        return self._receive_line(self._take(end + 1))

    def _take(self, size: int) -> bytes:
        taken = bytes(self._incoming[:size])
        del self._incoming[:size]
        return taken

    def _fill(self) -> None:
        remaining = self._deadline - time.monotonic()
        seconds = min(self._patience_s, remaining)
        self._receive(self._transport.read(seconds=seconds))

    def _receive(self, data: bytes) -> None:
        if not data:
            raise errors.ServerClosed
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise self.abort("the answer is too long")
        self._incoming += data

    def _receive_line(self, line: bytes) -> bytes:
        """Return a line that came in as imaplib wants it."""
        return normalise_line(line)

    def shutdown(self) -> None:
        """Close the socket."""
        self._transport.close()

    def _log(self, line: str) -> None:
        """Keep nothing: imaplib would hold the last ten lines, LOGIN among them."""


LATER = frozenset({"UNAVAILABLE", "LIMIT", "INUSE", "SERVERBUG"})
"""Response codes that mean "not now", where others mean "no" (RFC 5530 §3)."""


class Protocol(Line):
    """A line that knows what the server announced on it."""

    _exists: int | None = None
    has_new_mail = False
    """The server has announced mail since this was last set to False."""
    has_new_mail_elsewhere = False
    """The same for mailboxes that are not open (RFC 5465)."""

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

    def _receive_line(self, line: bytes) -> bytes:
        """Note what a line announces, and return it as imaplib wants it."""
        if announced := UNTAGGED.match(line):
            number, word, rest = announced[1], announced[2].upper(), announced[3]
            self._note(int(number or 0), word, rest)
        return super()._receive_line(line)

    def _note(self, number: int, word: bytes, rest: bytes) -> None:
        match word:
            case b"BYE":
                raise errors.ServerClosed(errors.readable(rest))
            case b"EXISTS" if number != self._exists:
                # some servers repeat an old count at each IDLE: that is no news
                self._exists = number
                self.has_new_mail = True
            case b"EXPUNGE" if self._exists:
                self._exists -= 1
            case b"STATUS":
                self.has_new_mail_elsewhere = True
            case _:
                pass

    @property
    def is_server_busy(self) -> bool:
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
        with self._impatient():
            tag: bytes = self._command("IDLE")
            while self._get_response() is not None:
                if self.tagged_commands[tag]:
                    raise IdleRefused
        return tag

    @contextlib.contextmanager
    def _impatient(self) -> Iterator[None]:
        """Expect the answer at once: whoever is alive can give it."""
        self._patience_s = self._timeouts.prompt_timeout_s
        yield
        self._patience_s = self._timeouts.answer_timeout_s

    def receive(self, tag: bytes, *, seconds: float) -> None:
        """Hear what the server says in IDLE, at most so long or until the bell rings.

        Returns after each batch of lines. A line whose end is still on its way stays
        in the buffer until then.

        Raises:
            ServerClosed: it ended the IDLE or the connection.
        """
        data = self._transport.receive(seconds=seconds)
        if data is not None:
            self._bytes_left = ANSWER_BYTES
            self._receive(data)
        self.hear_buffered(tag)

    def hear_buffered(self, tag: bytes) -> None:
        """Hear the whole lines that arrived with an earlier one."""
        while end := end_of_line(self._incoming):
            if self._receive_line(self._take(end)).startswith(tag + b" "):
                raise errors.ServerClosed
        if len(self._incoming) > LINE_BYTES:
            raise self.abort("the line is too long")

    def end_idle(self, tag: bytes) -> None:
        """Send DONE and read up to the end of the IDLE."""
        with self._impatient():
            self.send(b"DONE\r\n")
            self._command_complete("IDLE", tag)

    def be_up_to_date(self) -> None:
        """Send NOOP: some servers see new mail in the open mailbox only then."""
        self.forget()
        with self._impatient():
            self.noop()

    def say_goodbye(self) -> None:
        """Send LOGOUT; nobody waits for the answer."""
        self._command("LOGOUT")


class IdleRefused(Exception):
    """The server offers IDLE and does not do it."""
