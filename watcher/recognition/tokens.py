"""Splits HTML into its text and tags, as the HTML standard's tokeniser does (§13.2.5).

In linear time on whatever bytes come, which the standard library's parser is not: what
is not closed ends with the document. Comments and declarations are dropped.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from string import ascii_lowercase, ascii_uppercase
from types import MappingProxyType

from watcher.recognition import limits
from watcher.recognition.elements import SKIPPED

BLANKS = " \t\n\f\r"
"""What HTML and CSS take for blanks, and nothing else."""

_MARKUP = re.compile(r"<(?=[a-zA-Z/!?])")
_TAG = re.compile(rf"<(/?)([a-zA-Z][^{BLANKS}/>]*)")
_ATTRIBUTE = re.compile(
    rf"[{BLANKS}/]*([^{BLANKS}/>][^{BLANKS}/>=]*)(?:[{BLANKS}]*=[{BLANKS}]*"
    rf"(?:\"([^\"]*)(?:\"|\Z)|'([^']*)(?:'|\Z)|([^{BLANKS}>\"'][^{BLANKS}>]*)))?"
)
_COMMENT = re.compile(r"<!--(?:-?>|.*?--!?>|.*)", re.DOTALL)
_END_OF_TAG, _END = map(re.compile, (">", r"\Z"))
_WORD = re.compile(rf"[^{BLANKS}]+")
_HUGE_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{8,}")
"""No character has such a number, and Python refuses to convert the longest."""

_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Characters:
    """Text between two tags, unescaped."""

    text: str


@dataclass(frozen=True, slots=True)
class StartTag:
    """The start of an element; names are in lower case."""

    name: str
    attributes: Mapping[str, str]
    content: str = ""
    """What stands in an element of `SKIPPED`, as it is."""


@dataclass(frozen=True, slots=True)
class EndTag:
    """The end of an element."""

    name: str


Token = Characters | StartTag | EndTag


def lower(text: str) -> str:
    """Return text with the letters of ASCII in lower case: others are never alike."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def words(text: str) -> list[str]:
    """Return what stands between blanks."""
    return _WORD.findall(text)


def tokenise(source: str) -> Iterator[Token]:
    """Yield what HTML consists of, up to the `limits.TAGS`-th tag."""
    tokeniser = _Tokeniser(source)
    for _ in range(limits.TAGS):
        if tokeniser.position >= len(source):
            break
        yield from tokeniser.step()


@dataclass(slots=True)
class _Tokeniser:
    source: str
    position: int = 0

    def step(self) -> Iterator[Token]:
        """Yield the text up to the next tag, and the tag."""
        opening = _MARKUP.search(self.source, self.position)
        end = opening.start() if opening else len(self.source)
        if raw := self.source[self.position : end]:
            yield Characters(_unescape(raw))
        self.position = end
        if self.source.startswith("<!--", end):
            self._skip_past(_COMMENT)
        elif tag := _TAG.match(self.source, end):
            attributes = self._read_attributes(tag.end())
            name = lower(tag[2])
            if attributes is None:
                self.position = len(self.source)
            elif tag[1]:
                yield EndTag(name)
            else:
                content = self._read_content(name) if name in SKIPPED else ""
                yield StartTag(name, attributes, content)
        elif opening:
            self._skip_past(_END_OF_TAG)

    def _read_content(self, name: str) -> str:
        """Return what is no HTML, up to the end tag."""
        start = self.position
        # What follows `plaintext` is all of it.
        is_all = name == "plaintext"
        end_tag = re.compile(rf"(?=</{name}[{BLANKS}/>])", re.IGNORECASE | re.ASCII)
        self._skip_past(_END if is_all else end_tag)
        return self.source[start : self.position]

    def _read_attributes(self, position: int) -> Mapping[str, str] | None:
        """Read up to the end of the tag; the first of two attributes counts.

        A tag that does not end is none, as when a quote in it is never closed.
        """
        attributes: dict[str, str] = {}
        while match := _ATTRIBUTE.match(self.source, position):
            value = match[2] or match[3] or match[4] or ""
            attributes.setdefault(lower(match[1]), _unescape(value))
            position = match.end()
        end = self.source.find(">", position)
        self.position = end + 1
        return None if end < 0 else attributes or _NO_ATTRIBUTES

    def _skip_past(self, mark: re.Pattern[str]) -> None:
        end = mark.search(self.source, self.position)
        self.position = end.end() if end else len(self.source)


def _unescape(raw: str) -> str:
    return unescape(_HUGE_REFERENCE.sub("\ufffd", raw)) if "&" in raw else raw
