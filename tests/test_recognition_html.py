"""A page is read as a browser shows it: words belong together as a reader sees them."""

import pytest

from tests.sample_mails import LINK, Mail, html, is_unknown, link_in, signed

ASKS = "<p>Approve or Deny.</p>"
URL = f"<p><a href='{LINK}'>{LINK}</a></p>"
STOP = "Stop it here:"


def page(source: str) -> bytes:
    return signed(Mail(body=html(source)))


# Cells --------------------------------------------------------------------------------

ANCHORS_THAT_A_CELL_ENDS = {
    "end_of_cell": "<table><tr><td>{a}Help</td><td>{asks}</td></tr></table>",
    "next_cell": "<table><tr><td>{a}Help<td>{asks}</table>",
    "next_heading": "<table><tr><td>{a}Help<th>{asks}</table>",
    "next_row": "<table><tr><td>{a}Help<tr><td>{asks}</table>",
    "end_of_row": "<table><tr><td>{a}Help</tr><tr><td>{asks}</table>",
    "end_of_table": "<table><tr><td>{a}Help</table>{asks}",
    "no_table": "<td>{a}Help</td><td>{asks}</td>",
    "table_in_a_cell": "<table><tr><td><table><tr><td>{a}Help</td></tr></table></td>"
    "<td>{asks}</td></tr></table>",
    "table_in_the_anchor": "<table><tr><td>{a}Help<table><tr><td>x</td></tr></table>"
    "</td><td>{asks}</td></tr></table>",
}


@pytest.mark.parametrize(
    "layout", ANCHORS_THAT_A_CELL_ENDS.values(), ids=ANCHORS_THAT_A_CELL_ENDS
)
def test_an_open_anchor_ends_with_its_cell(layout: str) -> None:
    assert is_unknown(page(layout.format(a=f"<a href='{LINK}'>", asks=ASKS)))


def test_a_table_within_an_anchor_does_not_end_it() -> None:
    button = "<table><tr><td><img alt=''></td><td>Approve or Deny</td></tr></table>"

    assert link_in(page(f"<a href='{LINK}'>{button}</a>")) == LINK


COLUMNS = {
    "beside": "<table><tr><td>{asks}</td><td>{url}</td></tr></table>",
    "beside_a_heading": "<table><tr><th>{asks}</th><td>{url}</td></tr></table>",
    "under_headings": "<table><tr><td>If it was you:</td><td>If not:</td></tr>"
    "<tr><td>{asks}</td><td>{url}</td></tr></table>",
    "row_before": "<table><tr><td>If not:</td><td>{asks}</td></tr>"
    "<tr><td>{url}</td></tr></table>",
    "not_closed": "<table><tr><td>{asks}<td>{url}",
    "by_styles": "<div style='display:table-cell'>{asks}</div>"
    "<div style='display:table-cell'>{url}</div>",
}


@pytest.mark.parametrize("layout", COLUMNS.values(), ids=COLUMNS)
def test_words_in_another_column_are_not_those_of_a_url(layout: str) -> None:
    assert is_unknown(page(layout.format(asks=ASKS, url=URL)))


ROWS = {
    "one_below_the_other": "<table><tr><td>{asks}</td></tr><tr><td>{url}</td></tr>"
    "</table>",
    "gutters": "<table><tr><td>&nbsp;</td><td>{asks}</td><td></td></tr>"
    "<tr><td></td><td>{url}</td><td></td></tr></table>",
    "same_cell": "<table><tr><td>Logo</td><td>{asks}{url}</td></tr></table>",
    "a_table_in_it": "<table><tr><td>Logo</td><td><table><tr><td>{asks}</td></tr>"
    "<tr><td>{url}</td></tr></table></td></tr></table>",
    "not_closed": "<table><tr><td>{asks}<tr><td>{url}",
}


@pytest.mark.parametrize("layout", ROWS.values(), ids=ROWS)
def test_words_in_the_row_above_are_those_of_a_url(layout: str) -> None:
    assert link_in(page(layout.format(asks=ASKS, url=URL))) == LINK


# What is seen without being text ------------------------------------------------------


@pytest.mark.parametrize(
    "between",
    [
        *(f"<img src=x alt='{STOP}'>", f"<input type=submit value='{STOP}'>"),
        *(f"<input placeholder='{STOP}'>", f"<input type=image alt='{STOP}'>"),
        *(f"<textarea>{STOP}</textarea>", f"<noscript>{STOP}</noscript>"),
        *(f"<xmp>{STOP}</xmp>", f"<object>{STOP}</object>"),
    ],
)
def test_what_a_reader_may_see_stands_between_the_words_and_a_url(between: str) -> None:
    assert is_unknown(page(f"{ASKS}{between}{URL}"))


