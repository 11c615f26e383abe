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
from typing import Any, NamedTuple, Self, cast

from watcher.clock import BootClock
from watcher.errors import JournalBusy, JournalUnusable
from watcher.events import (
    UNRECORDED,
    AnyEvent,
    Attempt,
    Cursor,
    Event,
    EventName,
    Mail,
    Subject,
    SubjectT_co,
)
from watcher.journal import history, odd
from watcher.journal.carry import NOT_OVER, NOTHING, put_carried, read_carried
from watcher.journal.database import Database
from watcher.journal.errors import NEWER
from watcher.journal.files import move_away
from watcher.journal.reader import EXPIRES, PAGE, JournalReader, as_of
from watcher.journal.rows import COLUMNS, MARKS, to_ms, to_row

DELIVERY_LEASE = timedelta(seconds=20)
"""How long a program may take to notify, and how soon a failure is tried again."""

_IS_FREE = (
    "(moved(claimed_at, boot, at_boot) > ? AND moved(claimed_at, boot, at_boot) < ?) "
    "IS NOT TRUE"
)
"""What lies ahead, or is no number, is no lease."""
_LEASE = (
    "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "  # noqa: S608 -- constants
    "claimed_at = excluded.claimed_at, boot = excluded.boot, at_boot = "
    f"excluded.at_boot, is_daemon = excluded.is_daemon WHERE {_IS_FREE} RETURNING 1"
)
_LEASE_UNTOLD = (
    "UPDATE untold SET claimed_at = ?, boot = ?, at_boot = ?, is_daemon = ? "  # noqa: S608 -- constants
    f"WHERE event_id = ? AND {_IS_FREE} RETURNING 1"
)
_SETTLE = (
    "UPDATE events SET at = ?, expires_at = ?, is_deadline_known = 0, boot = ?, "
    "at_boot = ? WHERE id = ?"
)
_DELETE_SECRETS = (
    "DELETE FROM secrets WHERE attempt_id NOT IN (SELECT e.attempt_id FROM events e "  # noqa: S608 -- constants
    f"{NOT_OVER} AND e.attempt_id IS NOT NULL AND typeof(e.expires_at) = 'integer')"
)
"""Also where an odd row keeps an attempt from expiring."""

PRUNED_AT_ONCE = 100
"""What takes some milliseconds: whoever else wants to write waits no longer."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A mail that is an event: what to log, and by what it is known again."""

    event: Event[Mail]
    keys: tuple[str, ...]
    """Two mails with a key in common are one attempt."""
    predecessors: tuple[str, ...] = ()
    """Keys of an earlier event that this one goes on from without repeating it."""
    successors: tuple[str, ...] = ()
    """Keys of an event after which this one is no news."""


class Content(NamedTuple):
    """Counters of changes: that of SQLite, that of the file system, and our own."""

    version: tuple[int, int]
    stamps: tuple[object, ...]
    checkpoints: tuple[int, int]
    """How many of the threads that empty the write-ahead log have begun and ended."""

    def is_touched_since(self, other: "Content") -> bool:
        """Return whether the files changed, and nobody wrote to the log.

        Somebody wrote past SQLite, then; or another program emptied the write-ahead
        log. Where this one did, nothing is known.
        """
        began, ended = other.checkpoints
        is_ours = began != ended or self.checkpoints != other.checkpoints
        is_same = self.version == other.version
        return is_same and self.stamps != other.stamps and not is_ours


