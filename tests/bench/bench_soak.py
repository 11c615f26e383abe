"""A daemon for a long time on bad lines, with mails of every kind.

    python -m tests.bench.bench_soak [--seconds N] [--seed N]

Three accounts on one Dovecot, each behind a proxy that cuts, resets, swallows and
refuses connections in turn; two mails a second: approvals, codes, forgeries and others.
Printed are, on the way, what the daemon holds (aim: flat); at the end how many genuine
mails were not logged once and notified once, how many deadlines were overstated, and
the time from delivery to notification outside outages (aim: p95 under 3 s).
"""

import argparse
import itertools
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from tests.bench.bench_accounts import await_watching, drain
from tests.bench.bench_floods import forged
from tests.bench.harness import (
    LogReader,
    Usage,
    account,
    desktop,
    genuine,
    message_id,
)
from tests.desktop import session_bus
from tests.environment import Home, Running
from tests.imap_server import Proxy
from tests.sample_mails import Mail, code, compose, plain, records
from tests.servers import Dovecot, running, serving_dns
from watcher.clock import utc_now
from watcher.events import Attempt, EventName

ACCOUNTS = ("anna", "bob", "chie")
MAILS_A_SECOND = 2
FAULT_EVERY_S = 20.0
"""Each account has one in a minute."""

OUTAGE_S = 25.0
"""How long after a fault its account counts as out: the longest backoff, and IDLE."""

REFUSED_S = 10.0
WINDOW = timedelta(minutes=5)
OVERSTATED = timedelta(seconds=1)
LAST_S = 60.0
"""How long mails have after the last one to be notified."""

AIM_S = 3.0
SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Sent:
    """A genuine mail, when it was handed over, by two clocks."""

    account: str
    at: datetime
    at_s: float


@dataclass(slots=True)
class Soak:
    """What goes on, and what was done."""

    dovecot: Dovecot
    proxies: dict[str, Proxy]
    chance: random.Random
    sent: dict[str, Sent] = field(default_factory=dict)
    faults: dict[str, list[float]] = field(default_factory=dict)
    is_over: threading.Event = field(default_factory=threading.Event)

    def deliver(self) -> None:
        """Deliver a mail of a random kind to a random account."""
        name, number = self.chance.choice(ACCOUNTS), message_id()
        make = self.chance.choice((genuine, genuine, one_code, a_forgery, another))
        raw = make(name, number)
        if make in (genuine, one_code):
            self.sent[number] = Sent(name, utc_now(), time.monotonic())
        self.dovecot.deliver(raw, f"{name}@example.jp")

    def break_lines(self) -> None:
        """Break one account's line after the other, until it is over."""
        kinds = itertools.cycle((Proxy.cut, Proxy.reset, Proxy.swallow, refuse))
        for name, fault in zip(itertools.cycle(ACCOUNTS), kinds, strict=False):
            if self.is_over.wait(FAULT_EVERY_S):
                return
            self.faults.setdefault(name, []).append(time.monotonic())
            fault(self.proxies[name])

    def is_calm(self, sent: Sent, until_s: float) -> bool:
        """Return whether no outage touched a mail on its way."""
        return not any(
            sent.at_s - OUTAGE_S < fault_s < until_s
            for fault_s in self.faults.get(sent.account, ())
        )


def refuse(proxy: Proxy) -> None:
    """Close all, and refuse new connections for a while."""
    proxy.is_refusing = True
    proxy.cut()
    threading.Timer(REFUSED_S, setattr, (proxy, "is_refusing", False)).start()


def one_code(name: str, number: str) -> bytes:
    """Return a signed mail with a code."""
    date = format_datetime(utc_now())
    return code(to=f"{name}@example.jp", date=date, message_id=number)


def a_forgery(_: str, number: str) -> bytes:
    """Return an unsigned mail."""
    return forged(number)


