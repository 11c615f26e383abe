"""Measures how soon the IMAP engine watches again after outages and dead lines.

    python -m tests.bench.bench_faults [--short]

Each figure is of at least ten outages or dead lines. A server that is away for 2 s is
stopped and started ten times, so that no other client competes with the one that is
measured; what lasts longer happens to ten accounts at once. The long outages run side
by side on a server of their own, beside everything else; `--short` leaves them out.
"""

import argparse
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from socket import SHUT_RDWR, create_server
from typing import TypeVar

from tests.bench.bench_imap import HOW, MAIL, Times, wait_until
from tests.bench.table import HEAD, Row, print_rows
from tests.imap_server import Proxy, secure, watching
from tests.servers import Dovecot, free_port, running
from watcher.events import State, StateChanged
from watcher.imap.session import Session

COUNT = 10
SHORT_S = 2
LONG_OUTAGES: Mapping[str, tuple[float, float]] = {
    "91 s": (91, 3),
    "10 min": (600, 10),
}
"""How many seconds the server is away, and how soon it is to be watched again."""
FIRST_IDLE_S = 1.0  # well into the first IDLE: the worst time for a line to go dead
RETURNED_S = 60.0
"""How long a session may take to watch again: never reached by a good one."""


class Door(Proxy):
    """A proxy that refuses connections while it is shut, as a stopped server does.

    Its port is none that the system gives to connections: one of the clients' own, on
    its way to the shut door, could be given it, and would then be connected to itself.
    """

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._listener.close()
        self.port = free_port()
        self._listener = create_server(("127.0.0.1", self.port))

    def shut(self) -> None:
        """Close everything, until it is opened again."""
        self._listener.shutdown(SHUT_RDWR)  # wakes the thread that waits in accept()
        self._listener.close()
        self.cut()

    def open(self) -> None:
        """Take connections again."""
        self._listener = create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()


class Returns(Times):
    """Reports that also keep when the account was watched last."""

    def __init__(self) -> None:
        super().__init__()
        self.watching_at = 0.0

    def put(self, report: object) -> None:
        """Take a report and the time."""
        if isinstance(report, StateChanged) and report.state is State.WATCHING:
            self.watching_at = time.monotonic()
        super().put(report)


P = TypeVar("P", bound=Proxy)
Watched = Sequence[tuple[P, Session, Returns]]


@contextmanager
def ten_watched(
    server: Dovecot, name: str, proxy: Callable[[int], P]
) -> Iterator[Watched[P]]:
    """Watch ten accounts, each through a proxy of its own, until the scene is over."""
    with ExitStack() as stack:
        watched: list[tuple[P, Session, Returns]] = []
        for number in range(COUNT):
            one, seen = proxy(server.ports.imaps), Returns()
            stack.enter_context(one)
            account = replace(secure(server, f"{name}{number}"), port=one.port)
            it, _ = stack.enter_context(watching(account, HOW, reports=seen))
            watched.append((one, it, seen))
        for _, _, seen in watched:
            seen.wait_for_state(State.WATCHING)
        yield watched


def rows(*, with_long: bool = True) -> Iterator[Row]:
    """Measure outages and dead lines; the long outages began before the others."""
    with running() as other, ThreadPoolExecutor() as pool:
        long = {
            what: pool.submit(outages_s, other, away_s)
            for what, (away_s, _) in LONG_OUTAGES.items()
            if with_long
        }
        with running() as server:
            back = [outage_s(server, f"outage{number}") for number in range(COUNT)]
            yield from median_and_worst("server back after 2 s", back, 0.2)
            for is_armed, aim_s in ((False, 15), (True, 8)):
                what = f"dead line{', armed' if is_armed else ''}, mail seen after"
                lags_s = dead_lines_s(server, is_armed=is_armed)
                yield Row(what, statistics.median(lags_s), None, "s")
                yield Row(f"{what}, worst", max(lags_s), aim_s, "s")
        for what, lags in long.items():
            name, (_, most_s) = f"server back after {what}", LONG_OUTAGES[what]
            yield from median_and_worst(name, lags.result(), most_s)


def median_and_worst(what: str, lags_s: Sequence[float], aim_s: float) -> Iterator[Row]:
    """Yield a median, which has an aim, and the worst beside it."""
    yield Row(what, statistics.median(lags_s), aim_s, "s")
    yield Row(f"{what}, worst", max(lags_s), None, "s")


def outage_s(server: Dovecot, user: str) -> float:
    """Stop the server for 2 s; return how long after its return we watch again."""
    seen = Returns()
    with watching(secure(server, user), HOW, reports=seen):
        seen.wait_for_state(State.WATCHING)
        server.stop()
        time.sleep(SHORT_S)
        server.start()
        up_at = time.monotonic()
        seen.wait_for_state(State.WATCHING, times=2)
    return max(0.0, seen.watching_at - up_at)


def outages_s(server: Dovecot, away_s: float) -> list[float]:
    """Shut the doors of ten accounts at once; return how late each watches again."""
    with ten_watched(server, f"away{away_s:.0f}x", Door) as watched:
        for door, _, _ in watched:
            door.shut()
        time.sleep(away_s)
        for door, _, _ in watched:
            door.open()
        up_at = time.monotonic()
        for _, _, seen in watched:
            wait_until(partial(watches_again, seen, up_at), RETURNED_S)
        return [seen.watching_at - up_at for _, _, seen in watched]


def watches_again(seen: Returns, up_at: float) -> bool:
    """Return whether an account is watched that was not before."""
    return seen.watching_at > up_at


def dead_lines_s(server: Dovecot, *, is_armed: bool) -> list[float]:
    """Let ten connections go dead without a word, each just before a mail."""
    name, dead_at = f"hole{is_armed:d}x", []
    with ten_watched(server, name, Proxy) as watched:
        for _, it, _ in watched:
            if is_armed:
                it.arm(timedelta(hours=1))
        time.sleep(FIRST_IDLE_S)
        for number, (proxy, _, _) in enumerate(watched):
            proxy.swallow()
            dead_at.append(time.monotonic())
            server.deliver(MAIL, f"{name}{number}")
        for _, _, seen in watched:
            wait_until(partial(seen.seen_at.__contains__, 1))
        return [
            seen.seen_at[1] - at
            for at, (_, _, seen) in zip(dead_at, watched, strict=True)
        ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="no long outages")
    options = parser.parse_args()
    print(HEAD)
    print_rows(rows(with_long=not options.short))


if __name__ == "__main__":
    main()
