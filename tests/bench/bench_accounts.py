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
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.bench_imap import REST_S, BareClient, wait_until
from tests.bench.harness import LogReader, genuine, message_id
from tests.bench.table import Row
from tests.environment import Home, Running
from tests.sample_mails import records
from tests.servers import Dovecot, running, serving_dns
from watcher.journal.reader import JournalReader

MAILS_EACH = 5
PATIENCE_S = 60.0
IDLE_S = 20.0
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024


def main(count: int) -> None:
    """Measure with one account, and with `count`."""
    with running() as dovecot, serving_dns(records()) as name_server:
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


def rows(count: int = 200) -> Iterator[Row]:
    """Deliver one mail to each account, beside as many bare clients."""
    with (
        running() as dovecot,
        serving_dns(records()) as name_server,
        watched(dovecot, name_server.address, count) as (home, daemon),
        LogReader(home) as log,
    ):
        bare = [BareClient(dovecot.ports.imap, user(n)) for n in range(count)]
        time.sleep(REST_S)
        delivered_at, message_ids = [], []
        before_s = cpu_s(daemon)
        for number in range(count):
            message_ids.append(message_id())
            mail = genuine(f"user{number}", message_ids[-1])
            delivered_at.append(time.monotonic())
            dovecot.deliver(mail, user(number))
        ours = [log.await_notified(one, PATIENCE_S) or math.inf for one in message_ids]
        spent_s = cpu_s(daemon) - before_s
        wait_until(lambda: all(one.has_seen(1) for one in bare))
        ours_s, theirs_s = (
            statistics.median(map(operator.sub, ends, delivered_at))
            for ends in (ours, [one.seen_at[0] for one in bare])
        )
    yield Row(
        f"burst to {count} accounts, over bare clients", ours_s / theirs_s, 1.5, "x"
    )
    yield Row(f"burst to {count} accounts, CPU a mail", 1000 * spent_s / count, 6)


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
    while len(watching(home)) < count:
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
