"""Authentication-Results: the grammar, whom to believe, and what forgers write."""

import pytest

from tests.sample_mails import (
    APPROVAL_HTML,
    LINK,
    Mail,
    approval,
    compose,
    html,
    outcome,
    sign,
)
from watcher.recognition import trust as trusted
from watcher.recognition.authres import (
    AuthenticationResults,
    Clause,
    parse_field,
    provider_result,
)
from watcher.recognition.header import parse_header
from watcher.recognition.policy import Policy
from watcher.recognition.reasons import Reason
from watcher.recognition.trust import Trust
from watcher.recognition.verdict import (
    LookAlike,
    Recognised,
    Result,
    Unverified,
)

DOMAIN = "amazon.co.jp"
HOST = Trust.of("mx.example.jp")
BODY = html(APPROVAL_HTML.format(link=LINK))

# How providers write it (facts: 310 header sets of 2022 and single mails up to 2026).
GMAIL = (
    "mx.google.com;\r\n       dkim=pass header.i=@amazon.co.jp header.s=efcs4 "
    "header.b=Abc/d+e;\r\n       dkim=pass header.i=@amazonses.com header.s=x;"
    "\r\n       spf=pass (google.com: domain of 2024@bounces.amazon.co.jp designates "
    "54.240.13.167 as permitted sender) smtp.mailfrom=2024@bounces.amazon.co.jp;"
    "\r\n       dmarc=pass (p=QUARANTINE sp=QUARANTINE dis=NONE) "
    "header.from=amazon.co.jp"
)
OUTLOOK = (
    "spf=pass (sender IP is 54.240.13.167)\r\n smtp.mailfrom=bounces.amazon.co.jp; "
    "dkim=pass (signature was verified)\r\n header.d=amazon.co.jp;"
    "dmarc=pass action=none\r\n header.from=amazon.co.jp;compauth=pass reason=100"
)
YAHOO = (
    "atlas213.free.mail.bf1.yahoo.com;\r\n dkim=pass header.i=@amazon.co.jp "
    "header.s=abc;\r\n spf=pass smtp.mailfrom=bounces.amazon.co.jp;\r\n "
    "dmarc=pass(p=QUARANTINE) header.from=amazon.co.jp;"
)
ZOHO = (
    "mx.zohomail.eu;\r\n\tdkim=pass;\r\n\t"
    "dmarc=pass(p=quarantine) header.from=amazon.co.jp"
)
GMX = "gmx.net; dkim=pass header.i=@amazon.co.jp"
ICLOUD = (
    "dkim-verifier.icloud.com;\r\n\tdkim=pass (2048-bit key) header.d=amazon.co.jp "
    "header.i=@amazon.co.jp header.b=abc"
)
FASTMAIL = (
    "mx6.messagingengine.com;\r\n    dkim=pass (1024-bit rsa key sha256) "
    "header.d=amazon.co.jp header.i=@amazon.co.jp header.b=d5rQb267;"
    "\r\n    dmarc=pass policy.published-domain-policy=quarantine\r\n      "
    "(p=quarantine,d=none,d.eval=none) policy.policy-from=p header.from=amazon.co.jp"
)
AOL = YAHOO.replace("free.mail", "aol.mail")
OMEGA = YAHOO.replace(
    "atlas213.free.mail.bf1", "atlas-production.v2-mail-prod1-gq1.omega"
)
NIFTY = "nifty.com; spf=pass smtp.mailfrom=a@b; dkim=pass header.i=@amazon.co.jp"
YAHOO_JAPAN = (
    "mta001.mail.djm.yahoo.co.jp from=amazon.co.jp; domainkeys=neutral (no sig); "
    "dkim=pass (ok); header.i=@amazon.co.jp"
)
PROVIDERS = {
    "gmail": (GMAIL, trusted.GMAIL, Result.PASS),
    "outlook": (OUTLOOK, trusted.OUTLOOK, Result.PASS),
    "yahoo": (YAHOO, trusted.YAHOO, Result.PASS),
    "yahoo_omega": (OMEGA, trusted.YAHOO, Result.PASS),
    "aol": (AOL, trusted.AOL, Result.PASS),
    "aol_omega": (OMEGA, trusted.AOL, Result.PASS),
    "icloud": (ICLOUD, trusted.ICLOUD, Result.PASS),
    "fastmail": (FASTMAIL, trusted.FASTMAIL, Result.PASS),
    "zoho_names_no_domain": (ZOHO, trusted.ZOHO, Result.NONE),
    "gmx": (GMX, trusted.GMX, Result.PASS),
    "nifty": (NIFTY, trusted.NIFTY, Result.PASS),
    "yahoo_japan_names_the_domain_apart": (
        YAHOO_JAPAN,
        trusted.YAHOO_JAPAN,
        Result.PASS,
    ),
}


