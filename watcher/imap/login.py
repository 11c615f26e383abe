"""Connects and logs in: the only way to a connection that can sync.

Every server knows LOGIN. imapclient's does not quote the user and cannot send what is
not ASCII; so this is done by `Protocol`, with SASL PLAIN where LOGIN cannot be used.
"""

import imaplib

from watcher.errors import LoginRefused, SecretUnavailable, Unreachable, WatcherError
from watcher.imap import errors, transport
from watcher.imap.account import Account, Timeouts, Tls, is_loopback
from watcher.imap.connection import Connection
from watcher.imap.protocol import Protocol
from watcher.imap.transport import Interrupt

_FORBIDDEN = "\r\n\0"
"""No command can hold these, and what follows them would be a command of its own."""


def log_in(account: Account, *, interrupt: Interrupt, timeouts: Timeouts) -> Connection:
    """Connect, fetch the password anew, and log in.

    The password comes last, so that no source is unlocked for a server that is down.

    Raises:
        Unreachable, ConnectionLost: try again.
        LoginRefused, ConfigError, SecretUnavailable: only the user can help.
    """
    protocol = connect(account, interrupt=interrupt, timeouts=timeouts)
    try:
        if protocol.state != "AUTH":  # PREAUTH
            try:
                password = interrupt.call_with_timeout(
                    account.get_password, seconds=timeouts.secret_timeout_s
                )
            except TimeoutError as error:
                raise SecretUnavailable(
                    errors.NO_SECRET_IN_TIME, account=account.name
                ) from error
            _authenticate(protocol, account, password)
        return Connection(account, protocol)
    except BaseException:
        protocol.shutdown()
        raise


def connect(account: Account, *, interrupt: Interrupt, timeouts: Timeouts) -> Protocol:
    """Connect to an account's server, certificate verified, without logging in.

    Raises:
        Unreachable: no connection, or a certificate that is not trusted.
        ConnectionLost: the server closed the connection.
        ConfigError: `ca_file` cannot be used.
    """
    if account.tls is Tls.NONE and not is_loopback(account.host):
        raise Unreachable(errors.CLEAR_TEXT, host=account.host)
    context = None if account.tls is Tls.NONE else transport.context_for(account)
    at_once = context if account.tls is Tls.IMPLICIT else None
    address = account.host, account.port
    protocol = Protocol(address, at_once, interrupt=interrupt, timeouts=timeouts)
    if account.tls is Tls.STARTTLS and context is not None:
        try:
            with errors.translated(errors.COMMAND, account.host, passes_no=True):
                protocol.begin_tls(context)
        except imaplib.IMAP4.error as error:
            protocol.shutdown()
            raise Unreachable(errors.NO_STARTTLS, host=account.host) from error
        except BaseException:
            protocol.shutdown()
            raise
    return protocol


def _authenticate(protocol: Protocol, account: Account, password: str) -> None:
    """Log in by LOGIN or SASL PLAIN.

    Raises:
        ServerBusy: NO with a response code that means "not now" (RFC 5530 §3).
        LoginRefused: any other NO, or no mechanism for this user and password.
    """
    host, user = account.host, account.user
    is_sendable = not any(sign in user + password for sign in _FORBIDDEN)
    has_login = "LOGINDISABLED" not in protocol.capabilities
    protocol.forget()
    try:
        with errors.translated(errors.COMMAND, host, passes_no=True):
            if is_sendable and (user + password).isascii() and has_login:
                escaped = user.replace("\\", "\\\\").replace('"', '\\"')
                protocol.login(f'"{escaped}"', password)
            elif is_sendable and "AUTH=PLAIN" in protocol.capabilities:
                response = f"\0{user}\0{password}".encode()
                protocol.authenticate("PLAIN", lambda _: response)
            else:
                raise LoginRefused(errors.NO_LOGIN_WAY, host=host)
    except imaplib.IMAP4.error as error:
        said = errors.readable(error.args[0] if error.args else "")
        if protocol.is_server_busy:
            refusal: WatcherError = errors.ServerBusy(
                errors.LOGIN_LATER, host=host, user=user, said=said
            )
        else:
            refusal = LoginRefused(
                errors.LOGIN_REFUSED, host=host, user=user, said=said
            )
        raise refusal from None
