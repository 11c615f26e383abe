"""How long the daemon's main thread is busy at a time: nothing may hold it up.

    python -m tests.bench.bench_main_thread [--mails N]

One daemon on a desktop that takes 0.3 s over each call, then with a silent name server,
then with a browser that hangs. Printed for each scene are the longest and the 99th
percentile of what the main thread does at a time (the aim is 50 ms), and the longest
steps by name.
"""

import argparse
import functools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.bench_accounts import await_watching, drain
from tests.bench.harness import (
    Desktop,
    account,
    desktop,
    genuine,
    message_id,
    milliseconds,
)
from tests.desktop import session_bus
from tests.environment import Home
from tests.imap_server import Server
from tests.sample_mails import records, sign
from tests.servers import NameServer, serving_dns
from watcher.app.daemon import Daemon

STEPS = ("_handle", "_tick")
"""The methods of `Daemon` that its main thread calls again and again."""

CALL_S = 0.3
PACE_S = 1.2
LISTED = 3


def measured(record: str) -> int:
    """Run the daemon, and write a line for each step of its main thread."""
    with Path(record).open("a", encoding="utf-8", buffering=1) as file:
        for name in STEPS:
            setattr(Daemon, name, timed(name, getattr(Daemon, name), file.write))
        from watcher.cli import main as watcher

        return watcher(["run"])


def timed(
    name: str, step: Callable[..., None], write: Callable[[str], object]
) -> Callable[..., None]:
    """Return the step, which then writes what it was about and how long it took."""

    @functools.wraps(step)
    def call(daemon: Daemon, *items: object) -> None:
        began_s = time.monotonic()
        try:
            step(daemon, *items)
        finally:
            seconds = time.monotonic() - began_s
            what = " ".join((name, *(type(item).__name__ for item in items)))
            write(json.dumps([what, seconds]) + "\n")

    return call


@dataclass(slots=True)
class Scene:
    """A daemon, all that it depends on, and what its main thread did."""

    home: Home
    server: Server
    name_server: NameServer
    desktop: Desktop
    record: Path
    read_count: int = 0

    def steps(self) -> list[tuple[str, float]]:
        """Return the steps since the last call."""
        lines = self.record.read_text().splitlines()
        new = [json.loads(line) for line in lines[self.read_count :]]
        self.read_count = len(lines)
        return [(what, seconds) for what, seconds in new]

    def deliver(self, count: int, raw: Callable[[str], bytes]) -> None:
        """Deliver mails, and let each have its time."""
        for _ in range(count):
            self.server.add(raw(message_id()))
            time.sleep(PACE_S)


def quiet(scene: Scene, count: int) -> None:
    """No trouble at all."""
    scene.deliver(count, lambda number: genuine("home", number))


def slow_desktop(scene: Scene, count: int) -> None:
    """A notification server that takes 0.3 s over each call."""
    scene.desktop.delay_s = CALL_S
    scene.deliver(count, lambda number: genuine("home", number))
    time.sleep(PACE_S)
    scene.desktop.delay_s = 0.0


def silent_dns(scene: Scene, count: int) -> None:
    """No name server answers, and each mail has a key of its own."""
    scene.name_server.is_silent = True

    def raw(number: str) -> bytes:
        selector = f"s{number[1:9]}"
        mail = genuine("home", number)
        unsigned = mail[mail.index(b"\r\nDate:") + 2 :]
        return sign(unsigned, "amazon.co.jp", tags={"s": selector})

    scene.deliver(count, raw)
    time.sleep(PACE_S)
    scene.name_server.is_silent = False


def hanging_browser(scene: Scene, count: int) -> None:
    """The button is pressed at once, while a sign-in is expected; nothing opens."""
    scene.home.run("expect")
    scene.desktop.is_pressing = True
    scene.deliver(count, lambda number: genuine("home", number))
    time.sleep(PACE_S)
    scene.desktop.is_pressing = False


SCENES = (quiet, slow_desktop, silent_dns, hanging_browser)


@contextmanager
def staged() -> Iterator[Scene]:
    """Run the daemon on one account, with steps measured."""
    with (
        tempfile.TemporaryDirectory() as folder,
        session_bus() as bus,
        serving_dns(records()) as name_server,
        Server() as server,
    ):
        home, record = Home(Path(folder)), Path(folder) / "steps"
        record.touch()
        browser = Path(home.environment["BROWSER"])
        browser.write_text("#!/bin/sh\nexec sleep 60\n")
        home.environment["PYTHONPATH"] = str(Path(__file__).parents[2])
        home.configure(
            f'[dkim]\nnameservers = ["{name_server.address}"]',
            account("home", server.port),
        )
        command = (sys.executable, "-m", "tests.bench.bench_main_thread", "--child")
        with (
            desktop(bus, home) as screen,
            home.started(str(record), command=command) as daemon,
        ):
            drain(daemon)
            await_watching(home, 1)
            yield Scene(home, server, name_server, screen, record)


def main() -> int:
    """Print a line for each scene."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=20)
    parser.add_argument("--child", metavar="RECORD", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return measured(options.child)
    with staged() as scene:
        scene.steps()
        for run in SCENES:
            run(scene, options.mails)
            print(described(run.__name__, scene.steps()), flush=True)
    return 0


def described(name: str, steps: list[tuple[str, float]]) -> str:
    """Return the longest step, the 99th percentile, and what took longest."""
    seconds = [each for _, each in steps]
    p99_s = statistics.quantiles(seconds, n=100, method="inclusive")[98]
    longest: dict[str, float] = {}
    for what, each in steps:
        longest[what] = max(each, longest.get(what, 0.0))
    worst = sorted(longest.items(), key=lambda item: -item[1])[:LISTED]
    named = ", ".join(f"{what} {milliseconds(each)}" for what, each in worst)
    return (
        f"{name}: longest {milliseconds(max(seconds))} ms, "
        f"p99 {milliseconds(p99_s)} ms, {len(steps)} steps ({named})"
    )


if __name__ == "__main__":
    sys.exit(main())
