"""Tells from its styles whether a reader sees an element of a mail, and as a block.

Of each property that can hide, the values are known that show: every other one may
hide, in some program, and its text gives no words.
"""

import re
from typing import NamedTuple


class Value(NamedTuple):
    """What a property is set to, and whether other rules may set it anew."""

    text: str
    is_important: bool
    place: int = 0
    """Of two rules as exact as each other, the one of the later place counts."""


Styles = dict[str, Value]

DOUBT = "doubt"
"""Stands among the styles of what a rule may hide that is not read exactly."""

HIDDEN: Styles = {DOUBT: Value("", is_important=True)}

_OPAQUE = re.compile(
    r"/\*(?:.*?\*/|.*)|<!--|-->"
    r"|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?",
    re.DOTALL,
)
"""Comments and strings."""

_ANY = "inherit|initial|unset|revert"
_NUMBER = r"[0-9]+(?:\.[0-9]*)?"
_SIZE = (
    r"(?:[2-9]|[1-9][0-9]+)(?:\.[0-9]*)?(?:px|pt)"
    r"|(?:[1-9][0-9]{2,}|[3-9][0-9])(?:\.[0-9]*)?%"
    r"|(?:[1-9][0-9]*(?:\.[0-9]*)?|0?\.[3-9][0-9]*)r?em"
    r"|(?:xx?x?-)?(?:small|large)|medium|smaller|larger"
)
_PART = r"(?:1(?:\.0*)?|0?\.[3-9][0-9]*|100%|[3-9][0-9]%)"
"""More than so much is seen."""

_SHIFT = (
    r"[+-]?(?:[1-4]?[0-9]{1,2}(?:\.[0-9]*)?(?:px|pt)?|[0-9]{1,2}(?:\.[0-9]*)?%"
    r"|[12]?[0-9](?:\.[0-9]*)?r?em|\.[0-9]+[a-z%]*)|100%|auto"
)
_COLOR = (
    r"(?!transparent)[a-z]+|#(?:[0-9a-f]{3}|[0-9a-f]{6})|#[0-9a-f]{3}[5-9a-f]"
    rf"|#[0-9a-f]{{6}}[5-9a-f][0-9a-f]|(?:rgb|hsl)a?\((?:{_NUMBER}(?:deg|%)?[ ,]+){{2}}"
    rf"{_NUMBER}%?(?: ?[,/] ?{_PART})?\)"
)
_SHOWS = {
    name: re.compile(rf"(?:{values})|{_ANY}")
    for names, values in (
        (
            "display",
            "block|contents|flow-root|list-item|ruby|(?:inline-)?(?:flex|grid|table)"
            "|inline|inline-block|table-(?:cell|row|caption|(?:row|header|footer)-group)"
            "|-webkit-(?:inline-)?(?:box|flex)",
        ),
        (DOUBT, "shown"),
        ("mso-hide", "none"),
        ("opacity", _PART),
        ("visibility content-visibility", "visible|auto"),
        ("font-size", _SIZE),
        ("font", rf"(?:.* )?(?:{_SIZE})(?:/[^ ]+)? .+|caption|menu|icon"),
        ("color -webkit-text-fill-color", _COLOR),
        ("transform translate scale rotate zoom", r"none|normal|1(?:\.0*)?|100%"),
        ("filter -webkit-filter mask mask-image animation animation-name", "none"),
        ("clip clip-path", "none|auto"),
        ("text-decoration text-decoration-line", "(?!.*line-through).*"),
        ("left right top bottom text-indent inset", _SHIFT),
        (
            "margin margin-left margin-right margin-top margin-bottom",
            rf"(?:(?:{_SHIFT}|[0-9]{{1,3}}px)(?: |$)){{1,4}}",
        ),
    )
    for name in names.split()
}
_ROOM = re.compile(
    rf"auto|none|{_ANY}|(?:min|max|fit)-content|[1-9][0-9]+(?:\.[0-9]*)?(?:px|pt)?"
    r"|[1-9][0-9]*(?:\.[0-9]*)?(?:r?em|ex|ch|%|vw|vh|in|cm|mm)"
)
_SIZES = (
    *("height", "max-height", "block-size", "max-block-size"),
    *("width", "max-width", "inline-size", "max-inline-size"),
)
_CUTS = ("overflow", "overflow-x", "overflow-y")
_UNCUT = re.compile(rf"visible|{_ANY}")
_BLOCK = re.compile(r"block|list-item|flex|grid|flow-root|table(?:-[a-z-]+)?")
_READ = frozenset({*_SHOWS, *_SIZES, *_CUTS})

INHERITED = frozenset({"visibility", "font", "color"})
"""What an element within may set anew, and be seen; all else hides that as well."""

_RELATIVE = re.compile(r"inherit|unset|revert|.*(?:(?<!r)em|%)|smaller|larger")
"""Values that say nothing of themselves: twice the size of nothing is nothing."""


def plain(source: str) -> str:
    """Return styles without comments, and with nothing in their strings."""
    return _OPAQUE.sub(lambda found: '""' if found[0][0] in "\"'" else " ", source)


def read_styles(source: str, place: int = 0) -> Styles:
    """Return the styles of a tag, or of a rule, that may hide; the last one counts."""
    styles: Styles = {}
    for declaration in plain(source).lower().split(";"):
        name, _, value = declaration.partition(":")
        text, _, mark = value.partition("!")
        words = re.sub(" ?/ ?", "/", " ".join(text.split()))
        if name.strip() in _READ and words:
            is_important = mark.strip() == "important"
            add(styles, name.strip(), Value(words, is_important, place))
    # An escape may stand for any letter of a property.
    return styles | HIDDEN if "\\" in source else styles


def add(styles: Styles, name: str, value: Value) -> None:
    """Set a property, unless what it is set to is more important."""
    if value.is_important or not (name in styles and styles[name].is_important):
        styles.pop(name, None)  # the order counts: `font` sets the size as well
        styles[name] = value


def hiding(
    styles: Styles, inherited: frozenset[str], *, is_cell: bool = False
) -> frozenset[str]:
    """Return what hides an element; nothing if a reader sees it.

    `inherited` is what hides the element around it. A cell of a table, unlike all else,
    grows with what is in it.
    """
    hidden = set(inherited)
    for name, (value, *_) in styles.items():
        kind = "font" if name == "font-size" else name
        if name in _SHOWS and not _SHOWS[name].fullmatch(value):
            hidden.add(kind)
        elif kind in INHERITED and not _RELATIVE.fullmatch(value):
            hidden.discard(kind)
    grows = is_cell and ("display" not in styles or is_table_cell(styles))
    if not grows and _is_cut(styles) and _has_no_room(styles):
        hidden.add("overflow")
    return frozenset(hidden)


def may_hide(styles: Styles) -> bool:
    """Return whether a rule may hide, alone or with others."""
    return bool(hiding(styles, frozenset())) or _has_no_room(styles)


def is_block(styles: Styles) -> bool:
    """Return whether an element is set apart by its styles as a paragraph is."""
    return "display" in styles and bool(_BLOCK.fullmatch(styles["display"].text))


def is_table_cell(styles: Styles) -> bool:
    """Return whether an element stands beside others as a table cell does."""
    return "display" in styles and styles["display"].text == "table-cell"


def _is_cut(styles: Styles) -> bool:
    return any(not _UNCUT.fullmatch(styles[one].text) for one in _CUTS if one in styles)


def _has_no_room(styles: Styles) -> bool:
    return any(not _ROOM.fullmatch(styles[one].text) for one in _SIZES if one in styles)
