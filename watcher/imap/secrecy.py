"""Keeps a password or a token out of what a server says, in every form it was sent in.

Pure. A server may repeat the line that it does not like, and that may be LOGIN.
"""

import re
from base64 import b64encode

from watcher.recognition.text import one_line

HIDDEN = "***"

LONG = 40
"""Of longer secrets, such as tokens, each piece is hidden as well."""

PIECE = 8
"""So many characters in a row of a long one tell that they are a piece of it."""

LOOKED_AT = 1000
"""Characters in which pieces are looked for: more are never shown."""

_SIGNS = re.compile(r"[\w.~+/=-]", re.ASCII)
"""What tokens and base64 consist of; what stands between does not hide a piece."""

_SAME = str.maketrans("-_", "+/")
"""The two alphabets of base64 (RFC 4648 §5)."""


def forms_of(secret: str, message: bytes = b"") -> tuple[str, ...]:
    """Return how a secret may be written: raw, quoted, and in base64.

    `message` is what SASL sends of it (RFC 4422 §3), which is in base64 as well.
    """
    quoted = secret.replace("\\", "\\\\").replace('"', '\\"')
    raw = secret.encode()
    # in base64 a piece depends on how many bytes stand before it
    moved = (b"\0" + raw, b"\0\0" + raw) if len(secret) > LONG else ()
    encoded = (b64encode(one).decode() for one in (message, raw, *moved))
    bare = (form for one in encoded for form in (one, one.rstrip("=")))
    written = (*bare, quoted, secret, one_line(secret))
    ordered = sorted({form for form in written if form}, key=len, reverse=True)
    return tuple(ordered)  # the longest first: a short form may be part of another


class Secrets:
    """What an account has offered on its last two connections that came to a login.

    A server may repeat an old token in its next greeting. In this process only.
    """

    def __init__(self) -> None:
        self._before: frozenset[str] = frozenset()
        self._offered: frozenset[str] = frozenset()

    def begin(self) -> None:
        """Begin another connection: what was offered before the last one goes."""
        if self._offered:
            self._before, self._offered = self._offered, frozenset()

    def add(self, secret: str, message: bytes) -> None:
        """Hide one more, as `forms_of`, from now on."""
        self._offered |= {*forms_of(secret, message)}

    def kept_out_of(self, text: str) -> str:
        """Return a text without any of them."""
        forms = self._before | self._offered
        return without_secrets(text, tuple(sorted(forms, key=len, reverse=True)))


def without_secrets(text: str, secrets: tuple[str, ...]) -> str:
    """Return a text with each of the secrets replaced, in upper or lower case."""
    if not secrets:
        return text
    long = [_plain(one) for one in secrets if len(one) > LONG]
    # `re` would keep the pattern of each token, which is large: pieces do as well
    short = [one for one in secrets if len(one) <= LONG or len(_plain(one)) < len(one)]
    pattern = "|".join(map(re.escape, short))
    bare = re.sub(pattern, HIDDEN, text, flags=re.IGNORECASE) if short else text
    return _without_pieces(bare[:LOOKED_AT], long) if long else bare


def _plain(text: str) -> str:
    return "".join(_SIGNS.findall(text)).lower().translate(_SAME)


def _without_pieces(text: str, secrets: list[str]) -> str:
    """Return a text without what it has in common with secrets in plain form."""
    places = [found.start() for found in _SIGNS.finditer(text)]
    plain = _plain(text)
    parts: list[str] = []
    end = first = 0
    while first + PIECE <= len(plain):
        last = first + PIECE
        while last <= len(plain) and any(plain[first:last] in one for one in secrets):
            last += 1
        if last == first + PIECE:
            first += 1
            continue
        parts += [text[end : places[first]], HIDDEN]
        end, first = places[last - 2] + 1, last - 1
    return "".join((*parts, text[end:]))
