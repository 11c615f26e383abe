"""What the mails of an account have shown of its server's clock, kept over restarts.

The time since boot is the scale, so that setting this machine's clock changes nothing;
after the next boot all is learned anew.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from watcher.app.machine_clock import read_machine
from watcher.clock import boot_id
from watcher.events import Arrival, Deadline
from watcher.journal.log import Journal
from watcher.timing.deadline import Machine, ServerClock, Times, find_deadline
from watcher.timing.evidence import Evidence

STORE_FROM_S = 0.5
"""Bounds that are narrower by less are not worth a write."""


class AccountClocks:
    """Knows each account's server clock, and by it the deadline of a mail."""

    def __init__(
        self,
        journal: Journal,
        machine: Callable[[datetime], Machine] = read_machine,
    ) -> None:
        self._journal = journal
        self._machine = machine
        self._boot_id = boot_id()
        self._known: dict[str, ServerClock | None] = {}
        self._newest: dict[str, tuple[Arrival, ServerClock | None]] = {}
        """The last mail of each account, and what was known before it."""
        self._stored: dict[str, ServerClock] = {}

    def kept(self) -> Callable[[], None]:
        """Return what forgets all that is learned from now on."""
        before = dict(self._known), dict(self._newest), dict(self._stored)

        def restore() -> None:
            self._known, self._newest, self._stored = before

        return restore

    def note(self, account: str, arrival: Arrival, now: datetime) -> None:
        """Learn from a mail, if it was seen to arrive."""
        shown = ServerClock.of(arrival)
        newest = self._newest.get(account)
        if shown is None or (newest and newest[0] == arrival):
            return
        known = self._of(account)
        self._newest[account] = (arrival, known)
        clock = known.joined(shown) if known else shown
        if clock is known and shown.agrees(self._machine(now).at_boot_s):
            clock = shown  # the server's clock was put right: no mail was moved
        self._known[account] = clock
        stored = self._stored.get(account)
        if stored is None or not stored.is_about(clock, STORE_FROM_S):
            self._stored[account] = clock
            self._journal.put_server_clock(
                account, self._boot_id, clock.least_s, clock.most_s
            )

    def deadline(
        self,
        account: str,
        times: Times,
        window: timedelta,
        now: datetime,
        evidence: Evidence,
    ) -> Deadline:
        """Return when an attempt is over by this machine's clock, right or wrong."""
        machine, window_s = self._machine(now), window.total_seconds()
        server = self._without(account, times.arrival) or evidence.true_time(machine)
        latest_s = evidence.latest_s(times, machine, window_s)
        found = find_deadline(times, server, machine, window_s, latest_s)
        ends_s = round(machine.at_boot_s + found.boot_s, 3)
        return Deadline(datetime.fromtimestamp(ends_s, UTC), found.is_certain)

    def _without(self, account: str, arrival: Arrival) -> ServerClock | None:
        """Return what other mails showed: one cannot prove its own age."""
        newest = self._newest.get(account)
        if newest and newest[0] == arrival:
            return newest[1]
        return self._of(account)

    def _of(self, account: str) -> ServerClock | None:
        if account not in self._known:
            stored = self._journal.server_clock(account, self._boot_id)
            self._known[account] = ServerClock(*stored) if stored else None
        return self._known[account]
