"""Turns the libraries' errors into ours, each a sentence that names the remedy.

No caller of this package handles a library's error. One table a stage, because the same
time-out has another meaning in each. No error text is parsed here: what decides is the
exception's class or OpenSSL's verify code; what a refusal means, `refusal` and
`provider_words` tell.
"""

import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from watcher.errors import (
    ConfigError,
    ConnectionLost,
    LoginRefused,
    SecretUnavailable,
    Unreachable,
    WatcherError,
    reason_of,
)
from watcher.i18n import Text, shorten
from watcher.imap.provider_words import OAUTH2_ONLY, Wait, find
from watcher.imap.refusal import Refusal
from watcher.recognition.text import one_line

_UNKNOWN_HOST = Text(
    en="{host} is not known: check the host name in the configuration, and whether "
    "this computer is online.",
    ja="{host} が見つかりません。設定の host と、このパソコンがインターネットに"
    "つながっているかを確かめてください。",
)
_OFFLINE = Text(
    en="{host} cannot be found: is this computer online? Check its network.",
    ja="{host} が見つかりません。このパソコンはインターネットにつながっていますか。"
    "ネットワークを確かめてください。",
)
_NO_NAME_SERVER = Text(
    en="{host} could not be looked up: the network or its name server is away.",
    ja="{host} のアドレスを調べられません。ネットワークか DNS が応答していません。",
)
_REFUSED = Text(
    en="{host} refuses port {port}: check host and port, or the server is down.",
    ja="{host} のポート {port} への接続が拒否されました。host と port を"
    "確かめてください。サーバーが止まっているのかもしれません。",
)
_NO_ROUTE = Text(
    en="{host} port {port} cannot be reached ({why}): is the network up?",
    ja="{host} のポート {port} に届きません({why})。ネットワークを確かめてください。",
)
_NO_ANSWER = Text(
    en="{host} port {port} does not answer: check host, port and the network.",
    ja="{host} のポート {port} から応答がありません。host と port、ネットワークを"
    "確かめてください。",
)
_NOT_TLS = Text(
    en='{host} port {port} speaks no TLS at once: is it tls = "starttls" there?',
    ja="{host} のポート {port} は TLS で始まりません。"
    'tls = "starttls" を試してください。',
)
_NO_TLS_ANSWER = Text(
    en='{host} port {port} does not answer in TLS: check port and tls ("starttls"?).',
    ja="{host} のポート {port} から TLS の応答がありません。port と tls を"
    "確かめてください。",
)
_TLS_BROKEN = Text(
    en="TLS with {host} port {port} fails ({why}): check port and tls.",
    ja="{host} のポート {port} と TLS で接続できません({why})。port と tls を"
    "確かめてください。",
)
_OLD_TLS = Text(
    en="{host} knows nothing newer than TLS 1.1, which is no longer safe: its operator "
    "must switch TLS 1.2 on. Until then let Amazon write to another address.",
    ja="{host} は TLS 1.1 以前にしか対応しておらず、安全につなげません。TLS 1.2 への"
    "対応をサーバーの管理者に求めてください。それまでは Amazon に登録した"
    "メールアドレスを別のものに変えてください。",
)
_NO_CIPHER = Text(
    en="{host} has no safe encryption in common with this computer: its operator must "
    'switch ECDHE on. If it is SoftBank\'s, write provider = "softbank" and no host.',
    ja="{host} と共通の安全な暗号方式がありません。ECDHE への対応をサーバーの管理者に"
    '求めてください。ソフトバンクなら、host を消して provider = "softbank" と書いて'
    "ください。",
)
_LEGACY = Text(
    en="{host} lacks secure renegotiation (RFC 5746) and is refused: its operator must "
    'update it. If it is docomo\'s, write provider = "docomo" and no host.',
    ja="{host} は安全な再ネゴシエーション(RFC 5746)に対応していないので、つなぎません。"
    "更新をサーバーの管理者に求めてください。ドコモなら、host を消して "
    'provider = "docomo" と書いてください。',
)
_CUT = Text(
    en="The connection to {host} port {port} is cut off while encryption begins: look "
    "whether a firewall, virus scanner or proxy does it, or try another network.",
    ja="{host} のポート {port} への接続が、暗号化を始めるところで切られました。"
    "ファイアウォール、ウイルス対策ソフト、プロキシを確かめるか、別のネットワークで"
    "試してください。",
)
_WEB_PAGE = Text(
    en="A web page answers in place of {host} port {port}: log in to this network in a "
    "browser (as hotels and stations want it), or check host and port.",
    ja="{host} のポート {port} の代わりに Web ページが応答しました。ホテルや駅などの "
    "Wi-Fi ならブラウザーでログインしてください。そうでなければ host と port を"
    "確かめてください。",
)
_EXPIRED = Text(
    en="The certificate of {host} has expired: its operator must renew it "
    "(or the clock of this machine is wrong).",
    ja="{host} の証明書は期限切れです。サーバーの管理者による更新が必要です"
    "(このパソコンの時計も確かめてください)。",
)
_NOT_YET_VALID = Text(
    en="The certificate of {host} is not valid yet: check this machine's clock.",
    ja="{host} の証明書はまだ有効ではありません。このパソコンの時計を"
    "確かめてください。",
)
_FOREIGN = Text(
    en="The certificate of {host} comes from nobody this machine trusts: "
    "name the issuer's certificate with ca_file, if it is your own server.",
    ja="{host} の証明書の発行者は信頼されていません。"
    "自分のサーバーなら、発行者の証明書を ca_file に書いてください。",
)
_SELF_SIGNED = Text(
    en="The certificate of {host} is self-signed: if it is your own server, "
    "name that certificate with ca_file.",
    ja="{host} の証明書は自己署名です。"
    "自分のサーバーなら、その証明書を ca_file に書いてください。",
)
_NOT_STRICT = Text(
    en="The certificate of {host}, or its issuer's, lacks what Python demands since "
    "3.13 ({why}): name the issuer's certificate with ca_file. All else is still "
    "verified.",
    ja="{host} の証明書か発行者の証明書に、Python 3.13 以降が求める項目がありません"
    "({why})。発行者の証明書を ca_file に書いてください。ほかの検証は"
    "そのまま行います。",
)
_WRONG_NAME = Text(
    en="The certificate is not for {host}: use the name that it is made for.",
    ja="証明書が {host} のものではありません。証明書にある名前を host に"
    "書いてください。",
)
_BAD_CERTIFICATE = Text(
    en="The certificate of {host} is not accepted ({why}): ask its operator.",
    ja="{host} の証明書を受け入れられません({why})。サーバーの管理者に尋ねてください。",
)
_NO_GREETING = Text(
    en='{host} port {port} does not greet: is it tls = "implicit" there?',
    ja="{host} のポート {port} から最初の応答がありません。"
    'tls = "implicit" を試してください。',
)
_NOT_IMAP = Text(
    en="{host} port {port} is no IMAP server: check host and port.",
    ja="{host} のポート {port} は IMAP サーバーではありません。host と port を"
    "確かめてください。",
)
_HUNG_UP = Text(en="{host} closed the connection.", ja="{host} が接続を閉じました。")
_SENT_AWAY = Text(
    en="{host} ended the connection: {said}", ja="{host} が接続を閉じました: {said}"
)
_SILENT = Text(
    en="{host} stopped answering: the connection was given up.",
    ja="{host} から応答がなくなったので、接続を切りました。",
)
_GARBLED = Text(
    en="{host} answered what is not IMAP: the connection was given up.",
    ja="{host} の応答が IMAP の形ではないので、接続を切りました。",
)
SEARCH_REFUSED = Text(
    en="{host} refuses to search the mailbox ({said}): trying again.",
    ja="{host} がメールボックスの検索を拒否しました({said})。もう一度試します。",
)
MISSING = Text(
    en="{host} has no mailbox {mailbox} that {user} may read: check mailboxes.",
    ja="{host} に {user} が読めるメールボックス {mailbox} がありません。"
    "mailboxes を確かめてください。",
)
REFUSED_MAILBOX = Text(
    en="{host} does not open the mailbox {mailbox} for now: {said}",
    ja="{host} は今、メールボックス {mailbox} を開けません: {said}",
)
NO_STARTTLS = Text(
    en='{host} offers no STARTTLS: set tls = "implicit" and its port, often 993.',
    ja='{host} は STARTTLS に対応していません。tls = "implicit" と port を'
    "試してください。",
)
CLEAR_TEXT = Text(
    en='tls = "none" is for this machine alone: on the way to {host} all could read.',
    ja='tls = "none" はこのパソコンの中のサーバーにだけ使えます。'
    "{host} には使えません。",
)
LOGIN_REFUSED = Text(
    en="{host} refuses the login of {user} ({said}): check user and password; "
    "many providers want an app password.",
    ja="{host} で {user} のログインが拒否されました({said})。user とパスワードを"
    "確かめてください。アプリパスワードが必要なサービスも多くあります。",
)
LOGIN_LATER = Text(
    en="{host} takes no login of {user} for now: {said}",
    ja="{host} は今 {user} のログインを受け付けません: {said}",
)
NO_LOGIN_WAY = Text(
    en="{host} offers no way to log in with this user name and password: try another "
    "tls.",
    ja="{host} には、ユーザー名とパスワードでログインする方法がありません。別の tls を"
    "試してください。",
)
WANTS_OAUTH2 = OAUTH2_ONLY
NO_OAUTH2 = Text(
    en="{host} offers no login by OAuth2: remove auth, and name where the password is.",
    ja="{host} は OAuth2 のログインに対応していません。auth を消して、パスワードの"
    "取り出し方を書いてください。",
)
NO_TOKEN = Text(
    en="What {account} gets is no access token: the first line that token_command "
    "prints must be the token alone.",
    ja="{account} が受け取ったのはアクセストークンではありません。token_command の"
    "出力の 1 行目をトークンだけにしてください。",
)
TOKEN_REFUSED = Text(
    en="{host} refuses the access token of {user} ({why}). Run: watcher oauth login "
    "{typed}",
    ja="{host} で {user} のアクセストークンが拒否されました({why})。"
    "次を実行してください: watcher oauth login {typed}",
)
FOREIGN_TOKEN_REFUSED = Text(
    en="{host} refuses the access token of {user} ({why}): log in again with the "
    "program that token_command names.",
    ja="{host} で {user} のアクセストークンが拒否されました({why})。token_command の"
    "プログラムで、もう一度ログインしてください。",
)
NO_SECRET_IN_TIME = Text(
    en="The password of {account} did not come in time: unlock where it comes from.",
    ja="{account} のパスワードを時間内に取り出せませんでした。ロックされていたら"
    "解除してください。",
)
NO_TOKEN_IN_TIME = Text(
    en="The access token of {account} did not come in time: unlock where it comes "
    "from.",
    ja="{account} のアクセストークンを時間内に取り出せませんでした。ロックされていたら"
    "解除してください。",
)


