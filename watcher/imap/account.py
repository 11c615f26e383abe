"""Where an account's mailboxes are, how to log in, and how long each wait may take."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from watcher.imap.choices import Auth, Tls, TlsQuirk, WatchMode

JUNK = "\\Junk"
"""The special-use attribute of the junk mailbox (RFC 6154 §2)."""


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
    auth: Auth = Auth.PASSWORD
    get_secret: Callable[[], str] = field(repr=False, compare=False)
    """Gives the password or the access token: called anew at each login; may take
    seconds, raises a `WatcherError`."""
    renew_token: Callable[[], str] | None = field(
        default=None, repr=False, compare=False
    )
    """Gives another access token, as `get_secret`, in place of one that the server
    refuses; None: it comes from elsewhere."""
    mailboxes: tuple[str, ...] = ("INBOX", JUNK)
    """Names, or special-use attributes such as `\\Junk`; push watches the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """The longest that each wait may take, in seconds; defaults only here."""

    resolve_timeout_s: float = 10
    connect_timeout_s: float = 10
    """TCP to one address; the attempts run at the same time (RFC 8305)."""
    greeting_timeout_s: float = 15
    """TLS handshake, and again greeting with capabilities."""
    prompt_timeout_s: float = 6
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
    """In IDLE, then a sync: what is not announced is found so soon."""
    renew_interval_s: float = 9
    """One IDLE: with `prompt_timeout_s` a dead line is noticed in 15 s."""
    armed_renew_s: float = 2
    """The same while a sign-in is expected: it is noticed in 8 s."""
    refused_delay_s: float = 15 * 60
    """After a refused login: trying again soon locks accounts."""
    doubted_delays_s: tuple[float, ...] = (20, 60)
    """After refusals of a password that was taken before; the last one goes on where
    the server gives no reason."""
    armed_login_delay_s: float = 20
    """The longest that such a delay takes while a sign-in is expected."""
    secret_delay_s: float = 60
    """After the password's source failed: each try may ask the user something."""
    armed_look_s: float = 0.5
    """One IDLE while a sign-in is expected and the server does not announce mail in
    every mailbox: what comes to junk is found so soon."""
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
