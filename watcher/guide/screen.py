"""Prints the guide: line by line, with a prompt at the bottom that counts down.

It is drawn anew in place on a terminal that understands escape sequences. On any other
one, which may be read aloud, it is printed when it changes in substance, and once a
minute. In a pipe there is none.
"""

import sys
from collections.abc import Callable, Iterable

from watcher.guide.walk import Prompt, Say
from watcher.i18n import Language, Text, columns_of, wrap_columns

COLUMNS = 80
CLEAR_LINE = "\r\x1b[K"
LINE_UP = "\x1b[A"
BETWEEN_KEYS = " | "
CONTINUED = 5
"""The indent of what goes on in the next line, below the text of a step."""


class Screen:
    """Standard output, of one thread."""

    def __init__(
        self,
        language: Language,
        *,
        columns: Callable[[], int | None],
        is_redrawn: bool,
        margin: str = "",
    ) -> None:
        """Prepare; `columns`: the width of the terminal now, None: there is none.

        `margin` stands before each line.
        """
        self._language = language
        self._terminal_columns = columns
        self._is_redrawn = is_redrawn
        self._margin = margin
        self._drawn: list[str] = []
        self._told: tuple[Text | None, str] = (None, "")
        """What was printed of the line, and the minute at which it was."""

    def say(self, said: Say) -> None:
        """Print a sentence."""
        text = said.text.say(self._language, **said.data)
        self.print(f"\n{text}" if said.is_apart else text)

    def print(self, text: str) -> None:
        """Print text above the line at the bottom, wrapped."""
        self.clear()
        self._told = (None, "")
        for line in text.split("\n"):
            indent = CONTINUED if line.startswith(" ") else 2 * line.startswith("- ")
            self._write_lines(wrap_columns(line, self._columns, indent))

    def prompt(self, prompt: Prompt | None) -> None:
        """Let this stand at the bottom."""
        if prompt is None:
            return
        said = prompt.text.say(
            self._language, clock=prompt.clock, numbers=prompt.numbers
        )
        rows = [f"{self._margin}{row}" for row in _in_rows(said, self._columns)]
        if self._is_redrawn:
            if rows != self._drawn:
                erased, self._drawn = self._erase() or CLEAR_LINE, rows
                _write(erased + "\n".join(rows))  # Ctrl-C comes at its end
            return
        mark = self._told[1] if prompt.text == self._told[0] else ""
        if prompt.clock.endswith(":00"):
            mark = prompt.clock
        if (prompt.text, mark) != self._told:
            self._told = prompt.text, mark
            _write("\n".join(rows) + "\n")

    @property
    def _columns(self) -> int:
        """How much fits into a line; a window may be resized at any time."""
        return min(self._terminal_columns() or COLUMNS, COLUMNS) - 1 - len(self._margin)

    def clear(self) -> None:
        """Take away what stands at the bottom, since something else is printed."""
        if self._drawn:
            _write(self._erase())
            self._drawn = []

    def leave(self) -> None:
        """Let what stands at the bottom stay there, above what is printed next."""
        if self._drawn:
            _write("\n")
            self._drawn = []

    def note_typed(self) -> None:
        """Take away the prompt at whose end the user has pressed Enter."""
        if self._drawn:
            _write(f"{LINE_UP}{self._erase()}")
            self._drawn = []

    def ring(self) -> None:
        """Ring the bell of the terminal."""
        if self._is_redrawn:
            _write("\a")

    def _erase(self) -> str:
        """Return what erases the prompt, from the end of its last row."""
        return LINE_UP.join(CLEAR_LINE for _ in self._drawn)

    def _write_lines(self, lines: Iterable[str]) -> None:
        _write("".join(f"{self._margin}{line}".rstrip() + "\n" for line in lines))


def _in_rows(prompt: str, columns: int) -> list[str]:
    """Return a prompt in rows that end between two keys, so that none is cut."""
    rows: list[str] = []
    for key in prompt.split(BETWEEN_KEYS):
        if rows and columns_of(rows[-1] + BETWEEN_KEYS + key) <= columns:
            rows[-1] += BETWEEN_KEYS + key
        else:
            rows += wrap_columns(key, columns)
    return rows


def _write(text: str) -> None:
    print(text, end="", file=sys.stdout, flush=True)