BROKEN = (
    imaplib.IMAP4.error,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    MemoryError,
)
"""What the libraries raise on a broken connection, or on a malformed answer.

Their parsers trust the server: nested parentheses end in RecursionError, a name that is
NIL in AttributeError, a date of a thousand digits in OverflowError, and so on.
"""

# OpenSSL's x509_vfy.h
_BY_VERIFY_CODE = {
    7: _FOREIGN,  # another issuer of the same name
    9: _NOT_YET_VALID,
    10: _EXPIRED,
    18: _SELF_SIGNED,
    19: _FOREIGN,
    20: _FOREIGN,
    21: _FOREIGN,
    62: _WRONG_NAME,
    64: _WRONG_NAME,
}
_BY_VERIFY_CODE |= dict.fromkeys(range(80, 94), _NOT_STRICT)
"""VERIFY_X509_STRICT alone looks for what these miss (RFC 5280 §4)."""

# OpenSSL's sslerr.h: what is told there as a reason, an alert of the server included
_BY_TLS_REASON = {
    **dict.fromkeys(("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"), _NOT_TLS),
    **dict.fromkeys(
        ("TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW"),
        _OLD_TLS,
    ),
    **dict.fromkeys(
        (
            *("SSLV3_ALERT_HANDSHAKE_FAILURE", "TLSV1_ALERT_INSUFFICIENT_SECURITY"),
            *("NO_SHARED_CIPHER", "DH_KEY_TOO_SMALL", "WRONG_CIPHER_RETURNED"),
        ),
        _NO_CIPHER,
    ),
    "UNSAFE_LEGACY_RENEGOTIATION_DISABLED": _LEGACY,
    "UNEXPECTED_EOF_WHILE_READING": _CUT,
}
_UNKNOWN_NAME_CODES = {
    getattr(socket, name)
    for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY")
    if hasattr(socket, name)
}


