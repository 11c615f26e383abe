"""Measures the IMAP engine on a Dovecot of its own.

    python -m tests.bench.bench_imap [--mails N] [--large N]

Everything is a comparison within one run: the engine beside a bare socket client that
does IDLE, EXISTS and FETCH and nothing else; a mailbox of 100,000 mails beside one of
100. The server that splits its answers is a scripted one.
"""

import argparse
import operator
import os
import random
import re
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import chain
from queue import SimpleQueue

from imapclient import IMAPClient

from tests.bench.table import HEAD, Row, print_rows
from tests.imap_server import (
    Peer,
    Proxy,
    Reports,
    Server,
    clear,
    fetched,
    settings,
    watching,
)
from tests.servers import Dovecot, running
from watcher.events import MessageFetched, State
from watcher.imap.account import Timeouts
from watcher.recognition.message import may_be_attempt

MAIL = b"From: a@example.com\r\nSubject: hello\r\n\r\n" + 200 * (76 * b"x" + b"\r\n")
OLD = b"From: shop@example.com\r\nSubject: News of this week\r\n\r\n"
HOW = settings(Timeouts())
ROUND_TRIP_S = 0.1
REST_S = 0.6  # so that all are at rest in IDLE again


class BareClient:
    """IDLE, EXISTS, then DONE and FETCH of the last mail at once: nobody is quicker."""

    def __init__(self, port: int, user: str) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port))
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._sock.makefile("rb")
        self._file.readline()
        self._command(f'LOGIN "{user}" secret')
        self._command("EXAMINE INBOX")
        self.seen_at: list[float] = []
        threading.Thread(target=self._watch, daemon=True).start()

    def has_seen(self, count: int) -> bool:
        """Return whether so many mails were fetched."""
        return len(self.seen_at) >= count

    def _command(self, command: str, *, before: bytes = b"") -> None:
        self._sock.sendall(before + f"a {command}\r\n".encode())
        while not self._file.readline().startswith(b"a "):
            pass

    def _watch(self) -> None:
        while True:
            self._sock.sendall(b"i IDLE\r\n")
            found = None
            while not found:
                line = self._file.readline()
                if not line:
                    return
                found = re.match(rb"\* (\d+) EXISTS", line)
            self._command(f"FETCH {int(found[1])} BODY.PEEK[]", before=b"DONE\r\n")
            self.seen_at.append(time.monotonic())


class Times(Reports):
    """Reports that keep when each mail arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.seen_at: dict[int, float] = {}

    def put(self, report: object) -> None:
        """Take a report and the time."""
        if isinstance(report, MessageFetched) and report.origin.uid is not None:
            self.seen_at.setdefault(report.origin.uid, time.monotonic())
        super().put(report)  # type: ignore[arg-type]


def wait_until(is_so: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something by asking every millisecond."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.001)


class Distance(Proxy):
    """Passes everything on after half a round trip, however much is on its way."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._ways: dict[socket.socket, SimpleQueue[tuple[float, bytes]]] = {}

    def pass_on(self, sink: socket.socket, data: bytes) -> None:
        """Send what came in from the other side once it is due."""
        if sink not in self._ways:
            self._ways[sink] = SimpleQueue()
            threading.Thread(target=self._travel, args=(sink,), daemon=True).start()
        self._ways[sink].put((time.monotonic() + self.latency_s, data))

    def _travel(self, sink: socket.socket) -> None:
        with suppress(OSError):
            while True:
                due_s, data = self._ways[sink].get()
                time.sleep(max(0.0, due_s - time.monotonic()))
                sink.sendall(data)


class Announcements:
    """A proxy that notes when the server announced something last."""

    def __init__(self, port: int, word: bytes = b" EXISTS") -> None:
        self.proxy = Distance(port)
        self.proxy.overhear = self._overhear
        self._word = word
        self.at = 0.0
        """When the last one came."""
        self.first_at = 0.0
        """When the first one came since this was set to 0."""

    def _overhear(self, data: bytes) -> None:
        if self._word in data and b"[UIDVALIDITY" not in data:
            self.at = time.monotonic()
            self.first_at = self.first_at or self.at


