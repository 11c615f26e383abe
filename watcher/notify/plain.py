"""Turns text that others wrote into text that can be shown: one line, short, harmless.

No control character, no direction or joining mark that nobody sees, no half of a
surrogate pair is left, and nothing that a desktop would make into a link.
"""

import unicodedata

ELLIPSIS = "…"


def one_line(text: str, columns: int) -> str:
    """Return `text` on one line of at most `columns` columns (a kanji takes two)."""
    spaced = "".join(" " if character.isspace() else character for character in text)
    seen = "".join(filter(_is_seen, unicodedata.normalize("NFC", spaced)))
    return _shorten(" ".join(seen.replace("://", ":").split()), columns)


def utf16_cut(text: str, units: int) -> str:
    """Return `text` in at most `units` UTF-16 code units, no pair cut in two."""
    encoded = text.encode("utf-16-le", "ignore")
    if len(encoded) <= units * 2:
        return encoded.decode("utf-16-le")
    room = units - len(ELLIPSIS)
    return encoded[: room * 2].decode("utf-16-le", "ignore") + ELLIPSIS


def _is_seen(character: str) -> bool:
    """Say whether it is anything but control, format, surrogate, private or unknown."""
    return character == " " or unicodedata.category(character)[0] not in "CZ"


def _shorten(text: str, columns: int) -> str:
    if sum(map(_columns, text)) <= columns:
        return text
    room, kept = columns - len(ELLIPSIS), ""
    for character in text:
        room -= _columns(character)
        if room < 0:
            break
        kept += character
    return kept.rstrip() + ELLIPSIS


def _columns(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