PERMANENT = (LoginRefused, ConfigError, SecretUnavailable)
"""Errors that only the user can resolve; after every other one a retry may succeed."""


class NotConnected(Unreachable):
    """No connection came about, not even in TCP: the next try costs next to nothing."""


class ServerBusy(ConnectionLost):
    """The server answers "later": no brisk retries."""


class ServerThrottles(ServerBusy):
    """The server names a time for which it wants no request."""

    @property
    def wait_s(self) -> float:
        """The seconds, at most `provider_words.LONGEST_WAIT_S`."""
        return float(str(self.data["seconds"]))


class PasswordDoubted(ConnectionLost):
    """The server refuses a password that it has taken before: few retries."""


class SessionExpired(ConnectionLost):
    """The server ends a session whose time is over: the next one begins at once."""


class ServerClosed(ConnectionError):
    """The server closed the connection."""


class WebPage(ConnectionError):
    """What answers speaks HTTP: a network's login page, or a proxy."""


class SaidBye(ServerClosed):
    """It sent BYE before that; the error's one argument is what it said."""


class SaidExpired(SaidBye):
    """It said that the session's time is over, or that of its access token."""


class SaidWait(ServerClosed):
    """It named a time to wait: the connection is of no use before that."""

    def __init__(self, wait: Wait) -> None:
        super().__init__()
        self.wait = wait