class Journal(JournalReader):
    """An open event log, of one thread, that is also written.

    Raises (every method):
        JournalBusy: it cannot be written now.
        JournalUnusable: it cannot be used until the user repairs something.
    """

    def __init__(
        self, database: Database, on_event: Callable[[AnyEvent], None] = lambda _: None
    ) -> None:
        super().__init__(database)
        self._on_event = on_event
        self._inserted: list[AnyEvent] = []
        """By the last transaction, or the one that has not ended yet."""
        self._is_to_be_told: Callable[[AnyEvent, JournalReader], bool] = lambda *_: (
            False
        )
        self._is_checkpointed = True
        self._patience_s: float | None = None
        self._remembered = NOTHING
        self._remembered_at: tuple[int, int] | None = None

    @classmethod
    def open(
        cls,
        path: Path,
        on_event: Callable[[AnyEvent], None] = lambda _: None,
        clock: BootClock | None = None,
    ) -> Self:
        """Open the log for reading and writing, and create it (0600) if need be.

        `on_event` is called with each event that this program logs, once it is stored.
        """
        return cls(Database.open(path, clock), on_event)

    # Writing ----------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all that is written inside one fact, then tell of what it logs.

        Inside another one it is part of that fact, of which is told at its end.
        """
        is_part = self._database.is_in_transaction
        if not is_part:
            self._inserted = []
        with self._database.transaction():
            yield
        for event in () if is_part else self._inserted:
            self._on_event(event)

    def record(self, new: NewEvent) -> Event[Mail] | None:
        """Log what a mail is; None if the log knows it already."""
        with self.transaction():
            if self._attempt_of((*new.keys, *new.successors)) is not None:
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

    def is_recorded(self, key: str) -> bool:
        """Return whether `record` has logged a mail by this key."""
        return self._attempt_of((key,)) is not None

    def append(
        self,
        name: EventName,
        *,
        at: datetime,
        about: Subject = None,
        detail: str | None = None,
    ) -> None:
        """Log what happened, to a recorded attempt or otherwise."""
        with self.transaction():
            self._insert(Event(at=at, event=name, about=about, detail=detail))

    def acquire_lease(
        self, attempt_id: int, now: datetime, *, is_daemon: bool = True
    ) -> bool:
        """Return whether the caller may notify of an attempt, and no other program.

        A lease is void after `DELIVERY_LEASE`: the program died, or no channel showed
        it, and another try is due.
        """
        with self._database.transaction():
            if self.has_happened(attempt_id, EventName.NOTIFIED):
                return False
            leased = self._database.query(
                _LEASE,
                (
                    *(attempt_id, to_ms(now), *self._database.scale, is_daemon),
                    *_lease_bounds(now),
                ),
            )
        return bool(leased)

    def mark_untold(
        self, is_to_be_told: Callable[[AnyEvent, JournalReader], bool]
    ) -> None:
        """From now on mark each such event, as one fact with it, until it was told.

        It is called with an event that was just inserted, and with this log.
        """
        self._is_to_be_told = is_to_be_told

    def lease_untold(
        self, event_id: int, now: datetime, *, is_daemon: bool = True
    ) -> bool:
        """Return whether the caller may tell an event, and no other program.

        That is one that is marked as untold. The lease is void as that of an attempt.
        """
        with self._database.transaction():
            leased = self._database.query(
                _LEASE_UNTOLD,
                (
                    *(to_ms(now), *self._database.scale, is_daemon, event_id),
                    *_lease_bounds(now),
                ),
            )
        return bool(leased)

    def note_told(self, event_ids: Iterable[int]) -> None:
        """Delete the marks of events that were told, or are no news any more."""
        with self._database.transaction():
            for event_id in event_ids:
                self._database.query(
                    "DELETE FROM untold WHERE event_id = ?", (event_id,)
                )

    def void_leases(self) -> None:
        """Delete every lease of a daemon: it is known to be dead, a command is not."""
        with self._database.transaction():
            self._database.query("DELETE FROM deliveries WHERE is_daemon IS NOT 0")
            self._database.query(
                "UPDATE untold SET claimed_at = NULL WHERE is_daemon IS NOT 0"
            )

    def expire(self, now: datetime, *, at_most: int = PAGE) -> list[Attempt]:
        """Log `expired` for attempts whose time is over, and delete their secrets.

        The detail of the event is the answer, if there was one.
        """
        with self.transaction():
            soonest = f"{NOT_OVER} ORDER BY {EXPIRES} LIMIT ?"
            found = cast(list[Event[Attempt]], self._events(soonest, (at_most,)))
            settled = [self._settle(event, now) for event in found]
            over = [one for one in settled if one.expires_at <= now]
            for attempt in over:
                answer = self.answer_to(attempt.id)
                self._insert(
                    Event(at=now, event=EventName.EXPIRED, about=attempt, detail=answer)
                )
                self._database.query(
                    "DELETE FROM deliveries WHERE attempt_id = ?", (attempt.id,)
                )
            self._database.query(_DELETE_SECRETS)
        if over:
            self._from_row.cache_clear()
        self._is_checkpointed = self._database.checkpoint()
        return over

    def _settle(self, event: Event[Attempt], now: datetime) -> Attempt:
        """Return an attempt; store its end anew where a clock proves to be wrong."""
        told = as_of(event, now)
        if told is not event:
            instants = (to_ms(now), to_ms(told.about.expires_at))
            self._database.query(_SETTLE, (*instants, *self._database.scale, event.id))
        return told.about

    def wait_at_most(self, seconds: float) -> None:
        """Raise `JournalBusy` if another program writes for longer than this."""
        self._patience_s = seconds
        self._database.wait_at_most(seconds)

    def checkpoint(self) -> None:
        """Checkpoint the write-ahead log, if a reader held up the one of `expire`."""
        self._is_checkpointed = self._is_checkpointed or self._database.checkpoint()

    def prune(self, before: datetime, *, at_most: int = PRUNED_AT_ONCE) -> bool:
        """Delete some events that are older, with keys and secrets of their attempts.

        Return whether there may be more: to be asked for once `empty_wal` has ended,
        which belongs into another thread. What a power cut undoes is deleted the next
        time.
        """
        with self._database.unhurried(), self._database.transaction():
            odd.prune(self._database, before)
            return history.prune(self._database, to_ms(before), at_most)

    def empty_wal(self) -> None:
        """Bring into the file what lies beside it; in any thread, which may take long.

        Nobody is held up, and nothing is raised.
        """
        self._database.empty_wal()

    def move_cursor(self, account: str, mailbox: str, cursor: Cursor) -> None:
        """Store how far a mailbox was synced, if that is news."""
        if self.cursors(account).get(mailbox) == cursor:
            return
        with self._database.transaction():
            self._database.query(
                "INSERT OR REPLACE INTO cursors VALUES (?, ?, ?, ?)",
                (account, mailbox, cursor.uid_validity, cursor.uid_next),
            )

    def put_server_clock(
        self, account: str, boot_id: str, least_s: float, most_s: float
    ) -> None:
        """Store what an account's server clock showed at the boot of this machine."""
        with self._database.transaction():
            self._database.query(
                "INSERT OR REPLACE INTO clocks VALUES (?, ?, ?, ?)",
                (account, boot_id, least_s, most_s),
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

    # The file and its odd rows ----------------------------------------------------

    def set_aside_odd_rows(self, on_odd: Callable[[str], None]) -> None:
        """From now on move a row that cannot be read out of the way, and name it."""
        self._odd_rows.on_odd = on_odd

    def remember(self) -> list[int]:
        """Keep in memory what would have to be carried over, if it has changed.

        Return the attempts that vanished from the log before their end, if any did:
        then what is remembered stays, for `restore`.
        """
        version = self._database.version()
        if version == self._remembered_at:
            return []
        self._database.check_ids()
        self.check()
        found = read_carried(self._database, self._from_row)
        gone = self._remembered.attempt_ids - found.attempt_ids
        gone |= self._remembered.secrets.keys() - found.secrets.keys()
        vanished = [
            one for one in gone if not self.has_happened(one, EventName.EXPIRED)
        ]
        if not vanished:
            self._remembered = found
            self._remembered_at = version
        return vanished

    def restore(self) -> None:
        """Log again what is remembered and not in the log any more."""
        put_carried(self._database, self._remembered)

    def is_in_place(self) -> bool:
        """Return whether the path still leads to this log, as other programs see it."""
        return self._database.is_in_place()

    def content(self) -> Content:
        """Return by what a change of the content is known, by whomever it was made."""
        database = self._database
        ended = database.checkpoints_ended  # first, so that one in between shows
        version, stamps = database.version(), database.stamps()
        return Content(version, stamps, (database.checkpoints_begun, ended))

    def has_format(self) -> bool:
        """Return whether no other version of the program has changed the log."""
        return self._database.has_format()

    def verify(self) -> None:
        """Read the whole file anew, as a program does that opens it now.

        SQLite keeps in memory what it has read: to this program a file that is damaged
        under it looks whole.

        Raises:
            JournalDamaged: it is no log any more.
            JournalUnusable: it is one of a newer version.
        """
        fresh = self._database.opened_anew()
        self._database.close()  # not the last: that would take the file beside along
        self._use(fresh)

    def verification(self) -> Callable[[], None]:
        """Return what reads the whole file anew in any thread, and raises the same."""
        return self._database.verify

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
        """Move the file away and go on with a new one; return where it is now.

        Raises:
            JournalUnusable: it is whole, and of a newer version.
        """
        if self._database.is_newer():
            raise JournalUnusable(NEWER, path=self._database.path)
        self._database.close()
        secrets = self._remembered.secrets.values()
        moved = move_away(self._database.path, suffix, secrets)
        self._go_on(self._database.path)
        return moved

    def _go_on(self, path: Path) -> None:
        self._database.close()
        self._use(Database.open(path, self._database.clock))
        self.restore()

    def _use(self, database: Database) -> None:
        self._database = database
        if self._patience_s is not None:
            database.wait_at_most(self._patience_s)
        self._remembered_at = None

    # ------------------------------------------------------------------------------

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
            (*to_row(event), *self._database.scale),
        )
        event = replace(event, id=cast(int, rows[0][0]))
        if isinstance(event.about, Mail) and event.about.id == UNRECORDED:
            self._database.query(
                "UPDATE events SET attempt_id = id WHERE id = ?", (event.id,)
            )
            event = replace(event, about=replace(event.about, id=event.id))
        if self._is_to_be_told(event, self):
            self._database.query(
                "INSERT INTO untold (event_id) VALUES (?)", (event.id,)
            )
        self._inserted.append(event)
        return event


def _lease_bounds(now: datetime) -> tuple[int, int]:
    """Return between which instants a lease was taken that still holds."""
    return to_ms(now - DELIVERY_LEASE), to_ms(now + DELIVERY_LEASE)
