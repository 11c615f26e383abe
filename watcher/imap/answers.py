"""Reads what servers answer, as imapclient hands it over; pure but for the clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeGuard

from watcher.clock import utc_now

_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
"""Three letters each: strftime would speak the user's language."""

_LARGEST = 2**32 - 1
"""UIDs and the like have 32 bits (RFC 3501 §9); no log could hold any number."""

_A_DAY = timedelta(days=1)
"""No clock is so far ahead: a later INTERNALDATE is none."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What EXAMINE told of a mailbox."""

    uid_validity: int
    uid_next: int | None
    """None where the server does not tell it."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of one mail."""

    uid: int
    received_at: datetime
    """INTERNALDATE, aware; the present where the server has none that can be read."""
    header: bytes


def imap_date(day: datetime) -> str:
    """Return a date as SEARCH wants it (RFC 3501 §9)."""
    month = _MONTHS[3 * day.month - 3 : 3 * day.month]
    return f"{day.day}-{month}-{day.year}"


def received_at(answer: Mapping[bytes, Any]) -> datetime:
    """Return INTERNALDATE in UTC; now, where it is missing or cannot be."""
    date, now = answer.get(b"INTERNALDATE"), utc_now()
    if not isinstance(date, datetime):
        return now
    try:
        aware = date if date.tzinfo else date.replace(tzinfo=UTC)
        arrived_at = aware.astimezone(UTC)
    except (OverflowError, ValueError):  # ValueError: a zone of more than a day
        return now
    return arrived_at if arrived_at - now < _A_DAY else now


def number(value: object) -> int | None:
    """Return a UID, UIDNEXT or UIDVALIDITY, None for what cannot be one."""
    return value if isinstance(value, int) and 0 <= value <= _LARGEST else None


def uids(words: Iterable[bytes]) -> list[int]:
    """Return the UIDs among words, ascending, each once."""
    digits = len(str(_LARGEST))
    short = (word for word in words if word.isdigit() and len(word) <= digits)
    return sorted({uid for word in short if (uid := number(int(word)))})


def is_name(name: object) -> TypeGuard[str]:
    """Return whether a mailbox can have this name: NIL or half a character cannot be.

    imapclient decodes names from modified UTF-7, which can hold half of a pair.
    """
    return isinstance(name, str) and name == name.encode(errors="ignore").decode()


def part(answer: Mapping[bytes, Any], name: bytes) -> bytes | None:
    """Return a body part by its name; the server adds where a partial one begins."""
    values = (value for key, value in answer.items() if key.startswith(name))
    value = next(values, None)
    return value if isinstance(value, bytes) else None


def text(word: object) -> str:
    """Return a word as text, empty where the server said NIL."""
    return word.decode(errors="replace") if isinstance(word, bytes) else ""


def upper(words: Iterable[bytes]) -> frozenset[str]:
    """Return words as text in upper case."""
    return frozenset(text(word).upper() for word in words)


def lower(words: Iterable[bytes]) -> frozenset[str]:
    """Return words as text in lower case."""
    return frozenset(text(word).lower() for word in words)
