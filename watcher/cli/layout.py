"""Lays text out in columns; a full-width character takes two of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from watcher.i18n import columns_of, wrap_columns

MARGIN = 2
TERM_COLUMNS = 20
"""If a term is wider, or leaves too little room for what it means, every term of its
section stands on a line of its own."""
CONTINUED = 4
"""The indent of what is continued on the next line."""
LEAST_COLUMNS = 20
"""The narrowest text; a terminal that is narrower breaks its lines itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a page: a title, text, and terms with what they mean."""

    title: str = ""
    paragraphs: Sequence[str] = ()
    points: Sequence[str] = ()
    """Paragraphs of a list."""
    entries: Sequence[tuple[str, str]] = ()
    """Terms with their meanings, which may have several lines."""


def hang(text: str, columns: int, indent: int = 0) -> str:
    """Return a text in lines; all but the first are indented.

    Args:
        text: what is wrapped, each of its lines by itself.
        columns: the width of the whole, what stands before the text included.
        indent: how many columns stand before the text.
    """
    room = max(columns - indent, LEAST_COLUMNS)
    lines = (line for one in text.split("\n") for line in wrap_columns(one, room))
    return ("\n" + " " * indent).join(lines)


def fit(text: str, columns: int | None, indent: int = CONTINUED) -> str:
    """Return lines that fit a terminal; None: there is none, so they stay as they are.

    What is continued is indented, where the terminal leaves room for that.
    """
    if columns is None:
        return text
    if columns < indent + LEAST_COLUMNS:
        indent = CONTINUED
    lines = (wrap_columns(one, columns, indent) for one in text.split("\n"))
    return "\n".join(line for wrapped in lines for line in wrapped)


def lay_out(section: Section, columns: int) -> Iterator[str]:
    """Yield the lines of a section but for its title."""
    for paragraph in section.paragraphs:
        yield hang(paragraph, columns)
    for point in section.points:
        yield f"- {hang(point, columns, MARGIN)}"
    widest = max((columns_of(term) for term, _ in section.entries), default=0)
    is_stacked = widest > min(TERM_COLUMNS, columns - 2 * MARGIN - LEAST_COLUMNS)
    indent = 3 * MARGIN if is_stacked else widest + 2 * MARGIN
    for term, meaning in section.entries:
        said = hang(meaning, columns, indent)
        gap = indent - MARGIN - columns_of(term)
        between = "\n" + " " * indent if is_stacked else " " * gap
        yield f"{' ' * MARGIN}{term}{between}{said}"
