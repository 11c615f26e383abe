"""Proves to a server whose mailbox it is: by a password, or by an access token.

Every server knows LOGIN. imapclient's does not quote the user and cannot send what is
not ASCII; so this is done by `Protocol`, with SASL PLAIN where LOGIN cannot be used.
"""

import imaplib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from watcher.errors import LoginRefused
from watcher.i18n import Text
from watcher.imap import errors, sasl, sentences
from watcher.imap.account import Account, Timeouts
from watcher.imap.choices import Auth
from watcher.imap.history import PasswordHistory
from watcher.imap.protocol import Protocol
from watcher.imap.provider_words import OAUTH2_ONLY, find
from watcher.imap.refusal import (
    PASSWORD_CODES,
    Refusal,
    ResponseText,
    login_refusal,
)
from watcher.typed import as_typed

_FORBIDDEN = "\r\n\0"
"""No command can hold these, and what follows them would be a command of its own."""

_NOT_IN_TOKENS = f"{_FORBIDDEN}\x01 "
"""A token is one word (RFC 6750 §2.1); what follows U+0001 would be a field."""


def authenticate(
    protocol: Protocol,
    account: Account,
    secret: str,
    history: PasswordHistory,
    timeouts: Timeouts,
) -> None:
    """Log in with the password or the access token of an account.

    Raises:
        ServerBusy: the refusal says nothing of the secret.
        PasswordDoubted: the server refuses a secret that it has taken before.
        LoginRefused: it is wrong, or nothing that is on offer fits it.
    """
    method = _by_token if account.auth is Auth.OAUTH2 else _by_password
    login = method(protocol, account, secret)
    protocol.secrets.add(secret, login.message)
    protocol.forget()
    try:
        with errors.translated(errors.LOGIN, account.host, passes_no=True):
            login.send()
    except imaplib.IMAP4.error:
        refusal, known = _meaning(protocol)
        said = protocol.said(protocol.last_answer[1])
        words: dict[str, object] = {
            "host": account.host,
            "user": account.user,
            "account": account.name,
            "typed": as_typed(account.name),
            "said": said,
        }
        match refusal:
            case Refusal.LATER:
                later = known or sentences.LOGIN_LATER
                raise errors.ServerBusy(later, **words) from None
            case _ if history.note_refusal(secret):
                is_patient = history.refusal_count <= len(timeouts.doubted_delays_s)
                if is_patient or refusal is Refusal.UNNAMED:
                    raise errors.PasswordDoubted(
                        sentences.LOGIN_LATER, **words
                    ) from None
            case _:
                pass
        text, why = login.refused()
        is_of_passwords = refusal in {Refusal.WRONG_PASSWORD, Refusal.WANTS_OAUTH2}
        if known and not (is_of_passwords and account.auth is Auth.OAUTH2):
            text = known
        raise LoginRefused(text, **words, why=why or said) from None


def _meaning(protocol: Protocol) -> tuple[Refusal, Text | None]:
    """Return what the refusal of a login means, and its sentence if it is known."""
    kind, answer = protocol.last_answer
    beside = protocol.beside
    known = find([answer.decode(errors="replace")])
    if known is None and ResponseText.parse(answer).code not in PASSWORD_CODES:
        known = find(beside)
    if known is None:
        return login_refusal(kind, answer, beside), None
    return known.refusal, known.text


@dataclass(frozen=True, slots=True)
class _Login:
    """One way to log in that the server offers."""

    send: Callable[[], object] = field(repr=False)
    """Raises imaplib's error where the server refuses it."""
    message: bytes = field(repr=False)
    """What SASL sends, which a server may repeat."""
    refused: Callable[[], tuple[Text, Text | str]]
    """Returns what is said of a refusal, and the server's reason if it named one."""


def _by_password(protocol: Protocol, account: Account, password: str) -> _Login:
    """Return LOGIN, or AUTHENTICATE PLAIN.

    Raises:
        LoginRefused: there is no mechanism for this user and password.
    """
    user, host = account.user, account.host
    message = sasl.plain(user, password)
    is_sendable = not any(sign in user + password for sign in _FORBIDDEN)
    has_login = "LOGINDISABLED" not in protocol.capabilities
    if is_sendable and (user + password).isascii() and has_login:
        escaped = user.replace("\\", "\\\\").replace('"', '\\"')
        send: Callable[[], object] = partial(protocol.login, f'"{escaped}"', password)
    elif is_sendable and "AUTH=PLAIN" in protocol.capabilities:
        send = partial(protocol.authenticate, "PLAIN", sasl.Exchange(message))
    else:
        has_oauth = sasl.mechanism(protocol.capabilities)
        text = OAUTH2_ONLY if has_oauth else sentences.NO_LOGIN_WAY
        words = {"account": account.name, "typed": as_typed(account.name)}
        raise LoginRefused(text, host=host, **words)
    return _Login(send, message, lambda: (sentences.LOGIN_REFUSED, ""))


def _by_token(protocol: Protocol, account: Account, token: str) -> _Login:
    """Return AUTHENTICATE OAUTHBEARER, or AUTHENTICATE XOAUTH2.

    Raises:
        LoginRefused: the server offers neither, or that is no access token.
    """
    user, host = account.user, account.host
    name = sasl.mechanism(protocol.capabilities)
    if name is None:
        raise LoginRefused(sentences.NO_OAUTH2, host=host)
    if not token.isascii() or any(sign in user + token for sign in _NOT_IN_TOKENS):
        raise LoginRefused(sentences.NO_TOKEN, account=account.name)
    exchange = sasl.MECHANISMS[name](user, token, host, account.port)
    text = (
        sentences.TOKEN_REFUSED
        if account.renew_token
        else sentences.FOREIGN_TOKEN_REFUSED
    )
    return _Login(
        partial(protocol.authenticate, name, exchange),
        exchange.message,
        lambda: (text, _reason(exchange.error, protocol)),
    )


def _reason(error: sasl.TokenError, protocol: Protocol) -> Text | str:
    """Return what the server has against a token, in words where they are known."""
    return _REASONS.get(error.status) or protocol.readable(error.status)


_INVALID = Text(
    en="it has expired or was revoked", ja="期限が切れたか、取り消されました"
)
_NO_PERMISSION = Text(
    en="it does not allow reading mail by IMAP",
    ja="IMAP でメールを読む権限がありません",
)
_REASONS = {
    "invalid_token": _INVALID,
    "400": _INVALID,
    "401": _INVALID,
    "insufficient_scope": _NO_PERMISSION,
    "403": _NO_PERMISSION,
}
"""The status of RFC 6750 §3.1, and what Gmail says in its place."""
