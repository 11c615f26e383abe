"""Turns a raw mail into one frozen `Reading`; the only importer of mailparser.

mail-parser gives addresses and date. It sees the fields that hold them and no more: it
takes quadratic time on the parameters of parts and normalises every body, which takes
minutes on a body of combining marks (4.8.0). The structure comes from the parser of the
standard library on which it stands, and bodies go through our own charset step. Nested
messages and attachments are not read: what Amazon asks, it asks in the body.
"""

import email
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import Message as Part
from email.utils import parseaddr

import mailparser

from watcher.recognition import limits
from watcher.recognition.charset import decode_text
from watcher.recognition.header import Header, parse_header, split
from watcher.recognition.html import Page, parse_html

# It logs the content of mails at ERROR when a word cannot be decoded (4.8.0).
logging.getLogger("mailparser").setLevel(logging.CRITICAL + 1)

_BODIES = frozenset({"text/plain", "text/html"})
_HARMLESS_ENCLOSURES = frozenset({"image", "font"})

_ADDRESSED = frozenset({"from", "to", "date"})
_STRUCTURED = frozenset(
    {"content-type", "content-transfer-encoding", "content-disposition"}
)

# The standard library is quadratic in the parameters of a Content-Type, slow with
# uuencode, and takes a bare CR for the end of a line (3.11).
_BOMB = re.compile(
    rb"[\r\n]content-[a-z-]{1,40}:[ \t]*"
    rb"(?:(?:x-)?uue|(?:[^\r\n]|[\r\n]{1,2}[ \t]){%d})" % limits.CONTENT_FIELD_BYTES,
    re.IGNORECASE,
)
_DELIMITER = re.compile(rb"[\r\n]--")
_DELIMITERS = 4 * limits.PARTS
"""Delimiter lines in one mail; text has some too, as rules and before signatures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that is judged of a mail."""

    header: Header
    senders: tuple[str, ...] = ()
    """Every address of the topmost From, as written."""
    recipients: tuple[str, ...] = ()
    """Every address of the topmost To, as written."""
    date: datetime | None = None
    """The Date field in UTC."""
    bodies: tuple[Page, ...] = ()
    has_enclosures: bool = False
    """There are nested messages or attachments in which text may hide."""


class Malformed(Exception):
    """Not to be parsed within the bounds; `judge` makes a reason of it."""


def parse_message(raw: bytes) -> Reading:
    """Return the mail as a value.

    Raises:
        Malformed: the mail is broken, or too costly to parse.
    """
    head, body = split(raw)
    header = parse_header(head)
    _refuse_bombs(raw)
    try:
        root = email.message_from_bytes(header.render(_STRUCTURED) + b"\r\n" + body)
        parts = tuple(_parts(root))
        bodies = tuple(_page(part) for part in parts if _is_body(part))
        has_enclosures = any(map(_is_enclosure, parts))
        addressed = _parse_addressed(header)
    # Hostile bytes find errors in parsers that no list of classes foresees.
    except Exception as error:
        raise Malformed(str(error)) from error
    return replace(addressed, bodies=bodies, has_enclosures=has_enclosures)


def parse_fields(header: Header) -> Reading:
    """Return a mail of which only the header is known; without addresses if broken."""
    try:
        return _parse_addressed(header)
    except Exception:  # noqa: BLE001 -- as above
        return Reading(header=header)


def _parse_addressed(header: Header) -> Reading:
    parsed = mailparser.parse_from_bytes(header.render(_ADDRESSED))
    return Reading(
        header=header,
        senders=tuple(address for _, address in parsed.from_),
        recipients=tuple(address for _, address in parsed.to) or _irregular(header),
        date=parsed.date.astimezone(UTC) if parsed.date else None,
    )


def _irregular(header: Header) -> tuple[str, ...]:
    """Return the one recipient whose address mail-parser takes for none.

    Japanese mobile carriers gave out `taro..@example.jp`, against RFC 5321 §4.1.2.
    """
    field = b"".join(header.get_all("to")[:1]).decode("utf-8", "replace")
    address = parseaddr(field)[1] if field.count("@") == 1 else ""
    return (address,) if address else ()


def _refuse_bombs(raw: bytes) -> None:
    if _BOMB.search(raw):
        raise Malformed("a field that no mail of Amazon's has")
    if raw.count(b"\n") + raw.count(b"\r") > 2 * limits.LINES:
        raise Malformed("too many lines")
    if len(_DELIMITER.findall(raw)) > _DELIMITERS:
        raise Malformed("too many parts")


def _parts(root: "Part[str, str]") -> Iterator["Part[str, str]"]:
    """Yield the leaves in their order; a nested message is a leaf."""
    stack = [root]
    count = 0
    while stack:
        part = stack.pop()
        count += 1
        if count > limits.PARTS:
            raise Malformed("too many parts")
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            stack.extend(reversed(_children(part)))
        else:
            yield part


def _children(part: "Part[str, str]") -> list["Part[str, str]"]:
    return [child for child in part.get_payload() if isinstance(child, Part)]


def _is_body(part: "Part[str, str]") -> bool:
    is_shown = part.get_content_disposition() != "attachment"
    return is_shown and part.get_content_type() in _BODIES


def _is_enclosure(part: "Part[str, str]") -> bool:
    return not _is_body(part) and (
        part.get_content_maintype() not in _HARMLESS_ENCLOSURES
    )


def _page(part: "Part[str, str]") -> Page:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    text = decode_text(data, part.get_content_charset())
    is_html = part.get_content_subtype() == "html"
    return parse_html(text) if is_html else Page(text[: limits.TEXT])
