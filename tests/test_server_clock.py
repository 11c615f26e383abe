"""The server's clock is found by the ages of mails, where it searches by age."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.imap_server import STEADY, Peer, Server, clear
from watcher.imap.server_clock import TOLERANCE_S, clock_ahead_s
from watcher.setup.probe import connected

pytestmark = pytest.mark.timeout(60)

MINUTE_S, DAY_S = 60, 86400
SENT = b"Subject: a\r\n\r\nb\r\n"


class Clocks:
    """A server that searches by its own clock, and a machine with another one."""

    def __init__(self, ahead_s: float, age_s: float, *, within: bool = True) -> None:
        self.now = datetime(2026, 11, 27, 12, tzinfo=UTC)
        """What the server's clock shows."""
        self.ahead_s = ahead_s
        self.age_s = age_s
        self.server = Server(capabilities="IMAP4rev1" + " WITHIN" * within)
        self.server.add(SENT)
        self.server.ahead = timedelta(0)
        self.server.faults["SEARCH"] = self._search
        self.server.faults["FETCH"] = self._fetch

    def compared(self) -> float | None:
        def now() -> datetime:
            return self.now + timedelta(seconds=self.ahead_s)

        with self.server, connected(clear(self.server.port), timeouts=STEADY) as it:
            it.examine("INBOX")
            return clock_ahead_s(it, now)

    def _search(self, peer: Peer, tag: str) -> None:
        asked = re.search(r"YOUNGER (\d+)", self.server.commands[-1])
        found = "1" if asked is None or self.age_s <= int(asked[1]) else ""
        peer.send(f"* SEARCH {found}".rstrip(), f"{tag} OK done")

    def _fetch(self, peer: Peer, tag: str) -> None:
        at = self.now - timedelta(seconds=self.age_s)
        date = f"{at.day:2}-Nov-{at:%Y %H:%M:%S} +0000"
        peer.send(f'* 1 FETCH (UID 1 INTERNALDATE "{date}")', f"{tag} OK done")

    @property
    def searches(self) -> list[str]:
        return [one for one in self.server.commands if "YOUNGER" in one]


@pytest.mark.parametrize("age_s", [0, 5, 40, MINUTE_S, 20 * DAY_S])
@pytest.mark.parametrize("ahead_s", [0, -10, 10])
def test_clocks_that_agree_take_two_searches(ahead_s: float, age_s: float) -> None:
    clocks = Clocks(ahead_s, age_s)

    # a mail of this moment, seen by a clock that is behind, costs the long way
    compared = clocks.compared()

    assert compared is not None
    assert abs(compared) <= TOLERANCE_S
    if ahead_s >= 0 or age_s >= -ahead_s:
        assert (compared, len(clocks.searches) <= 2) == (0, True)


@pytest.mark.parametrize("age_s", [0, MINUTE_S, DAY_S, 20 * DAY_S])
@pytest.mark.parametrize("ahead_s", [-400 * DAY_S, -DAY_S, -90, 90, 600, 400 * DAY_S])
def test_by_how_much_they_differ_is_found(ahead_s: float, age_s: float) -> None:
    compared = Clocks(ahead_s, age_s).compared()

    assert compared is not None
    assert abs(compared - ahead_s) <= TOLERANCE_S


@pytest.mark.parametrize(
    ("ahead_s", "age_s", "told"), [(-600, 60, -540), (-600, 700, None), (600, 5, None)]
)
def test_without_a_search_by_age_only_a_mail_of_the_future_tells(
    ahead_s: float, age_s: float, told: float | None
) -> None:
    assert Clocks(ahead_s, age_s, within=False).compared() == told


def test_a_search_that_is_refused_is_no_measure() -> None:
    clocks = Clocks(600, 5)
    clocks.server.faults["SEARCH"] = lambda peer, tag: (
        peer.send(f"{tag} BAD what")
        if "YOUNGER" in clocks.server.commands[-1]
        else peer.send("* SEARCH 1", f"{tag} OK done")
    )

    assert clocks.compared() is None


def test_an_empty_mailbox_and_a_mail_without_a_date_are_no_measure() -> None:
    empty, dateless = Clocks(600, 5), Clocks(600, 5)
    empty.server.faults["SEARCH"] = lambda peer, tag: peer.send(
        "* SEARCH", f"{tag} OK done"
    )
    dateless.server.faults["FETCH"] = lambda peer, tag: peer.send(f"{tag} NO")

    assert empty.compared() is None
    assert dateless.compared() is None
