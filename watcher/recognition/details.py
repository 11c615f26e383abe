"""Reads what a sign-in mail tells of the sign-in: when, on which device, and where.

That is foreign text, which whoever signs in may have chosen: it is shown, and nothing
in it counts as a code or a link.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from watcher.recognition import amazon
from watcher.recognition.html import APART, Page
from watcher.recognition.phrases import says_approve
from watcher.recognition.text import compatible, normal, sanitise


def _key(text: str) -> str:
    """Return the form in which labels are compared, the Turkish letters i alike.

    `re.IGNORECASE` takes them for one letter, and case folding does not.
    """
    return normal(text).replace("ı", "i").replace("i\u0307", "i")


_KINDS = {
    _key(label): kind
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
_LONGEST = max(map(len, _KINDS))
_BULLETS = " *-•・"
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a body, read once."""

    details: Mapping[str, str]
    """Device and place (`device`, `near`), sanitised."""
    other: str
    """The lines that are not about when, where and on which device."""


class _Line(NamedTuple):
    """A line of a body, and what it tells of the sign-in by its labels."""

    text: str
    values: tuple[tuple[str, str], ...] = ()
    is_detail: bool = False


def read_lines(page: Page) -> Lines:
    """Return what the lines of a body say; of a detail the first value counts."""
    details: dict[str, str] = {}
    other: list[str] = []
    for line in _read(page):
        for kind, value in line.values:
            if shown := sanitise(value):  # a zero-width space alone says nothing
                details.setdefault(kind, shown)
        other.append(APART * (APART in line.text) if line.is_detail else line.text)
    details.pop("when", None)  # the signed Date is more exact
    return Lines(details, "\n".join(other))


def _is_sentence(line: str) -> bool:
    """Return whether a line asks or announces something, as no value does."""
    return line.endswith(":") or says_approve(line)


def _kind_of(text: str) -> str | None:
    """Return of what a text is the label; comparing a long one would only take time."""
    return _KINDS.get(_key(text)) if len(text) <= 2 * _LONGEST else None


def _read(page: Page) -> Iterator[_Line]:
    """Yield the lines; a label without a value has it in the next line or cell."""
    pending = None
    is_detail = is_next_cell = False
    for raw in page.text.split("\n"):
        line = " ".join(compatible(raw).split()).strip(_BULLETS)
        if not line:
            is_detail = False
            is_next_cell |= APART in raw
            yield _Line(raw)
            continue
        labels = list(_LABEL.finditer(line)) if _LABEL.match(line) else []
        # Where a value is missing, the next sentence is none; a cell is not missing.
        is_value = pending is not None and not (
            labels or (not is_next_cell and _is_sentence(line))
        )
        is_next_cell = False
        values = [(pending, line)] if pending and is_value else []
        pending = _kind_of(line.rstrip(": "))
        for label, following in zip_longest(labels, labels[1:]):
            end = following.start() if following else len(line)
            if value := line[label.end() : end].strip():
                values.append((_KINDS[_key(label[1])], value))
        # A value may be broken over lines: the number right beneath one is its end.
        is_rest = is_detail and not _LETTER.search(line)
        is_detail = is_value or bool(labels) or pending is not None or is_rest
        yield _Line(raw, tuple(values), is_detail)