def said(
    *fields: str, trust: Trust = HOST, name: str = "Authentication-Results"
) -> Result:
    """Return what believed fields say of the store, the first on top."""
    header = "".join(f"{name}: {field}\r\n" for field in fields).encode()
    return provider_result(parse_header(header), (trust,), DOMAIN).result


@pytest.mark.parametrize(
    ("field", "trust", "result"), PROVIDERS.values(), ids=PROVIDERS
)
def test_form_of_every_provider_is_read(
    field: str, trust: Trust, result: Result
) -> None:
    assert said(field, trust=trust) is result


@pytest.mark.parametrize(
    ("field", "trust", "result"), PROVIDERS.values(), ids=PROVIDERS
)
def test_failure_in_the_form_of_every_provider_is_read(
    field: str, trust: Trust, result: Result
) -> None:
    del result
    failed = field.replace("dkim=pass", "dkim=fail", 1).replace(
        "dmarc=pass", "dmarc=fail"
    )

    assert said(failed, trust=trust) is Result.FAIL


def test_gmx_writes_one_field_a_signature() -> None:
    ours, service = GMX, "gmx.net; dkim=pass header.i=@amazonses.com"

    assert said(ours, service, trust=trusted.GMX) is Result.PASS


def test_failure_in_a_later_field_of_icloud_refuses() -> None:
    dmarc = "dmarc.icloud.com; dmarc=fail header.from=amazon.co.jp"

    assert said(ICLOUD, dmarc, trust=trusted.ICLOUD) is Result.FAIL


# --- grammar ---


def test_rfc8601_b2_nearly_trivial_case() -> None:
    assert parse_field("example.org 1; none") == AuthenticationResults(
        "example.org", ()
    )


def test_rfc8601_b4_several_methods() -> None:
    value = (
        "example.com;\r\n auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n"
        ' spf=fail reason="no (really)" smtp.mailfrom=example.net'
    )

    assert parse_field(value) == AuthenticationResults(
        "example.com",
        (
            Clause("auth", "pass", {"smtp.auth": "sender@example.net"}),
            Clause(
                "spf", "fail", {"reason": "no (really)", "smtp.mailfrom": "example.net"}
            ),
        ),
    )


def test_rfc8601_b7_comment_heavy_field() -> None:
    value = (
        "foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay)"
        " = (wait for it) fail\r\n policy (A dot can go here) . (like that) expired"
        "\r\n (this surprised me) = (as I wasn't expecting it) 1362471462"
    )
    parsed = parse_field(value)

    assert parsed is not None
    assert parsed.authserv_id == "foo.example.net"


@pytest.mark.parametrize(
    "value",
    [
        "",
        " \r\n ",
        "(comment)",
        "mx.example.jp; dkim=pass (never closed header.d=amazon.co.jp",
        'mx.example.jp; dkim=pass header.d="amazon.co.jp',
        "mx.example.jp; dkim=pass ) header.d=amazon.co.jp",
        "mx.example.jp; dkim=pass \\ header.d=amazon.co.jp",
    ],
)
def test_broken_field_says_nothing(value: str) -> None:
    assert parse_field(value) is None


@pytest.mark.parametrize(
    "value",
    [";;;;", "=", "= = =", "a=b", "a=", "x; =pass", "x; dkim", "x; dkim=", "\x00"],
)
def test_odd_field_never_raises(value: str) -> None:
    assert said(value) is Result.NONE


def test_nesting_without_end_is_quick() -> None:
    assert parse_field("x; " + "(" * 30_000) is None
    assert parse_field("x; " + "()" * 15_000) is not None


# --- forged forms ---

