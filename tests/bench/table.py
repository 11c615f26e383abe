"""What a bench measured, beside what is to be reached: a line each."""

from collections.abc import Iterable
from dataclasses import dataclass

HEAD = f"{'what':58} {'now':>9} {'to reach':>9}"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure."""

    what: str
    now: float
    to_reach: float | None = None
    unit: str = "ms"

    def __str__(self) -> str:
        """Return the line."""
        aim = "" if self.to_reach is None else f"{self.to_reach:g}"
        return f"{self.what:58} {self.now:9.4g} {aim:>9} {self.unit}".rstrip()


def print_rows(rows: Iterable[Row]) -> None:
    """Print each figure as soon as it is there."""
    for row in rows:
        print(row, flush=True)
