"""The reading of Authentication-Results beside another one, `authres` of PyPI.

What both read must be the same; each case of which one makes nothing is explained.
"""

from collections.abc import Mapping
from pathlib import Path

import authres
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.test_authres import FORGED, PROVIDERS
from watcher.recognition.authres import AuthenticationResults, Clause, parse_field
from watcher.recognition.header import parse_header, split

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "mails"

Said = tuple[str, tuple[tuple[str, str, str | None], ...]]
"""The authserv-id, and of each method its result and the domain that it names."""


def ours(value: str) -> Said | None:
    parsed = parse_field(value)
    return _said(parsed) if parsed else None


def _said(parsed: AuthenticationResults) -> Said:
    clauses = [(one.method, one.result, one.sdid()) for one in parsed.clauses]
    return parsed.authserv_id.lower(), tuple(clauses)


def theirs(value: str) -> Said | None:
    try:
        parsed = authres.AuthenticationResultsHeader.parse_value(unfolded(value))
    except authres.AuthResError:
        return None
    clauses = []
    for one in parsed.results:
        properties: dict[str, str] = {}
        for each in one.properties:
            properties.setdefault(f"{each.type}.{each.name}".lower(), each.value)
        clause = Clause(one.method.lower(), one.result.lower(), properties)
        clauses.append(clause)
    return _said(AuthenticationResults(parsed.authserv_id, tuple(clauses)))


def unfolded(value: str) -> str:
    return value.replace("\r\n", "").replace("\n", "")


CASES: Mapping[str, str] = {
    **{name: field for name, (field, *_) in PROVIDERS.items()},
    **{name: field for name, (field, *_) in FORGED.items()},
    "none": "example.org 1; none",
    "several_methods": "example.com;\r\n auth=pass (cram-md5) smtp.auth=a@example.net;"
    ' spf=fail reason="no (really)" smtp.mailfrom=example.net',
    "comments": "foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 "
    "(One yay) = (wait for it) fail\r\n policy (A dot can go here) . (like that) "
    "expired\r\n (this surprised me) = (as I wasn't expecting it) 1362471462",
    "empty": "",
    "blanks": " \r\n ",
    "comment": "(comment)",
    "comment_without_end": "mx.example.jp; dkim=pass (never closed header.d=a.example",
    "quote_without_end": 'mx.example.jp; dkim=pass header.d="amazon.co.jp',
    "end_of_no_comment": "mx.example.jp; dkim=pass ) header.d=amazon.co.jp",
    "backslash": "mx.example.jp; dkim=pass \\ header.d=amazon.co.jp",
    "semicolons": ";;;;",
    "equals": "=",
    "method_alone": "x; dkim",
    "no_result": "x; dkim=",
    "no_method": "x; =pass",
    "id_alone": "x",
    "id_and_end": "x;",
    "other_version": "x 2; dkim=pass header.d=a.example",
    "method_version": "x; dkim/1=pass header.d=a.example",
    "quoted_id": '"mx.example.jp"; dkim=pass header.d=a.example',
    "quoted_result": 'x; dkim="pass" header.d=a.example',
    "quoted_domain": 'x; dkim=pass header.d="a.example"',
    "quoted_local_part": 'x; dkim=pass header.i="a b"@a.example',
    "blanks_around_signs": "x ; dkim = pass header.d = a.example",
    "nested_comment": "x; dkim=pass (a (b) c) header.d=a.example",
    "quoted_pair": "x; dkim=pass (a \\) b) header.d=a.example",
    "empty_clause": "x; ; dkim=pass header.d=a.example",
    "end": "x; dkim=pass header.d=a.example;",
    "two_domains": "x; dkim=pass header.i=@b.example header.d=a.example",
    "unknown_property": "x; dkim=pass foo.bar=1 header.d=a.example",
    "no_value": "x; dkim=pass header.d= ; spf=pass",
    "upper_case": "X; DKIM=PASS Header.D=A.example",
    "words": "x; dkim=pass and more header.d=a.example",
    "8_bits": "x; dkim=pass (é) header.d=a.example",
}

