"""A mail of one account while another one is flooded, beside the same without a flood.

    python -m tests.bench.bench_floods [--mails N] [--only FLOOD]

A daemon with two accounts on scripted servers, on a desktop that notes what it shows.
Each flood goes on while mails come to the quiet account, and has a daemon of its own.
Printed are, before, during and after it: the time from the arrival of a mail until its
notification is confirmed in the log (median and worst, ms); and of the flood: how much
memory it took at most and kept, the commands that the flooded server got in a second,
how many of its mails were logged and how long after the last one had come, what was on
the screen at once, and how often DNS was asked.
"""

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from pathlib import Path

import dns.rcode

from tests.bench.bench_accounts import await_watching, drain
from tests.bench.harness import (
    Desktop,
    LogReader,
    Usage,
    account,
    desktop,
    genuine,
    message_id,
    milliseconds,
)
from tests.desktop import session_bus
from tests.environment import Home, Running
from tests.imap_server import Server
from tests.sample_mails import APPROVAL_HTML, LINK, Mail, compose, records, sign
from tests.servers import NameServer, serving_dns
from watcher.clock import utc_now
from watcher.recognition import limits

PACE_S = 1.2
"""Slower than one a second, above which mails of one account are summed up."""

PATIENCE_S = 60.0
STEP_S = 0.02
FLOODED, QUIET = "flooded", "quiet"


@dataclass(slots=True)
class Scene:
    """A daemon that watches, and what it is measured by."""

    servers: dict[str, Server]
    name_server: NameServer
    log: LogReader
    desktop: Desktop
    daemon: Running
    is_over: threading.Event = field(default_factory=threading.Event)
    sent: list[str] = field(default_factory=list)
    """The Message-IDs of the flood."""
    ended_at: float = 0.0

    def lags(self, count: int) -> list[float]:
        """Deliver to the quiet account; return how long each notification took."""
        lags = []
        for _ in range(count):
            began = time.monotonic()
            number = message_id()
            self.servers[QUIET].add(genuine(QUIET, number))
            notified_at = self.log.await_notified(number, PATIENCE_S)
            lags.append(notified_at - began if notified_at else float("inf"))
            time.sleep(max(0.0, PACE_S - (time.monotonic() - began)))
        return lags

    def send(self, make: Callable[[str], bytes], count: int, seconds: float) -> None:
        """Deliver so many mails to the flooded account, evenly."""
        began = time.monotonic()
        for number in range(count):
            # What the log keeps of it; `make` may go on behind that.
            name = f"<{number}.{message_id()[1:]}"
            self.sent.append(name)
            self.servers[FLOODED].add(make(name))
            ahead_s = began + seconds * number / count - time.monotonic()
            if ahead_s > STEP_S:
                time.sleep(ahead_s)
        self.ended_at = time.monotonic()


Flood = Callable[[Scene, float], None]
"""Floods the account for so many seconds."""


def announcements(scene: Scene, seconds: float) -> None:
    """EXISTS without end in every IDLE."""
    server = scene.servers[FLOODED]
    server.faults["IDLE"] = lambda peer, tag: server.idle(peer, tag, "* 9 EXISTS")
    end = time.monotonic() + seconds
    count = 9
    while time.monotonic() < end:
        count += 1
        for peer in server.peers:
            if peer.idle_tag:
                peer.send(f"* {count} EXISTS")
        time.sleep(0.001)
    del server.faults["IDLE"]


def attempts(scene: Scene, seconds: float) -> None:
    """Genuine mails, by somebody who has the password."""
    scene.send(lambda number: genuine(FLOODED, number), 1000, seconds)


def forgeries(scene: Scene, seconds: float) -> None:
    """Signatures by ever new keys that DNS cannot give, on mails of 240 KB."""
    scene.name_server.failure = dns.rcode.SERVFAIL

    def make(number: str) -> bytes:
        selector = f"s{number[1:].partition('.')[0]}"
        raw = forged(number, padding=240 * 1024)
        return sign(raw, "amazon.co.jp", tags={"s": selector})

    scene.send(make, 400, seconds)


def unsigned(scene: Scene, seconds: float) -> None:
    """Forged mails that claim to be Amazon's."""
    scene.send(forged, 10_000, seconds)


