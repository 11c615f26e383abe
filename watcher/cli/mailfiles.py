"""Reads saved mails: files, folders of files, mboxes, standard input.

One mail is in memory at a time, and of it only what is judged.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from watcher.errors import Unreadable, reason_of
from watcher.i18n import Text
from watcher.recognition.limits import MAIL_BYTES

STDIN = "-"
_FROM_LINE = b"From "

BINARY_PROBE_BYTES = 1024
"""A NUL among the first bytes means a picture or an archive, not a broken mail."""


@dataclass(frozen=True, slots=True)
class MailFile:
    """One mail and its name in the output."""

    name: str
    raw: bytes = field(repr=False)
    """At most `MAIL_BYTES` + 1 bytes, the last one only shows that there is more."""


def names_in(files: list[str]) -> list[str]:
    """Return the files named on a command line, those inside folders too."""
    names: list[str] = []
    for name in files:
        folder = Path(name)
        try:
            is_folder = name != STDIN and folder.is_dir()
        except OSError:
            is_folder = False  # reading it reports what is wrong
        if not is_folder:
            names.append(name)
            continue
        for path in sorted(folder.rglob("*")):
            parts = path.relative_to(folder).parts
            if path.is_file() and not any(part.startswith(".") for part in parts):
                names.append(str(path))
    return names


def read(name: str) -> Iterator[MailFile]:
    """Yield the mails of one file: one of an .eml, all of an mbox, `#2` the second.

    Raises:
        Unreadable: it is missing, may not be read, or is no mail at all.
    """
    if name == STDIN:
        yield from _split(name, sys.stdin.buffer)
        return
    try:
        with Path(name).open("rb") as file:
            yield from _split(name, file)
    except OSError as error:
        raise Unreadable(_NO_FILE, name=name, reason=reason_of(error)) from error


def _split(name: str, file: BinaryIO) -> Iterator[MailFile]:
    first = file.readline(MAIL_BYTES)
    if first.startswith(_FROM_LINE):
        for number, raw in enumerate(_mails_of_mbox(file), 1):
            yield MailFile(name if number == 1 else f"{name}#{number}", raw)
        return
    raw = first + file.read(MAIL_BYTES + 1 - len(first))
    if not raw.strip() or b"\0" in raw[:BINARY_PROBE_BYTES]:
        raise Unreadable(_NO_MAIL, name=name)
    yield MailFile(name, raw)


def _mails_of_mbox(file: BinaryIO) -> Iterator[bytes]:
    """Yield the mails of an mbox whose first `From ` line was read (RFC 4155)."""
    raw = bytearray()
    was_blank = False
    while line := file.readline(MAIL_BYTES):
        if was_blank and line.startswith(_FROM_LINE):
            yield bytes(raw)
            raw.clear()
        elif len(raw) <= MAIL_BYTES:
            raw += line[1:] if line.startswith(b">From ") else line
        was_blank = line in (b"\n", b"\r\n")
    yield bytes(raw[: MAIL_BYTES + 1])


_NO_FILE = Text(
    en="{name} cannot be read ({reason}). Name a saved mail (.eml), an mbox or a "
    "folder of mails.",
    ja="{name} を読めません({reason})。保存したメール(.eml)か mbox、または"
    "メールの入ったフォルダーを指定してください。",
)
_NO_MAIL = Text(
    en="{name} is no mail: it is empty or binary. Save the mail's source (.eml).",
    ja="{name} はメールではありません(空か、文字ではないデータです)。メールの"
    "ソース(.eml)を保存してください。",
)