def another(name: str, number: str) -> bytes:
    """Return a mail that has nothing to do with Amazon."""
    mail = Mail(
        sender="Shop <shop@shop.example>",
        to=f"{name}@example.jp",
        subject="お知らせ",
        message_id=number,
        body=plain("こんにちは"),
    )
    return compose(mail)


@contextmanager
def staged(seed: int) -> Iterator[tuple[Soak, Home, LogReader, Running]]:
    """Run a daemon on the accounts, until it watches them all."""
    with ExitStack() as stack:
        enter: Callable[..., object] = stack.enter_context
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        bus = stack.enter_context(session_bus())
        name_server = stack.enter_context(serving_dns(records()))
        dovecot = stack.enter_context(running())
        proxies = {name: Proxy(dovecot.ports.imap) for name in ACCOUNTS}
        for proxy in proxies.values():
            enter(proxy)
        home = Home(Path(folder))
        home.configure(
            f'[dkim]\nnameservers = ["{name_server.address}"]',
            *(account(name, proxy.port) for name, proxy in proxies.items()),
        )
        enter(desktop(bus, home))
        daemon = stack.enter_context(home.started("run"))
        log = stack.enter_context(LogReader(home))
        drain(daemon)
        await_watching(home, len(ACCOUNTS))
        yield Soak(dovecot, proxies, random.Random(seed)), home, log, daemon


def main() -> None:
    """Soak, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1200.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with staged(options.seed) as (soak, home, log, daemon):
        breaker = threading.Thread(target=soak.break_lines)
        breaker.start()
        deliver_all(soak, daemon, options.seconds)
        soak.is_over.set()
        breaker.join()
        for number in soak.sent:
            log.await_notified(number, LAST_S)
        print_result(soak, home, log)


def deliver_all(soak: Soak, daemon: Running, seconds: float) -> None:
    """Deliver at an even pace; print what the daemon holds on the way."""
    began, count = time.monotonic(), int(seconds * MAILS_A_SECOND)
    marks = {max(1, int(count * share)): share for share in SHARES}
    for number in range(1, count + 1):
        soak.deliver()
        if share := marks.get(number):
            held = Usage.of(daemon)
            print(
                f"at {share:.0%}: {held.resident_mb:.1f} MB, {held.threads} threads, "
                f"{held.descriptors} descriptors",
                flush=True,
            )
        time.sleep(max(0.0, began + number / MAILS_A_SECOND - time.monotonic()))


def print_result(soak: Soak, home: Home, log: LogReader) -> None:
    """Print what was promised and what was kept."""
    came = (EventName.ATTEMPT, EventName.MISSED)
    logged = [sum(log.events[one, name] for name in came) for one in soak.sent]
    notified = [log.events[one, EventName.NOTIFIED] for one in soak.sent]
    faults = sum(map(len, soak.faults.values()))
    print(f"{len(soak.sent)} genuine mails, {faults} faults")
    for what, counts in (("logged", logged), ("notified", notified)):
        never, often = counts.count(0), sum(count > 1 for count in counts)
        print(f"{what}: {never} never, {often} more than once")
    print(f"deadlines overstated by over 1 s: {overstated(soak, home)}")
    lags = [
        log.notified_at[number] - sent.at_s
        for number, sent in soak.sent.items()
        if number in log.notified_at and soak.is_calm(sent, log.notified_at[number])
    ]
    p95_s = statistics.quantiles(lags, n=20, method="inclusive")[18]
    print(
        f"outside outages ({len(lags)} mails): median {statistics.median(lags):.2f} s, "
        f"p95 {p95_s:.2f} s (aim {AIM_S:.0f} s), worst {max(lags):.2f} s"
    )


def overstated(soak: Soak, home: Home) -> int:
    """Return how many attempts are said to live longer than they do."""
    return sum(
        event.about.expires_at
        > soak.sent[event.about.message_id].at + WINDOW + OVERSTATED
        for event in home.events()
        if isinstance(event.about, Attempt) and event.about.message_id in soak.sent
    )


if __name__ == "__main__":
    main()
