"""Finds the verification code of a body, or that it cannot be told from other numbers.

A mail also holds reference numbers, dates and names with digits. The code has a place:
a line or cell of its own, or right behind the words that announce it. Elsewhere it
counts only if no other number could be it. Only six digits are a code; a number of
another form that stands where the code should be speaks against all others.
"""

import re
from bisect import bisect
from collections.abc import Iterator
from itertools import chain, islice

from watcher.recognition import amazon
from watcher.recognition.links import without_urls
from watcher.recognition.phrases import any_of
from watcher.recognition.text import INVISIBLE, normal

_WORDS = re.compile(
    any_of(word for wording in amazon.WORDINGS for word in wording.codes)
)
# No neighbour may be a letter, a sign of a colour or part of a longer number. Some
# write a code in two halves, or each of its digits in a cell of its own.
_DIGITS = re.compile(
    r"(?<![a-z0-9#])(?<![0-9][.,/-])"
    r"(?:[0-9]{6}|(?<![0-9] )(?:[0-9]{3}[ -][0-9]{3}|[0-9](?: [0-9]){5})(?! [0-9]))"
    r"(?![a-z0-9])(?![.,/-][0-9])"
)
_NUMBER = re.compile(
    rf"(?<![a-z#\d])(?<!\d[.,/:])\d(?:(?:[ .-]|(?!\n){INVISIBLE.pattern}){{0,3}}\d)*"
    r"(?![a-z\d]|[.,/:]\d)"
)
"""Any number in any script and grouping, which may be a code of another form."""

_DIGITS_OF_A_CODE = range(3, 11)
_YEAR = re.compile(r"(?:[0-9]{1,2} )?(?:19|20)[0-9]{2}")
_PIECE = re.compile(r"[0-9]{1,3}")
_NAME = re.compile(r".{1,60}(?:[,、]|様|さん)")
_BETWEEN = re.compile(
    r"\s*(?:(?:[:=は]|is|are|ist|lautet|es|est|è|é|次のとおりです)\s*){1,3}"
)
"""What stands between the words and a code that belongs to them."""
_OLD = re.compile("|".join(map(re.escape, map(normal, amazon.OLD_CODES))))
_END_OF_SENTENCE = re.compile(r"[.。!?]")
_OTHER = re.compile(
    rf"(?:{any_of(amazon.OTHER_NUMBERS)})\W*(?:(?:番号|number|nr|no|id)\W*|は\s*)?$"
)
"""What stands before a number that is no code."""

_BULLETS = " *-•・:"
_AROUND = f"{_BULLETS}.。「」『』【】[]()<>«»\"'“”"
"""What may stand around a code that stands alone."""
_FOLLOWS = 300
_PRECEDES = 60
"""Characters between the words that announce a code and the code."""
_NUMBERS = 50
"""Among more numbers than these, none is the code."""


def find_codes(body: str) -> frozenset[str]:
    """Return the codes that a body may mean: none, the one, or several.

    `body` is its text without the lines about when, where and on which device.
    """
    lines = _merged(filter(None, map(_comparable, body.split("\n"))))
    text = "\n".join(line for line in lines if not _NAME.fullmatch(line))
    announced = [words.span() for words in _WORDS.finditer(text)]
    near = _near(_DIGITS, text, announced)
    in_place = [digits for digits in near if _is_in_place(text, digits)]
    is_told = in_place or any(_is_beside_words(text, digits) for digits in near)
    is_any_old = any(_is_old(text, digits) for digits in near)
    if not is_told or (is_any_old and len(near) == 1):
        return frozenset()
    codes = near if is_any_old else in_place or near
    nearest = min(_distance(text, digits, announced) for digits in codes)
    taken = {place for digits in codes for place in range(*digits.span())}
    rivals = (
        number
        for number in _near(_NUMBER, text, announced)
        if taken.isdisjoint(range(*number.span()))
        and _may_be_a_code(
            text, number, is_nearest=_distance(text, number, announced) < nearest
        )
    )
    return frozenset(re.sub(r"\D", "", one[0]) for one in chain(codes, rivals))


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
        yield line
    if pieces:
        yield " ".join(pieces)


