"""Each trick that was seen, and each attack that can be thought of, by its name."""

import re

import pytest

from tests.sample_mails import (
    APPROVAL_HTML,
    DATE,
    LINK,
    SIGNED,
    TOKEN,
    USER,
    VERIFY,
    Mail,
    alternatives,
    approval,
    compose,
    html,
    is_unknown,
    outcome,
    plain,
    record,
    sign,
    signed,
    word,
)
from watcher.dkim import verifier
from watcher.errors import Unreachable
from watcher.i18n import Text
from watcher.recognition.amazon import STORES
from watcher.recognition.policy import Policy
from watcher.recognition.reasons import Reason
from watcher.recognition.verdict import (
    LookAlike,
    NotRelevant,
    Recognised,
    Unverified,
)

GENUINE = Mail(body=html(APPROVAL_HTML.format(link=LINK)))


def linked(href: str) -> bytes:
    """Return a mail that would be genuine but for where its words lead."""
    return signed(Mail(body=html(f"<a href='{href}'>承認または否認してください</a>")))


def _silent(name: str) -> bytes | None:
    raise Unreachable(Text(en="silent", ja="無応答"), name=name)


SILENT = verifier(_silent)


# --- proof ---


def test_no_signature_at_all_is_unverified() -> None:
    assert outcome(compose(GENUINE)) == (Unverified, {Reason.DKIM_NONE})


def test_silent_name_server_is_unverified() -> None:
    reached = outcome(approval(), verify=SILENT)
    assert reached == (Unverified, {Reason.DKIM_TEMPERROR})


def test_unknown_body_waits_for_a_silent_name_server() -> None:
    raw = signed(Mail(body=plain("Hello")))
    assert outcome(raw, verify=SILENT) == (
        Unverified,
        {Reason.DKIM_TEMPERROR},
    )


def test_foreign_footer_waits_for_a_silent_name_server() -> None:
    """What would be recognised with a proof must get the chance to be proved."""

    footer = APPROVAL_HTML.format(link=LINK) + "<a href='https://example.org/'>x</a>"
    raw = signed(Mail(body=html(footer)))
    assert outcome(raw) == (Recognised, set())
    assert outcome(raw, verify=SILENT) == (
        Unverified,
        {Reason.DKIM_TEMPERROR},
    )


def test_unknown_body_without_signature_is_a_look_alike() -> None:
    assert outcome(compose(Mail(body=plain("Hello")))) == (
        LookAlike,
        {Reason.DKIM_NONE, Reason.PHRASE_MISSING},
    )


def test_changed_body_fails() -> None:
    assert outcome(approval() + b"x") == (LookAlike, {Reason.DKIM_FAIL})


def test_changed_subject_fails() -> None:
    other = signed(Mail(subject="amazon.co.jp: Password recovery", body=GENUINE.body))
    raw = other.replace(b"Password recovery", b"Sign-in attempt")

    assert outcome(raw) == (LookAlike, {Reason.DKIM_FAIL})


def test_missing_key_fails() -> None:
    verify = verifier(lambda _: None)

    assert outcome(approval(), verify=verify) == (LookAlike, {Reason.DKIM_FAIL})


def test_key_of_a_domain_that_is_testing_counts_as_no_signature() -> None:
    """RFC 6376 §3.6.1: such a mail is treated as an unsigned one."""
    testing = verifier(lambda _: record().replace(b"k=", b"t=y; k="))

    assert outcome(approval(), verify=testing) == (Unverified, {Reason.DKIM_NONE})
    assert outcome(sign(approval(), "amazonses.com"), verify=testing) == (
        LookAlike,
        {Reason.DKIM_NOT_ALIGNED},
    )


def test_signature_of_the_mail_service_alone_is_not_aligned() -> None:
    raw = sign(compose(GENUINE), "amazonses.com")

    assert outcome(raw) == (LookAlike, {Reason.DKIM_NOT_ALIGNED})


def test_signature_of_the_mail_service_beside_the_stores_does_no_harm() -> None:
    raw = sign(sign(compose(GENUINE), "amazon.co.jp"), "amazonses.com")

    assert outcome(raw) == (Recognised, set())


def test_signature_of_another_store_is_not_aligned() -> None:
    raw = sign(compose(GENUINE), "amazon.com")

    assert outcome(raw) == (LookAlike, {Reason.DKIM_NOT_ALIGNED})


