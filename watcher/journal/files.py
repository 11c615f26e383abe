"""The files of which a log consists, apart from what SQLite does with them."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from watcher.journal.errors import sentences

BESIDE = ("", "-wal", "-shm", "-journal")
"""What SQLite adds to the name of the log for the files beside it."""

OPEN_TO_OTHERS = 0o077


def beside(path: Path, suffix: str) -> Path:
    """Return a file beside the log, by what SQLite adds to the name."""
    return path.with_name(path.name + suffix)


def identity(path: Path) -> tuple[int, int] | None:
    """Return which file lies at a path; None if none can be found there."""
    found = _stat(path)
    return found and (found.st_dev, found.st_ino)


def stamp(path: Path) -> tuple[int, int] | None:
    """Return what changes whenever anybody writes to a file; None if there is none."""
    found = _stat(path)
    return found and (found.st_size, found.st_mtime_ns)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def move_away(path: Path, suffix: str, secrets: Iterable[str]) -> Path:
    """Rename a damaged file, and those that belong to it; return its new name.

    Nobody expires what is live in it any more: its links and codes are overwritten.
    """
    moved = beside(path, suffix)
    with sentences(path):
        for name in BESIDE:
            target = beside(moved, name)
            if beside(path, name).exists():
                beside(path, name).replace(target)
                _overwrite(target, [secret.encode() for secret in secrets])
    return moved


def _overwrite(path: Path, words: list[bytes]) -> None:
    content = path.read_bytes()
    with path.open("r+b") as file:
        for word in filter(None, words):
            for found in re.finditer(re.escape(word), content):
                file.seek(found.start())
                file.write(b"x" * len(word))


def make_private(path: Path) -> None:
    """Create the file, or close one to others that was copied here without care.

    Only SQLite may open a file that exists: closing another descriptor of it would
    drop the locks that this process holds (https://sqlite.org/howtocorrupt.html §2.2).
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if path.stat().st_mode & OPEN_TO_OTHERS:
            path.chmod(0o600)
