"""Parses TOML, and says what is wrong with a line in words that help to correct it.

The words of `tomllib` are for programmers, and English: here each mistake gets a
sentence with its remedy. What `tomllib` does not tell is the commonest mistake on a
Japanese keyboard: a quote, an equals sign or a blank that only looks like TOML's.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from watcher.config.signs import INVISIBLE, QUOTES, meant
from watcher.errors import ConfigError
from watcher.i18n import Language, Text

_AT = r"(?s)(.*) \(at (?:line (\d+), column (\d+)|end of document)\)"


def parse(text: str, path: Path) -> dict[str, Any]:
    """Return the tables of a configuration file.

    Raises:
        ConfigError: it is no TOML; the sentence names line, column and remedy.
    """
    text = text.replace("\r\n", "\n")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _explained(str(error), text, path) from None  # its words may hold a value
    except (ValueError, RecursionError):  # too many digits, too deep a nesting
        raise ConfigError(_TOO_MUCH, path=path) from None


def _explained(message: str, text: str, path: Path) -> ConfigError:
    from watcher.config.shown import shown_line  # a good file is read without it

    lines = text.rstrip(" \t\n").split("\n")
    match = re.fullmatch(_AT, message)
    words, line, column = match.groups() if match else (message, None, None)
    index = min(int(line or len(lines)), len(lines)) - 1
    place = int(column or len(lines[index]) + 1)
    return ConfigError(
        _NOT_TOML,
        path=path,
        line=index + 1,
        column=place,
        shown=shown_line(lines[index]),
        why=_why(words, lines[index], place - 1),
    )


def _why(words: str, line: str, place: int) -> Text:
    """Return what is wrong at a place of a line, and the remedy."""
    from watcher.config.secret_keys import NO_PASSWORD_HERE, is_secret_line

    if is_secret_line(line):
        return NO_PASSWORD_HERE
    if words.startswith("Cannot") and line.strip(" []") == "accounts":
        return ACCOUNTS_BRACKETS
    known = (text for start, text in _BY_WORDS.items() if words.startswith(start))
    return _foreign_sign(line, place) or next(known, _UNKNOWN)


def _foreign_sign(line: str, place: int) -> Text | None:
    """Return what to type for a sign that TOML does not know; None if there is none.

    The parser stops at it, or at the end of a text whose closing quote it is.
    """
    quotes = (sign for sign in line if sign in QUOTES)
    here = line[place : place + 1]
    sign = next(quotes, "") if here.isascii() else here
    if sign in INVISIBLE or sign.isspace():
        return _BLANK
    plain = meant(sign)
    if not sign or not plain.isascii():
        return None
    en, ja = (_SIGN.say(one, sign=sign, plain=plain) for one in Language)
    return _SIGN._replace(en=en, ja=ja)


ACCOUNTS_BRACKETS = Text(
    en="write [[accounts]], with two brackets on each side, above each account",
    ja="アカウントごとに、その上の行を [[accounts]](角括弧を 2 つずつ)にしてください",
)
_NOT_TOML = Text(
    en="The configuration {path} is not valid TOML. Line {line}, column {column}:\n"
    "    {shown}\n"
    "{why}.",
    ja="設定ファイル {path} の {line} 行目({column} 文字目)が正しくありません:\n"
    "    {shown}\n"
    "{why}。",
)
_TOO_MUCH = Text(
    en="The configuration {path} is not valid TOML: a number is too long, or too many "
    "brackets stand within each other. Write it like config.example.toml.",
    ja="設定ファイル {path} は正しい TOML ではありません。数が長すぎるか、括弧の"
    "重なりが深すぎます。config.example.toml のように書いてください。",
)
_SIGN = Text(
    en="the sign {sign} cannot be used there: switch the Japanese input off and type "
    "{plain} instead",
    ja="「{sign}」は使えません。日本語入力をオフにして、半角の {plain} を打って"
    "ください",
)
_BLANK = Text(
    en="there is a full-width or invisible blank: delete it, and type an ordinary one "
    "where one is needed",
    ja="全角の空白か、見えない文字があります。消して、必要なら半角の空白を打って"
    "ください",
)
_BACKSLASH = Text(
    en="between double quotes a \\ cannot stand alone: put a Windows path between "
    "single quotes, like 'C:\\Users\\me\\password.txt'",
    ja="二重引用符の中では \\ をそのまま書けません。Windows のパスは "
    "'C:\\Users\\me\\password.txt' のように一重引用符で囲んでください",
)
_NOT_CLOSED = Text(
    en="a text has no closing quote: put the whole of it in quotes, on one line",
    ja="文字列の終わりの引用符がありません。1 行の中で、全体を引用符で囲んでください",
)
_LIST = Text(
    en='a list is not closed: write it like ["first", "second"], with commas between',
    ja='リストが閉じていません。["first", "second"] のように、間にコンマを入れて'
    "書いてください",
)
_TWICE = Text(
    en="that name stands in the file twice: keep one of the two",
    ja="同じ名前が 2 回書かれています。どちらか一つにしてください",
)
_NO_EQUALS = Text(
    en='between a key and its value belongs a =, as in user = "me@example.jp"',
    ja='キーと値の間に = を書いてください(例: user = "me@example.jp")',
)
_VALUE = Text(
    en='a text stands in quotes, like "me@example.jp"; a number, true or false stands '
    "without; and each setting has a line of its own",
    ja='文字列は "me@example.jp" のように引用符で囲み、数と true, false は囲まずに、'
    "1 行に 1 つずつ書いてください",
)
_HEADER = Text(
    en="the header of a table ends with its brackets, as in [watch] or [[accounts]]",
    ja="見出しの行は [watch] や [[accounts]] のように、括弧で閉じてください",
)
_UNKNOWN = Text(
    en='write it like key = "value", as in config.example.toml',
    ja='config.example.toml のように、キー = "値" の形で書いてください',
)
_BY_WORDS = {
    "Unescaped": _BACKSLASH,
    "Invalid hex value": _BACKSLASH,
    "Escaped character": _BACKSLASH,
    "Illegal character": _NOT_CLOSED,
    "Found invalid character '\\n'": _NOT_CLOSED,
    "Unterminated": _NOT_CLOSED,
    "Expected \"'": _NOT_CLOSED,
    "Unclosed": _LIST,
    "Cannot": _TWICE,
    "Duplicate": _TWICE,
    "Expected '='": _NO_EQUALS,
    "Invalid value": _VALUE,
    "Invalid date": _VALUE,
    "Expected newline": _VALUE,
    "Expected ']": _HEADER,
}
"""What `tomllib` of Python 3.11 to 3.14 says, by how it begins."""