_EXPIRED_SESSION = re.compile(
    r"AccessTokenExpired|(?:token|session)\W{0,3}(?:has |is )?expired", re.IGNORECASE
)
"""Words of Outlook.com and of Gmail."""


def farewell(said: str) -> SaidBye:
    """Return the error for what a server said before it closed the connection."""
    return (SaidExpired if _EXPIRED_SESSION.search(said) else SaidBye)(said)


def _said_wait(error: SaidWait) -> Text:
    return error.wait.text


_Row = tuple[type[BaseException], type[WatcherError], Text | Callable[[Any], Text]]

CONNECT: tuple[_Row, ...] = (
    (UnicodeError, NotConnected, _UNKNOWN_HOST),  # no name that DNS can hold
    (
        socket.gaierror,
        NotConnected,
        lambda e: _UNKNOWN_HOST if e.errno in _UNKNOWN_NAME_CODES else _NO_NAME_SERVER,
    ),
    (ConnectionRefusedError, NotConnected, _REFUSED),
    # without a number: the look-up of the name, which ran in a thread
    (TimeoutError, NotConnected, lambda e: _NO_ANSWER if e.errno else _NO_NAME_SERVER),
    (OSError, NotConnected, _NO_ROUTE),
)
"""Name look-up and TCP."""

CONNECT_TO_PRESET: tuple[_Row, ...] = (
    (socket.gaierror, NotConnected, _OFFLINE),
    *CONNECT,
)
"""The same where the host is a preset's: its name is right."""

TLS: tuple[_Row, ...] = (
    (
        ssl.SSLCertVerificationError,
        Unreachable,
        lambda e: _BY_VERIFY_CODE.get(e.verify_code, _BAD_CERTIFICATE),
    ),
    (
        ssl.SSLError,
        Unreachable,
        lambda e: _BY_TLS_REASON.get(e.reason, _TLS_BROKEN),
    ),
    (WebPage, Unreachable, _WEB_PAGE),
    (TimeoutError, Unreachable, _NO_TLS_ANSWER),
    (ConnectionError, Unreachable, _CUT),
    (OSError, Unreachable, _TLS_BROKEN),
    (ValueError, Unreachable, _TLS_BROKEN),  # a host that no certificate can name
)
"""TLS handshake."""

