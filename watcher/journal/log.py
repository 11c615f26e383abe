"""The event log: what happened, each event once, and what must survive a restart.

One transaction is one fact: an attempt, the keys by which it is known again and its
live link enter together or not at all.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self, cast

from watcher.errors import JournalBusy, JournalUnusable
from watcher.events import (
    ANSWERS,
    UNRECORDED,
    AnyEvent,
    Attempt,
    Cursor,
    Event,
    EventName,
    Expectation,
    Mail,
    Subject,
    SubjectT_co,
)
from watcher.journal import odd
from watcher.journal.carry import NOT_OVER, NOTHING, put_carried, read_carried
from watcher.journal.database import Database
from watcher.journal.files import move_away
from watcher.journal.rows import (
    COLUMNS,
    FIND_ODD,
    MARKS,
    SELECT,
    from_open_row,
    from_row,
    to_cursor,
    to_ms,
    to_row,
    to_state,
    to_text,
    without_secret,
)

DELIVERY_LEASE = timedelta(seconds=20)
"""How long a program may take to notify, and how soon a failure is tried again."""

PAGE = 500
"""Events read at once, so that a long log needs little memory."""


_NOT_ANSWERED = (
    "NOT EXISTS (SELECT 1 FROM events a WHERE a.attempt_id = e.attempt_id AND "  # noqa: S608 -- constants
    f"a.event IN ({', '.join(repr(name.value) for name in ANSWERS)}))"
)
_DELETE_SECRETS = (
    "DELETE FROM secrets WHERE attempt_id NOT IN (SELECT e.attempt_id FROM events e "  # noqa: S608 -- constants
    f"{NOT_OVER} AND e.attempt_id IS NOT NULL AND typeof(e.expires_at) = 'integer')"
)
"""Also where an odd row keeps an attempt from expiring."""
_NOT_NOTIFIED = (
    "NOT EXISTS (SELECT 1 FROM events n "
    "WHERE n.attempt_id = e.attempt_id AND n.event = 'notified')"
)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A mail that is an event: what to log, and by what it is known again."""

    event: Event[Mail]
    keys: tuple[str, ...]
    """Two mails with a key in common are one attempt."""
    predecessors: tuple[str, ...] = ()
    """Keys of an earlier event that this one goes on from without repeating it."""


