"""Shows on a terminal how far a long work is; elsewhere it shows nothing."""

import sys
from typing import Self

from watcher.cli.style import is_terminal

WIDTH = 30
CLEAR_LINE = "\r\x1b[K"
WORTH_A_BAR = 20
"""Fewer files are judged before anybody wonders."""


class Progress:
    """A bar on standard error, which makes way for every line of output."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._is_shown = total >= WORTH_A_BAR and is_terminal(sys.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()

    def step(self) -> None:
        """Count one more as done."""
        self._done += 1
        if self._is_shown:
            full = "█" * (WIDTH * self._done // self._total)
            bar = f"{CLEAR_LINE}{full:░<{WIDTH}} {self._done}/{self._total}"
            print(bar, end="", file=sys.stderr, flush=True)

    def print(self, line: str) -> None:
        """Print a line of the result on standard output."""
        self._clear()
        print(line)

    def warn(self, line: str) -> None:
        """Print a line on standard error."""
        self._clear()
        print(line, file=sys.stderr)

    def _clear(self) -> None:
        if self._is_shown:
            print(CLEAR_LINE, end="", file=sys.stderr, flush=True)
