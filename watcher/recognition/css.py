"""Tells from its styles whether a reader sees an element of a mail, and as a block.

Of each property that can hide, the values are known that show: every other one may
hide, in some program, and its text gives no words.
"""

import re
from typing import NamedTuple

from watcher.recognition import colours
from watcher.recognition.tokens import BLANKS, lower, words

TYPE = "text/css"
"""The only kind of style sheet that is one."""


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
    r"url\(\s*(?![\s\"'])(?:[^)\\]|\\.)*\)?|/\*(?:.*?\*/|.*)"
    r"|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?",
    re.DOTALL | re.IGNORECASE,
)
"""Addresses without quotes, comments and strings."""

_OPAQUE_AS = {"u": "url()", "U": "url()", '"': '""', "'": '""', "/": " "}
_BRACKETS = re.compile(r"[()\[\]{};]")
_CLOSED_BY = {"(": ")", "[": "]", "{": "}"}

_ANY = "inherit|initial|unset|revert"
_WORD_OF_ANY = re.compile(_ANY)
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_UNIT = r"(?:px|pt|pc|cm|mm|in|q|r?em|ex|r?ch|r?lh|[sld]?v(?:w|h|i|b|min|max)|%)"
_SIZE = (
    r"(?:[2-9]|[1-9][0-9]+)(?:\.[0-9]+)?(?:px|pt)"
    r"|(?:[1-9][0-9]{2,}|[3-9][0-9])(?:\.[0-9]+)?%"
    r"|(?:[1-9][0-9]*(?:\.[0-9]+)?|0?\.[3-9][0-9]*)r?em"
    r"|(?:xx?x?-)?(?:small|large)|medium|smaller|larger"
)
_PART = r"(?:1(?:\.0+)?|0?\.[3-9][0-9]*|100%|[3-9][0-9]%)"
"""More than so much is seen."""

_ZERO = rf"(?:0+(?:\.0+)?|\.0+){_UNIT}?"
_NEAR = (
    rf"[+-]?(?:{_ZERO}|(?:1?[0-9]|2[0-4])(?:\.[0-9]+)?(?:px|pt)?|[0-5](?:\.[0-9]+)?mm"
    rf"|[0-9](?:\.[0-9]+)?%|1?(?:\.[0-9]+)?(?:r?em|pc)|0?\.[0-9]+(?:{_UNIT})?"
    r"|0?\.[0-2][0-9]*in)"
)
"""What is moved so little is seen where it was; further off it may be out of sight."""

_NUDGE = (
    rf"[+-]?(?:{_ZERO}|[0-9](?:\.[0-9]+)?(?:px|pt)?|[0-2](?:\.[0-9]+)?(?:mm|%)"
    r"|0?\.[0-5][0-9]*r?em)"
)
"""Up to here something at the edge of the window is seen."""

_ON = (
    rf"\+?(?:{_ZERO}|[1-4]?[0-9]{{1,2}}(?:\.[0-9]+)?(?:px|pt)?"
    r"|(?:[1-4]?[0-9](?:\.[0-9]+)?|50)%|[0-9]{1,2}(?:\.[0-9]+)?mm"
    r"|[12]?[0-9](?:\.[0-9]+)?(?:r?em|pc)|[0-9](?:\.[0-9]+)?cm|[0-3](?:\.[0-9]+)?in"
    rf"|\.[0-9]+{_UNIT})"
)
"""To the right or down there is room: it is scrolled to."""