def _near(
    pattern: re.Pattern[str], text: str, announced: list[tuple[int, int]]
) -> list[re.Match[str]]:
    """Return the numbers of a form near the words that announce a code."""
    numbers = (one for one in pattern.finditer(text) if not _is_of_another(text, one))
    return [*islice((one for one in numbers if _is_near(one, announced)), _NUMBERS)]


def _is_near(digits: re.Match[str], announced: list[tuple[int, int]]) -> bool:
    """Return whether words that announce a code stand before it, or soon after."""
    next_words = bisect(announced, digits.span())
    before = announced[max(0, next_words - 1) : next_words]
    after = announced[next_words : next_words + 1]
    is_behind = any(digits.start() - end <= _FOLLOWS for _, end in before)
    return is_behind or any(start - digits.end() <= _PRECEDES for start, _ in after)


def _distance(
    text: str, digits: re.Match[str], announced: list[tuple[int, int]]
) -> tuple[int, int]:
    """Return how many lines and characters the nearest words are away from a number."""
    next_words = bisect(announced, digits.span())
    around = announced[max(0, next_words - 1) : next_words + 1]
    gaps = (sorted((*words, *digits.span()))[1:3] for words in around)
    return min((text.count("\n", *gap), gap[1] - gap[0]) for gap in gaps)


def _may_be_a_code(text: str, number: re.Match[str], *, is_nearest: bool) -> bool:
    """Return whether a number may be a code of a form that is not known."""
    if sum(map(str.isdecimal, number[0])) not in _DIGITS_OF_A_CODE:
        return False
    is_no_year = not _YEAR.fullmatch(number[0])
    return (is_nearest and is_no_year) or _is_in_place(text, number)


def _is_old(text: str, digits: re.Match[str]) -> bool:
    """Return whether the sentence before a number speaks of a code that is void."""
    label, _ = _label(text, digits)
    sentence = _END_OF_SENTENCE.split(label.rstrip(":. "))[-1]
    return bool(_WORDS.search(sentence) and _OLD.search(sentence))


def _line_of(text: str, digits: re.Match[str]) -> tuple[str, str]:
    """Return what stands before and behind a number in its line."""
    after = text[digits.end() : digits.end() + _FOLLOWS]
    return _before(text, digits)[1], after.partition("\n")[0]


def _before(text: str, digits: re.Match[str]) -> tuple[str, str]:
    """Return the line above a number, and what stands before it in its own."""
    before = text[max(0, digits.start() - _FOLLOWS) : digits.start()]
    above, _, line = before.rpartition("\n")
    return above.rpartition("\n")[2], line


def _is_in_place(text: str, digits: re.Match[str]) -> bool:
    """Return whether it stands alone, or right behind the words in their line."""
    before, after = _line_of(text, digits)
    if not before.strip(_AROUND) and not after.strip(_AROUND):
        return True
    label, is_above = _label(text, digits)
    announced = [words.end() for words in _WORDS.finditer(label)]
    return any(
        _BETWEEN.fullmatch(label, end) or (is_above and not label[end:].strip())
        for end in announced
    )


def _label(text: str, digits: re.Match[str]) -> tuple[str, bool]:
    """Return what stands before a number in its line, or the line above, and which."""
    above, before = _before(text, digits)
    is_above = not before.strip(_BULLETS)
    return (above if is_above else before), is_above


def _is_of_another(text: str, digits: re.Match[str]) -> bool:
    """Return whether it is part of an address, or the number of a case or an order."""
    label, is_above = _label(text, digits)
    # A line above that holds the code, or its own number, is no label.
    is_told = is_above and (_WORDS.search(label) or _DIGITS.search(label))
    return bool(_OTHER.search(label)) and not is_told


def _is_beside_words(text: str, digits: re.Match[str]) -> bool:
    """Return whether words that announce a code stand in the same line."""
    return any(map(_WORDS.search, _line_of(text, digits)))