@pytest.mark.parametrize(
    "nothing",
    [
        *(
            "<img width=1 height=1 src=x>",
            "<img alt=''>",
            "<input type=hidden value=x>",
        ),
        *("<script>x</script>", "<style>p { color: red }</style>", "<!-- x -->"),
        *("<title>x</title>", "<noframes>x</noframes>", "<p hidden>&nbsp;&zwnj;</p>"),
    ],
)
def test_what_nobody_sees_does_not_stand_between(nothing: str) -> None:
    assert link_in(page(f"{ASKS}{nothing}{URL}")) == LINK


def test_an_anchor_is_read_by_the_words_of_its_picture() -> None:
    assert link_in(page(f"<a href='{LINK}'><img alt='承認または否認'></a>")) == LINK
    assert is_unknown(page(f"{ASKS}<a href='{LINK}'><img alt='Stop it'></a>"))


# What is hidden -----------------------------------------------------------------------

HIDING = [
    *("display:none", "display&#58;none", "display:none!important;display:block"),
    *("display:/**/none", "visibility:hidden", "visibility:collapse", "mso-hide:all"),
    *("font-size:0", "FONT-SIZE: 0.0px", "font:0/0 a", "opacity:0", "opacity:.0"),
    *("max-height:0;overflow:hidden", "height:0px; overflow:hidden"),
    *("color:transparent", "color:rgba(0,0,0,0)", "color:rgb(0 0 0 / 0%)"),
    *("color:#ffffff00", "color:#fff0", "font-size:1px", "transform:scale(0)"),
    *("position:absolute;left:-9999px", "text-indent: -999em", "clip:rect(0,0,0,0)"),
    *("position:absolute;clip-path:inset(50%)", "right:-9999px", "left:-999px"),
    *("width:1px;height:1px;overflow:hidden", "max-height:calc(0px);overflow:hidden"),
    *("height:0;overflow-y:hidden", "block-size:0;overflow:hidden"),
    *("transform:translateX(-9999px)", "scale:0", "zoom:0.001", "filter:opacity(0)"),
    *("opacity:0.001", "opacity:0%", "font-size:0.01em", "content-visibility:hidden"),
    *("display:\\6eone", "display:var(--x,none)", "display:table-column"),
    *("color:hsla(0,0%,0%,0)", "color:rgba(0,0,0,.01)", "color:#0000"),
    *("-webkit-text-fill-color:transparent", "text-decoration:line-through"),
    *("display:none;font-family:';display:block'", "margin:-9999px"),
    *("animation:gone 0s forwards", "mask:linear-gradient(transparent,transparent)"),
    *("color:#fff", "color:White", "color:rgb(255 255 255)", "color:hsl(0,0%,100%)"),
    *("color:rgb(99%,99%,99%)", "color:#FEFEFE!important"),
    *("color:#123456;background-color:#133455", "-webkit-text-fill-color:ivory"),
    # Moved, pushed or squeezed out of sight.
    *("position:absolute;top:-20px", "position:relative;bottom:450px", "inset:-90px"),
    *("inset-inline-start:-99px", "inset-block:-99px", "margin-inline-start:-99px"),
    *("margin-block:-99px", "-webkit-margin-start:-99px", "text-indent:-40px"),
    *("padding-left:999px", "padding:0 90%", "letter-spacing:-9px"),
    *("-webkit-transform:scale(0)", "-webkit-mask-image:url(x)", "-moz-transform:x"),
    *("-webkit-clip-path:inset(50%)", "-webkit-opacity:0", "mask-box-image:url(x)"),
    *("offset-path:path('M-9 0')", "contain:strict", "container-type:size"),
    *("content:url(x)", "-webkit-text-security:disc", "font-size-adjust:0"),
    *("mix-blend-mode:lighten", "z-index:-1", "-webkit-text-stroke:9px #fff"),
    *("display:grid;grid:0/0;overflow:hidden", "interactivity:inert", "line-height:0"),
    *("height:9px;overflow:hidden", "line-height:200px;height:20px;overflow:hidden"),
    *("width:50px;overflow:hidden;box-sizing:border-box",),
    *("table-layout:fixed;width:0", "backface-visibility:hidden"),
    # Declarations without effect do not show what others hide.
    *("display:none;display:block!foo", "display:none;display:\xa0block"),
    *("display:none;display:bloc\u212a", "display:none;display:block\x0b"),
    *("display:none;display:<!--block", "visibility:hidden;visibility:auto"),
    *("clip-path:inset(50%);clip-path:auto", "clip:rect(0,0,0,0);clip:none"),
    *("transform:scale(0);transform:1", "transform:translate3d(0)", "rotate:1"),
    *("transform:translate3d(0,0,9999px)", "transform:translate(0,-9999px)"),
    *("scale:0;scale:normal", "left:-9999px;left:0foo", "left:-9999px;left:1.px"),
    *("left:-99cm", "margin-left:-20.0cm", "text-indent:-9in", "top:-999mm"),
    *("text-indent:-9999px;text-indent:auto", "margin:-9999px;margin:0 foo"),
    *("filter:opacity(0);filter:progid:DXImageTransform.Microsoft.gradient()",),
    *("filter:alpha(opacity=0)", "filter:opacity(0);filter:alpha(opacity=100)"),
    *("filter:progid:DXImageTransform.Microsoft.Alpha(opacity=0)",),
    *("width:calc(0% + 20px);overflow:hidden", "height:1px;overflow:hidden"),
    *("width:0;width:calc(100%-20px);overflow:hidden",),
    *("display:none;x:(;display:block;)", "opacity:0;x:[(a]);opacity:1;]"),
    *("background:url(a/*b);display:none", "display:none;x:url(;display:block;)"),
    # Colours.
    *("color:#000;background:#000;background:", "background:hsl(.5turn 0% 0%)"),
    *("color:#000;background-color:#000;background-color:0",),
    *("color:#000;background-color:#000;background-color:#fff foo",),
    *("color:#000;background:#000;background:rgb(1,2)",),
    *("color:#fff;color:foo", "color:#fff;color:bl\u212a", "color:ButtonFace"),
    *("color:initial;background:#000", "color:#fff;background:rgba(0,0,0,0)"),
    *("color:#fff;background:#0000", "color:#fff;background:rgb(0 0 0/0%)"),
    *("color:#fff;background:#000;background:none",),
    *("color:#fff;background-color:#000;background:transparent",),
    *("color:#fff;background:#000;background:initial",),
    *("color:#fff;background:#000;background:unset",),
    *("color:#fff;background-color:#000;background:no-repeat 0 0",),
    *("color:#fff;background:url(x);background:none",),
    *("color:#fff;background-image:none", "color:#fff;background-image:foo"),
    *("color:#fff;background:#00000005", "color:#000;background:rgba(0,0,0,.99)"),
    *(
        "color:#000;background:#000;background:foo",
        "color:#000;background:#000;background:#fff foo",
    ),
    *("color:#000;background:#000;background-color:foo", "background:currentcolor"),
    *("background:var(--x)", "background-color:color-mix(in srgb,#000,#000)"),
    *("-webkit-text-fill-color:#fff;color:#000",),
    *("color:#000;-webkit-text-fill-color:#fff",),
]


