"""Whatever bytes come: nothing raises, nothing hangs, nothing is recognised for it."""

import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.sample_mails import (
    ANYTHING,
    APPROVAL_HTML,
    HOSTILE,
    LINK,
    VERIFY,
    Mail,
    approval,
    code,
    compose,
    html,
    judged,
    outcome,
    sign,
)
from watcher.recognition import limits
from watcher.recognition.authres import parse_field
from watcher.recognition.charset import decode_field, decode_text
from watcher.recognition.header import split
from watcher.recognition.html import parse_html
from watcher.recognition.judge import classify
from watcher.recognition.message import Reading, may_be_attempt
from watcher.recognition.policy import Policy
from watcher.recognition.reasons import Reason
from watcher.recognition.sender import Signature
from watcher.recognition.text import normal, sanitise, skeleton
from watcher.recognition.trust import GMAIL, OUTLOOK, Trust
from watcher.recognition.verdict import (
    LookAlike,
    NotRelevant,
    Recognised,
    Unknown,
    Unverified,
)

MEBIBYTE = 1024 * 1024
UNSIGNED = compose(Mail(body=html(APPROVAL_HTML.format(link=LINK))))
GENUINE = [approval(), code()]
EVERY_TRUST = Policy(
    recipients=frozenset({"taro@example.jp"}), trust=(GMAIL, Trust.of("mx.example.jp"))
)

# Pieces of the grammar, so that random mails pass the first check.
PIECES = st.sampled_from(
    [
        *(
            b"Subject: amazon.co.jp: Sign-in attempt\r\n",
            b"\r\n",
            b"\n",
            b"\r",
            b" ",
            b"\t",
        ),
        *(
            b"From: account-update@amazon.co.jp\r\n",
            b"From: a@b, c@d\r\n",
            b"To: x\r\n",
        ),
        *(b"Date: Sat, 21 Nov 2026 12:00:05 +0000\r\n", b"Date: 1\r\n", b"Subject:"),
        *(b"Content-Type: text/html; charset=iso-2022-jp\r\n", b"Content-Type: text/"),
        *(b'Content-Type: multipart/mixed; boundary="b"\r\n', b"\r\n--b\r\n", b"--b--"),
        *(
            b"Content-Transfer-Encoding: base64\r\n",
            b"Content-Type: message/rfc822\r\n",
        ),
        *(
            b"=?utf-8?B?44K1?=",
            b"=?",
            b"?=",
            b"=?iso-2022-jp?B?GyRC?=",
            b"\x1b$B",
            b"\xff",
        ),
        *(
            b"<a href='",
            b"'>",
            b"</a>",
            b"<!--",
            b"&#x",
            b"&",
            b"Approve or Deny",
            b"123456",
        ),
        *(LINK.encode(), b"verification code", b"DKIM-Signature: v=1; d=amazon.co.jp;"),
        *(b"Authentication-Results: mx.example.jp; ", b"dkim=pass header.d=amazon.jp"),
    ]
)
MAILS = st.lists(st.one_of(PIECES, st.binary(max_size=20)), max_size=40).map(b"".join)


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_costly_mail_is_judged_within_its_bounds(raw: bytes) -> None:
    """Its time is the bench's affair; here it must end, and without link or code."""
    verdict = judged(raw, policy=EVERY_TRUST)

    if isinstance(verdict, Recognised):
        assert verdict.attempt.content == Unknown((Reason.PHRASE_MISSING,))


@pytest.mark.parametrize(
    "name", ["huge_attachment", "text_of_ligatures", "signed_newlines", "folds"]
)
def test_costly_mail_takes_little_memory(name: str) -> None:
    raw = HOSTILE[name]
    tracemalloc.start()
    judged(raw, policy=EVERY_TRUST)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 80 * MEBIBYTE


def test_large_mail_is_judged_by_its_header() -> None:
    raw = approval() + b" " * limits.MAIL_BYTES

    assert outcome(raw) == (Unverified, {Reason.TOO_LARGE})


def test_large_mail_with_something_against_it_is_a_look_alike() -> None:
    raw = compose(Mail(sender="x@evil.example")) + b" " * limits.MAIL_BYTES

    assert outcome(raw) == (LookAlike, {Reason.TOO_LARGE, Reason.FROM_NOT_AMAZON})


def test_large_mail_of_another_kind_is_not_relevant() -> None:
    raw = compose(Mail(subject="Verify your new Amazon account"))

    assert outcome(raw + b" " * limits.MAIL_BYTES)[0] is NotRelevant


def test_large_header_is_too_large() -> None:
    raw = approval().replace(b"\r\n\r\n", b"\r\nX-A: " + b"a" * 40_000 + b"\r\n\r\n", 1)

    assert outcome(raw) == (Unverified, {Reason.TOO_LARGE})


def test_too_many_parts_are_malformed() -> None:
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    raw = compose(Mail(body=head + b"--b\r\n\r\nx\r\n" * (limits.PARTS + 1)))

    assert outcome(raw) == (LookAlike, {Reason.MALFORMED})


def test_too_many_lines_are_malformed() -> None:
    raw = approval() + b"\r\n" * limits.LINES

    assert outcome(raw) == (LookAlike, {Reason.MALFORMED})


def test_tags_behind_the_bound_are_not_read() -> None:
    page = parse_html("<b>" * limits.TAGS + f"<a href='{LINK}'>Approve or Deny</a>")

    assert page.anchors == ()


