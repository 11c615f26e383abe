"""What can be configured: one frozen class a table, one field a key (contract §2).

A field holds its default and the parser of its value, so that the loader, the example
file and its test all read the keys from here. A parser takes what `tomllib` gave and
raises `Bad`; the key is named by the caller.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from watcher.clock import parse_duration
from watcher.config.providers import PRESETS
from watcher.dkim import split_nameserver
from watcher.i18n import Text
from watcher.imap.account import Tls, WatchMode
from watcher.notify.delivery import ChannelChoice
from watcher.recognition.amazon import STORES

Parser = Callable[[object], object]
EnumT = TypeVar("EnumT", bound=StrEnum)


class Bad(Exception):
    """A value that cannot be used; the text holds the reason and the remedy."""

    def __init__(self, text: Text, **data: object) -> None:
        super().__init__(text)
        self.text = text
        self.data = data


def parse_text(value: object) -> str:
    """Return a string that is not empty."""
    if isinstance(value, str) and value.strip():
        return value
    raise Bad(
        Text(
            en='it must be a text in quotes that is not empty, like "value"',
            ja='引用符で囲んだ空でない文字列にしてください(例: "value")',
        )
    )


def parse_any_text(value: object) -> str:
    """Return a string, which may be empty."""
    return "" if value == "" else parse_text(value)


def parse_boolean(value: object) -> bool:
    """Return true or false."""
    if isinstance(value, bool):
        return value
    raise Bad(
        Text(
            en="it must be true or false, without quotes",
            ja="引用符なしの true か false にしてください",
        )
    )


def parse_port(value: object) -> int:
    """Return a TCP port, 1 to 65535."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536:
        return value
    raise Bad(
        Text(
            en="it must be a port number from 1 to 65535, without quotes",
            ja="引用符なしのポート番号(1〜65535)にしてください",
        )
    )


def parse_positive(value: object) -> timedelta:
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
        span = parse_positive(value)
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


def parse_path(value: object) -> Path:
    """Return a path; `~` is the user's home."""
    return Path(parse_text(value)).expanduser()


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


def parse_command(value: object) -> tuple[str, ...]:
    """Return a command as its argument list; it is run without a shell."""
    words = list_of(parse_text)(value)
    if words:
        return tuple(str(word) for word in words)
    raise Bad(
        Text(
            en='it must name a program, like ["pass", "show", "mail/home"]',
            ja='プログラム名を入れてください(例: ["pass", "show", "mail/home"])',
        )
    )


def parse_address(value: object) -> str:
    """Return a mail address in lower case."""
    written = parse_text(value).strip()
    if re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", written):
        return written.lower()
    raise Bad(
        Text(
            en='it must be a bare mail address, like "me@example.jp"',
            ja='メールアドレスだけを書いてください(例: "me@example.jp")',
        )
    )


def parse_store(value: object) -> str:
    """Return the domain of an Amazon retail store."""
    name = parse_text(value).strip().lower()
    if name in STORES:
        return name
    raise Bad(
        Text(
            en="it must name Amazon stores, each one of: {names}",
            ja="Amazon のストアを次から選んでください: {names}",
        ),
        names=", ".join(sorted(STORES)),
    )


def parse_nameserver(value: object) -> str:
    """Return a name server: `ADDRESS`, `ADDRESS:PORT` or `[IPV6-ADDRESS]:PORT`."""
    written = parse_text(value).strip()
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


def _key(parse: Parser, default: Any = None, *, secret: bool = False) -> Any:
    """Declare a key; `secret` keeps it out of every repr."""
    return field(default=default, repr=not secret, metadata={"parse": parse})


class LanguageChoice(StrEnum):
    """The user's language; AUTO is the desktop's."""

    AUTO = "auto"
    JA = "ja"
    EN = "en"


class Auth(StrEnum):
    """How to log in."""

    PASSWORD = "password"  # noqa: S105 -- the name of a method, no password


def _spans(*minutes: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(minutes=minute) for minute in minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """`[watch]`: what is looked for, and how often."""

    window: timedelta = _key(at_least(timedelta(seconds=30)), timedelta(minutes=5))
    mode: WatchMode = _key(one_of(WatchMode), WatchMode.AUTO)
    # Servers lock out clients that ask more often than every few seconds.
    poll_interval: timedelta = _key(
        at_least(timedelta(seconds=1)), timedelta(seconds=15)
    )
    look_back: timedelta = _key(parse_positive, timedelta(hours=24))
    stores: tuple[str, ...] = _key(list_of(parse_store), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """`[notify]`: what the user is told, and how."""

    enabled: bool = _key(parse_boolean, True)
    language: LanguageChoice = _key(one_of(LanguageChoice), LanguageChoice.AUTO)
    remind_at: tuple[timedelta, ...] = _key(list_of(parse_positive), _spans(2, 1))
    unverified: bool = _key(parse_boolean, True)
    channel: ChannelChoice = _key(one_of(ChannelChoice), ChannelChoice.AUTO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """`[log]`: where the event log lies; None is the platform's user state folder."""

    path: Path | None = _key(parse_path)
    keep: timedelta = _key(at_least(timedelta(days=1)), timedelta(days=365))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dkim:
    """`[dkim]`: who is asked for keys; no name server means the system's resolvers."""

    nameservers: tuple[str, ...] = _key(list_of(parse_nameserver), ())
    timeout: timedelta = _key(parse_positive, timedelta(seconds=3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`[[accounts]]`: one mailbox account, as the file has it."""

    name: str = _key(parse_text, "")
    provider: str | None = _key(word_of(PRESETS))
    user: str = _key(parse_text, "")
    password_command: tuple[str, ...] | None = _key(parse_command, secret=True)
    password_env: str | None = _key(parse_text)
    password_file: Path | None = _key(parse_path)
    keyring: bool = _key(parse_boolean, False)
    auth: Auth = _key(one_of(Auth), Auth.PASSWORD)
    host: str | None = _key(parse_text)
    port: int | None = _key(parse_port)
    tls: Tls | None = _key(one_of(Tls))
    ca_file: Path | None = _key(parse_path)
    mailboxes: tuple[str, ...] = _key(list_of(parse_text), ("INBOX", "\\Junk"))
    addresses: tuple[str, ...] = _key(list_of(parse_address), ())
    authserv_id: str = _key(parse_any_text, "")


TABLES: dict[str, type] = {"watch": Watch, "notify": Notify, "log": Log, "dkim": Dkim}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration, checked."""

    watch: Watch = Watch()
    notify: Notify = Notify()
    log: Log = Log()
    dkim: Dkim = Dkim()
    accounts: tuple[Account, ...] = ()
