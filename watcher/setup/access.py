"""Finds out with the user where their mailbox is, and logs in until it works."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from watcher.config.accounts import account_of, addresses
from watcher.config.cleaning import clean_password
from watcher.config.load import PASSWORD_KEYS
from watcher.config.providers import OBSTACLES, PRESETS, LoginName, hint_of, nearly
from watcher.config.schema import Account
from watcher.config.values import Bad, parse_address
from watcher.errors import (
    ConfigError,
    LoginRefused,
    SecretUnavailable,
    Unanswered,
    WatcherError,
)
from watcher.imap.account import Account as Mailbox
from watcher.imap.choices import Auth
from watcher.imap.connection import Connection
from watcher.oauth.provider import CLIENT_ID
from watcher.setup import sentences
from watcher.setup.dialog import Dialog
from watcher.setup.discovery import find_server, is_known
from watcher.setup.probe import Probed, connected, examine

T = TypeVar("T")
_UNASKED = re.compile(r"\b(?:ca_file|tls|provider)\b")
"""Keys of which errors tell and for which `init` has no question, but an option."""
_FULL_WIDTH = re.compile("[\uff01-\uff5e\u3000]")
"""What the Japanese input makes of ASCII; hardly a password has it on purpose."""

Use = Callable[[Mailbox, Connection, Probed], T]
"""What is done over the first connection that works."""


class TokenLogin(Protocol):
    """Logs an account in by a code that its user enters in a browser."""

    def log_in(self, account: Account) -> None:
        """Keep the tokens of a login; raise a `WatcherError` if there is none."""

    def forget(self) -> None:
        """Delete the tokens again."""


@dataclass(frozen=True, slots=True)
class Access:
    """The questions about one account; what `given` holds is not asked."""

    dialog: Dialog
    tokens: TokenLogin
    given: Account
    given_address: str | None
    taken: frozenset[tuple[str, str]] = frozenset()
    """Hosts and users of the accounts that are watched already."""

    # Where the mailbox is

    def find(self) -> tuple[str, Account]:
        """Return the user's address, and the account with server and login name.

        Raises:
            ConfigError: it cannot be watched, and there is nobody to name another one.
        """
        while True:
            address = self.given_address or self._ask_address()
            try:
                account = self._with_user(self._with_server(address), address)
                account = self._with_tokens(account)
                self._check_new(account)
                return address, account
            except ConfigError as obstacle:
                given = self.given
                is_of_options = any(
                    (given.provider, given.host, given.user, given.client_id)
                )
                if self.given_address or is_of_options or not self.dialog.asks:
                    raise
                self.dialog.note(obstacle)

    def _ask_address(self) -> str:
        """Ask for the address; one that is nearly well known may be a slip."""
        address = self.dialog.ask(sentences.ADDRESS, _parse_address, option="--address")
        meant = nearly(address)
        if meant and self.dialog.confirm(
            sentences.DID_YOU_MEAN, option="--address", address=meant
        ):
            return meant
        return address

    def _check_new(self, account: Account) -> None:
        """Raise `ConfigError` if the account is watched already."""
        host = account_of(account).host
        if (host, account.user) in self.taken:
            raise ConfigError(sentences.ADDED_BEFORE, user=account.user, host=host)

    def _with_server(self, address: str) -> Account:
        """Return the account with its server: given, known, found in DNS or asked for.

        Raises:
            ConfigError: its mail cannot be watched.
        """
        if self.given.provider or self.given.host:
            return self.given
        domain = address.rpartition("@")[2]
        if obstacle := OBSTACLES.get(domain):
            raise ConfigError(obstacle)
        found = find_server(address)
        if found.provider:
            return replace(self.given, provider=self._checked(found.provider))
        host, port = (
            (found.host, found.port) if found.host else self._ask_for_server(domain)
        )
        if not is_known(host):  # the password is not asked for in vain
            raise ConfigError(sentences.NO_SUCH_HOST, host=host)
        self.dialog.say(sentences.SERVER, host=host)
        port, tls = self.given.port or port, self.given.tls or found.tls
        return replace(self.given, host=host, port=port, tls=tls)

    def _checked(self, provider: str) -> str:
        preset = PRESETS[provider]
        if preset.obstacle and not preset.oauth:
            raise ConfigError(preset.obstacle)
        host = preset.host or ""
        self.dialog.say(sentences.PROVIDER, title=preset.title, host=host)
        return provider

    def _ask_for_server(self, domain: str) -> tuple[str, int | None]:
        """Ask for the server of a mail domain; suggest none where that misleads."""
        if hint := hint_of(domain):
            self.dialog.note(hint)
        return self._ask_server("" if hint else f"imap.{domain}")

    def _ask_server(self, default: str) -> tuple[str, int | None]:
        """Return the name of the server, and its port if one stands behind that."""
        return self.dialog.ask(
            sentences.HOST, _parse_server, option="--host", default=default
        )

    def _with_user(self, account: Account, address: str) -> Account:
        if account.user:
            return account
        return replace(account, user=self._user(account, address))

    def _user(self, account: Account, address: str) -> str:
        preset = PRESETS[account.provider or "other"]
        match preset.login_name:
            case LoginName.ADDRESS:
                return address
            case LoginName.LOCAL_PART:
                return address.rpartition("@")[0]
            case LoginName.OWN:
                self.dialog.note(preset.note)
                return self._ask_user("")

    def _with_tokens(self, account: Account) -> Account:
        """Return the account with its login by token, where no password is taken.

        Raises:
            ConfigError: nobody has an application id for that, or it is of no use.
        """
        preset = PRESETS[account.provider or "other"]
        if not preset.oauth or _has_password(account):
            if account.client_id:
                raise ConfigError(sentences.NO_USE_OF_ID)
            return account
        client_id = account.client_id
        if not (client_id or CLIENT_ID):
            self.dialog.say(sentences.CODE_ONLY, title=preset.title)
            if not self.dialog.confirm(
                sentences.HAS_CLIENT_ID, option="--client-id", default=False
            ):
                raise ConfigError(preset.obstacle or sentences.CODE_ONLY)
            client_id = self.dialog.ask(
                sentences.CLIENT_ID, _parse_text, option="--client-id"
            )
        return replace(account, auth=Auth.OAUTH2, client_id=client_id)

    def _ask_user(self, default: str) -> str:
        return self.dialog.ask(
            sentences.USER, _parse_text, option="--user", default=default
        )

    def with_amazons_addresses(self, address: str, account: Account) -> Account:
        """Return the account with the addresses that Amazon writes to."""
        known = account.addresses
        if not known and not self.dialog.confirm(
            sentences.AMAZON_TOO, option="--amazon-address", address=address
        ):
            known = self.dialog.ask(
                sentences.AMAZON_ADDRESS, _parse_addresses, option="--amazon-address"
            )
        return with_addresses(account, known or (address,))

    # The login

    def log_in(
        self, account: Account, use: Use[T]
    ) -> tuple[Account, str | None, T] | None:
        """Log in until it works.

        Returns:
            The account, the password that was typed (None: it has a source), and what
            `use` made of the connection; None: the user wants another address.

        Raises:
            WatcherError: it does not work, and there is nobody to ask.
        """
        has_tokens = account.auth is Auth.OAUTH2
        has_source = has_tokens or _has_password(account)
        if has_tokens:
            self._fetch_tokens(account)
        elif not has_source:
            self._say_how(account)
        refusal_count, failed = 0, None
        while True:
            password = None if has_source else self._password(account, failed)
            if password == "":
                return None
            mailbox = _mailbox(account, password)
            try:
                self.dialog.say(sentences.LOGGING_IN, host=mailbox.host)
                with connected(mailbox) as connection:
                    probed = examine(mailbox, connection)
                    return account, password, use(mailbox, connection, probed)
            except WatcherError as error:
                if has_source:
                    raise
                failed = error
                refusal_count += isinstance(error, LoginRefused)
                account = self._after(error, account, refusal_count)

    def _say_how(self, account: Account) -> None:
        """Say in the provider's own words where the password comes from."""
        preset = PRESETS[account.provider or "other"]
        if account.provider and preset.login_name is not LoginName.OWN:
            self.dialog.note(preset.note)
        if preset.page:
            self.dialog.say(sentences.PAGE, page=preset.page)

    def _fetch_tokens(self, account: Account) -> None:
        """Let the user log in by a code until it works.

        Raises:
            WatcherError: it does not, and another try could change nothing, or nobody
                wants one.
        """
        self.dialog.say(sentences.BY_CODE, user=account.user)
        while True:
            try:
                self.tokens.log_in(account)
                return
            except WatcherError as error:
                if isinstance(error, ConfigError) or not self.dialog.asks:
                    raise
                self.dialog.note(error)
                if not self.dialog.confirm(sentences.TRY_AGAIN, option="--client-id"):
                    raise

    def _password(self, account: Account, failed: WatcherError | None) -> str:
        """Ask for the password; raise what has `failed` if nobody answers any more.

        Returns:
            It; empty if the user wants to correct the address, after a failure.
        """
        can_return = failed is not None and self.given_address is None
        question = sentences.PASSWORD_AGAIN if can_return else sentences.PASSWORD
        while True:
            try:
                typed = self.dialog.secret(
                    question, option="--password-file", user=account.user
                )
            except Unanswered as unanswered:
                raise failed or unanswered from None
            password = clean_password(typed)
            is_typed = bool(password) and not _FULL_WIDTH.search(password)
            if is_typed or (can_return and not password):
                return password
            self.dialog.say(sentences.FULL_WIDTH if password else sentences.EMPTY)

    def _after(
        self, error: WatcherError, account: Account, refusal_count: int
    ) -> Account:
        """Return the account to try next after a login that did not work.

        Raises:
            WatcherError: another try could change nothing, or nobody wants one.
        """
        if isinstance(error, ConfigError | SecretUnavailable):
            raise error
        self.dialog.note(error)
        if keys := dict.fromkeys(_UNASKED.findall(error.text.en)):
            self.dialog.say(sentences.BY_OPTION, options=", ".join(map(_option, keys)))
        try:
            if isinstance(error, LoginRefused):
                is_first = refusal_count == 1
                return self._with_another_user(account, is_likely=not is_first)
            if not (account.provider or self.given.host):
                host, port = self._ask_server(_server(account))
                return replace(account, host=host, port=port, tls=None)
            if self.dialog.confirm(sentences.TRY_AGAIN, option="--host"):
                return account
        except Unanswered:
            pass
        raise error

    def _with_another_user(self, account: Account, *, is_likely: bool) -> Account:
        """Ask for the login name where nobody can tell it from the address.

        Where it was typed; else if it is likely wrong, since the password was not.
        """
        login_name = PRESETS[account.provider or "other"].login_name
        is_typed = login_name is LoginName.OWN
        is_known = account.provider and not is_typed
        if is_known or self.given.user or not (is_typed or is_likely):
            return account
        return replace(account, user=self._ask_user(account.user))


