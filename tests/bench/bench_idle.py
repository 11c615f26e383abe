"""What the daemon does while nothing happens: CPU, wake-ups, bytes to disk.

    python -m tests.bench.bench_idle [--seconds N] [--accounts N ...]

`watcher run` on scripted servers with IDLE and no mail. Printed are, for each number of
accounts, CPU and wake-ups over so many seconds, the bytes written to disk in them, what
is to be reached, and which threads did it; also how often the process woke, maybe with
several of its threads, from complete rest. Linux alone: it is read from /proc.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.bench_accounts import await_watching, drain
from tests.bench.harness import account
from tests.bench.table import HEAD, Row, print_rows
from tests.environment import Home, Running
from tests.imap_server import Server

SETTLE_S = 100.0
"""After the last login: a minute after its last change the log is verified once."""

NAMELESS_SERVER = "127.0.0.1:1"
"""No mail comes, so that no name server is asked."""

ACCOUNTS = (1, 50)
LISTED = 5

SLOT_S = 0.02
"""A rest that is shorter is none."""


def named() -> int:
    """Run the daemon with threads whose names the kernel knows."""
    bootstrap = threading.Thread.run

    def run(thread: threading.Thread) -> None:
        Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(
            thread.name[:15]
        )
        bootstrap(thread)

    threading.Thread.run = run  # type: ignore[assignment,method-assign]
    from watcher.cli import main as watcher

    return watcher(["run"])


@dataclass(frozen=True, slots=True)
class Work:
    """What a process has done since it began."""

    cpu_ns: Counter[str]
    """By the name of the thread; those of accounts count as one."""
    wakeups: Counter[str]
    """Voluntary context switches."""
    disk_bytes: int
    """What will have been written to a disk."""
    written_bytes: int
    """What was handed to `write`, to terminals, too."""

    @classmethod
    def of(cls, daemon: Running) -> "Work":
        """Look at a running process."""
        process = Path(f"/proc/{daemon.process.pid}")
        cpu_ns, wakeups = Counter[str](), Counter[str]()
        for task in (process / "task").iterdir():
            name = (task / "comm").read_text().strip()
            name = "accounts" if name.startswith("user") else name
            cpu_ns[name] += int((task / "schedstat").read_text().split()[0])
            wakeups[name] += int(fields(task / "status")["voluntary_ctxt_switches"])
        io = fields(process / "io")
        return cls(cpu_ns, wakeups, int(io["write_bytes"]), int(io["wchar"]))

    def since(self, before: "Work") -> "Work":
        """Return what was done since another look."""
        return Work(
            self.cpu_ns - before.cpu_ns,
            self.wakeups - before.wakeups,
            self.disk_bytes - before.disk_bytes,
            self.written_bytes - before.written_bytes,
        )


def fields(path: Path) -> dict[str, str]:
    """Return the fields of a file in /proc."""
    lines = path.read_text().splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {name: value.strip() for name, value in pairs}


@contextmanager
def watching(count: int) -> Iterator[Running]:
    """Run a daemon on so many accounts, each of which is in IDLE."""
    with tempfile.TemporaryDirectory() as folder, Server() as server:
        home = Home(Path(folder))
        home.environment["PYTHONPATH"] = str(Path(__file__).parents[2])
        home.configure(
            '[notify]\nchannel = "terminal"',
            f'[dkim]\nnameservers = ["{NAMELESS_SERVER}"]',
            *(account(f"user{number}", server.port) for number in range(count)),
        )
        command = (sys.executable, "-m", "tests.bench.bench_idle", "--daemon")
        with home.started(command=command) as daemon:
            drain(daemon)
            await_watching(home, count)
            time.sleep(SETTLE_S)
            yield daemon


def count_awakenings(daemon: Running, seconds: float) -> int:
    """Watch for so long; return how often it began to run after a slot of rest."""
    clock = ~daemon.process.pid << 3 | 2  # CPUCLOCK_SCHED, see clock_getcpuclockid(3)
    deadline = time.monotonic() + seconds
    ran_s, was_running, count = time.clock_gettime(clock), False, 0
    while time.monotonic() < deadline:
        time.sleep(SLOT_S)
        before_s, ran_s = ran_s, time.clock_gettime(clock)
        is_running = ran_s > before_s
        count += is_running and not was_running
        was_running = is_running
    return count


@dataclass(frozen=True, slots=True)
class Rest:
    """What was measured of a daemon to which nothing happened."""

    count: int
    """Of accounts."""
    seconds: float
    work: Work
    awakenings: int

    @classmethod
    def of(cls, count: int, seconds: float = 60.0) -> "Rest":
        """Measure it, after all of the start is over."""
        with watching(count) as daemon:
            before = Work.of(daemon)
            awakenings = count_awakenings(daemon, seconds)
            work = Work.of(daemon).since(before)
        return cls(count, seconds, work, awakenings)

    def rows(self) -> Iterator[Row]:
        """Yield the figures."""
        what, is_one = f"at rest, {self.count} accounts", self.count == 1
        cpu_ms = self.work.cpu_ns.total() / 1e6
        if is_one:
            yield Row(f"{what}, CPU in 60 s", cpu_ms * 60 / self.seconds, 3)
        else:
            yield Row(f"{what}, CPU", cpu_ms / self.seconds / 10, 0.1, "%")
        of_threads, most = self.work.wakeups.total(), 0.3 if is_one else 3
        yield Row(f"{what}, wake-ups of threads", of_threads / self.seconds, most, "/s")
        from_rest = self.awakenings / self.seconds
        yield Row(f"{what}, wake-ups of all from rest", from_rest, most, "/s")
        yield Row(f"{what}, written to disk", self.work.disk_bytes, 0, "B")

    def who(self) -> str:
        """Return which threads did it."""
        cpu_ms = {name: ns / 1e6 for name, ns in self.work.cpu_ns.items()}
        return ", ".join(
            f"{name} {wakeups / self.seconds:.2f}/s {cpu_ms.get(name, 0.0):.1f} ms"
            for name, wakeups in self.work.wakeups.most_common(LISTED)
        )


def rows() -> Iterator[Row]:
    """Measure a daemon with one account, then with many."""
    for count in ACCOUNTS:
        yield from Rest.of(count).rows()


def main() -> int:
    """Print the figures for each number of accounts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--accounts", type=int, nargs="+", default=ACCOUNTS)
    parser.add_argument("--daemon", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.daemon:
        return named()
    print(HEAD)
    for count in options.accounts:
        rest = Rest.of(count, options.seconds)
        print_rows(rest.rows())
        print(f"  {rest.who()}; {rest.work.written_bytes} B written to anything")
    return 0


if __name__ == "__main__":
    sys.exit(main())