@pytest.mark.parametrize("style", HIDING)
def test_words_that_a_style_hides_do_not_ask(style: str) -> None:
    assert is_unknown(page(f"<div style='{style}'>{ASKS}</div>{URL}"))
    hidden = f"<span style='{style}'>Approve or Deny</span>"
    assert is_unknown(page(f"<a href='{LINK}'>Help{hidden}</a>"))


@pytest.mark.parametrize("style", HIDING)
def test_what_is_hidden_parts_the_words_from_a_url(style: str) -> None:
    """Another program may show it."""
    assert is_unknown(page(f"{ASKS}<p style='{style}'>{STOP}</p>{URL}"))


def test_what_is_hidden_before_a_detail_parts_the_words_from_a_url() -> None:
    detail = f"<p><span hidden>{STOP}</span>Near: Tokyo</p>"

    assert is_unknown(page(f"{ASKS}{detail}{URL}"))


@pytest.mark.parametrize(
    "element",
    [
        *("noframes", "noscript", "template", "iframe", "noembed", "details"),
        *("datalist", "object", "textarea", "script", "rp", "progress", "meter"),
        *("plaintext", "del", "s", "strike", "del open"),
        *("svg", "math", "select", "marquee", "div popover", "div popover=manual"),
    ],
)
def test_words_of_an_element_that_is_not_always_shown_do_not_ask(element: str) -> None:
    assert is_unknown(page(f"<{element}>{ASKS}</{element}>{URL}"))


