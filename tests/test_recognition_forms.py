"""Every form in which Amazon's sign-in mails were seen is recognised."""

import base64
import quopri
from datetime import UTC, datetime

import pytest

from tests.sample_mails import (
    APPROVAL_HTML,
    APPROVAL_TEXT,
    CODE_HTML,
    LINK,
    TOKEN,
    Mail,
    alternatives,
    approval,
    attempt_in,
    code_in,
    html,
    is_unknown,
    link_in,
    part,
    plain,
    signed,
)
from tests.sample_mails import code as code_mail
from watcher.recognition.amazon import STORES
from watcher.recognition.claim import Claim
from watcher.recognition.details import read_lines
from watcher.recognition.html import Page

SUBJECTS = [
    ("Amazonセキュリティ警告: サインイン試行が検出されました", "ja"),
    ("Amazonセキュリティ警告\uff1aサインイン試行が検出されました", "ja"),
    ("Amazon security alert: Unusual sign-in attempt detected", "en"),
    ("Amazon security alert: Sign-in attempt", "en"),
    ("amazon.co.jp: アクションが必要です: サインイン試行", "ja"),
    ("amazon.co.jp\uff1aアクションが必要です\uff1aサインイン試行", "ja"),
    ("amazon.com, action needed: Sign-in attempt", "en"),
    ("amazon.com.tr, action needed: Sign-in attempt", "en"),
    ("amazon.com: Sign-in attempt", "en"),
    ("amazon.co.jp: Sign-in attempt", "en"),
    ("amazon.co.jp:サインイン試行", "ja"),
    ("amazon.co.jp: サインイン試行", "ja"),
    ("amazon.co.jp\uff1aサインイン試行", "ja"),
    ("amazon.com\uff1a サインイン試行", "ja"),
    ("amazon.co.jp:\u3000サインイン試行", "ja"),
    ("amazon.de: Anmeldeversuch", "de"),
    ("amazon.com: Intento de inicio de sesión", "es"),
    ("amazon.com.mx: Intento de inicio de sesio\u0301n", "es"),
    ("amazon.com\u00a0: Tentative de connexion", "fr"),
    ("amazon.fr : Tentative de connexion", "fr"),
    ("amazon.com: Tentativa de login", "pt"),
    ("amazon.it: Tentativo di accesso", "it"),
    ("AMAZON.COM: SIGN-IN ATTEMPT", "en"),
    ("amazon.co.jp: サインイン 試行", "ja"),
    ("  amazon.com:  Sign-in  attempt ", "en"),
]


@pytest.mark.parametrize(("subject", "language"), SUBJECTS)
def test_every_subject_is_known_with_its_language(subject: str, language: str) -> None:
    assert attempt_in(approval(subject=subject)).claim.language == language


@pytest.mark.parametrize("store", sorted(STORES))
def test_every_store_sends_hosts_and_leads_the_subject(store: str) -> None:
    url = f"https://www.{store}/a/c/r/{TOKEN}"
    raw = approval(
        url,
        sender=f"{store} <account-update@{store}>",
        subject=f"{store}: サインイン試行",
    )

    assert (link_in(raw), attempt_in(raw).claim.store) == (url, store)


@pytest.mark.parametrize(
    "sender",
    [
        "account-update@amazon.co.jp",
        "<account-update@amazon.com>",
        '"amazon.in" <account-update@amazon.in>',
        "Amazon.co.jp <account-update@amazon.co.jp>",
        "=?utf-8?B?QW1hem9u?= <account-update@amazon.co.jp>",
        '"Amazon, Inc." <account-update@amazon.com>',
        "konto-aktualisierung@amazon.de",
        "cuenta-actualizada@amazon.es",
        "Account-Update@Amazon.Co.Jp",
    ],
)
def test_every_sender_is_known(sender: str) -> None:
    assert link_in(approval(sender=sender)) == LINK


