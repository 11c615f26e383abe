"""The questions that are asked of the event log, by commands that only read it, too.

Every instant of this boot is read by the time since boot: whoever asks, and however its
wall clock was set since, gets it as its own clock shows it. An instant of another boot
stands as it was written; one that lies ahead proves that a clock is or was wrong.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Self, TypeVar, cast

from watcher.clock import STEP_S, BootClock
from watcher.events import (
    ANSWERS,
    CLOSINGS,
    AnyEvent,
    Attempt,
    Cursor,
    Event,
    EventName,
    Expectation,
    Subject,
    SubjectT_co,
)
from watcher.journal import history, odd
from watcher.journal.carry import NEWEST_ARMING, NOT_OVER
from watcher.journal.database import Database
from watcher.journal.rows import (
    FIND_ODD,
    SELECT,
    from_ms,
    from_row,
    to_cursor,
    to_ms,
    to_server_clock,
    to_shown,
    to_state,
    whole,
    without_secret,
)

PAGE = 500
"""Events read at once, so that a long log needs little memory."""

COUNTED = 2000
"""Events of which those within a time are counted; no limit is as high."""

READ_AGAIN = 1024
"""Events about live attempts, which are read again and again, and converted once."""

CLOCKS_APART = timedelta(seconds=STEP_S)
"""Clocks that are less apart both count as right."""


def _without(names: Iterable[EventName]) -> str:
    """Return the condition that nothing of this has happened to an attempt."""
    return (
        "NOT EXISTS (SELECT 1 FROM events a WHERE a.attempt_id = e.attempt_id AND "  # noqa: S608 -- constants
        f"a.event IN ({', '.join(repr(name.value) for name in names)}))"
    )


_IS_VALID = f"(e.kind != 'code' OR {_without([EventName.SUPERSEDED])})"
"""A newer code stands for an older one; of links nobody knows that."""
_NOT_ANSWERED = f"{_IS_VALID} AND {_without(ANSWERS)}"
_IS_PENDING = _without(CLOSINGS)
_NOT_NOTIFIED = _without([EventName.NOTIFIED])

_BOUNDS = "SELECT account, least_s, most_s FROM clocks"
_AT = "moved(e.at, e.boot, e.at_boot)"
EXPIRES = "moved(e.expires_at, e.boot, e.at_boot)"
"""When an attempt is over by the clock of who reads it."""

T = TypeVar("T")


def as_of(event: Event[SubjectT_co], now: datetime) -> Event[SubjectT_co]:
    """Return an event as it is to be told now.

    What was logged ahead of now, in another boot, proves that a clock is wrong, nobody
    knows by how much. So an attempt may be over, and has no more time left than it had
    then; and nobody expects a sign-in any more.
    """
    if event.at - now <= CLOCKS_APART:
        return event
    about: Subject = event.about
    if isinstance(about, Attempt):
        latest = now + (about.expires_at - event.at)
        about = replace(about, expires_at=latest, is_deadline_known=False)
    elif isinstance(about, Expectation):
        about = Expectation(until=now)
    return replace(event, about=cast(SubjectT_co, about))


class JournalReader:
    """An open event log, of one thread, of which questions can be asked.

    Raises (every method):
        JournalBusy: it cannot be read now.
        JournalUnusable: it cannot be used until the user repairs something.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._odd_rows = odd.OddRows()
        self._from_row = lru_cache(READ_AGAIN)(from_row)
        """For what is alive: `expire` lets nothing of it be left in memory."""

    @classmethod
    def read(cls, path: Path, clock: BootClock | None = None) -> Self | None:
        """Open the log for reading only; None if there is none yet."""
        database = Database.read(path, clock)
        return cls(database) if database else None

    @property
    def path(self) -> Path:
        """Where the log lies."""
        return self._database.path

    def is_in_wal_mode(self) -> bool:
        """Return whether the log can be read while another program writes."""
        return self._database.is_in_wal_mode()

    def is_read_at_opening(self) -> bool:
        """Return whether the log was short enough to be read as a whole."""
        return self._database.is_read_at_opening()

    def read_rest(self) -> None:
        """Read what opening it left unread; raise JournalDamaged if that is damaged."""
        self._database.read_rest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def live(self, now: datetime, *, after_id: int = 0) -> list[Event[Attempt]]:
        """Return the attempts that can still be acted on, oldest first."""
        return self._live(now, "AND e.id > ?", (after_id,))

    def unanswered(self, now: datetime) -> list[Event[Attempt]]:
        """Return the live attempts that nobody has answered, oldest first.

        Without the codes for which a newer one stands.
        """
        return self._live(now, f"AND {_NOT_ANSWERED}")

    def pending(self, now: datetime) -> list[Event[Attempt]]:
        """Return the live attempts that nothing has closed, oldest first."""
        return self._live(now, f"AND {_IS_PENDING}")

    def find_pending(self, attempt_id: int, now: datetime) -> Attempt | None:
        """Return a live attempt that nothing has closed; None if it is none."""
        where = f"AND e.attempt_id = ? AND {_IS_PENDING}"
        found = self._live(now, where, (attempt_id,))
        return found[0].about if found else None

    def find_expired(self, attempt_id: int) -> Attempt | None:
        """Return an attempt whose end is logged; None if it is not."""
        ended = self._events(
            "WHERE e.event = ? AND e.attempt_id = ?", (EventName.EXPIRED, attempt_id)
        )
        return cast(Event[Attempt], ended[0]).about if ended else None

    def find_attempt(self, attempt_id: int | None = None) -> Attempt | None:
        """Return an attempt, be it over; None if there is none.

        Without a number it is the newest, apart from one that the user has denied or
        for which a newer one stands, if there is any other.
        """
        apart = "(SELECT 1 FROM events o WHERE o.attempt_id = e.attempt_id AND o.event "
        found = self._events(
            "WHERE e.event = ? AND coalesce(e.attempt_id = ?, true) "
            f"ORDER BY EXISTS {apart} IN (?, ?)), e.id DESC LIMIT 1",
            (EventName.ATTEMPT, attempt_id, EventName.NOT_ME, EventName.SUPERSEDED),
        )
        return cast(Event[Attempt], found[0]).about if found else None

    def about(self, attempt_id: int) -> list[AnyEvent]:
        """Return the events about an attempt, oldest first."""
        return self._events("WHERE e.attempt_id = ? ORDER BY e.id", (attempt_id,))

    def outcomes(self) -> list[Event[Attempt]]:
        """Return how attempts ended, in the order in which it was said."""
        said = self._events("WHERE e.event = ? ORDER BY e.id", (EventName.OUTCOME,))
        return cast(list[Event[Attempt]], said)

    def next_deadline(self) -> datetime | None:
        """Return when the next attempt is to expire; it may be past."""
        ((ends_ms,),) = self._database.query(
            f"SELECT min({EXPIRES}) FROM events e {NOT_OVER}"  # noqa: S608 -- constants
        )
        return None if ends_ms is None else from_ms(ends_ms)

    def newest_pending(
        self, now: datetime, per_account: int, account: str | None = None
    ) -> list[Event[Attempt]]:
        """Return the newest live attempts that nothing has closed, so many an account.

        The newest by the mails' own time; those of one account, or of all (None).

        What was sent to another address comes behind, the oldest first: anybody can
        pass such mails on.
        """
        return self._newest(_IS_PENDING, now, per_account, account)

    def unnotified(
        self, now: datetime, per_account: int, account: str | None = None
    ) -> list[Event[Attempt]]:
        """Return the newest that no notification is known to have shown."""
        where = f"{_IS_PENDING} AND {_NOT_NOTIFIED}"
        return self._newest(where, now, per_account, account)

    def is_any_over(self, now: datetime) -> bool:
        """Return whether the time of an attempt is over, and no program has seen it."""
        ((is_there,),) = self._database.query(
            f"SELECT EXISTS (SELECT 1 FROM events e {NOT_OVER} AND {EXPIRES} <= ?)",  # noqa: S608 -- constants
            (to_ms(now),),
        )
        return bool(is_there)

    def untold(self, attempt_id: int | None = None) -> list[AnyEvent]:
        """Return the events that the user is still to be told of, oldest first.

        Those about one attempt, or all (None).
        """
        return self._events(
            "WHERE e.id IN (SELECT event_id FROM untold) "
            "AND e.attempt_id IS coalesce(?, e.attempt_id) ORDER BY e.id",
            (attempt_id,),
        )

    def count_beside(self, attempt: Attempt, within: timedelta, at_most: int) -> int:
        """Return how many attempts of its account, itself one, began so close to it.

        Of those that are not over, and whose form is known; no more than `at_most`.
        """
        ((count,),) = self._database.query(
            f"SELECT count(*) FROM (SELECT 1 FROM events e {NOT_OVER} "  # noqa: S608 -- constants
            "AND e.account = ? AND e.kind <> 'unknown' "
            "AND abs(coalesce(e.attempted_at, e.received_at) - ?) < ? "
            "ORDER BY e.id DESC LIMIT ?)",
            (
                *(attempt.origin.account, to_ms(attempt.began_at)),
                *(within // timedelta(milliseconds=1), at_most),
            ),
        )
        return cast(int, count)

    def answer_to(self, attempt_id: int) -> EventName | None:
        """Return the answer to an attempt, the first one, which binds."""
        return self._first(attempt_id, ANSWERS)

    def is_closed(self, attempt_id: int) -> bool:
        """Return whether it was answered, superseded, or reported as a sign-in."""
        return self._first(attempt_id, CLOSINGS) is not None

    def answered_at(self, attempt_id: int) -> datetime | None:
        """Return when the page was opened or the code copied first; None: never."""
        for event in self.about(attempt_id):
            if event.event in (EventName.OPENED, EventName.COPIED):
                return event.at
        return None

    def has_happened(self, attempt_id: int, name: EventName) -> bool:
        """Return whether an event about this attempt is in the log."""
        return bool(
            self._database.query(
                "SELECT 1 FROM events WHERE attempt_id = ? AND event = ? LIMIT 1",
                (attempt_id, name),
            )
        )

    def count(self, name: EventName, now: datetime, within: timedelta) -> int:
        """Return how many events of a name there were within a time until now."""
        return self._count(name, now, within)

    def count_unknown(self, now: datetime, within: timedelta) -> int:
        """Return how many attempts of an unknown form, or recipient, there were."""
        return self._count(EventName.ATTEMPT, now, within, "AND kind = 'unknown'")

    def armed_until(self, now: datetime) -> datetime | None:
        """Return until when the user expects a sign-in; None if that is over."""
        event = self.arming(now)
        return event.about.until if event else None

    def arming(self, now: datetime) -> Event[Expectation] | None:
        """Return the event by which the user expects a sign-in; None if it is over."""
        armed = [as_of(event, now) for event in self._newest_armed()]
        return next((event for event in armed if now < event.about.until), None)

    def is_armed(self, now: datetime) -> bool:
        """Return whether the user expects a sign-in now."""
        return self.armed_until(now) is not None

    def events(
        self, *, after_id: int = 0, since: datetime | None = None
    ) -> Iterator[AnyEvent]:
        """Yield events in the order of their ids, a page at a time.

        Raises:
            JournalUnusable: once all others were given, there were odd rows.
        """
        found: list[object] = []
        since_ms = to_ms(since) if since else 0
        if since and not after_id:
            first_id = history.first_since(self._database, since_ms)
            if first_id is None:
                return
            after_id = first_id - 1
        while True:
            page = self._database.query(
                f"{SELECT} WHERE e.id > ? AND ({_AT} >= ?) IS NOT FALSE "
                "ORDER BY e.id LIMIT ?",
                (after_id, since_ms, PAGE),
            )
            yield from odd.convertible(page, from_row, found)
            if len(page) < PAGE:
                odd.refuse(self._database, "events", found)
                return
            after_id = cast(int, page[-1][0])

    def last(self, count: int) -> Iterator[AnyEvent]:
        """Yield the newest events, oldest first.

        Raises:
            JournalUnusable: once all others were given, there were odd rows.
        """
        found: list[object] = []
        rows = self._database.query(f"{SELECT} ORDER BY e.id DESC LIMIT ?", (count,))
        yield from odd.convertible(rows[::-1], from_row, found)
        odd.refuse(self._database, "events", found)

    def shown(self) -> dict[int, str]:
        """Return the desktop's handles of what is shown, by `replaces_id`."""
        return dict(
            self._read("shown", "SELECT replaces_id, handle FROM shown", to_shown)
        )

    def cursors(self, account: str) -> dict[str, Cursor]:
        """Return how far each mailbox of an account was synced, by its name."""
        return dict(
            self._read(
                "cursors",
                "SELECT mailbox, uid_validity, uid_next FROM cursors WHERE account = ?",
                to_cursor,
                (account,),
            )
        )

    def server_clock(self, account: str, boot_id: str) -> tuple[float, float] | None:
        """Return the bounds of a server's clock, if they were stored in this boot."""
        clocks = self._read(
            "clocks",
            f"{_BOUNDS} WHERE account = ? AND boot_id = ? AND boot_id <> ''",
            to_server_clock,
            (account, boot_id),
        )
        return clocks[0] if clocks else None

    def server_clocks(self, boot_id: str) -> list[tuple[float, float]]:
        """Return the bounds of every server's clock that were stored in this boot."""
        return self._read(
            "clocks",
            f"{_BOUNDS} WHERE boot_id = ? AND boot_id <> ''",
            to_server_clock,
            (boot_id,),
        )

    def session(self, account: str) -> dict[str, Any]:
        """Return what was stored last of one account's session."""
        found = self._read(
            "sessions",
            "SELECT account, state FROM sessions WHERE account = ?",
            to_state,
            (account,),
        )
        return dict(found).get(account, {})

    def sessions(self) -> dict[str, dict[str, Any]]:
        """Return what was stored last of each account's session."""
        return dict(
            self._read("sessions", "SELECT account, state FROM sessions", to_state)
        )

    def check(self) -> None:
        """Read what a program goes on from.

        Raises:
            JournalUnusable: not all of it can be read.
        """
        found = [row[0] for row in self._database.query(FIND_ODD)]
        self._odd_rows.settle(self._database, "events", found)
        self._attempts(NOT_OVER, ())
        self._newest_armed()
        self.untold()
        self.shown()
        self.sessions()
        self._read("clocks", _BOUNDS, to_server_clock)

    # ------------------------------------------------------------------------------

    def _live(
        self, now: datetime, where: str, values: tuple[object, ...] = ()
    ) -> list[Event[Attempt]]:
        found = self._attempts(f"{NOT_OVER} {where} ORDER BY e.id", values)
        return _alive(found, now)

    def _first(self, attempt_id: int, names: Sequence[EventName]) -> EventName | None:
        """Return which of these happened first to an attempt; None: none of them."""
        marks = ", ".join("?" * len(names))
        rows = self._database.query(
            f"SELECT event FROM events WHERE attempt_id = ? AND event IN ({marks}) "  # noqa: S608 -- marks
            "ORDER BY id LIMIT 1",
            (attempt_id, *names),
        )
        return EventName(cast(str, rows[0][0])) if rows else None

    def _newest_armed(self) -> list[Event[Expectation]]:
        events = self._events(f"WHERE e.id = {NEWEST_ARMING}", ())
        armed = [event for event in events if event.event is EventName.ARMED]
        return cast(list[Event[Expectation]], armed)

    def _count(
        self, name: EventName, now: datetime, within: timedelta, where: str = ""
    ) -> int:
        span = to_ms(now - within), to_ms(now + CLOCKS_APART)
        written = history.as_written(self._database, *span)
        newest = (
            "SELECT * FROM events WHERE event = ? AND at BETWEEN ? AND ? "
            "ORDER BY at DESC LIMIT ?"
        )
        ((count,),) = self._database.query(
            f"SELECT count(*) FROM ({newest}) e WHERE {_AT} BETWEEN ? AND ? {where}",  # noqa: S608 -- constants
            (name, *written, COUNTED, *span),
        )
        return cast(int, count)

    def _read(
        self,
        table: str,
        query: str,
        convert: Callable[..., T],
        values: tuple[object, ...] = (),
    ) -> list[T]:
        rows = self._database.query(query, values)
        return self._odd_rows.readable(
            self._database, table, rows, lambda row: convert(*row)
        )

    def _events(self, where: str, values: tuple[object, ...]) -> list[AnyEvent]:
        rows = self._database.query(f"{SELECT} {where}", values)
        return self._odd_rows.readable(self._database, "events", rows, from_row)

    def _attempts(self, where: str, values: tuple[object, ...]) -> list[Event[Attempt]]:
        """Return attempts that are not over.

        Where odd rows are set aside, one whose link is lost is told without it.
        """
        rows = self._database.query(f"{SELECT} {where}", values)
        is_kept = self._odd_rows.on_odd is not None
        as_open = without_secret if is_kept else whole
        events = self._odd_rows.readable(
            self._database, "events", rows, lambda row: as_open(self._from_row(row))
        )
        return cast(list[Event[Attempt]], events)

    def _newest(
        self, where: str, now: datetime, per_account: int, account: str | None
    ) -> list[Event[Attempt]]:
        began = "coalesce(attempted_at, received_at)"
        order = f"recipient IS NOT NULL, iif(recipient IS NULL, -{began}, id), -id"
        ranked = (
            f"SELECT id, row_number() OVER (PARTITION BY account ORDER BY {order}) "  # noqa: S608 -- constants
            f"AS place FROM events e {NOT_OVER} AND e.account IS coalesce(?, e.account)"
            f" AND {EXPIRES} > ? AND {where}"
        )
        found = self._attempts(
            f"WHERE e.id IN (SELECT id FROM ({ranked}) "  # noqa: S608 -- constants
            "WHERE place <= ?) ORDER BY e.id",
            (account, to_ms(now), per_account),
        )
        return _alive(found, now)


def _alive(found: Iterable[Event[Attempt]], now: datetime) -> list[Event[Attempt]]:
    """Return, as they are to be told now, those whose time is not over."""
    told = [as_of(event, now) for event in found]
    return [event for event in told if event.about.expires_at > now]
