"""Reads saved mails: .eml, .emlx, mboxes, folders of these, standard input.

One mail is in memory at a time, and of it only what is judged.
"""

import codecs
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, pairwise
from pathlib import Path
from typing import BinaryIO

from watcher.cli.streams import in_one_line
from watcher.errors import NoMail, Unreadable, reason_of
from watcher.i18n import Text
from watcher.recognition.header import split
from watcher.recognition.limits import MAIL_BYTES

STDIN = "-"

_CHUNK_BYTES = 64 * 1024
_PREFACE_LINES = 10
_PREFACE_BYTES = 16 * 1024
"""How much may stand before the header of a mail."""
_READ_BYTES = _PREFACE_BYTES + MAIL_BYTES + 1

_FILLING = codecs.BOM_UTF8 + b"\0"
_FROM_LINE = re.compile(rb"From (?![ \t]*:)")
"""Line that mbox puts before a mail; `From :` is a header field (RFC 5322 §4.5.2)."""
_BYTE_COUNT = re.compile(rb"\d{1,12}[ \t]*\r?\n")
_PLIST = b"<?xml "

_FIELD = re.compile(rb"(?!<)[!-9;-~]+[ \t]*:")
_MAIL_FIELD = re.compile(
    rb"^(?:from|sender|to|subject|date|message-id|received|return-path|mime-version"
    rb"|content-type)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
"""A header without any of these is no mail's."""
_TEXT_LINE = re.compile(rb"(?!<)[^\0-\x08\x0e-\x1a\x1c-\x1f\n]*\n")
"""No line of a web page, and none of a picture or an archive."""


@dataclass(frozen=True, slots=True)
class MailFile:
    """One mail and its name in the output."""

    name: str
    raw: bytes = field(repr=False)
    """At most `MAIL_BYTES` + 1 bytes, the last one only shows that there is more."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a command line names: a file, standard input, or a folder."""

    name: str
    files: tuple[str, ...]
    is_folder: bool = False


def source(name: str) -> Source:
    """Return what is named, with the files inside a folder, apart from hidden ones."""
    folder = Path(name)
    try:
        is_folder = name != STDIN and folder.is_dir()
    except OSError:
        is_folder = False  # reading it reports what is wrong
    if not is_folder:
        return Source(name, (name,))
    paths = (
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not _is_hidden(path.relative_to(folder))
    )
    return Source(name, tuple(map(str, paths)), is_folder=True)


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def read(name: str, shown: str) -> Iterator[MailFile]:
    """Yield the mails of one file: one of an .eml, all of an mbox, `#2` the second.

    `shown` is the file's name in the output.

    Raises:
        NoMail: it is no mail at all.
        Unreadable: it is missing, or may not be read.
    """
    if name == STDIN:
        yield from _split(shown, sys.stdin.buffer)
        return
    try:
        with Path(name).open("rb") as file:
            yield from _split(shown, file)
    except OSError as error:
        line = in_one_line(shown)
        raise Unreadable(_NO_FILE, name=line, reason=reason_of(error)) from error


def _split(name: str, file: BinaryIO) -> Iterator[MailFile]:
    lines = _lines(file)
    first = _first_line(lines)
    is_mbox = _FROM_LINE.match(first)
    mails = _mails_of_mbox(lines) if is_mbox else iter([_sole_mail(first, lines)])
    for number, raw in enumerate(mails, 1):
        mail = _without_preface(raw)
        if mail is None and number == 1:
            raise NoMail(_NO_MAIL, name=in_one_line(name))
        yield MailFile(
            name if number == 1 else f"{name}#{number}", mail or raw[: MAIL_BYTES + 1]
        )


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield lines with their LF; a line too long for a mail in several pieces."""
    rest = b""
    for chunk in _chunks(file):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line + b"\n" for line in lines)
        if len(rest) > MAIL_BYTES:
            yield rest
            rest = b""
    if rest:
        yield rest


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yield the bytes of a file: UTF-16 as UTF-8, and CR alone as CRLF."""
    chunk = file.read(_CHUNK_BYTES)
    is_utf_16 = chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    has_cr_alone = b"\r" in chunk and b"\n" not in chunk
    while chunk:
        if is_utf_16:
            chunk = decoder.decode(chunk).encode()
        yield chunk.replace(b"\r", b"\r\n") if has_cr_alone else chunk
        chunk = file.read(_CHUNK_BYTES)


def _first_line(lines: Iterator[bytes]) -> bytes:
    """Return the first line that is not blank, without the bytes that fill it up."""
    skipped = 0
    for line in lines:
        text = line.lstrip(_FILLING)
        if text.strip():
            return text
        skipped += len(line)
        if skipped > MAIL_BYTES:  # a device, for example, has no end
            break
    return b""


def _mails_of_mbox(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the mails of an mbox whose first `From ` line was read (RFC 4155).

    In the text of a mail such a line may stand unquoted, but no field follows it.
    """
    raw = bytearray()
    was_blank = False
    for line, following in pairwise(chain(lines, [b""])):
        if was_blank and _FROM_LINE.match(line) and _FIELD.match(following):
            yield bytes(raw)
            raw.clear()
        elif len(raw) < _READ_BYTES:
            raw += line[1:] if line.startswith(b">From ") else line
        was_blank = line in (b"\n", b"\r\n")
    yield bytes(raw)


def _sole_mail(first: bytes, lines: Iterator[bytes]) -> bytes:
    """Return the one mail of a file, with a preface perhaps."""
    is_emlx = _BYTE_COUNT.fullmatch(first)
    raw = bytearray(b"" if is_emlx else first)
    for line in lines:
        raw += line
        if len(raw) >= _READ_BYTES:
            break
    return _without_plist(bytes(raw), int(first)) if is_emlx else bytes(raw)


def _without_plist(raw: bytes, count: int) -> bytes:
    """Return the mail of an .emlx: `count` bytes, Apple Mail's own plist behind them.

    The count is wrong where something has changed the line ends.
    """
    if count <= len(raw) and raw[count:].lstrip()[:1] in (b"", b"<"):
        return raw[:count]
    plist = raw.rfind(_PLIST)
    return raw if plist < 0 else raw[:plist]


def _without_preface(raw: bytes) -> bytes | None:
    """Return the mail without foreign lines before its header; None if it has none.

    The bytes of the mail itself stay as they are, or its signature would break.
    """
    raw = raw.rstrip(b"\0")  # what fills the last block of a file
    position = 0
    for _ in range(_PREFACE_LINES):
        if _FIELD.match(raw, position):
            mail = raw[position : position + MAIL_BYTES + 1]
            return mail if _MAIL_FIELD.search(split(mail)[0]) else None
        line = _TEXT_LINE.match(raw, position)
        if line is None or line.end() > _PREFACE_BYTES:
            return None
        position = line.end()
    return None


_NO_FILE = Text(
    en="{name} cannot be read ({reason}). Name a saved mail (.eml), an mbox or a "
    "folder of mails.",
    ja="{name} を読めません({reason})。保存したメール(.eml)か mbox、または"
    "メールの入ったフォルダーを指定してください。",
)
_NO_MAIL = Text(
    en="{name} is not a mail (it may be empty, a picture, a PDF or a web page). "
    "Save the mail's source (.eml).",
    ja="{name} はメールではありません(空のファイル、画像、PDF、Web ページなど)。"
    "メールのソース(.eml)を保存してください。",
)
