"""Reads what a sign-in mail tells of the sign-in: when, on which device, and where.

That is foreign text, which whoever signs in may have chosen: it is shown, and nothing
in it counts as a code or a link.
"""

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from watcher.recognition import amazon
from watcher.recognition.html import Page
from watcher.recognition.phrases import says_approve
from watcher.recognition.text import compatible, normal, sanitise

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


class Line(NamedTuple):
    """A line of a body, and what it tells of the sign-in by its labels."""

    text: str
    values: tuple[tuple[str, str], ...] = ()
    is_detail: bool = False


def find_details(bodies: tuple[Page, ...]) -> dict[str, str]:
    """Return device and place (`device`, `near`), sanitised; the first value counts."""
    found: dict[str, str] = {}
    for page in bodies:
        for line in _read(page):
            for kind, value in line.values:
                found.setdefault(kind, sanitise(value))
    found.pop("when", None)  # the signed Date is more exact
    return found


def other_lines(page: Page) -> list[str]:
    """Return the lines that are not about when, where and on which device."""
    return [line.text for line in _read(page) if not line.is_detail]


def _is_sentence(line: str) -> bool:
    """Return whether a line asks or announces something, as no value does."""
    return line.endswith(":") or says_approve(line)


def _read(page: Page) -> Iterator[Line]:
    """Yield the lines; a label without a value has it in the next line or cell."""
    pending = None
    for raw in page.text.split("\n"):
        line = " ".join(compatible(raw).split()).strip(_BULLETS)
        if not line:
            continue
        labels = list(_LABEL.finditer(line)) if _LABEL.match(line) else []
        # Where a value is missing, the next sentence is none.
        is_value = pending is not None and not (labels or _is_sentence(line))
        values = [(pending, line)] if pending and is_value else []
        pending = _KINDS.get(normal(line.rstrip(": ")))
        for label, following in zip_longest(labels, labels[1:]):
            end = following.start() if following else len(line)
            if value := line[label.end() : end].strip():
                values.append((_KINDS[normal(label[1])], value))
        is_detail = is_value or bool(labels) or pending is not None
        yield Line(raw, tuple(values), is_detail)
