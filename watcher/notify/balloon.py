"""Shows one balloon of Windows by plyer, as the program of a process of its own.

plyer shows it in a thread that nobody hears of, and that holds its process up. Here it
is called without that thread, so that it is known whether the balloon was shown, and
the process that asked for it goes on, or ends. The texts come as one line of JSON on
standard input; the answer is one line on standard output: null, or what went wrong.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import IO

SHOWN_S = 20.0
"""How long the icon stays that the balloon belongs to."""

Show = Callable[[str, str], object]
"""Shows title and text, or raises."""


def main(source: IO[bytes], answers: IO[bytes], show: Show) -> bool:
    """Show what is asked for, and answer; return whether it is shown."""
    title, text = json.loads(source.readline())
    reason = None
    try:
        show(title, text)
    except Exception as error:  # noqa: BLE001 -- plyer raises any
        reason = str(error) or type(error).__name__
    answers.write(json.dumps(reason).encode() + b"\n")
    answers.flush()
    return reason is None


def _show(title: str, text: str) -> None:
    from plyer.platforms.win.libs.balloontip import WindowsBalloonTip

    WindowsBalloonTip(title, text, app_name="watcher", timeout=0)


if __name__ == "__main__" and main(sys.stdin.buffer, sys.stdout.buffer, _show):
    time.sleep(SHOWN_S)