def _has_password(account: Account) -> bool:
    """Return whether it is known where the password comes from."""
    return any(getattr(account, name) for name in PASSWORD_KEYS)


def _mailbox(account: Account, password: str | None) -> Mailbox:
    mailbox = account_of(account, key_of=_option)
    if password is None:
        return mailbox
    return replace(mailbox, get_secret=lambda: password)


def _server(account: Account) -> str:
    """Return a server as it is typed, with its port if that was."""
    if not (account.host and account.port):
        return account.host or ""
    host = f"[{account.host}]" if ":" in account.host else account.host
    return f"{host}:{account.port}"


def _option(key: str) -> str:
    """Return the option that gives what a key of the configuration holds."""
    return f"--{key.replace('_', '-')}"


def with_addresses(account: Account, known: tuple[str, ...]) -> Account:
    """Return the account with these addresses, unless they are what its user says."""
    plain = replace(account, addresses=())
    return plain if addresses(plain) == {*known} else replace(plain, addresses=known)


def _parse_text(written: str) -> str:
    if not written.strip():
        raise Bad(sentences.NOTHING)
    return written.strip()


def _parse_server(written: str) -> tuple[str, int | None]:
    """Read `host`, `host:port` or `[address]:port`; an address may have colons."""
    text = _parse_text(written)
    match = re.fullmatch(r"(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})", text)
    return (match[1] or match[2], int(match[3])) if match else (text, None)


def _parse_address(written: str) -> str:
    try:
        return parse_address(written)
    except Bad:
        raise Bad(sentences.NO_ADDRESS) from None


def _parse_addresses(written: str) -> tuple[str, ...]:
    words = [word for word in re.split(r"[\s,、;]+", written) if word]
    if not words:
        raise Bad(sentences.NO_ADDRESS)
    return tuple(map(_parse_address, words))
