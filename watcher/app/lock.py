"""One daemon for one event log: a lock that the system gives back by itself."""

import errno
import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from watcher import ownership
from watcher.errors import AlreadyRunning, JournalUnusable, reason_of
from watcher.i18n import Sayable, Text

PROBE_TRIES = 4
PROBE_S = 0.05
"""A probe takes microseconds: one that still holds the lock after these is a daemon."""
PID_BYTES = 20
"""A lock holds the number of a process, and a longer file is something else."""
_WITHOUT_LOCKS = frozenset(
    {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
)
"""What a file system says that cannot lock files."""
_AS_IT_IS = sum(
    getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")
)
"""Follow no link, wait for nobody, change no line end; each where there is such."""


def lock_path(journal: Path) -> Path:
    """Return where the lock of an event log lies."""
    return journal.with_name(journal.name + ".lock")


class DaemonLock:
    """The lock of the only daemon on an event log."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._path = lock_path(journal)
        self._file: IO[bytes] | None = None

    def keep(self) -> None:
        """Take the lock, again where its file was moved or deleted.

        Raises:
            AlreadyRunning: another daemon has it, and the error names its process.
            JournalUnusable: there can be no such file, or no lock.
        """
        if self._file is None or not self._is_in_place(self._file):
            self._take()

    def give_back(self) -> None:
        """Give it back; the file stays: unlinking it could let two in."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _take(self) -> None:
        with _sentences(self._path):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder := ownership.replaceable_folder(self._path):
                raise JournalUnusable(_REPLACEABLE, path=self._path, folder=folder)
            file = _opened(self._path, os.O_CREAT | os.O_RDWR)
            try:
                if not _lock(file):
                    pid = _pid_in(file)
                    stop = how_to_stop(pid)
                    raise AlreadyRunning(
                        _RUNNING, pid=pid, path=self._journal, stop=stop
                    )
            except BaseException:
                file.close()
                raise
        with suppress(OSError):  # on a full disk, of which the event log will tell
            file.truncate(0)
            file.seek(0)
            file.write(str(os.getpid()).encode())
        self.give_back()
        self._file = file

    def _is_in_place(self, file: IO[bytes]) -> bool:
        try:
            found = self._path.stat()
        except OSError:
            return False
        return os.path.samestat(found, os.fstat(file.fileno()))


def how_to_stop(pid: int) -> Sayable:
    """Return how the user stops the daemon with that process number; 0: unknown.

    Not by `watcher service uninstall`, unless it was started as the service.
    """
    command = "taskkill /F /PID" if sys.platform == "win32" else "kill"
    return AlreadyRunning(_BY_NUMBER if pid else _CTRL_C, command=command, pid=pid)


@contextmanager
def only_daemon(journal: Path) -> Iterator[DaemonLock]:
    """Be the only daemon on an event log.

    Raises:
        AlreadyRunning: another one is, and the error names its process.
    """
    lock = DaemonLock(journal)
    lock.keep()
    try:
        yield lock
    finally:
        lock.give_back()


def running_daemon(journal: Path) -> int | None:
    """Return the process number of the daemon on an event log, None if none runs."""
    path = lock_path(journal)
    with _sentences(path):
        try:
            file = _opened(path, os.O_RDWR)
        except FileNotFoundError:
            return None
        except OSError:
            file = _opened(path, os.O_RDONLY)  # nothing can be written: a lock suffices
        with file:
            return None if _try_lock(file) else _pid_in(file)


def _opened(path: Path, flags: int) -> IO[bytes]:
    """Open an ordinary file of ours, behind no link, unbuffered.

    What is no lock is not written to: beside a log `poetry` lies `poetry.lock`.

    Raises:
        JournalUnusable: something else lies there.
        OSError: it cannot be opened.
    """
    descriptor = os.open(path, flags | _AS_IT_IS, 0o600)
    found = os.fstat(descriptor)
    is_file = stat.S_ISREG(found.st_mode) and found.st_size <= PID_BYTES
    if not is_file or ownership.is_foreign(found):
        os.close(descriptor)
        raise JournalUnusable(_NO_FILE_OF_OURS, path=path)
    mode = "r+b" if flags & os.O_RDWR else "rb"
    return os.fdopen(descriptor, mode, buffering=0)


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise JournalUnusable(_NO_FILE_OF_OURS, path=path) from error
        text = _NO_LOCKS if error.errno in _WITHOUT_LOCKS else _NO_ACCESS
        raise JournalUnusable(text, path=path, reason=reason_of(error)) from error


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
    text = file.read(PID_BYTES)
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
        except OSError as error:
            if error.errno in _WITHOUT_LOCKS:
                raise
            return False
        return True


_RUNNING = Text(
    en="Another watcher (process {pid}) already watches with the event log {path}. "
    "Stop it first, or name another file under [log] path. {stop}",
    ja="別の watcher(プロセス {pid})が、もう記録ファイル {path} を使って見張って"
    "います。先にそれを止めるか、[log] path に別のファイルを書いてください。{stop}",
)
_CTRL_C = Text(
    en="To stop it, press Ctrl-C in its window.",
    ja="止めるには、そのウィンドウで Ctrl-C を押します。",
)
_BY_NUMBER = Text(
    en="To stop it, press Ctrl-C in its window; if it has none, run: {command} {pid}",
    ja="止めるには、そのウィンドウで Ctrl-C を押します。ウィンドウがなければ、次を実行"
    "します: {command} {pid}",
)
_NO_ACCESS = Text(
    en="The lock file {path} cannot be opened ({reason}). Correct its permissions, or "
    "name another event log under [log] path.",
    ja="ロックファイル {path} を開けません({reason})。アクセス権を直すか、[log] path "
    "に別のファイルを書いてください。",
)
_NO_FILE_OF_OURS = Text(
    en="The lock file {path} is a link, a device, or a file of another user or "
    "program. Move it away, or name another event log under [log] path.",
    ja="ロックファイル {path} がリンク、デバイス、または別の利用者やプログラムの"
    "ファイルになっています。ほかの場所に移すか、[log] path に別のファイルを書いて"
    "ください。",
)
_REPLACEABLE = Text(
    en="Other users can replace the lock file {path}, since the folder {folder} is "
    "open to them. Run: chmod go-w '{folder}' (or name another event log under [log] "
    "path.)",
    ja="フォルダー {folder} にほかの利用者も書きこめるので、ロックファイル {path} を"
    "置きかえられてしまいます。次を実行してください: chmod go-w '{folder}'"
    "([log] path に別のファイルを書いても構いません)",
)
_NO_LOCKS = Text(
    en="The file system of the lock file {path} cannot lock files ({reason}). Name an "
    "event log on a local disk under [log] path.",
    ja="ロックファイル {path} のあるディスクでは、ファイルをロックできません"
    "({reason})。[log] path に、このパソコンのディスクにあるファイルを書いてください。",
)
