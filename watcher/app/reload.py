"""What becomes of a configuration or a password that was written meanwhile.

Another configuration ends this round of the program: the next one is built from it. One
that cannot be used is told once, and the former goes on. A password is taken up by
another login.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial

from watcher.app.configfile import (
    ConfigFile,
    ConfigRead,
    ConfigRefused,
    FromConfig,
    PasswordWritten,
    Taken,
)
from watcher.app.health import Health
from watcher.app.notifier import Notifier
from watcher.app.places import CONFIGURATION
from watcher.clock import iso
from watcher.errors import WatcherError
from watcher.i18n import Language
from watcher.imap.session import Session
from watcher.journal.log import Journal
from watcher.notify import trouble


class Reload:
    """The configuration at work, and the one to go on with."""

    def __init__(
        self,
        file: ConfigFile,
        journal: Journal,
        notifier: Notifier,
        health: Health | None,
    ) -> None:
        self._file = file
        self._journal = journal
        self._notifier = notifier
        self._health = health
        self._since: datetime | None = None
        self._is_refused = False
        self.next: Taken | None = None
        """What the next round is to be built from; None: there is no news."""

    def start(self, now: datetime) -> None:
        """Note since when the configuration is at work, for `status`."""
        self._since = now
        self._note(None)

    def handle(
        self, item: FromConfig, sessions: Mapping[str, Session], now: datetime
    ) -> None:
        """Do what follows from a file that was written."""
        match item:
            case ConfigRefused(error=error):
                self._refuse(error, now)
            case ConfigRead(taken=taken):
                self._note_good(now)
                is_other = taken.config != self._file.taken.config
                self.next = taken if is_other else None
                if not is_other:  # who saves it has put something right
                    self._retry(sessions.keys(), sessions, now)
            case PasswordWritten(accounts=accounts):
                self._retry(accounts & sessions.keys(), sessions, now)

    def _refuse(self, error: WatcherError, now: datetime) -> None:
        self._note(error)
        self._is_refused = True
        self._file.tell(error)
        self._notifier.notify(partial(trouble.config_refused, error), now)

    def _note_good(self, now: datetime) -> None:
        self._note(None)
        if self._is_refused:
            self._is_refused = False
            self._file.tell(None)
            self._notifier.withdraw(trouble.CONFIG_ID, now)

    def _retry(
        self, accounts: Collection[str], sessions: Mapping[str, Session], now: datetime
    ) -> None:
        """Log in again; what is refused then is told, though it was before."""
        self._file.on_retry(accounts)
        if self._health:
            self._health.expect_login(accounts, now)
        for account in accounts:
            sessions[account].retry()

    def _note(self, error: WatcherError | None) -> None:
        if not self._file.is_noted:
            return
        facts = {
            "since": self._since and iso(self._since),
            "error": error and {one.value: error.say(one) for one in Language},
        }
        self._journal.put_session(CONFIGURATION, facts)
