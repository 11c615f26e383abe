"""Fetches DKIM keys (RFC 6376 §3.6.2) from DNS; the only importer of dnspython.

A key is kept for as long as its TTL allows. No answer is told from the answer that
there is no key: the first passes, the second does not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import dns.exception
import dns.name
import dns.nameserver
import dns.resolver

from watcher.clock import monotonic_s
from watcher.dkim.nameserver import split_nameserver
from watcher.errors import Unreachable
from watcher.i18n import Text

Lookup = Callable[[str], bytes | None]
"""Returns the TXT record of a name, None if there is none.

Raises:
    Unreachable: no name server gave an answer in time.
"""

_KEYS_CACHED = 256
_LONGEST_CACHED = timedelta(days=1)
_ABSENCE_CACHED = timedelta(minutes=1)


def memory_lookup(records: Mapping[str, bytes]) -> Lookup:
    """Return a lookup in `records`, whose names are in lower case."""
    return records.get


@dataclass(slots=True)
class _Cache:
    """Keys by name until their time is over; the oldest makes room."""

    records: dict[str, tuple[float, bytes | None]] = field(default_factory=dict)

    def find(self, name: str) -> tuple[bytes | None] | None:
        until_s, record = self.records.get(name, (0.0, None))
        return (record,) if monotonic_s() < until_s else None

    def keep(self, name: str, record: bytes | None, life: timedelta) -> None:
        while len(self.records) >= _KEYS_CACHED:
            del self.records[next(iter(self.records))]
        life_s = min(life, _LONGEST_CACHED).total_seconds()
        self.records[name] = (monotonic_s() + life_s, record)


def dns_lookup(nameservers: Sequence[str], timeout: timedelta) -> Lookup:
    """Return a lookup in DNS that keeps keys for as long as their TTL allows.

    Args:
        nameservers: `ADDRESS` or `ADDRESS:PORT`; none: the system's resolvers.
        timeout: bound of one lookup, all tries together.
    """
    servers = [dns.nameserver.Do53Nameserver(*split_nameserver(s)) for s in nameservers]
    cache = _Cache()

    def lookup(name: str) -> bytes | None:
        if known := cache.find(name):
            return known[0]
        record, life = _resolve(name, servers, timeout)
        cache.keep(name, record, life)
        return record

    return lookup


def _resolve(
    name: str, servers: Sequence[dns.nameserver.Nameserver], timeout: timedelta
) -> tuple[bytes | None, timedelta]:
    """Return the record and how long it may be kept."""
    try:
        resolver = dns.resolver.Resolver(configure=not servers)
        if servers:
            resolver.nameservers = list(servers)
        answer = resolver.resolve(
            f"{name}.", "TXT", lifetime=timeout.total_seconds(), search=False
        )
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.YXDOMAIN):
        return None, _ABSENCE_CACHED
    except (dns.exception.SyntaxError, dns.name.LabelTooLong, dns.name.NameTooLong):
        return None, _ABSENCE_CACHED
    except (dns.exception.DNSException, OSError) as error:
        raise Unreachable(
            Text(
                en="No name server answered the question for {name}: {error}",
                ja="{name} を問い合わせたネームサーバーから応答がありません: {error}",
            ),
            name=name,
            error=type(error).__name__,
        ) from error
    records = [b"".join(record.strings) for record in answer]
    key = next((record for record in records if b"p=" in record), None)
    return key, timedelta(seconds=answer.chaining_result.minimum_ttl)
