"""Bodies of mails from a seeded generator: plausible ones, and odd and hostile ones.

Each piece of text in them has a word of its own, by which it is found again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from tests.sample_mails import LINK

LAYOUTS = (
    *("<div>{}</div>", "<p>{}</p>", "<p>{}", "<span>{}</span>", "<b>{}</b>", "<b>{}"),
    *("<i><b>{}</i>{}</b>", "<h1>{}</h1>", "<center>{}</center>", "<pre>{}</pre>"),
    *("<blockquote>{}</blockquote>", "<font color=red>{}</font>", "<hr>{}<br>{}"),
    *("<table><tr><td>{}</td><td>{}</td></tr></table>", "<table><td>{}<td>{}</table>"),
    *("<table><tr><td>{}<tr><th>{}</table>", "<table>{}<tr><td>{}</table>"),
    *("<table><caption>{}</caption><tbody><tr><td>{}</tbody></table>", "<td>{}</td>"),
    *("<table><tr>{}</tr><tr><td>{}</td></tr></table>", "<tr><td>{}</tr>"),
    *("<ul><li>{}<li>{}</ul>", "<ol><li>{}</li></ol>", "<dl><dt>{}<dd>{}</dl>"),
    *(
        "<form><button>{}</button>{}</form>",
        "<label>{}</label>",
        "<p><table>{}</table>",
    ),
    *("<fieldset><legend>{}</legend>{}</fieldset>", "<figure>{}</figure>"),
    *("<div><!-- {} -->{}</div>", "<!--> {} -->", "<!-- > {} --!>{}", "<!{}>{}"),
    *("<?{}?>{}", "</{}>{}", "<b title='{}'>{}</b>", '<b title="> {}">{}</b>'),
    *("<b title='\">{}'>{}</b>", "<b title={}>{}</b>", "<b/{}>{}</b>", "< b>{}</b>"),
    *(
        "<p a='x>{}</p><p b='y>{}</p>",
        "<![CDATA[{}]]>{}",
        "<b <i>{}</b>",
        "<br/>{}</br>",
    ),
    *("&lt;p hidden&gt;{}", "&#60;b&#62;{}&#x3c;/b&#x3e;", "<div>{}</p>{}</div>"),
    *("<p><div>{}</div>{}</p>", "<b><p>{}</b>{}</p>", "<a>{}</a>", "<nobr>{}<nobr>{}"),
    *("<ruby>{}<rt>{}</rt></ruby>", "<bdo dir=rtl>{}</bdo>", "<x-y>{}</x-y>"),
    *("<body>{}</body>{}", "<html>{}</html>{}", "</body>{}", "<head>{}</head>{}"),
    *("<img alt='{}'>{}", "<image alt='{}'>{}", "<input value='{}'>{}"),
    *("<input type=submit value='{}'>{}", "<input placeholder={}>{}", "<area>{}"),
    *(
        "<sub>{}</sub>",
        "<small>{}</small>",
        "<u>{}</u>",
        "<tt>{}</tt>",
        "<menu>{}</menu>",
    ),
    *(
        "<article>{}</article>",
        "<main>{}</main>",
        "<search>{}</search>",
        "<dir>{}</dir>",
    ),
)
"""Layouts of which nothing is hidden on purpose; some are broken."""

ELEMENTS = (
    *("noscript", "template", "svg", "math", "object", "iframe", "select", "option"),
    *("textarea", "title", "script", "style", "xmp", "noembed", "noframes", "marquee"),
    *("audio", "video", "canvas", "rp", "dialog", "dialog open", "details", "datalist"),
    *("details open", "summary", "del", "s", "strike", "meter", "progress", "applet"),
    *("button", "map", "slot", "frameset", "listing", "embed", "param", "optgroup"),
    *("svg><text", "svg><desc", "svg><title", "svg><foreignObject", "math><mtext"),
    *("svg><style", "math><annotation", "select><optgroup", "details><summary"),
    *("div hidden", "div hidden=until-found", "p HIDDEN", "div popover", "div inert"),
    *("template shadowrootmode=open", "div><template shadowrootmode=open", "portal"),
    *(
        "picture",
        "figcaption",
        "legend",
        "colgroup",
        "caption",
        "col",
        "tfoot",
        "thead",
    ),
    *("fencedframe", "selectedcontent", "permission", "geolocation", "input", "base"),
    *("div aria-hidden=true", "div contenteditable", "div translate=no", "source"),
    *("basefont size=1", "bgsound", "keygen", "isindex", "nextid", "spacer", "blink"),
    *("font size=-7", "font color=white", "font color=#fff", "td bgcolor=black"),
    *("table width=0", "table height=0", "td width=0 nowrap", "td height=0", "nobr"),
    *("div width=0 height=0", "table border=0 cellpadding=0", "td background=x"),
    *("body text=white", "body bgcolor=black", "body link=white", "body background=x"),
    *("marquee behavior=slide", "multicol", "rb", "rtc", "plaintext"),
)

STYLES = (
    # Shown.
    *("color:#333", "font-size:14px", "padding:10px", "margin:0 auto", "width:100%"),
    *("display:block", "display:inline-block", "font-weight:bold", "text-align:center"),
    *("line-height:1.5", "border:1px solid #ccc", "background:#eee", "float:left"),
    *("max-width:600px;overflow:hidden", "display:table-cell", "position:relative"),
    *("background:#ff9900;color:#111", "white-space:nowrap", "opacity:.9", "order:2"),
    # Hidden, or near it.
    *("display:none", "DISPLAY:NONE", "display:none!important;display:block"),
    *(
        "display:/**/none",
        "display:\\6eone",
        "visibility:hidden",
        "visibility:collapse",
    ),
    *("opacity:0", "opacity:.01", "opacity:0%", "opacity:calc(0)", "opacity:0e1"),
    *("font-size:0", "font-size:0px", "font-size:1px", "font:0/0 a", "font-size:.1em"),
    *("font-size:calc(0px)", "font-size:min(0px,9px)", "font-size:0e1px", "zoom:0.01"),
    *("height:0;overflow:hidden", "max-height:0;overflow:hidden", "zoom:.001"),
    *("width:0;overflow:hidden;white-space:nowrap", "height:0;overflow:clip"),
    *("max-width:0;overflow:hidden", "height:1px;overflow:hidden", "width:0"),
    *("line-height:0;overflow:hidden", "line-height:0", "line-height:0;display:block"),
    *("height:9px;overflow:hidden;padding-top:0;line-height:90px", "height:0"),
    *("height:20px;overflow:hidden;line-height:200px", "height:20px;overflow:hidden"),
    *("height:20px;overflow:hidden;text-indent:100%;white-space:nowrap", "columns:9"),
    *("overflow:hidden;text-indent:99%;white-space:nowrap;width:50px", "float:right"),
    *("width:50px;overflow:hidden;padding-left:50px;box-sizing:border-box",),
    *("width:50px;overflow:hidden;white-space:nowrap;text-indent:60px",),
    *("height:20px;overflow:hidden;padding-top:20px;box-sizing:border-box",),
    *("height:20px;overflow:hidden;border-top:20px solid;box-sizing:border-box",),
    *("position:absolute;left:-9999px", "position:absolute;top:-9999px"),
    *("position:absolute;left:-400px", "position:absolute;top:-400px", "left:-400px"),
    *("position:relative;left:-450px", "position:relative;top:-450px"),
    *("position:fixed;top:-99px", "position:fixed;bottom:-99px", "position:fixed"),
    *("position:absolute;right:-450px", "position:fixed;right:-450px;width:9px"),
    *("position:absolute;top:-20px", "position:absolute;left:-90%", "top:-9in"),
    *("position:absolute;inset:-400px auto auto auto", "position:absolute;right:99%"),
    *("position:absolute;inset-inline-start:-9999px", "inset-block:-9999px"),
    *("position:absolute;inset-block-start:-9999px", "position:absolute;bottom:99%"),
    *("position:absolute;inset-inline:-9999px auto", "margin-inline-start:-9999px"),
    *("margin-left:-9999px", "margin-left:-450px", "margin-top:-450px", "margin:-90px"),
    *("margin-block-start:-9999px", "margin-inline:-9999px 0", "margin-block:-450px"),
    *("margin-right:999px;float:right", "float:left;margin-left:-100%"),
    *(
        "text-indent:-999em",
        "text-indent:-450px",
        "text-indent:-90%",
        "text-indent:99%",
    ),
    *("letter-spacing:-1em", "letter-spacing:-9px", "word-spacing:-99px"),
    *("letter-spacing:-99px", "letter-spacing:9999px;overflow:hidden;height:20px"),
    *("padding-left:9999px;overflow:hidden", "padding-left:9999px", "padding:450px"),
    *("transform:scale(0)", "transform:scale(.01)", "transform:translate(-9999px)"),
    *("-webkit-transform:scale(0)", "display:block;-webkit-transform:scale(0)"),
    *(
        "display:block;transform:rotateX(90deg)",
        "display:block;transform:rotateY(90deg)",
    ),
    *(
        "display:block;transform:skew(90deg)",
        "display:block;transform:translateX(-450px)",
    ),
    *(
        "display:block;translate:-9999px",
        "display:block;scale:0",
        "display:block;scale:.01",
    ),
    *("display:block;rotate:x 90deg", "display:block;scale:1 0", "scale:0"),
    *("display:block;backface-visibility:hidden;transform:rotateY(180deg)",),
    *(
        "display:block;perspective:1px;transform:translateZ(-999px)",
        "translate:-9999px",
    ),
    *("display:block;offset:path('M-999 0L0 0')", "offset-path:path('M-999 0L0 0')"),
    *(
        "clip:rect(0,0,0,0)",
        "position:absolute;clip:rect(0,0,0,0)",
        "clip-path:inset(50%)",
    ),
    *("clip-path:circle(0)", "-webkit-clip-path:inset(50%)", "clip-path:url(#x)"),
    *("mask:linear-gradient(transparent,transparent)", "mask-image:url(x)"),
    *("-webkit-mask:linear-gradient(transparent,transparent)", "mask-size:0 0"),
    *("-webkit-mask-image:linear-gradient(transparent,transparent)", "mask:none"),
    *("-webkit-mask-box-image:linear-gradient(transparent,transparent)",),
    *("filter:opacity(0)", "-webkit-filter:opacity(0)", "filter:brightness(99)"),
    *(
        "filter:blur(99px)",
        "-webkit-opacity:0",
        "filter:opacity(.001)",
        "filter:url(#x)",
    ),
    *("content-visibility:hidden", "contain:strict", "contain:size;overflow:hidden"),
    *("display:block;contain:strict", "display:block;contain:size layout paint"),
    *("display:block;content-visibility:hidden",),
    *("display:block;container-type:size;overflow:hidden", "container-type:size"),
    *("color:transparent", "color:#fff", "color:#ffffff01", "color:rgba(0,0,0,0)"),
    *("color:rgb(0 0 0/0)", "color:hsl(0 0% 100%)", "color:white", "color:#fefefe"),
    *("color:oklch(1 0 0)", "color:color(srgb 1 1 1)", "color:lab(100 0 0)"),
    *(
        "color:color-mix(in srgb,white,white)",
        "color:canvas",
        "color:light-dark(#fff,#fff)",
    ),
    *("-webkit-text-fill-color:transparent", "-webkit-text-fill-color:#fff"),
    *("background:#000;color:#000", "background:#000", "background-color:black"),
    *("background:linear-gradient(#000,#000);color:#000", "background:#111;color:#000"),
    *(
        "color:#fff;background:#fff",
        "color:currentcolor",
        "color:inherit",
        "color:buttonface",
    ),
    *(
        "background:currentcolor",
        "background:canvastext",
        "background:#000;color:var(--x)",
    ),
    *("mix-blend-mode:difference;color:#000", "mix-blend-mode:lighten;color:#000"),
    *("mix-blend-mode:screen", "mix-blend-mode:color-dodge", "isolation:isolate"),
    *(
        "-webkit-text-security:disc",
        "-webkit-text-security:square",
        "text-security:disc",
    ),
    *("content:''", "content:url(x)", "content:none", "quotes:none"),
    *(
        "display:-webkit-box;-webkit-line-clamp:1;-webkit-box-orient:vertical;overflow:hidden",
    ),
    *("position:relative;z-index:-1", "position:absolute;z-index:-1", "z-index:-1"),
    *("display:table-column", "display:table-column-group", "display:contents"),
    *("display:flex;width:0;overflow:hidden", "display:grid;grid:0/0;overflow:hidden"),
    *(
        "display:grid;grid-template-rows:0;overflow:hidden",
        "flex:0 0 0;overflow:hidden",
    ),
    *(
        "animation:none",
        "animation-name:x",
        "transition:all 9s",
        "all:unset",
        "all:initial",
    ),
    *("writing-mode:vertical-rl", "direction:rtl;text-indent:-450px", "direction:rtl"),
    *(
        "resize:both;overflow:auto;height:0",
        "overflow:scroll;height:0",
        "overflow:auto",
    ),
    *(
        "max-block-size:0;overflow:hidden",
        "inline-size:0;overflow:hidden",
        "block-size:0",
    ),
    *("aspect-ratio:999;height:1px;overflow:hidden", "aspect-ratio:1/9;width:0"),
    *("user-select:none", "pointer-events:none", "cursor:none", "hyphens:none"),
    *("text-decoration:line-through", "text-decoration:none", "text-overflow:clip"),
    *("font-family:none", "font-variant:small-caps", "font-size-adjust:0", "size:0"),
    *("font-size-adjust:.001", "text-size-adjust:0", "-webkit-text-size-adjust:none"),
    *("font-stretch:0%", "text-transform:uppercase", "-webkit-text-stroke:9px #fff"),
    *(
        "-webkit-text-stroke:3px #fff;color:#fff",
        "paint-order:stroke",
        "shape-outside:none",
    ),
    *("-webkit-line-clamp:0", "max-lines:0", "line-clamp:0", "text-wrap:nowrap"),
    *("column-width:0;height:0;overflow:hidden", "position:sticky;top:-450px"),
    *("border-radius:50%;overflow:hidden;width:9px;height:9px", "will-change:opacity"),
    *("vertical-align:-9999px", "vertical-align:450px", "vertical-align:top"),
    *("padding-top:9999px;max-height:9999px;overflow:hidden", "min-height:9999px"),
    *(
        "mso-hide:all",
        "Margin:0",
        "border-collapse:collapse",
        "table-layout:fixed;width:0",
    ),
    *(
        "empty-cells:hide",
        "caption-side:top",
        "interactivity:inert",
        "text-box-trim:both",
    ),
    *(
        "appearance:none",
        "initial-letter:9",
        "object-view-box:inset(50%)",
        "scale:none",
    ),
    *("position:absolute;position-visibility:no-overflow", "rotate:0deg", "zoom:1"),
)

SHEETS = (
    *(
        ".h{{{}}}",
        "p{{{}}}",
        "div{{{}}}",
        "span{{{}}}",
        "a{{{}}}",
        "td{{{}}}",
        "*{{{}}}",
    ),
    *("#i{{{}}}", "p.h{{{}}}", "div p{{{}}}", "table a{{{}}}", "div>span{{{}}}"),
    *("body{{{}}}", ".h,.g{{{}}}", "a[href]{{{}}}", "p:first-child{{{}}}", "p+p{{{}}}"),
    *("@media screen{{.h{{{}}}}}", "@media print{{.h{{{}}}}}", "a:link{{{}}}"),
    *("@media (max-width:600px){{p{{{}}}}}", "@media (min-width:1px){{p{{{}}}}}"),
    *("@supports (display:block){{p{{{}}}}}", "@layer x{{p{{{}}}}}", ":root{{{}}}"),
    *(
        "@media not print{{.h{{{}}}}}",
        "@container (width>0){{p{{{}}}}}",
        ":is(p){{{}}}",
    ),
    *(
        "div{{& p{{{}}}}}",
        "div{{p{{{}}}}}",
        "@scope (div){{p{{{}}}}}",
        "P{{{}}}",
        ".H{{{}}}",
    ),
    *("p:not(.h){{{}}}", ":where(p,.h){{{}}}", "[class]{{{}}}", "[class='h g']{{{}}}"),
    *(
        "[style]{{{}}}",
        "p:empty{{{}}}",
        "b,i{{{}}}",
        "@media all{{p{{{}}}}}",
        "\\70{{{}}}",
    ),
    *("@starting-style{{p{{{}}}}}", "p::first-line{{{}}}", "p::first-letter{{{}}}"),
    *(
        "<!--p{{{}}}-->",
        "x{{}}p{{{}}}",
        "x;p{{{}}}",
        "@x;p{{{}}}",
        "}}p{{{}}}",
        "p{{{}",
    ),
    *("@media screen and (min-width:0){{p{{{}}}}}", "div:has(p){{{}}}", "p~p{{{}}}"),
    *(
        "@media (width>1px){{p{{{}}}}}",
        "@media (prefers-color-scheme:light){{p{{{}}}}}",
    ),
    *(
        "@media (orientation:portrait){{p{{{}}}}}",
        "html:not(x) .h{{{}}}",
        "::slotted(p){{{}}}",
    ),
    *(
        "/*p{{}}*/p{{{}}}",
        "@charset 'x';p{{{}}}",
        "@namespace x 'y';p{{{}}}",
        "|p{{{}}}",
    ),
)

ASKS = ("Approve or Deny", "承認または否認してください", "Genehmigen oder ablehnen")


@dataclass(slots=True)
class Generator:
    """Makes bodies, the same ones for the same seed."""

    random: Random
    words: int = 0
    links: int = 0
    sheets: list[str] = field(default_factory=list)

    def body(self) -> str:
        """Return one body."""
        self.words = self.links = 0
        self.sheets = []
        pieces = [self.piece(self.random.randint(0, 4)) for _ in range(3)]
        for _ in range(self.random.choice((0, 0, 0, 1, 2))):
            rule = self.random.choice(SHEETS).format(self.random.choice(STYLES))
            where = self.random.randint(0, len(pieces))
            kind = self.random.choice(("", "", "", " type=text/css", " media=print"))
            pieces.insert(where, f"<style{kind}>{rule}</style>")
        return self.random.choice(("{}", "<html><body>{}", "<!doctype html>{}")).format(
            "".join(pieces)
        )

    def piece(self, depth: int) -> str:
        """Return some HTML with words in it."""
        if depth <= 0:
            return self.leaf()
        kinds: tuple[Callable[[int], str], ...] = (
            *(self.layout, self.layout, self.layout, self.element),
            *(self.styled, self.styled, self.styled, self.anchor, self.anchor),
        )
        return self.random.choice(kinds)(depth - 1)

    def layout(self, depth: int) -> str:
        """Return a layout with pieces in it."""
        pieces = self.random.choice(LAYOUTS).split("{}")
        filled = [pieces[0]]
        for piece in pieces[1:]:
            # In a tag or a comment stands a word alone.
            is_text = filled[-1].rpartition(">")[2] == "" or not filled[-1]
            filled += [self.piece(depth) if is_text else self.word(), piece]
        return "".join(filled)

    def element(self, depth: int) -> str:
        """Return an element of which programs show some, or none."""
        start = self.random.choice(ELEMENTS)
        names = [one.split()[0] for one in start.split("><")]
        end = "".join(f"</{name}>" for name in reversed(names))
        return f"<{start}>{self.piece(depth)}{self.random.choice((end, end, ''))}"

    def styled(self, depth: int) -> str:
        """Return an element with styles, which may hide it."""
        name = self.random.choice(("div", "p", "span", "td", "b", "a", "font", "table"))
        style = ";".join(self.random.sample(STYLES, self.random.choice((1, 1, 2))))
        mark = self.random.choice(("", "", " class=h", " class='h g'", " id=i"))
        return f'<{name}{mark} style="{style}">{self.piece(depth)}</{name}>'

    def anchor(self, depth: int) -> str:
        """Return a link, or what looks like one."""
        self.links += 1
        href = self.random.choice(
            (LINK, f"{LINK[:-2]}{self.links:02}", "x", "#", "mailto:a@b")
        )
        layout = self.random.choice(
            (
                *("<a href='{}'>{}</a>", "<a href='{}'>{}</a>", "<a href='{}'>{}"),
                *(
                    "<a href={}>{}</a>",
                    "<A HREF=' {} '>{}</A>",
                    "<a href='{}' hidden>{}</a>",
                ),
                *("<a name=x href='{}'>{}</a>", "<a href='x' href='{}'>{}</a>"),
                *(
                    "<a\nhref\n=\n'{}'\n>{}</a>",
                    "<base href=http://evil.example><a href='{}'>{}</a>",
                    "<svg><a href='{}'><text y=9>{}</text></a></svg>",
                ),
                *("<a href='{}'><table><tr><td>{}</td></tr></table></a>",),
            )
        )
        asks = self.random.choice((*ASKS, ""))
        return layout.format(href, f"{asks} {self.piece(depth)}")

    def leaf(self) -> str:
        """Return text."""
        kind = self.random.randrange(8)
        if kind == 0:
            return (
                f"{self.word()} verification code: {self.random.randrange(10**6):06} "
            )
        if kind == 1:
            return f"{self.word()} {self.random.choice(ASKS)}: {LINK} "
        return f"{self.word()} "

    def word(self) -> str:
        """Return a word that stands nowhere else."""
        self.words += 1
        return f"q{self.words}z"


def bodies(count: int, seed: int) -> Iterator[str]:
    """Yield so many bodies."""
    generator = Generator(Random(seed))
    for _ in range(count):
        yield generator.body()
