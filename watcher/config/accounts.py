"""Turns accounts of the configuration into what is watched: server, secret, policy.

The provider's preset fills what the configuration leaves out.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from watcher.config.credentials import (
    FromCommand,
    FromEnvironment,
    FromFile,
    FromKeyring,
    token_from,
)
from watcher.config.load import state_folder
from watcher.config.providers import PRESETS, Provider, tls_quirk_of
from watcher.config.schema import Account as Entry
from watcher.config.schema import Config, secret_variables
from watcher.imap.account import Account
from watcher.imap.choices import Auth, Tls
from watcher.oauth.provider import CLIENT_ID
from watcher.oauth.source import FromTokenStore, store_path
from watcher.recognition.policy import Policy
from watcher.recognition.trust import Trust

_ADDRESS = re.compile(r"[^@\s\\]+@(?:[\w-]+\.)+[\w-]+")
"""Not every login name with "@" is one: `DOMAIN\\taro@example.jp`, `taro@localhost`."""

_PORTS = {Tls.IMPLICIT: 993, Tls.STARTTLS: 143, Tls.NONE: 143}


@dataclass(frozen=True, slots=True)
class Watched:
    """An account and the policy by which its mail is judged."""

    account: Account
    policy: Policy


def watched(config: Config) -> tuple[Watched, ...]:
    """Return every account of a configuration, ready to be watched."""
    hidden, known = secret_variables(config), _known_addresses(config)
    return tuple(
        Watched(
            account_of(
                entry, hidden=hidden, key_of=partial("accounts[{}].{}".format, number)
            ),
            _policy(config, [entry], known),
        )
        for number, entry in enumerate(config.accounts, 1)
    )


def policy_for(config: Config, owners: Collection[Entry]) -> Policy:
    """Return the rules for a mail that came to one of the accounts `owners`.

    The address of any account is a known recipient; where an owner's own addresses are
    unknown, the recipient is not judged.
    """
    return _policy(config, owners, _known_addresses(config))


def _known_addresses(config: Config) -> frozenset[str]:
    return frozenset().union(*map(addresses, config.accounts))


def _policy(config: Config, owners: Collection[Entry], known: frozenset[str]) -> Policy:
    return Policy(
        stores=frozenset(config.watch.stores) or None,
        recipients=known if all(map(addresses, owners)) else None,
        relays=frozenset(relay for owner in owners for relay in owner.relays),
        trust=tuple(
            Trust.of(owner.authserv_id) if owner.authserv_id else _preset(owner).trust
            for owner in owners
        ),
    )


def addresses(entry: Entry) -> frozenset[str]:
    """Return the addresses Amazon may write to; empty where they are unknown."""
    if entry.addresses:
        return frozenset(entry.addresses)
    user = entry.user.lower()
    return frozenset({user} if _ADDRESS.fullmatch(user) else ())


def _preset(entry: Entry) -> Provider:
    return PRESETS[entry.provider or "other"]


def account_of(
    entry: Entry,
    *,
    hidden: frozenset[str] = frozenset(),
    key_of: Callable[[str], str] = str,
) -> Account:
    """Return what is watched of one account, its preset filled in.

    Args:
        entry: the account, as the configuration has it.
        hidden: the environment variables that no command for a secret may see.
        key_of: returns how errors name one of its keys.
    """
    preset = _preset(entry)
    tls = entry.tls or preset.tls
    preset_port = preset.port if tls is preset.tls else _PORTS[tls]
    host = entry.host or preset.host or ""
    get_secret = _secret(entry, host, hidden, key_of)
    renew_token = (
        replace(get_secret, is_renewed=True)
        if isinstance(get_secret, FromTokenStore)
        else None
    )
    return Account(
        name=entry.name,
        host=host,
        is_preset=entry.host is None,
        port=entry.port or preset_port,
        tls=tls,
        ca_file=entry.ca_file,
        tls_quirk=tls_quirk_of(entry.provider, entry.host),
        user=entry.user,
        auth=entry.auth,
        get_secret=get_secret,
        renew_token=renew_token,
        mailboxes=entry.mailboxes,
    )


def _secret(
    entry: Entry, host: str, hidden: frozenset[str], key_of: Callable[[str], str]
) -> Callable[[], str]:
    if entry.token_command:
        return token_from(entry.token_command, hidden, key_of("token_command"))
    if keeps_tokens(entry):
        return token_store(entry, hidden)
    if entry.password_command:
        key = key_of("password_command")
        return FromCommand(entry.password_command, key=key, hidden=hidden)
    if entry.password_env:
        return FromEnvironment(entry.password_env, key=key_of("password_env"))
    if entry.password_file:
        return FromFile(entry.password_file, key_of("password_file"))
    return FromKeyring(host, entry.user, key_of("keyring"))


def keeps_tokens(entry: Entry) -> bool:
    """Return whether its tokens come from `watcher oauth login`."""
    return entry.auth is Auth.OAUTH2 and not entry.token_command


def token_path(entry: Entry) -> Path:
    """Return where the tokens of an account lie that `keeps_tokens`."""
    return store_path(state_folder(), entry.user)


def token_store(entry: Entry, hidden: frozenset[str] = frozenset()) -> FromTokenStore:
    """Return the source of an account's tokens that `watcher oauth login` has kept."""
    client_id = entry.client_id or CLIENT_ID
    return FromTokenStore(entry.name, token_path(entry), client_id, hidden)
