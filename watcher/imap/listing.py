"""Reads the answer to LIST line by line, so that a bad line costs itself alone.

imapclient parses all lines as one: a single odd one would hide every mailbox.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeGuard

from watcher.imap import errors
from watcher.imap.mailboxes import Listed

Piece = bytes | tuple[bytes, bytes]
"""Of a line, as imaplib gives it: what stands before a literal comes with it."""

LISTED = 20_000
"""Lines of one answer that are read; Gmail allows half as many labels."""


def read_list(pieces: Iterable[object]) -> tuple[list[Listed], list[str]]:
    """Return the mailboxes of a LIST answer, and the lines that name none.

    Of more than `LISTED` lines the first.
    """
    mailboxes, bad = [], []
    for line in islice(_lines(pieces), LISTED):
        try:
            mailboxes.append(_read_line(line))
        except errors.BROKEN:
            bad.append(_readable(line))
    return mailboxes, bad


def is_name(name: object) -> TypeGuard[str]:
    """Return whether a mailbox can have this name.

    NIL is none; half of a surrogate pair may stand in modified UTF-7.
    """
    return isinstance(name, str) and name == name.encode(errors="ignore").decode()


def text(word: object) -> str:
    """Return a word as text, empty for NIL."""
    return word.decode(errors="replace") if isinstance(word, bytes) else ""


def _lines(pieces: Iterable[object]) -> Iterator[list[Piece]]:
    """Join what belongs to one line: the piece behind a literal goes on with it."""
    line: list[Piece] = []
    for piece in pieces:
        if not isinstance(piece, bytes | tuple):  # None: there was no line at all
            continue
        line.append(piece)
        if isinstance(piece, bytes):
            yield line
            line = []


def _read_line(line: Sequence[Piece]) -> Listed:
    """Read attributes, delimiter and name; extended data may follow (RFC 5258 §3).

    Raises:
        ValueError: it names no mailbox.
        errors.BROKEN: what the parser makes of a malformed line.
    """
    from imapclient.imap_utf7 import decode  # see `connection`
    from imapclient.response_parser import parse_response

    parsed = parse_response([piece for piece in line if piece != b""])
    attributes, delimiter, name = parsed[:3]
    # the parser takes a number for one, even in quotes
    decoded = str(name) if isinstance(name, int) else decode(name)
    if not is_name(decoded):
        raise ValueError(decoded)
    words = frozenset(text(one).lower() for one in attributes)
    return Listed(decoded, words, text(delimiter))


def _readable(line: Sequence[Piece]) -> str:
    flat = b"".join(
        b"".join(piece) if isinstance(piece, tuple) else piece for piece in line
    )
    return errors.readable(flat)
