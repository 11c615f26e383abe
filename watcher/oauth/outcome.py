"""A token, or why there is none: as a code, and as an error with its sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from watcher.errors import (
    ConfigError,
    LoginRefused,
    SecretUnavailable,
    WatcherError,
    reason_of,
)
from watcher.i18n import Text
from watcher.typed import as_typed


@dataclass(frozen=True, slots=True)
class Token:
    """An access token (RFC 6749 §1.4)."""

    secret: str = field(repr=False)
    left_s: int
    """How long it is good, in seconds."""


class Failure(StrEnum):
    """Why there is no token."""

    NOT_INSTALLED = "not_installed"
    NO_LOGIN = "no_login"
    OVER = "over"
    """The refresh token is no longer taken: only the user can get another one."""
    CLIENT = "client"
    """The server knows no such application, or one that may not do this."""
    DECLINED = "declined"
    EXPIRED = "expired"
    """The code of a login was not entered in time."""
    UNREACHABLE = "unreachable"
    SERVER = "server"
    """The server has trouble, or answers what it must not."""
    BUSY = "busy"
    """Another process holds the store."""
    STORE = "store"
    """The store cannot be read or written."""
    FOREIGN = "foreign"
    """What lies where the store should be is none."""
    SLOW = "slow"
    """Nothing came in time."""


class NoToken(Exception):
    """A token could not be had."""

    def __init__(self, failure: Failure, why: str = "", number: int = 0) -> None:
        super().__init__(failure)
        self.failure = failure
        self.why = why
        """The server's or the system's own code for it; holds no secret."""
        self.number = number
        """The system's `errno`; 0: it has none."""

    @classmethod
    def of_system(cls, failure: Failure, error: OSError) -> "NoToken":
        """Return what a refusal of the system means."""
        return cls(failure, error.strerror or type(error).__name__, error.errno or 0)

    @property
    def is_passing(self) -> bool:
        """Whether another try may do, without anybody's doing."""
        return self.failure in _PASSING

    def error(self, account: str) -> WatcherError:
        """Return what the user is told of it, for an account of this name."""
        kind, text = _TOLD[self.failure]
        why = reason_of(OSError(self.number, self.why)) if self.number else self.why
        words = {"account": account, "typed": as_typed(account)}
        return kind(text, **words, why=why or self.failure.value)


_PASSING = frozenset(
    {
        *(Failure.UNREACHABLE, Failure.SERVER, Failure.BUSY),
        *(Failure.STORE, Failure.SLOW),
    }
)

NO_CLIENT_ID = Text(
    en="watcher has no application id of its own at Microsoft yet. Either register an "
    "application in an Azure tenant and write its id as client_id for {account}, or "
    "let a program that logs in already give the token, by token_command (see "
    "`watcher help oauth2`).",
    ja="watcher は Microsoft のアプリケーション ID をまだ持っていません。Azure の"
    "テナントで自分のアプリケーションを登録して、その ID を {account} の client_id に"
    "書くか、ログインできるほかのプログラムからトークンを受け取るように "
    "token_command を書いてください(`watcher help oauth2` を見てください)。",
)
_NOT_INSTALLED = Text(
    en="The login of {account} needs msal, which is not installed: install watcher "
    "with its extra, like pip install '.[oauth]', pipx install '.[oauth]' or uv tool "
    "install '.[oauth]'.",
    ja="{account} のログインには msal が必要です。pip install '.[oauth]'、"
    "pipx install '.[oauth]'、uv tool install '.[oauth]' のどれかで、watcher を "
    "oauth 付きでインストールしてください。",
)
_NO_LOGIN = Text(
    en="There is no login for {account} yet. Run: watcher oauth login {typed}",
    ja="{account} はまだログインしていません。次を実行してください: "
    "watcher oauth login {typed}",
)
_OVER = Text(
    en="Microsoft no longer takes the login of {account} ({why}). Run: watcher oauth "
    "login {typed}",
    ja="{account} のログインは、もう Microsoft に受け付けられません({why})。"
    "次を実行してください: watcher oauth login {typed}",
)
_CLIENT = Text(
    en="Microsoft refuses the application id of {account} ({why}): correct client_id. "
    "The application must allow personal accounts and public client flows.",
    ja="Microsoft が {account} のアプリケーション ID を拒否しました({why})。"
    "client_id を直してください。アプリケーションは、個人のアカウントと"
    "「パブリック クライアント フロー」を許可している必要があります。",
)
_DECLINED = Text(
    en="The login of {account} was declined in the browser. To try again: watcher "
    "oauth login {typed}",
    ja="{account} のログインがブラウザーで拒否されました。やりなおすには: "
    "watcher oauth login {typed}",
)
_EXPIRED = Text(
    en="The code was not entered in time. For a new one: watcher oauth login {typed}",
    ja="コードが時間内に入力されませんでした。新しいコードを出すには: "
    "watcher oauth login {typed}",
)
_UNREACHABLE = Text(
    en="The login server of Microsoft cannot be reached for {account} ({why}): check "
    "the network.",
    ja="{account} のために Microsoft のログインサーバーへつながりません({why})。"
    "ネットワークを確かめてください。",
)
_SERVER = Text(
    en="The login server of Microsoft gave no token for {account} ({why}): try again "
    "later.",
    ja="Microsoft のログインサーバーが {account} のトークンを出しませんでした({why})。"
    "しばらくして、もう一度試してください。",
)
_BUSY = Text(
    en="Another watcher has the tokens of {account} in use: try again in a minute.",
    ja="別の watcher が {account} のトークンを使っています。1 分ほどして、もう一度"
    "試してください。",
)
_STORE = Text(
    en="The tokens of {account} cannot be read or kept ({why}): unlock the keyring, or "
    "log in anew with: watcher oauth login {typed}",
    ja="{account} のトークンを読み書きできません({why})。キーリングのロックを"
    "解除するか、ログインしなおしてください: watcher oauth login {typed}",
)
_FOREIGN = Text(
    en="Where the tokens of {account} are kept lies no ordinary file of yours, or a "
    "much too large one: remove {why}",
    ja="{account} のトークンの保存先にあるのは、あなたの通常のファイルではないか、"
    "大きすぎるものです。消してください: {why}",
)
_SLOW = Text(
    en="The access token of {account} did not come in time: check the network, and "
    "whether the keyring is locked.",
    ja="{account} のアクセストークンを時間内に取り出せませんでした。ネットワークと、"
    "キーリングがロックされていないかを確かめてください。",
)
_TOLD: Mapping[Failure, tuple[type[WatcherError], Text]] = {
    Failure.NOT_INSTALLED: (ConfigError, _NOT_INSTALLED),
    Failure.NO_LOGIN: (LoginRefused, _NO_LOGIN),
    Failure.OVER: (LoginRefused, _OVER),
    Failure.CLIENT: (ConfigError, _CLIENT),
    Failure.DECLINED: (LoginRefused, _DECLINED),
    Failure.EXPIRED: (SecretUnavailable, _EXPIRED),
    Failure.UNREACHABLE: (SecretUnavailable, _UNREACHABLE),
    Failure.SERVER: (SecretUnavailable, _SERVER),
    Failure.BUSY: (SecretUnavailable, _BUSY),
    Failure.STORE: (SecretUnavailable, _STORE),
    Failure.FOREIGN: (ConfigError, _FOREIGN),
    Failure.SLOW: (SecretUnavailable, _SLOW),
}
"""What each failure is for the program, and for the user."""
