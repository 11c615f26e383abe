"""Checks what lies on this machine: permissions, the event log, room on the disk."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from watcher import ownership
from watcher.app.lock import lock_path, only_daemon, running_daemon
from watcher.config.schema import Config
from watcher.errors import JournalBusy, JournalUnusable, reason_of
from watcher.i18n import Text
from watcher.journal.files import BESIDE, beside
from watcher.journal.log import Journal
from watcher.journal.reader import JournalReader
from watcher.setup.doctor.report import (
    Finding,
    Sentence,
    failed,
    passed,
    skipped,
    warned,
    worst,
)

SCARCE_BYTES = 200 * 1024 * 1024
TOO_LITTLE_BYTES = 10 * 1024 * 1024
"""A log of a year takes some; SQLite needs as much again to write in."""


def check_permissions(path: Path, config: Config | None, log: Path) -> Finding:
    """Return whether other users can change what watcher obeys, or read secrets."""
    if not ownership.IS_KNOWN:
        return skipped(_NO_MODES)
    return worst(list(_permissions(path, config, log)) or [passed(_PRIVATE)])


def _permissions(path: Path, config: Config | None, log: Path) -> Iterator[Finding]:
    if _holds(ownership.is_writable, path):
        remedy = Sentence.of(_RUN, command=f"chmod go-w '{path}'")
        yield failed(Sentence.of(_CHANGED, path=path), remedy)
    if config and _has_phone(config) and _holds(ownership.is_open, path):
        remedy = Sentence.of(_RUN, command=f"chmod 600 '{path}'")
        yield failed(Sentence.of(_TOPIC_READ, path=path), remedy)
    for account in config.accounts if config else ():
        secret = account.password_file
        if secret is not None and _holds(ownership.is_open, secret):
            remedy = Sentence.of(_RUN, command=f"chmod 600 '{secret}'")
            yield failed(Sentence.of(_READ, path=secret), remedy)
    for folder in dict.fromkeys((path.parent, log.parent)):
        if _holds(ownership.is_replaceable, folder):
            remedy = Sentence.of(_RUN, command=f"chmod go-w '{folder}'")
            yield failed(Sentence.of(_REPLACED, path=folder), remedy)


def _has_phone(config: Config) -> bool:
    """Return whether the configuration holds an address that is a password."""
    return bool(config.push.url or any(one.push.url for one in config.accounts))


def _holds(is_so: Callable[[os.stat_result], bool], path: Path) -> bool:
    """Return whether something is so of what lies at a path, if anything does."""
    try:
        return is_so(path.stat())
    except OSError:
        return False


def check_log(path: Path) -> Finding:
    """Return whether the event log can be written, is whole, and can be shared."""
    for place in (nearest(path), nearest(path.parent)):  # SQLite writes beside it, too
        if not os.access(place, os.W_OK):
            remedy = Sentence.of(_LOG_REMEDY, path=place)
            return failed(Sentence.of(_NOT_WRITABLE, path=place), remedy)
    try:
        running_daemon(path)  # or the lock beside it is no lock
        journal = JournalReader.read(path)
        if journal is None:
            _try_out(path)
            return passed(_NO_LOG_YET, path=path)
        with journal:
            journal.read_rest()
            is_shared = journal.is_in_wal_mode()
    except JournalBusy as error:
        return warned(error, Sentence.of(_LOG_REMEDY, path=path))
    except JournalUnusable as error:
        return failed(error, Sentence.of(_LOG_REMEDY, path=path))
    if not is_shared:
        detail = Sentence.of(_NOT_SHARED, path=path)
        return warned(detail, _LOCAL_DISK)
    return passed(_LOG, path=path)


def _try_out(path: Path) -> None:
    """Make a log beside the one that is to be, as `watcher run` does; remove it again.

    Raises:
        JournalBusy, JournalUnusable: none can be made there; the error names `path`.
    """
    trial = path.with_name(f".{secrets.token_hex(8)}")
    missing = [one for one in path.absolute().parents if not ownership.is_visible(one)]
    try:
        with only_daemon(trial), Journal.open(trial):
            pass
    except (JournalBusy, JournalUnusable) as error:
        data = {key: _renamed(one, trial, path) for key, one in error.data.items()}
        raise type(error)(error.text, **data) from error
    finally:
        with suppress(OSError):
            for file in (lock_path(trial), *(beside(trial, end) for end in BESIDE)):
                file.unlink(missing_ok=True)
            for folder in missing:
                folder.rmdir()


def _renamed(value: object, trial: Path, path: Path) -> object:
    """Return a path of the trial as the one that it stands for."""
    if not isinstance(value, Path) or not value.name.startswith(trial.name):
        return value
    return value.with_name(path.name + value.name.removeprefix(trial.name))


def nearest(path: Path) -> Path:
    """Return the path, or the nearest folder above it that is there."""
    return next(
        (one for one in (path, *path.absolute().parents) if ownership.is_visible(one)),
        Path("/"),
    )


def check_disk(
    path: Path, free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free
) -> Finding:
    """Return whether there is room for the event log."""
    place = nearest(path)
    try:
        left = free(place)
    except OSError as error:
        why = reason_of(error)
        return warned(Sentence.of(_NO_SIZE, path=place, why=why), _ROOM)
    size = f"{left / 1024**2:,.0f} MB"
    detail = Sentence.of(_LEFT, path=place, size=size)
    if left < TOO_LITTLE_BYTES:
        return failed(detail, _ROOM)
    if left < SCARCE_BYTES:
        return warned(detail, _ROOM)
    return passed(_LEFT, path=place, size=size)


_NO_MODES = Text(
    en="On this system the folder of your user account protects the files.",
    ja="このシステムでは、ユーザーのフォルダーがファイルを守ります。",
)
_PRIVATE = Text(
    en="Nobody else can change the configuration or read the passwords.",
    ja="ほかの利用者は、設定を変えることもパスワードを読むこともできません。",
)
_CHANGED = Text(
    en="Other users can change {path}.",
    ja="ほかの利用者が {path} を書きかえられます。",
)
_READ = Text(
    en="Other users can read the password file {path}.",
    ja="ほかの利用者がパスワードファイル {path} を読めます。",
)
_TOPIC_READ = Text(
    en="Other users can read {path}, and so the address of the phone in it.",
    ja="ほかの利用者が {path} を読めるので、スマートフォンの送り先も読めます。",
)
_REPLACED = Text(
    en="Other users can replace the files in {path}.",
    ja="ほかの利用者が {path} の中のファイルを置きかえられます。",
)
_RUN = Text(en="Run: {command}", ja="次を実行してください: {command}")
_LOG = Text(
    en="{path} can be written, is whole, and is shared (WAL).",
    ja="{path} は壊れておらず、書きこめます。複数のコマンドから同時に使えます(WAL)。",
)
_NO_LOG_YET = Text(
    en="{path} is made by the first command that needs it.",
    ja="{path} は、最初に必要になったときに作られます。",
)
_NOT_WRITABLE = Text(
    en="{path} cannot be written, so nothing could be logged or shown.",
    ja="{path} に書きこめません。記録も通知もできません。",
)
_NOT_SHARED = Text(
    en="{path} lies where programs cannot share it (no WAL), so commands may have to "
    "wait for each other.",
    ja="{path} は同時に使えない場所にあります(WAL 不可)。コマンドが互いを待つことが"
    "あります。",
)
_LOCAL_DISK = Text(
    en="Name a file on a disk of this computer under [log] path.",
    ja="[log] path に、このパソコンのディスクにあるファイルを書いてください。",
)
_LOG_REMEDY = Text(
    en="Correct the permissions of {path}, move it away if it is damaged, or name "
    "another file under [log] path.",
    ja="{path} のアクセス権を直すか、壊れているならほかの場所に移すか、[log] path に"
    "別のファイルを書いてください。",
)
_LEFT = Text(en="{size} are free at {path}.", ja="{path} のあるディスクの空き: {size}")
_NO_SIZE = Text(
    en="The free room at {path} cannot be read ({why}).",
    ja="{path} の空きを調べられません({why})。",
)
_ROOM = Text(
    en="Make room on that disk, or name a file on another one under [log] path.",
    ja="そのディスクを空けるか、[log] path に別のディスクのファイルを書いてください。",
)
