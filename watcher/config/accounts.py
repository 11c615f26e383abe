"""Makes of an account in the file what the program watches: server, secret, rules.

The provider's preset fills what the file leaves out.
"""

from collections.abc import Callable
from dataclasses import dataclass

from watcher.config.credentials import (
    FromCommand,
    FromEnvironment,
    FromFile,
    FromKeyring,
)
from watcher.config.providers import PRESETS, Provider
from watcher.config.schema import Account as Entry
from watcher.config.schema import Config
from watcher.imap.account import Account, Tls
from watcher.recognition.authres import Trust
from watcher.recognition.judge import Policy

_PORTS = {Tls.IMPLICIT: 993, Tls.STARTTLS: 143, Tls.NONE: 143}


@dataclass(frozen=True, slots=True)
class Watched:
    """An account, and the rules by which its mail is judged."""

    account: Account
    policy: Policy


def watched(config: Config) -> tuple[Watched, ...]:
    """Return every account of a configuration, ready to be watched."""
    return tuple(
        Watched(_account(entry), _policy(config, entry)) for entry in config.accounts
    )


def policy_of_all(config: Config) -> Policy:
    """Return the rules for a mail of which nobody knows whose it is."""
    known = [addresses(entry) for entry in config.accounts]
    return Policy(
        stores=_stores(config),
        recipients=frozenset().union(*known) if all(known) else None,
        trust=tuple(_trust(entry) for entry in config.accounts),
    )


def addresses(entry: Entry) -> frozenset[str]:
    """Return the addresses Amazon may write to; empty where nobody knows them."""
    if entry.addresses:
        return frozenset(entry.addresses)
    return frozenset({entry.user.lower()} if "@" in entry.user else ())


def _policy(config: Config, entry: Entry) -> Policy:
    # An account whose own addresses are unknown cannot tell a foreign recipient.
    known = [addresses(other) for other in config.accounts]
    return Policy(
        stores=_stores(config),
        recipients=frozenset().union(*known) if addresses(entry) else None,
        trust=(_trust(entry),),
    )


def _stores(config: Config) -> frozenset[str] | None:
    return frozenset(config.watch.stores) or None


def _trust(entry: Entry) -> Trust:
    return Trust.of(entry.authserv_id) if entry.authserv_id else _preset(entry).trust


def _preset(entry: Entry) -> Provider:
    return PRESETS[entry.provider or "other"]


def _account(entry: Entry) -> Account:
    preset = _preset(entry)
    tls = entry.tls or preset.tls
    preset_port = preset.port if tls is preset.tls else _PORTS[tls]
    host = entry.host or preset.host or ""
    return Account(
        name=entry.name,
        host=host,
        port=entry.port or preset_port,
        tls=tls,
        ca_file=entry.ca_file,
        tls_quirk=preset.tls_quirk,
        user=entry.user,
        get_password=_password(entry, host),
        mailboxes=entry.mailboxes,
    )


def _password(entry: Entry, host: str) -> Callable[[], str]:
    if entry.password_command:
        return FromCommand(entry.password_command)
    if entry.password_env:
        return FromEnvironment(entry.password_env)
    if entry.password_file:
        return FromFile(entry.password_file)
    return FromKeyring(host, entry.user)
