"""Reads what a server announces of a mailbox that is not open (RFC 5465 §4)."""

import re

from watcher.imap import errors, items

_NAME = re.compile(rb' (?:"((?:[^"\\]|\\.)*)"|([^\s"(){}]+)|\{(\d{1,4})\}\r?\n)')
"""What follows the word STATUS: a name, quoted or not, or the length of one."""
_QUOTED = re.compile(rb"\\(.)")
_NUMBERS = re.compile(rb" \(([^()]*)\)")
_UID_NEXT = re.compile(rb"\bUIDNEXT (\d{1,10})\b", re.IGNORECASE)


def read_status(rest: bytes) -> tuple[str, int | None] | None:
    """Return the mailbox of an announcement and its UIDNEXT; None without a mailbox.

    UIDNEXT is None where the server omits it.
    """
    match = _NAME.match(rest)
    if match is None:
        return None
    quoted, atom, length = match.groups()
    end = match.end() + int(length or 0)
    name = _decoded(atom or _QUOTED.sub(rb"\1", quoted or rest[match.end() : end]))
    numbers = _NUMBERS.match(rest, end)
    if name is None or numbers is None:
        return None
    found = _UID_NEXT.search(numbers[1])
    return name, items.number(int(found[1])) if found else None


def _decoded(name: bytes) -> str | None:
    """Return the name of a mailbox; Dovecot 2.3 announces it in UTF-8, as a literal."""
    from imapclient.imap_utf7 import decode  # see `connection`

    try:
        return str(decode(name)) if name.isascii() else name.decode()
    except errors.BROKEN:
        return None
