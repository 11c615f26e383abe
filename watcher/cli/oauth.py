"""`watcher oauth`: logs in to a provider that takes no password, and out again."""

import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from watcher.cli.context import configuration
from watcher.cli.parser import Options
from watcher.cli.terminal import Colour, columns, is_terminal, paint, say
from watcher.clock import minutes_seconds, monotonic_s
from watcher.config.accounts import account_of, keeps_tokens, token_store
from watcher.config.schema import Account, Config
from watcher.errors import (
    ConfigError,
    ExitCode,
    LoginRefused,
    Unreachable,
    WrongUsage,
)
from watcher.guide.screen import Screen
from watcher.guide.walk import Prompt
from watcher.i18n import Text
from watcher.imap.choices import Auth
from watcher.imap.sentences import TOKEN_REFUSED
from watcher.oauth.outcome import NO_CLIENT_ID, Failure, NoToken, Token
from watcher.oauth.source import FromTokenStore
from watcher.setup.probe import connected

TICK_S = 1.0
"""How often the time left is shown."""

CONSENT_PAGE = "https://account.live.com/consent/Manage"


def run(options: Options) -> int:
    """Log an account in or out.

    Raises:
        WrongUsage: it is not clear which one, or it does not log in this way.
        ConfigError: the application has no id or a wrong one, or msal is missing.
        LoginRefused, SecretUnavailable, Unreachable: it does not work now.
    """
    entry = _chosen(configuration(options), options.account)
    source = token_store(entry)
    with _telling(entry):
        if options.step == "logout":
            _log_out(source, options)
        else:
            _try(entry, _log_in(source, options), options)
    return ExitCode.OK


@contextmanager
def _telling(entry: Account) -> Iterator[None]:
    """Tell the user why there is no token for an account."""
    try:
        yield
    except NoToken as failed:
        error = failed.error(entry.name)
        if failed.failure is Failure.UNREACHABLE:
            raise Unreachable(error.text, **error.data) from None
        raise error from None


@contextmanager
def _needing_msal() -> Iterator[None]:
    """Import what may not be installed."""
    try:
        yield
    except ImportError:
        raise NoToken(Failure.NOT_INSTALLED) from None