@given(st.binary(max_size=2000))
@example(b"")
@example(b"\r\n\r\n")
@settings(deadline=None)
def test_no_bytes_whatever_raise(raw: bytes) -> None:
    """No bytes whatever make `classify` raise, or recognise them."""
    assert not isinstance(judged(raw, policy=EVERY_TRUST), Recognised)


@given(MAILS)
@settings(max_examples=300, deadline=None)
def test_no_mail_made_of_pieces_raises(raw: bytes) -> None:
    assert not isinstance(judged(raw, policy=EVERY_TRUST), Recognised)
    may_be_attempt(raw)


@given(MAILS)
@settings(deadline=None)
def test_what_the_header_dismisses_is_not_relevant(raw: bytes) -> None:
    """`may_be_attempt` says no only to what `classify` finds not relevant."""
    if not may_be_attempt(split(raw)[0]):
        assert outcome(raw)[0] is NotRelevant


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_change_to_signed_bytes_unrecognises_a_mail(data: st.DataObject) -> None:
    """Changing any signed octet of a recognised mail un-recognises it.

    Amazon does not sign the Content-Transfer-Encoding, so ours are left alone. Of a
    subject that was changed on its way, the mail that was signed may be found again.
    """
    raw = data.draw(st.sampled_from(GENUINE))
    at = data.draw(st.integers(raw.index(b"\r\nDate:") + 2, len(raw) - 3))
    encoding = range(raw.index(b"Content-Tr") - 1, raw.index(b"\r\n\r\n") + 4)
    assume(at not in encoding)
    octet = data.draw(st.integers(0, 255))
    changed = raw[:at] + bytes((octet,)) + raw[at + 1 :]
    if canonical(changed) != canonical(raw):
        subject = range(raw.index(b"\r\nSubject:"), raw.index(b"\r\nMIME-Version:"))
        is_found = at in subject and judged(changed) == judged(raw)
        assert is_found or not isinstance(judged(changed), Recognised)


def canonical(raw: bytes) -> bytes:
    """Return what c=relaxed/simple signs: blanks and case of names do not count."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.replace(b"\r\n ", b" ").replace(b"\t", b" ").split(b"\r\n")
    fields = (line.partition(b":") for line in lines)
    relaxed = (
        name.lower().rstrip() + b":" + b" ".join(value.split())
        for name, _, value in fields
    )
    return b"\n".join(relaxed) + b"\n\n" + body.replace(b"\r\n", b"\n").rstrip(b"\n")


@given(
    st.lists(
        st.builds(
            Signature,
            st.sampled_from(["amazon.co.jp", "evil.example"]),
            st.sampled_from(
                [
                    *(Reason.DKIM_FAIL, Reason.DKIM_NOT_ALIGNED, Reason.DKIM_TEMPERROR),
                    *(Reason.DKIM_BODY_LENGTH, Reason.DKIM_HEADER_UNSIGNED),
                ]
            ),
            st.just("a test's"),
        )
    )
)
@settings(deadline=None)
def test_nothing_is_recognised_without_an_aligned_proof(
    signatures: list[Signature],
) -> None:
    """`judge` recognises nothing unless a signature of the From domain is good."""

    def verify(reading: Reading, domain: str) -> tuple[Signature, ...]:
        foreign = Signature("evil.example", None, "good, but another's")
        return (*signatures, foreign)

    assert not isinstance(judged(UNSIGNED, verify=verify), Recognised)


@given(
    st.from_regex(r"[a-z0-9.-]{1,30}", fullmatch=True),
    st.sampled_from(["pass", "fail", "none"]),
    st.sampled_from([sign(UNSIGNED, "amazon.co.jp"), UNSIGNED]),
)
@settings(deadline=None)
def test_field_of_a_foreign_server_changes_nothing(
    authserv_id: str, result: str, raw: bytes
) -> None:
    """Adding an Authentication-Results of another authserv-id changes nothing."""
    field = (
        f"Authentication-Results: {authserv_id}; dkim={result} header.d=amazon.co.jp"
    )
    policy = replace(EVERY_TRUST, trust=(GMAIL, OUTLOOK))

    changed = judged(field.encode() + b"\r\n" + raw, policy=policy)
    assert changed == judged(raw, policy=policy)


@given(st.text())
@settings(deadline=None)
def test_no_text_makes_a_reader_raise(text: str) -> None:
    parse_html(text)
    parse_field(text)
    normal(text)
    skeleton(text)


@given(st.text())
@settings(deadline=None)
def test_shown_text_is_harmless(text: str) -> None:
    shown = sanitise(text)

    assert len(shown) <= 120
    assert shown.isprintable()
    assert sanitise(shown) == shown


@given(st.binary(), st.one_of(st.none(), st.text(max_size=20)))
@settings(deadline=None)
def test_no_octets_make_a_decoder_raise(data: bytes, charset: str | None) -> None:
    decode_text(data, charset)
    decode_field(data)


@given(st.binary(), st.sampled_from(["punycode", "idna", "hex", "zip", "rot13", "\0"]))
@settings(deadline=None)
def test_codecs_that_no_mail_means_are_not_used(data: bytes, charset: str) -> None:
    assert decode_text(data, charset) == decode_text(data, None)


def test_judgement_tells_the_digest_and_the_message_id() -> None:
    raw = approval(message_id="<a\x1b[31m@b>")
    judgement = classify(raw, verify=VERIFY, policy=ANYTHING)

    assert judgement.reading.message_id == "<a [31m@b>"
    assert len(judgement.reading.digest) == 64
