"""What of the configuration may be repeated in a message.

A password gets into the file in more ways than can be told apart: under any key, behind
a login name, on a line of its own. So of a line only what is known to be harmless is
shown; line and column name the place.
"""

import difflib
import re
from collections.abc import Collection
from dataclasses import fields

from watcher.config.schema import TABLES, Account
from watcher.config.secret_keys import SECRET, WORDS
from watcher.config.signs import meant
from watcher.recognition.text import sanitise

HIDDEN = "…"

_OTHERS = [key for table in TABLES.values() for key in fields(table)]
_PLAIN = {key.name for key in _OTHERS if key.repr}
"""Keys of the other tables behind which no password is written."""
_HARMLESS = {
    *("name", "provider", "user", "host", "port", "tls", "mailboxes", "addresses"),
    *("relays", "authserv_id"),
}
"""The keys of an account of which a whole value may be shown."""
_KNOWN = [
    *(key.name for key in _OTHERS),
    *(key.name for key in fields(Account)),
    *TABLES,
    "accounts",
    *WORDS,
]

_HEADER = re.compile(rf"\[{{1,2}}\s*(?:{'|'.join(TABLES)}|accounts)?\s*\]{{0,2}}")
_START = re.compile(r"([^\s=:＝：]+)(\s*[=＝]|)")
_WORD = re.compile(r"[a-z]{1,12}(?:[_-][a-z]{1,12})*")
"""As keys are; an app password of 16 letters is none."""

_ITEM = r"""(?:"[^"\\:]*"|'[^':]*'|\d+|true|false)"""
_WHOLE = re.compile(
    rf"\s*(?:{_ITEM}|\[\s*(?:{_ITEM}\s*,\s*)*(?:{_ITEM})?\s*\])(?=\s*(?:#|$))"
)
"""A value that ends where it seems to; with a colon it may be `user:password`."""


def shown_key(name: str) -> str:
    """Return a key that the program does not know, or … where it may be a secret."""
    return sanitise(name) if _WORD.fullmatch(name) or _is_near(name) else HIDDEN


def shown_line(line: str) -> str:
    """Return a line up to its key or value, with … for what may be a secret."""
    line = line.strip()
    if _HEADER.fullmatch(meant(line).strip()):
        return sanitise(line)
    start = _START.match(line)
    if not start:
        return HIDDEN
    names = [part.strip("\"' ") for part in meant(start[1]).split(".")]
    if not all(_is_near(one) or (start[2] and _WORD.fullmatch(one)) for one in names):
        return HIDDEN
    end = start.end()
    if names[-1] in _PLAIN and not SECRET.search(meant(line)):
        end = len(line)
    elif names[-1] in _HARMLESS and (whole := _WHOLE.match(line, end)):
        end = whole.end()
    return sanitise(line[:end]) + (f" {HIDDEN}" if line[end:].strip() else "")


def _is_near(name: str, known: Collection[str] = tuple(_KNOWN)) -> bool:
    return bool(difflib.get_close_matches(meant(name).lower(), known, 1, cutoff=0.8))
