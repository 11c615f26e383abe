"""Knows the words by which Amazon asks to approve or deny."""

import re
from collections.abc import Iterable

from watcher.recognition import amazon
from watcher.recognition.text import normal, without_spaces

_APPROVE = tuple(
    without_spaces(word) for wording in amazon.WORDINGS for word in wording.approve
)
_ASKS = "|".join(" ?".join(map(re.escape, words)) for words in _APPROVE)
_BEFORE = "|".join(map(re.escape, map(normal, amazon.NOT_BEFORE)))
_BEHIND = "|".join(map(re.escape, amazon.NOT_BEHIND))
_REFUSES = re.compile(
    rf"(?<![a-z])(?:{_BEFORE})(?: [^\s,]{{1,20}}){{0,4}} (?:{_ASKS})"
    rf"|(?:{_ASKS})[^。、,]{{0,12}}?(?:{_BEHIND})"
)
"""The words with a negation; a comma parts them from another's."""


def any_of(words: Iterable[str]) -> str:
    """Return the pattern of words in normal form, none within a longer Latin word.

    Japanese ones may follow right on Latin letters: `Amazonアプリ`.
    """
    latin: list[str] = []
    japanese: list[str] = []
    for word in map(normal, words):
        is_latin = word[0].isascii() or word[-1].isascii()
        (latin if is_latin else japanese).append(re.escape(word))
    if latin:
        japanese.append(rf"(?<![a-z])(?:{'|'.join(latin)})(?![a-z])")
    return "|".join(japanese)


def says_approve(text: str) -> bool:
    """Return whether the words stand in a text; a line break does not hide them."""
    squeezed = without_spaces(text)
    return any(words in squeezed for words in _APPROVE)


def says_not_to(text: str) -> bool:
    """Return whether a text in normal form says not to approve or deny."""
    return _REFUSES.search(text) is not None
