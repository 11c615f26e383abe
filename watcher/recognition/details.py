"""Reads when, on what device and where the sign-in came from, as Amazon writes it.

Foreign text: it is shown, never acted on, and leaves here harmless.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from watcher.recognition import amazon
from watcher.recognition.html import Page
from watcher.recognition.plain import compatible, harmless, normal

_KINDS = {
    normal(label): kind
    for wording in amazon.WORDINGS
    for kind, labels in (
        ("when", wording.when),
        ("device", wording.device),
        ("near", wording.near),
    )
    for label in labels
}
_LABEL = re.compile(
    r"(?:^|(?<=\s))("
    + "|".join(re.escape(label) for label in sorted(_KINDS, key=len, reverse=True))
    + r")\s?:\s?",
    re.IGNORECASE,
)
_BULLETS = " *-•・"


@dataclass(frozen=True, slots=True)
class Details:
    """What Amazon says of the attempt, one harmless line each."""

    when: str | None = None
    device: str | None = None
    near: str | None = None


def find_details(bodies: tuple[Page, ...]) -> Details:
    """Return the details; of several values of one kind the first counts."""
    found: dict[str, str] = {}
    for page in bodies:
        for kind, value in _labelled(_lines(page.text)):
            found.setdefault(kind, harmless(value))
    return Details(**found)


def _lines(text: str) -> list[str]:
    lines = (
        " ".join(line.split()).strip(_BULLETS) for line in compatible(text).split("\n")
    )
    return [line for line in lines if line]


def _labelled(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield kinds and values; a label without one has it in the next line or cell."""
    pending = None
    for line in lines:
        labels = list(_LABEL.finditer(line)) if _LABEL.match(line) else []
        if pending and not labels:
            yield pending, line
        pending = _KINDS.get(normal(line.rstrip(": ")))
        for label, following in zip_longest(labels, labels[1:]):
            end = following.start() if following else len(line)
            if value := line[label.end() : end].strip():
                yield _KINDS[normal(label[1])], value
