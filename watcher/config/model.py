"""What can be configured: one frozen class a table, one field a key (contract §2).

A field holds its default and the parser of its value, so that the loader, the example
file and its test all read the keys from here.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from watcher.config import parsers
from watcher.imap.account import Tls, WatchMode
from watcher.imap.providers import PRESETS


def _key(parse: parsers.Parser, default: Any = None, *, secret: bool = False) -> Any:
    """Declare a key; `secret` keeps it out of every repr."""
    return field(default=default, repr=not secret, metadata={"parse": parse})


class LanguageChoice(StrEnum):
    """The user's language; AUTO is the desktop's."""

    AUTO = "auto"
    JA = "ja"
    EN = "en"


class ChannelChoice(StrEnum):
    """The way to the user's eyes; AUTO tries one after the other."""

    AUTO = "auto"
    FREEDESKTOP = "freedesktop"
    PLYER = "plyer"
    TERMINAL = "terminal"


class Auth(StrEnum):
    """How to log in."""

    PASSWORD = "password"  # noqa: S105 -- the name of a method, no password


def _spans(*minutes: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(minutes=minute) for minute in minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """`[watch]`: what is looked for, and how often."""

    window: timedelta = _key(
        parsers.at_least(timedelta(seconds=30)), timedelta(minutes=5)
    )
    mode: WatchMode = _key(parsers.one_of(WatchMode), WatchMode.AUTO)
    # Servers lock out clients that ask more often than every few seconds.
    poll_interval: timedelta = _key(
        parsers.at_least(timedelta(seconds=1)), timedelta(seconds=15)
    )
    look_back: timedelta = _key(parsers.duration, timedelta(hours=24))
    stores: tuple[str, ...] = _key(parsers.list_of(parsers.store), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """`[notify]`: what the user is told, and how."""

    enabled: bool = _key(parsers.boolean, True)
    language: LanguageChoice = _key(parsers.one_of(LanguageChoice), LanguageChoice.AUTO)
    remind_at: tuple[timedelta, ...] = _key(
        parsers.list_of(parsers.duration), _spans(2, 1)
    )
    unverified: bool = _key(parsers.boolean, True)
    channel: ChannelChoice = _key(parsers.one_of(ChannelChoice), ChannelChoice.AUTO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """`[log]`: where the event log lies; None is the platform's user state folder."""

    path: Path | None = _key(parsers.path)
    keep: timedelta = _key(parsers.at_least(timedelta(days=1)), timedelta(days=365))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dkim:
    """`[dkim]`: who is asked for keys; no name server means the system's resolvers."""

    nameservers: tuple[str, ...] = _key(parsers.list_of(parsers.nameserver), ())
    timeout: timedelta = _key(parsers.duration, timedelta(seconds=3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`[[accounts]]`: one mailbox account, as the file has it."""

    name: str = _key(parsers.text, "")
    provider: str | None = _key(parsers.word_of(PRESETS))
    user: str = _key(parsers.text, "")
    password_command: tuple[str, ...] | None = _key(parsers.command, secret=True)
    password_env: str | None = _key(parsers.text)
    password_file: Path | None = _key(parsers.path)
    keyring: bool = _key(parsers.boolean, False)
    auth: Auth = _key(parsers.one_of(Auth), Auth.PASSWORD)
    host: str | None = _key(parsers.text)
    port: int | None = _key(parsers.port)
    tls: Tls | None = _key(parsers.one_of(Tls))
    ca_file: Path | None = _key(parsers.path)
    mailboxes: tuple[str, ...] = _key(
        parsers.list_of(parsers.text), ("INBOX", "\\Junk")
    )
    addresses: tuple[str, ...] = _key(parsers.list_of(parsers.address), ())
    authserv_id: str = _key(parsers.any_text, "")


TABLES: dict[str, type] = {"watch": Watch, "notify": Notify, "log": Log, "dkim": Dkim}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration, checked."""

    watch: Watch = Watch()
    notify: Notify = Notify()
    log: Log = Log()
    dkim: Dkim = Dkim()
    accounts: tuple[Account, ...] = ()