_MARGIN = rf"{_NEAR}|{_ON}|auto"
_SPACING = (
    rf"normal|{_ZERO}|-[0-2](?:\.[0-9]+)?(?:px|pt)|-?0?\.[0-9]+(?:px|pt)"
    r"|-0?\.[01][0-9]*em|1?[0-9](?:\.[0-9]+)?(?:px|pt)|[01]?(?:\.[0-9]+)?em"
)
_LINE = (
    r"normal|(?:[1-9]|0?\.[5-9])(?:\.[0-9]+)?(?:r?em)?|0?\.[5-9][0-9]*(?:r?em)?"
    r"|[1-9][0-9]?(?:\.[0-9]+)?(?:px|pt)|(?:[5-9][0-9]|[1-9][0-9]{2})(?:\.[0-9]+)?%"
)
_TRACKS = (
    r"(?:[ ,/()\"]|none|auto|(?:min|max)-content|minmax|repeat|fit-content|"
    r"[1-9][0-9]*(?:fr|em)|[0-9]{2,}(?:px|%)|[1-9][0-9]*(?=,))+"
)
_COLOR = (
    rf"{colours.NAMES}"
    r"|#(?:[0-9a-f]{3}|[0-9a-f]{6})|#[0-9a-f]{3}[5-9a-f]"
    rf"|#[0-9a-f]{{6}}[5-9a-f][0-9a-f]|(?:rgb|hsl)a?\((?:{_NUMBER}(?:deg|%)?[ ,]+){{2}}"
    rf"{_NUMBER}%?(?: ?[,/] ?{_PART})?\)"
)
_UNMOVED = (
    r"none|translate(?:[xyz]\(0(?:px)?\)|\(0(?:px)?(?:, ?0(?:px)?)?\)"
    r"|3d\(0(?:px)?(?:, ?0(?:px)?){2}\))"
)
_UNREAD = (
    r"(?:var|env|attr|light-dark|color|color-mix|hwb|lab|lch)\("
    r"|(?:rgb|hsl)a?\((?![0-9deg., %/]+\))"
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
        ("visibility", "visible"),
        ("content-visibility", "visible|auto"),
        ("font-size", _SIZE),
        ("font", rf"(?:.* )?(?:{_SIZE})(?:/[^ ]+)? .+|caption|menu|icon"),
        ("color -webkit-text-fill-color", _COLOR),
        ("transform", _UNMOVED),
        ("translate rotate", "none|0(?:px|deg)?"),
        ("scale", r"none|1(?:\.0+)?|100%"),
        ("zoom", r"normal|1(?:\.0+)?|100%"),
        ("filter -webkit-filter mask mask-image clip-path", "none"),
        ("animation animation-name", "none"),
        ("clip", "auto"),
        ("text-decoration text-decoration-line", "(?!.*line-through).*"),
        ("background", rf"(?!.*(?:{_UNREAD})).*"),
        ("background-color", r"[^(]*|(?:rgb|hsl)a?\([0-9deg., %/]*\)"),
        ("text-indent", _NEAR),
        ("left top", rf"{_NUDGE}|{_ON}|auto"),
        (
            "right bottom inset-inline-start inset-inline-end inset-block-start"
            " inset-block-end",
            rf"{_NUDGE}|(?!-){_NEAR}|auto",
        ),
        (
            "inset inset-inline inset-block",
            rf"(?:(?:{_NUDGE}|(?!-){_NEAR}|auto)(?: |$)){{1,4}}",
        ),
        (
            "margin margin-left margin-right margin-top margin-bottom margin-inline"
            " margin-inline-start margin-inline-end margin-block margin-block-start"
            " margin-block-end margin-start margin-end margin-before margin-after",
            rf"(?:(?:{_MARGIN})(?: |$)){{1,4}}",
        ),
        (
            "padding padding-left padding-right padding-top padding-inline"
            " padding-inline-start padding-inline-end padding-block padding-block-start"
            " padding-start padding-before",
            rf"(?:(?:1?[0-9]{{1,2}}(?:px|pt)?|(?!\S*[0-9]{{3}}){_ON})(?: |$)){{1,4}}",
        ),
        ("letter-spacing word-spacing", _SPACING),
        ("line-height", _LINE),
        ("font-size-adjust offset offset-path text-security", "none"),
        ("mask-border mask-border-source mask-box-image mask-box-image-source", "none"),
        ("contain", "none|style|layout|layout style|style layout"),
        ("container container-type", "normal|none|[^/]*/ ?normal"),
        ("mix-blend-mode", "normal"),
        ("backface-visibility", "visible"),
        ("content", r"(?!.*(?:\(|(?<![a-z])image)).*"),
        ("text-stroke text-stroke-width", r"0(?:px)?(?: .*)?"),
        ("interactivity", "auto"),
        ("z-index", "auto|[0-9]+"),
        (
            "grid grid-template grid-template-rows grid-template-columns"
            " grid-auto-rows grid-auto-columns",
            _TRACKS,
        ),
    )
    for name in names.split()
}
_SHOWS |= {
    f"-{program}-{name}": values
    for program in ("webkit", "moz")
    for name, values in _SHOWS.items()
    if f"-{program}-{name}" not in _SHOWS
}
"""Older names hide as well, but do not show what the others hide."""

