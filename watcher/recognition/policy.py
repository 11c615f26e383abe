"""What the user has configured that bears on a verdict."""

from dataclasses import dataclass

from watcher.recognition.trust import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the user has configured that bears on a verdict."""

    stores: frozenset[str] | None = None
    """Store domains that are watched; None: every retail store."""
    recipients: frozenset[str] | None = None
    """Addresses that Amazon writes to, lower case; None: not judged."""
    trust: tuple[Trust, ...] = ()
    """Whose Authentication-Results are believed; empty: none."""
    relays: frozenset[str] = frozenset()
    """Domains of relays that send mails on to the user in a name of their own."""