class Journal:
    """An open event log, of one thread.

    Raises (every method):
        JournalBusy: it cannot be written now.
        JournalUnusable: it cannot be used until the user repairs something.
    """

    def __init__(
        self, database: Database, on_event: Callable[[AnyEvent], None] = lambda _: None
    ) -> None:
        self._database = database
        self._on_event = on_event
        self._inserted: list[AnyEvent] = []
        self._is_checkpointed = True
        self._odd_rows = odd.OddRows()
        self._remembered = NOTHING
        self._remembered_at: tuple[int, int] | None = None

    @classmethod
    def open(
        cls, path: Path, on_event: Callable[[AnyEvent], None] = lambda _: None
    ) -> Self:
        """Open the log for reading and writing, and create it (0600) if need be.

        `on_event` is called with each event that this program logs, once it is stored.
        """
        return cls(Database.open(path), on_event)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Open the log for reading only; None if there is none yet."""
        database = Database.read(path)
        return cls(database) if database else None

    @property
    def path(self) -> Path:
        """Where the log lies."""
        return self._database.path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    # Writing ----------------------------------------------------------------------

    def record(self, new: NewEvent) -> Event[Mail] | None:
        """Log what a mail is; None if the log knows it already."""
        with self._logging():
            if self._attempt_of(new.keys) is not None:
                return None
            mail = new.event.about
            if earlier_id := self._attempt_of(new.predecessors):
                mail = replace(mail, id=earlier_id)
            event = self._insert(replace(new.event, about=mail))
            mail = event.about
            for key in new.keys:
                self._database.query("INSERT INTO seen VALUES (?, ?)", (key, mail.id))
            if isinstance(mail, Attempt) and mail.secret:
                self._database.query(
                    "INSERT OR REPLACE INTO secrets VALUES (?, ?)",
                    (mail.id, mail.secret),
                )
        return event

    def append(
        self,
        name: EventName,
        *,
        at: datetime,
        about: Subject = None,
        detail: str | None = None,
    ) -> None:
        """Log what happened, to a recorded attempt or otherwise."""
        with self._logging():
            self._insert(Event(at=at, event=name, about=about, detail=detail))

    def acquire_lease(self, attempt_id: int, now: datetime) -> bool:
        """Return whether the caller may notify of an attempt, and no other program.

        A lease is void after `DELIVERY_LEASE`: the program died, or no channel showed
        it, and another try is due.
        """
        with self._database.transaction():
            if self.has_happened(attempt_id, EventName.NOTIFIED):
                return False
            leased = self._database.query(
                "INSERT INTO deliveries VALUES (?, ?) ON CONFLICT DO UPDATE SET "
                "claimed_at = excluded.claimed_at WHERE claimed_at <= ? OR claimed_at "
                "> ? RETURNING 1",  # what lies ahead, or is no number, is no lease
                (
                    *(attempt_id, to_ms(now)),
                    *(to_ms(now - DELIVERY_LEASE), to_ms(now + DELIVERY_LEASE)),
                ),
            )
        return bool(leased)

    def void_leases(self) -> None:
        """Delete every lease: the daemon that held them is known to be dead."""
        with self._database.transaction():
            self._database.query("DELETE FROM deliveries")

    def expire(self, now: datetime) -> list[Attempt]:
        """Log `expired` for each attempt whose time is over, and delete its secret.

        The detail of the event is the answer, if there was one.
        """
        with self._logging():
            over = cast(
                list[Event[Attempt]],
                self._events(f"{NOT_OVER} AND e.expires_at <= ?", (to_ms(now),)),
            )
            for attempt in (event.about for event in over):
                answer = self.answer_to(attempt.id)
                self._insert(
                    Event(at=now, event=EventName.EXPIRED, about=attempt, detail=answer)
                )
            self._database.query(_DELETE_SECRETS)
        self._is_checkpointed = self._database.checkpoint()
        return [event.about for event in over]

    def checkpoint(self) -> None:
        """Checkpoint the write-ahead log, if a reader held up the one of `expire`."""
        self._is_checkpointed = self._is_checkpointed or self._database.checkpoint()

    def move_deadlines(self, by: timedelta) -> None:
        """Move the deadlines of open attempts by a clock step."""
        with self._database.transaction():
            self._database.query(
                "UPDATE events SET expires_at = expires_at + ? WHERE event = ? AND "
                "attempt_id NOT IN (SELECT attempt_id FROM events WHERE event = ?)",
                (by // timedelta(milliseconds=1), EventName.ATTEMPT, EventName.EXPIRED),
            )

    def prune(self, before: datetime) -> None:
        """Delete events that are older, with the keys and secrets of their attempts."""
        with self._database.transaction():
            self._database.query("DELETE FROM events WHERE at < ?", (to_ms(before),))
            odd.prune(self._database, before)
            for table in ("seen", "deliveries", "secrets"):
                self._database.query(
                    f"DELETE FROM {table} WHERE attempt_id NOT IN "  # noqa: S608 -- constants
                    "(SELECT attempt_id FROM events WHERE attempt_id IS NOT NULL)"
                )

    def move_cursor(self, account: str, mailbox: str, cursor: Cursor) -> None:
        """Store how far a mailbox was synced."""
        with self._database.transaction():
            self._database.query(
                "INSERT OR REPLACE INTO cursors VALUES (?, ?, ?, ?)",
                (account, mailbox, cursor.uid_validity, cursor.uid_next),
            )

    def put_session(self, account: str, state: Mapping[str, Any]) -> None:
        """Store what is known of an account's session, for `watcher status`."""
        with self._database.transaction():
            self._database.query(
                "INSERT OR REPLACE INTO sessions VALUES (?, ?)",
                (account, json.dumps(state)),
            )

    def put_shown(self, replaces_id: int, handle: str | None) -> None:
        """Store the desktop's handle of what is shown; None: it is not shown."""
        with self._database.transaction():
            self._database.query(
                "DELETE FROM shown WHERE replaces_id = ?", (replaces_id,)
            )
            if handle is not None:
                self._database.query(
                    "INSERT INTO shown VALUES (?, ?)", (replaces_id, handle)
                )

    # Reading ----------------------------------------------------------------------

    def live(self, now: datetime, *, after_id: int = 0) -> list[Event[Attempt]]:
        """Return the attempts that can still be acted on, oldest first."""
        return self._attempts(
            f"{NOT_OVER} AND e.expires_at > ? AND e.id > ? ORDER BY e.id",
            (to_ms(now), after_id),
        )

    def unanswered(self, now: datetime) -> list[Event[Attempt]]:
        """Return the live attempts that nobody has answered, oldest first."""
        return self._attempts(
            f"{NOT_OVER} AND e.expires_at > ? AND {_NOT_ANSWERED} ORDER BY e.id",
            (to_ms(now),),
        )

    def unnotified(self, now: datetime) -> list[Event[Attempt]]:
        """Return those that no notification is known to have shown."""
        return self._attempts(
            f"{NOT_OVER} AND e.expires_at > ? AND {_NOT_ANSWERED} AND {_NOT_NOTIFIED} "
            "ORDER BY e.id",
            (to_ms(now),),
        )

    def answer_to(self, attempt_id: int) -> EventName | None:
        """Return the answer to an attempt, the first one, which binds."""
        rows = self._database.query(
            "SELECT event FROM events WHERE attempt_id = ? AND event IN (?, ?, ?) "
            "ORDER BY id LIMIT 1",
            (attempt_id, *ANSWERS),
        )
        return EventName(cast(str, rows[0][0])) if rows else None

    def has_happened(self, attempt_id: int, name: EventName) -> bool:
        """Return whether an event about this attempt is in the log."""
        return bool(
            self._database.query(
                "SELECT 1 FROM events WHERE attempt_id = ? AND event = ? LIMIT 1",
                (attempt_id, name),
            )
        )

    def count(self, name: EventName, since: datetime) -> int:
        """Return how many events of a name there are since an instant."""
        rows = self._database.query(
            "SELECT count(*) FROM events WHERE event = ? AND at >= ?",
            (name, to_ms(since)),
        )
        return cast(int, rows[0][0])

    def count_misaddressed(self, since: datetime) -> int:
        """Return how many attempts to an unknown recipient there are since then."""
        rows = self._database.query(
            "SELECT count(*) FROM events WHERE event = ? AND at >= ? AND recipient IS "
            "NOT NULL",
            (EventName.ATTEMPT, to_ms(since)),
        )
        return cast(int, rows[0][0])

    def armed_until(self) -> datetime | None:
        """Return until when the user expects a sign-in, by the newest `armed`."""
        armed = self._events(
            "WHERE e.event = ? ORDER BY e.id DESC LIMIT 1", (EventName.ARMED,)
        )
        return cast(Event[Expectation], armed[0]).about.until if armed else None

    def is_armed(self, now: datetime) -> bool:
        """Return whether the user expects a sign-in now."""
        until = self.armed_until()
        return until is not None and now < until

    def events(
        self, *, after_id: int = 0, since: datetime | None = None
    ) -> Iterator[AnyEvent]:
        """Yield events in the order of their ids, a page at a time.

        Raises:
            JournalUnusable: once all others were given, there were odd rows.
        """
        found: list[object] = []
        while True:
            page = self._database.query(
                f"{SELECT} WHERE e.id > ? AND e.at >= ? ORDER BY e.id LIMIT ?",
                (after_id, to_ms(since) if since else 0, PAGE),
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
        rows = self._database.query("SELECT replaces_id, handle FROM shown")
        return dict(
            self._odd_rows.readable(
                self._database,
                "shown",
                rows,
                lambda row: (cast(int, row[0]), to_text(row[1])),
            )
        )

    def cursors(self, account: str) -> dict[str, Cursor]:
        """Return how far each mailbox of an account was synced, by its name."""
        rows = self._database.query(
            "SELECT mailbox, uid_validity, uid_next FROM cursors WHERE account = ?",
            (account,),
        )
        return dict(
            self._odd_rows.readable(
                self._database, "cursors", rows, lambda row: to_cursor(*row)
            )
        )

    def sessions(self) -> dict[str, dict[str, Any]]:
        """Return what was stored last of each account's session."""
        rows = self._database.query("SELECT account, state FROM sessions")
        return dict(
            self._odd_rows.readable(
                self._database, "sessions", rows, lambda row: to_state(*row)
            )
        )

    # The file and its odd rows ----------------------------------------------------

    def check(self) -> None:
        """Read what a program goes on from.

        Raises:
            JournalUnusable: not all of it can be read.
        """
        found = [row[0] for row in self._database.query(FIND_ODD)]
        odd.refuse(self._database, "events", found)
        self._attempts(NOT_OVER, ())
        self.armed_until()
        self.shown()
        self.sessions()

    def set_aside_odd_rows(self, on_odd: Callable[[str], None]) -> None:
        """From now on move a row that cannot be read out of the way, and name it."""
        self._odd_rows.on_odd = on_odd

    def remember(self) -> None:
        """Keep in memory what would have to be carried over, if it has changed."""
        version = self._database.version()
        if version != self._remembered_at:
            self._remembered = read_carried(self._database)
            self._remembered_at = version

    def restore(self) -> None:
        """Log again what is remembered and not in the log any more."""
        put_carried(self._database, self._remembered)

    def is_in_place(self) -> bool:
        """Return whether the path still leads to this log, as other programs see it."""
        return self._database.is_in_place()

    def reopen(self) -> None:
        """Go on with the file that is at the path now; nothing live is left behind.

        Raises:
            JournalDamaged: what is there is no log.
        """
        with suppress(JournalBusy, JournalUnusable):
            self.remember()
        if self._database.is_elsewhere():
            # Nobody would expire them there; and what lies in a write-ahead log at
            # the path must not be taken for the other file's.
            with suppress(JournalBusy, JournalUnusable):
                self._database.query("DELETE FROM secrets")
                self._database.checkpoint()
        self._go_on(self._database.path)

    def begin_anew(self, suffix: str) -> Path:
        """Move the file away and go on with a new one; return where it is now."""
        self._database.close()
        secrets = self._remembered.secrets.values()
        moved = move_away(self._database.path, suffix, secrets)
        self._go_on(self._database.path)
        return moved

    def _go_on(self, path: Path) -> None:
        self._database.close()
        self._database = Database.open(path)
        self._remembered_at = None
        self.restore()

    # ------------------------------------------------------------------------------

    @contextmanager
    def _logging(self) -> Iterator[None]:
        """Make what is inserted inside one fact, then tell of it."""
        self._inserted = []
        with self._database.transaction():
            yield
        for event in self._inserted:
            self._on_event(event)

    def _events(self, where: str, values: tuple[object, ...]) -> list[AnyEvent]:
        rows = self._database.query(f"{SELECT} {where}", values)
        return self._odd_rows.readable(self._database, "events", rows, from_row)

    def _attempts(self, where: str, values: tuple[object, ...]) -> list[Event[Attempt]]:
        """Return attempts that are not over.

        Where odd rows are set aside, one whose link is lost is told without it.
        """
        rows = self._database.query(f"{SELECT} {where}", values)
        is_kept = self._odd_rows.on_odd is not None
        convert = without_secret if is_kept else from_open_row
        events = self._odd_rows.readable(self._database, "events", rows, convert)
        return cast(list[Event[Attempt]], events)

    def _attempt_of(self, keys: Iterable[str]) -> int | None:
        for key in keys:
            for (attempt_id,) in self._database.query(
                "SELECT attempt_id FROM seen WHERE key = ?", (key,)
            ):
                return attempt_id if isinstance(attempt_id, int) else UNRECORDED
        return None

    def _insert(self, event: Event[SubjectT_co]) -> Event[SubjectT_co]:
        """Return the event with its id; a mail that has none yet gets it, too."""
        rows = self._database.query(
            f"INSERT INTO events ({COLUMNS}) VALUES ({MARKS}) RETURNING id",  # noqa: S608 -- constants
            to_row(event),
        )
        event = replace(event, id=cast(int, rows[0][0]))
        if isinstance(event.about, Mail) and event.about.id == UNRECORDED:
            self._database.query(
                "UPDATE events SET attempt_id = id WHERE id = ?", (event.id,)
            )
            event = replace(event, about=replace(event.about, id=event.id))
        self._inserted.append(event)
        return event
