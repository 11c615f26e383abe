"""What earlier connections of an account have taught: its addresses, its password."""

import os
from dataclasses import dataclass, field

from watcher.imap.happy_eyeballs import AddressHistory
from watcher.imap.secrecy import Secrets


class PasswordHistory:
    """Whether a password was taken before, and how often it was refused since.

    Only in this process: the event log holds nothing of a password.
    """

    def __init__(self) -> None:
        self._key = os.urandom(16)
        self._good = b""
        self.refusal_count = 0
        """Refusals since, of the password that was taken before."""
        self.is_renewed = False
        """Whether a token was renewed, and the connection broke before its answer.

        The next one that is refused may be that: it is not renewed again at once.
        """

    def _digest(self, password: str) -> bytes:
        import hmac  # it takes long: the server is greeted first

        encoded = password.encode(errors="surrogatepass")
        return hmac.digest(self._key, encoded, "sha256")

    def note_success(self, password: str) -> None:
        """Note that the server took a password."""
        self._good, self.refusal_count = self._digest(password), 0
        self.is_renewed = False

    def note_refusal(self, password: str) -> bool:
        """Count a refusal; return whether the password was taken before."""
        from hmac import compare_digest

        was_good = compare_digest(self._good, self._digest(password))
        self.refusal_count = self.refusal_count + 1 if was_good else 0
        return was_good


@dataclass(slots=True)
class ConnectionHistory:
    """What one account's connections leave for the next one."""

    addresses: AddressHistory = field(default_factory=AddressHistory)
    password: PasswordHistory = field(default_factory=PasswordHistory)
    secrets: Secrets = field(default_factory=Secrets)
    may_identify: bool = True
    """False: the connection broke when the client told its name (RFC 2971)."""
