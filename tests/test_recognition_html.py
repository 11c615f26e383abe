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
    ],
)
def test_words_of_an_element_that_is_not_always_shown_do_not_ask(element: str) -> None:
    assert is_unknown(page(f"<{element}>{ASKS}</{element}>{URL}"))


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


SEEN = {
    "size_is_set_anew": "<table><tr><td style='font-size:0px'>"
    "<div style='font-size:14px'>{asks}</div></td></tr></table>{url}",
    "size_is_set_anew_in_the_anchor": "<td style='font-size:0'><a style='font-size:9px'"
    " href='{link}'>Approve or Deny</a></td>",
    "size_is_set_anew_within_the_anchor": "<td style='font-size:0'><a href='{link}'>"
    "<b style='font-size:9px'>Approve or Deny</b></a></td>",
    "colour": "<p style='color:rgb(0,0,0)'>{asks}</p>{url}",
    "half_transparent": "<p style='color:rgba(0,0,0,0.8);opacity:0.9'>{asks}</p>{url}",
    "only_the_background": "<p style='background-color:transparent; height:100%;"
    " overflow:hidden; border:0; line-height:0'>{asks}</p>{url}",
    "in_the_middle": "<div style='left:50%;margin-left:-300px'>{asks}{url}</div>",
    "shown_though_hidden": "<div hidden style='display:block'>{asks}</div>{url}",
    "beside_a_hidden_anchor": "<a style='font-size:0' href='{link}A'>x</a>{asks}{url}",
    "shown_again": "<p style='display:none;display:block'>{asks}</p>{url}",
    "height_without_overflow": "<p style='height:0'>{asks}</p>{url}",
    "preheader": "<div style='display:none;font-size:1px;max-height:0;opacity:0;"
    "overflow:hidden'>x &nbsp;&zwnj;</div>{asks}{url}",
    "size_is_set_anew_in_rem": "<td style='font-size:0'><div style='font-size:1rem'>"
    "{asks}</div></td></tr></table>{url}",
    "cell_that_grows": "<td style='width:0;overflow:hidden'>{asks}{url}</td>",
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
