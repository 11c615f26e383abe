"""What the program costs to start and to hold: CPU time and memory, not wall time.

    python -m tests.bench.bench_start [--runs N] [--accounts N]

CPU time (user and system) of short commands, beside that of a Python that does nothing;
of `check` and `run` up to the first bytes that they send to a server, which ends them
there; and the memory of `run` with one account and with many, once they watch and after
a mail was announced. Beside them what the libraries take alone: no program that uses
them can be below. Medians; the table has what is measured and what is to be reached.
"""

import argparse
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.bench_accounts import await_watching, drain
from tests.bench.harness import LogReader, account, genuine, message_id
from tests.bench.table import HEAD, Row, print_rows
from tests.environment import WATCHER, Home, Running
from tests.imap_server import Server
from tests.sample_mails import records
from tests.servers import serving_dns

COMMANDS = (("status",), ("log",), ("open", "--print"), ("--help",))
COMMAND_MS = 50
FIRST_PACKET_MS = 110
RESIDENT_MB = 32
ANONYMOUS_MB = 18
EACH_MB = 0.1

PATIENCE_S = 30.0
SETTLED_S = 2.0
NOTHING = (sys.executable, "-c", "pass")
STANDARD = "argparse, dataclasses, datetime, json, pathlib, sqlite3, tomllib, typing"
"""What a command needs that reads the configuration and the event log."""
CONNECTING = f"{STANDARD}, imaplib, logging, selectors, ssl, threading"
CERTIFICATES = "ssl.create_default_context()"
WATCHING = (
    "imapclient, jeepney.io.blocking, dns.resolver, dkim, mailparser, "
    "apscheduler.schedulers.background"
)


def rows(runs: int = 15, accounts: int = 50) -> Iterator[Row]:
    """Measure everything."""
    with watched(1) as scene:
        yield from command_rows(scene.home, runs)
        yield from memory_rows("the libraries alone", Memory.of_libraries())
        one = Memory.of(scene.daemon)
        yield from memory_rows("`run`, 1 account", one)
        await_one_mail(scene)
        yield from memory_rows("`run`, after a mail", Memory.of(scene.daemon))
    yield from first_packet_rows(runs)
    with watched(accounts) as scene:
        many = Memory.of(scene.daemon)
        yield from memory_rows(f"`run`, {accounts} accounts", many)
        await_one_mail(scene)
        yield from memory_rows("`run`, after a mail", Memory.of(scene.daemon))
    for what, before, after in (
        ("resident", one.resident_mb, many.resident_mb),
        ("anonymous", one.anonymous_mb, many.anonymous_mb),
    ):
        each_mb = (after - before) / (accounts - 1)
        yield Row(f"each further account, {what}", each_mb, EACH_MB, "MB")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="of each command")
    parser.add_argument("--accounts", type=int, default=50)
    options = parser.parse_args()
    print(HEAD)
    print_rows(rows(options.runs, options.accounts))


def command_rows(home: Home, runs: int) -> Iterator[Row]:
    """Measure the commands beside a daemon, in turns with a bare Python."""
    seconds: dict[tuple[str, ...], list[float]] = {}
    bare = {
        "python -c pass": NOTHING,
        "the standard library alone": importing(STANDARD),
        "the same to connect": importing(CONNECTING),
        "and the certificates": importing(CONNECTING, CERTIFICATES),
    }
    ours = {" ".join(command): (*WATCHER, *command) for command in COMMANDS}
    for _ in range(runs):
        for line in (*bare.values(), *ours.values()):
            seconds.setdefault(line, []).append(cpu_s(started(home, line)))
    for name, line in bare.items():
        yield Row(f"{name}, CPU", median_ms(seconds[line]))
    for name, line in ours.items():
        yield Row(f"{name}, CPU", median_ms(seconds[line]), COMMAND_MS)


def first_packet_rows(runs: int) -> Iterator[Row]:
    """Measure up to a TLS greeting, and up to the first command of plain IMAP."""
    for name in ("check", "run"):
        for tls in ("none", "implicit"):
            seconds = [up_to_first_packet(name, tls) for _ in range(runs)]
            what = f"{name}, CPU to the first packet, tls = {tls}"
            yield Row(what, median_ms(seconds), FIRST_PACKET_MS)


