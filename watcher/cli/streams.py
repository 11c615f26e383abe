"""Output streams: what they can encode, and what becomes of what nobody reads.

Where the streams cannot encode Japanese, everything printed is English.
"""

import codecs
import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

from watcher.errors import is_unread
from watcher.i18n import Language

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_JAPANESE = "日本語のカナ、「」。"
"""Signs that every Japanese code page has."""


def set_up_streams() -> None:
    """Replace characters that cannot be written, and give closed streams a sink."""
    codecs.register_error(_IN_TEXT, _replace)
    codecs.register_error(_IN_JSON, _replace_in_json)
    for name in ("stdout", "stderr"):
        # None where the descriptor is closed; print would then use the other stream.
        stream = getattr(sys, name) or _sink()
        setattr(sys, name, stream)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_IN_TEXT)


_IN_TEXT, _IN_JSON = "watcher.text", "watcher.json"


def _replace(error: UnicodeError) -> tuple[str, int]:
    """Replace what cannot be encoded: bytes of names by `\\xff`, the rest by `?`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    piece = error.object[error.start : error.end]
    return "".join(escape(one) if _is_byte(one) else "?" for one in piece), error.end


def _replace_in_json(error: UnicodeError) -> tuple[str, int]:
    """Do the same inside a string of JSON (RFC 8259 §7)."""
    said, position = _replace(error)
    return said.replace("\\", r"\\"), position


def _is_byte(sign: str) -> bool:
    """Return whether a sign stands for a byte that is no UTF-8 (PEP 383)."""
    return "\udc80" <= sign <= "\udcff"


def escape(sign: str) -> str:
    r"""Return what shows a sign that cannot be printed, like `\n`, or `\xff`."""
    if _is_byte(sign):
        return f"\\x{ord(sign) - 0xDC00:02x}"
    return sign.encode("unicode_escape").decode()


_BLANKS = "\u00a0\u3000"
"""Blanks that Python does not call printable."""


def in_one_line(name: str) -> str:
    """Return the name of a file, with what would break or change a line escaped."""
    return "".join(
        sign if sign.isprintable() or sign in _BLANKS else escape(sign) for sign in name
    )


def _sink() -> TextIO:
    return io.TextIOWrapper(io.FileIO(os.devnull, "w"), encoding="utf-8")


def outlive_readers() -> None:
    """Let nobody notice that the reader of a pipe went away: drop what is written.

    What a command finds is told by its exit code as well.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        buffer = getattr(stream, "buffer", None)
        raw = getattr(buffer, "raw", buffer)  # none where Python runs unbuffered
        is_own = stream is getattr(sys, f"__{name}__")  # which lives on, and no sink
        if is_own and isinstance(raw, io.FileIO) and not stream.isatty():
            stream.flush()
            kept = _Outliving(raw.fileno(), "w", closefd=False)
            new = io.TextIOWrapper(
                kept if raw is buffer else io.BufferedWriter(kept),
                encoding=stream.encoding,
                errors=stream.errors,
                line_buffering=stream.line_buffering,
                write_through=stream.write_through,
            )
            setattr(sys, name, new)


class _Outliving(io.FileIO):
    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if not is_unread(error):
                raise
            with io.FileIO(os.devnull, "w") as sink:
                os.dup2(sink.fileno(), self.fileno())
            return super().write(data)


def write_utf8() -> None:
    """Write standard output in UTF-8, as JSON is everywhere (RFC 8259 §8.1)."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors=_IN_JSON)


def readable_language(wanted: Language) -> Language:
    """Return the language for what is printed: one that both streams can encode."""
    is_shown = wanted is Language.EN or all(
        can_encode(stream, _JAPANESE) for stream in (sys.stdout, sys.stderr)
    )
    return wanted if is_shown else Language.EN


def can_encode(stream: TextIO, text: str) -> bool:
    """Return whether a stream has every character of a text."""
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
