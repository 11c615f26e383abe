"""Fetches the mails that may be attempts: new mail since the cursor, in every mailbox.

What is new is told by the cursor (UIDVALIDITY and UIDNEXT), never by flags or sequence
numbers: a mail read elsewhere first is as new as any. The newest mail comes first, for
it has the most time left; of each mail the header is fetched, and the body only if the
header may be that of an attempt. The first mailbox stays open; the others, the junk
mailbox above all, are asked for their UIDNEXT and opened only when it moved.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watcher.clock import boottime_s, utc_now
from watcher.errors import MailboxMissing
from watcher.events import Cursor, MailboxSynced, MessageFetched, Origin, Report
from watcher.imap.account import Account, WatchSettings
from watcher.imap.connection import (
    Connection,
    ExamineResult,
    MessageHeader,
    Unfetchable,
)
from watcher.imap.mailboxes import is_special, resolve

CLOCKS_APART = timedelta(seconds=30)
"""Ages of two mails found at once that differ by less speak of the same clocks."""


class MailAges:
    """What the looks over one connection tell of the mails that they find."""

    def __init__(self) -> None:
        self._began_s: dict[str, float] = {}
        self._least_age = timedelta.max

    def begin(self, mailbox: str, at_s: float) -> None:
        """A look at a mailbox is done, which began at `boottime_s()` = `at_s`."""
        self._began_s[mailbox] = at_s

    def forget(self, mailbox: str) -> None:
        """The mails that come next may have lain there for long."""
        self._began_s.pop(mailbox, None)

    def note(self, mailbox: str, age: timedelta) -> None:
        """A mail of this age by INTERNALDATE was found."""
        if mailbox in self._began_s:
            self._least_age = min(self._least_age, age)

    def max_age(self, mailbox: str, age: timedelta) -> timedelta | None:
        """Return how long a mail can lie there at most; None if nobody knows."""
        began_s = self._began_s.get(mailbox)
        was_clock_right = self._least_age < age - CLOCKS_APART
        if began_s is None or was_clock_right:
            return None
        return timedelta(seconds=boottime_s() - began_s)


logger = logging.getLogger(__name__)

HEADERS_AT_ONCE = 50
"""At most 1.6 MB of headers in one answer."""


MANY = 200
"""More mails than this after a cursor mean that nobody watched for long."""

LOOKS_AT_ONCE = 3
"""Mail that is announced inside the answer to a look is looked at with the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSync:
    """RecordingChannel on the mailboxes of one account, over one connection."""

    account: str
    connection: Connection
    settings: WatchSettings
    is_candidate: Callable[[bytes], bool]
    report: Callable[[Report], None]
    ages: MailAges = field(default_factory=MailAges)

    def initial_sync(self, mailbox: str, cursor: Cursor | None) -> Cursor:
        """Open a mailbox and look at all that may have come while nobody watched.

        That is everything from the cursor on, and the last `window` in any case;
        without a cursor that still holds, the last `look_back`.

        Raises:
            MailboxMissing, ConnectionLost
        """
        began_s = boottime_s()
        opened = self.connection.examine(mailbox)
        known = cursor if cursor and _holds(cursor, opened) else None
        reached = self._initial_sync(mailbox, opened, known)
        self.ages.begin(mailbox, began_s)
        return reached

    def resync(self, mailbox: str, cursor: Cursor) -> Cursor:
        """Open a mailbox again and look at what is new since the cursor.

        Raises:
            MailboxMissing, ConnectionLost
        """
        opened = self.connection.examine(mailbox)
        if _holds(cursor, opened):
            return self.fetch_new(mailbox, cursor)
        return self._initial_sync(mailbox, opened, None)

    def fetch_new(self, mailbox: str, cursor: Cursor) -> Cursor:
        """Look at what is new in the open mailbox.

        Raises:
            ConnectionLost: the line is dead.
        """
        for _ in range(LOOKS_AT_ONCE):
            self.connection.protocol.has_new_mail = False
            began_s = boottime_s()
            uids = self.connection.uids_from(cursor.uid_next)
            cursor = self._take(mailbox, uids, cursor)
            self.ages.begin(mailbox, began_s)
            if not self.connection.protocol.has_new_mail:
                break
        return cursor

    def _initial_sync(
        self, mailbox: str, opened: ExamineResult, known: Cursor | None
    ) -> Cursor:
        self.connection.protocol.has_new_mail = False
        self.ages.forget(mailbox)
        start = Cursor(opened.uid_validity, self._uid_next(opened, known))
        now = utc_now()
        reach = self.settings.window if known else self.settings.look_back
        uids: set[int] = set(self.connection.uids_since(now - reach, now))
        if known:
            uids.update(self._uids_since_cursor(known, now))
        return self._take(mailbox, uids, start)

    def _uids_since_cursor(self, known: Cursor, now: datetime) -> Collection[int]:
        """Return what came after the cursor; of very many only the last `look_back`."""
        uids = self.connection.uids_from(known.uid_next)
        if len(uids) <= MANY:
            return uids
        recent = self.connection.uids_since(now - self.settings.look_back, now)
        return {*recent}.intersection(uids)

    def _uid_next(self, opened: ExamineResult, known: Cursor | None) -> int:
        if opened.uid_next is not None:
            return opened.uid_next
        return known.uid_next if known else self.connection.last_uid() + 1

    def _take(self, mailbox: str, uids: Collection[int], cursor: Cursor) -> Cursor:
        """Report the candidates among mails, then how far the mailbox is known."""
        for header in self._headers(sorted(uids, reverse=True)):
            self.ages.note(mailbox, utc_now() - header.received_at)
            if self.is_candidate(header.header):
                self._report_mail(mailbox, cursor.uid_validity, header)
        uid_next = max(cursor.uid_next, max(uids, default=0) + 1)
        reached = Cursor(cursor.uid_validity, uid_next)
        self.report(
            MailboxSynced(account=self.account, mailbox=mailbox, cursor=reached)
        )
        return reached

    def _headers(self, uids: Sequence[int]) -> Iterator[MessageHeader]:
        for start in range(0, len(uids), HEADERS_AT_ONCE):
            chunk = uids[start : start + HEADERS_AT_ONCE]
            found = self._headers_or_fewer(chunk)
            yield from sorted(found, key=lambda header: header.uid, reverse=True)

    def _headers_or_fewer(self, uids: Sequence[int]) -> list[MessageHeader]:
        """Return the heads; a mail that the server cannot give costs only itself."""
        try:
            return self.connection.headers(uids)
        except Unfetchable:
            if len(uids) == 1:
                logger.warning("account=%s uid=%d cannot be read", self.account, *uids)
                return []
        return [header for uid in uids for header in self._headers_or_fewer([uid])]

    def _report_mail(
        self, mailbox: str, uid_validity: int, header: MessageHeader
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
        self.report(
            MessageFetched(
                origin=origin,
                received_at=header.received_at,
                max_age=self.ages.max_age(mailbox, utc_now() - header.received_at),
                raw=raw,
            )
        )


def _holds(cursor: Cursor, opened: ExamineResult) -> bool:
    """Return whether UIDs still mean what they meant (RFC 3501 §2.3.1.1).

    A UIDNEXT that went back means that UIDs are given a second time.
    """
    went_back = opened.uid_next is not None and opened.uid_next < cursor.uid_next
    return cursor.uid_validity == opened.uid_validity and not went_back


class AccountSync:
    """The rounds over one connection.

    `cursors` belongs to the caller and outlives the connection.
    """

    def __init__(
        self,
        account: Account,
        mailbox_sync: MailboxSync,
        *,
        cursors: MutableMapping[str, Cursor],
        tell_missing: Callable[[MailboxMissing], None],
    ) -> None:
        self._account = account
        self._mailbox_sync = mailbox_sync
        self._cursors = cursors
        self._tell_missing = tell_missing
        self._missing: dict[str, MailboxMissing] = {}
        self._names: tuple[str, ...] = ()
        self._opened_at = 0.0

    def initial_sync(self) -> None:
        """Look at every mailbox as far back as may be needed, the first one first.

        Raises:
            MailboxMissing: there is none that could be watched.
            ConnectionLost: the line is dead.
        """
        self._names = self._resolve()
        for name in self._names:
            self._visit(name, self._initial_sync)
        if not self._present:
            raise next(iter(self._missing.values()))
        first, *others = self._present
        if others:
            self._resync(first)
            self._mailbox_sync.connection.notify()
        self._opened_at = time.monotonic()

    def fetch_new(self) -> bool:
        """Look at what is new everywhere; return whether the open mailbox had new mail.

        Raises:
            MailboxMissing, ConnectionLost
        """
        first, *others = self._present
        self._mailbox_sync.connection.protocol.has_new_mail_elsewhere = False
        if self._is_due():
            return self._sync_anew(first)
        before = self._cursors[first]
        self._cursors[first] = self._mailbox_sync.fetch_new(first, before)
        were_opened = [self._visit(name, self._sync_unopened) for name in others]
        if any(were_opened):
            self._resync(first)
        return self._cursors[first] != before

    def _is_due(self) -> bool:
        """Return whether the open mailbox might have been re-created meanwhile."""
        reopen_interval_s = self._mailbox_sync.settings.timeouts.reopen_interval_s
        return time.monotonic() - self._opened_at > reopen_interval_s

    def _sync_anew(self, first: str) -> bool:
        """Open the first mailbox again, and find others that came into being."""
        before = self._cursors[first]
        if self._lacks_special():
            self._names = self._resolve()
        for name in self._names:
            is_known = name in self._present and name in self._cursors
            if name != first:
                visit = self._sync_unopened if is_known else self._initial_sync
                self._visit(name, visit)
        self._resync(first)
        self._opened_at = time.monotonic()
        return self._cursors[first] != before

    @property
    def _present(self) -> tuple[str, ...]:
        return tuple(name for name in self._names if name not in self._missing)

    def _lacks_special(self) -> bool:
        return len(self._names) < len(self._account.mailboxes)

    def _resolve(self) -> tuple[str, ...]:
        wanted = self._account.mailboxes
        is_listing = any(is_special(name) for name in wanted)
        listed = self._mailbox_sync.connection.mailboxes() if is_listing else []
        return resolve(wanted, listed)

    def _visit(self, name: str, visit: Callable[[str], bool]) -> bool:
        """Return whether another mailbox was opened for it."""
        try:
            was_opened = visit(name)
        except MailboxMissing as error:
            if name not in self._missing:
                self._missing[name] = error
                self._tell_missing(error)
            return True  # a failed EXAMINE leaves no mailbox open (RFC 3501 §6.3.1)
        self._missing.pop(name, None)
        return was_opened

    def _initial_sync(self, name: str) -> bool:
        cursor = self._mailbox_sync.initial_sync(name, self._cursors.get(name))
        self._cursors[name] = cursor
        return True

    def _resync(self, name: str) -> None:
        self._cursors[name] = self._mailbox_sync.resync(name, self._cursors[name])

    def _sync_unopened(self, name: str) -> bool:
        """Ask how far a mailbox reaches, and open it if it reaches farther."""
        known = self._cursors[name]
        if self._mailbox_sync.connection.status(name) != known:
            self._resync(name)
            return True
        looked = MailboxSynced(account=self._account.name, mailbox=name, cursor=known)
        self._mailbox_sync.report(looked)
        return False
