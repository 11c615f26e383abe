"""Reads the configuration file; where there is none, looks for it under other names."""

import os
from contextlib import suppress
from pathlib import Path

from watcher import ownership
from watcher.config.encoding import NotUtf8, decode
from watcher.config.regular import content, opened
from watcher.errors import ConfigError, reason_of
from watcher.i18n import Text

CONFIG_BYTES = 1024 * 1024
"""The longest configuration that is read: thousands of accounts."""


def read(path: Path) -> str:
    """Return the text of a configuration file.

    Raises:
        ConfigError: it is no regular file, cannot be read, is too long, is not UTF-8,
            belongs to another user, or others may change or replace it.
    """
    try:
        with opened(path) as file:
            _check_owners(path, os.fstat(file.fileno()))
            return decode(content(file, path, CONFIG_BYTES))
    except NotUtf8 as error:
        raise ConfigError(_NOT_UTF8, path=path, line=error.line) from None
    except FileNotFoundError as error:
        raise missing(path) from error
    except OSError as error:
        with suppress(OSError):  # its folder may not be searched
            if path.is_dir():
                raise ConfigError(_FOLDER, path=path) from error
        raise ConfigError(_UNREADABLE, path=path, reason=reason_of(error)) from error


def is_there(path: Path) -> bool:
    """Return whether there is a configuration file, be it one that cannot be used.

    Raises:
        ConfigError: its folder may not be searched, or cannot be.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise ConfigError(_UNREADABLE, path=path, reason=reason_of(error)) from error
    return True


def _check_owners(path: Path, found: os.stat_result) -> None:
    """Raise `ConfigError` where somebody else decides what stands in the file.

    It names the commands run for passwords: who writes it, runs code as us.
    """
    if ownership.is_foreign(found):
        raise ConfigError(_FOREIGN, path=path)
    if ownership.is_writable(found):
        raise ConfigError(_WRITABLE, path=path)
    if folder := ownership.replaceable_folder(path):
        raise ConfigError(_REPLACEABLE, path=path, folder=folder)


def missing(path: Path) -> ConfigError:
    """Return the error of a file that is not there: make it, or rename another."""
    found = _misnamed(path)
    if found is None:
        return ConfigError(_MISSING, path=path)
    return ConfigError(_MISNAMED, path=path, found=found, name=path.name)


def _misnamed(path: Path) -> str | None:
    """Return the name of a file beside `path` that is meant to be it.

    Editors and Explorer, which hides endings, make `config.toml.txt` of it.
    """
    meant = {
        f"{path.name}.txt",
        f"{path.name}{path.suffix}",
        f"{path.stem}.txt",
        path.stem,
        path.name,  # in capitals
    }
    with suppress(OSError):
        names = sorted(one.name for one in path.parent.iterdir() if one.is_file())
        return next((name for name in names if name.lower() in meant), None)
    return None


_MISSING = Text(
    en="There is no configuration {path} yet. Make one with: watcher init (or name "
    "another file with --config)",
    ja="設定ファイル {path} がまだありません。次を実行すると作れます: watcher init"
    "(--config で別のファイルを指定することもできます)",
)
_MISNAMED = Text(
    en="There is no configuration {path}, but beside it lies {found}: rename that to "
    '{name}. (If you see no ending in Explorer: View, Show, "File name extensions".)',
    ja="設定ファイル {path} がありませんが、同じフォルダーに {found} があります。"
    "名前を {name} に変えてください(エクスプローラーで末尾が見えないときは、"
    "「表示」→「表示」→「ファイル名拡張子」をオンにします)。",
)
_FOLDER = Text(
    en="{path} is a folder, but the configuration must be a file: move the folder "
    "away, then run: watcher init",
    ja="{path} はフォルダーですが、設定はファイルでなければなりません。フォルダーを"
    "移してから、次を実行してください: watcher init",
)
_UNREADABLE = Text(
    en="The configuration {path} cannot be read ({reason}). Correct that, or name "
    "another file with --config.",
    ja="設定ファイル {path} を読めません({reason})。原因を直すか、--config で別の"
    "ファイルを指定してください。",
)
_NOT_UTF8 = Text(
    en="The configuration {path} is not saved as UTF-8 (line {line}). In Notepad: "
    'File, "Save as", and choose UTF-8 as the encoding.',
    ja="設定ファイル {path} が UTF-8 で保存されていません({line} 行目)。メモ帳なら"
    "「名前を付けて保存」で、文字コードを UTF-8 にして保存しなおしてください。",
)
_WRITABLE = Text(
    en="The configuration {path} can be changed by other users. "
    "Run: chmod go-w '{path}'",
    ja="設定ファイル {path} はほかの利用者が書きかえられます。"
    "次を実行してください: chmod go-w '{path}'",
)
_FOREIGN = Text(
    en="The configuration {path} belongs to another user, who could change what "
    "watcher does. Copy it, or name one of your own with --config.",
    ja="設定ファイル {path} は別の利用者のもので、watcher の動きを変えられて"
    "しまいます。コピーして自分のファイルにするか、--config で別のファイルを指定して"
    "ください。",
)
_REPLACEABLE = Text(
    en="Other users can replace the configuration {path}, since the folder {folder} is "
    "open to them. Run: chmod go-w '{folder}'",
    ja="フォルダー {folder} にほかの利用者も書きこめるので、設定ファイル {path} を"
    "置きかえられてしまいます。次を実行してください: chmod go-w '{folder}'",
)