def test_one_good_signature_outweighs_a_broken_one() -> None:
    broken = sign(compose(GENUINE), "amazon.co.jp", tags={"bh": "AAAA"})
    field = broken[: broken.index(b"\r\n") + 2]

    assert outcome(field + approval()) == (Recognised, set())


def test_body_length_in_the_signature_is_refused() -> None:
    raw = sign(compose(GENUINE), "amazon.co.jp", tags={"l": "10"})

    assert outcome(raw) == (LookAlike, {Reason.DKIM_BODY_LENGTH})


@pytest.mark.parametrize(
    "name", ["To", "Message-ID", "Subject", "Content-Type", "Date"]
)
def test_field_that_the_signature_does_not_cover_is_refused(name: str) -> None:
    covered = [field for field in SIGNED if field != name]
    raw = sign(compose(GENUINE), "amazon.co.jp", signed=covered)

    assert outcome(raw) == (LookAlike, {Reason.DKIM_HEADER_UNSIGNED})


def test_oversigned_fields_are_welcome() -> None:
    raw = sign(compose(GENUINE), "amazon.co.jp", signed=(*SIGNED, *SIGNED))

    assert outcome(raw) == (Recognised, set())


def test_expired_signature_fails() -> None:
    raw = sign(
        compose(GENUINE), "amazon.co.jp", tags={"t": "1500000000", "x": "1500003600"}
    )

    assert outcome(raw) == (LookAlike, {Reason.DKIM_FAIL})


def test_replay_of_an_old_mail_is_recognised_with_its_own_old_time() -> None:
    """The signed Date makes it expired on arrival; the time of day is not judged."""
    raw = approval(date="Sat, 21 Nov 2020 12:00:05 +0000")

    assert outcome(raw) == (Recognised, set())


def test_mailing_list_that_signs_anew_is_not_amazon() -> None:
    mail = Mail(
        sender='"Amazon.co.jp via X" <x@lists.example>',
        body=GENUINE.body,
        extra=(("Reply-To", "account-update@amazon.co.jp"),),
    )

    assert outcome(sign(compose(mail), "lists.example")) == (
        LookAlike,
        {Reason.FROM_NOT_AMAZON},
    )


# --- header ---


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Subject", "amazon.co.jp: Sign-in attempt"),
        ("From", "account-update@amazon.co.jp"),
        ("To", "other@example.jp"),
        ("Date", DATE),
        ("Message-ID", "<other@example.jp>"),
        ("Content-Type", "text/plain"),
        ("MIME-Version", "1.0"),
    ],
)
@pytest.mark.parametrize("is_on_top", [True, False])
def test_second_header_field_is_refused(
    name: str, value: str, *, is_on_top: bool
) -> None:
    raw = approval()
    line = f"{name}: {value}\r\n".encode()
    head, empty, body = raw.partition(b"\r\n\r\n")
    changed = line + raw if is_on_top else head + b"\r\n" + line + empty[2:] + body
    verdict, reasons = outcome(changed)

    assert verdict is LookAlike
    assert Reason.HEADERS_DUPLICATED in reasons


def test_field_behind_a_bare_carriage_return_is_refused() -> None:
    raw = b"X-A: b\rSubject: amazon.co.jp: Sign-in attempt\r\n" + approval()
    verdict, reasons = outcome(raw)

    assert verdict is LookAlike
    assert Reason.MALFORMED in reasons


@pytest.mark.parametrize("name", ["From ", "From\t", "From  "])
def test_sender_with_a_blank_before_its_colon_is_no_envelope(name: str) -> None:
    raw = f"{name}: x@evil.example\r\n".encode() + approval()

    assert outcome(raw)[0] in {LookAlike, NotRelevant}
    assert outcome(b"From x@evil.example Sat Nov 21\r\n" + approval())[0] is Recognised


def test_line_that_is_no_field_ends_the_trust() -> None:
    verdict, reasons = outcome(b"no field\r\n" + approval())

    assert verdict in {LookAlike, NotRelevant}
    raw = approval().replace(b"\r\nMIME", b"\r\nno field\r\nMIME", 1)
    verdict, reasons = outcome(raw)
    assert verdict is LookAlike
    assert Reason.MALFORMED in reasons


def test_foreign_recipient_may_be_a_replay_and_gets_no_link() -> None:
    policy = Policy(recipients=frozenset({USER}))
    raw = approval(to="mallory@evil.example")

    assert outcome(raw, policy=policy) == (Recognised, {Reason.RECIPIENT_UNKNOWN})


