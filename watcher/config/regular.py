"""Opens the files of the configuration: regular ones, and nothing that could hang.

To open a FIFO waits until somebody writes to it, and to read a device may never end:
`run` would take up no other configuration after it.
"""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from watcher.errors import ConfigError
from watcher.i18n import Text

_NO_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
"""Windows has neither."""


def opened(path: Path) -> BinaryIO:
    """Open the regular file at a path, or behind its links, for reading.

    Raises:
        ConfigError: something else is there, such as a FIFO, a device or a socket.
        OSError: it cannot be opened; a folder cannot.
    """
    _check(path.stat().st_mode, path)  # to open a device may do something
    file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 -- the caller's
    try:
        _check(os.fstat(file.fileno()).st_mode, path)  # another may have come since
    except ConfigError:
        file.close()
        raise
    return file


def content(file: BinaryIO, path: Path, most_bytes: int) -> bytes:
    """Return all of an open file.

    Raises:
        ConfigError: it is longer than `most_bytes`.
    """
    found = file.read(most_bytes + 1)
    if len(found) > most_bytes:
        raise ConfigError(_TOO_LONG, path=path, size=most_bytes // 1024)
    return found


def _check(mode: int, path: Path) -> None:
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise ConfigError(_NOT_REGULAR, path=path)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | _NO_WAITING)


_NOT_REGULAR = Text(
    en="{path} is not an ordinary file but a pipe, a socket or a device, which is not "
    "read: put an ordinary file in its place.",
    ja="{path} は通常のファイルではない(パイプ、ソケット、デバイスのどれか)ので"
    "読みません。通常のファイルに置きかえてください。",
)
_TOO_LONG = Text(
    en="{path} is longer than {size} KiB, so it cannot be what it should be: put the "
    "right file in its place.",
    ja="{path} は {size} KiB より大きいので、正しいファイルではありません。正しい"
    "ファイルに置きかえてください。",
)
