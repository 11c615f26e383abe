"""Turns a raw mail into one frozen `Reading`; the only importer of mailparser.

mail-parser gives senders and date. It sees the fields that hold them and no more: it
takes quadratic time on the parameters of parts and normalises every body, which takes
minutes on a body of combining marks (4.8.0). The structure comes from the parser of the
standard library on which it stands, and bodies go through our own charset step. Nested
messages and attachments are not read: what Amazon asks, it asks in the body.
"""

import email
import hashlib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import Message as Part

import mailparser

from watcher.recognition import limits
from watcher.recognition.charset import decode_text
from watcher.recognition.header import Header, parse_header, split
from watcher.recognition.html import Page, parse_html
from watcher.recognition.reasons import Reason
from watcher.recognition.recipients import recipients_in
from watcher.recognition.subject import Appearance, Subject, appearance, best_subject
from watcher.recognition.text import one_line

# It logs the content of mails at ERROR when a word cannot be decoded (4.8.0).
logging.getLogger("mailparser").setLevel(logging.CRITICAL + 1)

_BODIES = frozenset({"text/plain", "text/html"})
_HARMLESS_ENCLOSURES = frozenset({"image", "font"})

_PARSED = frozenset({"from", "date"})
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
    """All that is read of a mail; its header is parsed here and nowhere else."""

    raw: bytes = field(repr=False)
    header: Header
    subject: Subject
    appearance: Appearance
    unread: Reason | None = None
    """Why only the header was read of a mail that passes itself off as Amazon's."""
    senders: tuple[str, ...] = ()
    """Every address of the topmost From, as written."""
    recipients: tuple[str, ...] = ()
    """Every address of the topmost To, as written."""
    date: datetime | None = None
    """The Date field in UTC."""
    bodies: tuple[Page, ...] = ()
    has_enclosures: bool = False
    """There are nested messages or attachments in which text may hide."""

    @property
    def message_id(self) -> str | None:
        """The Message-ID field with its angle brackets, sanitised; None if empty."""
        return one_line(self.header.text("message-id")) or None

    @property
    def digest(self) -> str:
        """SHA-256 of the raw bytes in hexadecimal digits."""
        return hashlib.sha256(self.raw).hexdigest()


class Malformed(Exception):
    """Not to be parsed within the limits."""


def read_header(raw: bytes) -> Reading:
    """Return what the header of a mail says, without its addresses; never raises."""
    head, _ = split(raw[: limits.MAIL_BYTES])
    header = parse_header(head[: limits.HEADER_BYTES])
    subject = best_subject(header)
    return Reading(
        raw=raw, header=header, subject=subject, appearance=appearance(header, subject)
    )


def read(raw: bytes) -> Reading:
    """Return what a mail says; never raises.

    A mail larger than `limits.MAIL_BYTES`, or whose header is larger than
    `limits.HEADER_BYTES`, is read by the start of its header only, and one that passes
    itself off as nothing of Amazon's is not read beyond it.
    """
    reading = read_header(raw)
    if reading.appearance is Appearance.NOTHING:
        return reading
    head, body = split(raw[: limits.MAIL_BYTES])
    is_large = len(raw) > limits.MAIL_BYTES or len(head) > limits.HEADER_BYTES
    try:
        reading = _with_addresses(reading)
        if is_large:
            return replace(reading, unread=Reason.TOO_LARGE)
        return _with_bodies(reading, body)
    except Malformed:
        unread = Reason.TOO_LARGE if is_large else Reason.MALFORMED
        return replace(reading, unread=unread)


def may_be_attempt(header: bytes) -> bool:
    """Return from the header alone whether a mail is worth fetching whole.

    False means that the mail is certain to be found not relevant.
    """
    parsed = parse_header(header[: limits.HEADER_BYTES])
    return appearance(parsed, best_subject(parsed)) is not Appearance.NOTHING


def _with_addresses(reading: Reading) -> Reading:
    """Return the mail with its addresses and date; Malformed if they are broken."""
    with _malformed_on_error():
        parsed = mailparser.parse_from_bytes(reading.header.render(_PARSED))
        to = b"".join(reading.header.get_all("to")[:1]).decode("utf-8", "replace")
        return replace(
            reading,
            senders=tuple(address for _, address in parsed.from_),
            recipients=recipients_in(to),
            date=parsed.date.astimezone(UTC) if parsed.date else None,
        )


def _with_bodies(reading: Reading, body: bytes) -> Reading:
    """Return the mail with its bodies; Malformed if broken, or too costly to parse."""
    if _BOMB.search(reading.raw):
        raise Malformed("a field that no mail of Amazon's has")
    if reading.raw.count(b"\n") + reading.raw.count(b"\r") > 2 * limits.LINES:
        raise Malformed("too many lines")
    if len(_DELIMITER.findall(reading.raw)) > _DELIMITERS:
        raise Malformed("too many parts")
    with _malformed_on_error():
        head = reading.header.render(_STRUCTURED)
        parts = tuple(_parts(email.message_from_bytes(head + b"\r\n" + body)))
        bodies = tuple(_page(part) for part in parts if _is_body(part))
        return replace(
            reading,
            bodies=bodies,
            has_enclosures=any(
                part.get_content_maintype() not in _HARMLESS_ENCLOSURES
                for part in parts
                if not _is_body(part)
            ),
        )


@contextmanager
def _malformed_on_error() -> Iterator[None]:
    try:
        yield
    # Hostile bytes find errors in parsers that no list of classes foresees.
    except Exception as error:
        raise Malformed(str(error)) from error


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
            children = [one for one in part.get_payload() if isinstance(one, Part)]
            stack.extend(reversed(children))
        else:
            yield part


def _is_body(part: "Part[str, str]") -> bool:
    is_shown = part.get_content_disposition() != "attachment"
    return is_shown and part.get_content_type() in _BODIES


def _page(part: "Part[str, str]") -> Page:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    text = decode_text(data, part.get_content_charset())
    is_html = part.get_content_subtype() == "html"
    return parse_html(text) if is_html else Page(text[: limits.TEXT])
