"""Colours and progress, on terminals that can show them."""

import os
import sys
from enum import StrEnum
from typing import Self, TextIO

from watcher.cli.parser import Options


class Colour(StrEnum):
    """SGR parameters (ECMA-48 §8.3.117)."""

    GOOD = "32"
    BAD = "31"
    OPEN = "33"
    STRONG = "1"


def is_terminal(stream: TextIO) -> bool:
    """Return whether a stream is a terminal that understands escape sequences."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def paint(text: str, colour: Colour, options: Options) -> str:
    """Return text in a colour, plain where colours are not wanted (no-color.org)."""
    is_plain = options.no_color or bool(os.environ.get("NO_COLOR"))
    if is_plain or not is_terminal(sys.stdout):
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"


WIDTH = 30
CLEAR_LINE = "\r\x1b[K"
WORTH_A_BAR = 20
"""Files; fewer are judged too quickly to need a bar."""


class Progress:
    """A progress bar on standard error, cleared before every line of output."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._is_shown = total >= WORTH_A_BAR and is_terminal(sys.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()

    def step(self) -> None:
        """Count one more file as done."""
        self._done += 1
        if self._is_shown:
            full = "█" * (WIDTH * self._done // self._total)
            bar = f"{CLEAR_LINE}{full:░<{WIDTH}} {self._done}/{self._total}"
            print(bar, end="", file=sys.stderr, flush=True)

    def print(self, line: str, *, is_error: bool = False) -> None:
        """Print a line on standard output, an error on standard error."""
        self._clear()
        print(line, file=sys.stderr if is_error else sys.stdout)

    def _clear(self) -> None:
        if self._is_shown:
            print(CLEAR_LINE, end="", file=sys.stderr, flush=True)


AGREED = frozenset({"yes", "はい"})


def confirm(question: str) -> bool:
    """Ask on standard error; return whether the answer is a whole yes."""
    print(question, end=" ", file=sys.stderr, flush=True)
    answer = sys.stdin.readline() if sys.stdin else ""
    return answer.strip().lower() in AGREED