GREETING: tuple[_Row, ...] = (
    (WebPage, Unreachable, _WEB_PAGE),
    (TimeoutError, Unreachable, _NO_GREETING),
    (SaidWait, ServerThrottles, _said_wait),
    (SaidBye, ServerBusy, _SENT_AWAY),
    (OSError, ConnectionLost, _HUNG_UP),
    (Exception, Unreachable, _NOT_IMAP),
)
"""Greeting and capabilities."""

LOGIN: tuple[_Row, ...] = (
    (TimeoutError, ConnectionLost, _SILENT),
    (SaidWait, ServerThrottles, _said_wait),
    (SaidBye, ServerBusy, _SENT_AWAY),
    (OSError, ConnectionLost, _HUNG_UP),
    (Exception, ConnectionLost, _GARBLED),
)
"""The login: a server that says BYE to it does not want another one at once."""

COMMAND: tuple[_Row, ...] = (
    (TimeoutError, ConnectionLost, _SILENT),
    (SaidWait, ServerThrottles, _said_wait),
    (SaidExpired, SessionExpired, _SENT_AWAY),
    (SaidBye, ConnectionLost, _SENT_AWAY),
    (OSError, ConnectionLost, _HUNG_UP),
    (Exception, ConnectionLost, _GARBLED),
)
"""Every command after the greeting."""


@contextmanager
def translated(
    rows: tuple[_Row, ...], host: str, port: int = 0, *, passes_no: bool = False
) -> Iterator[None]:
    """Translate the libraries' errors by the first row that fits.

    Args:
        rows: the stage: CONNECT, TLS, GREETING, LOGIN or COMMAND.
        host: named in the sentence, as is `port`.
        passes_no: let a plain NO or BAD pass as imaplib's error.

    Raises:
        Unreachable, ConnectionLost: as the rows say.
        imaplib.IMAP4.error: the server refuses the command, with `passes_no`.
    """
    try:
        yield
    except BROKEN as error:
        is_answer = isinstance(error, imaplib.IMAP4.error)
        if passes_no and is_answer and is_connection_usable(error):
            raise
        ours = _translate(error, rows, host, port)
        if ours is None:
            raise
        raise ours from error


def lost(error: Exception, host: str) -> WatcherError:
    """Return what became of a connection on which a command broke."""
    return _translate(error, COMMAND, host) or ConnectionLost(_GARBLED, host=host)


def _translate(
    error: Exception, rows: tuple[_Row, ...], host: str, port: int = 0
) -> WatcherError | None:
    if isinstance(error, imaplib.IMAP4.error) and is_connection_usable(error):
        known = find([str(error)])
        if known and known.refusal is Refusal.LATER:
            return ServerBusy(known.text, host=host)
    # imaplib wraps what fails in sending in its own error
    is_wrapped = not isinstance(error, OSError)
    cause = error.__context__
    root = cause if is_wrapped and isinstance(cause, OSError) else error
    for kind, ours, text in rows:
        if isinstance(root, kind):
            why = getattr(root, "verify_message", None) or getattr(root, "reason", None)
            return ours(
                text if isinstance(text, Text) else text(root),
                host=host,
                port=port,
                why=why or reason_of(root),
                said=root.args[0] if isinstance(root, SaidBye) else "",
                seconds=f"{root.wait.seconds:g}" if isinstance(root, SaidWait) else "",
            )
    return None


def is_connection_usable(error: Exception) -> bool:
    """Return whether only an answer was bad, and the next command may go out."""
    return not isinstance(error, OSError | imaplib.IMAP4.abort)


def readable(words: bytes | str, *, length: int = 200) -> str:
    """Return a server's words as one short line without control characters or links.

    What stands in them for a link is shown, but nothing makes one of it.
    """
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return shorten(one_line(text).replace("://", ":"), length)
