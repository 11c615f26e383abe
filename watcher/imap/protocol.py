"""Speaks IMAP in lines and literals, with a bound for every wait and every size.

imaplib's own reader blocks without a bound, accepts a literal of any size, and hides in
its buffer what arrived with the line before. Here the bytes come from a `Transport`
into a buffer that can be examined. Every line passes through `_receive_line`, which
notes new mail wherever it is announced: between commands, inside the answer to another
one, before or right behind `+ idling`. RFC 3501's words are case-insensitive, imaplib's
are not; some servers end a line with LF alone, or send `OK` and nothing behind it.
"""

import imaplib
import re
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from watcher.clock import boottime_s
from watcher.imap import errors
from watcher.imap.account import Timeouts
from watcher.imap.provider_words import named_wait
from watcher.imap.refusal import ALERT, OVERFLOW, ResponseText
from watcher.imap.secrecy import Secrets
from watcher.imap.transport import Encryption, Transport
from watcher.recognition.limits import HEADER_BYTES

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_UNTAGGED = re.compile(rb"\* (?:(\d+) )?([A-Za-z]+)([^\r\n]*)")
"""An untagged response: number, word, rest."""
_TAGGED = re.compile(rb"(\w+) (OK|NO|BAD)(?: ([^\r\n]*))?", re.IGNORECASE)
_LITERAL = re.compile(rb"\{(\d+)\}\r?\n\Z")
_PUSHED = re.compile(
    rb"\* \d+ FETCH \([^\r\n]{0,200}?"
    rb"BODY\[HEADER[^\]\r\n]{0,200}\](?:<0>)? \{(\d+)\}\r?\n",
    re.IGNORECASE,
)
"""Fields of a mail that nobody asked for, up to the literal with them.

Without its bounds it takes quadratic time on a line of many names.
"""

LINE_BYTES = 4 * 1024 * 1024
"""A SEARCH answer is one line: some 500,000 UIDs fit."""

LITERAL_BYTES = 4 * 1024 * 1024
"""Nothing we ask for is larger."""

ANSWER_BYTES = 32 * 1024 * 1024
"""All that may come in answer to one command."""

