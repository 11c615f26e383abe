"""Remembers in the event log where the user has left the guide, app by app."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watcher.app.places import GUIDE
from watcher.clock import iso
from watcher.guide.steps import Place
from watcher.journal.log import Journal

KEPT_FOR = timedelta(days=1)
"""After this, who begins again has surely forgotten where they were."""

LASTS = timedelta(minutes=5)
"""How long the app waits for the approval; after this, only another try helps."""


@dataclass(frozen=True, slots=True)
class Left:
    """Where the user was, and when they came there."""

    place: Place
    at: datetime

    def resume(self, now: datetime) -> Place | None:
        """Return where to go on; None where it is no other place than the start."""
        age = now - self.at
        if self.place is Place.PREPARE or not timedelta(0) <= age <= KEPT_FOR:
            return None
        is_urgent = self.place in (Place.WAIT, Place.APPROVE)
        return Place.AGAIN if is_urgent and age > LASTS else self.place


def read_left(journal: Journal, app: str) -> Left | None:
    """Return where the guide of an app was left; None if it was not."""
    kept: Any = _read(journal).get(app)
    try:
        at = datetime.fromisoformat(kept["at"])
        return Left(Place(kept["place"]), at) if at.tzinfo else None
    except (KeyError, TypeError, ValueError):  # nothing, or of another version
        return None


def write_left(journal: Journal, app: str, left: Left | None) -> None:
    """Store where the guide of an app is; None: it came to its end."""
    others = {name: kept for name, kept in _read(journal).items() if name != app}
    if left:
        others[app] = {"place": left.place.value, "at": iso(left.at)}
    journal.put_session(GUIDE, others)


def _read(journal: Journal) -> Mapping[str, Any]:
    return journal.session(GUIDE)
