"""Fetches the mails of a mailbox that may be attempts: new mail since the cursor.

What is new is known by the cursor (UIDVALIDITY and UIDNEXT), never by flags or sequence
numbers: a mail that was read elsewhere counts as well. Each look searches the window
before the cursor again, since a search may leave a mail out, and asks again for what
was not delivered (`progress`).
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from watcher.clock import boottime_s, is_synchronised, utc_now
from watcher.events import Arrival, Cursor, MailboxSynced, Report
from watcher.imap.account import WatchSettings
from watcher.imap.connection import Connection
from watcher.imap.items import ExamineResult, MessageHeader
from watcher.imap.opened import MAILS_AT_ONCE, Found, Look
from watcher.imap.progress import AccountMemory, Pending, Progress
from watcher.imap.reading import NOTHING, MailReader

logger = logging.getLogger(__name__)

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
    is_armed: Callable[[], bool] = lambda: False
    """Whether a sign-in is expected, for which whole mails come with a look."""

    def initial_sync(self, mailbox: str, cursor: Cursor | None) -> Cursor:
        """Open a mailbox and fetch what may have come while it was not watched.

        That is everything from the cursor on, and the last `window` in any case;
        without a valid cursor, the last `look_back`.

        Raises:
            MailboxMissing, ConnectionLost
        """
        self._drop_look()
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

        What is asked for with it is believed only if its UIDs still hold.

        Raises:
            MailboxMissing, MailboxRefused, ConnectionLost
        """
        if not self.connection.is_opening(mailbox):
            self._drop_look()
            self._begin_opening(mailbox, cursor, is_behind_idle=False)
        opened = self.connection.examine(mailbox)
        if _is_valid(cursor, opened):
            reached = self.fetch_new(mailbox, cursor)
            # Mails that came and went moved it, too, and STATUS tells of it for ever.
            uid_next = max(reached.uid_next, opened.uid_next or 0)
            return replace(reached, uid_next=uid_next)
        self._drop_look()
        return self._sync_recent(mailbox, opened, None)

    def fetch_new(self, mailbox: str, cursor: Cursor) -> Cursor:
        """Fetch what is new in the open mailbox, pending, or was left out of a search.

        Raises:
            ConnectionLost: the connection broke.
        """
        protocol = self.connection.protocol
        for _ in range(SYNCS_AT_ONCE):
            protocol.has_new_mail = False
            cursor = self._fetch_named(mailbox, cursor)
            if not protocol.has_new_mail:
                break
        return cursor

    def has_pending(self, mailbox: str) -> bool:
        """Return whether mails of a mailbox were named and not delivered yet."""
        progress = self.memory.progress.get(mailbox)
        return progress is not None and bool(progress.pending)

    def begin_look(
        self, mailbox: str, cursor: Cursor, others: Iterable[str] = ()
    ) -> None:
        """Send what `fetch_new` begins with, unless the server takes it one by one.

        And, before that, what tells whether other mailboxes have new mail.

        Raises:
            ConnectionLost: the connection broke.
        """
        if self._may_begin():
            for name in others:
                self.connection.begin_status(name)
            look = self._look(mailbox, cursor)
            self.connection.opened.begin(look, is_behind_idle=True)

    def begin_resync(self, mailbox: str, cursor: Cursor) -> None:
        """Send what `resync` begins with, as `begin_look`.

        Raises:
            ConnectionLost: the connection broke.
        """
        self._begin_opening(mailbox, cursor, is_behind_idle=True)

    def _begin_opening(
        self, mailbox: str, cursor: Cursor, *, is_behind_idle: bool
    ) -> None:
        """Send EXAMINE, a search and a fetch, unless they are taken one by one.

        That is RFC 3501 §5.5: the server must not begin one before the other has ended.
        """
        if not self._may_begin():
            return
        connection = self.connection
        with connection.protocol.in_one_segment():
            connection.begin_examine(mailbox)
            look = self._look(mailbox, cursor)
            connection.opened.begin(look, is_behind_idle=is_behind_idle)

    def _drop_look(self) -> None:
        """Read the answers to a look that is of no use, and note that they came."""
        opened = self.connection.opened
        is_behind_idle = opened.is_behind_idle
        if opened.has_begun:
            opened.drop_look()
            self.memory.look_losses.note_answer(is_behind_idle=is_behind_idle)

    def _may_begin(self) -> bool:
        """Return whether the server takes a search and a fetch in one segment."""
        if self.connection.opened.is_partial_refused:
            return False
        return self.memory.look_losses.may_begin(boottime_s())

    def _look(self, mailbox: str, cursor: Cursor) -> Look:
        search_from = self.memory.progress[mailbox].search_from(cursor.uid_next)
        is_whole = self.is_armed() or self._are_pushed_candidates()
        return Look(search_from, cursor.uid_next, is_whole=is_whole)

    def _are_pushed_candidates(self) -> bool:
        """Return whether all mails are candidates that were announced with fields.

        Then they are fetched at once; others are not to be read.
        """
        pushed = self.connection.protocol.pushed_fields
        is_few = 0 < len(pushed) <= MAILS_AT_ONCE
        return is_few and all(map(self.is_candidate, pushed))

    def _find(self, mailbox: str, cursor: Cursor) -> Found:
        """Search, and fetch what may be new with it where the server takes both.

        Raises:
            ConnectionLost: the connection broke.
        """
        look, opened = self._look(mailbox, cursor), self.connection.opened
        if not opened.has_begun and not self._may_begin():
            return opened.search_alone(look.search_from)
        is_behind_idle = opened.is_behind_idle
        found = opened.look(look)
        self.connection.protocol.pushed_fields = ()
        self.memory.look_losses.note_answer(is_behind_idle=is_behind_idle)
        return found

    def _fetch_named(self, mailbox: str, cursor: Cursor) -> Cursor:
        progress = self.memory.progress[mailbox]
        found = self._find(mailbox, cursor)
        progress.keep_named(found.uids)
        uids = self._without_old(progress.unread(found.uids), progress)
        pending = self._new_pending(mailbox, cursor.uid_next)
        reached = self._read(mailbox, cursor, uids, pending, found.mails)
        self.memory.looks.note(mailbox, found.began_s)
        return reached

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
            uid_next = known.uid_next if known else connection.opened.last_uid() + 1
        reach = self.settings.window if known else self.settings.look_back
        uids = set(connection.opened.uids_since(now - reach, now))
        recent = frozenset(uids)
        progress = self.memory.begin(
            mailbox, opened.uid_validity, is_known=known is not None
        )
        if not (uids or known or uid_next == 1 or self._is_clock_sure()):
            # By a clock that leads, the mail of this moment is too old.
            uids = {connection.opened.last_uid()} - {0}
        if known:
            after_cursor = set(connection.opened.uids_from(known.uid_next))
            if len(after_cursor) > MANY:
                since = now - self.settings.look_back
                after_cursor &= set(connection.opened.uids_since(since, now))
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
        return self.connection.opened.has_within or bool(is_synchronised())

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
        old = set(before) - set(self.connection.opened.received_since(since, before))
        for uid in old:
            progress.note_read(uid)
        return [uid for uid in uids if uid not in old]

    def _read(
        self,
        mailbox: str,
        cursor: Cursor,
        uids: Collection[int],
        pending: Callable[[int], Pending],
        given: Mapping[int, MessageHeader] = NOTHING,
    ) -> Cursor:
        """Report the candidates among mails, newest first, then the new cursor.

        `pending` returns what is known of a mail that was not pending before; those
        that are `given` were fetched already.
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
        newest = reader.read(mailbox, progress, given)
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