_ROOM = re.compile(
    rf"auto|none|{_ANY}|(?:min|max|fit)-content"
    r"|(?:[1-9][0-9]{2,}|[2-9][0-9])(?:\.[0-9]+)?(?:px|pt)?"
    r"|[1-9][0-9]*(?:\.[0-9]+)?(?:r?em|ex|ch|%|vw|vh|in|cm|mm)"
    r"|calc\( ?(?:[5-9][0-9]|100)% [+-] [0-9]{1,2}px ?\)"
)
_SIZES = (
    *("height", "max-height", "block-size", "max-block-size"),
    *("width", "max-width", "inline-size", "max-inline-size"),
    *("-webkit-logical-height", "-webkit-max-logical-height"),
    *("-webkit-logical-width", "-webkit-max-logical-width", "flex-basis"),
)
_WIDE_ROOM = re.compile(
    rf"auto|none|{_ANY}|(?:[1-9][0-9]{{3,}}|[3-9][0-9]{{2}})(?:px|pt)?|[1-9][0-9]*%"
)
"""What is left of it when what stands around the text is taken off."""
_MOST = re.compile(r"100%|[5-9][0-9]%")
_LAYOUT = ("box-sizing", "table-layout")
_CUTS = ("overflow", "overflow-x", "overflow-y")
_UNCUT = re.compile(rf"visible|{_ANY}")
_BLOCK = re.compile(r"block|list-item|flex|grid|flow-root|table(?:-[a-z-]+)?")
_GROUNDS = ("background", "background-color", "background-image")
_COLOURS = ("color", "-webkit-text-fill-color", "background-color")
_IN_BRACKETS = re.compile(
    r"(?<![a-z-])(?:url|(?:rgb|hsl)a?|[a-z-]*gradient|image-set|calc)\([^()]*\)"
)
_NESTED = re.compile(rf"(?:url|gradient|image-set)\([^)]*(?:\(|$)|{_UNREAD}")
_OF_COLOURS = re.compile(r"(?:rgb|hsl)a?\(")
_GROUND = re.compile(
    rf"{_ANY}|none|scroll|fixed|local|repeat(?:-[xy])?|no-repeat|space|round|left|right"
    r"|top|bottom|center|cover|contain|auto|text|(?:border|padding|content)-box"
    rf"|[+-]?(?:{_NUMBER}|\.[0-9]+){_UNIT}?|#[0-9a-f]{{3,8}}|[^a-z]*"
)
"""What may stand in `background` beside the names of colours."""

_OLD_FILTER = re.compile(
    r"alpha\( ?opacity ?= ?100 ?\)"
    r"|(?:progid:dximagetransform\.microsoft\.(?!alpha)[a-z]+\([^()]*\) ?)+"
)
"""What only programs of old read, and shows there."""

_READ = frozenset({*_SHOWS, *_SIZES, *_CUTS, *_LAYOUT, *_GROUNDS})

INHERITED = frozenset({"visibility", "font", "color", "line-height"})
"""What an element within may set anew, and be seen; all else hides that as well."""

DISPLACING = frozenset(
    name for name in _SHOWS if name.startswith("margin") or "-margin" in name
)
"""What moves all that follows as well, and may lay it over other text."""

_RELATIVE = re.compile(r"inherit|unset|revert|.*(?:(?<!r)em|%)|smaller|larger")
"""Values that say nothing of themselves: twice the size of nothing is nothing."""


def plain(source: str) -> str:
    """Return styles without comments, and with nothing in what is a string."""
    return _OPAQUE.sub(lambda found: _OPAQUE_AS[found[0][0]], source)


