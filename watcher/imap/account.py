"""Says where a mailbox lives and how to log in, as one frozen value."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path

JUNK = "\\Junk"
"""The special-use attribute of the junk mailbox (RFC 6154 §2)."""


class Tls(StrEnum):
    """How a connection is encrypted; the certificate is verified in any case."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


class Loosened(StrEnum):
    """What an old server needs of TLS that OpenSSL 3 no longer does by itself.

    The certificate and the host name are verified all the same.
    """

    NOTHING = "nothing"
    LEGACY_RENEGOTIATION = "legacy_renegotiation"
    STATIC_RSA = "static_rsa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One login on one server, and the mailboxes to watch there."""

    name: str
    host: str
    port: int
    tls: Tls
    ca_file: Path | None = None
    """An additional trust anchor (PEM), beside those of the system."""
    loosened: Loosened = Loosened.NOTHING
    user: str
    get_password: Callable[[], str] = field(repr=False, compare=False)
    """Called anew at each login; may take seconds, raises a `WatcherError`."""
    mailboxes: tuple[str, ...] = ("INBOX", JUNK)
    """Names, or special-use attributes such as `\\Junk`; push watches the first."""


def is_loopback(host: str) -> bool:
    """Return whether a host can only be this machine: the one place without TLS."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