@pytest.mark.parametrize("element", ["svg", "math", "select", "marquee"])
def test_an_anchor_in_an_element_that_is_not_always_shown_is_none(element: str) -> None:
    anchor = f"<a href='{LINK}'>Approve or Deny</a>"

    assert is_unknown(page(f"<{element}>{anchor}</{element}>"))


def test_words_of_options_do_not_ask() -> None:
    options = "<select><option>Approve or Deny</option></select>"

    assert is_unknown(page(f"<a href='{LINK}'>Help {options}</a>"))


# What is a tag, a comment or a blank --------------------------------------------------


@pytest.mark.parametrize("comment", ["<!--!>{}-->", "<!--!--{}-->", "<!---!>{}-->"])
def test_words_of_a_comment_do_not_ask(comment: str) -> None:
    words = comment.format("Approve or Deny")

    assert is_unknown(page(f"<a href='{LINK}'>Help{words}</a>"))


@pytest.mark.parametrize("comment", ["<!-->", "<!--->", "<!---->", "<!--x--!>"])
def test_words_behind_the_end_of_a_comment_ask(comment: str) -> None:
    assert link_in(page(f"{comment}<a href='{LINK}'>Approve or Deny</a>")) == LINK


@pytest.mark.parametrize("blank", ["\xa0", "\x0b", "\u3000", "\x1f"])
def test_only_blanks_of_html_part_attributes(blank: str) -> None:
    hidden = f"<p{blank}x hidden>Approve or Deny</p>"
    assert is_unknown(page(f"<div hidden><p>x</div{blank}>Approve or Deny{URL}"))
    assert is_unknown(page(f"<div title={blank}x hidden>Approve or Deny</div>{URL}"))
    assert is_unknown(page(f"{hidden}{URL}"))
    shown = f"<p title=x{blank}hidden>Approve or Deny</p>"
    assert link_in(page(f"{shown}{URL}")) == LINK


def test_only_letters_of_ascii_have_a_lower_case() -> None:
    assert is_unknown(page(f"<del>Approve or Deny</de\u216c>{URL}"))
    link = f"<a href='{LINK}'>Approve or Deny</a>"
    assert is_unknown(page(f"<noscript><a>x</nos\u017fcript>{link}"))
    assert is_unknown(page(f"<script>x</\u017fcript>{link}"))


def test_a_quote_that_is_never_closed_ends_the_page() -> None:
    assert is_unknown(page(f"<a href='{LINK}'>Deny</a><b x=\"><p>{ASKS}</p>{URL}"))
    assert is_unknown(page(f'<p>Deny:</p><a href={LINK} title=">Approve or Deny</a>'))


def test_all_that_follows_plaintext_is_text() -> None:
    link = f"<a href='{LINK}'>Approve or Deny</a>"

    assert is_unknown(page(f"<plaintext></plaintext>{link}"))


def test_a_hidden_number_is_no_code() -> None:
    for styles in (
        "class=h",
        "style='clip-path:inset(100%)'",
        "style='font-size:.1em'",
    ):
        sheet = "<style>p+.h{display:none}</style>"
        number = f"<p {styles}>937511</p>"
        assert is_unknown(page(f"{sheet}<p>verification code:</p>{number}"))


@pytest.mark.parametrize(
    "around",
    [
        *("<font color=white>", "<font color=ffffff>", "<body text='#FFFFFF'>"),
        *(
            "<font color='#fffffg'>",
            "<font color=#fffffffff>",
            "<table><td bgcolor=00x>",
        ),
        *(
            "<div bgcolor=#000 style='color:#fff'>",
            "<table><td bgcolor='#000'><p bgcolor=#fff>",
        ),
        *(
            "<div background=x style='color:#fff'>",
            "<table><caption background=x style='color:#fff'>",
        ),
        *("<table><td bgcolor=#000 style='color:#fff;background:none'>",),
        "<div style='-webkit-text-fill-color:#fff'><b style='color:#000'>",
        "<div style='color:#fff'><b style='color:unset'>",
        *("<table bgcolor=black><td>", "<table><td style='background:#000 none'>"),
        *("<table><td bgcolor=' #000'>", "<table><td bgcolor=000>"),
        "<style>p{color:#fff}</style>",
        "<div style='color:#fff'><b style='color:inherit'>",
        "<div style='color:#fff'><b style='color:Canvas'>",
        "<div style='color:red'><b style='color:#fff'>",
    ],
)
def test_words_in_the_colour_of_what_they_stand_on_do_not_ask(around: str) -> None:
    assert is_unknown(page(f"{around}{ASKS}</table></p></div></font>{URL}"))


