"""Mails as Amazon sends them, signed with the tests' keys, and their verdicts."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from email.header import Header
from functools import cache
from itertools import product

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from watcher.dkim import verifier
from watcher.recognition.amazon import STORES
from watcher.recognition.judge import Verify, classify
from watcher.recognition.limits import HEADER_BYTES, MAIL_BYTES
from watcher.recognition.policy import Policy
from watcher.recognition.reasons import Reason
from watcher.recognition.verdict import (
    Approval,
    Code,
    LookAlike,
    NotRelevant,
    Recognised,
    SignInAttempt,
    Unknown,
    Unverified,
    Verdict,
)

TOKEN = "R8wq2LxY7mBcD3nZk5VtJ9hPs"
LINK = f"https://www.amazon.co.jp/a/c/r/{TOKEN}"
USER = "taro@example.jp"
DATE = "Sat, 21 Nov 2026 12:00:05 +0000"
SELECTOR = "test"
SIGNED = (
    *("From", "Reply-To", "To", "Message-ID", "Subject", "MIME-Version"),
    *("Content-Type", "Date"),
)
"""What Amazon signs (facts: mails of 2021 and 2024), each name once."""

_ED25519 = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"watcher").digest())
Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail to be composed; the fields stand in this order."""

    sender: str = '"amazon.co.jp" <account-update@amazon.co.jp>'
    to: str = USER
    subject: str = "amazon.co.jp: サインイン試行"
    date: str = DATE
    message_id: str = "<0100-test@us-west-2.amazonses.com>"
    body: bytes = b""
    """Everything behind the other fields: Content-Type fields, empty line, parts."""
    extra: Fields = ()
    """Further header fields, on top."""


APPROVAL_HTML = """<html><head><style>p {{ color: #123456; }}</style></head><body>
<img width="1" height="1" src="https://www.amazon.co.jp/gp/r.html?C=1&amp;U=2">
<table><tr><td><h1>サインイン試行</h1></td></tr><tr><td>
<p>山田太郎,</p>
<p>パスワードを知っているユーザーがあなたのアカウントにサインインしようとしています。</p>
<table><tr><td><b>日時:</b></td><td>Nov 21, 2026 09:00 PM Japan Standard Time</td></tr>
<tr><td><b>デバイス:</b></td><td>Mozilla Firefox Windows (デスクトップ)</td></tr>
<tr><td><b>付近:</b></td><td>Tokyo, Japan</td></tr></table>
<p><a href="{link}" style="font-weight: 600">承認または否認してください。</a></p>
<p>このEメールのリンクは「https://www.amazon.co.jp」で始まります。以下のリンクを
コピーすることもできます。</p><p>{link}</p>
<p><a href="https://www.amazon.co.jp/gp/help/customer/display.html?nodeId=G4YFYCCNU">\
ヘルプ</a></p></td></tr></table></body></html>
"""
APPROVAL_TEXT = """サインイン試行

山田太郎,

パスワードを知っているユーザーがあなたのアカウントにサインインしようとしています。

日時: Nov 21, 2026 09:00 PM Japan Standard Time
デバイス: Mozilla Firefox Windows (デスクトップ)
付近: Tokyo, Japan

承認または否認してください。
{link}
"""
CODE_HTML = """<html><body><table><tr><td>
<p>Someone who knows your password is attempting to sign-in to your account.</p>
<p>When: Nov 21, 2026 12:00 PM Coordinated Universal Time</p>
<p>Device: Google Chrome Windows (Desktop)</p><p>Near: Tokyo, Japan</p>
<p>If this was you, your verification code is:</p>
<table><tr><td style="background-color: #D3D3D3"><p class="otp">{code}</p></td></tr>
</table><p>If this wasn't you, please <a href="{link}">click here to deny</a>.</p>
<p>Don't share it with others.</p></td></tr></table></body></html>
"""


def html(text: str, *, charset: str = "utf-8") -> bytes:
    """Return the rest of a mail that is HTML alone."""
    return part("text/html", text, charset=charset)


