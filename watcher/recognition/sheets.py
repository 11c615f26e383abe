"""Reads the style sheets of a mail: what their rules set for an element.

Only rules for a single element, class or id are read exactly. Of all others that may
hide it is remembered for which elements they may be: these are in doubt. What stands
in `@media` for print, for the dark or for a width applies to some screens only.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from watcher.recognition import css
from watcher.recognition.contrast import PLAIN
from watcher.recognition.tokens import BLANKS, lower, words

_WITHIN = re.compile(r"(?:(?:html|body)[ >]+)*")
_EXACT = re.compile(r"(?:\*|[a-z][\w-]*)?(?:[.#][\w-]+)?")
_CLASS_IN_BRACKETS = re.compile(r"\[\s*class\s*~?=\s*[\"']?([\w-]+)[\"']?\s*\]", re.I)
_COMPOUND = re.compile(
    r"(\*|[a-z][\w-]*)?((?:[.#][\w-]+)*?)([.#][\w-]+)?(?:\[[^\]\[]*\]|::?[\w-]+)*"
)
_BETWEEN = re.compile(r"[ >+~]+")
_UNTOUCHED = re.compile(
    r":(?:hover|active|focus[a-z-]*|:?before|:?after|:?selection)\b"
)
"""Selectors of what is pressed, or of no text of the mail."""

_WIDTH = (
    r"\( ?(?:max-(?:device-)?width ?: ?[1-9][0-9]{0,2}px"
    r"|min-(?:device-)?width ?: ?(?:60[1-9]|6[1-9][0-9]|[7-9][0-9]{2}"
    r"|[1-9][0-9]{3,})px"
    r"|prefers-color-scheme ?: ?dark) ?\)"
)
_SCREEN = r"(?:only )?(?:all|screen)"
_WIDE = r"\( ?min-(?:device-)?width ?: ?(?:[1-5]?[0-9]{1,2}|600)px ?\)"
_SOME = (
    rf"print|(?:{_SCREEN} and )?(?:{_WIDE} and )?{_WIDTH}"
    rf"(?: and (?:{_WIDTH}|{_WIDE}))*"
)
_SOME_SCREENS = re.compile(
    rf"@media ?(?:{_SOME})(?: ?, ?(?:{_SOME}))*"
    r"|@(?:font-face|page|counter-style|property|(?:-[a-z]+-)?keyframes)\b.*",
    re.DOTALL,
)
_EVERY_SCREEN = re.compile(
    rf"@media ?(?:.*, ?)?(?:{_SCREEN}|(?:{_SCREEN} and )?{_WIDE})(?: ?,.*)?",
    re.DOTALL,
)
"""A reader's window, unless on a phone, is wider than 600 pixels."""

_IMPORT = re.compile(r"@(?:import|[\w-]*\\)\s*(?:url\(\s*)?[\"']?([^\"')\s;]*)", re.I)
_FONTS = re.compile(r"(?:https?:)?//fonts\.googleapis\.com/", re.I)
"""Sheets that hold nothing but fonts."""

_MARKS_OF_HTML = re.compile("<!--|-->")
"""They stand around old sheets."""

_BRACES = re.compile(r"[{};]")
_MARK = re.compile(r"[.#][\w-]+")
_OTHERS = 50
"""With more rules than so many for one element, it is in doubt whatever they say."""

_MARKS = 8
"""Marks of a rule that are looked for; with fewer of them it is in doubt more often."""