@pytest.mark.parametrize(
    "sheet",
    [
        "<link rel='x StyleSheet' href='https://evil.example/x.css'>",
        "<style>@import 'x.css';</style>",
        "<style>@\\69mport '//fonts.googleapis.com/x';</style>",
        "<style>p{color:red}@IMPORT url( https://evil.example/fonts.googleapis.com/ )",
        '<style>@import"//fonts.googleapis.com/a";@import url(x)</style>',
    ],
)
def test_no_words_ask_where_a_sheet_that_lies_elsewhere_may_hide_them(
    sheet: str,
) -> None:
    assert is_unknown(page(f"{sheet}</style>{ASKS}{URL}"))
    assert is_unknown(page(f"{ASKS}{URL}{sheet}</style>"))


def test_anchors_in_the_colour_of_what_they_stand_on_do_not_ask() -> None:
    anchor = f"<a href='{LINK}'>Approve or Deny</a>"

    assert is_unknown(page(f"<body link=#ffffff>{anchor}"))
    assert link_in(page(f"<body link=#ffffff bgcolor=#000>{anchor}")) == LINK


SEEN = {
    "white_on_a_dark_cell": "<table><tr bgcolor='#232f3e'><td style='color:#fff'>"
    "{asks}</td></tr></table>{url}",
    "white_button": "<a href='{link}' style='color:white;background:#0a0'>"
    "Approve or Deny</a>",
    "white_on_a_picture": "<div style='color:#fff;background:url(x) no-repeat'>"
    "{asks}</div>{url}",
    "white_on_a_gradient": "<div style='color:#fff;"
    "background:linear-gradient(#000,#111)'>{asks}</div>{url}",
    "white_on_an_old_picture": "<table><td background=x style='color:#fff'>{asks}</td>"
    "</table>{url}",
    "white_on_what_a_rule_may_set": "<style>p b{{background:#000}}</style>"
    "<div style='color:#fff'>{asks}</div>{url}",
    "white_on_a_block_of_a_rule": "<style>.d{{background-color:#000}}</style>"
    "<div class=d><div style='color:#fff'>{asks}</div></div>{url}",
    "link_in_white": "<p style='color:#fff'><a href='{link}'>Approve or Deny</a></p>",
    "colour_is_set_anew": "<div style='color:#fff'><b style='color:#111'>{asks}</b>"
    "</div>{url}",
    "ground_is_set_anew": "<table><td style='color:#fff'>"
    "<b style='background:#000'>{asks}</b>"
    "</td>{url}",
    "white_on_a_picture_of_its_own": "<div style='color:#fff;background-image:"
    "linear-gradient(rgba(0,0,0,.5),#000);background-repeat:repeat-x'>{asks}</div>{url}",
    "white_on_a_picture_over_a_colour": "<div style='background:#fff "
    "url(data:image/png;base64,x) 0/cover;color:#fff'>{asks}</div>{url}",
    "white_on_what_no_effect_takes_back": "<div style='color:#fff;background:#000;"
    "background:foo;background-color:bar'>{asks}</div>{url}",
    "white_on_what_is_nearly_black": "<div style='color:#fff;"
    "background:rgba(0,0,0,.8)'>{asks}</div>{url}",
    "fill_over_a_colour": "<div style='-webkit-text-fill-color:#000;color:#fff'>{asks}"
    "</div>{url}",
    "fill_that_is_none": "<div style='-webkit-text-fill-color:#fff'>"
    "<i style='-webkit-text-fill-color:currentcolor'>{asks}</i></div>{url}",
    "initial_colour": "<div style='color:#fff'><b style='color:initial'>{asks}"
    "</b></div>{url}",
    "colour_of_the_desktop": "<div style='color:windowtext;background:window'>{asks}"
    "</div>{url}",
    "word": "<div style='margin:0cm;margin-bottom:.0001pt;margin-left:1.0cm;"
    "text-indent:0cm'>{asks}</div>{url}",
    "zeros": "<div style='margin:0mm 0in 0pc 0;text-indent:-0.25in;left:0%'>{asks}"
    "</div>{url}",
    "old_filters": '<div style="filter:alpha(opacity=100);filter:progid:'
    "DXImageTransform.Microsoft.gradient(startColorstr='#fff', endColorstr='#fff')\">"
    "{asks}</div>{url}",
    "moved_by_nothing": "<div style='transform:translateZ(0);'><b style='transform:"
    "translate3d(0, 0px, 0)'>{asks}</b></div>{url}",
    "overflow_with_room": "<div style='overflow:hidden;width:calc(100% - 20px)'>"
    "<div style='height:20px;overflow:hidden'>{asks}</div></div>{url}",
    "wrong_mark": "<div style='display:none!foo;visibility:hidden ! x'>{asks}</div>"
    "{url}",
    "wrong_colour": "<div style='color:#000;color:foo'>{asks}</div>{url}",
    "grey": "<div style='color:#aaa'>{asks}</div>{url}",
    "font_sheets": "<link rel=stylesheet href=https://fonts.googleapis.com/css?a>"
    "<link rel='alternate stylesheet' href=x><link rel=icon href=x>"
    "<style>@import url('https://fonts.googleapis.com/css?b');</style>{asks}{url}",
    "size_is_set_anew": "<table><tr><td style='font-size:0px'>"
    "<div style='font-size:14px'>{asks}</div></td></tr></table>{url}",
    "size_is_set_anew_in_the_anchor": "<table><td style='font-size:0'>"
    "<a style='font-size:9px'"
    " href='{link}'>Approve or Deny</a></td>",
    "size_is_set_anew_within_the_anchor": "<table><td style='font-size:0'>"
    "<a href='{link}'>"
    "<b style='font-size:9px'>Approve or Deny</b></a></td>",
    "colour": "<div style='color:rgb(0,0,0)'>{asks}</div>{url}",
    "half_transparent": "<div style='color:rgba(0,0,0,0.8);opacity:0.9'>{asks}</div>"
    "{url}",
    "only_the_background": "<div style='background-color:transparent; height:100%;"
    " overflow:hidden; border:0; line-height:0'><b style='line-height:1.5'>{asks}</b>"
    "</div>{url}",
    "shown_though_hidden": "<div hidden style='display:block'>{asks}</div>{url}",
    "beside_a_hidden_anchor": "<a style='font-size:0' href='{link}A'>x</a>{asks}{url}",
    "shown_again": "<div style='display:none;display:block'>{asks}</div>{url}",
    "height_without_overflow": "<div style='height:0'>{asks}</div>{url}",
    "preheader": "<div style='display:none;font-size:1px;max-height:0;opacity:0;"
    "overflow:hidden'>x &nbsp;&zwnj;</div>{asks}{url}",
    "size_is_set_anew_in_rem": "<td style='font-size:0'><div style='font-size:1rem'>"
    "{asks}</div></td></tr></table>{url}",
    "cell_that_grows": "<table><td style='width:0;overflow:hidden'>{asks}{url}</td>",
    "cell_that_grows_to_its_row": "<table><tr><td style='max-width:0;width:100%;"
    "overflow:hidden;text-overflow:ellipsis'>{asks}{url}</td></tr></table>",
    "button": "<div style='display:inline-block;position:relative;margin:0 auto;zoom:1;"
    'font:bold 14px/1.5 Arial,"x";color:rgb(15, 17, 17)!important;text-indent:0;'
    "text-decoration:none;max-width:600px;overflow:hidden'>{asks}</div>{url}",
    "picture_out_of_the_flow": "<style>body>img{{position:absolute}}</style>"
    "<img alt='Approve or Deny.'>{url}",
    "spacer": "{asks}<div style='font-size:0'>&nbsp;</div>{url}",
    "after_a_hidden_paragraph": "<p style='display:none'>x<div>{asks}</div>{url}",
    "after_a_hidden_item": "<ul><li hidden>x<li>{asks}{url}</ul>",
    "after_a_hidden_cell": "<table><tr><td hidden>x<td>{asks}{url}</table>",
    "after_a_hidden_span": "<p><span hidden>x</p>{asks}{url}",
    "after_a_hidden_table": "<table><tr hidden><td><table><tr><td>x</td></tr></table>"
    "</td></tr><tr><td>{asks}{url}</table>",
}


