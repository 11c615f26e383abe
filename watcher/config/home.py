"""Tells in a sentence that nobody knows where the user's home folder is.

A cron job, a container or a stripped environment may name none. What needs no folder
of the user's, as `watcher classify`, works there all the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from watcher.errors import ConfigError
from watcher.i18n import Text


class NoHomeError(ConfigError):
    """No home folder is known, and what lies in it is asked for."""


@contextmanager
def home_needed() -> Iterator[None]:
    """Ask for a folder of the user's.

    Raises:
        NoHomeError: the environment names none, and the system knows none.
    """
    try:
        yield
    except RuntimeError as error:  # what platformdirs and pathlib say of it
        raise NoHomeError(_NO_HOME) from error


_NO_HOME = Text(
    en="No home folder is known, where the files of watcher belong: set HOME to it, or "
    "name their places in WATCHER_CONFIG (the configuration's file) and WATCHER_STATE "
    "(the event log's folder).",
    ja="ホームフォルダーがわからないので、watcher のファイルの置き場所が決まりません。"
    "HOME を設定するか、WATCHER_CONFIG に設定ファイルを、WATCHER_STATE に記録の"
    "フォルダーを指定してください。",
)
SET_HOME = Text(
    en="Set HOME, or WATCHER_CONFIG and WATCHER_STATE.",
    ja="HOME を設定するか、WATCHER_CONFIG と WATCHER_STATE を設定してください。",
)
