"""Knows the words by which Amazon asks to approve or deny."""

from watcher.recognition import amazon
from watcher.recognition.text import without_spaces

_APPROVE = tuple(
    without_spaces(word) for wording in amazon.WORDINGS for word in wording.approve
)


def says_approve(text: str) -> bool:
    """Return whether the words stand in a text; a line break does not hide them."""
    squeezed = without_spaces(text)
    return any(words in squeezed for words in _APPROVE)
