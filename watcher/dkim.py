"""Verifies DKIM signatures (RFC 6376) on the raw bytes, with keys from DNS.

The only importer of dkimpy and dnspython. Only signatures of the From domain itself are
verified, so that no stranger learns from a query of ours that a mail was read. A
signature must cover every field that is judged, and the whole body: with `l=` anything
could be appended. No answer of DNS (RFC 6376 §3.6.2) is told from the answer that there
is no key: the first passes, the second does not.
"""

import ipaddress
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import dkim
import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
from dkim.util import InvalidTagValueList, parse_tag_value

from watcher.clock import Now, monotonic_s, utc_now
from watcher.errors import Unreachable
from watcher.i18n import Text
from watcher.recognition.header import Header, parse_header, split
from watcher.recognition.judge import Verify
from watcher.recognition.sender import Signature
from watcher.recognition.text import sanitise
from watcher.recognition.verdict import Reason

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


def split_nameserver(written: str) -> tuple[str, int]:
    """Return address and port of `ADDRESS`, `ADDRESS:PORT` or `[ADDRESS]:PORT`.

    Raises:
        ValueError: it is none of these.
    """
    bracketed = re.fullmatch(r"\[([^\]]+)\](?::(\d{1,5}))?", written)
    plain = re.fullmatch(r"([^:]+)(?::(\d{1,5}))?", written)
    match = bracketed or plain
    address, port = match.groups() if match else (written, None)
    number = int(port or 53)
    if not 0 < number < 65536:
        raise ValueError(written)
    return str(ipaddress.ip_address(address)), number


# It logs what hostile mails make of it.
logging.getLogger("dkimpy").setLevel(logging.CRITICAL + 1)

ALGORITHMS = frozenset({b"rsa-sha256", b"ed25519-sha256"})
"""RFC 8301 §3.1 forbids rsa-sha1."""

COVERED = ("from", "to", "subject", "date", "message-id", "content-type")
"""Fields that are judged, or decide how the body reads: signed wherever present."""

SIGNATURES = 8
"""Signatures looked at in one mail; Amazon's have two."""

SIGNATURE_BYTES = 4096
"""dkimpy's expressions are quadratic in the length of this field (1.1.8)."""

KEY_BYTES = 1024
"""A key of 4096 bits takes 740; longer ones only cost time."""


def verifier(lookup: Lookup, *, now: Now = utc_now) -> Verify:
    """Return what verifies a mail's signatures with the keys that `lookup` finds."""

    def verify(raw: bytes, domain: str) -> tuple[Signature, ...]:
        mail = _Mail(raw, parse_header(split(raw)[0]), domain)
        fields = mail.header.get_all("dkim-signature")[:SIGNATURES]
        ask = _ask_while_answered(lookup)
        return tuple(
            _verify_one(mail, index, ask, now()) for index in range(len(fields))
        )

    return verify


def _ask_while_answered(lookup: Lookup) -> Lookup:
    """Return a lookup that waits in vain once only, not for every signature."""
    failures: list[Unreachable] = []

    def ask(name: str) -> bytes | None:
        if failures:
            raise failures[0]
        try:
            return lookup(name)
        except Unreachable as error:
            failures.append(error)
            raise

    return ask


@dataclass(frozen=True, slots=True)
class _Mail:
    raw: bytes
    header: Header
    domain: str


def _verify_one(mail: _Mail, index: int, lookup: Lookup, now: datetime) -> Signature:
    tags = _parse_tags(mail.header.get_all("dkim-signature")[index])
    sdid = _text(tags.get(b"d", b"")).lower()
    selector, algorithm = _text(tags.get(b"s", b"")), _text(tags.get(b"a", b""))
    name = sanitise(f"d={sdid} s={selector} {algorithm}")
    if sdid != mail.domain:
        return Signature(sdid, Reason.DKIM_NOT_ALIGNED, f"{name}: another's domain")
    flaw, why = _policy_flaw(tags, mail.header, now) or _check(
        mail.raw, index, tags, lookup
    )
    return Signature(sdid, flaw, f"{name}: {why}")


def _parse_tags(value: bytes) -> Mapping[bytes, bytes]:
    if len(value) > SIGNATURE_BYTES:
        return {}
    try:
        tags: dict[bytes, bytes] = parse_tag_value(value)
    except InvalidTagValueList:
        return {}
    return tags


def _text(value: bytes) -> str:
    return re.sub(r"\s+", "", value.decode("ascii", "replace"))


def _policy_flaw(
    tags: Mapping[bytes, bytes], header: Header, now: datetime
) -> tuple[Reason | None, str] | None:
    """Return why a signature is none for us however well it verifies."""
    if b"l" in tags:
        return Reason.DKIM_BODY_LENGTH, "the body may have been appended to (l=)"
    signed = _text(tags.get(b"h", b"")).lower().split(":")
    uncovered = [
        name for name in COVERED if name not in signed and header.get_all(name)
    ]
    if uncovered:
        return Reason.DKIM_HEADER_UNSIGNED, f"not signed: {', '.join(uncovered)}"
    if tags.get(b"a") not in ALGORITHMS:
        return Reason.DKIM_FAIL, "algorithm not accepted"
    expires = _text(tags.get(b"x", b""))
    if expires.isdecimal() and int(expires[:20]) < now.timestamp():
        return Reason.DKIM_FAIL, "expired (x=)"
    return None


def _check(
    raw: bytes, index: int, tags: Mapping[bytes, bytes], lookup: Lookup
) -> tuple[Reason | None, str]:
    def find_key(name: bytes, *, timeout: int = 0) -> bytes | None:
        del timeout  # the lookup has its own bound
        record = lookup(name.decode("ascii").rstrip(".").lower())
        return record if record and len(record) <= KEY_BYTES else None

    try:
        message = dkim.DKIM(_relaxed(raw, tags))
        is_good = message.verify(idx=index, dnsfunc=find_key)
    except Unreachable:
        return Reason.DKIM_TEMPERROR, "no name server answered"
    # Hostile signatures and key records find errors that no list of classes foresees.
    except Exception as error:  # noqa: BLE001
        # What stands in parentheses are bytes of the mail.
        return Reason.DKIM_FAIL, sanitise(str(error).partition("(")[0])
    if not is_good:
        return Reason.DKIM_FAIL, "does not verify, or its key is missing"
    return None, f"verified with a key of {message.keysize} bits"


def _relaxed(raw: bytes, tags: Mapping[bytes, bytes]) -> bytes:
    """Return the mail, its body in relaxed form already where that form is signed.

    dkimpy's own way to it takes quadratic time on long runs of blanks (1.1.8); on what
    is relaxed already it is quick, and changes nothing.
    """
    if not tags.get(b"c", b"").endswith(b"/relaxed"):
        return raw
    head, body = split(raw)
    body = re.sub(rb"[ \t]+", b" ", re.sub(rb"\r?\n", b"\r\n", body))
    return head + b"\r\n\r\n" + body.replace(b" \r\n", b"\r\n")
