"""The page on the configuration, from the declarations of its keys."""

import types
from collections.abc import Iterator
from dataclasses import Field, fields
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from watcher.cli.layout import Section
from watcher.config.schema import TABLES, Account
from watcher.i18n import Language, Text
from watcher.name_server import NameServer

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def page(language: Language) -> Iterator[Section]:
    """Yield a section for each table of the configuration."""
    yield Section(paragraphs=[_CONFIG.say(language)])
    for name, table in TABLES.items():
        yield _section(f"[{name}]", table, language)
    yield _section("[[accounts]]", Account, language)


def _section(title: str, table: type, language: Language) -> Section:
    hints = get_type_hints(table)
    entries = [
        (key.name, _meaning(key, hints[key.name], language))
        if "parse" in key.metadata
        else (f"[accounts.{key.name}]", key.metadata["about"].say(language))
        for key in fields(table)
    ]
    return Section(title=title, entries=entries)


def _meaning(key: Field[Any], hint: Any, language: Language) -> str:  # noqa: ANN401 -- a type hint may be of any type
    about: Text = key.metadata["about"]
    lines = [about.say(language), _FORM.say(language, form=_form(hint, language))]
    if (default := as_toml(key.default)) is not None:
        lines[1] += _DEFAULT.say(language, default=default)
    return "\n".join(lines)


def _form(hint: Any, language: Language) -> str:  # noqa: ANN401
    """Return what a value of a type is written like."""
    if get_origin(hint) in (types.UnionType, Union):
        hint = next(one for one in get_args(hint) if one is not type(None))
    if get_origin(hint) is tuple:
        item = get_args(hint)[0]
        if item in _LISTS:
            return _LISTS[item].say(language)
        return _LIST.say(language, form=_form(item, language))
    if issubclass(hint, StrEnum):
        return " · ".join(f'"{one}"' for one in hint)
    return _FORMS[hint].say(language)


def as_toml(value: object) -> str | None:
    """Return a default as the file would have it; None where there is none."""
    match value:
        case None | "":
            return None
        case bool():
            return str(value).lower()
        case timedelta():
            return f'"{_duration(value)}"'
        case tuple():
            return f"[{', '.join(as_toml(one) or '' for one in value)}]"
        case str():
            return '"{}"'.format(value.replace("\\", "\\\\"))
        case _:
            return str(value)


def _duration(span: timedelta) -> str:
    """Return a time span in the largest unit that gives a whole number.

    A day is written as hours, as people do.
    """
    seconds = int(span.total_seconds())
    unit, size = next(
        (unit, size)
        for unit, size in _UNITS
        if seconds % size == 0 and (unit != "d" or seconds > size)
    )
    return f"{seconds // size}{unit}"


_CONFIG = Text(
    en="Every key of config.toml. Only [[accounts]] has to be there, once for each "
    "account; `watcher init` writes it. Where the file lies: watcher help files",
    ja="config.toml に書けるすべてのキーです。必ず書くのは [[accounts]] だけで、"
    "アカウントの数だけ並べます(`watcher init` が書きます)。ファイルの場所は "
    "watcher help files で分かります。",
)
_FORM = Text(en="Written as: {form}.", ja="書き方: {form}。")
_DEFAULT = Text(en=" Default: {default}", ja="既定: {default}")
_LIST = Text(en="a list in [ ] of: {form}", ja="[ ] で囲んだリスト({form})")
_LISTS = {
    str: Text(
        en='a list in [ ] of texts in quotes, like ["first", "second"]',
        ja='文字列を [ ] で囲んだリスト(例: ["first", "second"])',
    ),
    timedelta: Text(
        en='a list in [ ] of time spans, like ["90s", "30s"]',
        ja='時間を [ ] で囲んだリスト(例: ["90s", "30s"])',
    ),
    NameServer: Text(
        en='a list in [ ] of IP addresses, like ["127.0.0.1:53"] or ["tls://1.1.1.1"]',
        ja='IP アドレスを [ ] で囲んだリスト(例: ["127.0.0.1:53"]、["tls://1.1.1.1"])',
    ),
}
_FORMS = {
    bool: Text(en="true or false", ja="true か false"),
    str: Text(en='text in quotes, like "value"', ja='引用符で囲んだ文字列("value")'),
    int: Text(en="a number", ja="数"),
    timedelta: Text(
        en='a time span, like "90s", "5m", "2h", "30d", or a number of seconds',
        ja='時間("90s" "5m" "2h" "30d" など。数だけなら秒)',
    ),
    Path: Text(en="the path of a file, in quotes", ja="引用符で囲んだファイルの場所"),
}
