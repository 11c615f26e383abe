"""Parsers of the values of keys: from what `tomllib` gives to what is meant.

A parser raises `Bad` with the reason and the remedy; the caller names the key.
"""

import json
import re
from collections.abc import Callable, Collection
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar

from watcher.clock import parse_duration
from watcher.config.signs import meant
from watcher.i18n import Text
from watcher.name_server import PORT, TLS_PORT, NameServer
from watcher.recognition.amazon import STORES

T = TypeVar("T")
EnumT = TypeVar("EnumT", bound=StrEnum)
Parser = Callable[[object], T]


class Bad(Exception):
    """A value that cannot be used; the text holds the reason and the remedy."""

    def __init__(self, text: Text, **data: object) -> None:
        super().__init__(text)
        self.text = text
        self.data = data


def _parser(
    convert: Callable[[object], T | None], text: Text, **data: object
) -> Parser[T]:
    """Return a parser: what `convert` refuses (None, ValueError) is `Bad` by `text`."""

    def parse(value: object) -> T:
        try:
            parsed = convert(value)
        except ValueError:
            parsed = None
        if parsed is None:
            raise Bad(text, **data)
        return parsed

    return parse


def check_characters(value: object) -> None:
    """Raise `Bad` where a text holds a NUL, which ends a text for many programs."""
    if isinstance(value, list):
        for one in value:
            check_characters(one)
    elif isinstance(value, str) and "\0" in value:
        raise Bad(_NUL)


_NUL = Text(
    en="it holds the character NUL (\\u0000), which nothing here can have: remove it",
    ja="使えない文字 NUL(\\u0000)が入っています。消してください",
)

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

parse_text: Parser[str] = _parser(
    lambda value: value if isinstance(value, str) and meant(value).strip() else None,
    Text(
        en='it must be text in quotes, like "value", and not empty',
        ja='引用符で囲んだ空でない文字列にしてください(例: "value")',
    ),
)
parse_name: Parser[str] = _parser(
    lambda value: (
        name if _CONTROL.search(name := parse_text(value).strip()) is None else None
    ),
    Text(
        en="it must stand on one line, without tabs and other control characters",
        ja="1 行に書いてください。タブなどの制御文字は使えません",
    ),
)
parse_boolean: Parser[bool] = _parser(
    lambda value: value if isinstance(value, bool) else None,
    Text(
        en="it must be true or false, without quotes",
        ja="引用符なしの true か false にしてください",
    ),
)
parse_port: Parser[int] = _parser(
    lambda value: value if type(value) is int and 0 < value < 65536 else None,
    Text(
        en="it must be a port number from 1 to 65535, without quotes",
        ja="引用符なしのポート番号(1〜65535)にしてください",
    ),
)
parse_positive: Parser[timedelta] = _parser(
    # A bool is an int, too.
    lambda value: (
        parse_duration(str(value)) or None if type(value) in (str, int, float) else None
    ),
    Text(
        en='it must be a time span, like "90s", "5m", "2h" or "30d"; a number alone is '
        "seconds",
        ja='時間を書いてください(例: "90s" "5m" "2h" "30d"。数だけなら秒です)',
    ),
)


def at_least(least: str) -> Parser[timedelta]:
    """Return a parser of time spans that are not shorter than `least`, like `30s`."""
    shortest = parse_positive(least)
    return _parser(
        lambda value: span if (span := parse_positive(value)) >= shortest else None,
        Text(
            en="it is too short: write {least} or more",
            ja="短すぎます。{least} 以上にしてください",
        ),
        least=least,
    )


def parse_path(value: object) -> Path:
    """Return a path; `~` is the user's home, `~name` that of another user."""
    try:
        return Path(parse_text(value)).expanduser()
    except RuntimeError:
        raise Bad(_WHOSE_HOME) from None


_WHOSE_HOME = Text(
    en="whose home folder ~ means is not known: write the whole path",
    ja="~ が指すホームフォルダーがわかりません。パスを省かずに書いてください",
)