@pytest.mark.parametrize("layout", SEEN.values(), ids=SEEN)
def test_words_that_a_reader_sees_ask(layout: str) -> None:
    assert link_in(page(layout.format(asks=ASKS, url=URL, link=LINK))) == LINK


@pytest.mark.parametrize(
    "layout",
    [
        "<p><b style='display:none'>x<p>{asks}</b>{url}",
        "<p><font style='font-size:0'>x<div>Approve or Deny</div></font>{url}",
        "<body style='display:none'></body>{asks}{url}",
        "<div style='opacity:0'><p style='opacity:1'>Approve or Deny</p></div>{url}",
        "<div style='font-size:0'><p style='font-size:2em'>Approve or Deny</div>{url}",
        "<table><tr style='visibility:hidden'><td>{asks}</table>{url}",
        "<span><div hidden></span>{asks}</div>{url}",
        "<b><div hidden></b>{asks}</div>{url}",
        "<a><div hidden><a>{asks}</a></div>{url}",
        "<form><span hidden></form>{asks}</span>{url}",
        "<p style='visibility:hidden'><b style='visibility:visible'><div></b>{asks}",
        "<div hidden><template></div>{asks}</template></div>{url}",
        "<p><button hidden><p>{asks}</button>{url}",
        "<p><details><p>{asks}</details>{url}",
        "<p hidden><td>x<td>{asks}</p>{url}",
        "<p hidden><legend>{asks}</legend></p>{url}",
        "<li hidden><section><li>{asks}</section></li>{url}",
        "<b hidden><svg><a></a></b><desc></b>{asks}</desc></svg></b>{url}",
        "<div><select></div>{asks}</select>{url}",
        "{asks}{url}<body text=white link=white>",
        "<style>body{{display:none}}</style>{asks}{url}",
        "<style>html{{opacity:0}}</style>{asks}{url}",
        "<div><template shadowrootmode=open></template>{asks}</div>{url}",
        "<svg><style><b title='</style></svg>{asks}'></b></style></svg>{url}",
        "<frameset>{asks}{url}</frameset>",
        "<div style='margin-top:-450px'>x</div>{asks}{url}",
        "<style>x p{{margin:-450px}}</style>{asks}{url}",
        "<div inert>{asks}</div>{url}",
        "<style>p span{{background:#000;color:#000}}</style><p>{asks}</p>{url}",
        "<table><td style='max-width:0;overflow:hidden'>{asks}</table>{url}",
        "<dialog open>{asks}</dialog>{url}",
        "<option>{asks}</option>{url}",
    ],
)
def test_what_hides_goes_on_as_in_a_browser(layout: str) -> None:
    asks = "<span>Approve or Deny.</span>"

    assert is_unknown(page(layout.format(asks=asks, url=URL)))


