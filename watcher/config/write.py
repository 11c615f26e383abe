"""Writes the configuration: a new file, or one more account in a file that is there.

What the user has written stays to the letter, comments included. A file is replaced as
a whole, after what is to take its place was read back; a copy of the old one is kept.
"""

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

from watcher.config.file import read
from watcher.config.load import load
from watcher.config.schema import Account, Push
from watcher.errors import ConfigError, reason_of
from watcher.i18n import Text

COPIES = 1000
"""More copies of one file than these are not made."""


def account_table(account: Account) -> str:
    """Return the table of an account in TOML; those with their default are left out."""
    own = push_table(account.push, "[accounts.push]") if account.push.url else ""
    return _table("[[accounts]]", account) + own


def push_table(push: Push, header: str = "[push]") -> str:
    """Return the table of a phone in TOML."""
    return f"\n{_table(header, push)}"


def _table(header: str, entry: Account | Push) -> str:
    default = type(entry)()
    names = [key.name for key in fields(entry) if "parse" in key.metadata]
    values = ((name, getattr(entry, name)) for name in names)
    given = ((name, value) for name, value in values if value != getattr(default, name))
    lines = (f"{name} = {_toml(value)}" for name, value in given)
    return "\n".join((header, *lines)) + "\n"


def _toml(value: object) -> str:
    """Return a value in TOML (v1.0.0), whose basic strings are JSON's but for DEL."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    plain = str(value) if isinstance(value, Path) else value
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")


def create(path: Path, text: str) -> Path | None:
    """Write a new configuration; its folder is made.

    Returns:
        A copy of the file whose place it takes, None if there was none.

    Raises:
        ConfigError: it cannot be written, or `text` is no good configuration.
    """
    try:
        copy = _copy(path) if path.exists() else None
    except OSError as error:
        raise ConfigError(_UNWRITABLE, path=path, why=reason_of(error)) from error
    try:
        _put(path, text)
    except ConfigError:
        if copy is not None:
            with suppress(OSError):
                copy.unlink()
        raise
    return copy


def add_account(path: Path, table: str) -> Path:
    """Put an account's table behind all that a file holds; return a copy of the file.

    Raises:
        ConfigError: it cannot be read or written, or nothing can be put behind its end.
    """
    try:
        before = read(path)
        copy = _copy(path)
    except OSError as error:
        raise ConfigError(_UNWRITABLE, path=path, why=reason_of(error)) from error
    try:
        _put(path, f"{before.rstrip()}\n\n{table}")
    except ConfigError as error:
        with suppress(OSError):
            copy.unlink()
        raise ConfigError(_NOT_ADDED, path=path, table=table) from error
    return copy


def _put(path: Path, text: str) -> None:
    """Put `text` in place of a file, or change nothing if anything fails."""
    target = path.resolve()
    written: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Beside it, so that relative paths mean the same, and on the same file system.
        descriptor, name = tempfile.mkstemp(
            prefix=f".{path.stem}-", suffix=".toml", dir=target.parent
        )
        written = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        load(written)
        written.replace(target)
    except OSError as error:
        raise ConfigError(_UNWRITABLE, path=path, why=reason_of(error)) from error
    finally:
        if written is not None:
            with suppress(OSError):
                written.unlink()


def _copy(path: Path) -> Path:
    """Copy a file to the first free name behind its own; only its owner may read it."""
    content = path.read_bytes()
    for number in range(1, COPIES):
        copy = path.with_name(f"{path.name}.{number}.bak")
        with suppress(FileExistsError):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(copy, flags, 0o600), "wb") as file:
                file.write(content)
            return copy
    raise FileExistsError


_UNWRITABLE = Text(
    en="The configuration {path} cannot be written ({why}). Make room or give write "
    "permission, or name another file with --config.",
    ja="設定ファイル {path} を書けません({why})。空き容量と書きこみの権限を確かめるか、"
    "--config で別のファイルを指定してください。",
)
_NOT_ADDED = Text(
    en="One more account could not be put behind the end of {path}. Nothing was "
    "changed; add it there by hand:\n\n{table}",
    ja="{path} の末尾にアカウントを追加できませんでした。何も変更していません。"
    "次の内容を手で書き加えてください:\n\n{table}",
)
