"""Looks once at an account, for whoever does not want to stay."""

import contextlib
from collections.abc import Callable, Mapping

from watcher.errors import WatcherError
from watcher.events import Cursor, Report
from watcher.imap.account import Account, WatchSettings
from watcher.imap.login import log_in
from watcher.imap.sync import AccountSync, MailboxSync
from watcher.imap.transport import Interrupt


def look_once(
    account: Account,
    *,
    cursors: Mapping[str, Cursor],
    report: Callable[[Report], None],
    is_candidate: Callable[[bytes], bool],
    settings: WatchSettings,
) -> None:
    """Look once at every mailbox of an account, over one connection.

    Raises:
        WatcherError: of a missing mailbox only after the others were looked at.
    """
    interrupt = Interrupt()
    missing: list[WatcherError] = []
    try:
        connection = log_in(account, interrupt=interrupt, timeouts=settings.timeouts)
        mailbox_sync = MailboxSync(
            account=account.name,
            connection=connection,
            settings=settings,
            is_candidate=is_candidate,
            report=report,
        )
        account_sync = AccountSync(
            account, mailbox_sync, cursors=dict(cursors), tell_missing=missing.append
        )
        with contextlib.closing(connection):
            account_sync.initial_sync()
    finally:
        interrupt.close()
    if missing:
        raise missing[0]