def read_styles(source: str, place: int = 0) -> Styles:
    """Return the styles of a tag, or of a rule, that may hide; the last one counts."""
    styles: Styles = {}
    bare = lower(plain(source))
    for declaration in bare.split(";"):
        before, _, after = declaration.partition(":")
        name = before.strip(BLANKS)
        text, exclamation, mark = after.partition("!")
        value = re.sub(" ?/ ?", "/", " ".join(words(text)))
        is_important = mark.strip(BLANKS) == "important"
        is_marked_wrongly = bool(exclamation) and not is_important
        if name in _READ and not is_marked_wrongly and _is_valid(name, value):
            add(styles, name, Value(value, is_important, place))
    # An escape may stand for any letter of a property.
    is_odd = "\\" in source or _is_split_in_brackets(bare)
    return styles | HIDDEN if is_odd else styles


def _is_split_in_brackets(source: str) -> bool:
    """Return whether a semicolon, or the end, stands within brackets."""
    closing: list[str] = []
    for found in _BRACKETS.finditer(source):
        mark = found[0]
        if mark == ";" and closing:
            return True
        if mark in _CLOSED_BY:
            closing.append(_CLOSED_BY[mark])
        elif closing and mark == closing[-1]:
            closing.pop()
    return bool(closing)


def _is_valid(name: str, value: str) -> bool:
    """Return whether a value may be one of a property; others have no effect."""
    is_colour = name in _GROUNDS and colours.colour_in(value) is not None
    if name in _COLOURS and value.isalpha():
        return colours.is_name(value) or bool(_WORD_OF_ANY.fullmatch(value))
    if name == "background-color" and "(" not in value:
        return is_colour and " " not in value
    if name == "background-image" and value.isalpha():
        return value == "none" or bool(_WORD_OF_ANY.fullmatch(value))
    if name == "background" and value and not _NESTED.search(value):
        others = re.split("[ ,/]", _IN_BRACKETS.sub(" ", value))
        is_known = all(_GROUND.fullmatch(one) or colours.is_name(one) for one in others)
        return is_known and (is_colour or not _OF_COLOURS.search(value))
    return value != "" and not (name == "filter" and _OLD_FILTER.fullmatch(value))


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
    if _is_cut(styles) and _has_no_room(styles, grows=grows):
        hidden.add("overflow")
    return frozenset(hidden)


def may_hide(styles: Styles) -> bool:
    """Return whether a rule may hide, alone or with others."""
    return bool(hiding(styles, frozenset())) or _has_no_room(styles)


def displaces(styles: Styles) -> bool:
    """Return whether a rule may move what stands elsewhere."""
    return not DISPLACING.isdisjoint(hiding(styles, frozenset()))


def paints(styles: Styles) -> bool:
    """Return whether a rule sets what text is written in or on."""
    return bool(styles.keys() & {*_COLOURS, *_GROUNDS})


def paints_both(styles: Styles) -> bool:
    """Return whether a rule sets what text is written in, and on."""
    is_text = not styles.keys().isdisjoint({"color", "-webkit-text-fill-color"})
    return is_text and not styles.keys().isdisjoint(_GROUNDS)


def is_block(styles: Styles) -> bool:
    """Return whether an element is set apart by its styles as a paragraph is."""
    return "display" in styles and bool(_BLOCK.fullmatch(styles["display"].text))


def is_table_cell(styles: Styles) -> bool:
    """Return whether an element stands beside others as a table cell does."""
    return "display" in styles and styles["display"].text == "table-cell"


def _is_cut(styles: Styles) -> bool:
    is_fixed = "table-layout" in styles and styles["table-layout"].text != "auto"
    cuts = (styles[one].text for one in _CUTS if one in styles)
    return is_fixed or any(not _UNCUT.fullmatch(value) for value in cuts)


def _has_no_room(styles: Styles, *, grows: bool = False) -> bool:
    """Return whether something has no size; what grows, at most its widest is one."""
    sizes = [name for name in _SIZES if name in styles]
    if grows:
        is_wide = "width" in styles and _MOST.fullmatch(styles["width"].text)
        sizes = [name for name in sizes if name == "max-width" and not is_wide]
    is_outer = "box-sizing" in styles and styles["box-sizing"].text != "content-box"
    room = _WIDE_ROOM if is_outer and not grows else _ROOM
    return any(not room.fullmatch(styles[name].text) for name in sizes)