@pytest.mark.parametrize(
    "url",
    [
        f"https://www.amazon.co.jp/a/c/r/{TOKEN}",
        f"https://www.amazon.com/a/c/r/{TOKEN}",
        f"https://amazon.com/a/c/r/{TOKEN}",
        f"https://www.amazon.com/a/c/r?k={TOKEN}",
        "https://www.amazon.com/a/c/r?k=A1b2%2BC3d4_E5-f6%3D%3D",
        f"https://www.amazon.de/a/c/r/{TOKEN}{TOKEN[:15]}",
    ],
)
def test_every_shape_of_link_is_known(url: str) -> None:
    assert link_in(approval(url)) == url


def test_store_is_told_by_the_link_then_the_subject_then_the_sender() -> None:
    jp = "https://www.amazon.co.jp/a/c/r/" + TOKEN
    from_com = "account-update@amazon.com"
    by_link = approval(jp, sender=from_com, subject="amazon.com: サインイン試行")
    subject = "amazon.de: Anmeldeversuch"
    by_subject = signed(Mail(sender=from_com, subject=subject, body=plain("?")))
    subject = "Amazon security alert: Sign-in attempt"
    by_sender = signed(Mail(sender=from_com, subject=subject, body=plain("?")))

    stores = [attempt_in(raw).claim.store for raw in (by_link, by_subject, by_sender)]
    assert stores == ["amazon.co.jp", "amazon.de", "amazon.com"]


@pytest.mark.parametrize(
    "encoded",
    [
        "=?UTF-8?B?" + base64.b64encode("サインイン試行".encode()).decode() + "?=",
        "=?utf-8?Q?" + "".join(f"={o:02X}" for o in "サインイン試行".encode()) + "?=",
        "=?iso-2022-jp?B?"
        + base64.b64encode("サインイン試行".encode("iso-2022-jp")).decode()
        + "?=",
        "=?Shift_JIS?B?"
        + base64.b64encode("サインイン試行".encode("cp932")).decode()
        + "?=",
        "=?EUC-JP?B?"
        + base64.b64encode("サインイン試行".encode("euc_jp")).decode()
        + "?=",
        "=?UTF-8*ja?B?" + base64.b64encode("サインイン試行".encode()).decode() + "?=",
    ],
)
def test_subject_in_encoded_words_is_read(encoded: str) -> None:
    raw = signed(Mail(subject=f"amazon.co.jp: {encoded}", body=plain("?")))

    assert attempt_in(raw).claim.language == "ja"


@pytest.mark.parametrize("fold", ["\r\n ", "\r\n\t", "\r\n  \t "])
def test_folded_subject_is_read(fold: str) -> None:
    subjects = [
        f"amazon.com:{fold}Sign-in attempt",
        f"amazon.com: Sign-in{fold}attempt",
    ]

    for subject in subjects:
        assert attempt_in(approval(subject=subject)).claim.language == "en"


def test_character_split_over_two_encoded_words_is_read() -> None:
    octets = "サインイン試行".encode()
    words = [base64.b64encode(o).decode() for o in (octets[:7], octets[7:])]
    subject = f"amazon.co.jp: =?utf-8?B?{words[0]}?=\r\n =?utf-8?B?{words[1]}?="

    assert (
        attempt_in(signed(Mail(subject=subject, body=plain("?")))).claim.language
        == "ja"
    )


@pytest.mark.parametrize("charset", ["utf-8", "cp932", "iso-2022-jp"])
def test_raw_eight_bit_subject_is_read(charset: str) -> None:
    octets = "amazon.co.jp: サインイン試行".encode(charset)
    subject = octets.decode("ascii", "surrogateescape")

    assert attempt_in(approval(subject=subject)).claim.language == "ja"


@pytest.mark.parametrize("charset", ["utf-8", "cp932", "iso-2022-jp", "euc_jp"])
@pytest.mark.parametrize("kind", ["text/html", "text/plain"])
def test_body_is_read_in_every_charset(charset: str, kind: str) -> None:
    text = APPROVAL_HTML if kind == "text/html" else APPROVAL_TEXT
    body = part(kind, text.format(link=LINK), charset=charset)
    raw = signed(Mail(body=body))

    assert link_in(raw) == LINK
    assert attempt_in(raw).claim.device == "Mozilla Firefox Windows (デスクトップ)"


