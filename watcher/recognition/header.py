"""Splits a mail into header fields and body, by the letter of RFC 5322 §2.2.

Where parsers disagree a forger finds room: a bare CR ends a line for one and not for
the other. Such a header is told as broken, and nothing can be proved with it.
"""

import re
from dataclasses import dataclass

from watcher.recognition.charset import decode_field

_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"([!-9;-~]+):(.*(?:\r?\n[ \t].*)*)\r?\n?")
_ENVELOPE = re.compile(rb"From (?![ \t]*:).*\r?\n")
"""Line that mbox puts before a mail; `From :` is a header field (RFC 5322 §4.5.2)."""

_AMBIGUOUS = re.compile(rb"\r(?!\n)|\0")

_SINGLE = frozenset(
    {"from", "to", "subject", "date", "message-id", "sender", "reply-to"}
    | {"mime-version", "content-type", "content-transfer-encoding"}
)
"""Fields of which there is one (RFC 5322 §3.6, RFC 2045 §3): two tell two stories."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header fields of a mail in their order, names in lower case, values raw."""

    fields: tuple[tuple[str, bytes], ...]
    is_broken: bool

    def get_all(self, name: str) -> tuple[bytes, ...]:
        """Return the raw values of a field, the topmost first."""
        return tuple(value for field, value in self.fields if field == name)

    def text(self, name: str) -> str:
        """Return all values of a field decoded, in one line; empty if there is none."""
        return " ".join(map(decode_field, self.get_all(name)))

    def duplicates(self) -> tuple[str, ...]:
        """Return the names of the fields that may stand once and stand more often."""
        names = [name for name, _ in self.fields if name in _SINGLE]
        return tuple(name for name in dict.fromkeys(names) if names.count(name) > 1)

    def render(self, names: frozenset[str]) -> bytes:
        """Return the named fields as a header again."""
        kept = (item for item in self.fields if item[0] in names)
        return b"".join(b"%s:%s\r\n" % (name.encode(), value) for name, value in kept)


def split(raw: bytes) -> tuple[bytes, bytes]:
    """Return header and body of a mail; the empty line between belongs to none."""
    if raw.startswith((b"\n", b"\r\n")):
        return b"", raw.lstrip(b"\r\n")
    end = _END_OF_HEADER.search(raw)
    if end is None:
        return raw, b""
    return raw[: end.start()], raw[end.end() :]


def parse_header(header: bytes) -> Header:
    """Return the fields of a header; whatever is no field makes it broken."""
    fields = []
    envelope = _ENVELOPE.match(header)
    position = envelope.end() if envelope else 0
    while field := _FIELD.match(header, position):
        fields.append((field[1].decode("ascii").lower(), field[2].rstrip(b"\r")))
        position = field.end()
    has_rest = bool(header[position:].strip(b"\r\n"))
    return Header(tuple(fields), has_rest or bool(_AMBIGUOUS.search(header)))