@dataclass(slots=True)
class Rules:
    """What the style sheets of a page set, by selector."""

    styles: dict[str, css.Styles] = field(default_factory=dict)
    """`p`, `.note`, `#note`, `p.note` and `*` are looked up."""
    in_doubt: dict[str, set[frozenset[str]]] = field(default_factory=dict)
    """Selectors of that kind for what may be hidden behind others, by their marks."""
    met: set[str] = field(default_factory=set)
    """Classes and ids of the elements so far, among them those around the next."""
    count: int = 0
    has_unread_paint: bool = False
    """A rule that is not read exactly sets colours."""
    is_incomplete: bool = False
    """A sheet lies elsewhere, or a rule moves what follows, and may hide all."""

    def note_link(self, attributes: Mapping[str, str]) -> None:
        """Take notice of what a `link` element names."""
        kinds = words(lower(attributes.get("rel", "")))
        is_sheet = "stylesheet" in kinds and "alternate" not in kinds
        if is_sheet and not _FONTS.match(attributes.get("href", "").strip(BLANKS)):
            self.is_incomplete = True

    def read(self, source: str, media: str = "all") -> None:
        """Add what a style sheet sets to the rules that stand before it."""
        if any(not _FONTS.match(found[1]) for found in _IMPORT.finditer(source)):
            self.is_incomplete = True
        sheet = lower(css.plain(_CLASS_IN_BRACKETS.sub(r".\1:_", source)))
        for block in _blocks(f"@media {lower(media)} {{{sheet}"):
            self.count += 1
            declarations = ";".join(block.declarations)
            if styles := css.read_styles(declarations, self.count):
                for listed in block.selectors.split(","):
                    self._add(listed.strip(BLANKS), styles, is_sure=block.is_sure)

    def _add(self, selector: str, styles: css.Styles, *, is_sure: bool) -> None:
        selector = _WITHIN.sub("", selector, count=1)
        if is_sure and _EXACT.fullmatch(selector):
            into = self.styles.setdefault(selector, {})
            for name, value in styles.items():
                css.add(into, name, value)
        elif re.search(r"[(\\]", selector) or not _UNTOUCHED.search(selector):
            self.has_unread_paint |= css.paints(styles)
            self.is_incomplete |= css.displaces(styles)
            if css.may_hide(styles) or _is_faint(styles):
                self._doubt(selector)

    def _doubt(self, selector: str) -> None:
        """Remember for which elements a rule may be that may hide them."""
        # The last part is the element itself; whatever is odd may be any.
        before = _BETWEEN.split(selector)
        found = _COMPOUND.fullmatch(before.pop())
        key = f"{found[1] or ''}{found[3] or ''}" if found else ""
        plain = all(map(_COMPOUND.fullmatch, before))
        found_marks = _MARK.findall(" ".join(before)) if plain else []
        marks = frozenset(found_marks[:_MARKS])
        others = self.in_doubt.setdefault(key or "*", set())
        others.add(marks if len(others) < _OTHERS else frozenset())

    def styles_of(self, name: str, attributes: Mapping[str, str]) -> css.Styles:
        """Return the styles of an element; the more exact a selector, the later."""
        styles: css.Styles = {}
        if self.count:
            classes = [f".{one}" for one in words(lower(attributes.get("class", "")))]
            ids = [f"#{lower(attributes['id'])}"] if "id" in attributes else []
            levels = [["*"], [name]]
            for marks in filter(None, (classes, ids)):
                levels += [marks, [name + one for one in marks]]
            for alike in levels:
                named = [self.styles[one] for one in alike if one in self.styles]
                found = (item for one in named for item in one.items())
                # Most elements have no rule: an empty list need not be sorted.
                for key, value in sorted(found, key=_place) if named else ():
                    css.add(styles, key, value)
            selectors = chain.from_iterable(levels)
            doubts = [self.in_doubt[one] for one in selectors if one in self.in_doubt]
            if any(marks <= self.met for marks in chain.from_iterable(doubts)):
                styles |= css.HIDDEN
            self.met.update(classes, ids)
        if style := attributes.get("style"):
            for key, value in css.read_styles(style).items():
                css.add(styles, key, value)
        return styles


def _place(item: tuple[str, css.Value]) -> int:
    """Return where in the style sheets a property is set."""
    return item[1].place


def _is_faint(styles: css.Styles) -> bool:
    """Return whether a rule sets text and ground to what cannot be told apart."""
    return css.paints_both(styles) and not PLAIN.within("", styles, {}).is_seen


@dataclass(slots=True)
class _Block:
    """A block in braces, and whether it applies: surely, perhaps or elsewhere."""

    selectors: str
    is_sure: bool
    is_elsewhere: bool
    declarations: list[str] = field(default_factory=list)

    def within(self, prelude: str) -> "_Block":
        """Return a block within this one."""
        is_group = prelude.startswith("@")
        is_in_group = self.selectors.startswith("@")
        is_elsewhere = self.is_elsewhere or _is_elsewhere(prelude)
        is_known = not is_group or bool(_EVERY_SCREEN.fullmatch(prelude))
        selectors = self.selectors if is_group and not is_in_group else prelude
        is_sure = self.is_sure and is_in_group and is_known
        return _Block(selectors, is_sure, is_elsewhere)


def _is_elsewhere(prelude: str) -> bool:
    """Return whether a block is for some screens only, or for no text."""
    queries = prelude.split(",")
    up_to, from_on = (
        any(one in query and other not in query for query in queries)
        for one, other in (("max-", "min-"), ("min-", "max-"))
    )
    is_union = up_to and from_on  # of which each screen may be in one
    return not is_union and bool(_SOME_SCREENS.fullmatch(prelude))


def _blocks(sheet: str) -> Iterator[_Block]:
    """Yield the rules that apply, or may; what is not closed ends with the sheet."""
    around = [_Block("@", is_sure=True, is_elsewhere=False)]
    start = 0
    for mark in _BRACES.finditer(sheet):
        text = sheet[start : mark.start()]
        start = mark.end()
        if mark[0] == "{":
            prelude = " ".join(words(_MARKS_OF_HTML.sub(" ", text)))
            around.append(around[-1].within(prelude))
            continue
        around[-1].declarations.append(text)
        if mark[0] == "}" and len(around) > 2:  # the sheet itself stays open
            yield from _rule(around.pop())
    around[-1].declarations.append(sheet[start:])
    for block in reversed(around):
        yield from _rule(block)


def _rule(block: _Block) -> Iterator[_Block]:
    if not block.is_elsewhere and not block.selectors.startswith("@"):
        yield block
