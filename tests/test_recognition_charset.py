"""Text comes out of whatever mailers call their charsets."""

import base64

import pytest

from watcher.recognition.charset import decode_field, decode_text

SENTENCE = "髙橋様: 確認コード①"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "shift_jis",
            "Shift-JIS",
            "x-sjis",
            "windows-31j",
            "cp932",
            "SJIS",
            "MS_Kanji",
        ),
        *("shift_jis_2004", "us-ascii", "unknown-8bit", "", None),
    ],
)
def test_characters_of_windows_are_read_under_every_name(name: str | None) -> None:
    assert decode_text(SENTENCE.encode("cp932"), name) == SENTENCE


@pytest.mark.parametrize("name", ["euc-jp", "x-euc-jp", "eucJP-ms", "EUC_JP"])
def test_euc_is_read_under_every_name(name: str) -> None:
    assert decode_text("確認コード".encode("euc_jp"), name) == "確認コード"


@pytest.mark.parametrize("sign", ["①", "㈱", "髙", "ﾃﾞｽｸ", "〜"])
def test_characters_of_windows_are_read_in_euc(sign: str) -> None:
    pairs = {"①": "ada1", "㈱": "adea", "髙": "fce2", "〜": "a1c1"}
    kana = b"".join(b"\x8e" + bytes([octet]) for octet in "ﾃﾞｽｸ".encode("cp932"))
    octets = bytes.fromhex(pairs[sign]) if sign in pairs else kana

    text = decode_text("確認".encode("euc_jp") + octets, "euc-jp")

    assert text == "確認" + sign


def test_half_width_kana_in_seven_bits_are_read() -> None:
    assert decode_text(b"\x1b(I%+@\x1b(B ok \x1b$B@", "iso-2022-jp").endswith("@")
    assert decode_text(b"\x1b$B3NG'\x1b(I1\x1b(B", "iso-2022-jp") == "確認\uff71"


def test_korean_escapes_are_korean() -> None:
    assert decode_text("확인".encode("iso2022_kr"), "iso-2022-kr") == "확인"


def test_little_damage_does_not_change_the_charset() -> None:
    octets = ("確認コード" * 20).encode() + b"\xff"

    assert decode_text(octets, "utf-8") == "確認コード" * 20 + "\ufffd"


def test_octets_of_no_charset_become_marks() -> None:
    assert decode_text(b"\x81\x81\xe3", None) == "\ufffd" * 3


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (b"plain", "plain"),
        (b"a =?utf-8?q?b_c?= d", "a b c d"),
        (b"=?utf-8?q?a?= \r\n =?utf-8?q?b?=", "ab"),
        (b"=?utf-8?q?a?= b", "a b"),
        (b"=?utf-8?q?a b?=", "a b"),
        (b"=?utf-8?b?YQ?=", "a"),
        (b"=?utf-8?b?Y?=", "Y"),
        (b"=?none?q?=61?=", "a"),
        (b"=?utf-8?x?a?=", "=?utf-8?x?a?="),
        (b"=?utf-8?q?a", "=?utf-8?q?a"),
        ("確認".encode("euc_jp"), "確認"),
        (
            b"=?iso-2022-jp?b?" + base64.b64encode("確認".encode("iso2022_jp")) + b"?=",
            "確認",
        ),
    ],
)
def test_field_is_decoded(field: bytes, text: str) -> None:
    assert decode_field(field) == text
