"""Checks one account: password, encryption, login, mailboxes, and what came there.

The checks build on each other: after one that fails, those that need it are skipped,
and say so. One connection serves all of them after the login.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from watcher.clock import call_with_timeout
from watcher.config.accounts import Watched, keeps_tokens
from watcher.config.credentials import PASSWORD, TOKEN, FromCommand
from watcher.config.load import PASSWORD_KEYS
from watcher.config.schema import Account as Entry
from watcher.config.schema import Config
from watcher.dkim import KeyStore
from watcher.errors import SecretUnavailable, WatcherError
from watcher.i18n import Text
from watcher.imap.account import Account, Timeouts
from watcher.imap.choices import TLS_QUIRKS, Auth
from watcher.imap.connection import Connection
from watcher.imap.errors import PERMANENT
from watcher.imap.login import connect
from watcher.imap.sentences import NO_SECRET_IN_TIME, NO_TOKEN_IN_TIME
from watcher.imap.transport import Interrupt
from watcher.oauth.source import FromTokenStore
from watcher.setup.doctor.clock import KnownClock, check_clock, machine_clock
from watcher.setup.doctor.mails import check_addresses, check_key
from watcher.setup.doctor.offered import check_capabilities, check_mailboxes
from watcher.setup.doctor.report import (
    Check,
    Finding,
    Sentence,
    Sentences,
    Slot,
    failed,
    passed,
    skipped,
)
from watcher.setup.doctor.running import Found, guarded
from watcher.setup.doctor.tokens import check_tokens
from watcher.setup.past_mails import PastMails, past_mails
from watcher.setup.probe import Probed, connected, examine

SourceT = TypeVar("SourceT", bound=Callable[[], str] | None)

TIMEOUTS = Timeouts(
    resolve_timeout_s=5,
    connect_timeout_s=5,
    greeting_timeout_s=6,
    prompt_timeout_s=5,
    answer_timeout_s=8,
    command_timeout_s=12,
    login_timeout_s=10,
    secret_timeout_s=8,
)
"""Shorter than those of `run`: who runs the command waits for it."""

CHECKS = (
    *(Check.SECRET, Check.TLS, Check.LOGIN, Check.CAPABILITIES, Check.MAILBOXES),
    *(Check.ADDRESSES, Check.CLOCK, Check.DKIM_KEY),
)
"""What is checked of each account, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChecks:
    """The checks of one account."""

    entry: Entry
    watched: Watched
    config: Config
    keys: KeyStore
    clock: KnownClock
    timeouts: Timeouts

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The lines of this account."""
        checks = (*CHECKS, Check.OAUTH) if self._is_token else CHECKS
        return tuple(Slot(check, self.entry.name) for check in checks)

    def run(self) -> Iterator[Found]:
        """Check one thing after the other."""
        for check, finding in self._run():
            yield Slot(check, self.entry.name), finding

    def _run(self) -> Iterator[tuple[Check, Finding]]:
        passwords: list[str] = []
        secret = guarded(lambda: self._secret(passwords))
        yield Check.SECRET, secret
        if self._is_token:
            yield Check.OAUTH, guarded(lambda: check_tokens(self._source, secret))
        encryption = guarded(self._encryption)
        yield Check.TLS, encryption
        if not passwords or encryption.is_failure:
            yield Check.LOGIN, skipped(_NO_LOGIN)
            yield from self._without_login()
            return
        account = replace(
            self.watched.account,
            get_secret=lambda: passwords[0],
            renew_token=self._quick(self.watched.account.renew_token),
        )
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(
                    connected(account, timeouts=self.timeouts)
                )
            except WatcherError as error:
                yield Check.LOGIN, failed(error, self._login_remedy(error))
                yield from self._without_login()
                return
            yield Check.LOGIN, passed(_LOGGED_IN, user=account.user)
            yield from self._logged_in(account, connection)

    def _secret(self, passwords: list[str]) -> Finding:
        """Put the password into the list; it is shown nowhere."""
        if keeps_tokens(self.entry):
            source, remedy = "watcher oauth login", Sentence.of(_STORE_REMEDY)
        else:
            keys = (*PASSWORD_KEYS, "token_command")
            source = next(key for key in keys if getattr(self.entry, key))
            remedy = Sentence.of(_SECRET_REMEDY, key=source, gives=self._gives)
        get_secret, seconds = self._get_password, self.timeouts.secret_timeout_s
        try:
            passwords.append(call_with_timeout(get_secret, timeout_s=seconds))
        except TimeoutError:
            text = NO_TOKEN_IN_TIME if self._is_token else NO_SECRET_IN_TIME
            late = SecretUnavailable(text, account=self.entry.name)
            return failed(late, remedy)
        except WatcherError as error:
            return failed(error, remedy)
        return passed(_SECRET, key=source, gives=self._gives)

    def _login_remedy(self, error: WatcherError) -> Sentences:
        if not isinstance(error, PERMANENT):
            return Sentences((Sentence.of(_LATER),))
        if self._is_token:
            return Sentences((Sentence.of(_TOKEN_LOGIN_REMEDY),))
        return Sentences((Sentence.of(_LOGIN_REMEDY), self._place))

    @property
    def _place(self) -> Sentence:
        """Where another password goes."""
        entry = self.entry
        if entry.password_file:
            return Sentence.of(_IN_FILE, path=entry.password_file)
        if entry.password_env:
            return Sentence.of(_IN_VARIABLE, name=entry.password_env)
        if entry.password_command:
            return Sentence.of(_BY_COMMAND)
        account = self.watched.account
        return Sentence.of(_IN_KEYRING, host=account.host, user=account.user)

    @property
    def _is_token(self) -> bool:
        return self.entry.auth is Auth.OAUTH2

    @property
    def _gives(self) -> Text:
        return TOKEN if self._is_token else PASSWORD

    def _get_password(self) -> str:
        """Fetch it; a program that gives none is ended with the check."""
        return self._source()

    @property
    def _source(self) -> Callable[[], str]:
        return self._quick(self.watched.account.get_secret)

    def _quick(self, source: SourceT) -> SourceT:
        """Return a source that gives up before the check does."""
        if isinstance(source, FromCommand | FromTokenStore):
            quick = timedelta(seconds=0.9 * self.timeouts.secret_timeout_s)
            return replace(source, timeout=quick)
        return source

    def _encryption(self) -> Finding:
        account = self.watched.account
        try:
            with closing(Interrupt()) as interrupt:
                protocol = connect(account, interrupt=interrupt, timeouts=self.timeouts)
                encryption = protocol.encryption
                protocol.shutdown()
        except WatcherError as error:
            return failed(error, _TLS_REMEDY)
        if encryption is None:
            return passed(_CLEAR_TEXT, host=account.host)
        words: dict[str, object] = {
            "host": account.host,
            "version": encryption.version,
            "issuer": encryption.issuer or "?",
        }
        if quirk := TLS_QUIRKS.get(account.tls_quirk):
            return passed(_ENCRYPTED_OLD, **words, quirk=quirk)
        return passed(_ENCRYPTED, **words)

    def _without_login(self) -> Iterator[tuple[Check, Finding]]:
        for check in (Check.CAPABILITIES, Check.MAILBOXES, Check.ADDRESSES):
            yield check, skipped(_NOT_LOGGED_IN)
        yield Check.CLOCK, guarded(lambda: machine_clock(self.clock))
        yield Check.DKIM_KEY, guarded(lambda: check_key(self.keys, ()))

    def _logged_in(
        self, account: Account, connection: Connection
    ) -> Iterator[tuple[Check, Finding]]:
        mode = self.config.watch.mode
        yield (
            Check.CAPABILITIES,
            guarded(lambda: check_capabilities(connection.capabilities, mode)),
        )
        probed: list[Probed] = []
        yield Check.MAILBOXES, guarded(lambda: self._mailboxes(connection, probed))
        names = probed[0].mailboxes if probed else ()
        found = [PastMails()]
        # The clock is compared first: a search that is refused costs its measure.
        clock = guarded(lambda: check_clock(connection, names, self.clock))
        yield (
            Check.ADDRESSES,
            guarded(lambda: self._addresses(account, connection, names, found)),
        )
        yield Check.CLOCK, clock
        yield Check.DKIM_KEY, guarded(lambda: check_key(self.keys, found[0].mails))

    def _mailboxes(self, connection: Connection, probed: list[Probed]) -> Finding:
        probed.append(examine(self.watched.account, connection))
        return check_mailboxes(probed[0])

    def _addresses(
        self,
        account: Account,
        connection: Connection,
        names: tuple[str, ...],
        found: list[PastMails],
    ) -> Finding:
        if not names:
            return skipped(_NO_MAILBOX)
        policy = self.watched.policy
        found[0] = past_mails(connection, account, policy, self.keys, mailboxes=names)
        return check_addresses(found[0], self.entry, self.config)


_SECRET = Text(en="{key} gives the {gives}.", ja="{key} から{gives}を取り出せます。")
_SECRET_REMEDY = Text(
    en="Correct {key} of this account, or where it takes the {gives} from.",
    ja="このアカウントの {key} か、{gives}の取り出し元を直してください。",
)
_STORE_REMEDY = Text(
    en="Do what is said there; the network must be there, and the keyring unlocked.",
    ja="上に書かれたとおりにしてください。ネットワークと、キーリングのロックも確かめて"
    "ください。",
)
_TOKEN_LOGIN_REMEDY = Text(
    en="Log in again, and see that user is the account you log in with, and that IMAP "
    "is switched on in the provider's settings.",
    ja="ログインしなおしてください。user がログインに使うアカウントか、メールサービスの"
    "設定で IMAP が有効かも確かめてください。",
)
_ENCRYPTED = Text(
    en="{host}: {version}, certificate verified (issued by {issuer}).",
    ja="{host}: {version}、証明書を確認しました(発行者: {issuer})。",
)
_ENCRYPTED_OLD = Text(
    en="{host}: {version}, certificate verified (issued by {issuer}); {quirk}.",
    ja="{host}: {version}、証明書を確認しました(発行者: {issuer})。{quirk}。",
)
_CLEAR_TEXT = Text(
    en="{host} is this machine itself: no encryption is needed.",
    ja="{host} はこのパソコン自身なので、暗号化は要りません。",
)
_TLS_REMEDY = Text(
    en="Correct host, port, tls or ca_file of this account; where the network is "
    "away, try again later.",
    ja="このアカウントの host、port、tls、ca_file を直してください。ネットワークが"
    "切れているだけなら、あとでもう一度試してください。",
)
_LOGGED_IN = Text(
    en="The server takes the login of {user}.",
    ja="{user} でログインできます。",
)
_LOGIN_REMEDY = Text(
    en="Correct user or password of this account. Gmail, Yahoo and iCloud want an app "
    "password, and some providers want IMAP to be switched on in their settings.",
    ja="このアカウントの user かパスワードを直してください。Gmail、Yahoo、iCloud では"
    "アプリパスワードが必要です。設定画面で IMAP を有効にしないと使えないサービスも"
    "あります。",
)
_IN_FILE = Text(
    en="The password stands in the file {path}.",
    ja="パスワードはファイル {path} に書かれています。",
)
_IN_VARIABLE = Text(
    en="The password stands in the environment variable {name}.",
    ja="パスワードは環境変数 {name} から取り出しています。",
)
_BY_COMMAND = Text(
    en="The password comes from the program that password_command names.",
    ja="パスワードは password_command のプログラムから取り出しています。",
)
_IN_KEYRING = Text(
    en="To put another password into the keyring: keyring set {host} {user}",
    ja="キーリングのパスワードを入れなおすには: keyring set {host} {user}",
)
_LATER = Text(
    en="User and password were not refused: try again in a few minutes.",
    ja="ユーザー名とパスワードが拒否されたのではありません。数分後に、もう一度試して"
    "ください。",
)
_NO_LOGIN = Text(
    en="Not tried, since the password or the connection is missing.",
    ja="パスワードか接続がないので、試していません。",
)
_NOT_LOGGED_IN = Text(
    en="Not checked, since there is no login.",
    ja="ログインできないので、確認していません。",
)
_NO_MAILBOX = Text(
    en="Not checked, since no mailbox can be opened.",
    ja="開けるメールボックスがないので、確認していません。",
)
