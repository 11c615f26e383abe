"""Connects and logs in: the only way to a connection that can sync."""

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
from watcher.imap import errors, sentences, transport
from watcher.imap.account import Account, Timeouts
from watcher.imap.authentication import authenticate
from watcher.imap.choices import Auth, Tls, is_loopback
from watcher.imap.connection import Connection
from watcher.imap.happy_eyeballs import Addresses, resolve
from watcher.imap.history import ConnectionHistory, PasswordHistory
from watcher.imap.protocol import Protocol
from watcher.imap.secrecy import Secrets
from watcher.imap.transport import Interrupt

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
    """Connect, fetch the password or the access token anew, and log in.

    The secret comes last, so that no source is unlocked for a server that is down.
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
            _prove(protocol, account, interrupt, timeouts, history.password)
        connection = Connection(account, protocol)
        _identify(connection, account, history)
    except BaseException:
        protocol.shutdown()
        raise
    return connection


def _prove(
    protocol: Protocol,
    account: Account,
    interrupt: Interrupt,
    timeouts: Timeouts,
    history: PasswordHistory,
) -> None:
    """Authenticate; where a token is refused that can be renewed, with another one."""

    def offer(get_secret: Callable[[], str]) -> None:
        is_token = account.auth is Auth.OAUTH2
        try:
            secret = interrupt.call_with_timeout(
                get_secret, seconds=timeouts.secret_timeout_s
            )
        except TimeoutError as error:
            late = (
                sentences.NO_TOKEN_IN_TIME if is_token else sentences.NO_SECRET_IN_TIME
            )
            raise SecretUnavailable(late, account=account.name) from error
        with protocol.taking_at_most(timeouts.login_timeout_s):
            authenticate(protocol, account, secret, history, timeouts)
        history.note_success(secret)

    try:
        offer(account.get_secret)
    except (LoginRefused, errors.PasswordDoubted):
        if account.renew_token is None or history.is_renewed:
            history.is_renewed = False
            raise
        try:
            offer(account.renew_token)
        except ConnectionLost:
            history.is_renewed = True
            raise


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
        raise Unreachable(sentences.CLEAR_TEXT, host=account.host)
    if account.tls is not Tls.NONE:
        transport.context_for(account)  # a wrong one costs no connection
    history = history or ConnectionHistory()
    history.secrets.begin()
    rows = errors.CONNECT_TO_PRESET if account.is_preset else errors.CONNECT
    with errors.translated(rows, account.host, account.port):
        addresses = resolve(
            account.host,
            account.port,
            interrupt=interrupt,
            timeouts=timeouts,
            history=history.addresses,
        )
    farthest: WatcherError | None = None
    while True:
        try:
            protocol = _greet(account, addresses, timeouts, history.secrets, on_alert)
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
    account: Account,
    addresses: Addresses,
    timeouts: Timeouts,
    secrets: Secrets,
    on_alert: OnAlert,
) -> Protocol:
    """Connect to the next address, and read the greeting in TLS."""
    context = None if account.tls is Tls.NONE else transport.context_for(account)
    protocol = Protocol(
        (account.host, account.port),
        context if account.tls is Tls.IMPLICIT else None,
        open_transport=addresses.connect,
        timeouts=replace(timeouts, greeting_timeout_s=addresses.greeting_timeout_s()),
        secrets=secrets,
        on_alert=on_alert,
    )
    if account.tls is Tls.STARTTLS and context is not None:
        try:
            with errors.translated(errors.COMMAND, account.host, passes_no=True):
                protocol.begin_tls(context)
        except imaplib.IMAP4.error as error:
            protocol.shutdown()
            raise Unreachable(sentences.NO_STARTTLS, host=account.host) from error
        except BaseException:
            protocol.shutdown()
            raise
    return protocol


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
