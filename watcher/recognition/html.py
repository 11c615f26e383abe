"""Reads HTML as a reader sees it: its text line by line, and its anchors.

In linear time on whatever bytes come, which the standard library's parser is not: what
is not closed ends with the document, as the HTML standard says (§13.2.5). Which element
a tag opens or ends follows that standard (§13.2.6) as far as mails need it.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from html import unescape

from watcher.recognition import css, limits
from watcher.recognition.sheets import Rules
from watcher.recognition.text import INVISIBLE

APART = "\x1f"
"""Stands where a reader does not read on: between the cells of a row, and where
something is hidden. Elsewhere than here it is a blank."""

_MARKUP = re.compile(r"<(?=[a-zA-Z/!?])")
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_ATTRIBUTE = re.compile(
    r"[\s/]*([^\s/>][^\s/>=]*)"
    r"(?:\s*=\s*(?:\"([^\"]*)(?:\"|\Z)|'([^']*)(?:'|\Z)|([^\s>\"'][^\s>]*)))?"
)
_HUGE_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{8,}")
"""No character has such a number, and Python refuses to convert the longest."""

_UNSEEN = frozenset({"noframes", "script", "style", "title"})
_RAW = frozenset({"iframe", "noembed", "plaintext", "textarea", "xmp"})
"""Elements whose text is no HTML, or is not shown at all."""

_SKIPPED = _UNSEEN | _RAW

_DOUBTFUL = frozenset(
    {
        *("applet", "audio", "canvas", "datalist", "meter", "noscript", "object"),
        *("progress", "rp", "template", "video", "del", "s", "strike"),
    }
)
"""Elements whose text some programs show and some do not, or which is struck out."""

_FOLDED = frozenset({"details", "dialog"})
"""Elements whose text is shown once they are open."""

_VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta"),
        *("param", "source", "track", "wbr"),
    }
)
"""Elements without an end."""

_LISTS = frozenset({"dl", "ol", "ul"})
_CELLS = frozenset({"caption", "td", "th"})
_ROWS = frozenset({"tbody", "tfoot", "thead", "tr"})
_PARTS = _CELLS | _ROWS
_TABLE = _PARTS | {"table"}

_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "center", "dd", "dialog", "div"),
        *("dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2"),
        *("h3", "h4", "h5", "h6", "header", "hr", "legend", "li", "main", "nav", "ol"),
        *("p", "pre", "section", "summary", "ul"),
    }
)
"""Elements that end a paragraph."""

_LINES = _BLOCKS | _TABLE | {"body", "br", "option"}
"""Elements that begin a new line; a table cell is one, so that labels end there."""

_ENDED_BY = {
    "tr": _CELLS | {"tr"},
    **dict.fromkeys(_CELLS, _CELLS),
    **dict.fromkeys(_ROWS - {"tr"}, _PARTS),
    **dict.fromkeys(_BLOCKS, frozenset({"p"})),
    **dict.fromkeys(("dd", "dt"), frozenset({"dd", "dt", "p"})),
    "li": frozenset({"li", "p"}),
    **{name: frozenset({name}) for name in ("a", "option")},
}
"""The elements that are over where another one begins."""

_FORMATTING = frozenset(
    {
        *("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike"),
        *("strong", "tt", "u"),
    }
)
"""Elements that go on where the one around them ends, unless it is a cell."""

_LEADING = (
    *("href", "action", "formaction", "xlink:href", "data", "background", "ping"),
    "srcdoc",
)
"""Attributes that name where somebody is led."""

_FRAMES = frozenset({"embed", "frame", "iframe"})
_REFRESH = re.compile(r"[^;,]*[;,]\s*(?:url\s*=\s*)?['\"]?(.*)", re.I | re.S)
_TEXTLESS = frozenset({"checkbox", "color", "file", "hidden", "radio", "range"})
"""Inputs of which nothing is shown that reads as text."""


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
    reader = _read(source, Rules())
    if reader.rules.count:
        # A style sheet may follow what it hides.
        reader = _read(source, reader.rules)
    text = "".join(reader.text)[: limits.TEXT]
    return Page(text, tuple(reader.anchors), tuple(reader.targets))


def _read(source: str, rules: Rules) -> "_Reader":
    reader = _Reader(source, rules)
    for _ in range(limits.TAGS):
        if reader.position >= len(source):
            break
        reader.step()
    reader.finish()
    return reader


@dataclass(slots=True, eq=False)
class _Table:
    """A table, or what stands outside of all."""

    open: Counter[str] = field(default_factory=Counter)
    """How many of its parts, by their names, are open; itself is one."""
    filled: int = 0
    """Cells of the row so far in which something is to be seen."""
    mark: int = 0
    """Where in the text the cell begins."""
    start_of_cell: int = 0
    """Texts that had been seen before the cell."""


@dataclass(frozen=True, slots=True, eq=False)
class _Element:
    """An open element, and what there is within it."""

    name: str = ""
    is_line: bool = False
    """It ends a line by its styles alone."""
    hidden: frozenset[str] = frozenset()
    """What hides it; nothing if its text is shown."""
    flow: Counter[str] = field(default_factory=Counter)
    """How many elements of a name are open in the same cell or list."""
    table: _Table = field(default_factory=_Table)
    peers: Counter[str] = field(default_factory=Counter)
    """Where it is counted itself."""


@dataclass(slots=True)
class _Reader:
    source: str
    known_rules: Rules
    position: int = 0
    text: list[str] = field(default_factory=list)
    anchors: list[Anchor] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    rules: Rules = field(default_factory=Rules)
    """What the style sheets hide."""
    stack: list[_Element] = field(default_factory=lambda: [_Element()])
    seen: int = 0
    """How many texts of more than blanks have been seen."""
    href: str | None = None
    start_of_anchor: int = 0
    table_of_anchor: _Table | None = None

    def step(self) -> None:
        """Read up to the next tag, and the tag."""
        opening = _MARKUP.search(self.source, self.position)
        end = opening.start() if opening else len(self.source)
        if raw := self.source[self.position : end]:
            self._write(_unescape(raw))
        self.position = end
        if self.source.startswith("<!--", end):
            self._skip_past("--!?>")
        elif tag := _TAG.match(self.source, end):
            attributes = self._read_attributes(tag.end())
            if attributes is None:
                self.position = len(self.source)
            elif tag[1]:
                self._end_tag(tag[2].lower())
            else:
                self._start_tag(tag[2].lower(), attributes)
        elif opening:
            self._skip_past(">")

    def finish(self) -> None:
        """End what is open."""
        self.end_anchor()
        for element in self.stack:
            self._end_part(element.table)

    def end_anchor(self) -> None:
        """Note the anchor that is open, unless all its text is hidden."""
        if self.href is not None:
            text = "".join(self.text[self.start_of_anchor :])
            if text.strip() or APART not in text:
                self.anchors.append(Anchor(self.href, text))
            self.href = None

    def _write(self, text: str) -> None:
        """Add text; of what is hidden only that it stands there."""
        is_blank = not INVISIBLE.sub("", text).strip()
        if not self.stack[-1].hidden:
            self.text.append(re.sub(r"[ \t\r\n\f]+", " ", text))
            self.seen += not is_blank
        elif not is_blank:
            self.text.append(APART)

    def _start_tag(self, name: str, attributes: dict[str, str]) -> None:
        table = self.stack[-1].table
        if name in _PARTS:
            self._end_part(table)
        if name in _CELLS:
            self._begin_cell(table)
        elif name in _ROWS:
            self._end_row(table)
        for ended in _ENDED_BY.get(name, ()):
            self._close(ended)
        styles = self.known_rules.styles_of(name, attributes)
        is_styled = name not in _LINES and css.is_block(styles)
        if name in _LINES or is_styled:
            self.text.append("\n")
        if name not in _TABLE and css.is_table_cell(styles):
            self.text.append(APART)
        is_cell = name in _CELLS
        hidden = css.hiding(styles, self.stack[-1].hidden, is_cell=is_cell)
        is_closed = name in _FOLDED and "open" not in attributes
        if (
            name in _DOUBTFUL
            or is_closed
            or ("hidden" in attributes and "display" not in styles)
        ):
            hidden |= {"display"}
        self.targets += _targets(name, attributes)
        if name in _SKIPPED:
            self._skip_element(name, attributes)
            return
        self._open(name, hidden, is_line=is_styled)
        if name in _VOID:
            if shown := _shown_by(name, attributes):
                self._write(f" {shown} ")
            self._close(name)
        elif name == "a":
            self._begin_anchor(attributes)

    def _end_tag(self, name: str) -> None:
        table = self.stack[-1].table
        if name in _TABLE:
            self._end_part(table)
        if name in _TABLE and name not in _CELLS:
            self._end_row(table)
        if name == "a":
            self.end_anchor()
        if name in _LINES:
            self.text.append("\n")
        if name not in ("body", "html"):  # what follows is in the body as well
            self._close(name)

    def _begin_anchor(self, attributes: dict[str, str]) -> None:
        self.end_anchor()
        element = self.stack[-1]
        if "href" in attributes and element.hidden <= css.INHERITED:
            self.href = attributes["href"]
            self.start_of_anchor = len(self.text)
            self.table_of_anchor = element.table

    def _end_part(self, table: _Table) -> None:
        """Take notice that a cell may end, and the anchor in it."""
        if table is self.table_of_anchor:
            self.end_anchor()
        is_cell = any(table.open[cell] for cell in _CELLS)
        if is_cell and self.seen > table.start_of_cell:
            if table.filled:
                self.text[table.mark] = APART
            table.filled += 1
        table.start_of_cell = self.seen

    def _end_row(self, table: _Table) -> None:
        if table.filled > 1:
            self.text.append(APART)
        table.filled = 0

    def _begin_cell(self, table: _Table) -> None:
        table.mark = len(self.text)
        self.text.append("")

    def _open(self, name: str, hidden: frozenset[str], *, is_line: bool) -> None:
        around = self.stack[-1]
        flow, table = around.flow, around.table
        if name == "table":
            table = _Table(start_of_cell=self.seen)
        if name == "table" or name in _CELLS or name in _LISTS:
            flow = Counter()
        peers = table.open if name in _TABLE else flow
        peers[name] += 1
        self.stack.append(_Element(name, is_line, hidden, flow, table, peers))

    def _close(self, name: str) -> None:
        """End the innermost element of a name in the same table, cell or list."""
        around = self.stack[-1]
        peers = around.table.open if name in _TABLE else around.flow
        is_open = peers[name] > 0
        going_on: list[_Element] = []
        while is_open:
            element = self.stack.pop()
            element.peers[element.name] -= 1
            if element.is_line:
                self.text.append("\n")
            is_open = not (element.name == name and element.peers is peers)
            if is_open and element.name in _FORMATTING:
                going_on.append(element)
        if name not in _TABLE:
            for element in reversed(going_on):
                if not element.hidden <= self.stack[-1].hidden:
                    self._open(element.name, element.hidden, is_line=False)

    def _skip_element(self, name: str, attributes: dict[str, str]) -> None:
        """Skip what is no HTML, up to the end tag."""
        start = self.position
        # What follows `plaintext` is all of it.
        self._skip_past(rf"(?=</{name}[\s/>])" if name != "plaintext" else r"\Z")
        content = self.source[start : self.position]
        if name == "style":
            self.rules.read(content, attributes.get("media") or "all")
        if name in _RAW and content.strip():
            self.text.append(APART)

    def _read_attributes(self, position: int) -> dict[str, str] | None:
        """Read up to the end of the tag; the first of two attributes counts.

        A tag that does not end is none, as when a quote in it is never closed.
        """
        attributes: dict[str, str] = {}
        while match := _ATTRIBUTE.match(self.source, position):
            value = match[2] or match[3] or match[4] or ""
            attributes.setdefault(match[1].lower(), _unescape(value))
            position = match.end()
        end = self.source.find(">", position)
        self.position = end + 1
        return None if end < 0 else attributes

    def _skip_past(self, mark: str) -> None:
        end = re.compile(mark, re.IGNORECASE).search(self.source, self.position)
        self.position = end.end() if end else len(self.source)


def _shown_by(name: str, attributes: dict[str, str]) -> str:
    """Return what a reader may see of an element without content."""
    if name == "img":
        return attributes.get("alt", "")
    if name == "input" and attributes.get("type", "").lower() not in _TEXTLESS:
        names = ("value", "placeholder", "alt")
        return next((attributes[one] for one in names if attributes.get(one)), "")
    return ""


def _targets(name: str, attributes: dict[str, str]) -> list[str]:
    """Return the addresses to which a tag leads."""
    targets = [attributes[one] for one in _LEADING if attributes.get(one)]
    if name == "link":
        return []  # a style sheet or a font
    if name in _FRAMES and "src" in attributes:
        targets.append(attributes["src"])
    is_refresh = attributes.get("http-equiv", "").lower() == "refresh"
    if name == "meta" and is_refresh:
        found = _REFRESH.fullmatch(attributes.get("content", ""))
        targets += [found[1]] if found else []
    return targets


def _unescape(raw: str) -> str:
    return unescape(_HUGE_REFERENCE.sub("\ufffd", raw)) if "&" in raw else raw