class CodeLogin:
    """The login of an account while it is set up, which may come to nothing."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._path: Path | None = None

    def log_in(self, entry: Account) -> None:
        """Let the user log in, and keep the tokens.

        Raises:
            ConfigError: the application has no id or a wrong one, or msal is missing.
            LoginRefused, SecretUnavailable, Unreachable: it does not work now.
        """
        source = token_store(entry)
        with _telling(entry):
            _log_in(source, self._options)
        self._path = source.path

    def forget(self) -> None:
        """Delete the tokens again; what cannot be deleted is left."""
        if self._path is not None:
            with suppress(NoToken):
                _delete(self._path)


def _delete(path: Path) -> bool:
    """Delete the tokens of a store; return whether there were any."""
    with _needing_msal():
        from watcher.oauth.store import Store

    store = Store(path)
    with store.locked():
        was_there = store.delete()
    store.leave()
    return was_there


def _chosen(config: Config, name: str | None) -> Account:
    """Return the account of that name; without one, the only one that it can be."""
    fit = [one for one in config.accounts if keeps_tokens(one)]
    names = ", ".join(one.name for one in fit)
    if name is None:
        if not fit:
            others = (one.name for one in config.accounts if one.auth is Auth.OAUTH2)
            if helper := next(others, None):
                raise WrongUsage(_BY_COMMAND, name=helper)
            raise WrongUsage(_NOBODY)
        if len(fit) > 1:
            raise WrongUsage(_SEVERAL, names=names)
        return fit[0]
    named = next((one for one in config.accounts if one.name == name), None)
    if named is None:
        names = ", ".join(one.name for one in config.accounts)
        raise WrongUsage(_UNKNOWN, name=name, names=names)
    if named not in fit:
        has_command = named.auth is Auth.OAUTH2
        raise WrongUsage(_BY_COMMAND if has_command else _BY_PASSWORD, name=name)
    return named


def _log_in(source: FromTokenStore, options: Options) -> Token:
    """Let the user log in by a browser, and keep the tokens; return the first."""
    if not source.client_id:
        raise ConfigError(NO_CLIENT_ID, account=source.account)
    with _needing_msal():
        from watcher.oauth.client import log_in
        from watcher.oauth.store import Store
    language = options.language
    screen = Screen(
        language,
        columns=lambda: columns(sys.stdout),
        is_redrawn=is_terminal(sys.stdout),
    )

    def show(code: str, page: str) -> None:
        spaced = paint(" ".join(code), Colour.STRONG, is_plain=options.no_color)
        screen.print(_CODE.say(language, page=page, spaced=spaced, code=code))

    def wait(seconds: float, left_s: float) -> None:
        ends_s = monotonic_s() + seconds
        while (rest_s := ends_s - monotonic_s()) > 0:
            left = timedelta(seconds=math.ceil(left_s - seconds + rest_s))
            if not options.quiet:
                screen.prompt(Prompt(_WAITING, minutes_seconds(left)))
            time.sleep(min(TICK_S, rest_s))

    try:
        token, is_encrypted = log_in(
            source.client_id, Store(source.path), on_code=show, wait=wait
        )
    finally:
        screen.clear()
    if not options.quiet:
        kept = _ENCRYPTED if is_encrypted else _IN_FILE
        screen.print(kept.say(language, path=source.path))
    return token


def _try(entry: Account, token: Token, options: Options) -> None:
    """Log in to the mail server with the token; raise what it says against it."""
    account = replace(account_of(entry), get_secret=lambda: token.secret)
    try:
        with connected(account):
            pass
    except LoginRefused as error:
        if error.text is TOKEN_REFUSED:  # the login that it asks for was just made
            raise LoginRefused(_NOT_THAT_ACCOUNT, **error.data) from None
        raise
    if not options.quiet:
        say(_WORKS.say(options.language, host=account.host, user=account.user))


def _log_out(source: FromTokenStore, options: Options) -> None:
    text = _LOGGED_OUT if _delete(source.path) else _NOT_LOGGED_IN
    if not options.quiet:
        say(text.say(options.language, account=source.account, page=CONSENT_PAGE))


_CODE = Text(
    en="Open this page in a browser, on this computer or another one:\n"
    "  {page}\n"
    "and enter this code:\n"
    "  {spaced}\n"
    "(to be pasted: {code})",
    ja="このパソコンか別の機器のブラウザーで、次のページを開いてください:\n"
    "  {page}\n"
    "そして、次のコードを入力してください:\n"
    "  {spaced}\n"
    "(貼り付け用: {code})",
)
_WAITING = Text(
    en="Waiting until it is entered: {clock} left (Ctrl-C ends this)",
    ja="入力を待っています: 残り {clock}(Ctrl-C で中止)",
)
_ENCRYPTED = Text(
    en="Logged in. The tokens are kept encrypted by the system.",
    ja="ログインしました。トークンは、システムの機能で暗号化して保存しました。",
)
_IN_FILE = Text(
    en="Logged in. This system offers no encryption that could be used: the tokens are "
    "kept, as they are, in a file that only you can read: {path}",
    ja="ログインしました。使える暗号化の機能がないので、トークンは、あなただけが読める"
    "ファイルにそのまま保存しました: {path}",
)
_WORKS = Text(
    en="{host} takes the login of {user}. A watcher that runs already takes it up by "
    "itself.",
    ja="{host} に {user} でログインできました。動いている watcher には、何もしなくても"
    "反映されます。",
)
_NOT_THAT_ACCOUNT = Text(
    en="{host} refuses the new access token of {user} ({why}): log in as {user} on "
    "Microsoft's page, and allow IMAP in the mailbox's settings. To try again: watcher "
    "oauth login {typed}",
    ja="{host} で {user} の新しいアクセストークンが拒否されました({why})。Microsoft の"
    "ページでは {user} でログインし、メールの設定で IMAP を許可してください。"
    "やりなおすには: watcher oauth login {typed}",
)
_LOGGED_OUT = Text(
    en="The login of {account} is forgotten on this computer. To withdraw it at "
    "Microsoft, too: {page}",
    ja="{account} のログイン情報をこのパソコンから消しました。Microsoft の側でも"
    "取り消すには: {page}",
)
_NOT_LOGGED_IN = Text(
    en="Nothing to do: there is no login for {account}.",
    ja="{account} はログインしていないので、何もしませんでした。",
)
_NOBODY = Text(
    en='No account logs in this way: write auth = "oauth2" for one with provider = '
    '"outlook" (see `watcher help oauth2`).',
    ja='この方法でログインするアカウントはありません。provider = "outlook" の'
    'アカウントに auth = "oauth2" を書いてください(`watcher help oauth2` を見て'
    "ください)。",
)
_SEVERAL = Text(
    en="Name one of the accounts: {names}",
    ja="アカウントを一つ指定してください: {names}",
)
_UNKNOWN = Text(
    en="There is no account {name}. There are: {names}",
    ja="{name} というアカウントはありません。あるもの: {names}",
)
_BY_PASSWORD = Text(
    en='{name} does not log in this way: write auth = "oauth2" for it in the '
    "configuration.",
    ja="{name} はこの方法ではログインしません。設定のそのアカウントに "
    'auth = "oauth2" を書いてください。',
)
_BY_COMMAND = Text(
    en="{name} gets its token by token_command: log in with that program, or remove "
    "the key.",
    ja="{name} のトークンは token_command から受け取ります。そのプログラムでログイン"
    "するか、このキーを消してください。",
)
