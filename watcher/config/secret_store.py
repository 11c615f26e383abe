"""Keeps a password where `credentials` finds it: in the keyring, else in a file.

The keyring is used only where it proves to work: some are installed and locked, or
forget what they were told.
"""

import itertools
import os
import secrets
from contextlib import suppress
from pathlib import Path

from watcher.clock import call_with_timeout
from watcher.errors import ConfigError, reason_of
from watcher.i18n import Text

PROBE_TIMEOUT_S = 20.0
"""The user may have to unlock it; a service that hangs does so for ever."""

_SERVICE = "watcher-probe"


def keyring_works() -> bool:
    """Return whether the desktop's keyring keeps, returns and deletes a password."""
    try:
        return call_with_timeout(_probe, timeout_s=PROBE_TIMEOUT_S)
    except Exception:  # noqa: BLE001 -- whatever a back end raises, it cannot be used
        return False


def _probe() -> bool:
    import keyring  # it takes long

    if getattr(keyring.get_keyring(), "priority", 0) <= 0:  # one that keeps nothing
        return False
    written = secrets.token_hex(8)
    keyring.set_password(_SERVICE, _SERVICE, written)
    try:
        is_kept: bool = keyring.get_password(_SERVICE, _SERVICE) == written
    finally:
        keyring.delete_password(_SERVICE, _SERVICE)
    return is_kept


def keep_in_keyring(service: str, user: str, password: str) -> bool:
    """Keep a password as the entry that `FromKeyring` reads; return whether it is.

    It is read back: a keyring may take less than its probe showed.
    """

    def keep() -> bool:
        import keyring

        keyring.set_password(service, user, password)
        is_kept: bool = keyring.get_password(service, user) == password
        return is_kept

    try:
        return call_with_timeout(keep, timeout_s=PROBE_TIMEOUT_S)
    except Exception:  # noqa: BLE001 -- whatever a back end raises, it was not kept
        return False


def keep_in_file(folder: Path, stem: str, password: str) -> Path:
    """Write a password into a new file that only its owner may read; return it.

    Raises:
        ConfigError: it cannot be written.
    """
    path = folder / f"{stem}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path, descriptor = _create(folder, stem)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(f"{password}\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                path.unlink()
            raise
    except OSError as error:
        raise ConfigError(_UNWRITABLE, path=path, why=reason_of(error)) from error
    return path


def _create(folder: Path, stem: str) -> tuple[Path, int]:
    """Create the first file of that name that is not there yet."""
    for number in itertools.count(2):
        path = folder / f"{stem}.txt"
        with suppress(FileExistsError):
            return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        stem = f"{stem.removesuffix(f'-{number - 1}')}-{number}"
    raise FileExistsError


_UNWRITABLE = Text(
    en="The password file {path} cannot be written ({why}).",
    ja="パスワードファイル {path} を書けません({why})。",
)