DIFFERENCES: Mapping[str, str] = {
    "Microsoft writes no authserv-id; it is trusted by that name, and no other is.": (
        "outlook no_id"
    ),
    "A `;` may end the field, or stand twice: Yahoo writes it, and it says nothing.": (
        "yahoo yahoo_omega aol aol_omega semicolons id_and_end empty_clause end"
    ),
    "Yahoo! JAPAN puts what it looked at behind its name, and properties apart.": (
        "yahoo_japan_names_the_domain_apart"
    ),
    "The example of RFC 8601 §B.7, whose `policy.expired` stands in three pieces: of"
    " this clause nothing is read here, and nothing of the field there.": "comments",
    "A clause without method or result says nothing; the others of its field do.": (
        "method_alone no_result no_method id_alone"
    ),
    "A failure told in another version is still a warning; Microsoft, who alone can"
    " prove, writes none.": "other_version",
    "A value may be quoted (RFC 8601 §2.2), the authserv-id too; they take an atom.": (
        "quoted_id quoted_result"
    ),
    "Words or signs that are no property are passed over; what follows is still of"
    " the same clause. They lose it.": "words quoted_signs",
    "A comment may hold any character since RFC 6532.": "8_bits",
    "A quote that is never closed breaks the field. They read on, without a domain.": (
        "quote_without_end"
    ),
}
"""Why we read a field of `CASES` otherwise than they do."""


def test_every_difference_from_another_reader_is_explained() -> None:
    explained = {name for names in DIFFERENCES.values() for name in names.split()}
    differing = {name for name, value in CASES.items() if ours(value) != theirs(value)}

    assert differing == explained


def test_what_both_read_of_a_real_field_is_the_same() -> None:
    if not REAL.exists():
        pytest.skip(f"no real mails to measure with: {REAL}")
    fields = [
        raw.decode("utf-8", "replace")
        for path in REAL.glob("*/*.eml")
        for raw in parse_header(split(path.read_bytes())[0]).get_all(
            "authentication-results"
        )
    ]
    both = [(ours(one), theirs(one)) for one in fields]

    assert len(fields) > 5
    assert [pair for pair in both if None not in pair and pair[0] != pair[1]] == []
    assert [their for our, their in both if our is None and their is not None] == []


NAMES = st.sampled_from(["a.example", "mx1.b-c.example", "amazon.co.jp", "x"])
RESULTS = st.sampled_from(["pass", "fail", "none", "neutral", "PASS", "temperror"])
GAPS = st.sampled_from(
    [" ", "  ", "\t", "\r\n ", " (x) ", " (a (b) c) ", ' (; dkim=pass "q) ', " (\\)) "]
)
GAPS_OR_NOTHING = st.sampled_from(["", ""]) | GAPS
PROPERTIES = st.builds(
    "{}{}={}{}".format,
    st.sampled_from(
        [
            *("header.d", "header.i", "header.s", "header.b", "header.from"),
            *("smtp.mailfrom", "policy.dmarc", "Header.D", "HEADER.i"),
        ]
    ),
    GAPS_OR_NOTHING,
    GAPS_OR_NOTHING,
    st.sampled_from(["a.example", "@amazon.co.jp", "x@a.example", "@b", "s1", "A.B"]),
)
REASONS = st.sampled_from(["", "", " reason=x", ' reason="dkim=pass; (x)"'])


@st.composite
def clauses(draw: st.DrawFn) -> str:
    """Return a method with its result, reason and properties."""
    method = draw(st.sampled_from(["dkim", "spf", "dmarc", "auth", "DKIM", "dkim/1"]))
    equals = draw(GAPS_OR_NOTHING) + "=" + draw(GAPS_OR_NOTHING)
    said = f"{method}{equals}{draw(RESULTS)}{draw(REASONS)}"
    for each in draw(st.lists(PROPERTIES, max_size=3)):
        said += draw(GAPS) + each
    return said


@st.composite
def values(draw: st.DrawFn) -> str:
    """Return a field that follows the grammar."""
    start = draw(GAPS_OR_NOTHING) + draw(NAMES) + draw(st.sampled_from(["", " 1"]))
    found = draw(st.lists(clauses(), min_size=1, max_size=4))
    parts = [start, *(draw(GAPS_OR_NOTHING) + one for one in found)]
    return (draw(GAPS_OR_NOTHING) + ";").join(parts) + draw(GAPS_OR_NOTHING)


@given(values())
def test_a_field_that_follows_the_grammar_is_read_alike(value: str) -> None:
    said = theirs(value)
    assume(said is not None)  # it refuses comments in some places

    assert ours(value) == said


@given(values(), st.data())
def test_a_broken_field_proves_no_more_than_for_another_reader(
    value: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(value)))
    length = data.draw(st.integers(0, 3))
    put = data.draw(st.sampled_from(["", "(", ")", '"', "\\", "=", ".", "@"]))
    broken = value[:at] + put + value[at + length :]
    mine, other = ours(broken), theirs(broken)

    if mine and other:
        passes = {one for one in mine[1] if one[:2] == ("dkim", "pass") and one[2]}
        domains = {(method, result) for method, result, _ in other[1]}
        assert {one[:2] for one in passes} <= domains
