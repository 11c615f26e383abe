"""When the time of an attempt is over, by three clocks of which each may be wrong.

Amazon's clock wrote the signed Date, the mail server's the INTERNALDATE, and this
machine's shows the user the time. What cannot be set is the time since boot, so that is
the scale of all that is reckoned here. A mail that was not there at the last sync came
between that sync and the moment in which it was seen: a server's clock that says
otherwise is wrong, or this machine's is, or the mail was moved here. What such a mail
shows of the server's clock belongs to the account (`ServerClock`).

Pure: no clock is read here.
"""

from dataclasses import dataclass
from datetime import datetime
from math import inf

from watcher.events import Arrival

AGREE_S = 2.0
"""Clocks that are right differ by less: INTERNALDATE and Date are cut to seconds."""

LATE_S = 30.0
"""How long a server may take to announce a mail."""

FUTURE_S = 5.0
"""What lies further ahead of a clock than this shows that the clock is wrong."""

TRANSIT_S = 600.0
"""Mail takes less; a local time labelled +0000 differs by a quarter of an hour."""


@dataclass(frozen=True, slots=True)
class ServerClock:
    """What the server's clock shows at boot: seconds since the epoch, within bounds.

    A mail that was moved here has an old INTERNALDATE, which only lowers `least_s`; its
    SAVEDATE is new (RFC 8514).
    """

    least_s: float
    most_s: float

    @classmethod
    def of(cls, arrival: Arrival) -> "ServerClock | None":
        """Return what a mail shows that was seen to arrive; None of any other."""
        seen = arrival.seen
        if seen.absent_s is None:
            return None
        shown_s = (arrival.saved_at or arrival.received_at).timestamp()
        return cls(shown_s - seen.boot_s, shown_s + 1.0 - seen.absent_s)

    def joined(self, newer: "ServerClock") -> "ServerClock":
        """Return what both show together, or the newer where they disagree.

        That a mail was moved shows nothing new: the clock is not put back by it.
        """
        if self.overlaps(newer):
            least_s = max(self.least_s, newer.least_s)
            return ServerClock(least_s, max(least_s, min(self.most_s, newer.most_s)))
        return self if self.is_ahead_of(newer) else newer

    def is_ahead_of(self, newer: "ServerClock") -> bool:
        """Return whether a mail that shows `newer` was moved here, by this clock."""
        return newer.most_s < self.least_s

    def overlaps(self, other: "ServerClock") -> bool:
        """Return whether both may speak of the same clock."""
        least_s = max(self.least_s, other.least_s)
        return least_s <= min(self.most_s, other.most_s) + AGREE_S

    def is_about(self, other: "ServerClock", within_s: float) -> bool:
        """Return whether both bounds are the same but for so many seconds."""
        apart = (self.least_s - other.least_s, self.most_s - other.most_s)
        return max(map(abs, apart)) < within_s

    def agrees(self, at_boot_s: float) -> bool:
        """Return whether a clock that shows this at boot may show the same.

        Some servers announce mail late: then this machine only seems to be ahead.
        """
        return self.least_s - AGREE_S <= at_boot_s <= self.most_s + LATE_S


@dataclass(frozen=True, slots=True)
class Times:
    """What is known of one mail's time."""

    attempted_at: datetime | None
    """The signed Date."""
    arrival: Arrival

    @property
    def transit_s(self) -> float:
        """How long the mail took, by Amazon's and the server's clocks."""
        if self.attempted_at is None:
            return 0.0
        return (self.arrival.received_at - self.attempted_at).total_seconds()

    @property
    def servers_agree(self) -> bool:
        """Whether the two servers' clocks can both be right."""
        return -FUTURE_S <= self.transit_s <= TRANSIT_S


@dataclass(frozen=True, slots=True)
class End:
    """The latest end of an attempt, on the scale of the time since boot."""

    boot_s: float
    is_certain: bool = True
    """False: a clock is wrong, nobody knows by how much; it may be over already."""


@dataclass(frozen=True, slots=True)
class Machine:
    """This machine's clocks at one instant."""

    boot_s: float
    at_boot_s: float
    """What its wall clock would have shown at boot: seconds since the epoch."""
    is_synchronised: bool | None = True
    """False: the kernel says that no server has set the wall clock; None: nothing."""


def find_deadline(
    times: Times,
    server: ServerClock | None,
    machine: Machine,
    window_s: float,
    latest_s: float = inf,
) -> End:
    """Return when the time of an attempt is over; never more than the window away.

    `latest_s` is when it is over whatever these clocks show.
    """
    deadline = _find(times, server, machine, window_s)
    latest_s = min(latest_s, times.arrival.seen.boot_s + window_s)
    return End(min(deadline.boot_s, latest_s), deadline.is_certain)


