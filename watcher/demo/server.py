"""A small IMAP server on loopback with one mailbox, for the demo.

It speaks what a read-only client needs of RFC 3501 and IDLE (RFC 2177): real sockets,
real literals, real push. It keeps mails in memory and forgets them when it ends.
"""

import contextlib
import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import cast

UID_VALIDITY = 1
CAPABILITIES = "IMAP4rev1 IDLE"
MONTHS = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_PART = re.compile(r"BODY(?:\.PEEK)?\[(HEADER)?\](?:<0\.(\d+)>)?", re.IGNORECASE)
_RANGE = re.compile(r"(\d+|\*)(?::(\d+|\*))?")


@dataclass(frozen=True, slots=True)
class Stored:
    """A mail in the mailbox; its sequence number is its UID, since none is deleted."""

    uid: int
    received_at: datetime
    raw: bytes


class Mailbox:
    """The mailbox: grows, never shrinks; tells who waits that it grew."""

    def __init__(self) -> None:
        self._mails: list[Stored] = []
        self._grown = threading.Condition()

    def deliver(self, raw: bytes, received_at: datetime) -> int:
        """Add a mail and return its UID."""
        with self._grown:
            uid = len(self._mails) + 1
            self._mails.append(Stored(uid, received_at, raw))
            self._grown.notify_all()
        return uid

    def mails(self) -> tuple[Stored, ...]:
        """Return all mails, oldest first."""
        return tuple(self._mails)

    def wait_for_more_than(self, count: int, seconds: float) -> int:
        """Wait at most so long for more than `count` mails; return their number."""
        with self._grown:
            self._grown.wait_for(lambda: len(self._mails) > count, seconds)
            return len(self._mails)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = False

    def __init__(self, mailbox: Mailbox, password: str) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.mailbox = mailbox
        self.password = password


@contextmanager
def serving(mailbox: Mailbox, password: str) -> Iterator[int]:
    """Serve a mailbox on loopback while inside; give the port."""
    with _Server(mailbox, password) as server:
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


class _Conversation(socketserver.StreamRequestHandler):
    """One connection: reads a command a line, answers it."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        server = cast(_Server, self.server)
        self._mailbox = server.mailbox
        self._password = server.password
        self._known_count = 0
        self._say("* OK [CAPABILITY " + CAPABILITIES + "] demo ready")
        try:
            while line := self.rfile.readline().decode("utf-8", "replace").strip():
                if not self._obey(line):
                    return
        except OSError:
            return  # the client left: a demo server has nobody to tell

    def _obey(self, line: str) -> bool:
        """Carry out a command; return whether the conversation goes on."""
        tag, _, rest = line.partition(" ")
        name, _, arguments = rest.partition(" ")
        if name.upper() == "UID":
            verb, _, arguments = arguments.partition(" ")
            name = f"uid {verb}"
        act: Callable[[str], str] | None = getattr(
            self, "_do_" + name.lower().replace(" ", "_"), None
        )
        said = act(arguments) if act else "BAD unknown command"
        self._say(f"{tag} {said}")
        return name.upper() != "LOGOUT"

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def _do_capability(self, _: str) -> str:
        self._say("* CAPABILITY " + CAPABILITIES)
        return "OK done"

    def _do_login(self, arguments: str) -> str:
        is_right = arguments.rpartition(" ")[2].strip('"') == self._password
        return "OK welcome" if is_right else "NO [AUTHENTICATIONFAILED] no"

    def _do_list(self, _: str) -> str:
        self._say('* LIST () "/" INBOX')
        return "OK done"

    def _do_status(self, _: str) -> str:
        uid_next = len(self._mailbox.mails()) + 1
        self._say(f"* STATUS INBOX (UIDNEXT {uid_next} UIDVALIDITY {UID_VALIDITY})")
        return "OK done"

    def _do_examine(self, _: str) -> str:
        self._known_count = len(self._mailbox.mails())
        self._say("* FLAGS ()")
        self._say(f"* {self._known_count} EXISTS")
        self._say("* 0 RECENT")
        self._say(f"* OK [UIDVALIDITY {UID_VALIDITY}] valid")
        self._say(f"* OK [UIDNEXT {self._known_count + 1}] next")
        return "OK [READ-ONLY] done"

    def _do_noop(self, _: str) -> str:
        self._tell_growth()
        return "OK done"

    def _do_logout(self, _: str) -> str:
        self._say("* BYE")
        return "OK done"

    def _do_idle(self, _: str) -> str:
        self._say("+ idling")
        is_done = threading.Event()
        printer = threading.Thread(target=self._push, args=(is_done,), daemon=True)
        printer.start()
        self.rfile.readline()  # DONE
        is_done.set()
        printer.join()
        return "OK done"

    def _push(self, is_done: threading.Event) -> None:
        with contextlib.suppress(OSError):  # the client left without a word
            while not is_done.is_set():
                self._mailbox.wait_for_more_than(self._known_count, 0.05)
                if not is_done.is_set():
                    self._tell_growth()

    def _tell_growth(self) -> None:
        count = len(self._mailbox.mails())
        if count > self._known_count:
            self._known_count = count
            self._say(f"* {count} EXISTS")

    def _do_uid_search(self, criteria: str) -> str:
        words = criteria.upper().split()
        found = [
            mail
            for mail in self._mailbox.mails()
            if _matches(mail, words, self._last())
        ]
        self._say(" ".join(("* SEARCH", *(str(mail.uid) for mail in found))))
        return "OK done"

    def _do_uid_fetch(self, arguments: str) -> str:
        wanted, _, items = arguments.partition(" ")
        for mail in self._mailbox.mails():
            if _is_in(mail.uid, wanted, self._last()):
                self.wfile.write(_fetched(mail, items))
        return "OK done"

    def _last(self) -> int:
        return len(self._mailbox.mails())


def _matches(mail: Stored, words: list[str], last: int) -> bool:
    """Return whether a mail matches ALL, UID and SINCE (RFC 3501 §6.4.4)."""
    pairs = pairwise(words)
    for key, value in pairs:
        if key == "UID" and not _is_in(mail.uid, value, last):
            return False
        if key == "SINCE" and mail.received_at.date() < _day(value):
            return False
    return True


def _day(written: str) -> date:
    day, month, year = written.strip('"').split("-")
    return datetime(
        int(year), MONTHS.index(month.title()) + 1, int(day), tzinfo=UTC
    ).date()


def _is_in(uid: int, sequence_set: str, last: int) -> bool:
    for first, second in _RANGE.findall(sequence_set):
        ends = [last if end == "*" else int(end) for end in (first, second or first)]
        if min(ends) <= uid <= max(ends):
            return True
    return False


def _fetched(mail: Stored, items: str) -> bytes:
    """Return the FETCH answer of one mail, its parts as literals (RFC 3501 §7.4.2)."""
    internal_date = mail.received_at.strftime("%d-%b-%Y %H:%M:%S +0000")
    answer = (
        f'* {mail.uid} FETCH (UID {mail.uid} INTERNALDATE "{internal_date}"'.encode()
    )
    for section, length in _PART.findall(items):
        header, gap, _ = mail.raw.partition(b"\r\n\r\n")
        part = header + gap if section else mail.raw
        origin = b"<0>" if length else b""
        part = part[: int(length)] if length else part
        answer += b" BODY[%s]%s {%d}\r\n" % (
            section.upper().encode(),
            origin,
            len(part),
        )
        answer += part
    return answer + b")\r\n"