def test_windows_characters_in_iso_2022_jp_are_read() -> None:
    octets = b"\x1b$B-j8x@8M}\x1b(B"  # row 13 of NEC: no JIS X 0208 character
    text = APPROVAL_TEXT.format(link=LINK).encode("iso-2022-jp") + octets
    body = b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n" + text

    assert link_in(signed(Mail(body=body))) == LINK


def test_wrong_charset_name_is_seen_through() -> None:
    text = APPROVAL_TEXT.format(link=LINK).encode("cp932")
    body = b"Content-Type: text/plain; charset=us-ascii\r\n\r\n" + text

    assert link_in(signed(Mail(body=body))) == LINK


def test_quoted_printable_with_soft_breaks_inside_the_url_is_read() -> None:
    source = APPROVAL_HTML.format(link=LINK).replace("\n", "\r\n")
    text = quopri.encodestring(source.encode())
    broken = text.replace(b"/a/c/r/", b"/a/c/=\r\nr/")
    body = (
        b"Content-Type: text/html; charset=UTF-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + broken
    )

    assert link_in(signed(Mail(body=body))) == LINK


@pytest.mark.parametrize("first", ["html", "plain"])
def test_alternatives_are_read_in_either_order(first: str) -> None:
    both = [
        html(APPROVAL_HTML.format(link=LINK)),
        plain(APPROVAL_TEXT.format(link=LINK)),
    ]
    ordered = both if first == "html" else both[::-1]

    assert link_in(signed(Mail(body=alternatives(*ordered)))) == LINK


def test_stub_of_plain_text_beside_the_html_does_no_harm() -> None:
    body = alternatives(plain("HTML ..."), html(APPROVAL_HTML.format(link=LINK)))

    assert link_in(signed(Mail(body=body))) == LINK


def test_nested_multiparts_with_a_picture_are_read() -> None:
    picture = b"Content-Type: image/png; name=l.png\r\n\r\nPNG\r\n"
    inner = alternatives(html(APPROVAL_HTML.format(link=LINK)), picture, kind="related")
    outer = inner.replace(b"_1_2.3", b"_9")
    body = alternatives(plain("..."), outer)

    assert link_in(signed(Mail(body=body))) == LINK