def _find(
    times: Times, server: ServerClock | None, machine: Machine, window_s: float
) -> End:
    own = ServerClock.of(times.arrival)
    if own is not None and server is not None and server.is_ahead_of(own):
        own = None  # the mail was moved here
    known = server or own
    by_machine = _by_machine(times, machine, window_s)
    if own is not None and own.agrees(machine.at_boot_s):
        return by_machine  # it has just come, by the server and by this machine
    if known is None:
        return _of_unknown_age(times, machine, window_s, by_machine)
    if known.agrees(machine.at_boot_s):
        return by_machine
    if not times.servers_agree:
        return _by_date(times, machine, window_s, by_machine)
    is_age_shown = server is not None or times.arrival.saved_at is not None
    if not is_age_shown and _is_old(times, machine):
        return _of_moved_or_clock_ahead(times, machine, window_s, by_machine)
    arrived_s = times.arrival.received_at.timestamp() - known.most_s
    return End(arrived_s - max(0.0, times.transit_s) + window_s)


def _by_machine(times: Times, machine: Machine, window_s: float) -> End:
    """Trust this machine's clock: count from the Date, unless that lies ahead of it."""
    started = times.attempted_at or times.arrival.received_at
    if -TRANSIT_S <= times.transit_s < 0.0:  # nobody knows which of the two is wrong
        started = times.arrival.received_at
    started_s = started.timestamp() - machine.at_boot_s
    if started_s > times.arrival.seen.boot_s + FUTURE_S:
        received_s = times.arrival.received_at.timestamp() - machine.at_boot_s
        started_s = min(started_s, received_s, times.arrival.seen.boot_s)
    return End(started_s + window_s)


def _of_unknown_age(
    times: Times, machine: Machine, window_s: float, by_machine: End
) -> End:
    """Judge a mail that may have been there for long, on an account not known yet."""
    received_s = times.arrival.received_at.timestamp() - machine.at_boot_s
    is_ahead = received_s > times.arrival.seen.boot_s + FUTURE_S
    if not is_ahead:
        return _unless_clock_ahead(times, machine, window_s, by_machine)
    if not times.servers_agree:
        return _by_date(times, machine, window_s, by_machine)
    # Both servers are ahead of this machine: its clock is behind by that at least.
    return End(times.arrival.seen.boot_s - max(0.0, times.transit_s) + window_s, False)


def _unless_clock_ahead(
    times: Times, machine: Machine, window_s: float, by_machine: End
) -> End:
    """Doubt an end that is past by this machine's clock alone, if nobody has set that.

    A newer mail may show that it is past by the server's clock, too.
    """
    is_over = by_machine.boot_s <= machine.boot_s
    if machine.is_synchronised is not False or not is_over or not times.servers_agree:
        return by_machine
    seen, received_at = times.arrival.seen, times.arrival.received_at
    newer = max(seen.newest_at or received_at, received_at) - received_at
    age_s = newer.total_seconds() + max(0.0, times.transit_s)
    latest_s = seen.boot_s - age_s + window_s
    return End(latest_s, False) if latest_s > machine.boot_s else by_machine


def _by_date(times: Times, machine: Machine, window_s: float, by_machine: End) -> End:
    """Believe the Date where this machine bears it out, since the servers disagree."""
    if times.attempted_at is not None:
        started_s = times.attempted_at.timestamp() - machine.at_boot_s
        age_s = times.arrival.seen.boot_s - started_s
        if -FUTURE_S <= age_s <= TRANSIT_S:
            return by_machine
    if times.arrival.seen.absent_s is None:
        return by_machine
    return End(times.arrival.seen.boot_s + window_s, False)


def _is_old(times: Times, machine: Machine) -> bool:
    """Return whether by this machine it came before the sync that did not see it."""
    absent_s = times.arrival.seen.absent_s
    received_s = times.arrival.received_at.timestamp() - machine.at_boot_s
    return absent_s is not None and received_s < absent_s - AGREE_S


def _of_moved_or_clock_ahead(
    times: Times, machine: Machine, window_s: float, by_machine: End
) -> End:
    """Judge a first mail that is old by both servers: it was moved, or the clock leads.

    A clock that is right makes it old; while that leaves time, the shorter time is
    told. A clock that leads makes it new.
    """
    is_alive = by_machine.boot_s > machine.boot_s
    if is_alive and machine.is_synchronised is not False:
        return by_machine
    latest_s = times.arrival.seen.boot_s - max(0.0, times.transit_s) + window_s
    return End(latest_s, False)