def push_rows(count: int = 15) -> Iterator[Row]:
    """Measure how much later than a bare client the engine has a mail."""
    with running() as server:
        for round_trip_s, is_armed, aim_ms in (
            *((0.0, False, 6), (0.1, False, 110)),
            *((0.0, True, 6), (0.1, True, 15)),
        ):
            what = f"mail over the bare client, round trip {1000 * round_trip_s:.0f} ms"
            over_ms = push_over_ms(
                server, count, round_trip_s=round_trip_s, is_armed=is_armed
            )
            yield Row(f"{what}{', armed' if is_armed else ''}", over_ms, aim_ms)
        ours, theirs = gap_lags(server, count)
        what = "mail in the gap before IDLE"
        yield Row(what, 1000 * statistics.median(ours), 8)
        yield Row(f"{what}, worst", 1000 * max(ours))
        yield Row(f"{what}, bare client", 1000 * statistics.median(theirs))
    ours, theirs = split_lags(count)
    what = "mail from a server that splits its answers"
    yield Row(what, 1000 * statistics.median(ours), 5)
    yield Row(f"{what}, bare client", 1000 * statistics.median(theirs))


def junk_rows(count: int = 10) -> Iterator[Row]:
    """Measure mail to junk at a round trip of 100 ms, announced and not announced."""
    with running() as server:
        lags_s = announced_junk_s(server, count)
    trips = statistics.median(lags_s) / ROUND_TRIP_S
    yield Row("mail to junk, NOTIFY, round trips", trips, 2.5, "")
    for is_armed, aim_s in ((False, 18), (True, 1)):
        # So many accounts wait at once where it takes long; armed, one does repeatedly.
        each = count if is_armed else 1
        look = partial(silent_junk_s, is_armed=is_armed)
        with ThreadPoolExecutor(count) as pool:
            lags_s = list(chain(*pool.map(look, count // each * [each])))
        what = f"mail to junk, no NOTIFY{', armed' if is_armed else ''}, worst"
        yield Row(what, max(lags_s), aim_s, "s")


def announced_junk_s(server: Dovecot, count: int) -> list[float]:
    """Deliver to junk; return how long after its announcement each mail was there."""
    seen, lags_s = Times(), []
    road = Announcements(server.ports.imap, b"* STATUS")
    account = clear(road.proxy.port, "INBOX", "\\Junk", user="junk")
    other = IMAPClient("127.0.0.1", server.ports.imap, ssl=False)
    other.login("junk", "secret")
    folder = other.find_special_folder(rb"\Junk")
    with other, road.proxy, watching(account, HOW, reports=seen):
        seen.wait_for_state(State.WATCHING)
        time.sleep(REST_S)
        road.proxy.latency_s = ROUND_TRIP_S / 2
        for number in range(1, count + 1):
            time.sleep(REST_S + 8 * ROUND_TRIP_S)
            road.first_at = 0.0
            other.append(folder, MAIL)
            wait_until(partial(seen.seen_at.__contains__, number))
            lags_s.append(seen.seen_at[number] - road.first_at)
    return lags_s


def silent_junk_s(count: int, *, is_armed: bool) -> list[float]:
    """Let mail arrive in junk at any moment of a wait, without a word."""
    server, seen, lags_s = Server(), Times(), []
    server.mailboxes["Junk"] = {}
    with (
        server,
        Distance(server.port) as proxy,
        watching(clear(proxy.port, "INBOX", "Junk"), HOW, reports=seen) as (session, _),
    ):
        seen.wait_for_state(State.WATCHING)
        if is_armed:
            session.arm(timedelta(hours=1))
        proxy.latency_s = ROUND_TRIP_S / 2
        for number in range(1, count + 1):
            time.sleep(random.uniform(1, 2))
            server.add(MAIL, mailbox="Junk")
            added_at = time.monotonic()
            wait_until(partial(seen.seen_at.__contains__, number))
            lags_s.append(seen.seen_at[number] - added_at)
    return lags_s


def look_rows(mails: int = 10_000) -> Iterator[Row]:
    """Measure the first look at a mailbox to which very many mails came in a day."""
    with running() as server:
        commands, size_mb = first_look(server, mails)
    yield Row(f"first look, {mails} mails, commands", commands, 30, "")
    yield Row(f"first look, {mails} mails", size_mb, 1, "MB")


def push_over_ms(
    server: Dovecot, count: int, *, round_trip_s: float = 0.0, is_armed: bool = False
) -> float:
    """Deliver mails to the engine and to a bare client, both at rest in IDLE.

    Dovecot announces to each connection by its own timer, so each client's lag counts
    from its own announcement.
    """
    seen, user = Times(), f"push{1000 * round_trip_s:.0f}{is_armed:d}"
    engine, other = (Announcements(server.ports.imap) for _ in range(2))
    engine_lags, bare_lags = [], []
    with (
        engine.proxy,
        other.proxy,
        watching(clear(engine.proxy.port, user=user), HOW, reports=seen) as (it, _),
    ):
        seen.wait_for_state(State.WATCHING)
        bare = BareClient(other.proxy.port, user)
        if is_armed:
            it.arm(timedelta(hours=1))
        time.sleep(REST_S)
        for proxy in (engine.proxy, other.proxy):
            proxy.latency_s = round_trip_s / 2
        for number in range(1, count + 1):
            server.deliver(MAIL, user)
            wait_until(partial(seen.seen_at.__contains__, number))
            wait_until(partial(bare.has_seen, number))
            engine_lags.append(seen.seen_at[number] - engine.at)
            bare_lags.append(bare.seen_at[-1] - other.at)
            time.sleep(REST_S + 4 * round_trip_s)
    return 1000 * (statistics.median(engine_lags) - statistics.median(bare_lags))


class Gap:
    """Delivers a mail while the one before is on its way to the client."""

    def __init__(self, server: Dovecot, user: str, count: int) -> None:
        self.proxy = Proxy(server.ports.imap)
        self.proxy.overhear = self._overhear
        self.delivered_at: list[float] = []
        self._server, self._user, self._count = server, user, count

    def begin(self) -> None:
        """Deliver the first one."""
        self._server.deliver(MAIL, self._user)

    def _overhear(self, data: bytes) -> None:
        if b"x" * 76 in data and len(self.delivered_at) < self._count:
            self._server.deliver(MAIL, self._user)
            self.delivered_at.append(time.monotonic())

    def lags(self, seen_at: Sequence[float]) -> list[float]:
        """Return how long after its delivery each mail was there."""
        return list(map(operator.sub, seen_at[1:], self.delivered_at))


def gap_lags(server: Dovecot, count: int) -> tuple[list[float], list[float]]:
    """Deliver each mail before IDLE begins again, to the engine and a bare client."""
    engine, other = (Gap(server, user, count) for user in ("gap", "baregap"))
    seen = Times()
    with engine.proxy, other.proxy:
        with watching(clear(engine.proxy.port, user="gap"), HOW, reports=seen):
            seen.wait_for_state(State.WATCHING)
            time.sleep(REST_S)
            engine.begin()
            wait_until(partial(seen.seen_at.__contains__, count + 1))
        bare = BareClient(other.proxy.port, "baregap")
        time.sleep(REST_S)
        other.begin()
        wait_until(partial(bare.has_seen, count + 1))
    ours = [seen.seen_at[uid] for uid in range(1, count + 2)]
    return engine.lags(ours), other.lags(bare.seen_at)


class SplitServer(Server):
    """Writes a mail in two pieces, the second of which Nagle's algorithm holds back.

    Until the first one is acknowledged, that is, as with Cyrus: a client that does not
    ask for it lets the kernel delay that, on Linux by 40 ms.
    """

    def __init__(self) -> None:
        super().__init__(greet=self._greet, faults={"FETCH": self._split})

    def _greet(self, peer: Peer) -> None:
        peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        peer.send("* OK ready")

    def _split(self, peer: Peer, tag: str) -> None:
        command = self.commands[-1]
        if not command.startswith("UID "):  # the number of a mail here is its UID
            command = f"UID {command}"
        answer = fetched(self.mailboxes["INBOX"], command)
        head, line_end, literal = answer.partition(b"\r\n")
        peer.send_raw(head + line_end)
        peer.send_raw(literal + f"{tag} OK done\r\n".encode())


def split_lags(count: int) -> tuple[list[float], list[float]]:
    """Announce mails on servers that split; return how long until each was there."""
    seen, lags_s, bare_lags_s = Times(), [], []
    with (
        SplitServer() as server,
        SplitServer() as other,
        watching(clear(server.port), HOW, reports=seen),
    ):
        bare = BareClient(other.port, "split")
        for number in range(1, count + 1):
            for one in (server, other):
                one.wait_for_idle()
            time.sleep(REST_S)
            at = time.monotonic()
            server.add(MAIL)
            wait_until(partial(seen.seen_at.__contains__, number))
            lags_s.append(seen.seen_at[number] - at)
            at = time.monotonic()
            other.add(MAIL)
            wait_until(partial(bare.has_seen, number))
            bare_lags_s.append(bare.seen_at[-1] - at)
    return lags_s, bare_lags_s


def described(what: str, lags: list[float]) -> str:
    """Return a line of milliseconds."""
    middle, worst = statistics.median(lags) * 1000, max(lags) * 1000
    return f"{what}: median {middle:.1f} ms, worst {worst:.1f} ms, n={len(lags)}"


def fill(server: Dovecot, user: str, count: int, *, age_s: float = 7 * 86400.0) -> None:
    """Put mails of an age into an INBOX by file."""
    server.deliver(MAIL, user)
    folder = server.maildir(user) / "cur"
    owner = folder.stat()
    came_at = int(time.time() - age_s)
    for number in range(count):
        file = folder / f"{came_at}.M{number}P1.host:2,S"
        file.write_bytes(OLD)
        os.utime(file, (came_at, came_at))
        os.chown(file, owner.st_uid, owner.st_gid)


def bytes_and_seconds(server: Dovecot, user: str) -> tuple[int, float]:
    """Return what one sync with one new mail costs."""
    seen = Times()
    with (
        Proxy(server.ports.imap) as proxy,
        watching(clear(proxy.port, user=user), HOW, reports=seen),
    ):
        wait_until(lambda: State.WATCHING in seen.states, 300)
        time.sleep(1)
        known = set(seen.uids)
        before = len(proxy.sent) + proxy.received_count
        started = time.monotonic()
        server.deliver(MAIL, user)
        wait_until(lambda: set(seen.uids) - known)
        cost = len(proxy.sent) + proxy.received_count - before
        return cost, time.monotonic() - started


def size_rows(count: int) -> Iterator[Row]:
    """Compare the sync of a large mailbox with that of a small one."""
    with running() as server:
        for mails in (100, count):
            user = f"with{mails}"
            fill(server, user, mails)
            size, seconds = bytes_and_seconds(server, user)
            yield Row(f"one mail more beside {mails}", size, None, "B")
            yield Row(f"one mail more beside {mails}", seconds, None, "s")


def first_look(server: Dovecot, count: int) -> tuple[int, float]:
    """Watch a mailbox to which very many mails came; return commands and MB."""
    fill(server, "first", count, age_s=3600)
    seen = Times()
    with (
        Proxy(server.ports.imap) as proxy,
        watching(
            clear(proxy.port, user="first"),
            HOW,
            is_candidate=may_be_attempt,
            reports=seen,
        ),
    ):
        wait_until(lambda: State.WATCHING in seen.states, 300)
        commands = proxy.sent.count(b"\r\n")
        size_mb = (len(proxy.sent) + proxy.received_count) / 1e6
    return commands, size_mb


def main() -> None:
    """Run all measurements and print their lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=100)
    parser.add_argument("--large", type=int, default=100_000)
    options = parser.parse_args()
    print(HEAD)
    print_rows(push_rows(options.mails))
    print_rows(size_rows(options.large))
    print_rows(look_rows())


if __name__ == "__main__":
    main()
