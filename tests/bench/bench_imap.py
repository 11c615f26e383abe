"""Measures the IMAP engine on a Dovecot of its own: `python -m tests.bench.bench_imap`.

Everything is a comparison within one run: the engine beside a bare socket client that
does IDLE, EXISTS and FETCH and nothing else; a mailbox of 100,000 mails beside one of
100. Outages and dead lines are told in seconds.
"""

import argparse
import os
import re
import socket
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from tests.imap_server import Proxy, Reports, clear, secure, settings, watching
from tests.servers import Dovecot, running
from watcher.events import MessageFetched, State
from watcher.imap.account import Timeouts

MAIL = b"From: a@example.com\r\nSubject: hello\r\n\r\n" + 200 * (76 * b"x" + b"\r\n")
HOW = settings(Timeouts())


class BareClient:
    """IDLE, EXISTS, DONE, FETCH of the last mail: nobody can be quicker."""

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

    def _command(self, command: str) -> None:
        self._sock.sendall(f"a {command}\r\n".encode())
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
            self._sock.sendall(b"DONE\r\n")
            while not self._file.readline().startswith(b"i "):
                pass
            self._command(f"FETCH {int(found[1])} BODY.PEEK[]")
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


class Announcements:
    """A proxy that notes when the server announced something last."""

    def __init__(self, port: int) -> None:
        self.proxy = Proxy(port)
        self.proxy.overhear = self._overhear
        self.at = 0.0

    def _overhear(self, data: bytes) -> None:
        if b" EXISTS" in data and b"UIDVALIDITY" not in data:
            self.at = time.monotonic()


def measure_push(server: Dovecot, count: int) -> list[str]:
    """Deliver mails to the engine and to a bare client, both at rest in IDLE.

    Dovecot announces to each connection by its own timer, so each client's lag counts
    from its own announcement.
    """
    seen = Times()
    engine, other = (Announcements(server.ports.imap) for _ in range(2))
    engine_lags, bare_lags = [], []
    with (
        engine.proxy,
        other.proxy,
        watching(clear(engine.proxy.port, user="push"), HOW, reports=seen),
    ):
        seen.wait_for_state(State.WATCHING)
        bare = BareClient(other.proxy.port, "push")
        for number in range(1, count + 1):
            server.deliver(MAIL, "push")
            wait_until(partial(seen.seen_at.__contains__, number))
            wait_until(partial(bare.has_seen, number))
            engine_lags.append(seen.seen_at[number] - engine.at)
            bare_lags.append(bare.seen_at[-1] - other.at)
            time.sleep(0.6)  # so that both are at rest again
    return [described("engine", engine_lags), described("bare client", bare_lags)]


def measure_gap(server: Dovecot, count: int) -> str:
    """Deliver each mail while the engine still fetches the one before."""
    seen = Times()
    delivered_at: list[float] = []

    def deliver_next(_header: bytes) -> bool:
        if len(delivered_at) < count:
            server.deliver(MAIL, "gap")
            delivered_at.append(time.monotonic())
        return True

    account = clear(server.ports.imap, user="gap")
    with watching(account, HOW, is_candidate=deliver_next, reports=seen):
        seen.wait_for_state(State.WATCHING)
        server.deliver(MAIL, "gap")
        wait_until(partial(seen.seen_at.__contains__, count))
    lags = [seen.seen_at[n + 2] - at for n, at in enumerate(delivered_at[: count - 1])]
    return described("engine, mail in the gap before IDLE, from delivery", lags)


def described(what: str, lags: list[float]) -> str:
    """Return a line of milliseconds."""
    middle, worst = statistics.median(lags) * 1000, max(lags) * 1000
    return f"{what}: median {middle:.1f} ms, worst {worst:.1f} ms, n={len(lags)}"


def measure_outage(server: Dovecot, user: str) -> str:
    """Stop the server for 2 s; deliver as soon as it answers again."""
    seen = Times()
    with watching(secure(server, user), HOW, reports=seen):
        seen.wait_for_state(State.WATCHING)
        server.stop()
        time.sleep(2)
        server.start()
        up_at = time.monotonic()
        seen.wait_for_state(State.WATCHING, times=2)
        back = time.monotonic() - up_at
        server.deliver(MAIL, user)
        delivered_at = time.monotonic()
        seen.wait_for_uid(1)
    after = seen.seen_at[1] - delivered_at
    return f"outage of 2 s: back after {back:.2f} s, next mail after {after:.2f} s"


def measure_black_hole(server: Dovecot) -> str:
    """Let a connection go dead without a word."""
    user = "hole"
    seen = Times()
    with Proxy(server.ports.imaps) as proxy:
        account = replace(secure(server, user), port=proxy.port)
        with watching(account, HOW, reports=seen):
            seen.wait_for_state(State.WATCHING)
            time.sleep(1)  # well into the first IDLE: the worst time
            proxy.swallow()
            dead_at = time.monotonic()
            server.deliver(MAIL, user)
            wait_until(lambda: 1 in seen.seen_at)
    return f"black hole: mail seen after {seen.seen_at[1] - dead_at:.1f} s"


def fill(server: Dovecot, user: str, count: int) -> None:
    """Put old mails into an INBOX by file."""
    server.deliver(MAIL, user)
    folder = server.maildir(user) / "cur"
    owner = folder.stat()
    week_ago = int(time.time()) - 7 * 86400
    for number in range(count):
        file = folder / f"{week_ago}.M{number}P1.host:2,S"
        file.write_bytes(b"Subject: old\r\n\r\n")
        os.utime(file, (week_ago, week_ago))
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


def measure_size(server: Dovecot, count: int) -> str:
    """Compare the sync of a large mailbox with that of a small one."""
    fill(server, "small", 100)
    fill(server, "large", count)
    small, small_s = bytes_and_seconds(server, "small")
    large, large_s = bytes_and_seconds(server, "large")
    return (
        f"sync: 100 mails {small} B {small_s:.2f} s, "
        f"{count} mails {large} B {large_s:.2f} s, ratio {large / small:.2f}"
    )


def main() -> None:
    """Run all measurements and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=100)
    parser.add_argument("--large", type=int, default=100_000)
    options = parser.parse_args()
    with running() as server:
        for line in measure_push(server, options.mails):
            print(line, flush=True)
        print(measure_gap(server, options.mails), flush=True)
        for number in range(3):
            print(measure_outage(server, f"outage{number}"), flush=True)
        print(measure_black_hole(server), flush=True)
        print(measure_size(server, options.large), flush=True)


if __name__ == "__main__":
    main()
