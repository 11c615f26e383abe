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
        ("name = “home”", "“", '"'),
        ('name = "home”', "”", '"'),
        ("name = ＂home＂", "＂", '"'),
        ("name = 「home」", "「", '"'),
        ("name = ‘home’", "‘", "'"),
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
        ('a = "C:\\Users\\me"', 1, "between single quotes"),
        ('a = "C:\\me"', 1, "between single quotes"),
        ('a = "\\uD800"', 1, "between single quotes"),
        ('a = "home\nb = 1', 1, "no closing quote"),
        ("a = 'home\nb = 'x'", 1, "no closing quote"),
        ('a = "home', 1, "no closing quote"),
        ("a = 'home", 1, "no closing quote"),
        ("a = '''home\nhere\n\n", 2, "no closing quote"),
        ('a = ["x" "y"]', 1, "a list is not closed"),
        ('a = ["x"\n', 1, "a list is not closed"),
        ("a = {b = 1", 1, "a list is not closed"),
        ("a = 1\na = 2\nb = 1", 2, "twice"),
        ("[watch]\n[watch]", 2, "twice"),
        ("a = {b = 1, b = 2}", 1, "twice"),
        ("a: 1", 1, "belongs a ="),
        ("a 1", 1, "belongs a ="),
        ("a = yes", 1, "stands in quotes"),
        ("a =\n", 1, "stands in quotes"),
        ("a = 1 b = 2", 1, "line of its own"),
        ("a = 5m", 1, "stands in quotes"),
        ("a = 2026-13-45T00:00:00", 1, "stands in quotes"),
        ("[watch", 1, "ends with its brackets"),
        ("[[accounts]\n", 1, "ends with its brackets"),
        ("= 3", 1, 'like key = "value"'),
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


def test_a_line_below_a_whole_one_with_a_secret_is_shown() -> None:
    assert "    user = taro" in refusal('password_env = "PASS"\nuser = taro')


def test_no_control_character_of_a_line_reaches_the_terminal() -> None:
    assert "\x1b" not in refusal('a = "\x1b[31mred"')


signs = st.sampled_from([*"[]{}=\"'\\#,. \n\r\t1aé日　“＝", "password", "accounts"])


@given(st.lists(signs, max_size=30).map("".join))
def test_no_text_ends_in_anything_but_tables_or_a_sentence(text: str) -> None:
    with suppress(ConfigError):
        parse(text, PATH)
