"""Texts for the user in English and Japanese, and their width.

A `Text` holds both languages as one value, so that neither can be forgotten; `cli`
chooses the language and passes it on. A text is fitted to columns of a screen, of
which a full-width character takes two, or to UTF-16 code units of a platform's field.
"""

import os
import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol


class Language(StrEnum):
    """A language of the program's output (BCP 47 primary subtag)."""

    EN = "en"
    JA = "ja"


class Sayable(Protocol):
    """What can be said in each language: a text, or an error with its data."""

    def say(self, language: Language, /) -> str:
        """Return it in `language`."""


class Text(NamedTuple):
    """One sentence in both languages, with `str.format` fields of the same names."""

    en: str
    ja: str

    def say(self, language: Language, **data: object) -> str:
        """Return the sentence in `language`, its fields filled; they may be sayable.

        Raises:
            KeyError: a field is left unfilled; nobody is to read a raw `{name}`.
        """
        sentence = self.ja if language is Language.JA else self.en
        # To ask for a `Sayable` in each field would take longer than all the rest.
        words = {
            name: value.say(language) if hasattr(value, "say") else value
            for name, value in data.items()
        }
        return sentence.format(**words) if words or "{" in sentence else sentence


def desktop_language(environment: Mapping[str, str] = os.environ) -> Language:
    """Return the language of the user's desktop, English where it is another one.

    The first of LC_ALL, LC_MESSAGES and LANG that is set (POSIX.1 §8.2); Windows and
    macOS seldom set them, there the locale module reads the system's setting.
    """
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    set_ones = (environment[name] for name in names if environment.get(name))
    name = next(set_ones, None) or _of_system()
    return Language.JA if name.lower().startswith("ja") else Language.EN


def _of_system() -> str:
    from locale import getlocale  # it takes long, and most systems set a variable

    return getlocale()[0] or ""


ELLIPSIS = "…"


def shorten(text: str, length: int) -> str:
    """Return at most so many characters of a text; an ellipsis stands for the rest."""
    return text if len(text) <= length else text[: length - 1] + ELLIPSIS


def columns_of(text: str) -> int:
    """Return how many columns a text takes; a full-width character takes two."""
    return sum(map(_columns, re.sub(_SGR, "", text)))


def fit_columns(text: str, columns: int) -> str:
    """Return `text` in at most `columns` columns; a full-width character takes two."""
    if columns_of(text) <= columns:
        return text
    room, kept = columns - len(ELLIPSIS), ""
    for character in text:
        room -= _columns(character)
        if room < 0:
            break
        kept += character
    return kept.rstrip() + ELLIPSIS


def pad_columns(text: str, columns: int) -> str:
    """Return `text` with blanks behind it, so that it takes `columns` columns."""
    return text + " " * (columns - sum(map(_columns, text)))


_SGR = r"\x1b\[[0-9;]*m"
"""What colours a text and takes no column (ECMA-48 §8.3.117)."""
_NO_START = ")、。」』】…・ー々?!ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
_PIECE = rf"[「『【(]*(?:[!-~\x1b]+|.)[{_NO_START}]*(?:[,.:;](?= |$))* ?"
"""What stays on one line: a word in ASCII, or a character, with what encloses it.

No line begins with a small kana or another sign that belongs to what stands before it.
"""


def wrap_columns(text: str, columns: int, indent: int = 0) -> list[str]:
    """Return `text` in lines of at most `columns` columns, if its words are no wider.

    Japanese has no blanks to break at, and is broken between any two characters. All
    lines but the first are indented.
    """
    lines = [""]
    for piece in re.findall(_PIECE, text):
        is_full = columns_of(lines[-1] + piece.rstrip()) > columns
        if is_full and lines[-1].strip():
            lines.append(" " * indent)
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def fit_utf16(text: str, units: int) -> str:
    """Return `text` in at most `units` UTF-16 code units, no pair cut in two."""
    encoded = text.encode("utf-16-le", "ignore")
    if len(encoded) <= units * 2:
        return encoded.decode("utf-16-le")
    room = units - len(ELLIPSIS)
    return encoded[: room * 2].decode("utf-16-le", "ignore") + ELLIPSIS


def _columns(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
