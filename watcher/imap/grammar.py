"""Reads the lines of IMAP as far as imaplib needs help with them.

Pure. RFC 3501's words are case-insensitive, imaplib's are not; some servers end a line
with LF alone, or say `OK` and nothing behind it.
"""

import re

UNTAGGED = re.compile(rb"\* (?:(\d+) )?([A-Za-z]+)([^\r\n]*)")
"""An untagged answer: number, word, rest."""

_TAGGED = re.compile(rb"(\w+) (OK|NO|BAD)(?: ([^\r\n]*))?", re.IGNORECASE)
_LITERAL = re.compile(rb"\{(\d+)\}\r?\n\Z")


def tidied(line: bytes) -> bytes:
    """Return a line as imaplib wants it: words in upper case, text, CRLF."""
    line = line.rstrip(b"\r\n")
    if match := UNTAGGED.match(line):
        line = line[: match.start(2)] + match[2].upper() + line[match.end(2) :]
    elif match := _TAGGED.fullmatch(line):
        line = b"%b %b %b" % (match[1], match[2].upper(), match[3] or b"")
    return line + b"\r\n"


def end_of_line(data: bytearray) -> int:
    """Return where the first line ends, its literals included; 0 if it is not all here.

    A mailbox's name in an announcement may be such a literal (RFC 5465).
    """
    start = 0
    while (end := data.find(b"\n", start)) >= 0:
        literal = _LITERAL.search(data, start, end + 1)
        if literal is None:
            return end + 1
        start = end + 1 + int(literal[1])
    return 0
