"""Measures the whole road: from the server's announcement to the notification.

    python -m tests.bench.bench_road [MAILS]

In one run, on one Dovecot and one mailbox: a bare socket client that does IDLE, EXISTS
and FETCH and nothing else, and `watcher run`, which also parses, asks DNS for the key,
verifies, stores and notifies. A third of the mails is delivered while the one before
it is fetched, into the gap between SEARCH and IDLE, and measured from its delivery.
"""

import os
import re
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.bench.bench_accounts import user
from tests.bench.bench_imap import Announcements, BareClient, described, wait_until
from tests.bench.table import Row
from tests.environment import CONNECTED, Home, MailUser, Running
from tests.sample_mails import records
from tests.servers import running, serving_dns

USER = user(0)
REST_S = 0.6  # so that both are at rest in IDLE again


class Screen:
    """Reads what the daemon shows on its terminal, and notes when."""

    def __init__(self, daemon: Running) -> None:
        self.shown_at: dict[str, float] = {}
        threading.Thread(target=self._read, args=(daemon,), daemon=True).start()

    def _read(self, daemon: Running) -> None:
        text = ""
        while True:
            try:
                data = os.read(daemon.terminal, 65536)
            except OSError:
                return
            now = time.monotonic()
            text = text[-4096:] + data.decode(errors="replace")
            for link in re.findall(r"https://\S+/a/c/r/[0-9a-f]{32}", text):
                self.shown_at.setdefault(link, now)

    def await_link(self, link: str) -> float:
        """Return when a link was shown."""
        wait_until(partial(self.shown_at.__contains__, link))
        return self.shown_at[link]


@dataclass(slots=True)
class Race:
    """The daemon and a bare client, each behind a proxy that hears announcements."""

    mail_user: MailUser
    screen: Screen
    bare: BareClient
    road: Announcements
    other: Announcements
    at_rest: list[float] = field(default_factory=list)
    bare_at_rest: list[float] = field(default_factory=list)
    in_the_gap: list[float] = field(default_factory=list)

    def run(self, count: int) -> None:
        """Deliver so many mails, every third of them right behind another one."""
        for number in range(count):
            if number % 3 == 2:
                self.deliver_into_the_gap()
            else:
                self.deliver_at_rest()
            time.sleep(REST_S)

    def deliver_at_rest(self) -> None:
        count = len(self.bare.seen_at)
        link = self.mail_user.approval()
        shown_at = self.screen.await_link(link)
        wait_until(partial(self.bare.has_seen, count + 1))
        self.at_rest.append(shown_at - self.road.at)
        self.bare_at_rest.append(self.bare.seen_at[-1] - self.other.at)

    def deliver_into_the_gap(self) -> None:
        """Deliver while the answer with the mail before is held on its way."""
        second: list[tuple[str, float]] = []
        overhear = self.road.proxy.overhear

        def deliver(data: bytes) -> None:
            overhear(data)
            if (b"BODY[]" in data or b"BODY[HEADER]" in data) and not second:
                second.append((self.mail_user.approval(), time.monotonic()))

        self.road.proxy.overhear = deliver
        self.screen.await_link(self.mail_user.approval())
        self.road.proxy.overhear = overhear
        ((link, delivered_at),) = second
        self.in_the_gap.append(self.screen.await_link(link) - delivered_at)


def rows() -> Iterator[Row]:
    """Measure the notification beside a bare client that has the mail."""
    race = run(60)
    over_s = statistics.median(race.at_rest) - statistics.median(race.bare_at_rest)
    yield Row("notification over the bare client", 1000 * over_s, 6)
    gap_s = statistics.median(race.in_the_gap)
    yield Row("notification of a mail in the gap before IDLE", 1000 * gap_s)


def main(count: int) -> None:
    """Deliver so many mails and print what they took."""
    race = run(count)
    print(described("bare client, from announcement to fetched", race.bare_at_rest))
    print(described("watcher run, from announcement to shown", race.at_rest))
    print(described("watcher run, in the gap, from delivery", race.in_the_gap))


def run(count: int) -> Race:
    """Deliver so many mails to a daemon and to a bare client."""
    with (
        running() as dovecot,
        serving_dns(records()) as name_server,
        tempfile.TemporaryDirectory() as folder,
    ):
        mail_user = MailUser(Home(Path(folder)), dovecot, name_server, USER)
        road, other = (Announcements(dovecot.ports.imap) for _ in range(2))
        with road.proxy, other.proxy:
            mail_user.configure(
                mail_user.account(
                    host='"127.0.0.1"', port=str(road.proxy.port), tls='"none"'
                ),
                mode="idle",
            )
            with mail_user.home.started("run") as daemon:
                daemon.await_text(CONNECTED)
                race = Race(mail_user, Screen(daemon), bare(other), road, other)
                race.run(count)
    return race


def bare(announcements: Announcements) -> BareClient:
    return BareClient(announcements.proxy.port, USER)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
