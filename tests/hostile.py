"""Mails made to cost time or memory, each posing as a sign-in mail of Amazon's."""

from tests.samples import LINK, SIGNED, Mail, compose, sign
from watcher.recognition.limits import HEADER_BYTES, MAIL_BYTES

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
