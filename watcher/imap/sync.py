"""Fetches the mails that may be attempts: new mail since the cursor, in every mailbox.

What is new is known by the cursor (UIDVALIDITY and UIDNEXT), never by flags or sequence
numbers: a mail that was read elsewhere counts as well. The newest mail comes first, for
it has the most time left; of each mail the header is fetched, and the body only if the
header may be that of an attempt. The first mailbox stays open; of the others, the junk
mailbox above all, STATUS asks the UIDNEXT, and they are opened only when it moved.
"""

import logging
import time
from collections.abc import Callable, Collection, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from watcher.clock import boottime_s, is_synchronised, utc_now
from watcher.errors import MailboxMissing, MailboxRefused
from watcher.events import (
    Arrival,
    Cursor,
    MailboxSynced,
    MessageFetched,
    Origin,
    Report,
    Seen,
)
from watcher.imap.account import Account, WatchSettings
from watcher.imap.connection import (
    Connection,
    ExamineResult,
    MessageHeader,
    Unfetchable,
)
from watcher.imap.mailboxes import INBOX, is_special, resolve

logger = logging.getLogger(__name__)

PUSH_S = 2.0
"""How long before its announcement a mail may have come, where IDLE works."""

HEADERS_AT_ONCE = 50
"""At most 1.6 MB of headers in one answer."""

MANY = 200
"""More mails than this after a cursor mean that it is old."""

SYNCS_AT_ONCE = 3
"""Mail that is announced inside the answers of a sync is fetched by the next one."""


class LastLooks:
    """When each mailbox of an account was last seen whole, over all connections.

    In seconds since boot (`boottime_s`), before the command was sent.
    """

    def __init__(self) -> None:
        self._began_s: dict[str, float] = {}

    def note(self, mailbox: str, began_s: float) -> None:
        """Note a look that has ended: what it did not show was not there."""
        self._began_s[mailbox] = began_s

    def note_push(self, mailbox: str, announced_s: float) -> None:
        """Note that the server announced new mail: until then it had none."""
        absent_s = self._began_s.get(mailbox)
        if absent_s is not None:
            self._began_s[mailbox] = max(absent_s, announced_s - PUSH_S)

    def absent_s(self, mailbox: str) -> float | None:
        """Return when new mail was certainly not there; None: never looked."""
        return self._began_s.get(mailbox)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSync:
    """Syncs single mailboxes of one account, over one connection."""

    account: str
    connection: Connection
    settings: WatchSettings
    is_candidate: Callable[[bytes], bool]
    report: Callable[[Report], None]
    looks: LastLooks = field(default_factory=LastLooks)

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
        self.looks.note(mailbox, began_s)
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
        """Fetch what is new in the open mailbox.

        Raises:
            ConnectionLost: the connection broke.
        """
        protocol = self.connection.protocol
        for _ in range(SYNCS_AT_ONCE):
            protocol.has_new_mail = False
            began_s = boottime_s()
            uids = self.connection.uids_from(cursor.uid_next)
            cursor = self._report_synced(mailbox, uids, cursor, cursor.uid_next)
            self.looks.note(mailbox, began_s)
            if not protocol.has_new_mail:
                break
        return cursor

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
        new_from = known.uid_next if known else None
        return self._report_synced(mailbox, uids, cursor, new_from)

    def _is_clock_sure(self) -> bool:
        """Return whether the search by age goes by a clock that is known to be right.

        With WITHIN (RFC 5032) that is the server's.
        """
        return "WITHIN" in self.connection.capabilities or bool(is_synchronised())

    def _report_synced(
        self,
        mailbox: str,
        uids: Collection[int],
        cursor: Cursor,
        new_from: int | None,
    ) -> Cursor:
        """Report the candidates among mails, newest first, then the new cursor.

        From the UID `new_from` on, mails were not there at the last look.
        """
        newest_first = sorted(uids, reverse=True)
        newest: Arrival | None = None
        newest_at = datetime.min.replace(tzinfo=UTC)
        for start in range(0, len(newest_first), HEADERS_AT_ONCE):
            headers = self._headers(newest_first[start : start + HEADERS_AT_ONCE])
            seen_s = boottime_s()
            newest_at = max([newest_at, *(one.received_at for one in headers)])
            for header in sorted(headers, key=lambda one: one.uid, reverse=True):
                is_new = new_from is not None and header.uid >= new_from
                absent_s = self.looks.absent_s(mailbox) if is_new else None
                seen = Seen(seen_s, absent_s, newest_at)
                arrival = Arrival(header.received_at, seen, header.saved_at)
                if absent_s is not None and (
                    newest is None or arrival.received_at > newest.received_at
                ):
                    newest = arrival
                if self.is_candidate(header.header):
                    self._report_mail(mailbox, cursor.uid_validity, header, arrival)
        uid_next = max(cursor.uid_next, max(uids, default=0) + 1)
        reached = Cursor(cursor.uid_validity, uid_next)
        self.report_cursor(mailbox, reached, newest)
        return reached

    def report_cursor(
        self, mailbox: str, cursor: Cursor, newest: Arrival | None = None
    ) -> None:
        """Report that a mailbox was synced up to a cursor, and its newest arrival."""
        self.report(
            MailboxSynced(
                account=self.account, mailbox=mailbox, cursor=cursor, newest=newest
            )
        )

    def _headers(self, uids: Sequence[int]) -> Sequence[MessageHeader]:
        """Return headers; a mail that the server cannot give is left out, alone."""
        try:
            return self.connection.headers(uids)
        except Unfetchable:
            if len(uids) == 1:
                logger.warning("account=%s uid=%d cannot be read", self.account, *uids)
                return []
        return [header for uid in uids for header in self._headers([uid])]

    def _report_mail(
        self, mailbox: str, uid_validity: int, header: MessageHeader, arrival: Arrival
    ) -> None:
        try:
            raw = self.connection.body(header.uid)
        except Unfetchable:
            logger.warning("account=%s uid=%d has no body", self.account, header.uid)
            return
        if raw is None:  # expunged meanwhile
            return
        origin = Origin(
            account=self.account,
            mailbox=mailbox,
            uid_validity=uid_validity,
            uid=header.uid,
        )
        self.report(MessageFetched(origin=origin, arrival=arrival, raw=raw))


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
        self._synced: set[str] = set()
        """Those that exist and were synced over this connection."""
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
            self._mailbox_sync.looks.note_push(first, announced_s)
        self.connection.protocol.has_new_mail_elsewhere = False
        interval_s = self._mailbox_sync.settings.timeouts.reopen_interval_s
        is_due = time.monotonic() - self._opened_at > interval_s
        if is_due:
            if len(self._names) < len(self._account.mailboxes):
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
        listed = self.connection.mailboxes() if is_listing else []
        self._names = resolve(wanted, listed)

    def _resync(self, name: str) -> None:
        self._cursors[name] = self._mailbox_sync.resync(name, self._cursors[name])

    def _has_moved(self, name: str, known: Cursor) -> bool:
        began_s = boottime_s()
        has_moved = self.connection.status(name) != known
        if not has_moved:
            self._mailbox_sync.looks.note(name, began_s)
        return has_moved

    def _sync_unopened(self, name: str) -> bool:
        """Sync a mailbox that is not open, and return whether EXAMINE was sent.

        One that was synced over this connection is opened only if STATUS moved.
        """
        known = self._cursors.get(name)
        try:
            if known is None or name not in self._synced:
                self._cursors[name] = self._mailbox_sync.initial_sync(name, known)
            elif self._has_moved(name, known):
                self._resync(name)
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
