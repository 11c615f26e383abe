"""Mails and their parts as input, and what must hold of what is read of them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from tests.sample_mails import (
    APPROVAL_HTML,
    APPROVAL_TEXT,
    CODE_HTML,
    LINK,
    VERIFY,
    Mail,
    alternatives,
    approval,
    code,
    compose,
    html,
    plain,
    sign,
)
from watcher.recognition import limits
from watcher.recognition.amazon import STORES
from watcher.recognition.authres import parse_field, provider_result
from watcher.recognition.charset import decode_field, decode_text
from watcher.recognition.claim import Claim
from watcher.recognition.header import parse_header, split
from watcher.recognition.html import parse_html
from watcher.recognition.judge import classify
from watcher.recognition.message import may_be_attempt
from watcher.recognition.policy import Policy
from watcher.recognition.trust import GMAIL, Trust
from watcher.recognition.verdict import (
    Approval,
    Code,
    NotRelevant,
    Recognised,
    Result,
    Unknown,
    Verdict,
)

CODE = "123456"
POLICY = Policy(
    recipients=frozenset({"taro@example.jp"}), trust=(GMAIL, Trust.of("mx.example.jp"))
)
HOSTS = STORES | {f"www.{store}" for store in STORES}
BOTH = alternatives(
    plain(APPROVAL_TEXT.format(link=LINK)), html(APPROVAL_HTML.format(link=LINK))
)
WORDS = (
    *(b"\r\n", b"\r\n\r\n", b"\n ", b"Subject: ", b"From: ", b"To: ", b"Date: "),
    *(b"Message-ID: ", b"DKIM-Signature: ", b"Authentication-Results: ", b"l=1; "),
    *(b"Content-Type: text/html", b"Content-Type: text/plain; charset=", b"boundary="),
    *(b"Content-Transfer-Encoding: base64\r\n", b"quoted-printable", b"multipart/"),
    *(b"<a href='", b"'>", b"</a>", b"<!--", b"-->", b"<style>", b"</style>", b"&#x"),
    *(b"display:none", b"<p>", b"<td>", b"<tr>", b"<table>", b"<br>", b"<title>"),
    *(LINK.encode(), b"https://evil.example/a/c/r/", b"@", b"%2f", b"/a/c/r/", b"?k="),
    *(b"verification code", b"654321", b"Device: ", b"Near: ", b"\xe2\x80\x8b"),
    *(
        "承認または否認してください。".encode(),
        "サインイン試行".encode(),
        b"=?utf-8?B?",
    ),
)
RESULT_WORDS = (
    *(b";", b"=", b"(", b")", b'"', b"\\", b" ", b"dkim=pass", b"dkim=fail", b"none"),
    *(b" header.d=", b" header.i=@", b"amazon.co.jp", b"mx.example.jp", b"dmarc="),
    *(b"mx.google.com", b"1", b"/1", b"reason=", b"smtp.mailfrom=", b"policy."),
)
FIELD_WORDS = (
    *(b"=?utf-8?B?", b"=?iso-2022-jp?B?", b"=?shift_jis?Q?", b"?=", b"=?", b"?Q?"),
    *(b"\x1b$B", b"\x1b(B", b"\x1b(I", b"\x1b(J", b"\r\n ", b"\t", b"*en", b"euc-jp"),
)
ASCII = re.compile(rb"[!-<>-~](?:[ -<>-~]*[!-<>-~])?")


def messages() -> Sequence[bytes]:
    """Return signed mails, and some that are not."""
    body = html(APPROVAL_HTML.format(link=LINK))
    unsigned = compose(Mail(body=body))
    results = b"Authentication-Results: mx.google.com; dkim=pass header.d=amazon.co.jp"
    return (
        *(approval(), code(CODE), approval(body=BOTH), unsigned),
        sign(unsigned, "evil.example"),
        sign(unsigned, "amazon.co.jp", signed=("From", "Subject")),
        sign(unsigned, "amazon.co.jp", tags={"l": "100"}),
        results + b"\r\n" + unsigned,
        approval(body=plain(APPROVAL_TEXT.format(link=LINK))),
        approval(subject="amazon.co.jp: アクションが必要です: サインイン"),
    )


def check_message(raw: bytes) -> None:
    """Check a mail that may have been signed once."""
    verdict = judged(raw)
    if isinstance(verdict, Recognised):
        content = verdict.attempt.content
        assert content.secret in (None, LINK, CODE)
        claim = verdict.attempt.claim
        assert claim.store == "amazon.co.jp"
    assert judged(raw) == verdict
    if not may_be_attempt(split(raw)[0]):
        assert isinstance(verdict, NotRelevant)


def judged(raw: bytes) -> Verdict:
    """Return the verdict; what it claims can be shown."""
    verdict = classify(raw, verify=VERIFY, policy=POLICY).verdict
    match verdict:
        case Recognised(attempt=attempt):
            check_claim(attempt.claim)
        case _:
            pass
    return verdict


def check_claim(claim: Claim) -> None:
    """Check that what a mail says of itself can be shown."""
    for text in (claim.device, claim.near, claim.recipient):
        assert text is None or (text.isprintable() and 0 < len(text) <= limits.LOGGED)


def bodies() -> Sequence[bytes]:
    """Return what stands in a mail behind its other fields."""
    return (
        html(APPROVAL_HTML.format(link=LINK)),
        html(CODE_HTML.format(code=CODE, link=LINK)),
        plain(APPROVAL_TEXT.format(link=LINK)),
        BOTH,
        *(b"Content-Type: text/html; charset=utf-8\r\n\r\n" + page for page in pages()),
        b"Content-Type: text/plain\r\n\r\n" + APPROVAL_TEXT.format(link=LINK).encode(),
    )


def check_proved(body: bytes) -> None:
    """Check a body that Amazon has signed."""
    raw = sign(compose(replace(Mail(), body=body)), "amazon.co.jp")
    verdict = judged(raw)
    if not isinstance(verdict, Recognised):
        return
    match verdict.attempt.content:
        case Approval(link=link):
            address = urlsplit(link)
            assert address.scheme == "https"
            assert address.netloc in HOSTS
            assert address.path.startswith("/a/c/r")
            assert re.fullmatch(r"[!-~]{30,400}", link)
        case Code(code=number):
            assert re.fullmatch(r"[0-9]{4,10}", number)
        case Unknown():
            pass


def pages() -> Sequence[bytes]:
    """Return HTML."""
    return (
        APPROVAL_HTML.format(link=LINK).encode(),
        CODE_HTML.format(code=CODE, link=LINK).encode(),
        b"<p><a href=x>y</a><style>.a{display:none}</style><b class=a>z</b>",
    )


def check_html(data: bytes) -> None:
    """Check what a reader sees of HTML."""
    source = data.decode("utf-8", "replace")
    page = parse_html(source)
    assert parse_html(source) == page
    assert len(page.text) <= limits.TEXT
    assert len(page.anchors) <= limits.TAGS
    targets = {target.strip() for target in page.targets}
    for anchor in page.anchors:
        assert anchor.href.strip() in targets | {""}
    if "&" not in source:
        signs = set(source) | set("\ufffd \n\x1f*•-")
        for text in (page.text, *(one.text for one in page.anchors)):
            assert set(text) <= signs, set(text) - signs


def results() -> Sequence[bytes]:
    """Return Authentication-Results."""
    return (
        b"mx.example.jp; dkim=pass header.d=amazon.co.jp header.s=x; spf=none",
        b'mx.google.com 1; dkim=pass (good "x;y" (nested)) header.i=@amazon.co.jp;'
        b" dmarc=pass (p=REJECT) header.from=amazon.co.jp",
        b'from=amazon.co.jp; dkim=fail reason="a \\" b" header.d=amazon.co.jp',
        b"mx.example.jp; none",
    )


def check_authres(data: bytes) -> None:
    """Check what one field says."""
    value = data.decode("utf-8", "replace")
    parsed = parse_field(value)
    if parsed is None:
        return
    plain_value = value.replace("\\", "")
    said = [parsed.authserv_id]
    for clause in parsed.clauses:
        said += [clause.method, clause.result]
        said += [*clause.properties, *clause.properties.values()]
    letters = re.sub(r'[\s"]+', "", plain_value).lower()
    for word in said:
        assert re.sub(r'[\s"]+', "", word.replace("\\", "")).lower() in letters
    if "(" not in value:
        assert parse_field(f"(dkim=pass) {value} (header.d=evil.example)") == parsed
    if '"' not in value and "\\" not in value and "(" not in value:
        assert parse_field(value.replace(";", " (x;=y) ;")) == parsed
    field = b"Authentication-Results: " + data.replace(b"\r", b"").replace(b"\n", b"")
    found = provider_result(parse_header(field), POLICY.trust, "amazon.co.jp")
    if found.detail.startswith("mx."):
        assert re.search(r"mx\.(google\.com|example\.jp)", letters)
    assert found.result is not Result.PASS or "amazon.co.jp" in letters


def fields() -> Sequence[bytes]:
    """Return fields of a header, and texts."""
    return (
        "サインイン試行".encode(),
        "サインイン試行".encode("iso-2022-jp"),
        "サインイン試行".encode("cp932"),
        "サインイン試行".encode("euc-jp"),
        b"=?utf-8?B?44K144Kk44Oz?= =?utf-8?Q?=E3=82=A4?= x",
        b"=?iso-2022-jp?B?GyRCJTUlJCVzGyhC?=\r\n =?x?Q?y?=",
        b"utf-8\0plain text",
    )


def check_charset(data: bytes) -> None:
    """Check what a decoder makes of octets; a charset may stand before a NUL."""
    name, sign_, text = data.partition(b"\0")
    charset = name.decode("latin-1") if sign_ else None
    for decoded in (decode_text(text or name, charset), decode_field(data)):
        assert len(decoded) <= 4 * len(data) + 1
        decoded.encode("utf-8", "surrogatepass")
        assert not re.search("[\ud800-\udfff]", decoded)
    if ASCII.fullmatch(data):
        assert decode_field(data) == data.decode()
        assert decode_text(data, "utf-8") == data.decode()