@pytest.mark.parametrize(
    "to", [f"{USER} <mal..lory@evil.example>", f'"{USER}" <mal..lory@evil.example>']
)
def test_name_of_an_irregular_address_is_no_recipient(to: str) -> None:
    policy = Policy(recipients=frozenset({USER}))

    assert outcome(approval(to=to), policy=policy) == (
        Recognised,
        {Reason.RECIPIENT_UNKNOWN},
    )


def test_recipient_in_cc_does_not_count() -> None:
    policy = Policy(recipients=frozenset({USER}))
    raw = approval(to="mallory@evil.example", extra=(("Cc", USER),))

    assert outcome(raw, policy=policy) == (Recognised, {Reason.RECIPIENT_UNKNOWN})


# --- sender ---

FOREIGN_SENDERS = [
    '"amazon.co.jp" <x@evil.example>',
    '"account-update@amazon.co.jp" <x@evil.example>',
    "account-update@amazon.co.jp.sign-in.example",
    "account-update@amazon.co.jp@evil.example",
    "account-update@amaz0on-login.example",
    "account-update@xn--mazon-3ve.com",
    "account-update@аmazon.co.jp",
    "account-update@amazon.co.jp, x@evil.example",
    "amazom-update@msfdgnh.example",
    "no_reply@mail.amazon.service.example",
    "account-update@amazon.com.evil.example",
    "x@notamazon.co.jp",
    "undisclosed",
    "",
]
"""The one with two addresses is refused as a whole."""


@pytest.mark.parametrize("sender", FOREIGN_SENDERS)
def test_foreign_sender_is_not_amazon(sender: str) -> None:
    raw = sign(compose(Mail(sender=sender, body=GENUINE.body)), "evil.example")
    verdict, reasons = outcome(raw)

    assert verdict is LookAlike
    assert Reason.FROM_NOT_AMAZON in reasons


@pytest.mark.parametrize(
    "sender",
    [
        "due-xyz@amazon.co.jp",
        "account_update@amazon.com",
        "contact@amazon.co.jp",
        "account-update@mail.amazon.co.jp",
        "account-update@amazon.jp",
        "konto-aktualisierung@amazon.com",
        "jeff@amazon.com",
    ],
)
@pytest.mark.parametrize("is_signed", [True, False])
def test_other_address_of_amazon_is_not_account_mail(
    sender: str, *, is_signed: bool
) -> None:
    mail = Mail(sender=sender, body=GENUINE.body)
    verdict, reasons = outcome(signed(mail) if is_signed else compose(mail))

    is_proved = is_signed and sender.rpartition("@")[2] in STORES
    assert verdict is (Recognised if is_proved else LookAlike)
    assert Reason.FROM_NOT_ACCOUNT_MAIL in reasons


@pytest.mark.parametrize(
    "sender",
    [
        "due-xyz@amazon.co.jp",
        '"Amazon" <info@evil.example>',
        "account-update@amazon.co.jp",
    ],
)
def test_copy_of_the_sign_in_notice_is_a_look_alike(sender: str) -> None:
    mail = Mail(
        sender=sender,
        subject="amazon.co.jp: アクションが必要です: サインイン",
        body=html(
            "<a href='https://www.smtam-etnsta.example/'>https://www.amazon.co.jp</a>"
        ),
    )
    verdict, reasons = outcome(compose(mail))

    assert verdict is LookAlike
    assert Reason.SIGN_IN_NOTICE in reasons


@pytest.mark.parametrize("prefix", ["Fwd: ", "Re: ", "FW: ", "転送: ", "[list] "])
def test_forwarded_attempt_is_not_amazons(prefix: str) -> None:
    mail = Mail(
        sender="Hanako <hanako@example.org>",
        subject=f"{prefix}amazon.co.jp: サインイン試行",
        body=GENUINE.body,
    )
    verdict, reasons = outcome(compose(mail))

    assert verdict is LookAlike
    assert Reason.FROM_NOT_AMAZON in reasons


def test_forged_account_mail_about_something_else_is_a_look_alike() -> None:
    mail = Mail(
        subject="【重要】お支払い方法の情報を更新してください", body=plain("...")
    )

    assert outcome(compose(mail)) == (
        LookAlike,
        {Reason.DKIM_NONE, Reason.SUBJECT_UNKNOWN},
    )


def test_copied_amazon_fields_prove_nothing() -> None:
    extra = (
        ("X-AMAZON-MAIL-RELAY-TYPE", "notification"),
        ("Authentication-Results", "mx.google.com; dkim=pass header.i=@amazon.co.jp"),
    )
    raw = compose(Mail(extra=extra, body=GENUINE.body))

    assert outcome(raw) == (Unverified, {Reason.DKIM_NONE})