LAYOUTS = {
    "text_of_the_anchor_is_the_url": (
        '承認または否認してください。<a href="{link}">{link}</a>'
    ),
    "blanks_break_the_url_in_the_text": (
        '承認または否認してください。<a href="{link}">https://www.amazon.co.jp/a/c/r/'
        "R8wq2LxY7m\n BcD3nZk5VtJ9hPs</a>"
    ),
    "text_shortens_the_url": (
        '承認または否認してください。<a href="{link}">https://www.amazon.co.jp/a/c/r/R8wq…</a>'
    ),
    "spans_inside_the_anchor": (
        '<a href="{link}"><span>承認</span><b>または</b><i>否認</i>してください</a>'
    ),
    "phrase_over_two_lines": ("<a href='{link}'>承認または<br>\n否認してください</a>"),
    "no_break_spaces": '<a href="{link}">&nbsp;Approve&nbsp;or&nbsp;Deny.&nbsp;</a>',
    "leading_blank": '<a href="{link}"> Approve or Deny.</a>',
    "brackets": '<a href="{link}">【承認または否認してください】</a>',
    "unquoted_attribute": "<A HREF={link} target=_blank>Approve or Deny</A>",
    "table_button": (
        '<table><tr><td><a style="a>b" href="{link}"><table><tr><td>Approve or Deny'
        "</td></tr></table></a></td></tr></table>"
    ),
    "line_break_in_the_source": '<a href="{link}">Approve\r\n   or Deny</a>',
    "entities": '<a href="{entities}">&#25215;認または否&#x8a8d;</a>',
    "blanks_around_the_address": '<a href=" {link}\n">Approve or Deny</a>',
    "comment_and_style": (
        "<!-- <a href='https://evil.example/'>Approve or Deny</a> -->"
        "<style>a > b {{ }} </style><a href='{link}'>Approve or Deny</a>"
    ),
    "footer_with_other_amazon_links": (
        "<a href='{link}'>Approve or Deny</a><a href='https://www.amazon.com/gp/help'>"
        "Help</a><a href='https://www.amazon.com/gp/r.html?U=https%3A%2F%2Fx'>x</a>"
        "<img src='https://m.media-amazon.com/a/c/r/pixel.gif'>"
    ),
    "sentence_goes_on_behind_the_url": "承認または否認: {link}をコピーしてください。",
    "url_in_japanese_brackets": "承認または否認:「{link}」。",
    "comment_that_ends_oddly": "<!-- --!><a href='{link}'>Approve or Deny</a>",
    "unclosed_anchor": "<a href='{link}'>Approve or Deny<p>Thank you",
    "german": '<a href="{link}">Genehmigen oder ablehnen</a>',
    "spanish": '<a href="{link}">Aprobar o denegar</a>',
    "french": '<a href="{link}">Approuver ou refuser</a>',
    "italian": '<a href="{link}">Approva o nega</a>',
    "portuguese": '<a href="{link}">Aprovar ou negar</a>',
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_link_is_found_in_every_layout(layout: str) -> None:
    entities = LINK.replace("/", "&#47;").replace(":", "&colon;")
    body = html(layout.format(link=LINK, entities=entities))

    assert link_in(signed(Mail(body=body))) == LINK


CODES = {
    "own_cell": CODE_HTML,
    "same_line": "<p>Your verification code is: {code}.</p>",
    "japanese": "<p>確認コード</p><table><td bgcolor=#D3D3D3>{code}</td></table>",
    "japanese_sentence": "<p>確認コードは{code}です。他の人に教えないでください。</p>",
    "german": "<p>Wenn du das warst, lautet dein Verifizierungscode:</p><p>{code}</p>",
    "spanish": "<p>Si eras tú, tu código de verificación es:</p><div>{code}</div>",
    "portuguese": "<p>seu código de verificação é:</p><div>{code}</div>",
    "french": "<p>votre code de vérification est :</p><div>{code}</div>",
    "italian": "<p>il tuo codice di verifica è:</p><b>{code}</b>",
    "full_width": "<p>確認コード:123456</p>",
    "code_before_its_words": "<p>{code} is your verification code</p>",
    "colour_and_date_are_no_codes": (
        "<p style='color:#654321'>Verification code</p><p>Nov 21, 2026 #654321</p>"
        "<p>2026/11/210000</p><p>{code}</p>"
    ),
    "postal_code_in_the_footer": (
        "<p>verification code:</p><p>{code}</p><p>Bengaluru 560055</p>"
    ),
    "digits_of_the_name_are_no_code": (
        "<h1>Verification code</h1><p>taro 654321,</p><p>verification code:</p>{code}"
    ),
    "one_digit_a_cell": "<p>verification code:</p><td>1<td>2<td>3<td>4<td>5<td>6</td>",
    "two_halves": "<p>verification code:</p><b>123 456</b><p>Nov 21 2026</p>",
    "digits_of_a_link_are_no_code": (
        "<p>https://www.amazon.in/?k=111111 verification code: {code}</p>"
    ),
}


@pytest.mark.parametrize("layout", CODES.values(), ids=CODES)
def test_code_is_found_in_every_layout(layout: str) -> None:
    body = html(layout.format(code="123456", link=LINK))

    assert code_in(signed(Mail(body=body))) == "123456"


def test_code_mail_of_plain_text_is_read() -> None:
    text = "If this was you, your verification code is:\n\n012345\n\nDeny: " + LINK

    assert code_in(signed(Mail(body=plain(text)))) == "012345"


DETAILS = {
    "ja": "日時:{when}\nデバイス:{device}\n付近:{near}",
    "en": "When: {when}\nDevice: {device}\nNear: {near}",
    "de": "Wann: {when}\nGerät: {device}\nIn der Nähe von: {near}",
    "es": "Cuándo: {when}\nDispositivo: {device}\nCerca de: {near}",
    "fr": "Quand : {when}\nAppareil : {device}\nÀ proximité de : {near}",
    "pt": "Quando: {when}\nDispositivo: {device}\nPerto de: {near}",
    "it": "Quando: {when}\nDispositivo: {device}\nVicino a: {near}",
    "next_line": "When:\n{when}\nDevice:\n\n{device}\nNear\n{near}",
    "one_line": "When: {when} Device: {device} Near: {near}",
    "bullets": "- When: {when}\n * Device: {device}\n・Near: {near}",
    "cells": (
        "<tr><th>When</th><td>{when}</td></tr><tr><th>Device:</th><td>{device}</td></tr>"
        "<tr><td>Near:</td><td><span>{near}</span></td></tr>"
    ),
}


@pytest.mark.parametrize("layout", DETAILS.values(), ids=DETAILS)
def test_time_device_and_place_are_read(layout: str) -> None:
    values = {
        "device": "Google Chrome Windows (Escritorio)",
        "near": "Madrid, Spain",
    }
    when = "Mar 23, 2024 07:12 PM Eastern Daylight Time"
    text = layout.format(when=when, **values)
    body = html(text) if "<td>" in text else plain(text)
    claim = attempt_in(signed(Mail(body=body))).claim

    assert {name: getattr(claim, name) for name in values} == values


@pytest.mark.parametrize("place", ["YAKIN", "Yakin", "Yakın", "yakİn"])
@pytest.mark.parametrize("device", ["DEVİCE", "Devıce", "dıspositivo"])
def test_labels_are_read_whichever_i_they_have(place: str, device: str) -> None:
    """For `re.IGNORECASE` all four are one letter, for `str.casefold` they are not."""
    text = f"{APPROVAL_TEXT.format(link=LINK)}\n{device}: Chrome\n{place}: Osaka\n"
    lines = read_lines(Page(f"{device}: Chrome\n{place}: Osaka"))

    assert attempt_in(signed(Mail(body=plain(text)))).claim.device
    assert lines.details == {"device": "Chrome", "near": "Osaka"}


def test_a_place_that_nobody_can_see_is_none() -> None:
    body = plain(APPROVAL_TEXT.format(link=LINK).replace("Tokyo, Japan", "\u200b"))
    claim = attempt_in(signed(Mail(body=body))).claim

    assert (claim.device, claim.near) == (
        "Mozilla Firefox Windows (デスクトップ)",
        None,
    )


def test_everything_of_a_mail_is_told() -> None:
    assert attempt_in(approval()).claim == Claim(
        store="amazon.co.jp",
        language="ja",
        attempted_at=datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC),
        device="Mozilla Firefox Windows (デスクトップ)",
        near="Tokyo, Japan",
    )


@pytest.mark.parametrize(
    ("date", "hour"),
    [
        ("Sat, 21 Nov 2026 21:00:05 +0900", 12),
        ("21 Nov 2026 12:00:05 GMT", 12),
        ("Sat, 21 Nov 2026 12:00:05", None),
        ("yesterday", None),
    ],
)
def test_instant_is_the_date_field_in_utc(date: str, hour: int | None) -> None:
    told = attempt_in(approval(date=date)).claim.attempted_at

    assert (told.hour if told else None) == hour


def test_unknown_body_of_amazon_gives_neither_link_nor_code() -> None:
    assert is_unknown(signed(Mail(body=plain("Hello."))))
    assert is_unknown(signed(Mail(body=html("<a href='" + LINK + "'>here</a>"))))
    assert is_unknown(signed(Mail(body=b"Content-Type: image/png\r\n\r\nPNG")))


def test_code_mail_is_told_whole() -> None:
    assert code_in(code_mail("998877")) == "998877"
