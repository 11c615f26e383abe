"""Keeps a password or a token out of what a server says, in every form it was sent in.

Pure. A server may repeat the line that it does not like, and that may be LOGIN.
"""

import re
from base64 import b64encode

from watcher.recognition.text import one_line

HIDDEN = "***"

LONG = 40
"""Longer secrets, such as tokens, are hidden also where a server cuts them off."""

BEGINNING = 16
"""So much of a long one tells that it is one."""


def forms_of(secret: str, message: bytes = b"") -> tuple[str, ...]:
    """Return how a secret may be written: raw, quoted, and in base64.

    `message` is what SASL sends of it (RFC 4422 §3), which is in base64 as well.
    """
    quoted = secret.replace("\\", "\\\\").replace('"', '\\"')
    encoded = (b64encode(one).decode() for one in (message, secret.encode()))
    bare = (form for one in encoded for form in (one, one.rstrip("=")))
    written = (*bare, quoted, secret, one_line(secret))
    ordered = sorted({form for form in written if form}, key=len, reverse=True)
    return tuple(ordered)  # the longest first: a short form may be part of another


def without_secrets(text: str, secrets: tuple[str, ...]) -> str:
    """Return a text with each of the secrets replaced, in upper or lower case."""
    if not secrets:
        return text
    beginnings = (
        rf"{re.escape(one[:BEGINNING])}[\w.~+/=-]*"
        for one in secrets
        if len(one) > LONG
    )
    pattern = "|".join((*map(re.escape, secrets), *beginnings))
    return re.sub(pattern, HIDDEN, text, flags=re.IGNORECASE)
