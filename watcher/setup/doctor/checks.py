"""All checks: which lines the report has, and what fills them.

What the configuration cannot tell is not known: without one, the checks of accounts are
skipped, and those of the machine are made with the defaults.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from watcher.app.machine_clock import read_error
from watcher.clock import is_synchronised, utc_now
from watcher.config.accounts import watched
from watcher.config.schema import Config, secret_variables
from watcher.errors import ConfigError, JournalBusy, JournalUnusable
from watcher.i18n import Language, Text
from watcher.imap.account import Timeouts
from watcher.imap.choices import Auth
from watcher.journal.reader import JournalReader
from watcher.keys import dns_keys, servers_asked
from watcher.setup.doctor.account import CHECKS, TIMEOUTS, AccountChecks
from watcher.setup.doctor.clock import KnownClock, machine_clock
from watcher.setup.doctor.desktop import check_browser, check_notification
from watcher.setup.doctor.machine import check_disk, check_log, check_permissions
from watcher.setup.doctor.mails import check_key
from watcher.setup.doctor.network import check_name_servers
from watcher.setup.doctor.phone import phone_parts
from watcher.setup.doctor.report import (
    Check,
    Finding,
    Line,
    Sentence,
    Slot,
    failed,
    passed,
    skipped,
)
from watcher.setup.doctor.running import Part, lines, one
from watcher.setup.doctor.service import check_service
from watcher.setup.doctor.tokens import NO_OAUTH
from watcher.setup.service import service_here
from watcher.timing.error import ClockError


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    """What is checked, and with what."""

    find_path: Callable[[], Path]
    """Returns the configuration file, whether it is there or not, if a home is."""
    config: Config | None
    """None: there is none, or it cannot be used."""
    error: ConfigError | None
    """Why it cannot be used."""
    find_log: Callable[[], Path]
    """Returns the event log, in the same way."""
    language: Language
    shows_notification: bool = False
    timeouts: Timeouts = TIMEOUTS

    def lines(self) -> Iterator[Line]:
        """Make all checks; yield the lines in the order of the report."""
        parts = list(self._parts())
        slots = [slot for part in parts for slot in part.slots]
        order = sorted(slots, key=lambda slot: list(Check).index(slot.check))
        return lines(order, parts)

    def _parts(self) -> Iterator[Part]:
        """Yield what is checked; one line here is one check."""
        config = self.config or Config()
        servers, timeout = config.dkim.nameservers, config.dkim.timeout
        keys = dns_keys(servers, timeout)
        clock = KnownClock(self._learned, is_synchronised)
        notify = partial(
            check_notification,
            config.notify,
            language=self.language,
            shows=self.shows_notification,
        )
        single: dict[Check, Callable[[], Finding]] = {
            Check.CONFIGURATION: self._configuration,
            Check.PERMISSIONS: lambda: check_permissions(
                self.find_path(), self.config, self.find_log()
            ),
            Check.DNS: lambda: check_name_servers(servers_asked(servers), timeout),
            Check.NOTIFICATION: notify,
            Check.BROWSER: check_browser,
            Check.LOG: lambda: check_log(self.find_log()),
            Check.SERVICE: lambda: check_service(
                service_here(self.find_path()).status()
            ),
            Check.DISK: lambda: check_disk(self.find_log()),
        }
        if not config.accounts:
            single |= {check: lambda: skipped(_NO_ACCOUNT) for check in CHECKS}
            single[Check.CLOCK] = lambda: machine_clock(clock)
            single[Check.DKIM_KEY] = lambda: check_key(keys, ())
        for check, make in single.items():
            yield one(Slot(check), make)
        hidden = secret_variables(config)
        yield from phone_parts(
            config, hidden, self.language, shows=self.shows_notification
        )
        if not any(entry.auth is Auth.OAUTH2 for entry in config.accounts):
            yield one(Slot(Check.OAUTH), lambda: skipped(NO_OAUTH))
        for entry, account in zip(config.accounts, watched(config), strict=True):
            checks = AccountChecks(
                entry=entry,
                watched=account,
                config=config,
                keys=keys,
                clock=clock,
                timeouts=self.timeouts,
            )
            yield Part(checks.slots, checks.run)

    def _configuration(self) -> Finding:
        if self.config is not None:
            names = ", ".join(account.name for account in self.config.accounts)
            return passed(_LOADED, path=self.find_path(), names=names)
        if self.error is None:
            return failed(Sentence.of(_NO_FILE, path=self.find_path()), _INIT)
        return failed(self.error, _CORRECT)

    def _learned(self) -> ClockError | None:
        """Return what proved mails have taught of the clock, if it can be read."""
        try:
            journal = JournalReader.read(self.find_log())
        except (ConfigError, JournalBusy, JournalUnusable):
            return None
        if journal is None:
            return None
        with journal:
            return read_error(journal, utc_now())


_LOADED = Text(
    en="{path} can be used; accounts: {names}",
    ja="{path} を使えます(アカウント: {names})。",
)
_NO_FILE = Text(
    en="There is no configuration yet: {path}",
    ja="設定ファイルがまだありません: {path}",
)
_INIT = Text(en="Run: watcher init", ja="次を実行してください: watcher init")
_CORRECT = Text(
    en="Correct the file, or write a new one with: watcher init",
    ja="ファイルを直すか、次で新しく作ってください: watcher init",
)
_NO_ACCOUNT = Text(
    en="Not checked, since no account is configured.",
    ja="アカウントが設定されていないので、確認していません。",
)
