"""Turns an event into a row of the log and back; a row that is none is refused.

SQLite lets any value stand in any column, and a damaged file holds what nobody wrote:
so every value read is checked for its type, its range and what its event is about.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlsplit

from watcher.clock import LONGEST_DURATION, BootClock
from watcher.events import (
    FIELDS,
    AccountRef,
    AnyEvent,
    Attempt,
    Cursor,
    Event,
    EventName,
    Expectation,
    Mail,
    Mode,
    ModeReason,
    State,
    from_fields,
    to_fields,
)
from watcher.journal.schema import ODD
from watcher.recognition.claim import Kind

_OWN = frozenset({"at", "expires_at"})
"""Instants that are read off the wall clock of this machine."""


def _select(own: str, *more: str) -> str:
    columns = [own.format(name) if name in _OWN else f"e.{name}" for name in FIELDS]
    named = ", ".join(("e.id", *columns, "secret", *more))
    return (
        f"SELECT {named.replace('e.secret', 'e.masked')} "  # noqa: S608 -- constants
        "FROM events e LEFT JOIN secrets s ON s.attempt_id = e.attempt_id"
    )


COLUMNS = ", ".join((*FIELDS, "boot", "at_boot")).replace("secret", "masked")
MARKS = ", ".join("?" for _ in COLUMNS.split())
SELECT = _select("moved(e.{}, e.boot, e.at_boot)")
"""Selects events with the instants that they have by the clock of who reads them."""

SELECT_AS_WRITTEN = _select("e.{}", "e.boot", "e.at_boot")
WITH_NAMES = (
    "WITH RECURSIVE names (name) AS (SELECT min(event) FROM events UNION ALL SELECT "
    "(SELECT min(event) FROM events WHERE event > name) FROM names "
    "WHERE name IS NOT NULL)"
)
"""Begins a query that needs to know by what names there are events, odd ones, too."""

FIND_ODD = (
    f"{WITH_NAMES} SELECT id FROM events WHERE event IN (SELECT name FROM names "  # noqa: S608 -- constants
    f"WHERE name NOT IN ({', '.join(repr(name.value) for name in EventName)})) "
    f"UNION SELECT id FROM events INDEXED BY events_odd WHERE {ODD} LIMIT 9"
)
"""Finds rows that no other query would, though they may be of live attempts."""

Scale = tuple[int, int]
"""Which boot it was, and what the wall clock that was read showed at boot, in ms."""

Value = str | bytes | int | float | None
"""What SQLite can hold."""

MASK = "…"
SQLITE_NUMBERS = 2**63

LARGEST_UID = 2**32
"""UIDNEXT of a mailbox whose last UID is the largest (RFC 3501 §2.3.1.1)."""

_INSTANTS = frozenset({"at", "attempted_at", "received_at", "expires_at"})
_NUMBERS = frozenset({"attempt_id", "uid_validity", "uid", "is_deadline_known"})
_NEEDED = frozenset({"at", "event", "reasons"})
_OF_MAIL = ("attempt_id", "mailbox", "uid_validity", "received_at")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DAY = timedelta(days=1)
_FIRST = datetime.min.replace(tzinfo=UTC) + _DAY
_LAST = datetime.max.replace(tzinfo=UTC) - _DAY
"""Every instant between them has a local time, too."""

ABOUT: dict[EventName, type[Mail | AccountRef | Expectation]] = {
    EventName.ATTEMPT: Attempt,
    EventName.MISSED: Attempt,
    EventName.UNVERIFIED: Attempt,
    EventName.LOOK_ALIKE: Mail,
    EventName.NOTIFIED: Attempt,
    EventName.REMINDED: Attempt,
    EventName.EXPIRED: Attempt,
    EventName.OPENED: Attempt,
    EventName.OPEN_FAILED: Attempt,
    EventName.NOT_ME: Attempt,
    EventName.COPIED: Attempt,
    EventName.OUTCOME: Attempt,
    EventName.SUPERSEDED: Attempt,
    EventName.SIGN_IN_REPORTED: Attempt,
    EventName.ARMED: Expectation,
    EventName.BLIND: AccountRef,
    EventName.RECOVERED: AccountRef,
}
"""What an event must be about; the others may be about anything."""


class OddRow(ValueError):
    """A row that this program has not written: damage, or somebody else's hand."""


