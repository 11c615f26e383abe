"""Hears what a server announces, wherever it stands, and speaks what imaplib does not.

Every line passes through `_heard`, which notes new mail: between commands, inside the
answer to another one, before or right behind `+ idling`.
"""

import contextlib
import ssl
from collections.abc import Iterator

from watcher.imap import trouble
from watcher.imap.grammar import UNTAGGED, end_of_line
from watcher.imap.line import ANSWER_BYTES, LINE_BYTES, Line

LATER = frozenset({"UNAVAILABLE", "LIMIT", "INUSE", "SERVERBUG"})
"""Response codes that mean "not now", where others mean "no" (RFC 5530 §3)."""


class Wire(Line):
    """A line that knows what the server announced on it."""

    _exists: int | None = None
    has_news = False
    """The server has announced mail since this was last set to False."""
    has_news_elsewhere = False
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

    def _heard(self, line: bytes) -> bytes:
        """Note what a line announces, and return it as imaplib wants it."""
        if announced := UNTAGGED.match(line):
            number, word, rest = announced[1], announced[2].upper(), announced[3]
            self._note(int(number or 0), word, rest)
        return super()._heard(line)

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
        with self._impatient():
            tag: bytes = self._command("IDLE")
            while self._get_response() is not None:
                if self.tagged_commands[tag]:
                    raise IdleRefused
        return tag

    @contextlib.contextmanager
    def _impatient(self) -> Iterator[None]:
        """Expect the answer at once: whoever is alive can give it."""
        self._patience_s = self._bounds.silence_s
        yield
        self._patience_s = self._bounds.answer_s

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
        while end := end_of_line(self._incoming):
            if self._heard(self._take(end)).startswith(tag + b" "):
                raise trouble.HungUp
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
