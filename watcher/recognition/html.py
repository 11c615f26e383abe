"""Reads HTML as a reader sees it: its text line by line, and its anchors.

In linear time on whatever bytes come, which the standard library's parser is not: what
is not closed ends with the document, as the HTML standard says (§13.2.5).
"""

import re
from dataclasses import dataclass, field
from html import unescape

from watcher.recognition import limits

_MARKUP = re.compile(r"<(?=[a-zA-Z/!?])")
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_ATTRIBUTE = re.compile(
    r"[\s/]*([^\s/>][^\s/>=]*)"
    r"(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"'][^\s>]*)))?"
)
_HUGE_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{8,}")
"""No character has such a number, and Python refuses to convert the longest."""

_UNSEEN = frozenset({"script", "style", "title", "template", "textarea", "xmp"})
_VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta"),
        *("param", "source", "track", "wbr"),
    }
)
"""Elements without an end."""

_CONTAINERS = frozenset({"dl", "ol", "table", "ul"})

_ENDED_BY_THE_NEXT = frozenset({"dd", "dt", "li", "option", "p", "td", "th", "tr"})
"""Elements that the next one of their name ends, if nothing else has."""

_LEADING = ("href", "action", "formaction", "xlink:href", "data")
"""Attributes that name where somebody is led."""

_HIDDEN = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.I
)

_LINES = frozenset(
    {
        *("address", "article", "blockquote", "body", "br", "center", "dd", "div"),
        *("dl", "dt", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header"),
        *("hr", "li", "main", "ol", "p", "pre", "section", "table", "tbody", "td"),
        *("tfoot", "th", "thead", "tr", "ul"),
    }
)
"""Elements that begin a new line; a table cell is one, so that labels end there."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A link with the text that a reader presses."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """One body of a mail, HTML or plain."""

    text: str
    anchors: tuple[Anchor, ...] = ()
    targets: tuple[str, ...] = ()
    """Every address to which something in it leads, shown or not."""


def parse_html(source: str) -> Page:
    """Return what a reader sees of an HTML document."""
    reader = _Reader(source)
    for _ in range(limits.TAGS):
        if reader.position >= len(source):
            break
        reader.step()
    reader.end_anchor()
    text = "".join(reader.text)[: limits.TEXT]
    return Page(text, tuple(reader.anchors), tuple(reader.targets))


@dataclass(slots=True)
class _Reader:
    source: str
    position: int = 0
    text: list[str] = field(default_factory=list)
    anchors: list[Anchor] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    href: str | None = None
    start_of_anchor: int = 0
    hidden: str | None = None
    """The element that is not shown, with all in it."""
    depth: int = 0
    """How often that element has been opened and not closed again."""
    nested: int = 0
    """How many tables and lists have been opened in it and not closed again."""

    def step(self) -> None:
        """Read up to the next tag, and the tag."""
        opening = _MARKUP.search(self.source, self.position)
        end = opening.start() if opening else len(self.source)
        if (raw := self.source[self.position : end]) and not self.hidden:
            self.text.append(re.sub(r"[ \t\r\n\f]+", " ", _unescape(raw)))
        self.position = end
        if self.source.startswith("<!--", end):
            self._skip_past("--!?>")
        elif tag := _TAG.match(self.source, end):
            self._read_tag(tag[2].lower(), is_end=bool(tag[1]), after=tag.end())
        elif opening:
            self._skip_past(">")

    def end_anchor(self) -> None:
        if self.href is not None:
            text = "".join(self.text[self.start_of_anchor :])
            self.anchors.append(Anchor(self.href, text))
            self.href = None

    def _read_tag(self, name: str, *, is_end: bool, after: int) -> None:
        attributes = self._read_attributes(after)
        if name in _LINES:
            self.text.append("\n")
        if self._is_hidden(name, attributes, is_end=is_end):
            if name in _UNSEEN and not is_end:
                self._skip_past(f"</{name}")
        elif name == "a":
            self.end_anchor()
            if not is_end and "href" in attributes:
                self.href = attributes["href"]
                self.start_of_anchor = len(self.text)
        elif name in _UNSEEN and not is_end:
            self._skip_past(f"</{name}")

    def _is_hidden(
        self, name: str, attributes: dict[str, str], *, is_end: bool
    ) -> bool:
        """Return whether a tag stands in, or opens, what a browser does not show."""
        if self.hidden and name in _CONTAINERS and name != self.hidden:
            self.nested = max(0, self.nested + (-1 if is_end else 1))
        if self.hidden == name and not (self.nested and name in _ENDED_BY_THE_NEXT):
            is_next = not is_end and name in _ENDED_BY_THE_NEXT
            self.depth += -1 if is_end or is_next else 1
            if self.depth == 0:
                self.hidden = None
            if is_end:
                return True
        is_hidden = "hidden" in attributes or _HIDDEN.search(
            attributes.get("style", "")
        )
        if not (self.hidden or is_end or name in _VOID) and is_hidden:
            self.hidden, self.depth, self.nested = name, 1, 0
            if name == "a":
                self.end_anchor()
        return self.hidden is not None

    def _read_attributes(self, position: int) -> dict[str, str]:
        """Read up to the end of the tag; the first of two attributes counts."""
        attributes: dict[str, str] = {}
        while match := _ATTRIBUTE.match(self.source, position):
            value = match[2] or match[3] or match[4] or ""
            attributes.setdefault(match[1].lower(), value)
            position = match.end()
        end = self.source.find(">", position)
        self.position = len(self.source) if end < 0 else end + 1
        if "href" in attributes:
            attributes["href"] = _unescape(attributes["href"])
        self.targets += [
            _unescape(attributes[one]) for one in _LEADING if attributes.get(one)
        ]
        return attributes

    def _skip_past(self, mark: str) -> None:
        end = re.compile(mark, re.IGNORECASE).search(self.source, self.position)
        self.position = end.end() if end else len(self.source)


def _unescape(raw: str) -> str:
    return unescape(_HUGE_REFERENCE.sub("\ufffd", raw))
