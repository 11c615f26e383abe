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
from watcher.imap import sentences

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
    7: sentences.FOREIGN,  # an issuer of the same name that was made anew
    9: sentences.NOT_YET_VALID,
    10: sentences.EXPIRED,
    18: sentences.SELF_SIGNED,
    19: sentences.FOREIGN,
    20: sentences.FOREIGN,
    21: sentences.FOREIGN,
    62: sentences.WRONG_NAME,
    64: sentences.WRONG_NAME,
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
            return sentences.UNKNOWN_HOST
        case socket.gaierror():
            known = error.errno in _UNKNOWN_NAME_CODES
            return sentences.UNKNOWN_HOST if known else sentences.NO_NAME_SERVER
        case ConnectionRefusedError():
            return sentences.REFUSED
        case TimeoutError():
            # without a number: the look-up of the name, which ran aside
            return sentences.NO_ANSWER if error.errno else sentences.NO_NAME_SERVER
        case _:
            return _refusal_by_number(error)


def _refusal_by_number(error: OSError) -> Text:
    """Tell a refusal that came as a bare number from a missing route."""
    return (
        sentences.REFUSED if error.errno == errno.ECONNREFUSED else sentences.NO_ROUTE
    )


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
            return _BY_VERIFY_CODE.get(error.verify_code, sentences.BAD_CERTIFICATE)
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER" | "RECORD_LAYER_FAILURE"):
            return sentences.NOT_TLS
        case TimeoutError():
            return sentences.NO_TLS_ANSWER
        case _:
            return sentences.TLS_BROKEN


HOPELESS = (LoginRefused, ConfigError, SecretUnavailable)
"""Only the user can help."""

PASSING = (Unreachable, ConnectionLost, MailboxMissing)
"""It may be over with the next try."""


class ToldLater(ConnectionLost):
    """The server itself asks for patience: no brisk tries."""


@contextmanager
def greeting(host: str, port: int) -> Iterator[None]:
    """Translate the errors of greeting and capabilities.

    Raises:
        Unreachable: there is no IMAP server, or none that answers.
        ConnectionLost: the server hung up; ToldLater where it said BYE.
    """
    try:
        yield
    except TimeoutError as error:
        raise Unreachable(sentences.NO_GREETING, host=host, port=port) from error
    except HungUp as error:
        if not error.said:
            raise lost(error, host) from error
        raise ToldLater(sentences.SENT_AWAY, host=host, said=error.said) from error
    except BROKEN as error:
        if isinstance(_root(error), OSError):
            raise lost(error, host) from error
        raise Unreachable(sentences.NOT_IMAP, host=host, port=port) from error


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
            return ConnectionLost(sentences.SILENT, host=host)
        case HungUp(said=said) if said:
            return ConnectionLost(sentences.SENT_AWAY, host=host, said=said)
        case OSError():
            return ConnectionLost(sentences.HUNG_UP, host=host)
        case _:
            return ConnectionLost(sentences.GARBLED, host=host)


def _root(error: Exception) -> BaseException:
    """Return what broke: imaplib wraps what fails in sending in its own error."""
    return error.__context__ if isinstance(error.__context__, OSError) else error


class HungUp(ConnectionError):
    """The server closed the connection, with BYE or without."""

    def __init__(self, said: str = "") -> None:
        super().__init__(said)
        self.said = said


def readable(words: bytes | str, *, length: int = 200) -> str:
    """Return a server's words as one short line without control characters."""
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return "".join(sign for sign in text.strip() if sign.isprintable())[:length]