PASS = "mx.example.jp; dkim=pass header.d=amazon.co.jp"
FORGED = {
    "foreign_id": ("aaa.example; dkim=pass header.i=@amazon.co.jp", Result.NONE),
    "id_with_the_right_start": (
        "mx.example.jp.evil.example; dkim=pass header.d=amazon.co.jp",
        Result.NONE,
    ),
    "id_with_the_right_end": (
        "evil.mx.example.jp; dkim=pass header.d=amazon.co.jp",
        Result.NONE,
    ),
    "id_in_a_comment": (
        "evil.example (mx.example.jp); dkim=pass header.d=amazon.co.jp",
        Result.NONE,
    ),
    "no_id": ("dkim=pass header.d=amazon.co.jp", Result.NONE),
    "pass_in_a_comment": (
        "mx.example.jp; dkim=none (dkim=pass header.d=amazon.co.jp)",
        Result.NONE,
    ),
    "pass_in_the_comment_of_another_method": (
        'mx.example.jp; spf=pass (x: domain of "a) dkim=pass header.d=amazon.co.jp (b"'
        "@evil.example is ok) smtp.mailfrom=evil.example",
        Result.NONE,
    ),
    "semicolon_in_a_comment": (
        "mx.example.jp; dkim=fail header.d=amazon.co.jp (; dkim=pass)",
        Result.FAIL,
    ),
    "pass_in_a_quoted_string": (
        'mx.example.jp; spf=pass smtp.mailfrom="; dkim=pass header.d=amazon.co.jp"',
        Result.NONE,
    ),
    "quoted_signs": (
        'mx.example.jp; spf=pass smtp.mailfrom=";" dkim "=" pass header.d=amazon.co.jp',
        Result.NONE,
    ),
    "last_does_not_win": (
        "mx.example.jp; dkim=fail header.d=amazon.co.jp; "
        "dkim=pass header.d=amazon.co.jp",
        Result.FAIL,
    ),
    "dmarc_last_does_not_win": (
        "mx.example.jp; dmarc=fail header.from=amazon.co.jp; dmarc=pass "
        "header.from=amazon.co.jp; dkim=pass header.d=amazon.co.jp",
        Result.FAIL,
    ),
    "property_of_another_clause": (
        "mx.example.jp; dkim=fail header.d=evil.example; dkim=pass; "
        "spf=pass header.d=amazon.co.jp",
        Result.NONE,
    ),
    "property_given_twice": (
        "mx.example.jp; dkim=pass header.d=evil.example header.d=amazon.co.jp",
        Result.NONE,
    ),
    "domain_with_the_right_end": (
        "mx.example.jp; dkim=pass header.d=evil-amazon.co.jp",
        Result.NONE,
    ),
    "mail_service": (
        "mx.example.jp; dkim=pass header.d=amazonses.com",
        Result.NONE,
    ),
    "dmarc_alone": (
        "mx.example.jp; dmarc=pass header.from=amazon.co.jp",
        Result.NONE,
    ),
    "arc_is_a_claim_of_others": (
        "mx.example.jp; arc=pass (i=1 dkim=pass dkdomain=amazon.co.jp)",
        Result.NONE,
    ),
    "upper_case_fails_as_well": (
        "MX.Example.JP; DKIM=FAIL Header.D=Amazon.CO.JP",
        Result.FAIL,
    ),
    "failure_without_a_domain": ("mx.example.jp; dkim=fail", Result.FAIL),
    "failure_of_another_signature": (
        f"{PASS}; dkim=fail header.d=amazonses.com",
        Result.PASS,
    ),
}


@pytest.mark.parametrize(("field", "result"), FORGED.values(), ids=FORGED)
def test_forged_form_is_seen_through(field: str, result: Result) -> None:
    assert said(field) is result


@pytest.mark.parametrize(
    ("results", "result"),
    [
        (["dkim=fail"], Result.NONE),
        (["dkim=fail; dkim=pass header.d=amazon.co.jp"], Result.PASS),
        (["dkim=fail", "dkim=pass header.d=amazon.co.jp"], Result.NONE),
        (["dkim=fail header.d=amazonses.com", "dkim=fail"], Result.NONE),
        (["dkim=fail header.d=amazon.co.jp"], Result.FAIL),
    ],
)
def test_of_two_signatures_a_failure_that_names_nobody_may_be_of_the_other(
    results: list[str], result: Result
) -> None:
    fields = (f"Authentication-Results: mx.example.jp; {each}\r\n" for each in results)
    header = "DKIM-Signature: v=1\r\n" * 2 + "".join(fields)

    assert provider_result(parse_header(header.encode()), (HOST,), DOMAIN).result is (
        result
    )


