"""Connects and logs in: the only way to a connection that can sync.

Every server knows LOGIN. imapclient's does not quote the user and cannot send what is
not ASCII; so this is done by `Protocol`, with SASL PLAIN where LOGIN cannot be used.
"""

import imaplib
from collections.abc import Callable
from dataclasses import replace

from watcher.errors import (
    ConnectionLost,
    LoginRefused,
    SecretUnavailable,
    Unreachable,
    WatcherError,
)
from watcher.imap import errors, transport
from watcher.imap.account import Account, Timeouts
from watcher.imap.choices import Tls, is_loopback
from watcher.imap.connection import Connection
from watcher.imap.happy_eyeballs import Addresses, resolve
from watcher.imap.history import ConnectionHistory, PasswordHistory
from watcher.imap.protocol import Protocol
from watcher.imap.refusal import Refusal, login_refusal
from watcher.imap.transport import Interrupt

_FORBIDDEN = "\r\n\0"
"""No command can hold these, and what follows them would be a command of its own."""

OnAlert = Callable[[str], None]
"""Called with the words of each [ALERT] of the server (RFC 3501 §7.1)."""


def log_in(
    account: Account,
    *,
    interrupt: Interrupt,
    timeouts: Timeouts,
    history: ConnectionHistory | None = None,
    on_alert: OnAlert = lambda _: None,
) -> Connection:
    """Connect, fetch the password anew, and log in.

    The password comes last, so that no source is unlocked for a server that is down.
    `history` is kept by the caller from one connection of the account to the next.

    Raises:
        Unreachable, ConnectionLost: try again.
        PasswordDoubted: try again, but seldom.
        LoginRefused, ConfigError, SecretUnavailable: only the user can help.
    """
    history = history or ConnectionHistory()
    protocol = connect(
        account,
        interrupt=interrupt,
        timeouts=timeouts,
        history=history,
        on_alert=on_alert,
    )
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
            protocol.hide(password, account.user)
            with protocol.taking_at_most(timeouts.login_timeout_s):
                _authenticate(protocol, account, password, history.password, timeouts)
            history.password.note_success(password)
        connection = Connection(account, protocol)
        _identify(connection, account, history)
    except BaseException:
        protocol.shutdown()
        raise
    return connection


def connect(
    account: Account,
    *,
    interrupt: Interrupt,
    timeouts: Timeouts,
    history: ConnectionHistory | None = None,
    on_alert: OnAlert = lambda _: None,
) -> Protocol:
    """Connect to an account's server, certificate verified, without logging in.

    Each of its addresses is tried, also where one answers without TLS or a greeting.

    Raises:
        Unreachable: no connection, or a certificate that is not trusted.
        ConnectionLost: the server closed the connection.
        ConfigError: `ca_file` cannot be used.
    """
    if account.tls is Tls.NONE and not is_loopback(account.host):
        raise Unreachable(errors.CLEAR_TEXT, host=account.host)
    if account.tls is not Tls.NONE:
        transport.context_for(account)  # a wrong one costs no connection
    known = (history or ConnectionHistory()).addresses
    rows = errors.CONNECT_TO_PRESET if account.is_preset else errors.CONNECT
    with errors.translated(rows, account.host, account.port):
        addresses = resolve(
            account.host,
            account.port,
            interrupt=interrupt,
            timeouts=timeouts,
            history=known,
        )
    farthest: WatcherError | None = None
    while True:
        try:
            protocol = _greet(account, addresses, timeouts, on_alert)
        except errors.ServerBusy:  # it greets, and has no time
            raise
        except (Unreachable, ConnectionLost) as error:
            if addresses.has_connected or farthest is None:
                farthest = error
            if not addresses.reject():
                raise farthest from error
        else:
            addresses.accept()
            return protocol


def _greet(
    account: Account, addresses: Addresses, timeouts: Timeouts, on_alert: OnAlert
) -> Protocol:
    """Connect to the next address, and read the greeting in TLS."""
    context = None if account.tls is Tls.NONE else transport.context_for(account)
    protocol = Protocol(
        (account.host, account.port),
        context if account.tls is Tls.IMPLICIT else None,
        open_transport=addresses.connect,
        timeouts=replace(timeouts, greeting_timeout_s=addresses.greeting_timeout_s()),
        on_alert=on_alert,
    )
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


def _authenticate(
    protocol: Protocol,
    account: Account,
    password: str,
    history: PasswordHistory,
    timeouts: Timeouts,
) -> None:
    """Log in by LOGIN or SASL PLAIN.

    Raises:
        ServerBusy: the refusal says nothing of the password.
        PasswordDoubted: the server refuses a password that it has taken before.
        LoginRefused: it is wrong, or there is no mechanism for this user and password.
    """
    host, user = account.host, account.user
    is_sendable = not any(sign in user + password for sign in _FORBIDDEN)
    has_login = "LOGINDISABLED" not in protocol.capabilities
    protocol.forget()
    try:
        with errors.translated(errors.LOGIN, host, passes_no=True):
            if is_sendable and (user + password).isascii() and has_login:
                escaped = user.replace("\\", "\\\\").replace('"', '\\"')
                protocol.login(f'"{escaped}"', password)
            elif is_sendable and "AUTH=PLAIN" in protocol.capabilities:
                response = f"\0{user}\0{password}".encode()
                protocol.authenticate("PLAIN", lambda _: response)
            else:
                raise LoginRefused(errors.NO_LOGIN_WAY, host=host)
    except imaplib.IMAP4.error:
        kind, answer = protocol.last_answer
        words = {"host": host, "user": user, "said": protocol.said(answer)}
        match login_refusal(kind, answer, protocol.beside):
            case Refusal.LATER:
                raise errors.ServerBusy(errors.LOGIN_LATER, **words) from None
            case refusal if history.note_refusal(password):
                is_patient = history.refusal_count <= len(timeouts.doubted_delays_s)
                if is_patient or refusal is Refusal.UNNAMED:
                    raise errors.PasswordDoubted(errors.LOGIN_LATER, **words) from None
            case _:
                pass
        raise LoginRefused(errors.LOGIN_REFUSED, **words) from None


def _identify(
    connection: Connection, account: Account, history: ConnectionHistory
) -> None:
    """Tell the server the client's name (RFC 2971): some refuse mailboxes without.

    A refusal is ignored. Where the connection breaks, the next one goes without.

    Raises:
        ConnectionLost: it broke.
    """
    if "ID" not in connection.capabilities or not history.may_identify:
        return
    from importlib.metadata import version  # it takes long

    try:
        with errors.translated(errors.COMMAND, account.host, passes_no=True):
            connection.protocol.identify("watcher", version("amazon-signin-watcher"))
    except imaplib.IMAP4.error:
        pass
    except ConnectionLost:
        history.may_identify = False
        raise
