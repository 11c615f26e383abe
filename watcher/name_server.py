"""Names a DNS server, and how it is asked."""

from ipaddress import ip_address
from typing import NamedTuple

PORT, TLS_PORT = 53, 853
"""RFC 1035 §4.2, RFC 7858 §3.1."""


class NameServer(NamedTuple):
    """A DNS server, asked over UDP and TCP, or over TLS alone (RFC 7858)."""

    address: str
    """IPv4 or IPv6, without brackets."""
    port: int = PORT
    tls_name: str | None = None
    """Whom its certificate must name, host or address; None: it is asked without."""

    @property
    def is_trusted(self) -> bool:
        """Whether nobody on the way can alter its answers, so that its word counts."""
        return self.tls_name is not None or ip_address(self.address).is_loopback

    def __str__(self) -> str:
        """Return it as the configuration has it."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        usual = PORT if self.tls_name is None else TLS_PORT
        written = host if self.port == usual else f"{host}:{self.port}"
        if self.tls_name is None:
            return written
        name = "" if self.tls_name == self.address else f"#{self.tls_name}"
        return f"tls://{written}{name}"
