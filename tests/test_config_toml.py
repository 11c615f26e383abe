"""What is no TOML is told by line and column, with the remedy, and without a secret."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.config.toml import parse
from watcher.errors import ConfigError
from watcher.i18n import Language

PATH = Path("config.toml")
both_languages = pytest.mark.parametrize("language", Language)


def refusal(text: str, language: Language = Language.EN) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, PATH)
    return caught.value.say(language)


@pytest.mark.parametrize(
    ("line", "sign", "plain"),
    [
        ("mode = “auto”", "“", '"'),
        ('mode = "auto”', "”", '"'),
        ("mode = ＂auto＂", "＂", '"'),
        ("mode = 「auto」", "「", '"'),
        ("mode = ‘auto’", "‘", "'"),
        ('name ＝ "home"', "＝", "="),
        ("［watch］", "［", "["),
        ("【watch】", "【", "["),
        ('stores = ["a"， "b"]', "，", ","),
        ('stores = ["a"、 "b"]', "、", ","),
        ("watch．window = 5", "．", "."),
        ("port = ９９３", "９", "9"),
        ("port = 9９3", "９", "9"),
        ("ｐort = 1", "ｐ", "p"),
        ("window = 5 ＃ minutes", "＃", "#"),
        ("name　= 5", None, None),
        ("name\u00a0= 5", None, None),
        ("[watch]　", None, None),
        ("\u200bname = 5", None, None),
    ],
)
def test_a_sign_of_the_japanese_input_is_named_with_the_one_to_type(
    line: str, sign: str | None, plain: str | None
) -> None:
    text = f"keep = 1\n{line}\nlast = 1\n"
    english, japanese = (refusal(text, language) for language in Language)

    assert "Line 2, column " in english
    assert " 2 行目(" in japanese
    if sign is None:
        assert "full-width or invisible blank" in english
        assert "全角の空白" in japanese
    else:
        assert line in english
        assert line in japanese
        assert f"the sign {sign} cannot" in english
        assert f"type {plain} instead" in english
        assert f"「{sign}」" in japanese
        assert f"半角の {plain} を" in japanese


@pytest.mark.parametrize(
    ("text", "line", "remedy"),
    [
        ('window = "C:\\Users\\me"', 1, "between single quotes"),
        ('window = "C:\\me"', 1, "between single quotes"),
        ('window = "\\uD800"', 1, "between single quotes"),
        ('window = "home\nb = 1', 1, "no closing quote"),
        ("window = 'home\nb = 'x'", 1, "no closing quote"),
        ('window = "home', 1, "no closing quote"),
        ("window = 'home", 1, "no closing quote"),
        ('window = ["x" "y"]', 1, "a list is not closed"),
        ('window = ["x"\n', 1, "a list is not closed"),
        ("window = {b = 1", 1, "a list is not closed"),
        ("window = 1\nwindow = 2\nb = 1", 2, "twice"),
        ("[watch]\n[watch]", 2, "twice"),
        ("window = {b = 1, b = 2}", 1, "twice"),
        ("window: 1", 1, "belongs a ="),
        ("window 1", 1, "belongs a ="),
        ("window = yes", 1, "stands in quotes"),
        ("window =\n", 1, "stands in quotes"),
        ("window = 1 b = 2", 1, "line of its own"),
        ("window = 5m", 1, "stands in quotes"),
        ("window = 2026-13-45T00:00:00", 1, "stands in quotes"),
        ("[watch", 1, "ends with its brackets"),
        ("[[accounts]\n", 1, "ends with its brackets"),
        ("[accounts]\na = 1\n[accounts]", 3, "with two brackets"),
        ("[accounts]\na = 1\n[[accounts]]", 3, "with two brackets"),
        ("[[accounts]]\na = 1\n[accounts]", 3, "with two brackets"),
    ],
)
def test_each_mistake_names_its_line_and_a_remedy_of_ours(
    text: str, line: int, remedy: str
) -> None:
    first, shown, why = refusal(text).split("\n")

    assert re.fullmatch(rf".* is not valid TOML\. Line {line}, column \d+:", first)
    assert shown == "    " + text.split("\n")[line - 1].strip()
    assert remedy in why


@pytest.mark.parametrize("text", ["a = " + "9" * 5000, "a = " + "[" * 5000])
@both_languages
def test_what_python_cannot_hold_is_refused(text: str, language: Language) -> None:
    assert "config.example.toml" in refusal(text, language)


SECRET = "hunter2"


@pytest.mark.parametrize(
    "text",
    [
        f"password = {SECRET}",
        f"password = “{SECRET}”",
        f'password = "{SECRET}',
        f'password = "{SECRET}\nx"',
        f'password: "{SECRET}"',
        f"pass ＝ '{SECRET}'",
        f"app_password {SECRET}",
        f"app-passwd = {SECRET}",
        f'"token" = {SECRET}',
        f"SECRET={SECRET}",
        f"パスワード = {SECRET}",
    ],
)
@both_languages
def test_a_password_in_a_line_is_hidden_and_refused(
    text: str, language: Language
) -> None:
    said = refusal(f"keep = 1\n{text}", language)

    assert SECRET not in said
    assert "password_file" in said.split("\n")[-1]


@pytest.mark.parametrize(
    "text",
    [
        f'password_command = ["echo", "{SECRET}\\x"]',
        f'password_command = [\n"echo",\n{SECRET}]',
        f'password = """\n{SECRET}\n{SECRET}\\x"""',
        f"account = {{ password = {SECRET} }}",
        f'password_file = "{SECRET}\\x"',
    ],
)
def test_what_may_be_a_password_is_hidden(text: str) -> None:
    assert SECRET not in refusal(text)


ACCOUNTS = '[[accounts]]\nname = "home"\n'


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"pasword = {SECRET}", "pasword = …"),
        (f"psw = {SECRET}", "psw = …"),
        (f"ｐａｓｓｗｏｒｄ = {SECRET}", "ｐａｓｓｗｏｒｄ = …"),
        (f'ﾊﾟｽﾜｰﾄﾞ = "{SECRET}"', "ﾊﾟｽﾜｰﾄﾞ = …"),
        (f'暗証番号 = "{SECRET}"', "暗証番号 = …"),
        (f'秘密 = "{SECRET}"', "…"),
        (f"auth_key = {SECRET}", "auth_key = …"),
        (f"auth = {SECRET}", "auth = …"),
        (f"keyring = {SECRET}", "keyring = …"),
        (f'user = "me@example.jp" {SECRET}', "user = …"),
        (f'user = "me@example.jp" "{SECRET}"', "user = …"),
        (f"user = “{SECRET}”", "user = …"),
        (f"user {SECRET}", "user …"),
        (f'host = "h"\nhost = "x" # {SECRET}', 'host = "x" …'),
        (f'mailboxes = ["INBOX" "{SECRET}"]', "mailboxes = …"),
        (f'host = "h"\nhost = "me:{SECRET}@h"', "host = …"),
        ("port = 1\nport = 993", "port = 993"),
        ('tls = "none"\ntls = "implicit"', 'tls = "implicit"'),
        ('relays = []\nrelays = ["a", "b"]', 'relays = ["a", "b"]'),
        (f"window = 5 ＃ password {SECRET}", "window = …"),
        (f"{SECRET}", "…"),
        (f"  {SECRET} = ", "…"),
        ("abcdefghijklmnop = x", "…"),
        (f"me@example.jp/{SECRET}", "…"),
        (f"imaps://me:{SECRET}@host", "…"),
        (f"{SECRET}: user", "…"),
        (f"[accounts.{SECRET}", "…"),
        (f"accounts.{SECRET} = x", "…"),
        (f'account = {{user = "me", auth = "{SECRET}", host = x}}', "account = …"),
    ],
)
def test_a_line_is_shown_only_as_far_as_it_is_harmless(line: str, shown: str) -> None:
    for text in (ACCOUNTS + line, f'password_env = "X"\n{line}'):
        for language in Language:
            said = refusal(text, language).split("\n")

            assert said[1] == f"    {shown}"
            assert SECRET not in said[2]


@pytest.mark.parametrize(
    "text",
    [
        "= 3",
        "a = '''home\nhere\n\n",
        f'a = [\n"x",\n# the token\n"{SECRET}" "x"\n]',
        f'a = """\n# password = "x"\n{SECRET}\\q\n"""',
    ],
)
def test_a_line_without_a_key_is_not_shown(text: str) -> None:
    assert refusal(text).split("\n")[1] == "    …"


