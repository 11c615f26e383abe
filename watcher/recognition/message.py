"""Turns a raw mail into a frozen `Message`; the only importer of mailparser.

mail-parser gives addresses, date and structure. It sees only the fields that matter, so
that hostile ones cost nothing, and only within the bounds. Bodies are decoded by our
own charset step. Nested messages and attachments are not read: what Amazon asks, it
asks in the body.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message as Part
from typing import Any

import mailparser

from watcher.recognition import bounds
from watcher.recognition.charset import decode_text
from watcher.recognition.header import Header, parse_header, split
from watcher.recognition.html import Page, parse_html

# It logs the content of mails at ERROR when a word cannot be decoded (4.8.0).
logging.getLogger("mailparser").setLevel(logging.CRITICAL + 1)

_NEEDED = frozenset(
    {"from", "to", "date", "mime-version", "content-type"}
    | {"content-transfer-encoding", "content-disposition"}
)
_BODIES = frozenset({"text/plain", "text/html"})
_HARMLESS_ENCLOSURES = frozenset({"image", "font"})

_PARAMETER_BOMB = b";" * 16
"""mail-parser is quadratic in the parameters of a Content-Type (4.8.0)."""

_DELIMITER = re.compile(rb"[\r\n]--")
_DELIMITERS = 4 * bounds.PARTS
"""Delimiter lines in one mail; text has some too, as rules and before signatures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
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


def parse_message(raw: bytes) -> Message:
    """Return the mail as a value.

    Raises:
        Malformed: the mail is broken, or too costly to parse.
    """
    head, body = split(raw)
    header = parse_header(head)
    _refuse_bombs(raw)
    return _parse(header, body)


def parse_fields(header: Header) -> Message:
    """Return a mail of which only the header is known; without addresses if broken."""
    try:
        return _parse(header, b"")
    except Malformed:
        return Message(header=header)


def _parse(header: Header, body: bytes) -> Message:
    try:
        parsed = mailparser.parse_from_bytes(header.render(_NEEDED) + b"\r\n" + body)
        return _to_message(header, parsed)
    # Hostile bytes find errors in parsers that no list of classes foresees.
    except Exception as error:
        raise Malformed(str(error)) from error


def _refuse_bombs(raw: bytes) -> None:
    if _PARAMETER_BOMB in raw:
        raise Malformed("parameters without end")
    if len(_DELIMITER.findall(raw)) > _DELIMITERS:
        raise Malformed("too many parts")


def _to_message(header: Header, parsed: Any) -> Message:  # noqa: ANN401 -- untyped
    parts = tuple(_parts(parsed.message))
    bodies = tuple(_page(part) for part in parts if _is_body(part))
    return Message(
        header=header,
        senders=tuple(address for _, address in parsed.from_),
        recipients=tuple(address for _, address in parsed.to),
        date=parsed.date.astimezone(UTC) if parsed.date else None,
        bodies=bodies,
        has_enclosures=any(map(_is_enclosure, parts)),
    )


def _parts(root: "Part[str, str]") -> Iterator["Part[str, str]"]:
    """Yield the leaves in their order; a nested message is a leaf."""
    stack = [root]
    count = 0
    while stack:
        part = stack.pop()
        count += 1
        if count > bounds.PARTS:
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
    return parse_html(text) if part.get_content_subtype() == "html" else Page(text)
