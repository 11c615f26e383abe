"""Says in the reader's language why something failed, which the log keeps in English.

The sentence is found again among those of the modules that write one there, and what
stood in its fields is put into the same sentence in Japanese.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from string import Formatter

from watcher.config.schema import CHANNELS
from watcher.i18n import Language, Text

MODULES = (
    *("app.attempts", "app.browser", "app.clipboard", "app.portal", "errors"),
    *("notify.apprise", "notify.dbus", "notify.elsewhere", "notify.freedesktop"),
    *("notify.hook", "notify.macos", "notify.ntfy", "notify.plyer"),
    *("notify.terminal", "notify.toast"),
    *(("notify.toaster",) if sys.platform == "win32" else ()),
)
"""Whose sentences the log keeps; imported where one is to be said in Japanese."""

LEAST_LITERAL = 8
"""Characters; a sentence that is hardly more than its fields is found in all others."""


@dataclass(frozen=True, slots=True)
class Retold:
    """The detail of a failure, as the log keeps it: `channel: sentence`, or no channel.

    What is no sentence of the program, as of another version, is said as it is.
    """

    detail: str

    def say(self, language: Language) -> str:
        """Return it in a language."""
        if language is Language.EN:
            return self.detail
        channel, colon, sentence = self.detail.partition(": ")
        if not colon or not re.fullmatch("[a-z]+", channel):
            return _in_japanese(self.detail)
        name = CHANNELS[channel].say(language) if channel in CHANNELS else channel
        return f"{name}: {_in_japanese(sentence)}"


def _in_japanese(sentence: str) -> str:
    for pattern, japanese in _known():
        if match := pattern.fullmatch(sentence):
            return _filled(japanese, match.groupdict())
    return sentence


def _filled(template: str, fields: Mapping[str, str]) -> str:
    """Return a sentence with what stood in its fields, which may be one of ours, too.

    A number was formatted when it was stored.
    """
    return "".join(
        literal + (_in_japanese(fields[name]) if name else "")
        for literal, name, _, _ in Formatter().parse(template)
    )


@cache
def _known() -> list[tuple[re.Pattern[str], str]]:
    """Return what finds each sentence, the most telling first, and its Japanese."""
    texts = {
        text
        for name in MODULES
        for text in texts_in(list(vars(import_module(f"watcher.{name}")).values()))
        if len(_literal(text)) >= LEAST_LITERAL
    }
    ordered = sorted(texts, key=lambda text: (-len(_literal(text)), text))
    return [(_pattern(text.en), text.ja) for text in ordered]


def texts_in(value: object) -> Iterator[Text]:
    """Yield the texts in a constant of a module."""
    match value:
        case Text():
            yield value
        case dict():
            yield from texts_in(list(value.values()))
        case list() | tuple():
            for one in value:
                yield from texts_in(one)
        case _:
            pass


def _literal(text: Text) -> str:
    return "".join(literal for literal, _, _, _ in Formatter().parse(text.en))


def _pattern(template: str) -> re.Pattern[str]:
    """Return what matches a sentence, and names what stands in its fields."""
    seen: set[str] = set()
    parts = []
    for literal, name, _, _ in Formatter().parse(template):
        parts.append(re.escape(literal))
        if name:
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>.*)")
            seen.add(name)
    return re.compile("".join(parts), re.DOTALL)
