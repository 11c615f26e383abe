"""A small IMAP server on loopback with one mailbox, for the demo.

It implements what a read-only client needs of RFC 3501 and IDLE (RFC 2177). Mails are
kept in memory alone.
"""

import contextlib
import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import cast

UID_VALIDITY = 1
CAPABILITIES = "IMAP4rev1 IDLE"
MONTHS = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"
_PART = re.compile(r"BODY(?:\.PEEK)?\[(HEADER)?\](?:<0\.(\d+)>)?", re.IGNORECASE)
_RANGE = re.compile(r"(\d+|\*)(?::(\d+|\*))?")


@dataclass(frozen=True, slots=True)
class Stored:
    """A mail in the mailbox; its sequence number is its UID, since none is deleted."""

    uid: int
    received_at: datetime
    raw: bytes


class Mailbox:
    """A mailbox that only grows; wakes whoever waits for more mails."""

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
        super().__init__(("127.0.0.1", 0), _Connection)
        self.mailbox = mailbox
        self.password = password


@contextmanager
def serving(mailbox: Mailbox, password: str) -> Iterator[int]:
    """Serve a mailbox on loopback inside the `with` block; yield the port."""
    with running(_Server(mailbox, password)) as port:
        yield port


@contextmanager
def running(started: socketserver.TCPServer) -> Iterator[int]:
    """Let a server answer inside the `with` block; yield its port."""
    with started as server:
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


class _Connection(socketserver.StreamRequestHandler):
    """One connection: one command a line, one thread."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        server = cast(_Server, self.server)
        self._mailbox = server.mailbox
        self._password = server.password
        self._known_count = 0
        self._send("* OK [CAPABILITY " + CAPABILITIES + "] demo ready")
        try:
            while line := self.rfile.readline().decode("utf-8", "replace").strip():
                if not self._run(line):
                    return
        except OSError:  # the client closed the connection
            return

    def _run(self, line: str) -> bool:
        """Run a command; return whether the connection stays open."""
        tag, _, rest = line.partition(" ")
        name, _, arguments = rest.partition(" ")
        if name.upper() == "UID":
            verb, _, arguments = arguments.partition(" ")
            name = f"uid {verb}"
        method = "_do_" + name.lower().replace(" ", "_")
        command: Callable[[str], str] | None = getattr(self, method, None)
        self._send(f"{tag} {command(arguments) if command else 'BAD unknown command'}")
        return name.upper() != "LOGOUT"

    def _send(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def _do_capability(self, _: str) -> str:
        self._send("* CAPABILITY " + CAPABILITIES)
        return "OK done"

    def _do_login(self, arguments: str) -> str:
        is_right = arguments.rpartition(" ")[2].strip('"') == self._password
        return "OK welcome" if is_right else "NO [AUTHENTICATIONFAILED] no"

    def _do_list(self, _: str) -> str:
        self._send('* LIST () "/" INBOX')
        return "OK done"

    def _do_status(self, _: str) -> str:
        uid_next = len(self._mailbox.mails()) + 1
        self._send(f"* STATUS INBOX (UIDNEXT {uid_next} UIDVALIDITY {UID_VALIDITY})")
        return "OK done"

    def _do_examine(self, _: str) -> str:
        self._known_count = len(self._mailbox.mails())
        self._send("* FLAGS ()")
        self._send(f"* {self._known_count} EXISTS")
        self._send("* 0 RECENT")
        self._send(f"* OK [UIDVALIDITY {UID_VALIDITY}] valid")
        self._send(f"* OK [UIDNEXT {self._known_count + 1}] next")
        return "OK [READ-ONLY] done"

    def _do_noop(self, _: str) -> str:
        self._send_exists()
        return "OK done"

    def _do_logout(self, _: str) -> str:
        self._send("* BYE")
        return "OK done"

    def _do_idle(self, _: str) -> str:
        self._send("+ idling")
        is_done = threading.Event()

        def push() -> None:
            with contextlib.suppress(OSError):  # the client closed the connection
                while not is_done.is_set():
                    self._mailbox.wait_for_more_than(self._known_count, 0.05)
                    if not is_done.is_set():
                        self._send_exists()

        pusher = threading.Thread(target=push, daemon=True)
        pusher.start()
        self.rfile.readline()  # DONE
        is_done.set()
        pusher.join()
        return "OK done"

    def _send_exists(self) -> None:
        count = len(self._mailbox.mails())
        if count > self._known_count:
            self._known_count = count
            self._send(f"* {count} EXISTS")

    def _do_uid_search(self, criteria: str) -> str:
        mails = self._mailbox.mails()
        keys = criteria.split()
        uids = (str(mail.uid) for mail in mails if _matches(mail, keys, len(mails)))
        self._send(" ".join(("* SEARCH", *uids)))
        return "OK done"

    def _do_uid_fetch(self, arguments: str) -> str:
        wanted, _, items = arguments.partition(" ")
        mails = self._mailbox.mails()
        for mail in mails:
            if _is_in(mail.uid, wanted, len(mails)):
                self.wfile.write(_fetch_response(mail, items))
        return "OK done"


def _matches(mail: Stored, keys: list[str], last: int) -> bool:
    """Return whether a mail matches ALL, UID and SINCE (RFC 3501 §6.4.4)."""
    for key, value in pairwise(keys):
        if key.upper() == "UID" and not _is_in(mail.uid, value, last):
            return False
        if key.upper() == "SINCE":
            day, month, year = value.strip('"').split("-")
            since = date(int(year), MONTHS.index(month.upper()) // 3 + 1, int(day))
            if mail.received_at.date() < since:
                return False
    return True


def _is_in(uid: int, sequence_set: str, last: int) -> bool:
    for first, second in _RANGE.findall(sequence_set):
        ends = [last if end == "*" else int(end) for end in (first, second or first)]
        if min(ends) <= uid <= max(ends):
            return True
    return False


def _fetch_response(mail: Stored, items: str) -> bytes:
    """Return the FETCH response of one mail, with literals (RFC 3501 §7.4.2)."""
    internal_date = mail.received_at.strftime("%d-%b-%Y %H:%M:%S +0000")
    start = f'* {mail.uid} FETCH (UID {mail.uid} INTERNALDATE "{internal_date}"'
    response = start.encode()
    header, gap, _ = mail.raw.partition(b"\r\n\r\n")
    for section, length in _PART.findall(items):
        part = header + gap if section else mail.raw
        part = part[: int(length)] if length else part
        origin = "<0>" if length else ""
        name = f" BODY[{section.upper()}]{origin} {{{len(part)}}}\r\n"
        response += name.encode() + part
    return response + b")\r\n"