_STATUS = frozenset({b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"})
"""Responses whose text may begin with a response code (RFC 3501 §7.1)."""

PUSHED_KEPT = 6
"""Mails whose fields are kept as they come in one IDLE."""

STATUS_KEPT = 6
STATUS_BYTES = 2048
"""Announcements that are kept, and how much of each."""

LITERALS = 100
"""In one announcement, which has one or two; each is looked for anew as bytes come."""

ALERTS_KEPT = 3
"""Alerts that stand in a sentence of why a command was refused."""


class IdleRefused(Exception):
    """The server offers IDLE and answers NO or BAD to it."""


class Protocol(imaplib.IMAP4):
    """A connection to a server, greeted, in TLS or not; belongs to one thread."""

    exists: int | None = None
    has_new_mail = False
    """The server has announced mail since this was last set to False."""
    announced_s = 0.0
    """When the first of that was announced, in seconds since boot."""
    elsewhere: tuple[bytes, ...] = ()
    """What STATUS said of mailboxes that are not open (RFC 5465 §4) since this was last
    emptied: the last `STATUS_KEPT`, to be read by `announced`."""
    has_overflowed = False
    """The server gave up its announcements (RFC 5465 §5.8): there were too many."""
    pushed_fields: tuple[bytes, ...] = ()
    """What came with the announcements in the last IDLE (RFC 5465 §5.2), at most
    `PUSHED_KEPT`: the fields of each mail that `Connection.notify` named, up to
    `HEADER_BYTES`."""
    takes_behind_idle = False
    """The server has answered what came in one segment with the end of an IDLE: not
    every one does."""
    last_answer = ("", b"")
    """The last tagged response: OK, NO or BAD, and its text."""
    welcome = b""
    """The greeting, once it has come."""
    _is_holding = False
    _own_deadline: float | None = None

    def __init__(
        self,
        address: tuple[str, int],
        context: ssl.SSLContext | None,
        *,
        open_transport: Callable[[], Transport],
        timeouts: Timeouts,
        secrets: Secrets | None = None,
        on_alert: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Connect and read the greeting, in TLS if there is a context.

        `secrets` are kept out of the server's words from the greeting on; `on_alert` is
        called with the words of each [ALERT] (RFC 3501 §7.1).

        Raises:
            Unreachable: no connection, a certificate not trusted, or no IMAP there.
            ConnectionLost: the server closed the connection.
        """
        self._context = context
        self._open_transport = open_transport
        self._timeouts = timeouts
        self._on_alert = on_alert
        self.secrets = secrets or Secrets()
        self._alerts: list[str] = []
        self._incoming = bytearray()
        self._outgoing = bytearray()
        super().__init__(*address)

    def open(
        self, host: str = "", port: int = 143, timeout: float | None = None
    ) -> None:
        """Connect; imaplib calls this before it reads the greeting.

        Raises:
            Unreachable: no connection, or a certificate that is not trusted.
        """
        self.host, self.port = host, port
        with errors.translated(errors.CONNECT, host, port):
            self._transport = self._open_transport()
        self.sock = self._transport.sock
        if self._context is not None:
            self._secure(self._context)
        self._start_clock(self._timeouts.greeting_timeout_s)

    def _connect(self) -> None:
        with errors.translated(errors.GREETING, self.host, self.port):
            try:
                super()._connect()  # type: ignore[misc]  # not in typeshed
            except self.error:
                kind, answer = self.last_answer
                if kind not in {"NO", "BAD"}:
                    raise
                # it speaks IMAP, and refuses to name its capabilities
                raise errors.SaidBye(self.said(answer)) from None

    def _secure(self, context: ssl.SSLContext) -> None:
        """Begin TLS.

        Raises:
            Unreachable: no TLS, or a certificate that is not trusted.
        """
        try:
            with errors.translated(errors.TLS, self.host, self.port):
                seconds = self._timeouts.greeting_timeout_s
                self._transport.secure(context, self.host, seconds=seconds)
        except BaseException:
            self.shutdown()
            raise
        self.sock = self._transport.sock

    @property
    def encryption(self) -> Encryption | None:
        """How the connection is encrypted; None: in clear text."""
        return self._transport.encryption

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
        self._secure(context)
        self.forget()
        self._get_capabilities()

    def send(self, data: "ReadableBuffer") -> None:
        """Send what ends a line, together with what was held back before it."""
        self._outgoing += data
        if self._is_holding or not self._outgoing.endswith(b"\r\n"):
            return
        line, self._outgoing = bytes(self._outgoing), bytearray()
        if self.state in {"AUTH", "SELECTED"}:  # before, they may tell why no login
            self._alerts.clear()
        self._transport.write(line, seconds=self._timeouts.prompt_timeout_s)
        self._start_clock(self._timeouts.command_timeout_s)

    @contextmanager
    def in_one_segment(self) -> Iterator[None]:
        """Hold back what is sent in it, and send it together."""
        self._is_holding = True
        try:
            yield
        finally:
            self._is_holding = False
        self.send(b"")

    def begin(self, *words: "str | bytes") -> bytes:
        """Send a command and return its tag, without waiting for the answer."""
        tag: bytes = self._command(*words)
        return tag

    def complete(self, name: str, tag: bytes) -> tuple[str, list[Any]]:
        """Return the answer to a command that was begun: OK or NO, and its lines.

        Raises:
            imaplib.IMAP4.error: the server answers BAD.
        """
        self._start_clock(self._timeouts.command_timeout_s)
        come: Any = self.tagged_commands[tag]
        if come is not None:  # before the answer to another
            self.last_answer = come[0], come[1][0]
        kind, lines = self._command_complete(name, tag)
        answer: tuple[str, list[Any]] = self._untagged_response(kind, lines, name)
        return answer

    def begin_examine(self, quoted: "str | bytes") -> bytes:
        """Send EXAMINE and return its tag; what follows is of that mailbox."""
        self.is_readonly = True
        tag = self.begin("EXAMINE", quoted)
        self.state = "SELECTED"
        return tag

    def _start_clock(self, seconds: float) -> None:
        """Bound the whole answer to a command, in time and in bytes."""
        self._deadline = time.monotonic() + seconds
        self._silence_s = self._timeouts.answer_timeout_s
        self._bytes_left = ANSWER_BYTES

    @contextmanager
    def taking_at_most(self, seconds: float) -> Iterator[None]:
        """Let the answers to the commands in it take so long, all together."""
        self._own_deadline = time.monotonic() + seconds
        try:
            yield
        finally:
            self._own_deadline = None

    def _expect_promptly(self) -> None:
        """Shorten the time-out of the answer to the command just sent, to no other."""
        self._silence_s = self._timeouts.prompt_timeout_s

    def read(self, size: int) -> bytes:
        """Return a literal."""
        if size > LITERAL_BYTES:
            raise self.abort("the literal is too long")
        while len(self._incoming) < size:
            self._fill()
        return self._take(size)

    def readline(self) -> bytes:
        """Return the next line as imaplib wants it; note what it announces."""
        start = 0
        while (end := self._incoming.find(b"\n", start)) < 0:
            start = self._check_line_length()
            self._fill()
        return self._receive_line(self._take(end + 1))

    def _check_line_length(self) -> int:
        if len(self._incoming) > LINE_BYTES:
            raise self.abort("the line is too long")
        return len(self._incoming)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._incoming[:size])
        del self._incoming[:size]
        return taken

    def _fill(self) -> None:
        if self._own_deadline is not None:
            seconds = self._own_deadline - time.monotonic()
        else:
            seconds = min(self._silence_s, self._deadline - time.monotonic())
        if seconds <= 0:  # bytes that are there already would be read without end
            raise TimeoutError
        self._receive(self._transport.read(seconds=seconds))

    def _receive(self, data: bytes) -> None:
        if not data:
            raise errors.ServerClosed
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise self.abort("the answer is too long")
        self._incoming += data

    def _receive_line(self, line: bytes) -> bytes:
        """Note what a line announces; return it with words in upper case and CRLF."""
        line = line.rstrip(b"\r\n")
        if match := _UNTAGGED.match(line):
            word = match[2].upper()
            # of a mailbox that is not open the name may be a literal
            rest = line[match.end(2) :] if word == b"STATUS" else match[3]
            self._note(int(match[1] or 0), word, rest)
            line = line[: match.start(2)] + word + line[match.end(2) :]
        elif match := _TAGGED.fullmatch(line):
            kind, rest = match[2].upper(), match[3] or b""
            line = b"%b %b %b" % (match[1], kind, rest)
            self.last_answer = kind.decode(), rest
            self._note_text(rest)
            self._check_wait(kind, rest)
        elif not self.welcome and line.startswith(b"HTTP/"):
            raise errors.WebPage
        return line + b"\r\n"

    def _note_text(self, rest: bytes) -> None:
        text = ResponseText.parse(rest)
        if text.code == OVERFLOW:
            self.has_overflowed = True
        if text.code == ALERT and (words := self.readable(text.words)):
            if words not in self._alerts:
                self._alerts = [*self._alerts, words][-ALERTS_KEPT:]
            self._on_alert(words)

    @staticmethod
    def _check_wait(kind: bytes, rest: bytes) -> None:
        """Raise `errors.SaidWait` if a refusal names a time to wait."""
        if kind != b"OK" and (wait := named_wait(rest.decode(errors="replace"))):
            raise errors.SaidWait(wait)

    def readable(self, words: bytes | str) -> str:
        """Return a server's words as one short line without our secrets."""
        text = words.decode(errors="replace") if isinstance(words, bytes) else words
        return errors.readable(self.secrets.kept_out_of(text))

    def said(self, rest: bytes) -> str:
        """Return a server's words in a status response, those of alerts first."""
        is_alert = ResponseText.parse(rest).code == ALERT
        own = [] if is_alert and self._alerts else [self.readable(rest)]
        return errors.readable(" · ".join(filter(None, [*self._alerts, *own])))

    @property
    def beside(self) -> list[str]:
        """Return codes and alerts that came beside the last tagged response."""
        codes = (code.upper() for code in self.untagged_responses)
        texts = self.untagged_responses.get("NO", [])
        noted = [self.readable(one) for one in texts if isinstance(one, bytes)]
        return [*codes, *noted, *self._alerts]

    def _note(self, number: int, word: bytes, rest: bytes) -> None:
        if word in _STATUS:
            self._note_text(rest)
        match word:
            case b"BYE":
                said = self.said(rest)
                raise errors.farewell(said) if said else errors.ServerClosed
            case b"EXISTS" if number != self.exists:
                # some servers repeat an old count at each IDLE
                self.exists = number
                if not self.has_new_mail:
                    self.announced_s = boottime_s()
                self.has_new_mail = True
            case b"EXPUNGE" if self.exists:
                self.exists -= 1
            case b"STATUS":
                kept = (*self.elsewhere, rest[:STATUS_BYTES])
                self.elsewhere = kept[-STATUS_KEPT:]
            case _:
                pass

    def is_announced(self) -> bool:
        """Return whether new mail was, or may have been announced, in any mailbox."""
        return self.has_new_mail or bool(self.elsewhere) or self.has_overflowed

    def forget(self) -> None:
        """Drop unsolicited responses that no command will ask for; they pile up."""
        self.untagged_responses = {}

    def begin_idle(self) -> bytes:
        """Send IDLE and return its tag once the server waits (RFC 2177).

        Raises:
            IdleRefused: the server answers NO or BAD.
        """
        self.forget()
        tag = self.begin("IDLE")
        self._enter_idle(tag)
        return tag

    def _enter_idle(self, tag: bytes) -> None:
        """Read up to the continuation of an IDLE, and what came with it."""
        self.pushed_fields = ()
        self._expect_promptly()
        while self._get_response() is not None:
            if self.tagged_commands[tag]:
                raise IdleRefused
        self._receive_buffered(tag)

    def renew_idle(self, tag: bytes, *, is_in_one_segment: bool) -> bytes:
        """End an IDLE and begin another; return its tag, as `begin_idle`.

        Together they take no longer than an answer to one of them may.
        """
        with self.taking_at_most(self._timeouts.prompt_timeout_s):
            if not is_in_one_segment:
                self.send(b"DONE\r\n")
                self.end_idle(tag)
                return self.begin_idle()
            with self.in_one_segment():
                self.send(b"DONE\r\n")
                following = self.begin("IDLE")
            self.end_idle(tag)
            self.forget()
            self._enter_idle(following)
            return following

    def receive(self, tag: bytes, seconds: float) -> None:
        """Note what the server announces in IDLE, at most so long or until interrupted.

        Returns after each batch of lines. An incomplete line stays in the buffer.

        Raises:
            ServerClosed: it ended the IDLE or the connection.
        """
        data = self._transport.receive(seconds=seconds)
        if data is not None:
            self._bytes_left = ANSWER_BYTES
            self._receive(data)
        self._receive_buffered(tag)

    def _receive_buffered(self, tag: bytes) -> None:
        """Take each whole line out of the buffer, with the literals in it.

        The name of a mailbox in an announcement may be a literal, and the fields of a
        mail are one (RFC 5465).
        """
        start = literals = 0
        while (end := self._incoming.find(b"\n", start) + 1) > 0:
            if literal := _LITERAL.search(self._incoming, start, end):
                start, literals = end + int(literal[1]), literals + 1
                if literals > LITERALS:
                    raise self.abort("the line has too many literals")
                continue
            line = self._take(end)
            self._note_pushed(line)
            if self._receive_line(line).startswith(tag + b" "):
                raise errors.ServerClosed
            start = literals = 0
        self._check_line_length()

    def _note_pushed(self, line: bytes) -> None:
        if (found := _PUSHED.match(line)) and len(self.pushed_fields) < PUSHED_KEPT:
            fields = line[found.end() : found.end() + int(found[1])]
            self.pushed_fields = (*self.pushed_fields, fields[:HEADER_BYTES])

    def end_idle(self, tag: bytes) -> None:
        """Read up to the end of the IDLE, whether good or bad."""
        self._expect_promptly()
        try:
            self._command_complete("IDLE", tag)
        except self.abort:
            raise
        except self.error:  # BAD: the IDLE is over all the same
            pass

    def refresh(self) -> None:
        """Send NOOP: some servers notice mail in the open mailbox only then."""
        self.forget()
        tag = self._command("NOOP")
        self._expect_promptly()
        self._command_complete("NOOP", tag)

    def identify(self, name: str, version: str) -> None:
        """Send ID (RFC 2971).

        Raises:
            imaplib.IMAP4.error: the server answers BAD.
        """
        self.forget()
        self.xatom("ID", f'("name" "{name}" "version" "{version}")')

    def send_logout(self) -> None:
        """Send LOGOUT, and wait for no answer."""
        self._command("LOGOUT")

    def shutdown(self) -> None:
        """Close the socket; what was not read goes, whoever still holds an error."""
        self._transport.close()
        self._incoming.clear()

    def _log(self, line: str) -> None:
        """Keep nothing: imaplib would hold the last ten lines, LOGIN among them."""
