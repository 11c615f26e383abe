"""Tells which attempt a newer one stands for: the same sign-in, tried again.

A newer one stands for an older that it cannot be told apart from, by account, address,
store, device and place. One from elsewhere may be somebody else's, and takes nothing
away: its link in the place of the user's own would be the one that is pressed. One that
says less than the older is from elsewhere, too: it may be anybody's.
"""

from collections.abc import Sequence
from dataclasses import replace

from watcher.events import Attempt
from watcher.recognition.claim import Claim, Kind

_TELLING = ("store", "device", "near")


class Succession:
    """Knows which attempts stand for which, and to whom those of this run were written.

    The event log does not keep the user's own addresses; nothing is told apart by one
    that is not known.
    """

    def __init__(self) -> None:
        self._written_to: dict[int, str] = {}

    def note(self, attempt: Attempt) -> None:
        """Remember to whom an attempt was written."""
        if attempt.claim.written_to:
            self._written_to[attempt.id] = attempt.claim.written_to

    def forget(self, attempt_id: int) -> None:
        """Forget it: the attempt is over."""
        self._written_to.pop(attempt_id, None)

    def superseded(self, attempts: Sequence[Attempt]) -> list[tuple[Attempt, Attempt]]:
        """Return each for which a newer one of them stands, with the newest such."""
        accounts: dict[str, list[Attempt]] = {}
        for attempt in attempts:
            known = accounts.setdefault(attempt.origin.account, [])
            known.append(self._known(attempt))
        pairs = []
        for known in accounts.values():
            for older in known:
                if newer := [one for one in known if _stands_for(one, older)]:
                    pairs.append((older, max(newer, key=lambda one: one.recency)))
        return pairs

    def find_reported(self, attempts: Sequence[Attempt], sign_in: Claim) -> int | None:
        """Return the newest attempt that a report of a sign-in may be about.

        None also where it may be about several that are not the same sign-in.
        """
        known = [self._known(attempt) for attempt in attempts]
        found = [one for one in known if _may_be(one.claim, sign_in)]
        if not found:
            return None
        newest = max(found, key=lambda one: one.recency)
        is_clear = all(is_same(newest.claim, one.claim) for one in found)
        return newest.id if is_clear else None

    def _known(self, attempt: Attempt) -> Attempt:
        written_to = self._written_to.get(attempt.id)
        return replace(attempt, claim=replace(attempt.claim, written_to=written_to))


def is_same(one: Claim, other: Claim) -> bool:
    """Return whether both say the same of a sign-in, as far as anybody can tell."""
    is_alike = all(getattr(one, name) == getattr(other, name) for name in _TELLING)
    return is_alike and _are_compatible(one.written_to, other.written_to)


def _may_be(one: Claim, other: Claim) -> bool:
    """Return whether nothing that both say of a sign-in tells them apart."""
    names = (*_TELLING, "written_to")
    said = ((getattr(one, name), getattr(other, name)) for name in names)
    return all(_are_compatible(ours, theirs) for ours, theirs in said)


def _are_compatible(one: str | None, other: str | None) -> bool:
    return not (one and other) or one == other


def _stands_for(newer: Attempt, older: Attempt) -> bool:
    """Return whether an attempt is a newer one of an account's same sign-in.

    A code stays good for all that anybody knows until there is a newer code.
    """
    kinds = (newer.kind, older.kind)
    return (
        Kind.UNKNOWN not in kinds
        and kinds != (Kind.APPROVAL, Kind.CODE)
        and newer.recency > older.recency
        and is_same(newer.claim, older.claim)
    )
