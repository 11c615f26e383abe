"""Finds the server of a mail address in DNS, where its domain has no preset.

Who brings a domain of their own to a well-known provider is known by its mail exchanger
(MX); others may say where their server is (SRV, RFC 6186 §3.2). Nothing but DNS is
asked, and nothing of what it says is believed without a certificate: a server without
TLS is none.
"""

import socket
import time
from dataclasses import dataclass
from functools import partial

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

from watcher.clock import call_with_timeout
from watcher.config.providers import of_address, of_exchange
from watcher.imap.choices import Tls
from watcher.keys import resolver_at, servers_asked

TIMEOUT_S = 6.0
"""All questions together."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where the mail of an address lies: at a provider, or on a server."""

    provider: str | None = None
    """The key of its preset."""
    host: str | None = None
    port: int | None = None
    tls: Tls | None = None


NOTHING = Found()


def find_server(address: str) -> Found:
    """Return where the mail of an address lies; `NOTHING` where nobody tells."""
    if provider := of_address(address):
        return Found(provider)
    try:
        domain = dns.name.from_text(address.rpartition("@")[2])
    except (dns.exception.DNSException, UnicodeError):
        return NOTHING
    deadline_s = time.monotonic() + TIMEOUT_S
    for exchange in _hosts(domain, "MX", deadline_s):
        if provider := of_exchange(exchange.host):
            return Found(provider)
    for service, tls in (("_imaps._tcp", Tls.IMPLICIT), ("_imap._tcp", Tls.STARTTLS)):
        name = dns.name.from_text(service, None) + domain
        for server in _hosts(name, "SRV", deadline_s):
            if provider := of_exchange(server.host):
                return Found(provider)
            return Found(None, server.host, server.port, tls)
    return NOTHING


def is_known(host: str) -> bool:
    """Return whether the system knows a host's address; true if it takes too long."""
    try:
        call_with_timeout(partial(socket.getaddrinfo, host, None), timeout_s=TIMEOUT_S)
    except TimeoutError:
        return True
    except (OSError, UnicodeError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Host:
    rank: tuple[int, int]
    host: str
    port: int = 0


def _hosts(name: dns.name.Name, kind: str, deadline_s: float) -> list[_Host]:
    """Return the hosts of MX or SRV records, the first to be tried first."""
    for server in servers_asked(()):
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            break
        try:
            answer = resolver_at(server, left_s / 2).resolve(name, kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError):
            continue
        found = [_host(record) for record in answer]
        # A root as the target says that there is no such service (RFC 2782, 7505).
        is_mx = kind == "MX"
        usable = (one for one in found if one.host and (is_mx or one.port))
        return sorted(usable, key=lambda one: one.rank)
    return []


def _host(record: object) -> _Host:
    if getattr(record, "rdtype", None) == dns.rdatatype.MX:
        preference: int = record.preference  # type: ignore[attr-defined]
        exchange = record.exchange.to_text(omit_final_dot=True)  # type: ignore[attr-defined]
        return _Host((preference, 0), _named(exchange))
    priority, weight = record.priority, record.weight  # type: ignore[attr-defined]
    target = record.target.to_text(omit_final_dot=True)  # type: ignore[attr-defined]
    return _Host((priority, -weight), _named(target), record.port)  # type: ignore[attr-defined]


def _named(text: str) -> str:
    return text.lower() if text not in {".", "", "@"} else ""
