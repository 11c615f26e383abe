"""Writes BEL and the whole text to the user's terminal.

Only to a terminal: stderr redirected to a file or the system log must not hold a live
link.
"""

import os
import sys
from typing import TextIO

from watcher.clock import call_with_timeout
from watcher.errors import NotificationFailed, reason_of
from watcher.i18n import Text, wrap_columns
from watcher.notify.notification import Channel, Notification

TIMEOUT_S = 2.0  # Ctrl-S stops a terminal without a limit

_BELL = "\a"
_STDERR = 2
_CONTROLLING = "/dev/tty" if os.name == "posix" else "CONOUT$"
"""The terminal of this process, or the console; `\\dev\\tty` would be a file there."""

_SILENT = Text(en="The terminal is stopped.", ja="ターミナルが停止しています。")
_NONE = Text(
    en="There is no terminal to write on ({reason}).",
    ja="書き込めるターミナルがありません（{reason}）。",
)


class Terminal(Channel):
    """The terminal on stderr, else the one that controls this process."""

    name = "terminal"

    def show(self, notification: Notification) -> None:
        """Write the whole text, or raise `NotificationFailed`."""
        text = render_text(notification)
        try:
            call_with_timeout(lambda: _write(text), timeout_s=TIMEOUT_S)
        except TimeoutError as error:
            raise NotificationFailed(_SILENT) from error
        except OSError as error:
            raise NotificationFailed(_NONE, reason=reason_of(error)) from error


def check() -> None:
    """Raise `NotificationFailed` where there is no terminal to write on."""
    try:
        with _opened():
            pass
    except OSError as error:
        raise NotificationFailed(_NONE, reason=reason_of(error)) from error


def render_text(notification: Notification) -> str:
    """Return the whole notification as lines, with BEL before them."""
    body = notification.lines(with_link=True)
    lines = (notification.title, *body, notification.footer)
    return _BELL + "\n".join(filter(None, lines)) + "\n\n"


def _write(text: str) -> None:
    with _opened() as stream:
        stream.write(_in_lines(text, _columns(stream)))


def _columns(stream: TextIO) -> int:
    """Return the width of a terminal; 0 where it is not told."""
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):  # ValueError: Windows tells it of stderr alone
        return 0


def _in_lines(text: str, columns: int) -> str:
    """Return text whose lines end between two words; a link stays whole."""
    if not columns:
        return text
    lines = (wrap_columns(line, columns) for line in text.split("\n"))
    return "\n".join(one for wrapped in lines for one in wrapped)


def _opened() -> TextIO:
    terminal = _STDERR if os.isatty(_STDERR) else _CONTROLLING
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    if os.name != "posix":  # a console takes nothing else, whatever stderr takes
        encoding = "utf-8"
    return open(
        terminal, "w", encoding=encoding, errors="replace", closefd=terminal != _STDERR
    )
