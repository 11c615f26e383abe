"""A scripted IMAP server, a proxy, and sessions that watch them.

The server knows just enough to be watched: LOGIN, LIST, EXAMINE, STATUS, SEARCH, FETCH,
IDLE, NOOP. A fault replaces its answer to one command; a test waits for commands, never
for time. The proxy stands between a client and a real server.
"""

import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Self, TypeVar

from tests.servers import Dovecot
from watcher.events import (
    Cursor,
    MailboxSynced,
    MessageFetched,
    Mode,
    Report,
    State,
    StateChanged,
)
from watcher.imap.account import (
    Account,
    Timeouts,
    WatchSettings,
)
from watcher.imap.choices import Tls, WatchMode
from watcher.imap.opened import SENDER_AND_SUBJECT
from watcher.imap.session import Session

PATIENCE_S = 30
"""How long a test waits for what must happen; never reached by a passing test."""


class Peer:
    """One connection of a client."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._file = sock.makefile("rb")
        self._lock = threading.Lock()
        self.idle_tag: str | None = None
        self.selected = "INBOX"
        self.has_news = False
        """A mail came outside of IDLE, and it has not searched since."""

    def line(self) -> str:
        """Return the client's next line, empty at its end."""
        with suppress(OSError, ValueError):
            return self._file.readline().decode().rstrip("\r\n")
        return ""

    def send(self, *lines: str) -> None:
        """Send lines in one segment."""
        self.send_raw("".join(f"{line}\r\n" for line in lines).encode())

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        with self._lock, suppress(OSError):
            self.sock.sendall(data)

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        linger = struct.pack("ii", 1, 0)
        with suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close()

    def close(self) -> None:
        """Close the connection, for good."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self._file.close()
        self.sock.close()


Fault = Callable[[Peer, str], None]
"""Called with the peer and the command's tag instead of the usual answer."""


