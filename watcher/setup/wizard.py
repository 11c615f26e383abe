"""Sets watcher up: asks what only the user knows, and checks each answer at once.

Nothing is written before a login has worked; then the password, the configuration, a
notification and the start at login, each proved.
"""

import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from watcher.app.wiring import open_channels
from watcher.config.accounts import account_of, addresses, policy_for
from watcher.config.file import is_there
from watcher.config.home import NoHomeError
from watcher.config.load import default_path, load
from watcher.config.schema import (
    Account,
    Config,
    LanguageChoice,
    Notify,
    Push,
    secret_variables,
)
from watcher.config.secret_store import (
    PROBE_TIMEOUT_S,
    keep_in_file,
    keep_in_keyring,
    keyring_works,
)
from watcher.config.write import account_table, add_account, create, push_table
from watcher.errors import ConfigError, WatcherError
from watcher.i18n import Language
from watcher.imap.account import Account as Mailbox
from watcher.imap.connection import Connection
from watcher.keys import dns_keys
from watcher.setup import sentences
from watcher.setup.access import Access, TokenLogin, with_addresses
from watcher.setup.dialog import Dialog
from watcher.setup.phone import set_up
from watcher.setup.probe import Probed
from watcher.setup.review import Review, review
from watcher.setup.service import service_here
from watcher.setup.trial import Trial, trying
from watcher.typed import as_typed, command

TRIAL_S = 600.0
"""How long a test notification waits for its user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the command line has answered; None and empty ones are asked for."""

    account: Account
    """Server, user, source of the password and name, as far as they were given."""
    address: str | None = None
    language: Language | None = None
    pushes: bool | None = None
    """Whether a phone is told; None: that is asked for."""
    push_server: str | None = None
    """The ntfy server by which it is told."""
    shows_trial: bool = True
    installs_service: bool = True
    adds: bool = False
    """Whether an account is to be added to a configuration that is there."""


