"""One daemon for one event log: a lock that the system gives back by itself."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from watcher.errors import AlreadyRunning, JournalUnusable, reason_of
from watcher.i18n import Text

PROBE_TRIES = 4
PROBE_S = 0.05
"""A probe takes microseconds: one that still holds the lock after these is a daemon."""


def lock_path(journal: Path) -> Path:
    """Return where the lock of an event log lies."""
    return journal.with_name(journal.name + ".lock")


@contextmanager
def only_daemon(journal: Path) -> Iterator[None]:
    """Be the only daemon on an event log.

    The file stays when the daemon ends: unlinking it could let two in.

    Raises:
        AlreadyRunning: another one is, and the error names its process.
    """
    path = lock_path(journal)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise JournalUnusable(_NO_ACCESS, path=path, reason=reason_of(error)) from error
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        if not _lock(file):
            raise AlreadyRunning(_RUNNING, pid=_pid_in(file), path=journal)
        with suppress(OSError):  # on a full disk, of which the event log will tell
            file.truncate(0)
            file.seek(0)
            file.write(str(os.getpid()).encode())
        yield


def running_daemon(journal: Path) -> int | None:
    """Return the process number of the daemon on an event log, None if none runs."""
    path = lock_path(journal)
    try:
        with path.open("r+b") as file:
            return None if _try_lock(file) else _pid_in(file)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise JournalUnusable(_NO_ACCESS, path=path, reason=reason_of(error)) from error


def _lock(file: IO[bytes]) -> bool:
    """Lock, through the instant for which `watcher status` holds the lock to probe."""
    for _ in range(PROBE_TRIES):
        if _try_lock(file):
            return True
        time.sleep(PROBE_S)
    return False


def _pid_in(file: IO[bytes]) -> int:
    """Return the process number in the file, 0 while it is not written yet."""
    file.seek(0)
    text = file.read(20)
    return int(text) if text.isdigit() else 0


if sys.platform == "win32":
    import msvcrt

    _FAR_BEYOND_THE_TEXT = 1 << 20  # Windows locks bytes against reading, too

    def _try_lock(file: IO[bytes]) -> bool:
        file.seek(_FAR_BEYOND_THE_TEXT)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


_RUNNING = Text(
    en="Another watcher (process {pid}) already watches with the event log {path}. "
    "Stop it first, or name another file under [log] path.",
    ja="別の watcher(プロセス {pid})が、もう記録ファイル {path} を使って見張って"
    "います。先にそれを止めるか、[log] path に別のファイルを書いてください。",
)
_NO_ACCESS = Text(
    en="The lock file {path} cannot be opened ({reason}). Correct its permissions, or "
    "name another event log under [log] path.",
    ja="ロックファイル {path} を開けません({reason})。アクセス権を直すか、[log] path "
    "に別のファイルを書いてください。",
)
