"""A tag before the subject does not hide a mail; what it was put on must be proved."""

from base64 import b64encode
from quopri import encodestring

import pytest

from tests.sample_mails import (
    LINK,
    Mail,
    approval,
    compose,
    link_in,
    outcome,
)
from watcher.recognition.authres import Trust
from watcher.recognition.judge import Policy
from watcher.recognition.verdict import LookAlike, Reason

JAPANESE = "amazon.co.jp: アクションが必要です: サインイン試行"
ENGLISH = "amazon.co.jp: Sign-in attempt"


def tagged(raw: bytes, tag: bytes) -> bytes:
    return raw.replace(b"\r\nSubject: ", b"\r\nSubject: " + tag, 1)


def word(text: str, charset: str = "UTF-8", encoding: str = "B") -> bytes:
    data = text.encode(charset)
    body = b64encode(data) if encoding == "B" else encodestring(data, header=True)
    whole = body.replace(b"=\n", b"").replace(b" ", b"_")
    return f"=?{charset}?{encoding}?".encode() + whole + b"?="


TAGS = {
    "spam": b"[SPAM] ",
    "meiwaku": b"[meiwaku] ",
    "stars": b"***SPAM*** ",
    "external": b"[EXTERNAL] ",
    "external_colon": b"EXTERNAL: ",
    "list": b"[family 00042] ",
    "two": b"[family][SPAM] ",
    "raw_8_bit": "【迷惑メール】".encode(),
    "encoded": word("【迷惑メール】") + b" ",
    "encoded_folded": word("[迷惑メール]") + b"\r\n ",
    "encoded_jis": word("【迷惑メール】", "ISO-2022-JP") + b" ",
    "encoded_q": word("[SPAM]", encoding="Q") + b" ",
    "encoded_and_raw": word("【迷惑メール】") + b" [SPAM] ",
}


@pytest.mark.parametrize("tag", TAGS.values(), ids=TAGS)
@pytest.mark.parametrize("subject", [JAPANESE, ENGLISH])
def test_a_tag_does_not_hide_what_was_signed(tag: bytes, subject: str) -> None:
    assert link_in(tagged(approval(subject=subject), tag)) == LINK


@pytest.mark.parametrize("encoding", ["B", "Q"])
def test_a_subject_that_was_encoded_together_with_its_tag_is_taken_apart(
    encoding: str,
) -> None:
    raw = approval(subject=ENGLISH)
    new = b"Subject: " + word(f"[SPAM] {ENGLISH}", encoding=encoding)

    assert link_in(raw.replace(b"Subject: " + ENGLISH.encode(), new)) == LINK


@pytest.mark.parametrize("encoding", ["B", "Q"])
def test_a_japanese_subject_that_was_encoded_together_with_its_tag_is_taken_apart(
    encoding: str,
) -> None:
    subject = "amazon.co.jp: サインイン試行"
    sent = word(subject, encoding=encoding)
    raw = approval(subject=sent.decode())

    assert sent in raw
    changed = word(f"【迷惑メール】{subject}", encoding=encoding)
    assert link_in(raw.replace(sent, changed)) == LINK


@pytest.mark.parametrize("tag", TAGS.values(), ids=TAGS)
def test_a_tag_proves_nothing_of_a_forgery(tag: bytes) -> None:
    assert outcome(tagged(compose(Mail(subject=ENGLISH)), tag))[0] is LookAlike
    verdict, reasons = outcome(tagged(approval(), tag) + b"and more\r\n")
    assert verdict is LookAlike
    assert Reason.DKIM_FAIL in reasons


def test_words_that_are_no_tag_stay_part_of_the_subject() -> None:
    verdict, reasons = outcome(tagged(approval(subject=ENGLISH), b"Not an "))

    assert verdict is LookAlike
    assert Reason.DKIM_FAIL in reasons


def test_what_the_provider_says_of_the_tagged_mail_is_no_veto() -> None:
    policy = Policy(trust=(Trust.of("mx.example.jp"),))
    field = (
        b"Authentication-Results: mx.example.jp; dkim=fail header.d=amazon.co.jp\r\n"
    )
    raw = field + tagged(approval(), b"[list] ")

    assert link_in(raw) == LINK
    assert outcome(raw, policy=policy)[0] is not LookAlike
    assert outcome(field + approval(), policy=policy)[0] is LookAlike
