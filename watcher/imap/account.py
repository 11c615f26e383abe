"""Where an account's mailboxes are, how to log in, and how long each wait may take."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path

from watcher.events import Mode
from watcher.i18n import Text

JUNK = "\\Junk"
"""The special-use attribute of the junk mailbox (RFC 6154 §2)."""


class Tls(StrEnum):
    """How a connection is encrypted; the certificate is verified in any case."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


class TlsQuirk(StrEnum):
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
    is_preset: bool = False
    """Whether the host is a provider's preset: its name is not mistyped."""
    port: int
    tls: Tls
    ca_file: Path | None = None
    """An additional trust anchor (PEM), beside those of the system."""
    tls_quirk: TlsQuirk = TlsQuirk.NOTHING
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


class WatchMode(StrEnum):
    """What the user wants: push where it is offered, or one of the two."""

    AUTO = "auto"
    IDLE = "idle"
    POLL = "poll"


MODES = {
    Mode.PUSH: Text(en="push", ja="プッシュ"),
    Mode.POLL: Text(en="poll", ja="定期確認"),
}
"""How an account learns of new mail, in words; `ModeReason.text` tells why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """The longest that each wait may take, in seconds; defaults only here."""

    resolve_timeout_s: float = 10
    connect_timeout_s: float = 10
    """TCP to one address; the attempts run at the same time (RFC 8305)."""
    greeting_timeout_s: float = 15
    """TLS handshake, and again greeting with capabilities."""
    prompt_timeout_s: float = 8
    """Until the answer to IDLE, DONE or NOOP, which need no work of the server."""
    answer_timeout_s: float = 25
    """Until an answer begins, or goes on, that may need a search or a delay."""
    command_timeout_s: float = 60
    """A whole answer, even if its bytes come steadily."""
    login_timeout_s: float = 90
    """LOGIN or AUTHENTICATE, answer included: many servers delay it on purpose."""
    secret_timeout_s: float = 75
    """The password's source, which the user may have to unlock; longer than
    `config.credentials.COMMAND_TIMEOUT`, so that its own error comes first."""
    idle_interval_s: float = 18
    """One IDLE, then a sync: with `prompt_timeout_s` a dead peer is noticed in 26 s."""
    tick_s: float = 1
    """How often a wait compares the clocks to notice a suspend."""
    refused_delay_s: float = 15 * 60
    """After a refused login: trying again soon locks accounts."""
    doubted_delays_s: tuple[float, ...] = (20, 60)
    """After refusals of a password that was taken before; the last one goes on where
    the server gives no reason."""
    armed_login_delay_s: float = 20
    """The longest that such a delay takes while a sign-in is expected."""
    secret_delay_s: float = 60
    """After the password's source failed: each try may ask the user something."""
    armed_delay_s: float = 5
    """The longest that a poll or a backoff takes while a sign-in is expected."""
    reopen_interval_s: float = 60
    """How often the open mailbox is opened again: it may have been re-created."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """What all accounts share; the defaults are those of `config.schema`."""

    mode: WatchMode
    poll_interval: timedelta
    look_back: timedelta
    """How far the first sync of a mailbox goes back."""
    window: timedelta
    """How far every later initial sync goes back, in addition to the cursor."""
    timeouts: Timeouts = field(default_factory=Timeouts)
