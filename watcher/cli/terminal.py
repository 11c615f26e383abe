"""What people see at a terminal: lines that fit it, colours, progress, questions."""

import os
import sys
import threading
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    pass


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


def paint(text: str, colour: Colour, *, is_plain: bool) -> str:
    """Return text in a colour, plain where colours are not wanted (no-color.org)."""
    if is_plain or os.environ.get("NO_COLOR") or not is_terminal(sys.stdout):
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
