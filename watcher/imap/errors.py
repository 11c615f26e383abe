"""Turns the libraries' errors into ours, each a sentence that names the remedy.

Nobody above knows which library reads the mail. One context manager a stage, because
the same time-out means another thing in each. No error text is ever parsed: what
decides is the exception's class, OpenSSL's verify code or IMAP's response code.
"""

import errno
import imaplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from watcher.errors import (
    ConfigError,
    ConnectionLost,
    LoginRefused,
    MailboxMissing,
    SecretUnavailable,
    Unreachable,
    WatcherError,
)
from watcher.i18n import Text

UNKNOWN_HOST = Text(
    en="{host} is not known: check the host name in the configuration.",
    ja="{host} が見つかりません。設定の host を確かめてください。",
)
NO_NAME_SERVER = Text(
    en="{host} could not be looked up: the network or its name server is away.",
    ja="{host} を調べられません。ネットワークか DNS が応じません。",
)
REFUSED = Text(
    en="{host} refuses port {port}: check host and port, or the server is down.",
    ja="{host} がポート {port} を拒みました。host と port を確かめてください。"
    "サーバーが止まっているのかもしれません。",
)
NO_ROUTE = Text(
    en="{host} port {port} cannot be reached ({why}): is the network up?",
    ja="{host} のポート {port} に届きません ({why})。ネットワークを確かめてください。",
)
NO_ANSWER = Text(
    en="{host} port {port} does not answer: check host, port and the network.",
    ja="{host} のポート {port} が応じません。host、port、回線を確かめてください。",
)
NOT_TLS = Text(
    en='{host} port {port} speaks no TLS at once: is it tls = "starttls" there?',
    ja='{host} のポート {port} は TLS で始まりません。tls = "starttls" では?',
)
NO_TLS_ANSWER = Text(
    en='{host} port {port} does not answer in TLS: check port and tls ("starttls"?).',
    ja="{host} のポート {port} は TLS に応じません。port と tls を確かめてください。",
)
TLS_BROKEN = Text(
    en="TLS with {host} port {port} fails: {why}",
    ja="{host} のポート {port} との TLS に失敗しました: {why}",
)
EXPIRED = Text(
    en="The certificate of {host} has expired: its operator must renew it "
    "(or the clock of this machine is wrong).",
    ja="{host} の証明書は期限切れです。この PC の時計も確かめてください。",
)
NOT_YET_VALID = Text(
    en="The certificate of {host} is not valid yet: check this machine's clock.",
    ja="{host} の証明書はまだ有効ではありません。PC の時計を確かめてください。",
)
FOREIGN = Text(
    en="The certificate of {host} comes from nobody this machine trusts: "
    "name the issuer's certificate with ca_file, if it is your own server.",
    ja="{host} の証明書の発行者は信頼されていません。"
    "自分のサーバーなら、発行者の証明書を ca_file に書いてください。",
)
SELF_SIGNED = Text(
    en="The certificate of {host} is self-signed: if it is your own server, "
    "name that certificate with ca_file.",
    ja="{host} の証明書は自己署名です。"
    "自分のサーバーなら、その証明書を ca_file に書いてください。",
)
WRONG_NAME = Text(
    en="The certificate is not for {host}: use the name that it is made for.",
    ja="証明書が {host} のものではありません。証明書の名前を host に書いてください。",
)
BAD_CERTIFICATE = Text(
    en="The certificate of {host} is not accepted: {why}",
    ja="{host} の証明書を受け入れられません: {why}",
)
NO_GREETING = Text(
    en='{host} port {port} does not greet: is it tls = "implicit" there?',
    ja='{host} のポート {port} が挨拶しません。tls = "implicit" では?',
)
NOT_IMAP = Text(
    en="{host} port {port} is no IMAP server: check host and port.",
    ja="{host} のポート {port} は IMAP ではありません。設定を確かめてください。",
)
HUNG_UP = Text(en="{host} closed the connection.", ja="{host} が接続を閉じました。")
SENT_AWAY = Text(
    en="{host} ended the connection: {said}",
    ja="{host} が接続を終えました: {said}",
)
SILENT = Text(
    en="{host} has fallen silent: the connection is given up.",
    ja="{host} が応じなくなったので、接続を捨てました。",
)
GARBLED = Text(
    en="{host} answered what is not IMAP: the connection is given up.",
    ja="{host} の応答が IMAP になっていないので、接続を捨てました。",
)
MISSING = Text(
    en="{host} has no mailbox {mailbox} that {user} may read: check mailboxes.",
    ja="{host} に {user} が読めるメールボックス {mailbox} がありません。"
    "mailboxes を確かめてください。",
)
NO_STARTTLS = Text(
    en='{host} offers no STARTTLS: set tls = "implicit" and its port, often 993.',
    ja='{host} は STARTTLS 非対応です。tls = "implicit" と port を試してください。',
)
CLEAR_TEXT = Text(
    en='tls = "none" is for this machine alone: on the way to {host} all could read.',
    ja='tls = "none" はこの PC の中だけです。{host} には使えません。',
)
LOGIN_REFUSED = Text(
    en="{host} refuses the login of {user} ({said}): check user and password; "
    "many providers want an app password.",
    ja="{host} が {user} のログインを拒みました({said})。user とパスワードを"
    "確かめてください。アプリパスワードが要る事業者も多くあります。",
)
LOGIN_LATER = Text(
    en="{host} takes no login of {user} for now: {said}",
    ja="{host} は今 {user} のログインを受け付けません: {said}",
)
NO_LOGIN_WAY = Text(
    en="{host} offers no way to log in with this user name and password.",
    ja="{host} はこのユーザー名とパスワードで入る方法を持ちません。",
)
NO_SECRET_IN_TIME = Text(
    en="The password of {account} did not come in time: is its source locked?",
    ja="{account} のパスワードが時間内に得られません。ロックされていませんか。",
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
"""What the libraries raise on a broken line, or on an answer that is none.

Their parsers trust the server: nested parentheses end in RecursionError, a name that is
NIL in AttributeError, a date of a thousand digits in OverflowError, and so on.
"""

# OpenSSL's x509_vfy.h
_BY_VERIFY_CODE = {
    7: FOREIGN,  # an issuer of the same name that was made anew
    9: NOT_YET_VALID,
    10: EXPIRED,
    18: SELF_SIGNED,
    19: FOREIGN,
    20: FOREIGN,
    21: FOREIGN,
    62: WRONG_NAME,
    64: WRONG_NAME,
}
_UNKNOWN_NAME_CODES = {
    getattr(socket, name)
    for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY")
    if hasattr(socket, name)
}


@contextmanager
def reaching(host: str, port: int) -> Iterator[None]:
    """Translate the errors of name look-up and TCP.

    Raises:
        Unreachable: with the reason.
    """
    try:
        yield
    except (OSError, UnicodeError) as error:  # UnicodeError: no name that DNS can hold
        text = _reaching_text(error)
        why = getattr(error, "strerror", None)
        raise Unreachable(text, host=host, port=port, why=why) from error


def _reaching_text(error: OSError | UnicodeError) -> Text:
    match error:
        case UnicodeError():
            return UNKNOWN_HOST
        case socket.gaierror():
            known = error.errno in _UNKNOWN_NAME_CODES
            return UNKNOWN_HOST if known else NO_NAME_SERVER
        case ConnectionRefusedError():
            return REFUSED
        case TimeoutError():
            # without a number: the look-up of the name, which ran aside
            return NO_ANSWER if error.errno else NO_NAME_SERVER
        case _:
            return _refusal_by_number(error)


def _refusal_by_number(error: OSError) -> Text:
    """Tell a refusal that came as a bare number from a missing route."""
    return REFUSED if error.errno == errno.ECONNREFUSED else NO_ROUTE


@contextmanager
def securing(host: str, port: int) -> Iterator[None]:
    """Translate the errors of a TLS handshake.

    Raises:
        Unreachable: the server is not who it claims, or speaks no TLS.
    """
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a host that cannot be named
        text = _securing_text(error)
        why = getattr(error, "verify_message", None) or getattr(error, "reason", error)
        raise Unreachable(text, host=host, port=port, why=why) from error


def _securing_text(error: Exception) -> Text:
    match error:
        case ssl.SSLCertVerificationError():
            return _BY_VERIFY_CODE.get(error.verify_code, BAD_CERTIFICATE)
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER" | "RECORD_LAYER_FAILURE"):
            return NOT_TLS
        case TimeoutError():
            return NO_TLS_ANSWER
        case _:
            return TLS_BROKEN


PERMANENT = (LoginRefused, ConfigError, SecretUnavailable)
"""Only the user can help."""

TRANSIENT = (Unreachable, ConnectionLost, MailboxMissing)
"""It may be over with the next try."""


class ServerBusy(ConnectionLost):
    """The server itself asks for patience: no brisk tries."""


@contextmanager
def greeting(host: str, port: int) -> Iterator[None]:
    """Translate the errors of greeting and capabilities.

    Raises:
        Unreachable: there is no IMAP server, or none that answers.
        ConnectionLost: the server hung up; ServerBusy where it said BYE.
    """
    try:
        yield
    except TimeoutError as error:
        raise Unreachable(NO_GREETING, host=host, port=port) from error
    except ServerClosed as error:
        if not error.said:
            raise lost(error, host) from error
        raise ServerBusy(SENT_AWAY, host=host, said=error.said) from error
    except BROKEN as error:
        if isinstance(_root(error), OSError):
            raise lost(error, host) from error
        raise Unreachable(NOT_IMAP, host=host, port=port) from error


@contextmanager
def talking(host: str) -> Iterator[None]:
    """Translate the errors of every command after the greeting.

    Raises:
        ConnectionLost: the line is dead, or what comes over it is no IMAP.
    """
    try:
        yield
    except BROKEN as error:
        raise lost(error, host) from error


@contextmanager
def hanging_up(host: str) -> Iterator[None]:
    """Translate as `talking` does, but let a plain NO or BAD pass as imaplib's error.

    Raises:
        ConnectionLost: the line is dead, or what comes over it is no IMAP.
        imaplib.IMAP4.error: the server refuses the command.
    """
    try:
        yield
    except BROKEN as error:
        is_answer = isinstance(error, imaplib.IMAP4.error)
        if is_answer and not isinstance(error, imaplib.IMAP4.abort):
            raise
        raise lost(error, host) from error


def is_line_sound(error: Exception) -> bool:
    """Return whether only an answer was bad, and the next command may go out."""
    return not isinstance(error, OSError | imaplib.IMAP4.abort)


def lost(error: Exception, host: str) -> WatcherError:
    """Return what became of a connection on which a command broke."""
    match _root(error):
        case TimeoutError():
            return ConnectionLost(SILENT, host=host)
        case ServerClosed(said=said) if said:
            return ConnectionLost(SENT_AWAY, host=host, said=said)
        case OSError():
            return ConnectionLost(HUNG_UP, host=host)
        case _:
            return ConnectionLost(GARBLED, host=host)


def _root(error: Exception) -> BaseException:
    """Return what broke: imaplib wraps what fails in sending in its own error."""
    return error.__context__ if isinstance(error.__context__, OSError) else error


class ServerClosed(ConnectionError):
    """The server closed the connection, with BYE or without."""

    def __init__(self, said: str = "") -> None:
        super().__init__(said)
        self.said = said


def readable(words: bytes | str, *, length: int = 200) -> str:
    """Return a server's words as one short line without control characters."""
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return "".join(sign for sign in text.strip() if sign.isprintable())[:length]
