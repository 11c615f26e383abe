"""Shows one notification by plyer, as the program of a process of its own.

So that a backend that hangs can be ended, and what it starts sees no secret of ours.
On Windows plyer shows a balloon in a thread that nobody hears of, and that holds its
process up: there it is called without that thread, so that it is known whether the
balloon was shown, and the process goes on for as long as the balloon does. The texts
come as one line of JSON on standard input; the answer is one line on standard output:
null, or what went wrong.
"""

import importlib
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import IO

SHOWN_S = 20.0
"""How long the icon stays that a balloon belongs to."""

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


def backend() -> str:
    """Return the module of plyer's that shows notifications on this platform."""
    from plyer.utils import platform  # where it is but the second choice, it is spared

    return f"plyer.platforms.{platform}.notification"


def _show(title: str, text: str) -> None:
    if sys.platform == "win32":
        from plyer.platforms.win.libs.balloontip import WindowsBalloonTip

        WindowsBalloonTip(title, text, app_name="watcher", timeout=0)
        return
    # It warns that dbus-python is not installed, which has no wheel.
    warnings.filterwarnings("ignore", module=r"plyer\.platforms\.linux\.notification")
    shown_by = importlib.import_module(backend()).instance()
    shown_by.notify(title=title, message=text, app_name="watcher")


def _own_answers() -> IO[bytes]:
    """Take standard output for the answer alone; what a backend prints is dropped."""
    answers = os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    return answers


if __name__ == "__main__":
    is_shown = main(sys.stdin.buffer, _own_answers(), _show)
    if is_shown and sys.platform == "win32":
        time.sleep(SHOWN_S)
