"""Keeps the tokens of one user: encrypted by the system, else in a private file.

What lies at the path tells which: a file of ours is JSON; DPAPI's is not, and the
keyrings leave it empty, since their content lies elsewhere.
"""

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from msal_extensions import CrossPlatLock, LockError, build_encrypted_persistence

from watcher import ownership
from watcher.clock import call_with_timeout
from watcher.oauth.outcome import Failure, NoToken

KEYRING_TIMEOUT_S = 20.0
"""The user may have to unlock it; a service that hangs does so for ever."""

STALE_S = 90.0
"""A lock so old was left by a process that was ended: none may take so long."""

EMPTY = "{}"

STORE_BYTES = 1024 * 1024
"""The tokens of one user take some ten thousand bytes."""


class _Kept(Protocol):
    def load(self) -> str: ...
    def save(self, content: str, /) -> None: ...


class _PrivateFile:
    """A file that only its owner may read, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> str:
        return self._path.read_text("utf-8")

    def save(self, content: str) -> None:
        new = self._path.with_name(f"{self._path.name}.new")
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)


class Store:
    """The tokens of one user; most methods are for who holds the lock."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes out while inside.

        Raises:
            NoToken: another one is inside for too long, or the folder cannot be used.
        """
        lock = self._path.with_name(f"{self._path.name}.lock")
        try:
            for folder in (self._path.parent.parent, self._path.parent):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._check()
            with suppress(FileNotFoundError):
                if abs(time.time() - lock.stat().st_mtime) > STALE_S:
                    lock.unlink(missing_ok=True)
            held = CrossPlatLock(str(lock))
            held.__enter__()
        except LockError:
            raise NoToken(Failure.BUSY) from None
        except OSError as error:
            raise NoToken.of_system(Failure.STORE, error) from None
        try:
            yield
        finally:
            held.__exit__(None, None, None)

    def _check(self) -> None:
        """Look at what lies there, since to open it could hang or lead elsewhere.

        Raises:
            NoToken: it is no ordinary file of ours, or much too large.
        """
        with suppress(FileNotFoundError):
            found = self._path.lstat()
            is_ours = stat.S_ISREG(found.st_mode) and not ownership.is_foreign(found)
            if not is_ours or found.st_size > STORE_BYTES:
                raise NoToken(Failure.FOREIGN, str(self._path))

    def load(self) -> str:
        """Return what is kept; raise `NoToken` if nothing is, or it cannot be read."""
        if not ownership.is_visible(self._path):
            raise NoToken(Failure.NO_LOGIN)
        try:
            return self._here().load()
        except NoToken:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever a back end raises
            raise NoToken(Failure.STORE, type(error).__name__) from None

    def save(self, content: str) -> None:
        """Keep this where the former was; raise `NoToken` if that cannot be done."""
        try:
            self._here().save(content)
        except Exception as error:  # noqa: BLE001 -- as above
            raise NoToken(Failure.STORE, type(error).__name__) from None

    def save_anew(self, content: str) -> bool:
        """Keep this in the safest place there is; return whether it is encrypted.

        Raises:
            NoToken: there is no place for it.
        """
        try:
            self.delete()
            if call_with_timeout(
                lambda: self._encrypt(content), timeout_s=KEYRING_TIMEOUT_S
            ):
                return True
        except Exception:  # noqa: BLE001, S110 -- then it cannot be used
            pass
        try:
            _PrivateFile(self._path).save(content)
        except OSError as error:
            raise NoToken.of_system(Failure.STORE, error) from None
        return False

    def delete(self) -> bool:
        """Forget all tokens; return whether there was something to forget."""
        if not ownership.is_visible(self._path):
            return False
        with suppress(NoToken):  # what cannot be opened cannot be emptied either
            self.save(EMPTY)
        self._path.unlink(missing_ok=True)
        return True

    def leave(self) -> None:
        """Remove the folder, if it is empty; for who does not hold the lock."""
        with suppress(OSError):
            self._path.parent.rmdir()

    def _here(self) -> _Kept:
        with self._path.open("rb") as file:
            is_ours = file.read(1) == b"{"
        return _PrivateFile(self._path) if is_ours else _encrypted(self._path)

    def _encrypt(self, content: str) -> bool:
        """Let the system keep it; return whether it does: it is read back."""
        kept = _encrypted(self._path)
        kept.save(content)
        return kept.load() == content


def _encrypted(path: Path) -> _Kept:
    """Return the system's own protection: DPAPI, Keychain or libsecret."""
    kept: _Kept = build_encrypted_persistence(str(path))
    return kept
