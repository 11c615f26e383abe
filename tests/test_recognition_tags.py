"""A tag before the subject does not hide a mail; what it was put on must be proved."""

from base64 import b64encode
from collections.abc import Callable
from email.header import Header
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
from watcher.recognition.charset import decode_field
from watcher.recognition.policy import Policy
from watcher.recognition.reasons import Reason
from watcher.recognition.tags import GUESSES, without_tags
from watcher.recognition.trust import Trust
from watcher.recognition.verdict import LookAlike

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
    "colon": b"Spam: ",
    "one_star": b"*SPAM* ",
    "other_signs": b"-SPAM- !!SPAM!! ",
    "chevrons": b"<<SPAM>> ",
    "squares": "■迷惑メール■".encode(),
    "tortoise_shells": "〔迷惑〕".encode(),
    "double_angles": word("≪迷惑メール≫") + b"\r\n ",
    "forwarded": b"Fwd: ",
    "forwarded_short": b"Fw: ",
    "forwarded_japanese": "転送: ".encode(),
    "forwarded_full_width": word("転送：") + b" ",
    "dash": b"EXT - ",
    "words_and_colon": b"[WARNING - POSSIBLE SPAM]: ",
    "six_stars": b"******SPAM****** ",
    "bars": b"|SPAM| ",
    "corner_brackets": "「迷惑メール」".encode(),
    "white_corner_brackets": word("『迷惑メール』") + b" ",
}
BEHIND = {
    "spam": b" [SPAM]",
    "japanese": " (迷惑メール)".encode(),
    "stars": b" ***SPAM***",
    "folded": b"\r\n [SPAM]",
    "encoded": b"\r\n " + word("[迷惑メール]"),
    "two": b" [SPAM] {list}",
}
FORMS: dict[str, Callable[[str], bytes]] = {
    "one_word": word,
    "one_word_q": lambda text: word(text, encoding="Q"),
    "jis": lambda text: word(text, "ISO-2022-JP"),
    "folded": lambda text: Header(text, "utf-8").encode(linesep="\r\n").encode(),
}
"""How gateways write a subject that they have read."""


def halves(text: str, encoding: str) -> bytes:
    """Return a subject as JavaMail writes it: in halves until each fits in a word."""
    whole = word(text, encoding=encoding)
    if len(whole) <= 75:
        return whole
    half = len(text) // 2
    return halves(text[:half], encoding) + b"\r\n " + halves(text[half:], encoding)


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


@pytest.mark.parametrize("tag", BEHIND.values(), ids=BEHIND)
@pytest.mark.parametrize("subject", [JAPANESE, ENGLISH])
def test_a_tag_behind_the_subject_does_not_hide_what_was_signed(
    tag: bytes, subject: str
) -> None:
    before, name, value = approval(subject=subject).partition(b"\r\nSubject: ")
    raw = value.replace(b"\r\nMIME-Version", tag + b"\r\nMIME-Version", 1)

    assert link_in(before + name + raw) == LINK


MOSTLY_ASCII = "amazon.co.jp: サインイン試行"
SENT = {
    "one_word": word(JAPANESE),
    "one_word_q": word(JAPANESE, encoding="Q"),
    "lower_case": word(JAPANESE, "utf-8"),
    "folded": FORMS["folded"](JAPANESE),
    "halves": halves(JAPANESE, "B"),
    "halves_q": halves(MOSTLY_ASCII, "Q"),
    "full_words": word("amazon.co.jp: アクションが必要です:")
    + b"\r\n "
    + word(" サインイン試行"),
    "ascii": ENGLISH.encode(),
}
"""How programs that send mail may write a subject."""


@pytest.mark.parametrize("text", ["{}", "【迷惑メール】{}", "{} [SPAM]"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("sent", SENT.values(), ids=SENT)
def test_a_subject_that_a_gateway_encoded_anew_is_seen_through(
    text: str, form: Callable[[str], bytes], sent: bytes
) -> None:
    raw = approval(subject=sent.decode())
    seen = decode_field(sent)

    assert seen in (JAPANESE, MOSTLY_ASCII, ENGLISH)
    assert raw.count(sent) == 1
    assert link_in(raw.replace(sent, form(text.format(seen)))) == LINK


def test_a_tag_is_not_searched_for_where_many_signatures_are_broken() -> None:
    raw = tagged(approval(subject=ENGLISH), b"[SPAM] ")
    field = raw[: raw.index(b"\r\n") + 2]

    assert link_in(field + raw) == LINK
    assert outcome(field * 2 + raw)[0] is LookAlike


def test_the_number_of_guesses_is_bounded() -> None:
    tags = b"[a] {b} (c) <d> Fwd: " * 3
    raw = tagged(compose(Mail(subject=JAPANESE)), tags).replace(
        b"\r\nMIME-Version", b" [e] (f)\r\nMIME-Version", 1
    )

    guesses = list(without_tags(raw))
    assert len(guesses) == len(set(guesses)) <= GUESSES
    assert all(b"\r\nMIME-Version: 1.0\r\n" in guess for guess in guesses)
    assert len(list(without_tags(tagged(raw, b"[a]" * 9000)))) <= GUESSES


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
