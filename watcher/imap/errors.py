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
from watcher.imap import sentences
from watcher.imap.provider_words import Wait, find
from watcher.imap.refusal import Refusal
from watcher.recognition.text import one_line

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
    7: sentences.FOREIGN,  # another issuer of the same name
    9: sentences.NOT_YET_VALID,
    10: sentences.EXPIRED,
    18: sentences.SELF_SIGNED,
    19: sentences.FOREIGN,
    20: sentences.FOREIGN,
    21: sentences.FOREIGN,
    62: sentences.WRONG_NAME,
    64: sentences.WRONG_NAME,
}
_BY_VERIFY_CODE |= dict.fromkeys(range(80, 94), sentences.NOT_STRICT)
"""VERIFY_X509_STRICT alone looks for what these miss (RFC 5280 §4)."""

# OpenSSL's sslerr.h: what is told there as a reason, an alert of the server included
_BY_TLS_REASON = {
    **dict.fromkeys(
        ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"), sentences.NOT_TLS
    ),
    **dict.fromkeys(
        ("TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW"),
        sentences.OLD_TLS,
    ),
    **dict.fromkeys(
        (
            *("SSLV3_ALERT_HANDSHAKE_FAILURE", "TLSV1_ALERT_INSUFFICIENT_SECURITY"),
            *("NO_SHARED_CIPHER", "DH_KEY_TOO_SMALL", "WRONG_CIPHER_RETURNED"),
        ),
        sentences.NO_CIPHER,
    ),
    "UNSAFE_LEGACY_RENEGOTIATION_DISABLED": sentences.LEGACY,
    "UNEXPECTED_EOF_WHILE_READING": sentences.CUT,
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
    (UnicodeError, NotConnected, sentences.UNKNOWN_HOST),  # no name that DNS can hold
    (
        socket.gaierror,
        NotConnected,
        lambda e: (
            sentences.UNKNOWN_HOST
            if e.errno in _UNKNOWN_NAME_CODES
            else sentences.NO_NAME_SERVER
        ),
    ),
    (ConnectionRefusedError, NotConnected, sentences.REFUSED),
    # without a number: the look-up of the name, which ran in a thread
    (
        TimeoutError,
        NotConnected,
        lambda e: sentences.NO_ANSWER if e.errno else sentences.NO_NAME_SERVER,
    ),
    (OSError, NotConnected, sentences.NO_ROUTE),
)
"""Name look-up and TCP."""

CONNECT_TO_PRESET: tuple[_Row, ...] = (
    (socket.gaierror, NotConnected, sentences.OFFLINE),
    *CONNECT,
)
"""The same where the host is a preset's: its name is right."""

TLS: tuple[_Row, ...] = (
    (
        ssl.SSLCertVerificationError,
        Unreachable,
        lambda e: _BY_VERIFY_CODE.get(e.verify_code, sentences.BAD_CERTIFICATE),
    ),
    (
        ssl.SSLError,
        Unreachable,
        lambda e: _BY_TLS_REASON.get(e.reason, sentences.TLS_BROKEN),
    ),
    (WebPage, Unreachable, sentences.WEB_PAGE),
    (TimeoutError, Unreachable, sentences.NO_TLS_ANSWER),
    (ConnectionError, Unreachable, sentences.CUT),
    (OSError, Unreachable, sentences.TLS_BROKEN),
    (
        ValueError,
        Unreachable,
        sentences.TLS_BROKEN,
    ),  # a host that no certificate can name
)
"""TLS handshake."""

GREETING: tuple[_Row, ...] = (
    (WebPage, Unreachable, sentences.WEB_PAGE),
    (TimeoutError, Unreachable, sentences.NO_GREETING),
    (SaidWait, ServerThrottles, _said_wait),
    (SaidBye, ServerBusy, sentences.SENT_AWAY),
    (OSError, ConnectionLost, sentences.HUNG_UP),
    (Exception, Unreachable, sentences.NOT_IMAP),
)
"""Greeting and capabilities."""

LOGIN: tuple[_Row, ...] = (
    (TimeoutError, ConnectionLost, sentences.SILENT),
    (SaidWait, ServerThrottles, _said_wait),
    (SaidBye, ServerBusy, sentences.SENT_AWAY),
    (OSError, ConnectionLost, sentences.HUNG_UP),
    (Exception, ConnectionLost, sentences.GARBLED),
)
"""The login: a server that says BYE to it does not want another one at once."""

COMMAND: tuple[_Row, ...] = (
    (TimeoutError, ConnectionLost, sentences.SILENT),
    (SaidWait, ServerThrottles, _said_wait),
    (SaidExpired, SessionExpired, sentences.SENT_AWAY),
    (SaidBye, ConnectionLost, sentences.SENT_AWAY),
    (OSError, ConnectionLost, sentences.HUNG_UP),
    (Exception, ConnectionLost, sentences.GARBLED),
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
    return _translate(error, COMMAND, host) or ConnectionLost(
        sentences.GARBLED, host=host
    )


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