@pytest.mark.parametrize(
    "name",
    [
        "ARC-Authentication-Results",
        "X-MS-Exchange-Authentication-Results",
        "X-ME-Authentication-Results",
        "X-Original-Authentication-Results",
        "Authentication-Results-Original",
    ],
)
def test_field_of_another_name_is_ignored(name: str) -> None:
    assert said("mx.example.jp; dkim=fail header.d=amazon.co.jp", name=name) is (
        Result.NONE
    )


@pytest.mark.parametrize(
    ("authserv_id", "is_covered"),
    [
        ("mx6.messagingengine.com", True),
        ("mx.messagingengine.com", True),
        ("mx6.evil.messagingengine.com", False),
        ("mx6.messagingengine.com.evil.example", False),
        ("evil.example/mx6.messagingengine.com", False),
        ("", False),
    ],
)
def test_star_stands_within_one_label(authserv_id: str, *, is_covered: bool) -> None:
    assert trusted.FASTMAIL.covers(authserv_id) is is_covered


# --- what it means for the verdict ---


def unsigned(*fields: str) -> bytes:
    extra = tuple(("Authentication-Results", field) for field in fields)
    return compose(Mail(body=BODY, extra=extra))


def test_failure_vetoes_a_mail_that_verifies_here() -> None:
    raw = approval(extra=(("Authentication-Results", "mx.example.jp; dmarc=fail"),))

    assert outcome(raw, policy=Policy(trust=(HOST,))) == (
        LookAlike,
        {Reason.PROVIDER_SAYS_FAIL},
    )
    assert outcome(raw) == (Recognised, set())


def test_pass_of_a_provider_that_leaves_foreign_fields_is_no_proof() -> None:
    for trust in (HOST, trusted.GMAIL):
        raw = unsigned(PASS, GMAIL)
        assert outcome(raw, policy=Policy(trust=(trust,))) == (
            Unverified,
            {Reason.DKIM_NONE},
        )


def test_pass_of_outlook_proves_a_mail_that_it_rewrote() -> None:
    policy = Policy(trust=(trusted.OUTLOOK,))
    mail = compose(Mail(body=BODY, extra=(("Authentication-Results", OUTLOOK),)))
    rewritten = sign(mail, DOMAIN) + b"\r\nscanned\r\n"

    assert outcome(rewritten, policy=policy) == (Recognised, set())
    assert outcome(rewritten) == (LookAlike, {Reason.DKIM_FAIL})


@pytest.mark.parametrize(
    "field",
    [
        OUTLOOK.replace("header.d=amazon.co.jp", "header.d=evil.example"),
        OUTLOOK.replace("header.d=amazon.co.jp", "header.d=amazonses.com"),
        OUTLOOK.replace("dkim=pass", "dkim=none"),
        "evil.example; " + OUTLOOK,
    ],
)
def test_outlook_proves_only_what_is_aligned(field: str) -> None:
    policy = Policy(trust=(trusted.OUTLOOK,))

    assert outcome(unsigned(field), policy=policy)[0] is Unverified


def test_only_the_topmost_field_of_outlook_proves() -> None:
    policy = Policy(trust=(trusted.OUTLOOK,))
    top = OUTLOOK.replace("dkim=pass", "dkim=none").replace("dmarc=pass", "dmarc=none")

    assert outcome(unsigned(top, OUTLOOK), policy=policy)[0] is Unverified


def test_outlook_does_not_prove_a_body_of_which_a_part_is_signed() -> None:
    policy = Policy(trust=(trusted.OUTLOOK,))
    mail = compose(Mail(body=BODY, extra=(("Authentication-Results", OUTLOOK),)))
    raw = sign(mail, DOMAIN, tags={"l": "10"})

    assert outcome(raw, policy=policy) == (LookAlike, {Reason.DKIM_BODY_LENGTH})