def to_ms(instant: datetime) -> int:
    """Return milliseconds since 1970-01-01 UTC, of an instant that `from_ms` takes."""
    return (min(max(instant, _FIRST), _LAST) - _EPOCH) // _MILLISECOND


_FIRST_MS, _LAST_MS = to_ms(_FIRST), to_ms(_LAST)


def from_ms(milliseconds: object) -> datetime:
    """Return the aware UTC instant of milliseconds since 1970-01-01 UTC.

    Raises:
        OddRow: it is no number, or an instant that `datetime` does not reach.
    """
    number = _number(milliseconds)
    if not _FIRST_MS <= number <= _LAST_MS:
        raise OddRow(number)
    return _EPOCH + number * _MILLISECOND


def moved(clock: BootClock, instant: Value, boot: Value, at_boot: Value) -> Value:
    """Return an instant that was read off a clock, as another clock shows it.

    What is odd, as nobody has written it, stays so; None where its scale is.
    """
    try:
        scale = to_scale(boot, at_boot)
    except OddRow:
        return None
    if scale is None or not isinstance(instant, int):
        return instant
    shown = instant + clock.step_ms(*scale)
    return shown if abs(shown) < SQLITE_NUMBERS else None


def to_scale(boot: object, at_boot: object) -> Scale | None:
    """Return by what clock a row's instants were read, as far as it is known.

    Raises:
        OddRow: these are no numbers, or one is missing.
    """
    if boot is None and at_boot is None:
        return None
    return _number(boot), _number(at_boot)


def mask(secret: str) -> str:
    """Return a link up to its token, or nothing of a code, and the sign of omission."""
    link = urlsplit(secret)
    return f"https://{link.netloc}/a/c/r/{MASK}" if link.netloc else MASK


def to_row(event: AnyEvent) -> tuple[object, ...]:
    """Return the event's `COLUMNS` but for the scale; its secret is masked."""
    fields = to_fields(event)
    fields |= {name: fields[name] and to_ms(fields[name]) for name in _INSTANTS}
    fields["secret"] = fields["secret"] and mask(fields["secret"])
    fields["reasons"] = json.dumps(fields["reasons"])
    return tuple(fields.values())


def from_row(row: tuple[Any, ...]) -> AnyEvent:
    """Return the event of a row of `SELECT`, with its link or code while it lives.

    Raises:
        OddRow: it is none.
    """
    ident, *values, live_secret = row
    fields: dict[str, Any] = {
        name: None if value is None else convert(value)
        for (name, convert), value in zip(_CONVERTERS, values, strict=True)
    }
    _require(all(fields[name] is not None for name in _NEEDED))
    try:
        fields["secret"] = _secret(fields["secret"], live_secret)
        fields["reasons"] = _reasons(fields["reasons"])
        if fields["account"] is not None and fields["uid"] is not None:
            _require(all(fields[name] is not None for name in _OF_MAIL))
        _require(fields["is_deadline_known"] in (None, 0, 1))
        if fields["kind"] is not None:
            Kind(fields["kind"])
        if fields["attempt_id"] is not None:
            _require(0 < fields["attempt_id"] <= ident)
        event = from_fields(ident, fields)
    except (ValueError, RecursionError) as error:
        raise OddRow(str(error)) from error
    _require(isinstance(event.about, ABOUT.get(event.event, object)))
    _check_sense(event)
    return event


def whole(event: AnyEvent) -> AnyEvent:
    """Return the event of an attempt that is not over, with its link or code.

    Raises:
        OddRow: what it offers is lost.
    """
    if isinstance(event.about, Attempt):
        _require(MASK not in (event.about.secret or ""))
    return event