def long_ids(scene: Scene, seconds: float) -> None:
    """Forged mails with a Message-ID of 30 KB."""

    def make(number: str) -> bytes:
        return forged(f"{number[:-1]}{'x' * 30_000}>")

    scene.send(make, 200, seconds)
    cut = limits.LOGGED - 1
    scene.sent = [f"{one[:-1]}{'x' * 30_000}"[:cut] + "…" for one in scene.sent]


FLOODS: dict[str, Flood] = {
    "EXISTS without end": announcements,
    "1,000 genuine": attempts,
    "400 forged of 240 KB, SERVFAIL": forgeries,
    "10,000 forged": unsigned,
    "200 Message-IDs of 30 KB": long_ids,
}


def forged(number: str, *, padding: int = 0) -> bytes:
    """Return an unsigned mail that reads like a sign-in attempt."""
    text = APPROVAL_HTML.format(link=LINK).encode()
    rest = padding // 64 * (62 * b"x" + b"\r\n")
    fields = b"Content-Type: text/html; charset=utf-8\r\n\r\n"
    body = fields + text + b"<!--" + rest + b"-->"
    date = format_datetime(utc_now())
    return compose(Mail(date=date, message_id=number, body=body))


@contextmanager
def staged() -> Iterator[Scene]:
    """Run a daemon on two accounts, until it watches both."""
    with (
        tempfile.TemporaryDirectory() as folder,
        session_bus() as bus,
        serving_dns(records()) as name_server,
        Server() as flooded,
        Server() as quiet,
    ):
        servers = {FLOODED: flooded, QUIET: quiet}
        home = Home(Path(folder))
        home.configure(
            f'[dkim]\nnameservers = ["{name_server.address}"]',
            *(account(name, server.port) for name, server in servers.items()),
        )
        with (
            desktop(bus, home) as screen,
            home.started("run") as daemon,
            LogReader(home) as log,
        ):
            drain(daemon)
            await_watching(home, len(servers))
            yield Scene(servers, name_server, log, screen, daemon)


def measure(flood: Flood, count: int) -> tuple[str, ...]:
    """Return a row of the table."""
    with staged() as scene:
        before = scene.lags(count)
        resident_mb, peaks = Usage.of(scene.daemon).resident_mb, [0.0]
        asked = len(scene.name_server.questions)
        commands = len(scene.servers[FLOODED].commands)
        scene.desktop.most = 0
        began = time.monotonic()
        watch = threading.Thread(target=watch_memory, args=(scene, peaks))
        source = threading.Thread(target=flood, args=(scene, PACE_S * count))
        watch.start()
        source.start()
        during = scene.lags(count)
        source.join()
        logged_at = scene.log.await_logged(scene.sent)
        seconds = time.monotonic() - began
        commands = len(scene.servers[FLOODED].commands) - commands
        asked = len(scene.name_server.questions) - asked
        scene.is_over.set()
        watch.join()
        scene.name_server.failure = None
        after = scene.lags(count)
        kept_mb = Usage.of(scene.daemon).resident_mb - resident_mb
        lag_s = max([0.0, *(at - scene.ended_at for at in logged_at)])
        return (
            *(described(lags) for lags in (before, during, after)),
            f"{max(peaks) - resident_mb:+.1f} / {kept_mb:+.1f}",
            f"{commands / seconds:.1f}",
            f"{len(logged_at)} +{milliseconds(lag_s)}",
            str(scene.desktop.most),
            str(asked),
        )


def watch_memory(scene: Scene, peaks: list[float]) -> None:
    while not scene.is_over.wait(0.1):
        peaks.append(Usage.of(scene.daemon).resident_mb)


def described(lags: list[float]) -> str:
    return f"{milliseconds(statistics.median(lags))} / {milliseconds(max(lags))}"


HEAD = (
    *("flood", "before", "during", "after", "peak / kept MB", "commands/s"),
    *("logged, ms after", "on screen", "DNS"),
)
WIDTHS = (30, 12, 14, 12, 15, 10, 16, 9, 5)


def main() -> None:
    """Print a row for each flood."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=20)
    parser.add_argument("--only", choices=FLOODS)
    options = parser.parse_args()
    print_row(HEAD)
    for name, flood in FLOODS.items():
        if options.only in (None, name):
            print_row((name, *measure(flood, options.mails)))


def print_row(cells: tuple[str, ...]) -> None:
    pairs = zip(cells, WIDTHS, strict=True)
    print(" | ".join(cell.ljust(width) for cell, width in pairs), flush=True)


if __name__ == "__main__":
    main()
