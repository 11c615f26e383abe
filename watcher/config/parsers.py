"""Turns one value of the file into one of ours, or says what is wrong and the remedy.

Each parser takes what `tomllib` gave and raises `Bad`; the key is named by the caller.
"""

import re
from collections.abc import Callable, Collection
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from watcher.clock import parse_duration
from watcher.dkim import split_nameserver
from watcher.i18n import Text
from watcher.recognition.amazon import STORES

Parser = Callable[[object], object]
EnumT = TypeVar("EnumT", bound=StrEnum)


class Bad(Exception):
    """A value that cannot be used; the text holds the reason and the remedy."""

    def __init__(self, text: Text, **data: object) -> None:
        super().__init__(text)
        self.text = text
        self.data = data


def text(value: object) -> str:
    """Return a string that is not empty."""
    if isinstance(value, str) and value.strip():
        return value
    raise Bad(
        Text(
            en='it must be a text in quotes that is not empty, like "value"',
            ja='引用符で囲んだ空でない文字列にしてください(例: "value")',
        )
    )


def any_text(value: object) -> str:
    """Return a string, which may be empty."""
    return "" if value == "" else text(value)


def boolean(value: object) -> bool:
    """Return true or false."""
    if isinstance(value, bool):
        return value
    raise Bad(
        Text(
            en="it must be true or false, without quotes",
            ja="引用符なしの true か false にしてください",
        )
    )


def port(value: object) -> int:
    """Return a TCP port, 1 to 65535."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536:
        return value
    raise Bad(
        Text(
            en="it must be a port number from 1 to 65535, without quotes",
            ja="引用符なしのポート番号(1〜65535)にしてください",
        )
    )


def duration(value: object) -> timedelta:
    """Return a time span written as `90s`, `5m`, `2h` or `30d`, above zero."""
    try:
        span = parse_duration(value if isinstance(value, str) else "")
    except ValueError:
        span = timedelta(0)
    if span > timedelta(0):
        return span
    raise Bad(
        Text(
            en='it must be a time span in quotes, like "90s", "5m", "2h" or "30d"',
            ja='引用符で囲んだ時間にしてください(例: "90s" "5m" "2h" "30d")',
        )
    )


def at_least(least: timedelta) -> Callable[[object], timedelta]:
    """Return a parser of time spans that are not shorter than `least`."""

    def parse(value: object) -> timedelta:
        span = duration(value)
        if span < least:
            raise Bad(
                Text(
                    en="it is too short: write {least} seconds or more",
                    ja="短すぎます。{least} 秒以上にしてください",
                ),
                least=int(least.total_seconds()),
            )
        return span

    return parse


def path(value: object) -> Path:
    """Return a path; `~` is the user's home."""
    return Path(text(value)).expanduser()


def one_of(names: type[EnumT]) -> Callable[[object], EnumT]:
    """Return a parser of a member of a closed set."""
    parse_word = word_of(list(names))
    return lambda value: names(parse_word(value))


def word_of(words: Collection[str]) -> Callable[[object], str]:
    """Return a parser of a word out of `words`."""

    def parse(value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        raise Bad(
            Text(
                en="it must be one of: {words}",
                ja="次のどれかにしてください: {words}",
            ),
            words=", ".join(f'"{word}"' for word in words),
        )

    return parse


def list_of(item: Callable[[object], object]) -> Callable[[object], tuple[object, ...]]:
    """Return a parser of a list whose items `item` parses."""

    def parse(value: object) -> tuple[object, ...]:
        if isinstance(value, list):
            return tuple(item(element) for element in value)
        raise Bad(
            Text(
                en='it must be a list in brackets, like ["first", "second"]',
                ja='角括弧のリストにしてください(例: ["first", "second"])',
            )
        )

    return parse


def command(value: object) -> tuple[str, ...]:
    """Return a command as its argument list; it is run without a shell."""
    words = list_of(text)(value)
    if words:
        return tuple(str(word) for word in words)
    raise Bad(
        Text(
            en='it must name a program, like ["pass", "show", "mail/home"]',
            ja='プログラム名を入れてください(例: ["pass", "show", "mail/home"])',
        )
    )


def address(value: object) -> str:
    """Return a mail address in lower case."""
    written = text(value).strip()
    if re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", written):
        return written.lower()
    raise Bad(
        Text(
            en='it must be a bare mail address, like "me@example.jp"',
            ja='メールアドレスだけを書いてください(例: "me@example.jp")',
        )
    )


def store(value: object) -> str:
    """Return the domain of an Amazon retail store."""
    name = text(value).strip().lower()
    if name in STORES:
        return name
    raise Bad(
        Text(
            en="it must name Amazon stores, each one of: {names}",
            ja="Amazon のストアを次から選んでください: {names}",
        ),
        names=", ".join(sorted(STORES)),
    )


def nameserver(value: object) -> str:
    """Return a name server: `ADDRESS`, `ADDRESS:PORT` or `[IPV6-ADDRESS]:PORT`."""
    written = text(value).strip()
    try:
        split_nameserver(written)
    except ValueError as error:
        raise Bad(
            Text(
                en='it must be an IP address, with a port if need be: "127.0.0.1:53"',
                ja='IP アドレスで、必要ならポート付きで書いてください: "127.0.0.1:53"',
            )
        ) from error
    return written