def word_of(
    words: Collection[str], nearest: Callable[[str], str | None] = str.lower
) -> Parser[str]:
    """Return a parser of a word out of `words`; `nearest` finds the one meant."""

    def parse(value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        listed = ", ".join(f'"{word}"' for word in words)
        near = nearest(value.strip()) if isinstance(value, str) else None
        if near in words:
            raise Bad(_WRITE_WORD, near=near, words=listed)
        raise Bad(_ONE_OF, words=listed)

    return parse


_ONE_OF = Text(en="it must be one of: {words}", ja="次のどれかにしてください: {words}")
_WRITE_WORD = Text(
    en='write "{near}" (it must be one of: {words})',
    ja='"{near}" と書いてください(次のどれかです: {words})',
)


def one_of(names: type[EnumT]) -> Parser[EnumT]:
    """Return a parser of a member of a closed set."""
    parse_word = word_of(list(names))
    return lambda value: names(parse_word(value))


def list_of(item: Parser[T]) -> Parser[tuple[T, ...]]:
    """Return a parser of a list whose items `item` parses."""

    def parse(value: object) -> tuple[T, ...]:
        if isinstance(value, list):
            return tuple(map(item, value))
        item(value)  # else that is what is wrong
        if item in {parse_text, parse_address}:  # anything may stand there: a password
            raise Bad(_LIST)
        raise Bad(_WRITE_LIST, written=json.dumps([value], ensure_ascii=False))

    return parse


_LIST = Text(
    en='it must be a list in brackets: write it like ["first", "second"]',
    ja='角括弧のリストにしてください(例: ["first", "second"])',
)
_WRITE_LIST = Text(
    en="it must be a list in brackets: write {written}",
    ja="角括弧のリストにしてください: {written}",
)


def some_of(item: Parser[T]) -> Parser[tuple[T, ...]]:
    """Return a parser of a list as `list_of`, which names at least one."""
    parse = list_of(item)
    return _parser(
        lambda value: parse(value) or None,
        Text(
            en="the list is empty: name at least one, or remove the key for the "
            "default",
            ja="リストが空です。一つ以上書くか、キーを消して既定の値にしてください",
        ),
    )


# It is run without a shell. What stands here may hold a secret, and is not repeated.
parse_command: Parser[tuple[str, ...]] = _parser(
    lambda value: (
        tuple(map(parse_text, value)) or None if isinstance(value, list) else None
    ),
    Text(
        en="it must be a list in brackets that names a program and its arguments, like "
        '["pass", "show", "mail/home"]',
        ja="プログラムの名前と引数を、角括弧のリストにしてください"
        '(例: ["pass", "show", "mail/home"])',
    ),
)


def _mail_address(value: object) -> str | None:
    written = parse_text(value).strip()
    return written.lower() if re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", written) else None


parse_address: Parser[str] = _parser(
    _mail_address,
    Text(
        en='it must be a bare mail address, like "me@example.jp"',
        ja='メールアドレスだけを書いてください(例: "me@example.jp")',
    ),
)
parse_domain: Parser[str] = _parser(
    lambda value: (
        name
        if re.fullmatch(
            r"(?:[a-z0-9-]+\.)+[a-z0-9-]+", name := parse_text(value).strip().lower()
        )
        else None
    ),
    Text(
        en='it must be a domain, like "simplelogin.co"',
        ja='ドメインを書いてください(例: "simplelogin.co")',
    ),
)
parse_store: Parser[str] = _parser(
    lambda value: (
        name if (name := parse_text(value).strip().lower()) in STORES else None
    ),
    Text(
        en="it must name Amazon stores, each one of: {names}",
        ja="Amazon のストアを次から選んでください: {names}",
    ),
    names=", ".join(sorted(STORES)),
)


_NAME_SERVER = (
    r"(?P<tls>tls://)?"
    r"(?:\[(?P<bracketed>[^\]]+)\]|(?P<plain>[^:#]+)|(?P<v6>[^\[#]+))"
    r"(?::(?P<port>\d{1,5}))?"
    r"(?:#(?P<name>(?!.{254})[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*))?"
)
"""Few name one: it is compiled when it is used."""


def _name_server(value: object) -> NameServer | None:
    """Split `[tls://]ADDRESS[:PORT][#NAME]`; an IPv6 address with port in brackets."""
    match = re.fullmatch(_NAME_SERVER, parse_text(value).strip(), re.IGNORECASE)
    if match is None or (match["name"] and not match["tls"]):
        return None
    address = str(ip_address(match["bracketed"] or match["plain"] or match["v6"]))
    port = int(match["port"] or (TLS_PORT if match["tls"] else PORT))
    name = (match["name"] or address) if match["tls"] else None
    return NameServer(address, port, name) if 0 < port < 65536 else None


parse_nameserver: Parser[NameServer] = _parser(
    _name_server,
    Text(
        en='it must be an IP address, with a port if need be, like "127.0.0.1:53", or '
        'one that is asked over TLS: "tls://1.1.1.1"',
        ja='IP アドレスで、必要ならポート付きで書いてください(例: "127.0.0.1:53")。'
        'TLS で尋ねるなら "tls://1.1.1.1" のように書きます',
    ),
)
