"""Output streams: what they can encode, colours and progress.

Where the streams cannot encode Japanese, everything printed is English.
"""

import codecs
import io
import os
import sys
import threading
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Self, TextIO

from watcher.cli.parser import Options
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
        if is_own and isinstance(raw, io.FileIO):  # nobody closes a console of Windows
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
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
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


class Colour(StrEnum):
    """SGR parameters (ECMA-48 §8.3.117)."""

    GOOD = "32"
    BAD = "31"
    OPEN = "33"
    STRONG = "1"


def is_terminal(stream: TextIO) -> bool:
    """Return whether a stream is a terminal that understands escape sequences."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


PIPE_COLUMNS = 80
"""The width of what is read neither on a terminal nor by a program."""


def columns(stream: TextIO) -> int | None:
    """Return the width of a terminal; None where a stream is none."""
    if not stream.isatty():
        return None
    from shutil import get_terminal_size  # it brings the compressions along

    return get_terminal_size().columns


def say(text: str) -> None:
    """Print on standard output: in lines that fit a terminal, else as it is."""
    print(fitted(text, sys.stdout))


def tell(text: str) -> None:
    """Print on standard error, in the same way."""
    print(fitted(text, sys.stderr), file=sys.stderr, flush=True)


def fitted(text: str, stream: TextIO) -> str:
    """Return text in lines that fit a stream's terminal; as it is where it has none."""
    with suppress(OSError, MemoryError):  # no more files: then it stays as it is
        if (width := columns(stream)) is not None:
            from watcher.cli.layout import fit

            return fit(text, width)
    return text


def paint(text: str, colour: Colour, options: Options) -> str:
    """Return text in a colour, plain where colours are not wanted (no-color.org)."""
    is_plain = options.no_color or bool(os.environ.get("NO_COLOR"))
    if is_plain or not is_terminal(sys.stdout):
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"


WIDTH = 30
CLEAR_LINE = "\r\x1b[K"
WORTH_A_BAR = 20
"""Files; fewer are judged too quickly to need a bar, unless DNS is slow."""
PATIENCE_S = 1.0
"""After so long a person wants to see that the program works."""


class Progress:
    """A progress bar on standard error, cleared before every line of output."""

    def __init__(self, total: int) -> None:
        self._total = max(total, 1)  # an empty folder has no files
        self._done = 0
        self._is_shown = False
        self._lock = threading.Lock()
        self._timer = threading.Timer(PATIENCE_S, self._show)

    def __enter__(self) -> Self:
        if not is_terminal(sys.stderr):
            return self
        if self._total >= WORTH_A_BAR:
            self._show()
        else:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._clear()
            self._is_shown = False

    def step(self) -> None:
        """Count one more file as done."""
        with self._lock:
            self._done += 1
            self._draw()

    def print(self, line: str, *, is_error: bool = False) -> None:
        """Print a line on standard output, an error on standard error."""
        with self._lock:
            self._clear()
            (tell if is_error else print)(line)

    def _show(self) -> None:
        with self._lock:
            if not self._timer.finished.is_set():  # the end came first
                self._is_shown = True
                self._draw()

    def _draw(self) -> None:
        if self._is_shown:
            full = "█" * (WIDTH * self._done // self._total)
            bar = f"{CLEAR_LINE}{full:░<{WIDTH}} {self._done}/{self._total}"
            print(bar, end="", file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if self._is_shown:
            print(CLEAR_LINE, end="", file=sys.stderr, flush=True)


AGREED = frozenset({"yes", "はい"})
ACCEPTED = AGREED | {"", "y"}


def confirm(question: str) -> bool:
    """Ask on standard error; return whether the answer is a whole yes."""
    return _answer(question).strip().lower() in AGREED


def accept(question: str) -> bool:
    """Ask at a terminal; return whether the answer is yes, or just the Enter key."""
    if not (sys.stdin and sys.stdin.isatty()):
        return False
    answer = _answer(question)
    return bool(answer) and answer.strip().lower() in ACCEPTED  # "": the end of input


def _answer(question: str) -> str:
    print(question, end=" ", file=sys.stderr, flush=True)
    return sys.stdin.readline() if sys.stdin else ""
