"""Looks at one mailbox and reports the mails that may be attempts.

What is new is told by the cursor (UIDVALIDITY and UIDNEXT), never by flags or sequence
numbers: a mail read elsewhere first is as new as any. The newest mail comes first, for
it has the most time left; of each mail the header is fetched, and the body only if the
header may be that of an attempt.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from watcher.clock import boottime_s, utc_now
from watcher.events import Cursor, MailboxSynced, MessageFetched, Origin, Report
from watcher.imap.answers import Head, Opened
from watcher.imap.freshness import Freshness
from watcher.imap.mailbox import Connection, Unfetchable
from watcher.imap.settings import WatchSettings

logger = logging.getLogger(__name__)

HEADS_AT_ONCE = 50
"""At most 1.6 MB of headers in one answer."""


MANY = 200
"""More mails than this after a cursor mean that nobody watched for long."""

LOOKS_AT_ONCE = 3
"""Mail that is announced inside the answer to a look is looked at with the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looker:
    """Eyes on the mailboxes of one account, over one connection."""

    account: str
    connection: Connection
    settings: WatchSettings
    is_candidate: Callable[[bytes], bool]
    report: Callable[[Report], None]
    freshness: Freshness = field(default_factory=Freshness)

    def catch_up(self, mailbox: str, cursor: Cursor | None) -> Cursor:
        """Open a mailbox and look at all that may have come while nobody watched.

        That is everything from the cursor on, and the last `window` in any case;
        without a cursor that still holds, the last `look_back`.

        Raises:
            MailboxMissing, ConnectionLost
        """
        began_s = boottime_s()
        opened = self.connection.examine(mailbox)
        known = cursor if cursor and _holds(cursor, opened) else None
        reached = self._catch_up(mailbox, opened, known)
        self.freshness.begin(mailbox, began_s)
        return reached

    def reopen(self, mailbox: str, cursor: Cursor) -> Cursor:
        """Open a mailbox again and look at what is new since the cursor.

        Raises:
            MailboxMissing, ConnectionLost
        """
        opened = self.connection.examine(mailbox)
        if _holds(cursor, opened):
            return self.look(mailbox, cursor)
        return self._catch_up(mailbox, opened, None)

    def look(self, mailbox: str, cursor: Cursor) -> Cursor:
        """Look at what is new in the open mailbox.

        Raises:
            ConnectionLost: the line is dead.
        """
        for _ in range(LOOKS_AT_ONCE):
            self.connection.wire.has_news = False
            began_s = boottime_s()
            uids = self.connection.uids_from(cursor.uid_next)
            cursor = self._take(mailbox, uids, cursor)
            self.freshness.begin(mailbox, began_s)
            if not self.connection.wire.has_news:
                break
        return cursor

    def _catch_up(self, mailbox: str, opened: Opened, known: Cursor | None) -> Cursor:
        self.connection.wire.has_news = False
        self.freshness.forget(mailbox)
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

    def _uid_next(self, opened: Opened, known: Cursor | None) -> int:
        if opened.uid_next is not None:
            return opened.uid_next
        return known.uid_next if known else self.connection.last_uid() + 1

    def _take(self, mailbox: str, uids: Collection[int], cursor: Cursor) -> Cursor:
        """Report the candidates among mails, then how far the mailbox is known."""
        for head in self._heads(sorted(uids, reverse=True)):
            self.freshness.note(mailbox, utc_now() - head.received_at)
            if self.is_candidate(head.header):
                self._report_mail(mailbox, cursor.uid_validity, head)
        uid_next = max(cursor.uid_next, max(uids, default=0) + 1)
        reached = Cursor(cursor.uid_validity, uid_next)
        self.report(
            MailboxSynced(account=self.account, mailbox=mailbox, cursor=reached)
        )
        return reached

    def _heads(self, uids: Sequence[int]) -> Iterator[Head]:
        for start in range(0, len(uids), HEADS_AT_ONCE):
            chunk = uids[start : start + HEADS_AT_ONCE]
            found = self._heads_or_fewer(chunk)
            yield from sorted(found, key=lambda head: head.uid, reverse=True)

    def _heads_or_fewer(self, uids: Sequence[int]) -> list[Head]:
        """Return the heads; a mail that the server cannot give costs only itself."""
        try:
            return self.connection.heads(uids)
        except Unfetchable:
            if len(uids) == 1:
                logger.warning("account=%s uid=%d cannot be read", self.account, *uids)
                return []
        return [head for uid in uids for head in self._heads_or_fewer([uid])]

    def _report_mail(self, mailbox: str, uid_validity: int, head: Head) -> None:
        try:
            raw = self.connection.body(head.uid)
        except Unfetchable:
            logger.warning("account=%s uid=%d has no body", self.account, head.uid)
            return
        if raw is None:  # expunged meanwhile
            return
        origin = Origin(
            account=self.account,
            mailbox=mailbox,
            uid_validity=uid_validity,
            uid=head.uid,
        )
        self.report(
            MessageFetched(
                origin=origin,
                received_at=head.received_at,
                max_age=self.freshness.max_age(mailbox, utc_now() - head.received_at),
                raw=raw,
            )
        )


def _holds(cursor: Cursor, opened: Opened) -> bool:
    """Return whether UIDs still mean what they meant (RFC 3501 §2.3.1.1).

    A UIDNEXT that went back means that UIDs are given a second time.
    """
    went_back = opened.uid_next is not None and opened.uid_next < cursor.uid_next
    return cursor.uid_validity == opened.uid_validity and not went_back
