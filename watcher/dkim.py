"""Verifies DKIM signatures (RFC 6376) on the raw bytes, with keys from DNS.

The only importer of dkimpy and dnspython. Only signatures of the From domain itself are
verified, so that no stranger learns from a query of ours that a mail was read. A
signature must cover every field that is judged, and the whole body: with `l=` anything
could be appended. No answer of DNS (RFC 6376 §3.6.2) is told from the answer that there
is no key: the first passes, the second does not.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import dkim
import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
from dkim.util import InvalidTagValueList, parse_tag_value

from watcher.clock import Now, utc_now
from watcher.errors import Unreachable
from watcher.i18n import Text
from watcher.recognition.header import Header, split
from watcher.recognition.judge import Verify
from watcher.recognition.message import Reading
from watcher.recognition.sender import Signature
from watcher.recognition.text import sanitise
from watcher.recognition.verdict import Reason

Lookup = Callable[[str], bytes | None]
"""Returns the TXT record of a name in lower case, None if there is none.

Raises:
    Unreachable: no name server gave an answer in time.
"""

_KEYS_CACHED = 256
_LONGEST_CACHED_S = 86400.0
_ABSENCE_CACHED_S = 60.0
"""Seconds; without an SOA dnspython would keep the absence of a key for ever."""


class _Cache(dns.resolver.LRUCache):
    """dnspython's cache: answers live for their TTL, and no longer than we allow."""

    def put(self, key: dns.resolver.CacheKey, value: dns.resolver.Answer) -> None:
        """Keep an answer."""
        longest_s = _LONGEST_CACHED_S if value.rrset else _ABSENCE_CACHED_S
        value.expiration = min(value.expiration, time.time() + longest_s)
        super().put(key, value)


def dns_lookup(nameservers: Sequence[tuple[str, int]], timeout: timedelta) -> Lookup:
    """Return a lookup in DNS that keeps keys for as long as their TTL allows.

    Args:
        nameservers: IP address and port of each; none: the system's resolvers.
        timeout: bound of one lookup, all tries together.
    """
    servers = [dns.nameserver.Do53Nameserver(*server) for server in nameservers]
    cache = _Cache(_KEYS_CACHED)

    def lookup(name: str) -> bytes | None:
        try:
            # Made anew each time: the system's resolvers change with the network.
            resolver = dns.resolver.Resolver(configure=not servers)
            resolver.cache = cache
            resolver.lifetime = timeout.total_seconds()
            if servers:
                resolver.nameservers = list(servers)
            answer = resolver.resolve(f"{name}.", "TXT", search=False)
        except _NO_SUCH_KEY:
            return None
        except (dns.exception.DNSException, OSError) as error:
            kind = type(error).__name__
            raise Unreachable(_NO_ANSWER, name=name, error=kind) from error
        records = (b"".join(record.strings) for record in answer)
        return next((record for record in records if b"p=" in record), None)

    return lookup


_NO_SUCH_KEY = (
    dns.resolver.NXDOMAIN,
    dns.resolver.NoAnswer,
    dns.resolver.YXDOMAIN,
    dns.exception.SyntaxError,
    dns.name.LabelTooLong,
    dns.name.NameTooLong,
)
_NO_ANSWER = Text(
    en="No name server answered the question for {name}: {error}",
    ja="{name} を問い合わせたネームサーバーから応答がありません: {error}",
)


# It logs what hostile mails make of it.
logging.getLogger("dkimpy").setLevel(logging.CRITICAL + 1)

ALGORITHMS = frozenset({b"rsa-sha256", b"ed25519-sha256"})
"""RFC 8301 §3.1 forbids rsa-sha1."""

COVERED = ("from", "to", "subject", "date", "message-id", "content-type")
"""Fields that are judged, or decide how the body reads: signed wherever present."""

SIGNATURES = 8
"""Signatures examined in one mail; Amazon's have two."""

SIGNATURE_BYTES = 4096
"""dkimpy's expressions are quadratic in the length of this field (1.1.8)."""

KEY_BYTES = 1024
"""A key of 4096 bits takes 740; longer ones only cost time."""


def verifier(lookup: Lookup, *, now: Now = utc_now) -> Verify:
    """Return what verifies a mail's signatures with the keys that `lookup` finds."""

    def verify(reading: Reading, domain: str) -> tuple[Signature, ...]:
        count = len(reading.header.get_all("dkim-signature")[:SIGNATURES])
        ask = _ask_while_answered(lookup)
        return tuple(
            _verify_one(reading, index, domain, ask, now()) for index in range(count)
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


def _verify_one(
    reading: Reading, index: int, domain: str, lookup: Lookup, now: datetime
) -> Signature:
    value = reading.header.get_all("dkim-signature")[index]
    tags: dict[bytes, bytes] = {}
    if len(value) <= SIGNATURE_BYTES:
        with suppress(InvalidTagValueList):
            tags = parse_tag_value(value)
    sdid = _text(tags.get(b"d", b"")).lower()
    selector, algorithm = _text(tags.get(b"s", b"")), _text(tags.get(b"a", b""))
    name = sanitise(f"d={sdid} s={selector} {algorithm}")
    if sdid != domain:
        return Signature(sdid, Reason.DKIM_NOT_ALIGNED, f"{name}: another's domain")
    flaw, why = _policy_flaw(tags, reading.header, now) or _check(
        reading.raw, index, tags, lookup
    )
    return Signature(sdid, flaw, f"{name}: {why}")


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