def plain(text: str, *, charset: str = "utf-8") -> bytes:
    """Return the rest of a mail that is plain text alone."""
    return part("text/plain", text, charset=charset)


def part(kind: str, text: str, *, charset: str = "utf-8") -> bytes:
    """Return Content fields, an empty line and the text in base64."""
    encoded = base64.encodebytes(text.encode(charset)).decode().replace("\n", "\r\n")
    return (
        f"Content-Type: {kind}; charset={charset}\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{encoded}"
    ).encode()


def alternatives(*parts: bytes, kind: str = "alternative") -> bytes:
    """Return the rest of a mail that has several parts."""
    mark = b"----=_Part_1_2.3"
    inner = b"".join(b"--%s\r\n%s\r\n" % (mark, each) for each in parts)
    field = b'Content-Type: multipart/%s; boundary="%s"' % (kind.encode(), mark)
    return b"%s\r\n\r\n%s--%s--\r\n" % (field, inner, mark)


def word(text: str) -> str:
    """Return a field's text as encoded words, unless it is ASCII or raw octets."""
    is_raw = any("\udc80" <= sign <= "\udcff" for sign in text)
    if text.isascii() or is_raw:
        return text
    return Header(text, "utf-8").encode(linesep="\r\n")


def compose(mail: Mail) -> bytes:
    """Return a mail without a signature."""
    fields = [
        *mail.extra,
        *(("Date", mail.date), ("From", mail.sender), ("To", mail.to)),
        *(("Message-ID", mail.message_id), ("Subject", word(mail.subject))),
        ("MIME-Version", "1.0"),
    ]
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    raw = lines.encode("utf-8", "surrogateescape") + mail.body
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def sign(
    raw: bytes,
    domain: str,
    *,
    signed: Sequence[str] = SIGNED,
    tags: Mapping[str, str] | None = None,
    key: "Ed25519PrivateKey | rsa.RSAPrivateKey" = _ED25519,
) -> bytes:
    """Return the mail with a DKIM signature on top (c=relaxed/simple, RFC 6376)."""
    header, _, body = raw.partition(b"\r\n\r\n")
    is_rsa = isinstance(key, rsa.RSAPrivateKey)
    digest = hashlib.sha256(body.rstrip(b"\r\n") + b"\r\n").digest()
    values = {
        "v": "1",
        "a": "rsa-sha256" if is_rsa else "ed25519-sha256",
        "c": "relaxed/simple",
        "d": domain,
        "s": SELECTOR,
        "h": ":".join(signed),
        "bh": base64.b64encode(digest).decode(),
        **(tags or {}),
        "b": "",
    }
    field = b"; ".join(f"{name}={value}".encode() for name, value in values.items())
    data = _signed_data(header, signed) + b"dkim-signature:" + field
    signature = base64.b64encode(_signature(key, data))
    return b"DKIM-Signature: " + field + signature + b"\r\n" + raw


def _signed_data(header: bytes, signed: Sequence[str]) -> bytes:
    fields = re.findall(rb"(?m)^([!-9;-~]+):(.*(?:\r?\n[ \t].*)*)", header)
    left = [(name.lower(), value) for name, value in fields]
    data = b""
    for name in signed:
        found = [field for field in left if field[0] == name.lower().encode()]
        if found:
            left.reverse()
            left.remove(found[-1])
            left.reverse()
            value = b" ".join(found[-1][1].split())
            data += found[-1][0] + b":" + value + b"\r\n"
    return data