def test_the_sign_of_the_japanese_input_is_named_in_a_line_that_is_not_shown() -> None:
    first, shown, why = refusal(f"{ACCOUNTS}user = “me@example.jp”").split("\n")

    assert "Line 3, column 8" in first
    assert shown == "    user = …"
    assert "the sign “ cannot" in why


def test_no_control_character_of_a_line_reaches_the_terminal() -> None:
    assert "\x1b" not in refusal('a = "\x1b[31mred"')


signs = st.sampled_from([*"[]{}=\"'\\#,. \n\r\t1aé日　“＝", "password", "accounts"])


@given(st.lists(signs, max_size=30).map("".join))
def test_no_text_ends_in_anything_but_tables_or_a_sentence(text: str) -> None:
    with suppress(ConfigError):
        parse(text, PATH)


@pytest.mark.parametrize(
    "line",
    [
        'url = "https://ntfy.sh/topic-8x3',
        "url = https://ntfy.sh/topic-8x3",
        'command = ["script", "topic-8x3"',
        'token_command = ["script", "topic-8x3"',
    ],
)
@both_languages
def test_the_address_of_a_phone_and_the_words_of_a_command_are_not_shown(
    line: str, language: Language
) -> None:
    said = refusal(f"[push]\n{line}\n", language)

    assert "topic-8x3" not in said
    assert f"{line.split()[0]} = …" in said
