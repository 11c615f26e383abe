"""The façade: raw bytes in, a judgement out, within bounds and without ever raising.

Most mail is dismissed by its header; only what passes itself off as Amazon's account
mail is parsed, and only what claims a store's domain is verified.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from watcher.recognition import bounds
from watcher.recognition.addresses import sending_store
from watcher.recognition.appearance import Appearance, appearance
from watcher.recognition.authentication import Signature
from watcher.recognition.findings import Finding
from watcher.recognition.header import Header, parse_header, split
from watcher.recognition.judge import Judged, Policy, dismiss, judge, judge_unread
from watcher.recognition.message import Malformed, parse_fields, parse_message
from watcher.recognition.plain import visible
from watcher.recognition.verdict import Reason, Verdict

__all__ = ["Judgement", "Policy", "Verify", "classify", "may_be_attempt"]

Verify = Callable[[bytes, str], tuple[Signature, ...]]
"""Verifies the DKIM signatures of a raw mail against its From domain; never raises."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of one mail."""

    message_id: str | None
    """The Message-ID field with its angle brackets, harmless."""
    digest: str
    """SHA-256 of the raw bytes in hexadecimal digits."""
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    """Why, aspect by aspect; `explain` makes sentences of it."""


def may_be_attempt(header: bytes) -> bool:
    """Tell from the header alone whether a mail is worth fetching whole.

    False means that `classify` is certain to find it not relevant.
    """
    parsed = parse_header(header[: bounds.HEADER_BYTES])
    return appearance(parsed) is not Appearance.NOTHING


def classify(raw: bytes, *, verify: Verify, policy: Policy) -> Judgement:
    """Judge a mail.

    A mail larger than `bounds.MAIL_BYTES`, or whose header is larger than
    `bounds.HEADER_BYTES`, is judged by the start of its header only.
    """
    head, _ = split(raw[: bounds.MAIL_BYTES])
    header = parse_header(head[: bounds.HEADER_BYTES])
    is_large = len(raw) > bounds.MAIL_BYTES or len(head) > bounds.HEADER_BYTES
    if appearance(header) is Appearance.NOTHING:
        judged = dismiss(header)
    elif is_large:
        judged = judge_unread(parse_fields(header), Reason.TOO_LARGE, policy)
    else:
        judged = _judge_whole(raw, header, verify, policy)
    return Judgement(
        visible(header.text("message-id")) or None,
        hashlib.sha256(raw).hexdigest(),
        judged.verdict,
        judged.findings,
    )


def _judge_whole(raw: bytes, header: Header, verify: Verify, policy: Policy) -> Judged:
    try:
        message = parse_message(raw)
    except Malformed:
        return judge_unread(parse_fields(header), Reason.MALFORMED, policy)
    store = sending_store(message.senders)
    signatures = verify(raw, store) if store else ()
    return judge(message, signatures, policy)
