"""Notes how attempts ended for the user, and sums it up.

So everybody sees how much time their own budget app leaves; nothing is ever lengthened
by it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from watcher.events import Attempt, EventName
from watcher.journal.reader import JournalReader

if TYPE_CHECKING:
    from watcher.journal.log import Journal


class Outcome(StrEnum):
    """How an attempt ended: with the sign-in, or without."""

    WORKED = "worked"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How the attempts ended of which that was said."""

    worked: int = 0
    failed: int = 0
    slowest: timedelta | None = None
    """The longest, from mail to answer, of those that worked; None: of none is known.

    The answer is that the page was opened, or the code copied, by this program.
    """


def note_outcome(
    journal: "Journal", attempt: Attempt, outcome: Outcome, now: datetime
) -> None:
    """Log how an attempt ended; the last word on it counts."""
    journal.append(EventName.OUTCOME, at=now, about=attempt, detail=outcome)


def read_outcomes(journal: JournalReader) -> Outcomes:
    """Return how the attempts in the log ended."""
    last = {event.about.id: event for event in journal.outcomes()}.values()
    worked = [one.about for one in last if one.detail == Outcome.WORKED]
    spans = [
        answered_at - attempt.began_at
        for attempt in worked
        if (answered_at := journal.answered_at(attempt.id))
    ]
    return Outcomes(
        worked=len(worked),
        failed=sum(one.detail == Outcome.FAILED for one in last),
        slowest=max((one for one in spans if one > timedelta(0)), default=None),
    )
