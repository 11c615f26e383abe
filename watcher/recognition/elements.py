"""What a program that shows HTML does with an element by its name alone.

As the HTML standard says (§13.2.6), as far as mails need it.
"""

UNSEEN = frozenset({"noframes", "script", "style", "title"})
RAW = frozenset({"iframe", "noembed", "plaintext", "textarea", "xmp"})
"""Elements whose text is no HTML, or is not shown at all."""

SKIPPED = UNSEEN | RAW

DOUBTFUL = frozenset(
    {
        *("applet", "audio", "canvas", "datalist", "marquee", "math", "meter"),
        *("noscript", "object", "progress", "rp", "select", "svg", "template"),
        *("video", "del", "s", "strike", "option", "optgroup", "selectedcontent"),
        *("dialog", "fencedframe", "geolocation", "permission", "portal"),
    }
)
"""Elements whose text some programs show and some do not, or which is struck out."""

FOLDED = frozenset({"details"})
"""Elements whose text is shown once they are open."""

VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta"),
        *("param", "source", "track", "wbr"),
    }
)
"""Elements without an end."""

LISTS = frozenset({"dl", "ol", "ul"})
SCOPES = frozenset(
    {
        *("applet", "button", "marquee", "object", "select", "template"),
        *("annotation-xml", "desc", "foreignobject", "math", "mi", "mn", "mo", "ms"),
        *("mtext", "svg"),
    }
)
"""Elements in which an end tag ends nothing that stands around them."""

FOREIGN = frozenset({"math", "svg"})
"""In these, elements of `SKIPPED` hold HTML after all."""

CELLS = frozenset({"caption", "td", "th"})
ROWS = frozenset({"tbody", "tfoot", "thead", "tr"})
PARTS = CELLS | ROWS
TABLE = PARTS | {"table"}

BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "center", "dd", "details"),
        *("dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure"),
        *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup"),
        *("hr", "legend", "li", "listing", "main", "menu", "nav", "ol", "p", "pre"),
        *("search", "section", "summary", "ul"),
    }
)
"""Elements that end a paragraph."""

ITEMS = frozenset({"dd", "dt", "li"})
PLAIN = frozenset({"address", "div", "p"})
SPECIAL = (BLOCKS - {"dialog"}) | TABLE | SCOPES | LISTS | {"body", "html", "noscript"}
"""Elements that the end tag of another one within which they stand does not end."""

LINES = BLOCKS | TABLE | {"body", "br", "option"}
"""Elements that begin a new line; a table cell is one, so that labels end there."""

ENDED_BY = {
    "tr": CELLS | {"tr"},
    **dict.fromkeys(CELLS, CELLS),
    **dict.fromkeys(ROWS - {"tr"}, PARTS),
    **dict.fromkeys(BLOCKS - {"legend"}, frozenset({"p"})),
    **dict.fromkeys(("dd", "dt"), frozenset({"dd", "dt", "p"})),
    "li": frozenset({"li", "p"}),
    **{name: frozenset({name}) for name in ("a", "option")},
}
"""The elements that are over where another one begins."""

FORMATTING = frozenset(
    {
        *("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike"),
        *("strong", "tt", "u"),
    }
)
"""Elements that go on where the one around them ends, unless it is a cell."""
