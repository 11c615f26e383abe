"""Makes the demo's mails, signed with a key of its own that never leaves memory.

Places, devices and links are invented; the shapes are those of Amazon's mails.
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import dkim
from nacl.signing import SigningKey

RECIPIENT = "you@example.jp"
SELECTOR = "demo"
SIGNED = (b"from", b"to", b"subject", b"date", b"message-id", b"content-type")
LINK = "https://www.{store}/a/c/r/DEMOdemoDEMOdemoDEMOdemo1"

_FACTS = """<p>日時: {when}<br>
デバイス: Google Chrome Windows (デスクトップ)<br>
付近: Tokyo, Japan</p>"""
_APPROVAL = (
    "<p>パスワードを知っているユーザーがあなたのアカウントにサインインしようとして"
    "います。</p>" + _FACTS + '<p><a href="{link}">承認または否認してください。</a></p>'
)
_CODE = (
    "<p>Someone who knows your password is attempting to sign-in to your account.</p>"
    "<p>When: {when}<br>Device: Mozilla Firefox Linux (Desktop)<br>Near: Osaka, Japan"
    "</p><p>If this was you, your verification code is:</p><p>271828</p>"
    '<p>If not, <a href="{link}">click here to deny</a>.</p>'
)
_PHISHING = (
    "<p>誰かがあなたのアカウントにサインインしました。24時間以内に確認してください。</p>"
    '<p><a href="https://www.amazon.co.jp.sign-in.example/a/c/r/DEMOdemoDEMOdemoDEMO"'
    ">https://www.amazon.co.jp/</a></p>"
)
_ORDINARY = "<p>ご注文の商品を発送しました。</p>"


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail to be made: everything but the time."""

    sender: Address
    subject: str
    html: str
    number: int


def _amazon(store: str) -> Address:
    return Address(store, "account-update", store)


APPROVAL = Draft(
    _amazon("amazon.co.jp"),
    "amazon.co.jp: アクションが必要です: サインイン試行",
    _APPROVAL,
    1,
)
CODE = Draft(_amazon("amazon.com"), "amazon.com: Sign-in attempt", _CODE, 2)
FORGED = Draft(
    APPROVAL.sender, APPROVAL.subject, _APPROVAL.replace("Tokyo", "Moscow"), 3
)
PHISHING = Draft(
    Address("Amazon.co.jp", "account-update", "amazon-security.example"),
    "amazon.co.jp: アクションが必要です: サインイン",
    _PHISHING,
    4,
)
ORDINARY = Draft(
    Address("Shop", "orders", "shop.example"), "ご注文の発送", _ORDINARY, 5
)


class Signer:
    """A DKIM key made for one demo (Ed25519, RFC 8463)."""

    def __init__(self) -> None:
        self._key = SigningKey.generate()

    def keys(self, domains: tuple[str, ...]) -> dict[str, bytes]:
        """Return the DNS records, by name, that would publish the key for domains."""
        public = base64.b64encode(bytes(self._key.verify_key)).decode()
        record = f"v=DKIM1; k=ed25519; p={public}".encode()
        return {f"{SELECTOR}._domainkey.{domain}": record for domain in domains}

    def sign(self, raw: bytes, domain: str) -> bytes:
        """Return the mail with a signature of the domain on top."""
        field = dkim.sign(
            raw,
            SELECTOR.encode(),
            domain.encode(),
            base64.b64encode(bytes(self._key)),
            include_headers=list(SIGNED),
            signature_algorithm=b"ed25519-sha256",
        )
        return bytes(field) + raw


def write(draft: Draft, at: datetime) -> bytes:
    """Return a mail as it would be sent at an instant, not signed."""
    message = EmailMessage(policy=SMTP)
    message["Date"] = format_datetime(at)
    message["From"] = draft.sender
    message["To"] = RECIPIENT
    message["Subject"] = draft.subject
    message["Message-ID"] = f"<{at.timestamp():.6f}.{draft.number}@demo.example>"
    html = draft.html.replace("{when}", at.strftime("%b %d, %Y %I:%M %p UTC"))
    link = LINK.format(store=draft.sender.domain)
    message.set_content(html.replace("{link}", link), subtype="html")
    return message.as_bytes()
