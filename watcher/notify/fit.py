"""Makes text fit: in columns on a screen, in UTF-16 units in a platform's field."""

import unicodedata

ELLIPSIS = "…"


def fit_columns(text: str, columns: int) -> str:
    """Return `text` in at most `columns` columns; a full-width character takes two."""
    if sum(map(_columns, text)) <= columns:
        return text
    room, kept = columns - len(ELLIPSIS), ""
    for character in text:
        room -= _columns(character)
        if room < 0:
            break
        kept += character
    return kept.rstrip() + ELLIPSIS


def fit_utf16(text: str, units: int) -> str:
    """Return `text` in at most `units` UTF-16 code units, no pair cut in two."""
    encoded = text.encode("utf-16-le", "ignore")
    if len(encoded) <= units * 2:
        return encoded.decode("utf-16-le")
    room = units - len(ELLIPSIS)
    return encoded[: room * 2].decode("utf-16-le", "ignore") + ELLIPSIS


def _columns(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