# Style sheets -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rules",
    [
        *(".h{display:none}", "#i { display: none }", "div{display:none}"),
        *("div.h{display:none}", "*{display:none}", ".x,.h{font-size:0}"),
        *(".H{DISPLAY:NONE}", "p{color:red}.h{display:none", "<!--.h{display:none}-->"),
        *("@import url(x);.h{display:none}", "/* } */ .h{display:none}"),
        *("@media print{.h{display:block}} .h{display:none}", "} .h{display:none}"),
        *(".h{display:block}.h{display:none}", "#i{display:none}.h{display:block}"),
        ".h{display:none!important}.h{display:block}",
        *("body .h{display:none}", "html > body > .h{display:none}"),
        *("@media screen{.h{display:none}}", "@media all {p{x:y} .h{display:none}}"),
        *("#i .h{display:none}", "p+.h{display:none}", ".x.h{display:none}"),
        *("*[class].h{display:none}", "[data-x]{display:none}", ".\\68{display:none}"),
        *(":not(p):is(div){display:none}", "[class~='h']{display:none}"),
        *("@media (min-width:0){.h{display:none}}", "@layer a{.h{display:none}}"),
        *("@supports (x:y){.h{display:none}}", "@media not print{.h{opacity:0}}"),
        *("@media (max-width:99999px){.h{display:none}}", "p{.h{display:none}}"),
        *(".h{@media all{display:none}}", ".h{p &{display:none}}"),
        *(".y{content:'}'} .h{display:none}", ".y{content:'/*'} .h{display:none}"),
        *(".h{display:none} .h\xa0{display:block}", ".h{opacity:0;<!--opacity:1}"),
        *(".h{display:none}</style><style type='text/x'>.h{display:block}",),
        *("</style><style type='TEXT/CSS'>.h{display:none}",),
        ".h{display:none;x:(} .h{display:block;y:)}",
        *("@media (max-width:900px),(min-width:300px){.h{display:none}}",),
        *("@media (max-width:900px),(min-width:901px){.h{display:none}}",),
        *("@media screen and (min-width:480px){.h{display:none}}",),
        *("@media (min-width:300px){.h{color:#fff}}",),
        *("p .h{color:var(--x)}", "p .h{max-height:0}", "p .h{left:9999px}"),
    ],
)
def test_words_that_a_style_sheet_hides_do_not_ask(rules: str) -> None:
    hidden = f"<b class=y id=i><div class='x h' id=i>{ASKS}</div></b>{URL}"

    assert is_unknown(page(f"<style>{rules}</style>{hidden}"))
    assert is_unknown(page(f"{hidden}<style media=screen>{rules}</style>"))


