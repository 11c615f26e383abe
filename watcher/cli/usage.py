"""The words of argparse in the user's language, while a command line is parsed.

argparse takes them from `gettext`, which looks for a catalogue on the disk by the
environment alone. Here its two functions are replaced while `speaking` lasts. A message
that is not known stays in English.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from watcher.i18n import Language, Text, wrap_columns

SHOW_HELP = Text(en="show this help message and exit", ja="この説明を表示して終了する")
"""What `-h` and `--help` do."""

MESSAGES = (
    Text(en="usage: ", ja="使い方: "),
    Text(en="positional arguments", ja="引数"),
    Text(en="options", ja="オプション"),
    SHOW_HELP,
    Text(
        en="%(prog)s: error: %(message)s\n",
        ja="%(prog)s: 使い方が違います: %(message)s\n",
    ),
    Text(
        en="argument %(argument_name)s: %(message)s",
        ja="%(argument_name)s: %(message)s",
    ),
    Text(
        en="the following arguments are required: %s",
        ja="次の引数を指定してください: %s",
    ),
    Text(
        en="one of the arguments %s is required",
        ja="次のどれか 1 つを指定してください: %s",
    ),
    Text(
        en="unrecognized arguments: %s",
        ja="知らない引数です(--help で確かめてください): %s",
    ),
    Text(en="expected one argument", ja="値を 1 つ指定してください"),
    Text(en="expected at most one argument", ja="値は 1 つまでです"),
    Text(en="expected at least one argument", ja="値を 1 つ以上指定してください"),
    Text(en="expected %s argument", ja="値を %s 個指定してください"),
    Text(en="expected %s arguments", ja="値を %s 個指定してください"),
    Text(
        en="invalid choice: %(value)r (choose from %(choices)s)",
        ja="%(value)r はありません。次から選んでください: %(choices)s",
    ),
    Text(  # Python 3.14
        en="invalid choice: %(value)r, maybe you meant %(closest)r? "
        "(choose from %(choices)s)",
        ja="%(value)r はありません。%(closest)r ですか? 次から選んでください: "
        "%(choices)s",
    ),
    Text(
        en="unknown parser %(parser_name)r (choices: %(choices)s)",
        ja="%(parser_name)r はありません。次から選んでください: %(choices)s",
    ),
    Text(
        en="invalid %(type)s value: %(value)r",
        ja="%(value)r は %(type)s の値ではありません",
    ),
    Text(en="ignored explicit argument %r", ja="値 %r は指定できません"),
    Text(en="not allowed with argument %s", ja="%s と同時には指定できません"),
    Text(
        en="ambiguous option: %(option)s could match %(matches)s",
        ja="%(option)s だけでは %(matches)s のどれか決まりません",
    ),
    Text(en="unexpected option string: %s", ja="ここに %s は書けません"),
    Text(
        en="can't open '%(filename)s': %(error)s",
        ja="'%(filename)s' を開けません: %(error)s",
    ),
)
"""What argparse of Python 3.11 to 3.14 may say to a user, by its own English words."""


_USAGE_IS_WIDER = len("使い方")
"""By so many columns than argparse counts."""


class JapaneseFormatter(argparse.HelpFormatter):
    """Wraps help by the columns that it takes, not by its characters."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrap_columns(text, width)

    def _format_usage(self, *arguments: Any) -> str:  # noqa: ANN401 -- argparse's
        self._width -= _USAGE_IS_WIDER
        try:
            return super()._format_usage(*arguments)
        finally:
            self._width += _USAGE_IS_WIDER

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in wrap_columns(text, width))


FORMATTERS = {Language.EN: argparse.HelpFormatter, Language.JA: JapaneseFormatter}


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Let argparse speak a language, whatever `gettext` would find."""
    words = {text.en: text.say(language) for text in MESSAGES}
    token = _SPOKEN.set(language)

    def gettext(message: str) -> str:
        return words.get(message, message)

    def ngettext(singular: str, plural: str, number: int) -> str:
        return gettext(singular if number == 1 else plural)

    names = vars(argparse)
    before = {name: names[name] for name in ("_", "ngettext")}
    names.update(_=gettext, ngettext=ngettext)
    try:
        yield
    finally:
        names.update(before)
        _SPOKEN.reset(token)


_SPOKEN: ContextVar[Language] = ContextVar("spoken", default=Language.EN)


def spoken(text: Text, **data: object) -> str:
    """Return a sentence of ours in the language that argparse speaks now."""
    return text.say(_SPOKEN.get(), **data)
