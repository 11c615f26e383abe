"""Looks at the files of configuration, passwords and tokens while the program runs.

In a thread of its own, since a file may lie on a disk that does not answer. It only
puts on the queue what it found; the daemon's thread decides what becomes of it. Editors
write in several steps, and put another file in the place of the old one: a file counts
once two looks have found it the same.
"""

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from watcher.app.changes import FileWait, waiting_thread
from watcher.config.accounts import keeps_tokens, token_path
from watcher.config.schema import Account, Config
from watcher.errors import WatcherError

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
"""How far apart the two looks are that find a file the same."""

QUIET_LOOK_S = 60.0
"""How often to look though the system tells of no change: not each disk does."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one state of a file from another, its permissions included."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> "Stamp | None":
        """Return the stamp of the file that is at a path; None if there is none."""
        try:
            found = path.stat()
        except OSError:
            return None
        return cls(
            found.st_dev,
            found.st_ino,
            found.st_size,
            found.st_mtime_ns,
            found.st_ctime_ns,
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """A configuration, and the file as it was just before it was read."""

    config: Config
    stamp: Stamp | None


@dataclass(frozen=True, slots=True)
class ConfigRead:
    """The file was written, and can be used."""

    taken: Taken


@dataclass(frozen=True, slots=True)
class ConfigRefused:
    """The file was written, or is gone, and cannot be used."""

    error: WatcherError


@dataclass(frozen=True, slots=True)
class PasswordWritten:
    """The files of these accounts' passwords or tokens were written."""

    accounts: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """The file of a configuration that is at work, and who is told of it."""

    path: Path
    taken: Taken
    load: Callable[[], Config]
    """Reads it again; raises a `WatcherError` where it cannot be used."""
    tell: Callable[[WatcherError | None], None] = lambda _: None
    """Called with what is wrong with it, and with None once that is put right."""
    on_retry: Callable[[Collection[str]], None] = lambda _: None
    """Called with the accounts that are logged in to again, before that."""
    is_noted: bool = True
    """Whether `status` tells of it, as of the daemon's."""


FromConfig = ConfigRead | ConfigRefused | PasswordWritten


class Settled:
    """A file, of which each new state is news once two looks have found it."""

    def __init__(self, path: Path, known: Stamp | None) -> None:
        self.path = path
        self._known = self._last = known

    @property
    def is_settled(self) -> bool:
        """Whether the last look has found what is known."""
        return self._last == self._known

    def is_news(self) -> bool:
        """Look; return whether the file is another, and written to its end."""
        stamp, before = Stamp.of(self.path), self._last
        self._last = stamp
        if stamp == self._known or stamp != before:
            return False
        self._known = stamp
        return True


def _secret_file(account: Account) -> Path | None:
    """Return the file that another password or another login is written to."""
    return token_path(account) if keeps_tokens(account) else account.password_file


class ConfigWatch:
    """Watches the file of a configuration, and those of its passwords and tokens."""

    def __init__(self, file: ConfigFile, put: Callable[[FromConfig], None]) -> None:
        """Prepare; `put` is called in a thread of its own."""
        self._load, self._put = file.load, put
        self._file = Settled(file.path, file.taken.stamp)
        self._secrets = [
            (account.name, Settled(path, Stamp.of(path)))
            for account in file.taken.config.accounts
            if (path := _secret_file(account))
        ]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Look while inside; a look that hangs delays no exit."""
        wait = FileWait(one.path for one in self._files())
        with waiting_thread("configuration", lambda: self.run(wait), wait):
            yield

    def _files(self) -> list[Settled]:
        return [self._file, *(file for _, file in self._secrets)]

    def run(self, wait: FileWait) -> None:
        """Look at the start, and when the files may have changed, until the end."""
        is_going_on = wait.pause(0.0)
        while is_going_on:
            try:
                for item in self.look():
                    self._put(item)
            except Exception as bug:  # noqa: BLE001 -- the next look may do
                # Its text could hold what stands in the file.
                logger.error("a bug: %s", type(bug).__name__)
            if all(file.is_settled for file in self._files()):
                is_going_on = wait.until_changed(QUIET_LOOK_S)
            else:
                is_going_on = wait.pause(LOOK_EVERY_S)

    def look(self) -> Iterator[FromConfig]:
        """Yield what is news."""
        if self._file.is_news():
            yield self._read()
        # Each file is looked at, whatever the others are like.
        written = [name for name, file in self._secrets if file.is_news()]
        if written:
            yield PasswordWritten(frozenset(written))

    def _read(self) -> FromConfig:
        stamp = Stamp.of(self._file.path)
        try:
            return ConfigRead(Taken(self._load(), stamp))
        except WatcherError as error:
            return ConfigRefused(error)
