"""Memory, idle CPU and bursts: one daemon with one account, then with many.

    python -m tests.bench.bench_accounts [ACCOUNTS]

Prints the daemon's resident memory with one account and for each further one, its CPU
time while nothing happens, and how long a burst of five mails to each account took.
Then a burst of one mail to each account, beside as many bare clients: the time from its
delivery until it is notified, and until the bare client has it.
"""

import math
import operator
import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.bare_clients import bare_clients
from tests.bench.bench_imap import REST_S
from tests.bench.harness import LogReader, genuine, message_id
from tests.bench.table import Row, print_rows
from tests.environment import Home, Running
from tests.sample_mails import records
from tests.servers import Dovecot, running, serving_dns
from watcher.journal.reader import JournalReader

MAILS_EACH = 5
PATIENCE_S = 60.0
READY_S = 300.0
"""How long all accounts may take to be watched."""
IDLE_S = 20.0
BURSTS = {200: 1.5, 1000: 2.5}
"""How many accounts, and how many times as long as a bare client they may take."""
MANY_SESSIONS = """
service imap {
  # Linux gives 128 inotify instances to a user: a process that gets none looks for mail
  # every 30 s, so that a process must serve more than one session.
  client_limit = 25
  service_count = 0
}
"""
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024


def main(count: int) -> None:
    """Measure with one account, and with `count`."""
    allow_descriptors()
    with (
        running(more_config=MANY_SESSIONS) as dovecot,
        serving_dns(records()) as name_server,
    ):
        with watched(dovecot, name_server.address, 1) as (_, alone):
            alone_kb = resident_kb(alone)
            print(f"1 account: {alone_kb / 1024:.1f} MB resident")
        with watched(dovecot, name_server.address, count) as (home, many):
            many_kb = resident_kb(many)
            each_kb = (many_kb - alone_kb) / (count - 1)
            print(f"{count} accounts: {many_kb / 1024:.1f} MB, {each_kb:.0f} KB each")
            print(f"idle: {idle_share(many):.2%} of a core")
            seconds = burst(dovecot, home, count)
            wanted = count * MAILS_EACH
            print(f"burst of {wanted}: all announced {seconds:.1f} s after the first")
            print(f"after it: {resident_kb(many) / 1024:.1f} MB")
    print_rows(burst_rows(count))


@contextmanager
def watched(
    dovecot: Dovecot, name_server: str, count: int
) -> Iterator[tuple[Home, Running]]:
    """Run a daemon on so many accounts until the scene is over."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.configure(
            '[notify]\nchannel = "terminal"',
            f'[dkim]\nnameservers = ["{name_server}"]',
            *(account(dovecot, user(number)) for number in range(count)),
        )
        with home.started("run") as daemon:
            drain(daemon)
            await_watching(home, count)
            yield home, daemon


def rows() -> Iterator[Row]:
    """Measure bursts to many accounts and to very many."""
    for count in BURSTS:
        yield from burst_rows(count)


def burst_rows(count: int) -> Iterator[Row]:
    """Measure a burst of one mail to each account."""
    found, what = one_each(count), f"burst to {count} accounts"
    yield Row(f"{what}, over bare clients", found.ratio, BURSTS.get(count), "x")
    yield Row(f"{what}, notified after", 1000 * found.ours_s)
    yield Row(f"{what}, bare client has it after", 1000 * found.theirs_s)
    yield Row(f"{what}, CPU a mail", found.cpu_ms, 6)


@dataclass(frozen=True, slots=True)
class Burst:
    """What a mail to each account took: medians from delivery, and CPU time."""

    ours_s: float
    theirs_s: float
    cpu_ms: float

    @property
    def ratio(self) -> float:
        """How many times as long as a bare client the daemon took."""
        return self.ours_s / self.theirs_s


def one_each(count: int) -> Burst:
    """Deliver one mail to each account, beside as many bare clients."""
    allow_descriptors()
    users = [user(number) for number in range(count)]
    with (
        running(more_config=MANY_SESSIONS) as dovecot,
        serving_dns(records()) as name_server,
        watched(dovecot, name_server.address, count) as (home, daemon),
        LogReader(home) as log,
        bare_clients(dovecot.ports.imap, users) as bare,
    ):
        # Signed beforehand: it takes the CPU that the clients need.
        message_ids = [message_id() for _ in users]
        mails = [genuine(f"user{n}", one) for n, one in enumerate(message_ids)]
        time.sleep(REST_S)
        delivered_at = []
        before_s = cpu_s(daemon)
        for name, mail in zip(users, mails, strict=True):
            delivered_at.append(time.monotonic())
            dovecot.deliver(mail, name)
        ours = [log.await_notified(one, PATIENCE_S) or math.inf for one in message_ids]
        spent_s = cpu_s(daemon) - before_s
        ours_s, theirs_s = (
            statistics.median(map(operator.sub, ends, delivered_at))
            for ends in (ours, bare.fetched_at())
        )
    return Burst(ours_s, theirs_s, 1000 * spent_s / count)


def allow_descriptors() -> None:
    """Let our programs have as many descriptors as the system allows.

    The speed of many accounts is measured, not the usual limit of 1,024.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def user(number: int) -> str:
    return f"user{number}@example.jp"


def account(dovecot: Dovecot, name: str) -> str:
    return "\n".join(
        (
            "[[accounts]]",
            f'name = "{name}"\nuser = "{name}"\nhost = "localhost"',
            f'port = {dovecot.ports.imaps}\nca_file = "{dovecot.ca_file}"',
            'password_env = "MAIL_PASSWORD"\nmailboxes = ["INBOX"]',
        )
    )


def drain(daemon: Running) -> None:
    """Read what the daemon prints, so that it never waits for us."""

    def read() -> None:
        try:
            while os.read(daemon.terminal, 65536):
                pass
        except OSError:
            pass

    threading.Thread(target=read, daemon=True).start()


def await_watching(home: Home, count: int) -> None:
    deadline_s = time.monotonic() + READY_S
    while len(there := watching(home)) < count:
        assert time.monotonic() < deadline_s, f"only {len(there)} of {count} watch"
        time.sleep(0.2)


def watching(home: Home) -> list[str]:
    journal = JournalReader.read(home.log)
    if journal is None:
        return []
    with journal:
        sessions = journal.sessions().items()
    return [name for name, facts in sessions if facts.get("state") == "watching"]


def resident_kb(daemon: Running) -> int:
    statm = Path(f"/proc/{daemon.process.pid}/statm").read_text()
    return int(statm.split()[1]) * PAGE_KB


def cpu_s(daemon: Running) -> float:
    fields = Path(f"/proc/{daemon.process.pid}/stat").read_text().rpartition(")")[2]
    user_ticks, system_ticks = fields.split()[11:13]
    return (int(user_ticks) + int(system_ticks)) / os.sysconf("SC_CLK_TCK")


def idle_share(daemon: Running) -> float:
    before = cpu_s(daemon)
    time.sleep(IDLE_S)
    return (cpu_s(daemon) - before) / IDLE_S


def burst(dovecot: Dovecot, home: Home, count: int) -> float:
    """Deliver to every account and return when the last mail was announced."""
    started = time.monotonic()
    for _ in range(MAILS_EACH):
        for number in range(count):
            dovecot.deliver(genuine(f"user{number}", message_id()), user(number))
    delivered = time.monotonic() - started
    print(f"delivered within {delivered:.1f} s")
    while home.names().count("notified") < count * MAILS_EACH:
        time.sleep(0.2)
    return time.monotonic() - started


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