# --- subject ---


@pytest.mark.parametrize(
    "subject",
    [
        "аmazon.co.jp: Sign-in attempt",
        "Amаᴢоn.со.јр: サインイン試行",
        "amαzon.com: Sign-in attempt",
        "𝕒mazon.com: Sign-in attempt",
        "\uff41\uff4d\uff41\uff5a\uff4f\uff4e.com: Sign-in attempt",
        "amazon.com: Sign-in at\u200btempt",
        "amazon.co.jp: サイン\u200dイン試行",
        "\u202eamazon.com: Sign-in attempt",
        "amazon.com: Sign\u00ad-in attempt",
        "amazon.com: Sígn-in attempt",
    ],
)
def test_disguised_subject_is_seen_through(subject: str) -> None:
    assert outcome(approval(subject=subject)) == (
        Recognised,
        {Reason.SUBJECT_HOMOGLYPH},
    )


# --- link ---

HREFS = {
    "other_host": ("https://evil.example/a/c/r/" + TOKEN, Reason.LINK_HOST),
    "brand_as_left_labels": (
        f"https://www.amazon.co.jp.sign.example/a/c/r/{TOKEN}",
        Reason.LINK_HOST,
    ),
    "brand_in_the_path": (
        f"https://evil.example/www.amazon.co.jp/a/c/r/{TOKEN}",
        Reason.LINK_HOST,
    ),
    "other_subdomain": (
        f"https://smile.amazon.co.jp/a/c/r/{TOKEN}",
        Reason.LINK_HOST,
    ),
    "typo": (f"https://www.amazom.com/a/c/r/{TOKEN}", Reason.LINK_HOST),
    "punycode": (f"https://www.xn--mazon-3ve.com/a/c/r/{TOKEN}", Reason.LINK_HOST),
    "port": (f"https://www.amazon.co.jp:8443/a/c/r/{TOKEN}", Reason.LINK_HOST),
    "default_port": (f"https://www.amazon.co.jp:443/a/c/r/{TOKEN}", Reason.LINK_HOST),
    "trailing_dot": (f"https://www.amazon.co.jp./a/c/r/{TOKEN}", Reason.LINK_HOST),
    "userinfo": (
        f"https://www.amazon.co.jp@evil.example/a/c/r/{TOKEN}",
        Reason.LINK_USERINFO,
    ),
    "userinfo_before_amazon": (
        f"https://x@www.amazon.co.jp/a/c/r/{TOKEN}",
        Reason.LINK_USERINFO,
    ),
    "plain_http": (f"http://www.amazon.co.jp/a/c/r/{TOKEN}", Reason.LINK_SCHEME),
    "script": ("javascript:alert(1)", Reason.LINK_SCHEME),
    "redirector": (
        f"https://translate.google.com/translate?u=https://www.amazon.co.jp/a/c/r/{TOKEN}",
        Reason.LINK_HOST,
    ),
    "wrong_path_at_amazon": (
        "https://www.amazon.co.jp/gp/r.html?U=https%3A%2F%2Fevil.example",
        Reason.LINK_PATH,
    ),
    "path_goes_on": (f"https://www.amazon.co.jp/a/c/r/{TOKEN}/x", Reason.LINK_PATH),
    "path_goes_up": (f"https://www.amazon.co.jp/a/c/r/../../{TOKEN}", Reason.LINK_PATH),
    "second_parameter": (
        f"https://www.amazon.co.jp/a/c/r?k={TOKEN}&U=https://evil.example",
        Reason.LINK_PATH,
    ),
    "fragment": (f"https://www.amazon.co.jp/a/c/r/{TOKEN}#x", Reason.LINK_PATH),
    "short_token": ("https://www.amazon.co.jp/a/c/r/abc", Reason.LINK_PATH),
    "homoglyph_host": (
        f"https://www.аmazon.co.jp/a/c/r/{TOKEN}",
        Reason.LINK_CHARACTERS,
    ),
    "math_letters_and_fake_slash": (
        "https://www.amazon.co.jp∕a∕c∕r∕x@host.𝕝𝕠𝕟𝕖𝕨𝕒𝕪.example",
        Reason.LINK_CHARACTERS,
    ),
    "full_width_host": (
        f"https://www.\uff41mazon.co.jp/a/c/r/{TOKEN}",
        Reason.LINK_CHARACTERS,
    ),
    "zero_width": (
        f"https://www.amazon.co.jp/a/c/r/{TOKEN}\u200b",
        Reason.LINK_CHARACTERS,
    ),
    "right_to_left_override": (
        f"https://www.amazon.co.jp/\u202ea/c/r/{TOKEN}",
        Reason.LINK_CHARACTERS,
    ),
    "backslash": (
        f"https://www.amazon.co.jp\\@evil.example/a/c/r/{TOKEN}",
        Reason.LINK_CHARACTERS,
    ),
    "line_break": (
        f"https://www.amazon.co.jp\n.evil.example/a/c/r/{TOKEN}",
        Reason.LINK_CHARACTERS,
    ),
    "reference_to_a_huge_number": (
        f"https://www.amazon.co.jp/a/c/r/{TOKEN}&#99999999999;",
        Reason.LINK_CHARACTERS,
    ),
    "relative": (f"/a/c/r/{TOKEN}", Reason.LINK_SCHEME),
    "empty": ("", Reason.LINK_SCHEME),
}