def up_to_first_packet(command: str, tls: str) -> float:
    """Return the CPU seconds until the program has sent the first bytes."""
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        listener.settimeout(PATIENCE_S)
        home = Home(Path(folder))
        table = account("home", listener.getsockname()[1])
        home.configure(table.replace('tls = "none"', f'tls = "{tls}"'))
        process = started(home, (*WATCHER, command))
        peer, _ = listener.accept()
        with peer:
            peer.settimeout(PATIENCE_S)
            if tls == "none":
                peer.sendall(b"* OK ready\r\n")
            peer.recv(1)
            process.kill()
            return cpu_s(process)


def importing(modules: str, then: str = "pass") -> tuple[str, ...]:
    """Return the command of a Python that imports modules and does one thing."""
    return (sys.executable, "-c", f"import {modules}; {then}")


def started(home: Home, line: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a program in a home, with nothing to read and nobody to read it."""
    return subprocess.Popen(
        line,
        cwd=home.folder,
        env=home.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def cpu_s(process: subprocess.Popen[bytes]) -> float:
    """Wait for the end of a process; return what it took of all processors."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def median_ms(seconds: Sequence[float]) -> float:
    return statistics.median(seconds) * 1000


@dataclass(frozen=True, slots=True)
class Memory:
    """What a process holds, and what of it belongs to it alone."""

    resident_mb: float
    anonymous_mb: float

    @classmethod
    def of(cls, daemon: Running) -> "Memory":
        """Look at a running process, once it grows no more."""
        pid = daemon.process.pid
        known, now = None, cls._of_now(pid)
        while known != now:
            time.sleep(SETTLED_S)
            known, now = now, cls._of_now(pid)
        return now

    @classmethod
    def of_libraries(cls) -> "Memory":
        """Look at a Python that has imported what `run` has, and nothing of ours."""
        modules = f"{CONNECTING}, {WATCHING}"
        line = importing(modules, f"context = {CERTIFICATES}; print(); input()")
        pipe = subprocess.PIPE
        with subprocess.Popen(line, stdin=pipe, stdout=pipe) as process:
            assert process.stdout is not None
            process.stdout.readline()
            found = cls._of_now(process.pid)
            process.communicate(b"\n")
        return found

    @classmethod
    def _of_now(cls, pid: int) -> "Memory":
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        kb = {name: int(size) for name, size in re.findall(r"(\w+): +(\d+) kB", rollup)}
        return cls(*(round(kb[name] / 1024, 1) for name in ("Rss", "Anonymous")))


@dataclass(frozen=True, slots=True)
class Scene:
    """A daemon that watches, and the server of its first account."""

    home: Home
    server: Server
    daemon: Running


@contextmanager
def watched(count: int) -> Iterator[Scene]:
    """Run a daemon on so many accounts, each with a server of its own."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        name_server = stack.enter_context(serving_dns(records()))
        servers = [stack.enter_context(Server()) for _ in range(count)]
        home = Home(Path(folder))
        home.configure(
            '[notify]\nchannel = "terminal"',
            f'[dkim]\nnameservers = ["{name_server.address}"]',
            *(account(f"home{n}", one.port) for n, one in enumerate(servers)),
        )
        daemon = stack.enter_context(home.started("run"))
        drain(daemon)
        await_watching(home, count)
        for server in servers:
            server.wait_for_idle()
        yield Scene(home, servers[0], daemon)


def await_one_mail(scene: Scene) -> None:
    """Let the daemon tell of a mail."""
    number = message_id()
    with LogReader(scene.home) as log:
        scene.server.add(genuine("home0", number))
        assert log.await_notified(number, PATIENCE_S)


def memory_rows(what: str, memory: Memory) -> Iterator[Row]:
    """Return what a daemon holds."""
    yield Row(f"{what}, resident", memory.resident_mb, RESIDENT_MB, "MB")
    yield Row(f"{what}, anonymous", memory.anonymous_mb, ANONYMOUS_MB, "MB")


if __name__ == "__main__":
    main()
