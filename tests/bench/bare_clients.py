"""Many bare clients in a process of their own, which wait in one loop.

Each does IDLE, EXISTS, then DONE and FETCH of the last mail at once, like `BareClient`
of `bench_imap`; a thread for each of a thousand would keep them from being quick, and
so would the rest of a bench in the same process.
"""

import multiprocessing
import re
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection

READY_S = 300.0
"""How long all may take to log in."""

FETCHED_S = 60.0
"""How long they may take for their mails."""


class _Client:
    """One connection, in IDLE once it is made."""

    def __init__(self, port: int, user: str) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.fetched_at: float | None = None
        self._rest = b""
        self._is_fetching = False
        with self.sock.makefile("rb") as file:
            file.readline()
            for command in (f'LOGIN "{user}" secret', "EXAMINE INBOX"):
                self.sock.sendall(f"bare {command}\r\n".encode())
                while not file.readline().startswith(b"bare "):
                    pass
            self.sock.sendall(b"idle IDLE\r\n")
            file.readline()

    def read(self) -> bool:
        """Take what came; return whether the first mail is there now."""
        data = self.sock.recv(65536)
        assert data, "the server closed the connection"
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        return any(map(self._take, lines))

    def _take(self, line: bytes) -> bool:
        """Take a line; return whether it ends the answer with the mail."""
        if self._is_fetching:
            return line.startswith(b"bare ")
        if found := re.match(rb"\* (\d+) EXISTS", line):
            self._is_fetching = True
            fetch = b"DONE\r\nbare FETCH %b BODY.PEEK[]\r\n" % found[1]
            self.sock.sendall(fetch)
        return False


class BareClients:
    """What the bench knows of the other process."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def fetched_at(self) -> list[float]:
        """Return when each had its mail, in the order of the users."""
        assert self._pipe.poll(FETCHED_S), "not every bare client got its mail"
        times: list[float] = self._pipe.recv()
        return times


@contextmanager
def bare_clients(port: int, users: Sequence[str]) -> Iterator[BareClients]:
    """Log in as each user; all are in IDLE once this begins, for one mail each."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, port, users), daemon=True)
    process.start()
    theirs.close()
    try:
        assert ours.poll(READY_S), "not every bare client could log in"
        ours.recv()
        yield BareClients(ours)
    finally:
        process.kill()
        process.join()


def _work(pipe: Connection, port: int, users: Sequence[str]) -> None:
    clients = [_Client(port, user) for user in users]
    with selectors.DefaultSelector() as selector:
        for one in clients:
            selector.register(one.sock, selectors.EVENT_READ, one)
        pipe.send("ready")
        missing = len(clients)
        while missing:
            for key, _ in selector.select():
                if key.data.read():
                    key.data.fetched_at = time.monotonic()
                    selector.unregister(key.fileobj)
                    missing -= 1
    pipe.send([one.fetched_at for one in clients])
    pipe.recv()  # so that no connection ends while the bench still measures
