"""An IMAP server that does what a test tells it to, faults above all.

It knows just enough to be watched: LOGIN, LIST, EXAMINE, STATUS, SEARCH, FETCH, IDLE,
NOOP. A fault replaces its answer to one command; a test waits for commands, never for
time.
"""

import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Self

PATIENCE_S = 30
"""How long a test waits for what must happen; never reached by a passing test."""


class Peer:
    """One connection of a client."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._file = sock.makefile("rb")
        self._lock = threading.Lock()
        self.idle_tag: str | None = None

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
        """Let a mail arrive, announced to those in IDLE; return its UID."""
        mails = self.mailboxes[mailbox]
        uid = max(mails, default=0) + 1
        mails[uid] = raw
        if is_told and mailbox == "INBOX":
            for peer in self.peers:
                if peer.idle_tag:
                    peer.send(f"* {len(mails)} EXISTS")
        return uid

    def idle(self, peer: Peer, tag: str, *lines: str) -> None:
        """Let a peer be in IDLE, with further lines in the same segment."""
        peer.send("+ idling", *lines)
        self._note(setattr, peer, "idle_tag", tag)

    def wait_for_idle(self) -> None:
        """Wait until some client is in IDLE."""
        self.wait_until(lambda: any(peer.idle_tag for peer in self.peers))

    def _serve(self, peer: Peer) -> None:
        self.greet(peer)
        selected = "INBOX"
        while line := peer.line():
            tag, _, command = line.partition(" ")
            if tag.upper() == "DONE":
                self._note(self.commands.append, "DONE")
                if "DONE" in self.faults:
                    self.faults["DONE"](peer, peer.idle_tag or "")
                else:
                    peer.send(f"{peer.idle_tag} OK idled")
                peer.idle_tag = None
                continue
            name = command.removeprefix("UID ").split(" ")[0].upper()
            self._note(self.commands.append, command)
            if name in {"EXAMINE", "SELECT"}:
                selected = command.split(" ", 1)[1].strip('"')
            if name in self.faults:
                self.faults[name](peer, tag)
            else:
                self._answer(peer, tag, name, command, selected)

    def _answer(
        self, peer: Peer, tag: str, name: str, command: str, selected: str
    ) -> None:
        mails = self.mailboxes.get(selected, {})
        done = f"{tag} OK done"
        match name:
            case "CAPABILITY":
                peer.send(f"* CAPABILITY {self.capabilities}", done)
            case "LIST":
                peer.send(*self.listing, done)
            case "EXAMINE" if selected not in self.mailboxes:
                peer.send(f"{tag} NO no such mailbox")
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
                peer.send(f"* SEARCH {self._found(mails, command)}".rstrip(), done)
            case "FETCH":
                peer.send_raw(fetched(mails, command) + f"{done}\r\n".encode())
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
            peer.send(f"{tag} NO no such mailbox")
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


def fetched(mails: Mapping[int, bytes], command: str) -> bytes:
    """Return the untagged answers to a UID FETCH."""
    answers = b""
    for uid in (int(word) for word in command.split(" ")[2].split(",")):
        if uid in mails:
            part, name = _part(mails[uid], command)
            answers += b'* %d FETCH (UID %d INTERNALDATE "%b" ' % (uid, uid, _now())
            answers += name + b" {%d}\r\n%b)\r\n" % (len(part), part)
    return answers


def _part(raw: bytes, command: str) -> tuple[bytes, bytes]:
    if "[HEADER]" not in command:
        return raw, b"BODY[]<0>"
    return raw.split(b"\r\n\r\n")[0] + b"\r\n\r\n", b"BODY[HEADER]<0>"


def _now() -> bytes:
    """Return INTERNALDATE: a day below ten stands behind a blank (RFC 3501 §9)."""
    now = datetime.now(UTC)
    month = "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * now.month - 3 : 3 * now.month]
    return f"{now.day:2}-{month}-{now:%Y %H:%M:%S} +0000".encode()
