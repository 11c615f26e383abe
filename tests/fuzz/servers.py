"""What an IMAP server answers as input, to the program's own connection."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, cast

from tests.imap_server import STEADY, clear
from watcher.errors import WatcherError
from watcher.imap.connection import Connection
from watcher.imap.items import LARGEST, MessageHeader
from watcher.imap.opened import Look, OpenMailbox, SearchRefused, Unfetchable
from watcher.imap.protocol import IdleRefused, Protocol
from watcher.imap.transport import Transport
from watcher.recognition.limits import HEADER_BYTES, MAIL_BYTES

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
GREETING = b"* OK ready\r\n"
CAPABILITIES = b"* CAPABILITY IMAP4rev1 IDLE\r\n"
WORDS = (
    *(b"\r\n", b"* ", b" FETCH (", b"UID ", b"INTERNALDATE ", b"* SEARCH ", b"{3}\r\n"),
    *(b"BODY[HEADER]<0> ", b"BODY[]<0> ", b")", b"(", b'"', b"\\", b"NIL", b" EXISTS"),
    *(b"* BYE ", b"* OK [UIDVALIDITY 1]", b"[UIDNEXT 4]", b"[ALERT] ", b"* LIST () "),
    *(b'"/" ', b"&U,BTFw-", b"* STATUS INBOX (", b"UIDNEXT ", b"UIDVALIDITY ", b"+ "),
    *(b"4294967295", b"4294967296", b"-1", b"99999999999999999999", b"{999999999}"),
    b'"21-Nov-2026 12:00:00 +0000"',
    b"\0",
)
"""A NUL parts the answers to one command from those to the next."""


class Script:
    """A transport whose server says what the input says, whatever it is asked."""

    sock: Any = None
    encryption = None

    def __init__(self, answers: Sequence[bytes]) -> None:
        self._answers = [CAPABILITIES, CAPABILITIES, *answers]
        self._ready = bytearray(GREETING)
        self._idle_tag = b""

    def settimeout(self, _: object) -> None:
        """Wait for nothing (imapclient asks for it)."""

    def write(self, data: bytes, *, seconds: float) -> None:
        """Answer each command."""
        for line in data.split(b"\r\n")[:-1]:
            if line == b"DONE":
                self._ready += self._idle_tag + b" OK done\r\n"
                continue
            tag, command = line.split(b" ", 1)
            self._ready += self._answers.pop(0) if self._answers else b""
            if command == b"IDLE":
                self._idle_tag = tag
            else:
                self._ready += tag + b" OK done\r\n"

    def read(self, *, seconds: float) -> bytes:
        """Give all that was said."""
        data = bytes(self._ready)
        self._ready.clear()
        return data

    def receive(self, *, seconds: float) -> bytes | None:
        """Give what was said in IDLE; None: nothing more."""
        return self.read(seconds=seconds) or None

    def close(self) -> None:
        """Nothing is open."""


def check(data: bytes) -> None:
    """Let a server answer so to what the program asks."""
    answers = data.split(b"\0")
    numbers = {int(word) for word in re.findall(rb"\d{1,20}", data)}
    alerts: list[str] = []
    with suppress(WatcherError, SearchRefused, Unfetchable, IdleRefused):
        talk(answers, numbers, alerts)
    for words in alerts:
        assert words.isprintable()
        assert len(words) <= 200


def talk(answers: Sequence[bytes], numbers: set[int], alerts: list[str]) -> None:
    """Ask as the program asks; check that no number comes from nowhere."""
    script = Script(answers)
    script.sock = script
    protocol = Protocol(
        ("imap.example.jp", 993),
        None,
        open_transport=lambda: cast(Transport, script),
        timeouts=STEADY,
        on_alert=alerts.append,
    )
    protocol.state = "SELECTED"
    connection = Connection(clear(993), protocol)
    examined = connection.examine("INBOX")
    assert examined.uid_validity in numbers | {0}
    assert examined.uid_next is None or examined.uid_next in numbers
    ask_for_mails(connection.opened, numbers)
    status = connection.status("Junk")
    assert status is None or {status.uid_validity, status.uid_next} <= numbers
    for one in connection.mailboxes()[0]:
        one.name.encode()
    with connection.talking():
        tag = protocol.begin_idle()
        protocol.receive(tag, 0.0)
        protocol.send(b"DONE\r\n")
        protocol.end_idle(tag)


def ask_for_mails(opened: OpenMailbox, numbers: set[int]) -> None:
    """Search and fetch."""
    found = opened.look(Look(2, 2, is_whole=False))
    assert set(found.uids) | found.mails.keys() <= numbers
    for uid, mail in found.mails.items():
        check_mail(uid, mail, HEADER_BYTES)
    for uid in opened.uids_since(NOW, NOW):
        assert uid in numbers
        assert 0 <= uid <= LARGEST
    with suppress(Unfetchable):
        for mail in opened.headers([1, 2, 3]):
            check_mail(mail.uid, mail, HEADER_BYTES)
            assert mail.uid in numbers & {1, 2, 3}
    body = opened.body(3)
    assert body is None or len(body) <= MAIL_BYTES + 1


def check_mail(uid: int, mail: MessageHeader, longest: int) -> None:
    """Check one mail of an answer."""
    assert mail.uid == uid
    assert mail.received_at.tzinfo is not None
    assert 0 < len(mail.header) <= longest


def answers() -> Sequence[bytes]:
    """Return what servers answer, command by command."""
    examine = b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 4] ok\r\n"
    search = b"* SEARCH 1 2 3\r\n"
    mail = (
        b'* 2 FETCH (UID 2 INTERNALDATE "21-Nov-2026 12:00:00 +0000" '
        b"BODY[HEADER]<0> {15}\r\nSubject: hello\n)\r\n"
    )
    dates = b'* 1 FETCH (UID 1 INTERNALDATE "21-Nov-2026 13:00:00 +0900")\r\n'
    body = b"* 3 FETCH (UID 3 BODY[]<0> {5}\r\nhello)\r\n"
    status = b'* STATUS "Junk" (UIDNEXT 9 UIDVALIDITY 8)\r\n'
    listing = b'* LIST (\\Junk) "/" "&U,BTFw-"\r\n* LIST () NIL {5}\r\nINBOX\r\n'
    idle = b"+ idling\r\n* 4 EXISTS\r\n* OK [ALERT] quota\r\n"
    whole = (examine, search, mail, search, dates, mail, body, status, listing, idle)
    return (
        b"\0".join(whole),
        b"\0".join((examine, search, b"", search, dates, mail, b"", status, idle)),
        b"\0".join((examine, b"* BYE later\r\n")),
        b"\0".join((examine, b"* search 4 5\r\n* SEARCH\r\n", mail * 3)),
    )