class Server:
    """The server; its one mailbox is INBOX unless a test adds others."""

    def __init__(
        self,
        *,
        faults: Mapping[str, Fault] | None = None,
        capabilities: str = "IMAP4rev1 IDLE",
        greet: Callable[[Peer], None] | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.faults = dict(faults or {})
        self.capabilities = capabilities
        self._context = context
        self.greet = greet or (lambda peer: peer.send("* OK ready"))
        self.mailboxes: dict[str, dict[int, bytes]] = {"INBOX": {}}
        self.listing = ['* LIST () "/" INBOX']
        self.uid_validity = 1
        self.ahead = timedelta(0)
        """By how much INTERNALDATE is wrong, as of a local time labelled +0000."""
        self.saved: str | None = None
        """SAVEDATE of every mail (RFC 8514); None: NIL."""
        self.pushes_fields = False
        """With a mail its sender and subject are announced (RFC 5465 §5.2)."""
        self.commands: list[str] = []
        self.peers: list[Peer] = []
        self._changed = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for peer in self.peers:
            peer.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._meet, args=(sock,), daemon=True).start()

    def _meet(self, sock: socket.socket) -> None:
        if self._context is not None:
            try:
                sock = self._context.wrap_socket(sock, server_side=True)
            except OSError:  # the client does not trust us
                sock.close()
                return
        peer = Peer(sock)
        self._note(self.peers.append, peer)
        try:
            self._serve(peer)
        finally:
            peer.close()

    def _note(self, change: Callable[..., None], *arguments: object) -> None:
        with self._changed:
            change(*arguments)
            self._changed.notify_all()

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something that a client does."""
        with self._changed:
            assert self._changed.wait_for(is_so, PATIENCE_S), self.commands

    def wait_for(self, command: str, *, times: int = 1) -> None:
        """Wait until a command came in, at least so often."""
        self.wait_until(lambda: self.count(command) >= times)

    def count(self, command: str) -> int:
        """Return how often a command came in."""
        return sum(
            one.removeprefix("UID ").startswith(command) for one in self.commands
        )

    def add(self, raw: bytes, *, mailbox: str = "INBOX", is_told: bool = True) -> int:
        """Let a mail arrive, announced in IDLE or when it begins; return its UID."""
        with self._changed:
            uid, announcement = self._put(raw, mailbox)
            if is_told and mailbox == "INBOX":
                for peer in self.peers:
                    peer.has_news = not peer.idle_tag
                    if peer.idle_tag:
                        peer.send_raw(announcement)
        return uid

    def announced(self, raw: bytes) -> bytes:
        """Let a mail arrive without a word; return what is to be said of it in IDLE."""
        with self._changed:
            return self._put(raw, "INBOX")[1]

    def _put(self, raw: bytes, mailbox: str) -> tuple[int, bytes]:
        mails = self.mailboxes[mailbox]
        uid = max(mails, default=0) + 1
        mails[uid] = raw
        announcement = f"* {len(mails)} EXISTS\r\n".encode()
        if self.pushes_fields:
            announcement += fetched(mails, f"UID FETCH {uid} {SENDER_AND_SUBJECT}")
        return uid, announcement

    def idle(self, peer: Peer, tag: str, *lines: str) -> None:
        """Let a peer be in IDLE, with further lines in the same segment."""
        with self._changed:
            if peer.has_news:
                lines = (*lines, f"* {len(self.mailboxes['INBOX'])} EXISTS")
            peer.send("+ idling", *lines)
            self._note(setattr, peer, "idle_tag", tag)

    def wait_for_idle(self) -> None:
        """Wait until some client is in IDLE."""
        self.wait_until(lambda: any(peer.idle_tag for peer in self.peers))

    def _serve(self, peer: Peer) -> None:
        self.greet(peer)
        while line := peer.line():
            self.obey(peer, line)

    def obey(self, peer: Peer, line: str) -> None:
        """Answer a line of a client."""
        tag, _, command = line.partition(" ")
        if tag.upper() == "DONE":
            self._note(self.commands.append, "DONE")
            if "DONE" in self.faults:
                self.faults["DONE"](peer, peer.idle_tag or "")
            else:
                peer.send(f"{peer.idle_tag} OK idled")
            peer.idle_tag = None
            return
        name = command.removeprefix("UID ").split(" ")[0].upper()
        self._note(self.commands.append, command)
        if name in {"EXAMINE", "SELECT"}:
            peer.selected = command.split(" ", 1)[1].strip('"')
        if name in self.faults:
            self.faults[name](peer, tag)
        else:
            self._answer(peer, tag, name, command)

    def _answer(self, peer: Peer, tag: str, name: str, command: str) -> None:
        selected = peer.selected
        mails = self.mailboxes.get(selected, {})
        done = f"{tag} OK done"
        match name:
            case "CAPABILITY":
                peer.send(f"* CAPABILITY {self.capabilities}", done)
            case "LIST":
                peer.send(*self.listing, done)
            case "EXAMINE" if selected not in self.mailboxes:
                peer.send(f"{tag} NO [NONEXISTENT] no such mailbox")
            case "EXAMINE":
                peer.send(
                    f"* {len(mails)} EXISTS",
                    f"* OK [UIDVALIDITY {self.uid_validity}] ok",
                    f"* OK [UIDNEXT {max(mails, default=0) + 1}] ok",
                    f"{tag} OK [READ-ONLY] done",
                )
            case "STATUS":
                self._status(peer, tag, command)
            case "SEARCH":
                peer.has_news = False
                peer.send(f"* SEARCH {self._found(mails, command)}".rstrip(), done)
            case "FETCH":
                answers = fetched(mails, command, self.ahead, self.saved)
                peer.send_raw(answers + f"{done}\r\n".encode())
            case "NOTIFY":
                self.pushes_fields = SENDER_AND_SUBJECT in command
                peer.send(done)
            case "IDLE":
                self.idle(peer, tag)
            case "LOGOUT":
                peer.send("* BYE", done)
            case _:
                peer.send(done)

    def _status(self, peer: Peer, tag: str, command: str) -> None:
        name = command.split('"')[1]
        mails = self.mailboxes.get(name)
        if mails is None:
            peer.send(f"{tag} NO [NONEXISTENT] no such mailbox")
            return
        uid_next = max(mails, default=0) + 1
        numbers = f"UIDNEXT {uid_next} UIDVALIDITY {self.uid_validity}"
        peer.send(f'* STATUS "{name}" ({numbers})', f"{tag} OK done")

    @staticmethod
    def _found(mails: Mapping[int, bytes], command: str) -> str:
        if match := re.search(r"UID (\d+):\*", command):
            first = min(
                int(match[1]), max(mails, default=0)
            )  # RFC 3501: n:* is *:n too
            return " ".join(str(uid) for uid in mails if uid >= first)
        return " ".join(map(str, mails))


def uids_in(command: str) -> list[int]:
    """Return the UIDs that a UID FETCH asks for."""
    uids: list[int] = []
    for word in command.split(" ")[2].split(","):
        first, _, last = word.partition(":")
        uids += range(int(first), int(last or first) + 1)
    return uids


def fetched(
    mails: Mapping[int, bytes],
    command: str,
    ahead: timedelta = timedelta(0),
    saved: str | None = None,
) -> bytes:
    """Return the untagged answers to a UID FETCH."""
    answers, date = b"", _internal_date(datetime.now(UTC) + ahead)
    for uid in uids_in(command):
        if uid in mails:
            part, name = _part(mails[uid], command)
            answers += b'* %d FETCH (UID %d INTERNALDATE "%b" ' % (uid, uid, date)
            if "SAVEDATE" in command:
                answers += b"SAVEDATE " + (f'"{saved}" ' if saved else "NIL ").encode()
            answers += name + b" {%d}\r\n%b)\r\n" % (len(part), part)
    return answers


def _part(raw: bytes, command: str) -> tuple[bytes, bytes]:
    if "[HEADER" not in command:
        return raw, b"BODY[]<0>"
    lines = raw.split(b"\r\n\r\n")[0].split(b"\r\n")
    name = b"BODY[HEADER]<0>"
    if "[HEADER.FIELDS (FROM SUBJECT)]" in command:
        lines = [
            one for one in lines if one.lower().startswith((b"from:", b"subject:"))
        ]
        name = b"BODY[HEADER.FIELDS (FROM SUBJECT)]<0>"
    return b"\r\n".join([*lines, b"", b""]), name


def _internal_date(at: datetime) -> bytes:
    """Return INTERNALDATE: a day below ten stands behind a blank (RFC 3501 §9)."""
    month = "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * at.month - 3 : 3 * at.month]
    return f"{at.day:2}-{month}-{at:%Y %H:%M:%S} +0000".encode()


class Proxy:
    """Passes bytes on until it is told otherwise; each new connection passes again."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.sent = bytearray()
        """All that clients sent."""
        self.received_count = 0
        """How many bytes clients received."""
        self.piece_bytes = 64 * 1024
        """The most that is passed on at once."""
        self.latency_s = 0.0
        self.is_refusing = False
        """Close new connections at once."""
        self.connection_count = 0
        self.overhear: Callable[[bytes], None] = lambda _: None
        """Called with all that clients are about to receive."""
        self._swallowing: set[socket.socket] = set()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Close every connection."""
        for sock in self._forget_pairs():
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def reset(self) -> None:
        """Close every connection with RST."""
        for sock in self._forget_pairs():
            with suppress(OSError):
                linger = struct.pack("ii", 1, 0)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                sock.shutdown(socket.SHUT_RD)
            sock.close()

    def swallow(self) -> None:
        """Let every open connection go dead without a word."""
        for pair in self._pairs:
            self._swallowing.update(pair)

    def _forget_pairs(self) -> list[socket.socket]:
        pairs, self._pairs = self._pairs, []
        return [sock for pair in pairs for sock in pair]

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connection_count += 1
            if self.is_refusing:
                client.close()
                continue
            self._join(client)

    def _join(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            client.close()
            return
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pairs.append((client, server))
        for source, sink in ((client, server), (server, client)):
            is_client = source is client
            threading.Thread(
                target=self._pump, args=(source, sink, is_client), daemon=True
            ).start()

    def _pump(
        self, source: socket.socket, sink: socket.socket, is_client: bool
    ) -> None:
        with suppress(OSError):
            while data := source.recv(self.piece_bytes):
                if source in self._swallowing:
                    continue
                if is_client:
                    self.sent += data
                else:
                    self.received_count += len(data)
                    self.overhear(data)
                self.pass_on(sink, data)
        if source not in self._swallowing:
            for sock in (source, sink):
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
                sock.close()

    def pass_on(self, sink: socket.socket, data: bytes) -> None:
        """Send what came in from the other side."""
        if self.latency_s:
            time.sleep(self.latency_s)
        sink.sendall(data)


ReportT = TypeVar("ReportT", MessageFetched, MailboxSynced, StateChanged)

QUICK = Timeouts(
    resolve_timeout_s=5,
    connect_timeout_s=5,
    greeting_timeout_s=5,
    prompt_timeout_s=1,
    answer_timeout_s=1,
    command_timeout_s=5,
    login_timeout_s=1,
    idle_interval_s=0.3,
    refused_delay_s=0.2,
    secret_delay_s=0.2,
)
"""Timeouts with which a test of a time-out need not wait."""

STEADY = replace(QUICK, prompt_timeout_s=10, answer_timeout_s=10, login_timeout_s=10)
"""Many syncs, but no time-out: for servers that take their time."""

PATIENT = Timeouts(
    prompt_timeout_s=10, idle_interval_s=60, renew_interval_s=60, armed_renew_s=60
)
"""Timeouts that are never reached: what is seen was announced."""

MAIL = b"From: a@example.com\r\nSubject: hello\r\n\r\nbody\r\n"


def settings(
    timeouts: Timeouts = QUICK, mode: WatchMode = WatchMode.AUTO
) -> WatchSettings:
    """Return settings for a test."""
    poll_interval = timedelta(seconds=timeouts.idle_interval_s)
    return WatchSettings(
        mode=mode,
        poll_interval=poll_interval,
        look_back=timedelta(hours=24),
        window=timedelta(minutes=5),
        timeouts=timeouts,
    )


def clear(port: int, *mailboxes: str, user: str = "anna") -> Account:
    """Return an account on a server on loopback without TLS."""
    return Account(
        name="home",
        host="127.0.0.1",
        port=port,
        tls=Tls.NONE,
        user=user,
        get_secret=lambda: "secret",
        mailboxes=mailboxes or ("INBOX",),
    )


def secure(server: Dovecot, user: str, *mailboxes: str) -> Account:
    """Return an account on Dovecot, by implicit TLS."""
    return Account(
        name="home",
        host="localhost",
        port=server.ports.imaps,
        tls=Tls.IMPLICIT,
        ca_file=server.ca_file,
        user=user,
        get_secret=lambda: "secret",
        mailboxes=mailboxes or ("INBOX", "\\Junk"),
    )


@dataclass
class Reports:
    """What a session reported, to be waited for."""

    all: list[Report] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def put(self, report: Report) -> None:
        """Take a report, from any thread."""
        with self._changed:
            self.all.append(report)
            self._changed.notify_all()

    def of(self, kind: type[ReportT]) -> list[ReportT]:
        """Return all reports of a kind."""
        return [report for report in self.all if isinstance(report, kind)]

    @property
    def states(self) -> list[State]:
        """Return the states in their order."""
        return [change.state for change in self.of(StateChanged)]

    @property
    def uids(self) -> list[int | None]:
        """Return the UIDs of the mails that arrived, in their order."""
        return [fetched.origin.uid for fetched in self.of(MessageFetched)]

    @property
    def mode(self) -> Mode | None:
        """Return how the account is watched at last."""
        return self.of(StateChanged)[-1].mode

    def wait_until(self, is_so: Callable[["Reports"], object]) -> None:
        """Wait until the reports fulfil a condition."""
        with self._changed:
            came = self._changed.wait_for(lambda: is_so(self), PATIENCE_S)
            assert came, self.all[-12:]

    def wait_for_state(self, state: State, *, times: int = 1) -> StateChanged:
        """Wait until a state was entered so often, and return that change."""
        self.wait_until(lambda reports: reports.states.count(state) >= times)
        return [one for one in self.of(StateChanged) if one.state is state][times - 1]

    def wait_for_uid(self, uid: int, *, times: int = 1) -> MessageFetched:
        """Wait until a mail was reported, so often, and return the first report."""
        self.wait_until(lambda reports: reports.uids.count(uid) >= times)
        return next(one for one in self.of(MessageFetched) if one.origin.uid == uid)


@contextmanager
def watching(
    account: Account,
    how: WatchSettings,
    *,
    cursors: Mapping[str, Cursor] | None = None,
    is_candidate: Callable[[bytes], bool] = lambda _: True,
    reports: Reports | None = None,
) -> Iterator[tuple[Session, Reports]]:
    """Run a session in a thread; it must end within 2 s of its stop."""
    reports = reports or Reports()
    session = Session(
        account,
        cursors=cursors or {},
        report=reports.put,
        is_candidate=is_candidate,
        settings=how,
    )
    thread = threading.Thread(target=session.run, name="session", daemon=True)
    thread.start()
    try:
        yield session, reports
    finally:
        session.stop()
        thread.join(2)
    assert not thread.is_alive(), "the session did not stop within 2 s"
    assert reports.states[-1] is State.STOPPED


@contextmanager
def watched(
    server: Server,
    how: WatchSettings,
    *mailboxes: str,
    account: Account | None = None,
) -> Iterator[tuple[Session, Reports]]:
    """Run a scripted server, and a session that watches it."""
    watched_one = account or clear(server.port, *mailboxes)
    with server, watching(watched_one, how) as both:
        yield both
