"""Finds the verification code of a body, or that it cannot be told from other numbers.

A mail also holds reference numbers, dates and names with digits. The code has a place:
a line or cell of its own, or right behind the words that announce it. Elsewhere it
counts only if no other number could be it.
"""

import re
from bisect import bisect
from collections.abc import Iterator
from itertools import islice

from watcher.recognition import amazon
from watcher.recognition.details import other_lines
from watcher.recognition.html import Page
from watcher.recognition.links import without_urls
from watcher.recognition.text import normal

_WORDS = re.compile(
    "|".join(
        rf"(?<![a-z]){re.escape(normal(word))}(?![a-z])"
        for wording in amazon.WORDINGS
        for word in wording.codes
    )
)
# No neighbour may be a letter, a sign of a colour or part of a longer number. Some
# write a code in two halves, or each of its digits in a cell of its own.
_DIGITS = re.compile(
    r"(?<![a-z0-9#])(?<![0-9][.,/-])"
    r"(?:[0-9]{6}|(?<![0-9] )(?:[0-9]{3}[ -][0-9]{3}|[0-9](?: [0-9]){5})(?! [0-9]))"
    r"(?![a-z0-9])(?![.,/-][0-9])"
)
_PIECE = re.compile(r"[0-9]{1,3}")
_NAME = re.compile(r".{1,60}(?:[,、]|様|さん)")
_BETWEEN = re.compile(
    r"\s*(?:(?:[:=は]|is|are|ist|lautet|es|est|è|é|次のとおりです)\s*){1,3}"
)
"""What stands between the words and a code that belongs to them."""
_FOLLOWS = 300
_PRECEDES = 60
"""Characters between the words that announce a code and the code."""
_NUMBERS = 50
"""Among more numbers than these, none is the code."""


def find_codes(page: Page) -> frozenset[str]:
    """Return the codes that a body may mean: none, the one, or several."""
    lines = _merged(map(_comparable, other_lines(page)))
    text = "\n".join(line for line in lines if not _NAME.fullmatch(line))
    announced = [words.span() for words in _WORDS.finditer(text)]
    numbers = _DIGITS.finditer(text)
    near = [*islice((one for one in numbers if _is_near(one, announced)), _NUMBERS)]
    in_place = [digits for digits in near if _is_in_place(text, digits)]
    found = frozenset(re.sub("[ -]", "", digits[0]) for digits in in_place or near)
    is_told = in_place or any(_is_beside_words(text, digits) for digits in near)
    return found if is_told else frozenset()


def _comparable(line: str) -> str:
    return normal(without_urls(line))


def _merged(lines: Iterator[str]) -> Iterator[str]:
    """Yield lines; cells that hold a few digits each are one line."""
    pieces: list[str] = []
    for line in lines:
        if _PIECE.fullmatch(line):
            pieces.append(line)
            continue
        if pieces:
            yield " ".join(pieces)
        pieces.clear()
        if line:
            yield line
    if pieces:
        yield " ".join(pieces)


def _is_near(digits: re.Match[str], announced: list[tuple[int, int]]) -> bool:
    """Return whether words that announce a code stand before it, or soon after."""
    next_words = bisect(announced, digits.span())
    before = announced[max(0, next_words - 1) : next_words]
    after = announced[next_words : next_words + 1]
    is_behind = any(digits.start() - end <= _FOLLOWS for _, end in before)
    return is_behind or any(start - digits.end() <= _PRECEDES for start, _ in after)


def _line_of(text: str, digits: re.Match[str]) -> tuple[str, str]:
    """Return what stands before and behind a number in its line."""
    before = text[max(0, digits.start() - _FOLLOWS) : digits.start()]
    after = text[digits.end() : digits.end() + _FOLLOWS]
    return before.rpartition("\n")[2], after.partition("\n")[0]


def _is_in_place(text: str, digits: re.Match[str]) -> bool:
    """Return whether it stands alone, or right behind the words in their line."""
    before, after = _line_of(text, digits)
    if not before.strip(" *-•・:") and not after.strip(" *-•・.。"):
        return True
    announced = [words.end() for words in _WORDS.finditer(before)]
    return any(_BETWEEN.fullmatch(before, end) for end in announced)


def _is_beside_words(text: str, digits: re.Match[str]) -> bool:
    """Return whether words that announce a code stand in the same line."""
    return any(map(_WORDS.search, _line_of(text, digits)))