def without_secret(event: AnyEvent) -> AnyEvent:
    """Return the event of an attempt that is not over; as `unknown` if it lost all."""
    if isinstance(event.about, Attempt) and MASK in (event.about.secret or ""):
        about = replace(event.about, kind=Kind.UNKNOWN, secret=None)
        return replace(event, about=about)
    return event


def to_cursor(mailbox: object, *numbers: object) -> tuple[str, Cursor]:
    """Return how far a mailbox was synced, by its name.

    Raises:
        OddRow: these are no UIDs.
    """
    uid_validity, uid_next = map(_number, numbers)
    _require(0 <= uid_validity <= LARGEST_UID and 0 <= uid_next <= LARGEST_UID)
    return to_text(mailbox), Cursor(uid_validity, uid_next)


def to_shown(replaces_id: object, handle: object) -> tuple[int, str]:
    """Return the desktop's handle of what is shown, by its `replaces_id`.

    Raises:
        OddRow: it is none.
    """
    return _number(replaces_id), to_text(handle)


def to_server_clock(_: object, *bounds_s: object) -> tuple[float, float]:
    """Return the bounds of what a server's clock shows at boot, in Unix time.

    Raises:
        OddRow: these are no instants.
    """
    least_s, most_s = bounds_s
    if not (isinstance(least_s, float) and isinstance(most_s, float)):
        raise OddRow
    _require(_FIRST.timestamp() <= least_s <= most_s <= _LAST.timestamp())
    return least_s, most_s


def to_state(account: object, state: object) -> tuple[str, dict[str, Any]]:
    """Return what was stored of an account's session, by its name.

    Raises:
        OddRow: it is not what `status` could tell.
    """
    try:
        facts = json.loads(to_text(state))
        _require(isinstance(facts, dict))
        State(facts.get("state", State.STOPPED))
        if facts.get("mode_reason") is not None:
            Mode(facts.get("mode")), ModeReason(facts["mode_reason"])
        for name in ("since", "next_try_at", "last_look_at"):
            if facts.get(name) is not None:
                datetime.fromisoformat(to_text(facts[name])).astimezone()
        error = facts.get("error") or {}
        _require(isinstance(error, dict))
        _require(all(isinstance(words, str) for words in error.values()))
    except (ValueError, OverflowError, RecursionError) as odd:
        raise OddRow(str(odd)) from odd
    return to_text(account), facts


def to_text(value: object) -> str:
    """Return a text.

    Raises:
        OddRow: it is none.
    """
    if not isinstance(value, str):
        raise OddRow(type(value).__name__)
    return value


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise OddRow(type(value).__name__)
    return value


def _converter(name: str) -> Callable[[object], object]:
    """Return what checks the value of a field, and makes it an instant if it is one."""
    if name in _INSTANTS:
        return from_ms
    return _number if name in _NUMBERS else to_text


_CONVERTERS = tuple((name, _converter(name)) for name in FIELDS)


def _secret(masked: Any, live_secret: Any) -> str | None:  # noqa: ANN401 -- unchecked
    """Return the live link or code: of the host that was recognised, or none."""
    _require(masked is None or mask(masked) == masked)
    if masked is None or live_secret is None:
        return cast(str | None, masked)
    _require(live_secret != "" and mask(to_text(live_secret)) == masked)
    return to_text(live_secret)


def _reasons(written: str) -> list[str]:
    reasons = json.loads(written)
    _require(isinstance(reasons, list) and all(isinstance(one, str) for one in reasons))
    return list(reasons)


def _check_sense(event: Event[Any]) -> None:
    """Refuse an attempt without what its kind offers, and one alive for ages."""
    if event.event is EventName.EXPIRED and event.detail is not None:
        _require(event.detail in set(EventName))
    if event.event is EventName.ATTEMPT:
        _require(event.about.kind is Kind.UNKNOWN or event.about.secret is not None)
        _require(event.about.expires_at - event.at <= LONGEST_DURATION)


def _require(is_so: bool) -> None:
    if not is_so:
        raise OddRow
