"""Goes round the mailboxes of an account over its one connection.

The first mailbox stays open and is the one that the server speaks of; the others, the
junk mailbox above all, are asked for their UIDNEXT on each round and opened only when
it moved. A mailbox that is missing is told once and tried again; the others go on.
"""

import time
from collections.abc import Callable, MutableMapping

from watcher.errors import MailboxMissing
from watcher.events import Cursor, MailboxSynced
from watcher.imap.account import Account
from watcher.imap.folders import is_special, resolve
from watcher.imap.look import Looker


class Rounds:
    """The rounds over one connection.

    `cursors` belongs to the caller and outlives the connection.
    """

    def __init__(
        self,
        account: Account,
        looker: Looker,
        *,
        cursors: MutableMapping[str, Cursor],
        tell_missing: Callable[[MailboxMissing], None],
    ) -> None:
        self._account = account
        self._looker = looker
        self._cursors = cursors
        self._tell_missing = tell_missing
        self._missing: dict[str, MailboxMissing] = {}
        self._names: tuple[str, ...] = ()
        self._opened_at = 0.0

    def catch_up(self) -> None:
        """Look at every mailbox as far back as may be needed, the first one first.

        Raises:
            MailboxMissing: there is none that could be watched.
            ConnectionLost: the line is dead.
        """
        self._names = self._resolve()
        for name in self._names:
            self._visit(name, self._catch_up)
        if not self._present:
            raise next(iter(self._missing.values()))
        first, *others = self._present
        if others:
            self._reopen(first)
            self._looker.connection.notify()
        self._opened_at = time.monotonic()

    def look(self) -> bool:
        """Look at what is new everywhere; return whether the open mailbox had new mail.

        Raises:
            MailboxMissing, ConnectionLost
        """
        first, *others = self._present
        self._looker.connection.wire.has_news_elsewhere = False
        if self._is_due():
            return self._go_round_anew(first)
        before = self._cursors[first]
        self._cursors[first] = self._looker.look(first, before)
        were_opened = [self._visit(name, self._look_elsewhere) for name in others]
        if any(were_opened):
            self._reopen(first)
        return self._cursors[first] != before

    def _is_due(self) -> bool:
        """Return whether the open mailbox might have been re-created meanwhile."""
        reopen_s = self._looker.settings.bounds.reopen_s
        return time.monotonic() - self._opened_at > reopen_s

    def _go_round_anew(self, first: str) -> bool:
        """Open the first mailbox again, and find others that came into being."""
        before = self._cursors[first]
        if self._lacks_special():
            self._names = self._resolve()
        for name in self._names:
            is_known = name in self._present and name in self._cursors
            if name != first:
                visit = self._look_elsewhere if is_known else self._catch_up
                self._visit(name, visit)
        self._reopen(first)
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
        listed = self._looker.connection.mailboxes() if is_listing else []
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

    def _catch_up(self, name: str) -> bool:
        cursor = self._looker.catch_up(name, self._cursors.get(name))
        self._cursors[name] = cursor
        return True

    def _reopen(self, name: str) -> None:
        self._cursors[name] = self._looker.reopen(name, self._cursors[name])

    def _look_elsewhere(self, name: str) -> bool:
        """Ask how far a mailbox reaches, and open it if it reaches farther."""
        known = self._cursors[name]
        if self._looker.connection.status(name) != known:
            self._reopen(name)
            return True
        looked = MailboxSynced(account=self._account.name, mailbox=name, cursor=known)
        self._looker.report(looked)
        return False
