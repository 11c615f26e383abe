"""Colours where a person looks at them: on a terminal that has not said no."""

import os
import sys
from enum import StrEnum
from typing import TextIO

from watcher.cli.options import Options


class Colour(StrEnum):
    """SGR parameters (ECMA-48 §8.3.117)."""

    GOOD = "32"
    BAD = "31"
    OPEN = "33"
    STRONG = "1"


def is_terminal(stream: TextIO) -> bool:
    """Return whether a person reads this stream on a terminal that can do more."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def paint(text: str, colour: Colour, options: Options) -> str:
    """Return text in a colour, plain where colours are not wanted (no-color.org)."""
    is_plain = options.no_color or bool(os.environ.get("NO_COLOR"))
    if is_plain or not is_terminal(sys.stdout):
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"
