"""To whom a mail is addressed: the addresses of To, and whose mailbox they reach.

The addresses are found here because mail-parser drops those that break RFC 5321 §4.1.2,
as Japanese mobile carriers gave them out (`taro..x@example.jp`, `.taro.@example.jp`).
An address in a comment or a display name is no recipient (RFC 5322 §3.4).
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain

from watcher.recognition.sender import mailbox_of

# Possessive: an unclosed string is not tried again from each of its characters.
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_TOKEN = re.compile(
    rf'<(?:[^<>"]|{_QUOTED})*+>|{_QUOTED}|[<>,;:()]|[^"<>,;:()]+', re.DOTALL
)
_IN_COMMENT = re.compile(r"\\.|[()]|[^\\()]+|\\", re.DOTALL)
_ATOM = r'[^\s"(),:;<>@\[\\\]]+'
"""Like dot-atom of RFC 5322 §3.2.3, with dots in any place."""
_ADDRESS = re.compile(rf"(?:{_ATOM}|{_QUOTED})@{_ATOM}", re.DOTALL)


def recipients_in(field: str) -> tuple[str, ...]:
    """Return the addresses of a To field as written, those of groups too."""
    found: list[str] = []
    words: list[str] = []
    for piece in chain(_tokens(field), ","):
        if piece in {",", ";"}:
            found += _address(words)
            words = []
        elif piece == ":":
            words = []  # what stood before is the name of a group
        else:
            words.append(piece)
    return tuple(found)


_WITHOUT_EXTENSIONS = frozenset(
    {
        *("gmail.com", "icloud.com", "me.com", "mac.com", "aol.com", "gmx.net"),
        *("outlook.com", "outlook.jp", "hotmail.com", "hotmail.co.jp", "live.jp"),
        *("docomo.ne.jp", "au.com", "ezweb.ne.jp", "softbank.ne.jp", "i.softbank.jp"),
        *("ymobile.ne.jp", "nifty.com", "biglobe.ne.jp", "so-net.ne.jp", "ocn.ne.jp"),
    }
)
"""Where `taro-amazon` is another person than `taro`."""


_NAME = 320
"""Characters of a name that are looked at; no provider gives out longer ones."""


def is_addressed_to(recipients: Iterable[str], known: Iterable[str]) -> bool:
    """Return whether one of the recipients reaches the mailbox of a known address."""
    accounts = _mailboxes(frozenset(known))
    reached = chain.from_iterable(map(_reached, map(mailbox_of, recipients)))
    return any(mailbox in accounts for mailbox in reached)


@lru_cache(maxsize=4)
def _mailboxes(addresses: frozenset[str]) -> frozenset[str]:
    """Return the mailboxes of what may be very many accounts."""
    return frozenset(map(mailbox_of, addresses))


def _reached(mailbox: str) -> Iterator[str]:
    """Yield a mailbox, and those of whose names it is an extension.

    `taro-amazon@example.jp` (qmail, Yahoo) and `amazon@taro.example.jp` (Fastmail) are
    delivered to `taro@example.jp`; the other way round nothing follows.
    """
    yield mailbox
    local, _, domain = mailbox.rpartition("@")
    if domain not in _WITHOUT_EXTENSIONS:
        for dash in re.finditer("-", local[:_NAME]):
            yield f"{local[: dash.start()]}@{domain}"
    for dot in re.finditer(r"\.", domain[:_NAME]):
        yield f"{domain[: dot.start()]}@{domain[dot.end() :]}"


def _tokens(field: str) -> Iterator[str]:
    """Yield what stands outside of comments; what cannot be read on is the last."""
    depth = position = 0
    while token := (_IN_COMMENT if depth else _TOKEN).match(field, position):
        position = token.end()
        if depth or token[0] == "(":
            depth += {"(": 1, ")": -1}.get(token[0], 0)
        else:
            yield token[0]
    if position < len(field):
        yield field[position:]


def _address(words: list[str]) -> list[str]:
    """Return the address of one recipient: the one in brackets, or all there is."""
    words = [word for word in words if not word.isspace()]
    is_named = bool(words) and words[-1].startswith("<")
    has_more = any(word.startswith("<") for word in words[:-1])
    written = words[-1][1:-1] if is_named else "".join(words)
    is_address = _ADDRESS.fullmatch(written.strip()) and not has_more
    return [written.strip()] if is_address else []
