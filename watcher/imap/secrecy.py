"""Keeps a password out of what a server says, in every form in which it was sent.

Pure. A server may repeat the line that it does not like, and that may be LOGIN.
"""

import re
from base64 import b64encode

from watcher.recognition.text import one_line

HIDDEN = "***"


def forms_of(password: str, user: str = "") -> tuple[str, ...]:
    """Return how a password may be written: raw, quoted, and in base64 (RFC 4616)."""
    quoted = password.replace("\\", "\\\\").replace('"', '\\"')
    plain = b64encode(f"\0{user}\0{password}".encode()).decode()
    alone = b64encode(password.encode()).decode()
    written = (plain, alone, alone.rstrip("="), quoted, password, one_line(password))
    ordered = sorted({form for form in written if form}, key=len, reverse=True)
    return tuple(ordered)  # the longest first: a short form may be part of another


def without_secrets(text: str, secrets: tuple[str, ...]) -> str:
    """Return a text with each of the secrets replaced, in upper or lower case."""
    if not secrets:
        return text
    return re.sub("|".join(map(re.escape, secrets)), HIDDEN, text, flags=re.IGNORECASE)
