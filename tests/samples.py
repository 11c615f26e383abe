"""Builds mails as Amazon writes them, and signs them with keys of our own.

`approval()` and `code()` give whole signed mails; everything in them can be replaced.
`compose` and `sign` are the two steps for those who want to go astray between them.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from email.header import Header
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from watcher.recognition.amazon import STORES

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
    return re.sub(rb"\r?\n", b"\r\n", raw)


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


def approval(link: str = LINK, **changes: object) -> bytes:
    """Return a signed mail that asks to approve or deny."""
    return signed(Mail(body=html(APPROVAL_HTML.format(link=link))), **changes)


def code(number: str = "123456", **changes: object) -> bytes:
    """Return a signed mail with a code, whose only link denies."""
    body = html(CODE_HTML.format(code=number, link=LINK))
    return signed(Mail(body=body, subject="amazon.co.jp: Sign-in attempt"), **changes)
