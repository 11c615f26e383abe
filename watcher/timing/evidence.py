"""Whether this machine's clock is provably wrong, by mails that Amazon signed.

A signed Date that lies ahead of this machine's clock proves that the clock is behind.
That it is ahead no single mail proves: one that was moved here is as old as it looks.
So two are needed that were seen to arrive and show the same error. Mails that were
moved together, or that waited together while a virtual machine was paused, differ in it
by as much as they came apart. Where the kernel says that a time server has set the
clock, the two have to come to two accounts, too.

Pure: no clock is read here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from math import inf
from typing import Any, Self

from watcher.timing.deadline import (
    AGREE_S,
    FUTURE_S,
    LATE_S,
    Machine,
    ServerClock,
    Times,
)

WRONG_S = 90.0
"""From this error on a clock misleads the user: a third of the usual five minutes."""

SAME_S = 5.0
"""Two readings of a clock that nobody has set are closer to each other."""

FRESH_S = 86400.0
"""How long a Date shows how late it is, though the time since boot drifts."""

WITNESSES = 4
"""Mails that are kept until another one shows the same."""


@dataclass(frozen=True, slots=True)
class SignedDate:
    """A signed Date, which is past since it was seen."""

    least_s: float
    """No earlier was the true time at boot, in seconds since the epoch."""
    seen_s: float
    at_boot_s: float
    """What this machine's clock would have shown at boot, when it was seen."""


@dataclass(frozen=True, slots=True)
class Witness:
    """What a mail shows of the true time at boot, if it has not been moved here."""

    account: str
    received_s: float
    least_s: float
    most_s: float
    at_boot_s: float

    @property
    def clock(self) -> ServerClock:
        """The bounds of the true time at boot."""
        return ServerClock(self.least_s, self.most_s)

    def confirms(self, other: "Witness", machine: Machine) -> bool:
        """Return whether both show the same, and no common delay explains it."""
        widths_s = self.most_s - self.least_s + other.most_s - other.least_s
        apart_s = abs(self.received_s - other.received_s)
        is_independent = self.account != other.account or not machine.is_synchronised
        return (
            is_independent
            and abs(self.at_boot_s - other.at_boot_s) < SAME_S
            and apart_s > widths_s + AGREE_S
            and self.clock.overlaps(other.clock)
        )


def _facts_of(one: SignedDate | Witness) -> dict[str, Any]:
    """Return the fields, of which none holds others: `asdict` would look, for long."""
    return {field.name: getattr(one, field.name) for field in fields(one)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What verified mails have shown since boot."""

    signed: SignedDate | None = None
    witnesses: tuple[Witness, ...] = ()
    agreed: Witness | None = None
    """What two of them show together."""

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """Return what `to_facts` has written."""
        signed, agreed = facts.get("signed"), facts.get("agreed")
        return cls(
            signed=SignedDate(**signed) if signed else None,
            witnesses=tuple(Witness(**one) for one in facts.get("witnesses", ())),
            agreed=Witness(**agreed) if agreed else None,
        )

    def to_facts(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        return {
            "signed": self.signed and _facts_of(self.signed),
            "witnesses": [_facts_of(one) for one in self.witnesses],
            "agreed": self.agreed and _facts_of(self.agreed),
        }

    def learned(self, account: str, times: Times, machine: Machine) -> "Evidence":
        """Return it with what a mail shows whose Date is verified."""
        if times.attempted_at is None:
            return self
        seen_s = times.arrival.seen.boot_s
        least_s = times.attempted_at.timestamp() - seen_s
        signed = self.signed
        if not (signed and _holds(signed, machine) and signed.least_s >= least_s):
            signed = SignedDate(least_s, seen_s, machine.at_boot_s)
        learned = replace(self, signed=signed)
        witness = _witness(account, times, machine)
        return learned._joined(witness, machine) if witness else learned

    def _joined(self, witness: Witness, machine: Machine) -> "Evidence":
        others = [one for one in self.witnesses if one.confirms(witness, machine)]
        agreed = self.agreed
        if others:
            clock = others[-1].clock.joined(witness.clock)
            agreed = replace(witness, least_s=clock.least_s, most_s=clock.most_s)
        witnesses = (*self.witnesses, witness)[-WITNESSES:]
        return replace(self, witnesses=witnesses, agreed=agreed)

    def true_time(self, machine: Machine) -> ServerClock | None:
        """Return what two mails show, unless the clock was set since.

        Then it may have been put right after a pause that the time since boot leaves
        out.
        """
        if self.agreed and _is_unset(self.agreed.at_boot_s, machine):
            return self.agreed.clock
        return None

    def least_s(self, machine: Machine) -> float | None:
        """Return what the true time at boot was at least."""
        is_known = self.signed and _holds(self.signed, machine)
        return self.signed.least_s if self.signed and is_known else None

    def latest_s(self, times: Times, machine: Machine, window_s: float) -> float:
        """Return when on the scale of boot time an attempt is over at the latest."""
        least_s = self.least_s(machine)
        if times.attempted_at is None or least_s is None:
            return inf
        return times.attempted_at.timestamp() - least_s + window_s

    def error_s(self, machine: Machine) -> float | None:
        """Return by how much the clock is ahead, below 0 if it is behind at least so.

        None: it is not known to be wrong by more than `WRONG_S`.
        """
        least_s, true_time = self.least_s(machine), self.true_time(machine)
        if least_s is not None and machine.at_boot_s < least_s - WRONG_S:
            return machine.at_boot_s - least_s
        if true_time and machine.at_boot_s > true_time.most_s + WRONG_S:
            return machine.at_boot_s - (true_time.least_s + true_time.most_s) / 2
        return None


def _witness(account: str, times: Times, machine: Machine) -> Witness | None:
    """Return what a mail shows that was seen to arrive, soon after it was signed."""
    clock = ServerClock.of(times.arrival)
    if clock is None or not -FUTURE_S <= times.transit_s <= LATE_S:
        return None
    received_s = times.arrival.received_at.timestamp()
    bounds = (clock.least_s, clock.most_s)
    return Witness(account, received_s, *bounds, machine.at_boot_s)


def _holds(signed: SignedDate, machine: Machine) -> bool:
    is_fresh = machine.boot_s - signed.seen_s < FRESH_S
    return is_fresh or _is_unset(signed.at_boot_s, machine)


def _is_unset(at_boot_s: float, machine: Machine) -> bool:
    return abs(machine.at_boot_s - at_boot_s) < SAME_S
