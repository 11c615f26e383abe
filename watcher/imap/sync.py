"""Fetches the mails that may be attempts: new mail since the cursor, in every mailbox.

What is new is known by the cursor (UIDVALIDITY and UIDNEXT), never by flags or sequence
numbers: a mail that was read elsewhere counts as well. Each look searches the window
before the cursor again, since a search may leave a mail out, and asks again for what
was not delivered (`progress`). The first mailbox stays open; of the others, the junk
mailboxes above all, STATUS asks the UIDNEXT, and they are opened only when it moved.
"""

import logging
import time
from collections.abc import Callable, Collection, MutableMapping, Sequence
from dataclasses import dataclass, field

from watcher.clock import boottime_s, is_synchronised, utc_now
from watcher.errors import MailboxMissing, MailboxRefused
from watcher.events import Arrival, Cursor, MailboxSynced, Report
from watcher.imap.account import Account, WatchSettings
from watcher.imap.connection import Connection
from watcher.imap.items import ExamineResult
from watcher.imap.mailboxes import INBOX, is_special, resolve
from watcher.imap.progress import AccountMemory, Pending, Progress
from watcher.imap.reading import MailReader

logger = logging.getLogger(__name__)

MOST_BAD_LINES = 10
"""How many lines of LIST without sense are logged of one account."""

MANY = 200
"""More mails than this after a cursor mean that it is old."""

