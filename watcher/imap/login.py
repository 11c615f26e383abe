"""Connects and logs in: the one way to a connection that can be looked through.

LOGIN is what every server knows. imapclient's does not quote the user and cannot say
what is not ASCII; so this is done on the wire, with SASL PLAIN where LOGIN cannot do.
"""

import imaplib
import ssl

from watcher.errors import LoginRefused, SecretUnavailable, Unreachable, WatcherError
from watcher.imap import errors, transport
from watcher.imap.account import Account, Timeouts, Tls, is_loopback
from watcher.imap.connection import Connection
from watcher.imap.protocol import Protocol
from watcher.imap.transport import Interrupt

_UNSPEAKABLE = "\r\n\0"
"""No command can hold these, and what follows them would be one of its own."""


def log_in(account: Account, *, interrupt: Interrupt, timeouts: Timeouts) -> Connection:
    """Connect, fetch the password anew, and log in.

    The password comes last, so that a server that is down costs no unlocking.

    Raises:
        Unreachable, ConnectionLost: try again.
        LoginRefused, ConfigError, SecretUnavailable: only the user can help.
    """
    protocol = connect(account, interrupt=interrupt, timeouts=timeouts)
    try:
        if protocol.state != "AUTH":  # PREAUTH
            _log_in(protocol, account, _password(account, interrupt, timeouts))
        return Connection(account, protocol)
    except BaseException:
        protocol.shutdown()
        raise


def connect(account: Account, *, interrupt: Interrupt, timeouts: Timeouts) -> Protocol:
    """Connect to an account's server, certificate verified, without logging in.

    Raises:
        Unreachable: no connection, or no trust in who answers.
        ConnectionLost: the server hung up.
        ConfigError: `ca_file` cannot be used.
    """
    if account.tls is Tls.NONE and not is_loopback(account.host):
        raise Unreachable(errors.CLEAR_TEXT, host=account.host)
    context = None if account.tls is Tls.NONE else transport.context_for(account)
    at_once = context if account.tls is Tls.IMPLICIT else None
    address = account.host, account.port
    protocol = Protocol(address, at_once, interrupt=interrupt, timeouts=timeouts)
    if account.tls is Tls.STARTTLS and context is not None:
        _begin_tls(protocol, context)
    return protocol


def _begin_tls(protocol: Protocol, context: ssl.SSLContext) -> None:
    try:
        with errors.hanging_up(protocol.host):
            protocol.begin_tls(context)
    except imaplib.IMAP4.error as error:
        protocol.shutdown()
        raise Unreachable(errors.NO_STARTTLS, host=protocol.host) from error
    except BaseException:
        protocol.shutdown()
        raise


def _password(account: Account, interrupt: Interrupt, timeouts: Timeouts) -> str:
    try:
        return interrupt.call_with_timeout(
            account.get_password, seconds=timeouts.secret_timeout_s
        )
    except TimeoutError as error:
        raise SecretUnavailable(
            errors.NO_SECRET_IN_TIME, account=account.name
        ) from error


def _log_in(protocol: Protocol, account: Account, password: str) -> None:
    """Log in, and tell "no" from "not now"."""
    protocol.forget()
    try:
        with errors.hanging_up(account.host):
            _authenticate(protocol, account.user, password)
    except imaplib.IMAP4.error as error:
        raise _refusal(protocol, account, error) from None


def _authenticate(protocol: Protocol, user: str, password: str) -> None:
    is_speakable = not any(sign in user + password for sign in _UNSPEAKABLE)
    is_plain_ascii = (user + password).isascii()
    if is_speakable and is_plain_ascii and "LOGINDISABLED" not in protocol.capabilities:
        protocol.login(_quoted(user), password)
    elif is_speakable and "AUTH=PLAIN" in protocol.capabilities:
        protocol.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
    else:
        raise LoginRefused(errors.NO_LOGIN_WAY, host=protocol.host)


def _refusal(
    protocol: Protocol, account: Account, error: imaplib.IMAP4.error
) -> WatcherError:
    said = errors.readable(error.args[0] if error.args else "")
    if protocol.is_server_busy:
        return errors.ServerBusy(
            errors.LOGIN_LATER, host=account.host, user=account.user, said=said
        )
    return LoginRefused(
        errors.LOGIN_REFUSED, host=account.host, user=account.user, said=said
    )


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
