"""Tells of a key that is not known which one is meant; a good file is read without it.

Slips are few: the nearest key is named only if few letters differ, or if one begins
with the other; else the keys that there are.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from watcher.config.problem import Problem
from watcher.config.schema import TABLES, Account
from watcher.config.secret_keys import NO_PASSWORD_HERE, is_secret_key
from watcher.config.shown import HIDDEN, shown_key
from watcher.config.signs import meant
from watcher.i18n import Text

LETTERS_PER_SLIP = 3
"""So many letters of a key may hold one slip: of `user` one, of `look_back` three."""
LEAST_START = 3
"""Letters by which a key is known that begins with them, as `lang` does."""


def unknown_keys(
    where: str, table: Mapping[str, Any], known: list[str]
) -> Iterator[Problem]:
    """Yield a problem for each key of a table that is not known."""
    for name in sorted(table.keys() - set(known)):
        shown = shown_key(name)
        key = f"{where}{shown}"
        if is_secret_key(name):
            yield Problem(key, NO_PASSWORD_HERE)
        elif header := _HEADERS.get(name):
            yield Problem(key, _ELSEWHERE, {"header": header})
        elif shown == HIDDEN:
            yield Problem(key, _HIDDEN_KEY)
        else:
            given = [one for one in known if one in table]
            missing = [one for one in known if one not in table]
            yield _misspelt(where, key, name, missing, given)


def _misspelt(
    where: str, key: str, name: str, missing: list[str], given: list[str]
) -> Problem:
    """Return what to write in the place of a key, whose table has some already."""
    slips, near = _nearest(name, [*missing, *given])
    slips_there, there = _nearest(name, _HEADERS)
    if near and slips <= slips_there:
        return Problem(key, _MEANT, {"near": near}, meant=f"{where}{near}")
    if there:
        return Problem(key, _MEANT_THERE, {"near": there, "header": _HEADERS[there]})
    return Problem(key, _ONE_OF, {"keys": ", ".join(missing)})


def _nearest(name: str, known: Iterable[str]) -> tuple[float, str | None]:
    """Return how many slips make one of the keys out of a name, and which key.

    That one begins with the other counts as the most slips that there may be.
    """
    best: tuple[float, str | None] = (float("inf"), None)
    name = meant(name).lower().replace("-", "_")
    for key in known:
        most = max(1, max(len(name), len(key)) // LETTERS_PER_SLIP)
        slips = slips_between(name, key)
        is_start = key.startswith(name) or name.startswith(key)
        if is_start and min(len(name), len(key)) >= LEAST_START:
            slips = min(slips, most)
        if slips <= most and slips < best[0]:
            best = slips, key
    return best


def slips_between(first: str, second: str) -> int:
    """Return how many letters are missing, too many, wrong or in the wrong order.

    The distance of Damerau and Levenshtein, no letter being touched twice.
    """
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        before, above, row = row, before, [i]
        for j, other in enumerate(second, 1):
            slips = min(
                before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other)
            )
            is_swapped = i > 1 < j and (first[i - 2], second[j - 2]) == (other, letter)
            row.append(min(slips, above[j - 2] + 1) if is_swapped else slips)
    return row[-1]


_HEADERS = {
    key.name: f"[{name}]" for name, table in TABLES.items() for key in fields(table)
} | {key.name: "[[accounts]]" for key in fields(Account)}
"""The header of the table that a key belongs to."""

_MEANT = Text(
    en='this key is unknown; did you mean "{near}"? Rename or remove it',
    ja="知らないキーです。「{near}」のことですか。書きなおすか、消してください",
)
_MEANT_THERE = Text(
    en='this key is unknown; did you mean "{near}" of {header}? Rename it and move the '
    "line below {header}, or remove it",
    ja="知らないキーです。{header} の「{near}」のことですか。書きなおして、行を "
    "{header} の下に移すか、消してください",
)
_ONE_OF = Text(
    en="this key is unknown: remove it, or write one of: {keys}",
    ja="知らないキーです。消すか、次のどれかにしてください: {keys}",
)
_HIDDEN_KEY = Text(
    en="a key here is unknown, and not shown, since it may be a password: remove it, "
    'or write it like key = "value"',
    ja="知らないキーがあります。パスワードかもしれないので表示しません。消すか、"
    'キー = "値" の形に書きなおしてください',
)
_ELSEWHERE = Text(
    en="this key belongs to another table: move the line below {header}",
    ja="このキーは別の表のものです。行を {header} の下に移してください",
)