SYNCS_AT_ONCE = 3
"""Mail that is announced inside the answers of a sync is fetched by the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSync:
    """Syncs single mailboxes of one account, over one connection."""

    account: str
    connection: Connection
    settings: WatchSettings
    is_candidate: Callable[[bytes], bool]
    report: Callable[[Report], None]
    memory: AccountMemory = field(default_factory=AccountMemory)

    def initial_sync(self, mailbox: str, cursor: Cursor | None) -> Cursor:
        """Open a mailbox and fetch what may have come while it was not watched.

        That is everything from the cursor on, and the last `window` in any case;
        without a valid cursor, the last `look_back`.

        Raises:
            MailboxMissing, ConnectionLost
        """
        began_s = boottime_s()
        opened = self.connection.examine(mailbox)
        known = cursor if cursor and _is_valid(cursor, opened) else None
        reached = self._sync_recent(mailbox, opened, known)
        self.memory.looks.note(mailbox, began_s)
        if self.has_pending(mailbox):  # expunged meanwhile, or refused for a moment
            return self.fetch_new(mailbox, reached)
        return reached

    def resync(self, mailbox: str, cursor: Cursor) -> Cursor:
        """Open a mailbox again and fetch what is new since the cursor.

        Raises:
            MailboxMissing, ConnectionLost
        """
        opened = self.connection.examine(mailbox)
        if _is_valid(cursor, opened):
            return self.fetch_new(mailbox, cursor)
        return self._sync_recent(mailbox, opened, None)

    def fetch_new(self, mailbox: str, cursor: Cursor) -> Cursor:
        """Fetch what is new in the open mailbox, pending, or was left out of a search.

        Raises:
            ConnectionLost: the connection broke.
        """
        protocol = self.connection.protocol
        for _ in range(SYNCS_AT_ONCE):
            protocol.has_new_mail = False
            began_s = boottime_s()
            cursor = self._fetch_named(mailbox, cursor)
            self.memory.looks.note(mailbox, began_s)
            if not protocol.has_new_mail:
                break
        return cursor

    def has_pending(self, mailbox: str) -> bool:
        """Return whether mails of a mailbox were named and not delivered yet."""
        progress = self.memory.progress.get(mailbox)
        return progress is not None and bool(progress.pending)

    def _fetch_named(self, mailbox: str, cursor: Cursor) -> Cursor:
        progress = self.memory.progress[mailbox]
        named = self.connection.uids_from(progress.search_from(cursor.uid_next))
        progress.keep_named(named)
        uids = self._without_old(progress.unread(named), progress)
        pending = self._new_pending(mailbox, cursor.uid_next)
        return self._read(mailbox, cursor, uids, pending)

    def _new_pending(
        self, mailbox: str, new_from: int | None, recent: Collection[int] | None = None
    ) -> Callable[[int], Pending]:
        """Return what tells what is known of a mail that is named for the first time.

        Args:
            mailbox: where it lies.
            new_from: from this UID on, mails were not there at the last look.
            recent: the mails of the window, where others are asked for by this run of
                the program alone; None: no others.
        """
        named_s, absent_s = boottime_s(), self.memory.looks.absent_s(mailbox)

        def pending(uid: int) -> Pending:
            is_new = new_from is not None and uid >= new_from
            is_held = recent is None or uid in recent
            return Pending(named_s, absent_s if is_new else None, is_held)

        return pending

    def _sync_recent(
        self, mailbox: str, opened: ExamineResult, known: Cursor | None
    ) -> Cursor:
        connection, now = self.connection, utc_now()
        connection.protocol.has_new_mail = False
        uid_next = opened.uid_next
        if uid_next is None:
            uid_next = known.uid_next if known else connection.last_uid() + 1
        reach = self.settings.window if known else self.settings.look_back
        uids = set(connection.uids_since(now - reach, now))
        recent = frozenset(uids)
        progress = self.memory.begin(
            mailbox, opened.uid_validity, is_known=known is not None
        )
        if not (uids or known or uid_next == 1 or self._is_clock_sure()):
            # By a clock that leads, the mail of this moment is too old.
            uids = {connection.last_uid()} - {0}
        if known:
            after_cursor = set(connection.uids_from(known.uid_next))
            if len(after_cursor) > MANY:
                since = now - self.settings.look_back
                after_cursor &= set(connection.uids_since(since, now))
            uids |= after_cursor
        cursor = Cursor(opened.uid_validity, uid_next)
        progress.restart(uid_next, recent)
        pending = (
            self._new_pending(mailbox, known.uid_next, recent)
            if known
            else self._new_pending(mailbox, None)
        )
        return self._read(mailbox, cursor, uids, pending)

    def _is_clock_sure(self) -> bool:
        """Return whether the search by age goes by a clock that is known to be right.

        With WITHIN (RFC 5032) that is the server's.
        """
        return self.connection.has_within or bool(is_synchronised())

    def _without_old(self, uids: Sequence[int], progress: Progress) -> list[int]:
        """Leave out the mails that lay there for long when the mailbox was first read.

        The search by age may have left out one that is younger.
        """
        before = [
            uid
            for uid in uids
            if uid < progress.first_uid_next and not progress.is_pending(uid)
        ]
        if not before:
            return list(uids)
        since = utc_now() - self.settings.window
        old = set(before) - set(self.connection.received_since(since, before))
        for uid in old:
            progress.note_read(uid)
        return [uid for uid in uids if uid not in old]

    def _read(
        self,
        mailbox: str,
        cursor: Cursor,
        uids: Collection[int],
        pending: Callable[[int], Pending],
    ) -> Cursor:
        """Report the candidates among mails, newest first, then the new cursor.

        `pending` returns what is known of a mail that was not pending before.
        """
        progress, window = self.memory.progress[mailbox], self.settings.window
        for uid in uids:
            progress.add(uid, pending(uid))
        reader = MailReader(
            account=self.account,
            connection=self.connection,
            is_candidate=self.is_candidate,
            report=self.report,
        )
        newest = reader.read(mailbox, progress)
        for uid in progress.abandon(boottime_s(), window):
            logger.warning("account=%s uid=%d cannot be read", self.account, uid)
        uid_next = max(cursor.uid_next, max(uids, default=0) + 1)
        progress.note_end(uid_next, boottime_s(), window)
        reached = Cursor(cursor.uid_validity, uid_next)
        self.report_cursor(mailbox, reached, newest)
        return reached

    def report_cursor(
        self, mailbox: str, cursor: Cursor, newest: Arrival | None = None
    ) -> None:
        """Report that a mailbox was synced up to a cursor, and its newest arrival.

        What is reported passes no mail that the next run is to ask for.
        """
        progress = self.memory.progress[mailbox]
        uid_next = progress.safe_uid_next(cursor.uid_next)
        self.report(
            MailboxSynced(
                account=self.account,
                mailbox=mailbox,
                cursor=Cursor(cursor.uid_validity, uid_next),
                newest=newest,
                undelivered_count=progress.undelivered_count,
            )
        )


def _is_valid(cursor: Cursor, opened: ExamineResult) -> bool:
    """Return whether UIDs still mean what they meant (RFC 3501 §2.3.1.1).

    A UIDNEXT that went back means that UIDs are given a second time.
    """
    went_back = opened.uid_next is not None and opened.uid_next < cursor.uid_next
    return cursor.uid_validity == opened.uid_validity and not went_back


class AccountSync:
    """Syncs all mailboxes of one account, over one connection.

    `cursors` belongs to the caller and outlives the connection.
    """

    def __init__(
        self,
        account: Account,
        mailbox_sync: MailboxSync,
        *,
        cursors: MutableMapping[str, Cursor],
        tell_missing: Callable[[MailboxMissing], None],
        tell_refused: Callable[[MailboxRefused | None], None] = lambda _: None,
    ) -> None:
        self.connection = mailbox_sync.connection
        self._account = account
        self._mailbox_sync = mailbox_sync
        self._cursors = cursors
        self._tell_missing = tell_missing
        self._tell_refused = tell_refused
        self._missing: dict[str, MailboxMissing] = {}
        self._refused: dict[str, MailboxRefused] = {}
        """Those that the server does not open for now: tried at each sync."""
        self._names: tuple[str, ...] = ()
        self._is_resolved = False
        """Whether every mailbox that was configured is among the names."""
        self._synced: set[str] = set()
        """Those that exist and were synced over this connection."""
        self._moved: set[str] = set()
        """Those that are not open and had new mail at the last look."""
        self._opened_at = 0.0

    def initial_sync(self) -> None:
        """Sync every mailbox, the first one first, which stays open.

        Raises:
            MailboxMissing: none of them exists.
            MailboxRefused: the server opens none for now, or not the main one.
            ConnectionLost: the connection broke.
        """
        self._resolve()
        for name in self._names:
            self._sync_unopened(name)
        if not self._synced:
            raise next(iter([*self._refused.values(), *self._missing.values()]))
        first, *others = self._watched()
        if len(self._names) > 1:  # another EXAMINE, even a failed one, closed it
            self._resync(first)
        if others:
            self.connection.notify()
        self._opened_at = time.monotonic()

    def fetch_new(self, announced_s: float | None = None) -> bool:
        """Fetch what is new everywhere; return whether the open mailbox had new mail.

        `announced_s` is when (`boottime_s`) the server announced mail in the open one.

        Each `reopen_interval_s` the first mailbox is opened again, since it may have
        been re-created, and mailboxes that were missing are tried again.

        Raises:
            MailboxMissing, ConnectionLost
        """
        first, *others = self._watched()
        before = self._cursors[first]
        if announced_s is not None:
            self._mailbox_sync.memory.looks.note_push(first, announced_s)
        self.connection.protocol.has_new_mail_elsewhere = False
        interval_s = self._mailbox_sync.settings.timeouts.reopen_interval_s
        is_due = time.monotonic() - self._opened_at > interval_s
        if is_due:
            if not self._is_resolved:
                self._resolve()
            others = [name for name in self._names if name != first]
        else:
            others += self._refused
            self._cursors[first] = self._mailbox_sync.fetch_new(first, before)
        were_opened = [self._sync_unopened(name) for name in others]
        if is_due:
            self._opened_at = time.monotonic()
        if is_due or any(were_opened):
            self._resync(self._watched()[0])  # another one, if that appeared meanwhile
        return self._cursors[first] != before

    def _watched(self) -> list[str]:
        return [name for name in self._names if name in self._synced]

    def _resolve(self) -> None:
        wanted = self._account.mailboxes
        is_listing = any(is_special(name) for name in wanted)
        listed, bad = self.connection.mailboxes() if is_listing else ([], [])
        self._names = resolve(wanted, listed)
        self._is_resolved = all(resolve([one], listed) for one in wanted)
        bad_lines = self._mailbox_sync.memory.bad_lines
        for line in bad[:MOST_BAD_LINES]:
            if line not in bad_lines and len(bad_lines) < MOST_BAD_LINES:
                bad_lines.add(line)
                name = self._account.name
                logger.warning("account=%s LIST line without sense: %s", name, line)

    def _resync(self, name: str) -> None:
        self._cursors[name] = self._mailbox_sync.resync(name, self._cursors[name])

    def _has_moved(self, name: str, known: Cursor) -> bool:
        began_s = boottime_s()
        has_moved = self.connection.status(name) != known
        if not has_moved:
            self._mailbox_sync.memory.looks.note(name, began_s)
        return has_moved

    def _must_open(self, name: str, known: Cursor) -> bool:
        """Return whether a mailbox that is not open has, or may have, unread mail."""
        return (
            name in self._moved
            or self._mailbox_sync.has_pending(name)
            or self._has_moved(name, known)
        )

    def _sync_unopened(self, name: str) -> bool:
        """Sync a mailbox that is not open, and return whether EXAMINE was sent.

        One that was synced over this connection is opened only if STATUS moved, once
        more after that (a search may leave a mail out), and while mails are pending.
        """
        known = self._cursors.get(name)
        try:
            if known is None or name not in self._synced:
                self._cursors[name] = self._mailbox_sync.initial_sync(name, known)
            elif self._must_open(name, known):
                self._resync(name)
                self._moved.discard(name)
                if self._cursors[name] != known:
                    self._moved.add(name)
            else:
                self._mailbox_sync.report_cursor(name, known)
                return False
        except MailboxRefused as error:
            if name in {self._names[0], INBOX}:
                raise
            self._synced.discard(name)
            if name not in self._refused:
                self._refused[name] = error
                logger.warning("account=%s %s", self._account.name, error)
                self._tell_refused(error)
            return True
        except MailboxMissing as error:
            self._refused.pop(name, None)
            self._synced.discard(name)
            if name not in self._missing:
                self._missing[name] = error
                logger.warning("account=%s %s", self._account.name, error)
                self._tell_missing(error)
            return True  # a failed EXAMINE leaves no mailbox open (RFC 3501 §6.3.1)
        self._missing.pop(name, None)
        if self._refused.pop(name, None):
            self._tell_refused(None)
        self._synced.add(name)
        return True
