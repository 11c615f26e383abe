"""The files of which a log consists, apart from what SQLite does with them."""

import os
import re
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from watcher import ownership
from watcher.errors import JournalUnusable
from watcher.i18n import Text
from watcher.journal.errors import sentences

BESIDE = ("", "-wal", "-shm", "-journal")
"""What SQLite adds to the name of the log for the files beside it."""


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


def make(path: Path) -> None:
    """Create the file (0600), unless there is one that may be a log of ours.

    Only SQLite may open a file that exists: closing another descriptor of it would
    drop the locks that this process holds (https://sqlite.org/howtocorrupt.html §2.2).

    Raises:
        JournalUnusable: what lies there is no file of ours, or others can replace it.
    """
    if folder := ownership.replaceable_folder(path):
        raise JournalUnusable(_REPLACEABLE, path=path, folder=folder)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    check(path, is_foreign=ownership.is_foreign)


def check(
    path: Path, is_foreign: Callable[[os.stat_result], bool] = lambda _: False
) -> None:
    """Raise `JournalUnusable` where something else lies than an ordinary file of ours.

    By default it may be another user's, which we only read.
    """
    with suppress(FileNotFoundError):
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or is_foreign(found):
            raise JournalUnusable(_NO_FILE_OF_OURS, path=path)


def close_to_others(path: Path) -> None:
    """Take from others what they may do with a log that was copied here without care.

    It was looked at before: it is a log, and of ours.
    """
    if ownership.is_open(path.lstat()):
        path.chmod(0o600)


_REPLACEABLE = Text(
    en="Other users can replace the event log {path}, since the folder {folder} is "
    "open to them. Run: chmod go-w '{folder}' (or name another file under [log] path.)",
    ja="フォルダー {folder} にほかの利用者も書きこめるので、記録ファイル {path} を"
    "置きかえられてしまいます。次を実行してください: chmod go-w '{folder}'"
    "([log] path に別のファイルを書いても構いません)",
)
_NO_FILE_OF_OURS = Text(
    en="{path} is a link, a device, a folder or another user's file, and nothing is "
    "logged there. Move it away, or name another file under [log] path.",
    ja="{path} はリンク、デバイス、フォルダー、または別の利用者のファイルなので、"
    "そこには記録しません。ほかの場所に移すか、[log] path に別のファイルを書いて"
    "ください。",
)