@pytest.mark.parametrize(("href", "reason"), HREFS.values(), ids=HREFS)
def test_link_with_a_trick_is_refused_though_signed(href: str, reason: Reason) -> None:
    verdict, reasons = outcome(linked(href))

    assert verdict is Recognised
    assert reason in reasons
    assert is_unknown(linked(href))


def test_text_that_shows_another_address_than_it_leads_to_is_refused() -> None:
    shown = f"承認または否認: <a href='https://evil.example/x'>{LINK}</a>"

    verdict, reasons = outcome(signed(Mail(body=html(shown))))
    assert verdict is Recognised
    assert {Reason.LINK_HOST, Reason.LINKS_DISAGREE} <= reasons


def test_html_that_leads_elsewhere_than_the_text_says_is_refused() -> None:
    body = alternatives(
        plain(f"承認または否認してください {LINK}"),
        html("<a href='https://areueaom.example/'>https://www.amazon.co.jp</a>"),
    )
    verdict, reasons = outcome(signed(Mail(body=body)))

    assert verdict is Recognised
    assert Reason.LINK_HOST in reasons


def test_unsigned_copy_with_a_foreign_link_is_a_look_alike() -> None:
    body = html(f"確認コード 123456 <a href='https://evil.example/'>拒否</a>{LINK}")

    assert outcome(compose(Mail(body=body))) == (
        LookAlike,
        {Reason.DKIM_NONE, Reason.LINK_HOST},
    )


def test_code_mail_whose_deny_link_leaves_amazon_is_refused() -> None:
    body = html(f"OTP 123456 <a href='https://evil.example/a/c/r/{TOKEN}'>x</a>")

    assert outcome(signed(Mail(body=body))) == (Recognised, {Reason.LINK_HOST})


# --- structure ---


def test_nested_message_is_not_read() -> None:
    nested = b"Content-Type: message/rfc822\r\n\r\n" + approval()
    body = alternatives(plain("FYI"), nested, kind="mixed")

    assert is_unknown(signed(Mail(body=body)))


@pytest.mark.parametrize("kind", ["attachment; filename=a.html", "attachment"])
def test_attachment_is_not_read(kind: str) -> None:
    attached = GENUINE.body.replace(
        b"\r\n\r\n", f"\r\nContent-Disposition: {kind}\r\n\r\n".encode(), 1
    )
    body = alternatives(plain("FYI"), attached, kind="mixed")

    assert is_unknown(signed(Mail(body=body)))


def test_link_in_an_attachment_is_no_link() -> None:
    attached = GENUINE.body.replace(
        b"\r\n\r\n", b"\r\nContent-Disposition: attachment\r\n\r\n", 1
    )
    body = alternatives(plain("承認または否認してください"), attached, kind="mixed")

    assert is_unknown(signed(Mail(body=body)))


def test_whole_mail_inside_another_is_not_read() -> None:
    body = b"Content-Type: message/rfc822\r\n\r\n" + approval()

    assert is_unknown(signed(Mail(body=body)))


# --- nothing is recognised without proof ---


def test_every_trick_on_the_link_is_refused_unsigned_as_well() -> None:
    for href, _ in HREFS.values():
        body = html(f"<a href='{href}'>承認または否認してください</a>")
        assert outcome(compose(Mail(body=body)))[0] is LookAlike, href


def test_word_salad_hides_no_recognition() -> None:
    salad = re.sub("(.)", "\\1 ", word("承認または否認してください"))

    assert outcome(compose(Mail(body=plain(salad))), verify=VERIFY)[0] is LookAlike