class Wizard:
    """One run of `watcher init`."""

    def __init__(
        self, path: Path, answers: Answers, dialog: Dialog, tokens: TokenLogin
    ) -> None:
        self._path = path
        self._answers = answers
        self._dialog = dialog
        self._tokens = tokens

    def run(self) -> bool:
        """Ask, check, write the configuration, and prove that it works.

        Returns:
            Whether it was done; False if the user wants nothing changed.

        Raises:
            WatcherError: it cannot be finished; then nothing was written.
        """
        existing = self._existing()
        if existing is not None and not self._adds_account():
            return False
        config = existing or self._new_config()
        if self._dialog.asks:
            self._dialog.say(sentences.HELLO)
        left = sentences.LEFT
        try:
            self._set_up_account(existing, config)
            left = sentences.LEFT_WRITTEN
            self._try_notification(config)
            is_running = self._start_at_login()
        except KeyboardInterrupt:
            self._dialog.say(left, command=self._command())
            raise
        words = {"command": self._command(), "config": self._path}
        end = sentences.READY if is_running else sentences.NOT_RUNNING
        self._dialog.say(end, **words)
        is_own = self._is_default({})  # else other things may lie in its folder
        removed = self._path.parent if is_own else self._path
        self._dialog.say(sentences.WHERE, removed=removed, **words)
        return True

    def _command(self) -> str:
        """Return how this program is called so that it reads what is written here."""
        if self._is_default(os.environ):
            return command()
        return f"{command()} --config {as_typed(str(self._path.absolute()))}"

    def _is_default(self, environment: Mapping[str, str]) -> bool:
        with suppress(NoHomeError):
            return self._path == default_path(environment)
        return False

    # What is there already

    def _existing(self) -> Config | None:
        """Return the configuration that is there, None if there is none to keep."""
        if not is_there(self._path):
            return None
        try:
            return load(self._path)
        except ConfigError as error:
            if not self._dialog.asks:
                raise
            self._dialog.note(error)
            if not self._dialog.confirm(
                sentences.ANEW, option="--config", default=False
            ):
                raise
            return None

    def _adds_account(self) -> bool:
        """Return whether one more account is wanted."""
        if self._answers.adds:
            return True
        if not self._dialog.asks:
            raise ConfigError(sentences.IS_THERE, path=self._path)
        self._dialog.say(sentences.IS_THERE, path=self._path)
        return self._dialog.confirm(sentences.ADD, option="--add", default=False)

    def _new_config(self) -> Config:
        language = self._answers.language
        choice = LanguageChoice(language) if language else LanguageChoice.AUTO
        return Config(notify=Notify(language=choice))

    # The account

    def _set_up_account(self, existing: Config | None, config: Config) -> None:
        """Find an account that works, and write it down; or leave nothing behind."""
        try:
            account, password = self._account(config)
            self._write(existing, account, password, self._phone(config))
        except BaseException:
            self._tokens.forget()
            raise

    def _account(self, config: Config) -> tuple[Account, str | None]:
        """Return an account that works, and the password if one was typed."""
        given = replace(self._answers.account, name=self._name(config, None))
        watched = [account_of(one) for one in config.accounts]
        taken = frozenset((one.host, one.user) for one in watched)
        access = Access(self._dialog, self._tokens, given, self._answers.address, taken)
        keys = dns_keys(config.dkim.nameservers, config.dkim.timeout)

        def look(mailbox: Mailbox, connection: Connection, probed: Probed) -> Review:
            self._tell(probed)
            self._dialog.say(sentences.REVIEWING)
            policy = policy_for(replace(config, accounts=(account,)), [account])
            names = probed.mailboxes
            return review(connection, mailbox, policy, keys, mailboxes=names)

        found = None
        while found is None:
            address, account = access.find()
            account = access.with_amazons_addresses(address, account)
            found = access.log_in(account, look)
        account, password, seen = found
        account = self._with_recipients(account, seen)
        return replace(account, name=self._name(config, account.provider)), password

    def _name(self, config: Config, provider: str | None) -> str:
        """Return a name that no other account has."""
        taken = {one.name for one in config.accounts}
        if (given := self._answers.account.name) in taken:
            raise ConfigError(sentences.NAME_TAKEN, name=given)
        wanted = given or provider or "home"
        number, name = 1, wanted
        while name in taken:
            number += 1
            name = f"{wanted}-{number}"
        return name

    def _tell(self, probed: Probed) -> None:
        names = sentences.COMMA.say(self._dialog.language).join(probed.mailboxes)
        self._dialog.say(sentences.LOGGED_IN, mailboxes=names)
        self._dialog.say(sentences.PUSHED if probed.is_pushed else sentences.POLLED)

    def _with_recipients(self, account: Account, seen: Review) -> Account:
        """Tell of the past, and offer the addresses there that nobody has named."""
        known = addresses(account)
        for text, facts in seen.lines(known):
            self._dialog.say(text, **facts)
        others = seen.unlisted(known)
        is_taken = others and self._dialog.confirm(
            sentences.OFFER, option="--amazon-address", addresses=", ".join(others)
        )
        return with_addresses(account, (*known, *others)) if is_taken else account

    def _phone(self, config: Config) -> Push | None:
        """Return where a phone is told of the account's attempts, if it is to be."""
        answers = self._answers
        is_unasked = not self._dialog.asks or not answers.shows_trial
        if answers.pushes is False or (answers.pushes is None and is_unasked):
            return None
        server = answers.push_server if answers.pushes else None
        return set_up(self._dialog, server, secret_variables(config))

    # What is written

    def _write(
        self,
        existing: Config | None,
        account: Account,
        password: str | None,
        push: Push | None,
    ) -> None:
        """Keep the password, then write the configuration; both or none."""
        kept: Path | None = None
        try:
            if password is not None and not self._keep_in_keyring(account, password):
                folder = self._path.resolve().parent
                kept = keep_in_file(folder, _stem(account.name), password)
                account = replace(account, password_file=Path(kept.name))
                self._dialog.say(sentences.IN_FILE, path=kept)
            elif password is not None:
                account = replace(account, keyring=True)
                self._dialog.say(sentences.IN_KEYRING)
            if existing is None:
                text = self._text(account) + (push_table(push) if push else "")
                aside = create(self._path, text)
                self._dialog.say(sentences.WRITTEN, path=self._path)
                if aside is not None:
                    self._dialog.say(sentences.ASIDE, path=aside)
            else:
                account = replace(account, push=push or account.push)
                copy = add_account(self._path, account_table(account))
                self._dialog.say(sentences.ADDED, path=self._path, copy=copy)
        except BaseException:
            if kept is not None:
                with suppress(OSError):
                    kept.unlink()
            raise

    def _keep_in_keyring(self, account: Account, password: str) -> bool:
        host = account_of(account).host
        if self._dialog.asks and sys.platform.startswith("linux"):
            self._dialog.say(sentences.KEEPING, seconds=round(PROBE_TIMEOUT_S))
        return keyring_works() and keep_in_keyring(host, account.user, password)

    def _text(self, account: Account) -> str:
        head = sentences.HEAD.say(self._dialog.language)
        language = self._answers.language
        notify = f'[notify]\nlanguage = "{language}"\n\n' if language else ""
        return f"{head}\n\n{notify}{account_table(account)}"

    # What is proved in the end

    def _try_notification(self, config: Config) -> None:
        opens = open_channels(config)
        if opens is None or not self._answers.shows_trial:
            return
        language, hidden = self._dialog.language, secret_variables(config)
        with trying(opens, language, TRIAL_S, hidden) as trial:
            if not trial.delivered.channel:
                self._dialog.say(sentences.NO_DESKTOP)
            elif self._dialog.asks:
                is_seen = self._dialog.confirm(
                    sentences.DID_YOU_SEE, option="--no-trial"
                )
                self._judge(trial, is_seen=is_seen)
            for failure in trial.failures[:1]:  # the others only stand in for it
                self._dialog.note(failure.error)

    def _judge(self, trial: Trial, *, is_seen: bool) -> None:
        """Say what the trial has proved, and the remedy of what it has not."""
        if error := trial.browser_error():
            self._dialog.say(sentences.NO_BROWSER, why=error)
        elif trial.is_pressed:
            self._dialog.say(sentences.PROVED)
        else:
            self._dialog.say(sentences.NOT_PRESSED if is_seen else sentences.UNSEEN)

    def _start_at_login(self) -> bool:
        """Let it start at each login if that is wanted; return whether it runs now."""
        if not self._answers.installs_service:
            return False
        try:
            service = service_here(self._path)
        except WatcherError as error:
            self._dialog.say(sentences.NO_SERVICE, why=error)
            return False
        status = service.status()
        if status.starts_at_login and status.is_running and not status.problem:
            self._dialog.say(sentences.STARTED_BEFORE)
            return True
        if not self._dialog.confirm(sentences.AT_LOGIN, option="--no-service"):
            if status.is_running:
                self._dialog.say(sentences.RUNS)
            return status.is_running
        try:
            service.install()
        except WatcherError as error:  # the configuration is good, and is kept
            self._dialog.say(sentences.NO_SERVICE, why=error)
            return status.is_running
        self._dialog.say(sentences.STARTED, title=service.title, path=service.path)
        return True


def _stem(name: str) -> str:
    """Return the name of a file for an account's password."""
    return f"password-{re.sub(r'[^A-Za-z0-9_-]', '', name) or 'account'}"
