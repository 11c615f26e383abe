"""Connects and logs in: the one way to a connection that can be looked through.

LOGIN is what every server knows. imapclient's does not quote the user and cannot say
what is not ASCII; so this is done on the wire, with SASL PLAIN where LOGIN cannot do.
"""

import imaplib
import ssl

from watcher.errors import LoginRefused, SecretUnavailable, Unreachable, WatcherError
from watcher.imap import sentences, tls, trouble
from watcher.imap.account import Account, Tls, is_loopback
from watcher.imap.mailbox import Connection
from watcher.imap.settings import Bounds
from watcher.imap.wake import Wake
from watcher.imap.wire import Wire

_UNSPEAKABLE = "\r\n\0"
"""No command can hold these, and what follows them would be one of its own."""


def log_in(account: Account, *, wake: Wake, bounds: Bounds) -> Connection:
    """Connect, fetch the password anew, and log in.

    The password comes last, so that a server that is down costs no unlocking.

    Raises:
        Unreachable, ConnectionLost: try again.
        LoginRefused, ConfigError, SecretUnavailable: only the user can help.
    """
    wire = connect(account, wake=wake, bounds=bounds)
    try:
        if wire.state != "AUTH":  # PREAUTH
            _log_in(wire, account, _password(account, wake, bounds))
        return Connection(account, wire)
    except BaseException:
        wire.shutdown()
        raise


def connect(account: Account, *, wake: Wake, bounds: Bounds) -> Wire:
    """Connect to an account's server, certificate verified, without logging in.

    Raises:
        Unreachable: no connection, or no trust in who answers.
        ConnectionLost: the server hung up.
        ConfigError: `ca_file` cannot be used.
    """
    if account.tls is Tls.NONE and not is_loopback(account.host):
        raise Unreachable(sentences.CLEAR_TEXT, host=account.host)
    context = None if account.tls is Tls.NONE else tls.context_for(account)
    at_once = context if account.tls is Tls.IMPLICIT else None
    address = account.host, account.port
    wire = Wire(address, at_once, wake=wake, bounds=bounds)
    if account.tls is Tls.STARTTLS and context is not None:
        _begin_tls(wire, context)
    return wire


def _begin_tls(wire: Wire, context: ssl.SSLContext) -> None:
    try:
        with trouble.hanging_up(wire.host):
            wire.begin_tls(context)
    except imaplib.IMAP4.error as error:
        wire.shutdown()
        raise Unreachable(sentences.NO_STARTTLS, host=wire.host) from error
    except BaseException:
        wire.shutdown()
        raise


def _password(account: Account, wake: Wake, bounds: Bounds) -> str:
    try:
        return wake.run_aside(account.get_password, seconds=bounds.secret_s)
    except TimeoutError as error:
        raise SecretUnavailable(
            sentences.NO_SECRET_IN_TIME, account=account.name
        ) from error


def _log_in(wire: Wire, account: Account, password: str) -> None:
    """Log in, and tell "no" from "not now"."""
    wire.forget()
    try:
        with trouble.hanging_up(account.host):
            _authenticate(wire, account.user, password)
    except imaplib.IMAP4.error as error:
        raise _refusal(wire, account, error) from None


def _authenticate(wire: Wire, user: str, password: str) -> None:
    is_speakable = not any(sign in user + password for sign in _UNSPEAKABLE)
    is_plain_ascii = (user + password).isascii()
    if is_speakable and is_plain_ascii and "LOGINDISABLED" not in wire.capabilities:
        wire.login(_quoted(user), password)
    elif is_speakable and "AUTH=PLAIN" in wire.capabilities:
        wire.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
    else:
        raise LoginRefused(sentences.NO_LOGIN_WAY, host=wire.host)


def _refusal(wire: Wire, account: Account, error: imaplib.IMAP4.error) -> WatcherError:
    said = trouble.readable(error.args[0] if error.args else "")
    if wire.is_told_later:
        return trouble.ToldLater(
            sentences.LOGIN_LATER, host=account.host, user=account.user, said=said
        )
    return LoginRefused(
        sentences.LOGIN_REFUSED, host=account.host, user=account.user, said=said
    )


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
