"""What the guide knows of an app: its steps, as data, with date and source.

Apps change their screens. So the steps of each stand in a file of its own in `apps`,
and nothing else of the program knows what a screen says.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from watcher.i18n import Text


class Place(StrEnum):
    """Where the user is; these names are stored."""

    PREPARE = "prepare"
    """Nothing is urgent yet."""
    WAIT = "wait"
    """The app signs in: Amazon's mail comes."""
    APPROVE = "approve"
    """The mail is there."""
    FINISH = "finish"
    """It is approved: back to the app."""
    AGAIN = "again"
    """It failed: what to do before it is begun again."""


ORDER = (Place.PREPARE, Place.WAIT, Place.APPROVE, Place.FINISH)
"""The places whose steps are numbered, one after the other."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, in the words of the screen."""

    act: Text
    beware: Text | None = None
    """What misleads here, or goes wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSteps:
    """The steps by which one app is linked to Amazon."""

    name: str
    """As it is typed on the command line."""
    title: Text
    read_on: date
    """When the source was read: what the app shows today may differ."""
    source: Text
    prepare: tuple[Step, ...]
    wait: tuple[Step, ...]
    approve: tuple[Step, ...]
    finish: tuple[Step, ...]
    again: tuple[Step, ...]
    call: Text
    """The one thing to do once the mail is there."""
    failure: Text
    """How the app says that it failed."""
    without_mail: Text | None = None
    """What to do where the app may finish without a mail; None: one is needed."""

    @property
    def steps(self) -> dict[Place, tuple[Step, ...]]:
        """What is to be done at each place."""
        return {
            Place.PREPARE: self.prepare,
            Place.WAIT: self.wait,
            Place.APPROVE: self.approve,
            Place.FINISH: self.finish,
            Place.AGAIN: self.again,
        }

    def numbered(self, place: Place) -> Iterator[tuple[int, Step]]:
        """Yield the steps of a place with their numbers; those of AGAIN from 1."""
        before = ORDER[: ORDER.index(place)] if place in ORDER else ()
        first = 1 + sum(len(self.steps[one]) for one in before)
        yield from enumerate(self.steps[place], first)

    def span(self, place: Place) -> str:
        """Return the numbers of the steps of a place, like `6-9`."""
        numbers = [number for number, _ in self.numbered(place)]
        first, last = numbers[0], numbers[-1]
        return str(first) if first == last else f"{first}-{last}"
