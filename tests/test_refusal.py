"""What an answer says of a password or a mailbox, and what it does not say."""

import base64
import re

import pytest

from watcher.imap.refusal import ResponseText, is_missing
from watcher.imap.sasl import plain
from watcher.imap.secrecy import forms_of, without_secrets


@pytest.mark.parametrize(
    ("raw", "code", "words"),
    [
        (b" [ALERT] Read this", "ALERT", "Read this"),
        (b"[alert]Read this", "ALERT", "Read this"),
        (b"[BADCHARSET (UTF-8)] what", "BADCHARSET", "what"),
        (b"[WEBALERT https://example.com/] web login", "WEBALERT", "web login"),
        (b"plain words [ALERT]", "", "plain words [ALERT]"),
        (b"[] nothing", "", "[] nothing"),
        (b"", "", ""),
        (b"\xff\xfe", "", "\ufffd\ufffd"),
    ],
)
def test_a_response_text_is_taken_apart(raw: bytes, code: str, words: str) -> None:
    assert ResponseText.parse(raw) == ResponseText(code, words)


@pytest.mark.parametrize(
    ("raw", "is_shown", "expected"),
    [
        (b"[NONEXISTENT] no", True, True),
        (b"[CANNOT] no", True, True),
        (b"[noperm] no", True, True),
        (b"no", True, False),
        (b"no", False, True),
        (b"[X-ODD] no", True, False),
        (b"[X-ODD] no", False, True),
        (b"[UNAVAILABLE] no", False, False),
        (b"[SERVERBUG] no", False, False),
    ],
)
def test_a_mailbox_lacks_by_its_code_or_by_the_list(
    raw: bytes, is_shown: bool, expected: bool
) -> None:
    assert is_missing(raw, is_shown=lambda: is_shown) is expected


TOKEN = "EwBIA8l6BAAU+jT7w/Qz0Kb~h4_fXr2-mVn5.cLp9Yd3sGk1oHt8uJq"
PASSWORD = 'se"c\\ret'


@pytest.mark.parametrize(
    "written",
    [
        PASSWORD,
        PASSWORD.upper(),
        'se\\"c\\\\ret',
        base64.b64encode(PASSWORD.encode()).decode(),
        base64.b64encode(PASSWORD.encode()).decode().rstrip("="),
        base64.b64encode(plain("anna", PASSWORD)).decode(),
    ],
    ids=["raw", "upper", "quoted", "base64", "unpadded", "plain"],
)
def test_no_form_of_a_password_is_left_in_a_text(written: str) -> None:
    text = without_secrets(
        f"bad: LOGIN anna {written} !", forms_of(PASSWORD, plain("anna", PASSWORD))
    )

    assert text == "bad: LOGIN anna *** !"


def test_a_token_is_hidden_also_where_the_server_cuts_it_off() -> None:
    token = "eyJ0eXAiOiJKV1Qi." * 10

    text = without_secrets(f"no such token {token[:60]}... sorry", forms_of(token))

    assert text == "no such token ***... sorry"


@pytest.mark.parametrize(
    "written",
    [
        TOKEN[30:],
        TOKEN[30:50].upper(),
        "\0".join(TOKEN),
        "\u200b ".join(TOKEN),
        f"{TOKEN[:20]} · {TOKEN[20:40]}\r\n{TOKEN[40:]}",
        base64.b64encode(TOKEN.encode()).decode()[9:],
        base64.b64encode(b"x" + TOKEN.encode()).decode(),
        base64.b64encode(b"xx" + TOKEN.encode()).decode(),
        base64.urlsafe_b64encode(TOKEN.encode()).decode(),
    ],
)
def test_no_piece_of_a_token_is_left_in_a_text(written: str) -> None:
    text = without_secrets(f"bad {written}", forms_of(TOKEN))

    assert "***" in text
    assert sum(sign.isalnum() for sign in text) <= len("bad") + 4, "bytes beside it"


def test_no_token_is_kept_in_a_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    """`re` keeps what it has compiled: 100 kB of memory for each token."""
    patterns: list[str] = []
    substitute = re.sub

    def note(pattern: str, by: str, text: str, *, flags: int = 0) -> str:
        patterns.append(pattern.replace("\\", ""))
        return substitute(pattern, by, text, flags=flags)

    monkeypatch.setattr(re, "sub", note)
    text = without_secrets(f"{TOKEN}, {PASSWORD}", (*forms_of(TOKEN), PASSWORD))

    assert text == "***, ***"
    assert patterns
    assert TOKEN[:20] not in "".join(patterns)


def test_without_a_password_nothing_is_hidden() -> None:
    assert without_secrets("words", forms_of("")) == "words"
    assert without_secrets("words", ()) == "words"
