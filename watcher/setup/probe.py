"""Opens an account once and says what is there, for `init` and `doctor`.

Nothing is changed on the server: only LIST and EXAMINE are sent after the login.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from watcher.errors import MailboxMissing, MailboxRefused
from watcher.imap.account import Account, Timeouts
from watcher.imap.connection import Connection
from watcher.imap.login import log_in
from watcher.imap.mailboxes import INBOX, is_special, resolve
from watcher.imap.transport import Encryption, Interrupt


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What an account's server offers after login, and which mailboxes it opened."""

    capabilities: frozenset[str]
    """In upper case, as told after login."""
    encryption: Encryption | None
    """None: the connection is in clear text, on this machine alone."""
    mailboxes: tuple[str, ...]
    """The names of those that were opened, in the account's order."""
    missing: tuple[str, ...]
    """What the account names and the server lacks: names, or attributes (RFC 6154)."""
    refused: tuple[MailboxRefused, ...] = ()
    """Why the server does not open some for now, in its own words."""

    @property
    def is_pushed(self) -> bool:
        """Whether the server tells of new mail by itself (IDLE, RFC 2177)."""
        return "IDLE" in self.capabilities

    @property
    def is_pushed_everywhere(self) -> bool:
        """Whether it does so for mailboxes that are not open (NOTIFY, RFC 5465)."""
        return self.is_pushed and "NOTIFY" in self.capabilities


def examine(account: Account, connection: Connection) -> Probed:
    """Open every mailbox of the account for reading, over a connection.

    Raises:
        ConnectionLost: the server breaks off.
        MailboxRefused: it does not open INBOX for now.
    """
    is_listing = any(is_special(wanted) for wanted in account.mailboxes)
    listed = connection.mailboxes()[0] if is_listing else []
    opened: list[str] = []
    missing: list[str] = []
    refused: list[MailboxRefused] = []
    for wanted in account.mailboxes:
        names = [name for name in resolve([wanted], listed) if name not in opened]
        is_there = bool(resolve([wanted], listed))
        for name in names:
            try:
                connection.examine(name)
            except MailboxMissing:
                is_there = False
            except MailboxRefused as error:
                if name == INBOX:
                    raise
                refused.append(error)
            else:
                opened.append(name)
        if not is_there:
            missing.append(wanted)
    return Probed(
        capabilities=connection.capabilities,
        encryption=connection.protocol.encryption,
        mailboxes=tuple(opened),
        missing=tuple(missing),
        refused=tuple(refused),
    )


@contextmanager
def connected(
    account: Account,
    *,
    timeouts: Timeouts | None = None,
    interrupt: Interrupt | None = None,
) -> Iterator[Connection]:
    """Log in, and log out at the end.

    Args:
        account: the login, the server and the mailboxes.
        timeouts: the bounds of each wait; default: those of the daemon.
        interrupt: by which another thread ends the waits, with `Stopped`.

    Raises:
        Unreachable, ConnectionLost: the server cannot be reached, or breaks off.
        LoginRefused, ConfigError, SecretUnavailable: only the user can help.
    """
    waits = interrupt or Interrupt()
    try:
        connection = log_in(account, interrupt=waits, timeouts=timeouts or Timeouts())
        try:
            yield connection
        finally:
            connection.close()
    finally:
        if interrupt is None:
            waits.close()
