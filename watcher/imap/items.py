"""Reads the data items of FETCH, EXAMINE and STATUS; what cannot be is left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from watcher.clock import utc_now
from watcher.recognition.header import split
from watcher.recognition.limits import HEADER_BYTES, MAIL_BYTES

LARGEST = 2**32 - 1
"""UIDs and the like have 32 bits (RFC 3501 §9); SQLite holds no larger than 64."""

_A_DAY = timedelta(days=1)
"""A later INTERNALDATE is impossible: no server's clock is so far ahead."""


@dataclass(frozen=True, slots=True)
class ExamineResult:
    """What EXAMINE answers about a mailbox."""

    uid_validity: int
    uid_next: int | None
    """None where the server omits it."""


@dataclass(frozen=True, slots=True)
class MessageHeader:
    """The header of one mail."""

    uid: int
    received_at: datetime
    """INTERNALDATE, aware; now where it is missing or impossible."""
    saved_at: datetime | None
    """SAVEDATE, aware; None where it is missing or impossible."""
    header: bytes
    raw: bytes | None = None
    """The mail, at most `MAIL_BYTES` + 1 bytes, where it came with the header."""


_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
"""Three letters each: strftime would speak the user's language."""


def search_date(day: datetime) -> str:
    """Return a day as SEARCH wants it (RFC 3501 §9, date)."""
    month = _MONTHS[3 * day.month - 3 : 3 * day.month]
    return f"{day.day}-{month}-{day.year}"


def internal_date(answer: Mapping[bytes, Any]) -> datetime | None:
    """Return INTERNALDATE in UTC, however far ahead; None where it is no instant."""
    return _instant(answer.get(b"INTERNALDATE"))


def received_at(answer: Mapping[bytes, Any]) -> datetime:
    """Return INTERNALDATE in UTC; now, where it is missing or impossible."""
    return _possible(answer.get(b"INTERNALDATE")) or utc_now()


def saved_at(answer: Mapping[bytes, Any]) -> datetime | None:
    """Return SAVEDATE in UTC; None where it is NIL or impossible (RFC 8514 §4.2)."""
    from imapclient.datetime_util import parse_to_datetime  # see `connection`

    written = answer.get(b"SAVEDATE")
    if not isinstance(written, bytes):
        return None
    try:
        return _possible(parse_to_datetime(written, normalise=False))
    except (OverflowError, ValueError):
        return None


def _possible(date: object) -> datetime | None:
    """Return an instant in UTC, unless it is none or lies far ahead."""
    instant = _instant(date)
    return instant if instant and instant - utc_now() < _A_DAY else None


def _instant(date: object) -> datetime | None:
    if not isinstance(date, datetime):
        return None
    try:
        aware = date if date.tzinfo else date.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (OverflowError, ValueError):  # ValueError: a zone of more than a day
        return None


def number(value: object) -> int | None:
    """Return a UID, UIDNEXT or UIDVALIDITY, None for what cannot be one."""
    return value if isinstance(value, int) and 0 <= value <= LARGEST else None


def part(answer: Mapping[bytes, Any], name: bytes) -> bytes | None:
    """Return a body part by its name; the server adds the offset of a partial one."""
    value = next((answer[key] for key in answer if key.startswith(name)), None)
    return value if isinstance(value, bytes) else None


def raw(answer: Mapping[bytes, Any]) -> bytes | None:
    """Return a mail up to the bytes that are read of it; None if undelivered."""
    value = part(answer, b"BODY[]")
    return value[: MAIL_BYTES + 1] if value else None


def header(uid: int, answer: Mapping[bytes, Any]) -> MessageHeader | None:
    """Return what came of a mail whose header was asked for; None: nothing."""
    lines = (part(answer, b"BODY[HEADER]") or b"")[:HEADER_BYTES]
    return _message(uid, answer, lines) if lines else None


def mail(uid: int, answer: Mapping[bytes, Any]) -> MessageHeader | None:
    """Return what came of a mail that was asked for as a whole; None: nothing."""
    whole = raw(answer)
    if whole is None:
        return None
    return _message(uid, answer, split(whole)[0][:HEADER_BYTES], whole)


def _message(
    uid: int, answer: Mapping[bytes, Any], lines: bytes, whole: bytes | None = None
) -> MessageHeader:
    return MessageHeader(uid, received_at(answer), saved_at(answer), lines, whole)