@pytest.mark.parametrize(
    "sheet",
    [
        "<style>@media only screen and (max-width:9px){.h{display:none!important} p{}}"
        "</style>",
        "<style>@media print{p{display:none}} @font-face{src:url(x)}</style>",
        "<style media='print'>.h{display:none}</style>",
        "<style>#y .h{display:none} .y>p+.h{display:none}</style>",
        "<style>.h.y{display:none} .h:hover{display:none} a{display:none}</style>",
        "<style>.h::before{display:none} p .y,.y > a{display:none}</style>",
        "<style>p .h{color:#008a00} .y .h{font:9px x} .h[x]{width:100%}</style>",
        "<style>*[class='y']{display:none} .y{content:'.h{display:none}'}</style>",
        "<style>@media (prefers-color-scheme: dark){.h{color:transparent}}</style>",
        "<style>@media (max-width:480px), print{.h{display:none}}</style>",
        "<style>@media (min-width:300px) and (max-width:480px){.h{opacity:0}}</style>",
        "<style>@media screen and (min-width:1200px){.h{display:none}}</style>",
        "<style>@media (min-width:480px){.h{width:100%}}</style>",
        "<style type='text/x'>.h{display:none}</style>",
        "<style type=text/less>@import url(x);</style>",
        "<style>@supports (x:y){.h{width:100%}} @layer a{.h{color:red}}</style>",
        "<style>.h{display:none} #i{display:block}</style>",
        "<style>.h{display:none} .h{display:block}</style>",
        "<!--[if mso]><style>.h{display:none}</style><![endif]-->",
    ],
)
def test_a_rule_for_other_screens_or_other_elements_hides_nothing(sheet: str) -> None:
    assert link_in(page(f"{sheet}<div class=h id=i>{ASKS}</div><p>{LINK}</p>")) == LINK


@pytest.mark.parametrize("classes", ["a b", "b a"])
@pytest.mark.parametrize(
    ("sheet", "is_shown"),
    [
        (".b{display:inline} .a{display:none}", False),
        (".a{display:none} .b{display:inline}", True),
        ("</style><style>.a{display:none}</style><style>.b{display:inline}", True),
        ("span.a{display:none} .b{display:inline}", False),
    ],
)
def test_of_two_classes_the_later_rule_counts(
    classes: str, sheet: str, *, is_shown: bool
) -> None:
    words = f"<span class='{classes}'>Approve or Deny</span>"
    raw = page(f"<style>{sheet}</style><a href='{LINK}'>{words} <i>x</i></a>")

    assert is_unknown(raw) is not is_shown


def test_the_style_of_a_tag_is_stronger_than_a_style_sheet() -> None:
    shown = f"<div class=h style='display:block'>{ASKS}</div>"

    assert link_in(page(f"<style>.h{{display:none}}</style>{shown}{URL}")) == LINK


def test_of_two_styles_for_one_thing_the_later_counts() -> None:
    sheet = "<style>p{font-size:9px;font:9px x}</style>"

    assert is_unknown(page(f"{sheet}<p style='font-size:0'>Approve or Deny</p>{URL}"))
    seen = "<span style='font-size:0;font:9px x'>Approve or Deny</span>"
    assert link_in(page(f"{seen}{URL}")) == LINK


# Lines --------------------------------------------------------------------------------


def test_spans_that_are_shown_as_blocks_are_lines() -> None:
    words = ("Approve or Deny in time", "Stop it")
    spans = "".join(f"<span style='display:block'>{one}</span>" for one in words)

    assert is_unknown(page(f"{spans}<a href='{LINK}'>{LINK}</a>"))
