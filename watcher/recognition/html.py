"""Reads HTML as a reader sees it: its text line by line, and its anchors.

Which element a tag opens or ends follows the HTML standard (§13.2.6) as far as mails
need it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from watcher.recognition import css, elements, limits
from watcher.recognition.contrast import FAINT, PLAIN, UNKNOWN, Paint
from watcher.recognition.sheets import Rules
from watcher.recognition.text import INVISIBLE
from watcher.recognition.tokens import (
    Characters,
    EndTag,
    StartTag,
    Token,
    lower,
    tokenise,
)

APART = "\x1f"
"""Stands where a reader does not read on: between the cells of a row, and where
something is hidden. Elsewhere than here it is a blank."""

_LEADING = (
    *("href", "action", "formaction", "xlink:href", "data", "background", "ping"),
    "srcdoc",
)
"""Attributes that name where somebody is led."""

_APART = elements.CELLS | elements.LISTS | elements.SCOPES
_FRAMES = frozenset({"embed", "frame", "iframe"})
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_REFRESH = re.compile(r"[^;,]*[;,]\s*(?:url\s*=\s*)?['\"]?(.*)", re.I | re.S)
_TEXTLESS = frozenset({"checkbox", "color", "file", "hidden", "radio", "range"})
"""Inputs of which nothing is shown that reads as text."""


_NOT_FOR_ALL = frozenset({"inert", "popover"})
"""Attributes of what is not shown at once, or cannot be pressed."""


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
    tokens = tuple(tokenise(source))
    rules = _rules_of(tokens)  # a style sheet may follow what it hides
    root = _root(tokens, rules)
    reader = _Reader(rules, [root])
    for token in tokens:
        reader.take(token)
    reader.finish()
    text = "".join(reader.text)[: limits.TEXT]
    return Page(text, tuple(reader.anchors), tuple(reader.targets))


def _root(tokens: Sequence[Token], rules: Rules) -> "_Element":
    """Return what all stands in: what later tags say of it holds from the start."""
    is_doubtful = rules.is_incomplete or _is_read_otherwise(tokens)
    hidden = frozenset({css.DOUBT} if is_doubtful else ())
    paint = UNKNOWN if rules.has_unread_paint else PLAIN
    for name in ("html", "body"):
        attributes: dict[str, str] = {}
        for tag in tokens:
            if isinstance(tag, StartTag) and tag.name == name:
                attributes = {**tag.attributes, **attributes}
        styles = rules.styles_of(name, attributes)
        hidden = css.hiding(styles, hidden)
        paint = paint.within(name, styles, attributes)
    return _Element(hidden=hidden if paint.is_seen else hidden | FAINT, paint=paint)


def _is_read_otherwise(tokens: Iterable[Token]) -> bool:
    """Return whether a browser may take another structure for this document.

    In pictures and formulas raw text is none, a shadow tree replaces what stands
    around it, and frames may replace the whole page.
    """
    is_foreign = False
    for tag in tokens:
        if isinstance(tag, StartTag):
            is_foreign |= tag.name in elements.FOREIGN
            is_shadow = "shadowrootmode" in tag.attributes
            is_raw = is_foreign and tag.name in elements.SKIPPED
            if is_shadow or is_raw or tag.name == "frameset":
                return True
    return False


def _rules_of(tokens: Iterable[Token]) -> Rules:
    """Return what all style sheets set."""
    rules = Rules()
    for token in tokens:
        match token:
            case StartTag("style", attributes, content) if (
                lower(attributes.get("type") or css.TYPE) == css.TYPE
            ):
                rules.read(content, attributes.get("media") or "all")
            case StartTag("link", attributes):
                rules.note_link(attributes)
            case _:
                pass
    return rules


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
    paint: Paint = PLAIN
    flow: Counter[str] = field(default_factory=Counter)
    """How many elements of a name are open in the same cell or list."""
    table: _Table = field(default_factory=_Table)
    peers: Counter[str] = field(default_factory=Counter)
    """Where it is counted itself."""
    block: int = 0
    """The place in the stack of the innermost block, which may be itself."""
    is_anew: bool = False
    """It shows what is hidden around it."""


@dataclass(slots=True)
class _Reader:
    rules: Rules
    stack: list[_Element]
    """The open elements, the root of all first."""
    text: list[str] = field(default_factory=list)
    anchors: list[Anchor] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    seen: int = 0
    """How many texts of more than blanks have been seen."""
    href: str | None = None
    start_of_anchor: int = 0
    table_of_anchor: _Table | None = None
    places: defaultdict[str, list[int]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """Where in the stack the elements of a name are."""
    anew: Counter[str] = field(default_factory=Counter)
    """How many of those open, by their names, show what is hidden around them."""
    is_displaced: bool = False
    """What follows may lie elsewhere than where it stands."""

    def take(self, token: Token) -> None:
        """Read on."""
        match token:
            case Characters(text):
                self._write(text)
            case StartTag():
                self._start_tag(token)
            case EndTag(name):
                self._end_tag(name)

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
        if not self.stack[-1].hidden and not self.is_displaced:
            self.text.append(_BLANKS.sub(" ", text))
            self.seen += not is_blank
        elif not is_blank:
            self.text.append(APART)

    def _start_tag(self, tag: StartTag) -> None:
        name, attributes = tag.name, tag.attributes
        table = self.stack[-1].table
        if name in elements.PARTS:
            self._end_part(table)
        if name in elements.CELLS:
            self._begin_cell(table)
        elif name in elements.ROWS:
            self._end_row(table)
        if self._is_loose(name):
            self.text.append("\n")
            return
        for ended in elements.ENDED_BY.get(name, ()):
            if ended not in elements.ITEMS or self._is_near(ended):
                self._end(ended)
        styles = self.rules.styles_of(name, attributes)
        is_styled = name not in elements.LINES and css.is_block(styles)
        if name in elements.LINES or is_styled:
            self.text.append("\n")
        if name not in elements.TABLE and css.is_table_cell(styles):
            self.text.append(APART)
        is_cell = name in elements.CELLS
        around = self.stack[-1]
        hidden = css.hiding(styles, around.hidden - FAINT, is_cell=is_cell)
        self.is_displaced |= not css.DISPLACING.isdisjoint(hidden)
        paint = around.paint.within(name, styles, attributes)
        is_closed = name in elements.FOLDED and "open" not in attributes
        if (
            name in elements.DOUBTFUL
            or is_closed
            or not _NOT_FOR_ALL.isdisjoint(attributes)
            or ("hidden" in attributes and "display" not in styles)
        ):
            hidden |= {"display"}
        is_faint = (
            around.hidden >= FAINT if paint is around.paint else not paint.is_seen
        )
        if is_faint:
            hidden |= FAINT
        self.targets += _targets(name, attributes)
        if name in elements.SKIPPED:
            if name in elements.RAW and tag.content.strip():
                self.text.append(APART)
            return
        self._open(name, hidden, paint, is_line=is_styled)
        if name in elements.VOID:
            if shown := _shown_by(name, attributes):
                self._write(f" {shown} ")
            self._close(name)
        elif name == "a":
            self._begin_anchor(attributes)

    def _end_tag(self, name: str) -> None:
        table = self.stack[-1].table
        if name in elements.TABLE:
            self._end_part(table)
        if name in elements.TABLE and name not in elements.CELLS:
            self._end_row(table)
        if name == "a":
            self.end_anchor()
        if name in elements.LINES:
            self.text.append("\n")
        if name in ("body", "html") or self._is_loose(name):
            return  # what follows is in the body as well
        self._end(name)

    def _end(self, name: str) -> None:
        """End an element as far as a browser does."""
        if self._is_crossed(name):
            # It goes on within; what it showed anew may not.
            self.is_displaced |= self.anew[name] > 0
        else:
            self._close(name)

    def _is_loose(self, name: str) -> bool:
        """Return whether a part of a table stands outside of all, and is nothing."""
        return name in elements.PARTS and not self.stack[-1].table.open["table"]

    def _is_near(self, name: str) -> bool:
        """Return whether an item is open, with no other block but plain ones in it."""
        for element in reversed(self.stack):
            if element.name == name:
                return True
            if element.name in elements.SPECIAL - elements.PLAIN:
                return False
        return False

    def _is_crossed(self, name: str) -> bool:
        """Return whether an element still holds a block, and does not end with it."""
        if not self.places[name]:
            return False
        place = self.places[name][-1]
        if name == "form":
            return place != len(self.stack) - 1
        return name not in elements.SPECIAL and place < self.stack[-1].block

    def _begin_anchor(self, attributes: Mapping[str, str]) -> None:
        self.end_anchor()
        element = self.stack[-1]
        is_seen = element.hidden <= css.INHERITED | FAINT and not self.is_displaced
        if "href" in attributes and is_seen:
            self.href = attributes["href"]
            self.start_of_anchor = len(self.text)
            self.table_of_anchor = element.table

    def _end_part(self, table: _Table) -> None:
        """Take notice that a cell may end, and the anchor in it."""
        if table is self.table_of_anchor:
            self.end_anchor()
        is_cell = any(table.open[cell] for cell in elements.CELLS)
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

    def _open(
        self, name: str, hidden: frozenset[str], paint: Paint, *, is_line: bool
    ) -> None:
        around = self.stack[-1]
        flow, table = around.flow, around.table
        if name in ("table", "template"):
            table = _Table(start_of_cell=self.seen)
        if name == "table" or name in _APART:
            flow = Counter()
        peers = table.open if name in elements.TABLE else flow
        peers[name] += 1
        place = len(self.stack)
        block = place if name in elements.SPECIAL else around.block
        is_anew = not around.hidden <= hidden
        self.places[name].append(place)
        self.anew[name] += is_anew
        self.stack.append(
            _Element(name, is_line, hidden, paint, flow, table, peers, block, is_anew)
        )

    def _close(self, name: str) -> None:
        """End the innermost element of a name in the same table, cell or list."""
        around = self.stack[-1]
        peers = around.table.open if name in elements.TABLE else around.flow
        is_open = peers[name] > 0
        going_on: list[_Element] = []
        while is_open:
            element = self.stack.pop()
            element.peers[element.name] -= 1
            self.places[element.name].pop()
            self.anew[element.name] -= element.is_anew
            if element.is_line:
                self.text.append("\n")
            is_open = not (element.name == name and element.peers is peers)
            if is_open and element.name in elements.FORMATTING:
                going_on.append(element)
        if name not in elements.TABLE:
            for element in reversed(going_on):
                if not element.hidden <= self.stack[-1].hidden:
                    self._open(
                        element.name, element.hidden, element.paint, is_line=False
                    )


def _shown_by(name: str, attributes: Mapping[str, str]) -> str:
    """Return what a reader may see of an element without content."""
    if name == "img":
        return attributes.get("alt", "")
    if name == "input" and lower(attributes.get("type", "")) not in _TEXTLESS:
        names = ("value", "placeholder", "alt")
        return next((attributes[one] for one in names if attributes.get(one)), "")
    return ""


def _targets(name: str, attributes: Mapping[str, str]) -> list[str]:
    """Return the addresses to which a tag leads."""
    if not attributes:
        return []
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
