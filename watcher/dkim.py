"""Verifies DKIM signatures (RFC 6376) on the raw bytes; the only importer of dkimpy.

Only signatures of the From domain itself are verified, so that no stranger learns from
a query of ours that a mail was read. A signature must cover every field that is judged,
and the whole body: with `l=` anything could be appended. No answer of DNS (RFC 6376
§3.6.2) is told from the answer that there is no key: the first passes, the second does
not.
"""

import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import dkim
from dkim.util import InvalidTagValueList, get_default_logger, parse_tag_value

from watcher.clock import Now, utc_now
from watcher.errors import Unreachable
from watcher.keys import Lookup
from watcher.recognition.header import Header, split
from watcher.recognition.judge import Verify
from watcher.recognition.message import Reading
from watcher.recognition.reasons import Reason
from watcher.recognition.sender import Signature
from watcher.recognition.text import sanitise

# It logs what hostile mails make of it; asked for each signature, threads would wait.
_LOGGER = get_default_logger()
_LOGGER.setLevel(logging.CRITICAL + 1)

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


class KeyStore(Protocol):
    """Finds the records of keys by their names in lower case; None: there is none.

    Raises (both):
        Unreachable: no name server gave an answer in time.
    """

    def find(self, text: str, /) -> bytes | None:
        """Return a record, which may have been kept for a while."""

    def find_anew(self, text: str, /) -> bytes | None:
        """Return a record as DNS tells it now, or did just before."""

    def is_validated(self, text: str, /) -> bool:
        """Return whether whom we trust checked the record by DNSSEC."""


@dataclass(frozen=True, slots=True)
class FixedKeys:
    """Keys that never change."""

    find: Lookup

    def find_anew(self, text: str, /) -> bytes | None:
        """Return the same record."""
        return self.find(text)

    def is_validated(self, text: str, /) -> bool:
        """Nobody has checked it."""
        del text
        return False


def verifier(keys: KeyStore | Lookup, *, now: Now = utc_now) -> Verify:
    """Return what verifies a mail's signatures with the keys that are found."""
    store = FixedKeys(keys) if callable(keys) else keys

    def verify(reading: Reading, domain: str) -> tuple[Signature, ...]:
        count = len(reading.header.get_all("dkim-signature")[:SIGNATURES])
        return tuple(
            _verify_one(reading, index, domain, store, now()) for index in range(count)
        )

    return verify


def _verify_one(
    reading: Reading,
    index: int,
    domain: str,
    keys: KeyStore,
    now: datetime,
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
    of_policy = _policy_flaw(tags, reading.header, now)
    flaw, why = of_policy or _check_twice(reading.raw, index, tags, keys)
    return Signature(sdid, flaw, f"{name}: {why}")


def _check_twice(
    raw: bytes, index: int, tags: Mapping[bytes, bytes], keys: KeyStore
) -> tuple[Reason | None, str]:
    """Check a signature; if it fails, once more if DNS has another key by now."""
    used: dict[str, bytes | None] = {}

    def find(name: str) -> bytes | None:
        used[name] = keys.find(name)
        return used[name]

    flaw, why = _check(raw, index, tags, find)
    if flaw is None and any(map(keys.is_validated, used)):
        why = f"{why}, which DNSSEC confirms"
    if flaw is not Reason.DKIM_FAIL or not used:
        return flaw, why
    ((name, record),) = used.items()
    try:
        newer = keys.find_anew(name)
    except Unreachable:
        return Reason.DKIM_TEMPERROR, "no name server answered"
    return (flaw, why) if newer == record else _check(raw, index, tags, lambda _: newer)


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
        if not record or len(record) > KEY_BYTES:
            return None
        _check_key(record, tags)
        return record

    try:
        message = dkim.DKIM(_relaxed(raw, tags), logger=_LOGGER)
        is_good = message.verify(idx=index, dnsfunc=find_key)
    except Unreachable:
        return Reason.DKIM_TEMPERROR, "no name server answered"
    except _UnfitKey as unfit:
        return unfit.flaw, unfit.why
    # Hostile signatures and key records find errors that no list of classes foresees.
    except Exception as error:  # noqa: BLE001
        # What stands in parentheses are bytes of the mail.
        return Reason.DKIM_FAIL, sanitise(str(error).partition("(")[0])
    if not is_good:
        return Reason.DKIM_FAIL, "does not verify, or its key is missing"
    return None, f"verified with a key of {message.keysize} bits"


class _UnfitKey(Exception):
    """A key that is none for this signature."""

    def __init__(self, why: str, flaw: Reason = Reason.DKIM_FAIL) -> None:
        super().__init__(why)
        self.why, self.flaw = why, flaw


def _check_key(record: bytes, tags: Mapping[bytes, bytes]) -> None:
    """Raise `_UnfitKey` where a key may not be used for a signature (RFC 6376 §3.6.1).

    dkimpy asks no key what it may be used for.
    """
    try:
        key = parse_tag_value(record)
    except InvalidTagValueList:
        raise _UnfitKey("its key makes no sense") from None
    if b"v" in key and (next(iter(key)), key[b"v"]) != (b"v", b"DKIM1"):
        raise _UnfitKey("its key is of another version (v=)")
    if not _text(key.get(b"p", b"")):
        raise _UnfitKey("its key was revoked (p=)")
    kind, _, digest = _text(tags.get(b"a", b"")).partition("-")
    if kind not in _words(key.get(b"k", b"rsa")):
        raise _UnfitKey("its key is of another kind (k=)")
    if digest not in _words(key.get(b"h", digest.encode())):
        raise _UnfitKey("its key is for other digests (h=)")
    if not {"*", "email"} & _words(key.get(b"s", b"*")):
        raise _UnfitKey("its key is for no mail (s=)")
    flags = _words(key.get(b"t", b""))
    if "y" in flags:
        raise _UnfitKey("the domain is testing, as if unsigned (t=y)", Reason.DKIM_NONE)
    _, _, agent = _text(tags.get(b"i", b"")).rpartition("@")
    if "s" in flags and agent and agent.lower() != _text(tags[b"d"]).lower():
        raise _UnfitKey("its key is for no sub-domain (t=s)")


def _words(value: bytes) -> set[str]:
    """Return the words of a list with colons (RFC 6376 §3.2)."""
    return set(_text(value).lower().split(":"))


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
