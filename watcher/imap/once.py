"""Looks once at an account, for whoever does not want to stay."""

import contextlib
from collections.abc import Callable, Mapping

from watcher.errors import WatcherError
from watcher.events import Cursor, Report
from watcher.imap.account import Account
from watcher.imap.login import log_in
from watcher.imap.look import Looker
from watcher.imap.rounds import Rounds
from watcher.imap.settings import WatchSettings
from watcher.imap.wake import Wake


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
    wake = Wake()
    missing: list[WatcherError] = []
    try:
        connection = log_in(account, wake=wake, bounds=settings.bounds)
        looker = Looker(
            account=account.name,
            connection=connection,
            settings=settings,
            is_candidate=is_candidate,
            report=report,
        )
        rounds = Rounds(
            account, looker, cursors=dict(cursors), tell_missing=missing.append
        )
        with contextlib.closing(connection):
            rounds.catch_up()
    finally:
        wake.close()
    if missing:
        raise missing[0]
