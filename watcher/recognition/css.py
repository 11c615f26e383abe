"""Tells from its styles whether a reader sees an element of a mail, and as a block.

Only what hides is read, in a tag and in style sheets; of these the rules for a single
element, class or id. What stands in `@media` and its like applies to some screens only.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Value(NamedTuple):
    """What a property is set to, and whether other rules may set it anew."""

    text: str
    is_important: bool
    place: int = 0
    """Of two rules as exact as each other, the one of the later place counts."""


Styles = dict[str, Value]
Rules = dict[str, Styles]
"""Styles by their selector; `p`, `.note`, `#note`, `p.note` and `*` are looked up."""

_COMMENT = re.compile(r"/\*(?:.*?\*/|.*)|<!--|-->", re.DOTALL)
_WITHIN = re.compile(r"(?:(?:html|body)[\s>]+)*")
_EVERY_SCREEN = re.compile(r"@media\s+(?:only\s+)?(?:all|screen)\s*\{", re.IGNORECASE)
"""With it taken off, its rules are those of the sheet; an end too many does no harm."""

_ZERO = r"[+-]?(?:0+(?:\.0*)?|\.0+)(?:[a-z]{1,4}|%)?"
_FAR = re.compile(r"-(?:[0-9]{4,}(?:\.[0-9]*)?(?:px|pt)?|[0-9]{3,}r?em)")
_HIDES = {
    "display": re.compile(r"none"),
    "mso-hide": re.compile(r"all"),
    "opacity": re.compile(_ZERO),
    "visibility": re.compile(r"hidden|collapse"),
    "font-size": re.compile(rf"{_ZERO}|[01](?:\.[0-9]*)?px"),
    "font": re.compile(rf"(?:.*\s)?{_ZERO}\s*(?:/.*|\s.*)", re.DOTALL),
    "color": re.compile(
        rf"transparent|rgba\((?:[^,)]*,){{3}}\s*{_ZERO}\s*\)|rgba?\([^/)]*/\s*{_ZERO}\s*\)"
        r"|#[0-9a-f]{3}0|#[0-9a-f]{6}00"
    ),
    "transform": re.compile(r"scale[xy]?\(\s*0\s*[,)].*", re.DOTALL),
    "clip": re.compile(r"rect\(\s*[01](?:px)?\b.*", re.DOTALL),
    **dict.fromkeys(("text-indent", "left", "top", "margin-left"), _FAR),
}
_NO_ROOM = re.compile(_ZERO)
_SIZES = ("height", "max-height", "width", "max-width")
_OVERFLOW = re.compile(r"(?:hidden|clip)\b.*", re.DOTALL)
_BLOCK = re.compile(r"block|list-item|flex|grid|flow-root|table(?:-[a-z-]+)?")
_READ = frozenset({*_HIDES, *_SIZES, "overflow"})

INHERITED = frozenset({"visibility", "font", "color"})
"""What an element within may set anew, and be seen; all else hides that as well."""

_RELATIVE = re.compile(r"inherit|unset|.*(?:em|%)|smaller|larger")
"""Values that say nothing of themselves: twice the size of nothing is nothing."""


def read_styles(source: str, place: int = 0) -> Styles:
    """Return the styles of a tag, or of a rule, that may hide; the last one counts."""
    styles: Styles = {}
    for declaration in _COMMENT.sub(" ", source).lower().split(";"):
        name, _, value = declaration.partition(":")
        text, _, mark = value.partition("!")
        if name.strip() in _READ:
            is_important = mark.strip() == "important"
            _set(styles, name.strip(), Value(text.strip(), is_important, place))
    return styles


def read_rules(source: str, rules: Rules) -> None:
    """Add what a style sheet hides to the rules that stand before it."""
    sheet = _EVERY_SCREEN.sub(" ", _COMMENT.sub(" ", source))
    latest = (value.place for styles in rules.values() for value in styles.values())
    first = max(latest, default=0) + 1
    for place, (selectors, declarations) in enumerate(_blocks(sheet), first):
        if styles := read_styles(declarations, place):
            for listed in selectors.lower().split(","):
                into = rules.setdefault(_WITHIN.sub("", listed.strip(), count=1), {})
                for name, value in styles.items():
                    _set(into, name, value)


def styles_of(name: str, attributes: Mapping[str, str], rules: Rules) -> Styles:
    """Return the styles of an element; the more exact a selector, the later it acts."""
    styles: Styles = {}
    if rules:
        classes = [f".{one}" for one in attributes.get("class", "").lower().split()]
        ids = [f"#{attributes.get('id', '').lower()}"]
        marks = (
            [prefix + one for one in x] for x in (classes, ids) for prefix in ("", name)
        )
        for alike in (["*"], [name], *marks):
            found = (x for one in alike for x in rules.get(one, {}).items())
            for key, value in sorted(found, key=lambda item: item[1].place):
                _set(styles, key, value)
    for key, value in read_styles(attributes.get("style", "")).items():
        _set(styles, key, value)
    return styles


def hiding(styles: Styles, inherited: frozenset[str]) -> frozenset[str]:
    """Return what hides an element; nothing if a reader sees it.

    `inherited` is what hides the element around it.
    """
    hidden = set(inherited)
    for name, (value, *_) in styles.items():
        kind = "font" if name == "font-size" else name
        if name in _HIDES and _HIDES[name].fullmatch(value):
            hidden.add(kind)
        elif kind in INHERITED and not _RELATIVE.fullmatch(value):
            hidden.discard(kind)
    is_cut = "overflow" in styles and _OVERFLOW.fullmatch(styles["overflow"].text)
    if is_cut and any(
        _NO_ROOM.fullmatch(styles[size].text) for size in _SIZES if size in styles
    ):
        hidden.add("overflow")
    return frozenset(hidden)


def is_block(styles: Styles) -> bool:
    """Return whether an element is set apart by its styles as a paragraph is."""
    return "display" in styles and bool(_BLOCK.fullmatch(styles["display"].text))


def is_cell(styles: Styles) -> bool:
    """Return whether an element stands beside others as a table cell does."""
    return "display" in styles and styles["display"].text == "table-cell"


def _set(styles: Styles, name: str, value: Value) -> None:
    if value.is_important or not (name in styles and styles[name].is_important):
        styles.pop(name, None)  # the order counts: `font` sets the size as well
        styles[name] = value


def _blocks(sheet: str) -> Iterator[tuple[str, str]]:
    """Yield selectors and declarations of the rules outside of any other block."""
    depth = start = opened = 0
    for brace in re.finditer(r"[{}]", sheet + "}"):
        if brace[0] == "{":
            opened = opened if depth else brace.end()
            depth += 1
            continue
        depth = max(0, depth - 1)
        if depth == 0:
            selectors = sheet[start : max(start, opened - 1)].rpartition(";")[2]
            if opened > start and "@" not in selectors:
                yield selectors, sheet[opened : brace.start()]
            start = brace.end()