def _signature(key: "Ed25519PrivateKey | rsa.RSAPrivateKey", data: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(hashlib.sha256(data).digest())


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """Return an RSA key, the same one throughout a session."""
    return rsa.generate_private_key(65537, bits)


def record(key: "Ed25519PrivateKey | rsa.RSAPrivateKey" = _ED25519) -> bytes:
    """Return the TXT record of a key (RFC 6376 §3.6.1, RFC 8463 §4)."""
    public = key.public_key()
    if isinstance(key, rsa.RSAPrivateKey):
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return b"v=DKIM1; k=ed25519; p=" + base64.b64encode(raw)


def records(
    key: "Ed25519PrivateKey | rsa.RSAPrivateKey" = _ED25519,
) -> dict[str, bytes]:
    """Return the key's record under the name of every domain that tests sign for."""
    domains = [*STORES, "amazonses.com", "evil.example", "lists.example"]
    return {f"{SELECTOR}._domainkey.{domain}": record(key) for domain in domains}


def signed(mail: Mail, **changes: object) -> bytes:
    """Return a mail with fields replaced, signed by the domain in its From."""
    changed = replace(mail, **changes)  # type: ignore[arg-type]
    domain = changed.sender.rpartition("@")[2].rstrip("> ").lower()
    return sign(compose(changed), domain)


PLACE = "Tokyo, Japan"


def approval(link: str = LINK, *, place: object = PLACE, **changes: object) -> bytes:
    """Return a signed mail that asks to approve or deny; `place` is where from."""
    text = APPROVAL_HTML.format(link=link).replace(PLACE, str(place))
    return signed(Mail(body=html(text)), **changes)


def code(number: str = "123456", **changes: object) -> bytes:
    """Return a signed mail with a code, whose only link denies."""
    body = html(CODE_HTML.format(code=number, link=LINK))
    return signed(Mail(body=body, subject="amazon.co.jp: Sign-in attempt"), **changes)


VERIFY = verifier(records().get)
ANYTHING = Policy()


def judged(
    raw: bytes, *, policy: Policy = ANYTHING, verify: Verify = VERIFY
) -> Verdict:
    """Return the verdict on a mail."""
    return classify(raw, verify=verify, policy=policy).verdict


def attempt_in(raw: bytes, *, policy: Policy = ANYTHING) -> SignInAttempt:
    """Return the attempt in a mail that must be recognised."""
    verdict = judged(raw, policy=policy)
    assert isinstance(verdict, Recognised), verdict
    return verdict.attempt


def link_in(raw: bytes) -> str:
    """Return the approval link of a mail that must have one."""
    content = attempt_in(raw).content
    assert isinstance(content, Approval), content
    return content.link


def code_in(raw: bytes) -> str:
    """Return the code of a mail that must have one."""
    content = attempt_in(raw).content
    assert isinstance(content, Code), content
    return content.code


def is_unknown(raw: bytes) -> bool:
    """Tell whether a mail is recognised without link and code."""
    return isinstance(attempt_in(raw).content, Unknown)


def outcome(
    raw: bytes, *, policy: Policy = ANYTHING, verify: Verify = VERIFY
) -> tuple[type[Verdict], set[Reason]]:
    """Return the verdict's class and its reasons, but that its body is unknown."""
    verdict = judged(raw, policy=policy, verify=verify)
    match verdict:
        case Recognised(attempt=attempt):
            content = attempt.content
            reasons = set(content.reasons if isinstance(content, Unknown) else ())
            return Recognised, reasons - {Reason.PHRASE_MISSING, Reason.LINK_MISSING}
        case Unverified() | LookAlike() | NotRelevant():
            return type(verdict), set(verdict.reasons)


_ROOM = MAIL_BYTES - 4096
_FIELD = HEADER_BYTES - 4096


def _fill(pattern: bytes, size: int = _ROOM) -> bytes:
    return (pattern * (size // len(pattern) + 1))[:size]


def _html(source: bytes) -> bytes:
    return compose(
        Mail(body=b"Content-Type: text/html; charset=utf-8\r\n\r\n" + source)
    )


def _plain(text: bytes, charset: bytes = b"utf-8") -> bytes:
    kind = b"Content-Type: text/plain; charset=" + charset
    return compose(Mail(body=kind + b"\r\n\r\n" + text))


def _field(name: str, value: bytes) -> bytes:
    return compose(Mail(extra=((name, value.decode("latin-1")),), body=b"\r\nx"))


def _nested(count: int) -> bytes:
    body = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n)
        for n in range(count)
    )
    return compose(Mail(body=body))


def _parts(part: bytes, count: int) -> bytes:
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    return compose(Mail(body=head + (b"--b\r\n" + part) * count))


def _signed(body: bytes, canonicalization: str, field: bytes = b"") -> bytes:
    mail = compose(Mail(body=b"Content-Type: text/plain\r\n\r\n" + body))
    raw = sign(mail, "amazon.co.jp", tags={"c": canonicalization})
    return field + raw


_LETTERS = b"abcdefghijklmnopqrstuvwxyz"
_MARKS = b"".join(b".%c%c" % pair for pair in product(_LETTERS, _LETTERS))

HOSTILE = {
    "empty": b"",
    "one_newline": b"\r\n",
    "only_blanks": b" " * MAIL_BYTES,
    "only_colons": b":" * MAIL_BYTES,
    "only_zeros": b"\0" * MAIL_BYTES,
    "only_newlines": b"\n" * MAIL_BYTES,
    "only_carriage_returns": b"\r" * MAIL_BYTES,
    "huge_attachment": _plain(b"A" * 25_000_000),
    "huge_header": _field("X-A", b"a" * 1_000_000),
    "nested_multiparts": _nested(1000),
    "nested_multiparts_within_bounds": _nested(90),
    "many_parts": _parts(b"\r\n", _ROOM // 10),
    "many_parts_within_bounds": _parts(b"Content-Type: text/html\r\n\r\n<a\r\n", 99),
    "bare_returns_as_delimiters": _parts(b"\r\n", 10).replace(b"\r\n--b", b"\r--b")
    * 500,
    "parameters": compose(
        Mail(body=b"Content-Type: text/plain" + b";" * _FIELD + b"\r\n\r\nx")
    ),
    "spaced_parameters": compose(
        Mail(body=b"Content-Type: text/plain" + _fill(b"; ", _FIELD) + b"\r\n\r\nx")
    ),
    "named_parameters": compose(
        Mail(body=b"Content-Type: text/plain" + _fill(b";a=b", _FIELD) + b"\r\n\r\nx")
    ),
    "continued_parameters": compose(
        Mail(
            body=b"Content-Type: text/plain"
            + b"".join(b"; a*%d=b" % n for n in range(2500))
            + b"\r\n\r\nx"
        )
    ),
    "parameters_of_many_parts": _parts(
        b"Content-Type: text/html" + _fill(b"; a", 2400) + b"\r\n\r\n", 99
    ),
    "parameters_of_few_parts": _parts(
        b"Content-Type: text/html" + _fill(b";a=b", 32_000) + b"\r\n\r\n", 7
    ),
    "quoted_parameters": _parts(
        b'Content-Type: text/html; a="' + _fill(b'\\"', 32_000) + b"\r\n\r\n", 7
    ),
    "subject_of_encoded_words": compose(
        Mail(subject="amazon.com: Sign-in attempt " + "=?utf-8?q?a?= " * 2000)
    ),
    "subject_of_question_marks": compose(
        Mail(subject="amazon.com: Sign-in attempt " + "=?a?b?" * 4000)
    ),
    "subject_without_end": compose(
        Mail(subject="amazon.com: action needed: " + "action needed: " * 1500)
    ),
    "subject_of_ligatures": compose(Mail(subject="amazon.com: \ufdfa" * 500)),
    "sender_of_parentheses": compose(Mail(sender="(" * _FIELD + "amazon")),
    "sender_of_quotes": compose(Mail(sender='"\\' * (_FIELD // 2))),
    "sender_of_addresses": compose(Mail(sender="a@b," * (_FIELD // 4))),
    "recipients": compose(Mail(to="a@b," * (_FIELD // 4))),
    "recipients_of_parentheses": compose(Mail(to="(" * _FIELD)),
    "date": compose(Mail(date="1 " * (_FIELD // 2))),
    "many_fields": compose(Mail(extra=tuple((f"X-{n}", "a") for n in range(3000)))),
    "many_received": compose(
        Mail(extra=tuple(("Received", "from a by b; 1") for _ in range(1200)))
    ),
    "results_of_parentheses": _field("Authentication-Results", b"(" * _FIELD),
    "results_of_strings": _field("Authentication-Results", b'"\\' * (_FIELD // 2)),
    "results_of_clauses": _field("Authentication-Results", b"a=b;" * (_FIELD // 4)),
    "folds": compose(Mail(extra=(("X-A", "a\r\n " * (_FIELD // 4)),))),
    "html_less_than": _html(_fill(b"<")),
    "html_open_anchors": _html(_fill(b"<a ")),
    "html_open_anchor_without_end": _html(b"<a " + _fill(b"x")),
    "html_attributes": _html(b"<a " + _fill(b"a=b ")),
    "html_quotes": _html(_fill(b"<a href='\"")),
    "html_odd_quotes": _html(_fill(b"<a b=\"'")),
    "html_equals": _html(_fill(b"<a b = = ")),
    "html_spaces_in_tag": _html(_fill(b"<a" + b" " * 1000)),
    "html_slashes": _html(b"<a" + _fill(b"/")),
    "html_comments": _html(_fill(b"<!--")),
    "html_declarations": _html(_fill(b"<!")),
    "html_styles": _html(_fill(b"<style>")),
    "html_rules": _html(
        b"<style>" + _fill(b".a{display:none}") + b"</style>" + b"<p class=a>" * 400
    ),
    "html_rules_in_doubt": _html(
        b"<style>"
        + b"".join(b".a%d .b{left:9999px}" % n for n in range(9000))
        + b"</style>"
        + b"<p class=b>" * 400
    ),
    "html_rules_of_many_marks": _html(
        b"<style>"
        + b"".join(b".x%d %s b{left:9999px}" % (n, _MARKS) for n in range(50))
        + b"</style><p class='%s'>" % _MARKS.replace(b".", b" ")
        + b"<b>" * 9900
    ),
    "html_rules_nested": _html(b"<style>" + _fill(b"a{b:c;")),
    "html_selectors": _html(b"<style>" + _fill(b".a>b~") + b"{left:9999px}"),
    "html_selectors_of_what_is_pressed": _html(
        b"<style>" + _fill(b":hover") + b"({left:9999px}</style>"
    ),
    "html_style_quotes": _html(b"<p style='" + _fill(b'"\\') + b"'>"),
    "html_rules_without_end": _html(b"<style>" + _fill(b"a,.b,#c{@media{")),
    "html_style_of_zeros": _html(b"<p style='font:" + _fill(b"0 ") + b"x'>"),
    "html_style_of_colours": _html(b"<p style='color:" + _fill(b"rgb(1,1,1,") + b"'>"),
    "html_style_comments": _html(b"<p style='" + _fill(b"/*") + b"'>"),
    "html_formatting": _html(_fill(b"<p><b style='opacity:0'>x")),
    "html_cells": _html(_fill(b"<td><a href=x>y")),
    "html_anchors": _html(_fill(b"<a href=x>Approve or Deny")),
    "html_asking_anchors": _html(_fill(f"<a href={LINK}>{LINK}</a>".encode())),
    "html_other_asking_anchors": _html(
        b"".join(b"<a href=//a/c/r/%d>Approve or Deny</a>" % n for n in range(5000))
    ),
    "html_nesting": _html(_fill(b"<table><tr><td>")),
    "html_references": _html(_fill(b"&#")),
    "html_long_reference": _html(b"&#" + _fill(b"9")),
    "html_long_reference_in_hex": _html(b"&#x" + _fill(b"f")),
    "html_long_reference_in_link": _html(b'<a href="&#' + _fill(b"9") + b'">'),
    "html_ampersands": _html(_fill(b"&")),
    "html_end_tags": _html(_fill(b"</")),
    "text_of_links": _plain(_fill(b"http://a/a/c/r/ ")),
    "text_of_broken_links": _plain(_fill(LINK.encode() + b" ")),
    "text_of_domains": _plain(_fill(b"a.b.c.d.e.f.g.h.")),
    "text_of_notes": _plain(_fill(f"以下のリンクをコピー。{LINK}".encode())),
    "text_of_schemes": _plain(_fill(b"http://")),
    "text_of_code_words": _plain(_fill(b"verification code ")),
    "text_of_digits": _plain(_fill(b"verification code 1234567 ")),
    "text_of_labels": _plain(_fill(b"Device:")),
    "text_of_label_lines": _plain(_fill(b"Device: a\r\n")),
    "text_of_blanks": _plain(_fill(b" ")),
    "text_of_ligatures": _plain(_fill("\ufdfa".encode())),
    "text_of_marks": _plain(b"a" + _fill("\u0301\u0323".encode())),
    "text_of_escapes": _plain(_fill(b"\x1b$B"), b"iso-2022-jp"),
    "text_of_invalid_octets": _plain(_fill(b"\xff")),
    "text_in_punycode": _plain(_fill(b"a-"), b"punycode"),
    "text_in_idna": _plain(_fill(b"xn--a."), b"idna"),
    "text_in_zip": _plain(_fill(b"a"), b"zip"),
    "text_in_unicode_escape": _plain(_fill(b"\\x"), b"unicode_escape"),
    "text_in_a_charset_without_end": _plain(b"a", _fill(b"a", 20_000)),
    "base64_without_end": compose(
        Mail(
            body=b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + _fill(b"=")
        )
    ),
    "uuencode": compose(
        Mail(
            body=b"Content-Type: text/html\r\nContent-Transfer-Encoding: x-uuencode"
            b"\r\n\r\nbegin 644 a\r\n" + _fill(b"M\r\n")
        )
    ),
    "quoted_printable": compose(
        Mail(
            body=b"Content-Type: text/html\r\nContent-Transfer-Encoding: "
            b"quoted-printable\r\n\r\n" + _fill(b"=\r\n =")
        )
    ),
    "signed_blanks_relaxed": _signed(_fill(b" ") + b"x", "relaxed/relaxed"),
    "signed_blanks_simple": _signed(_fill(b" ") + b"x", "relaxed/simple"),
    "signed_newlines": _signed(_fill(b"\r\n"), "relaxed/relaxed"),
    "signed_header_of_blanks": _signed(
        b"x", "relaxed/relaxed", b"X-A: " + b" " * _FIELD + b"x\r\n"
    ),
    "many_signatures": b"".join(
        [
            b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; s=test; "
            b"d=amazon.co.jp; h=" + ":".join(SIGNED).encode() + b"; bh=AAAA; b=AAAA\r\n"
        ]
        * 100
    )
    + compose(Mail(body=b"Content-Type: text/plain\r\n\r\n" + _fill(b" \t", 200_000))),
    "signature_of_blanks": b"DKIM-Signature: d=amazon.co.jp; b"
    + b" \r\n" * 9000
    + compose(Mail()),
    "signature_of_folds": b"DKIM-Signature: v=1; a=rsa-sha256; d=amazon.co.jp; s=test; "
    b"h="
    + ":".join(SIGNED).encode()
    + b"; bh=AAAA; b=AAAA"
    + b"\r\n b =" * 600
    + b"\r\n"
    + compose(Mail(body=b"Content-Type: text/plain\r\n\r\nx")),
    "signature_naming_fields_without_end": b"DKIM-Signature: v=1; a=ed25519-sha256; "
    b"d=amazon.co.jp; s=test; bh=AAAA; b=AAAA; h="
    + b"from:" * 600
    + ":".join(SIGNED).encode()
    + b"\r\n"
    + compose(Mail(body=b"Content-Type: text/plain\r\n\r\nx")),
}
