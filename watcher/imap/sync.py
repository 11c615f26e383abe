"""Syncs the mailboxes of an account, each in its turn, the first one above all.

The first mailbox stays open; of the others, the junk mailboxes above all, STATUS asks
the UIDNEXT, and they are opened only when it moved. Where the server announces mail in
one of them, it is opened at once, and the first one again after it.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable, MutableMapping
from math import inf

from watcher.errors import MailboxMissing, MailboxRefused
from watcher.events import Cursor
from watcher.imap.account import Account
from watcher.imap.announced import read_status
from watcher.imap.mailbox_sync import MailboxSync
from watcher.imap.mailboxes import INBOX, is_special, resolve

logger = logging.getLogger(__name__)

MOST_BAD_LINES = 10
"""How many lines of LIST without sense are logged of one account."""


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
        self.is_told_of_all = False
        """Whether the server announces mail in every mailbox, as far as it promises."""

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
        if len(self._names) > 1:  # another EXAMINE, even a failed one, closed it
            self._resync(self._watched()[0])
        self._ask_for_announcements()
        self._opened_at = time.monotonic()

    def _ask_for_announcements(self) -> None:
        _, *others = self._watched()
        self.connection.protocol.has_overflowed = False
        is_told = self.connection.notify(elsewhere=bool(others))
        self.is_told_of_all = is_told or not others

    def begin_look(self) -> None:
        """Send what the next `fetch_new` begins with, unless it opens the mailbox anew.

        Raises:
            ConnectionLost: the connection broke.
        """
        if self._is_reopen_due():
            return
        begin_look = self._mailbox_sync.begin_look
        first, *others = self._watched()
        if self.connection.protocol.has_new_mail:
            begin_look(first, self._cursors[first])
        elif moved := self._announced(others) or self._opening_due(others):
            self._mailbox_sync.begin_resync(moved[0], self._cursors[moved[0]])
        else:
            begin_look(first, self._cursors[first], others)

    def _announced(self, names: Collection[str]) -> list[str]:
        """Return which of these mailboxes were announced to have new mail."""
        found = map(read_status, self.connection.protocol.elsewhere)
        return [
            name
            for name, uid_next in filter(None, found)
            if name in names and (uid_next or inf) > self._cursors[name].uid_next
        ]

    def _opening_due(self, names: Iterable[str]) -> list[str]:
        """Return which of these mailboxes are to be opened, whatever STATUS says."""
        return [
            name
            for name in names
            if name in self._moved or self._mailbox_sync.has_pending(name)
        ]

    def _is_reopen_due(self) -> bool:
        interval_s = self._mailbox_sync.settings.timeouts.reopen_interval_s
        return time.monotonic() - self._opened_at > interval_s

    def fetch_new(self, *, is_pushed: bool = False) -> bool:
        """Fetch what is new everywhere; return whether the open mailbox had new mail.

        `is_pushed` tells that the server announced mail by itself, in any mailbox.

        Each `reopen_interval_s` the first mailbox is opened again, since it may have
        been re-created, and mailboxes that were missing are tried again.

        Raises:
            MailboxMissing, ConnectionLost
        """
        first, *others = self._watched()
        before = self._cursors[first]
        protocol = self.connection.protocol
        if is_pushed and protocol.has_new_mail:
            looks = self._mailbox_sync.memory.looks
            looks.note_push(first, protocol.announced_s)
        protocol.elsewhere = ()
        # it may have become due since a look was begun, whose answers come first
        is_due = self._is_reopen_due() and not self.connection.opened.has_begun
        if is_due:
            if not self._is_resolved:
                self._resolve()
            others = [name for name in self._names if name != first]
        else:
            others += self._refused
        # the answers about others come first
        is_last = is_due or self.connection.has_asked
        if not is_last:
            self._fetch_open(first)
        others.sort(key=self.connection.is_opening, reverse=True)
        were_opened = [self._sync_unopened(name) for name in others]
        if is_due:
            self._opened_at = time.monotonic()
        if is_due or any(were_opened):
            self._resync(self._watched()[0])  # another one, if that appeared meanwhile
        elif is_last:
            self._fetch_open(first)
        if not self._announced(self._watched()[1:]):  # inside the answers about others
            protocol.elsewhere = ()
        if protocol.has_overflowed:
            self._ask_for_announcements()
        return self._cursors[first] != before

    def _fetch_open(self, name: str) -> None:
        self._cursors[name] = self._mailbox_sync.fetch_new(name, self._cursors[name])

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
        began_s = self.connection.begin_status(name)
        has_moved = self.connection.status(name) != known
        if not has_moved:
            self._mailbox_sync.memory.looks.note(name, began_s)
        return has_moved

    def _must_open(self, name: str, known: Cursor) -> bool:
        """Return whether a mailbox that is not open has, or may have, unread mail."""
        return (
            self.connection.is_opening(name)
            or bool(self._opening_due([name]))
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
