"""The exceptions of the program, one class for each way in which they are handled.

An error carries a `Text` and its data; the language is chosen where it is shown. Its
exit code is the contract's (§1). Any exception that is no `WatcherError` is a bug.
"""

import errno
import os
from enum import IntEnum
from typing import ClassVar

from watcher.i18n import Language, Text


def is_unread(error: OSError) -> bool:
    """Return whether it says that the reader of our output closed the pipe.

    Windows says EINVAL of such a pipe.
    """
    is_odd = error.errno == errno.EINVAL and error.filename is None
    return isinstance(error, BrokenPipeError) or (os.name != "posix" and is_odd)


class ExitCode(IntEnum):
    """Exit code of a command (contract §1; the numbers are those of sysexits.h)."""

    OK = 0
    BUG = 1
    USAGE = 2
    NOTHING = 3
    UNREADABLE = 65
    UNREACHABLE = 69
    TEMPORARY = 75
    REFUSED = 77
    CONFIG = 78


class WatcherError(Exception):
    """An error with a sentence for the user that names the remedy."""

    exit_code: ClassVar[ExitCode]

    def __init__(self, text: Text, **data: object) -> None:
        super().__init__(text, data)
        self.text = text
        self.data = data

    def say(self, language: Language) -> str:
        """Return the whole sentence for the user."""
        return self.text.say(language, **self.data)

    def __str__(self) -> str:
        return self.say(Language.EN)


class ConfigError(WatcherError):
    """The configuration is wrong: nothing runs until the user corrects it."""

    exit_code = ExitCode.CONFIG


class WrongUsage(WatcherError):
    """What the command line says cannot be used, or is not enough."""

    exit_code = ExitCode.USAGE


class Unanswered(WrongUsage):
    """Nobody answers a question of the set-up, and no option does."""


class LoginRefused(WatcherError):
    """The server refuses the login: notify once, try again rarely."""

    exit_code = ExitCode.REFUSED


class Unreachable(WatcherError):
    """The server cannot be reached or not be authenticated: back off, try again."""

    exit_code = ExitCode.UNREACHABLE


class ConnectionLost(WatcherError):
    """The connection broke, or the server refused temporarily: try again."""

    exit_code = ExitCode.TEMPORARY


class MailboxRefused(ConnectionLost):
    """The server does not open a mailbox for now: the others are still watched."""


class MailsUndelivered(WatcherError):
    """The server names mails and does not deliver them: they are asked for again."""

    exit_code = ExitCode.TEMPORARY


class SecretUnavailable(WatcherError):
    """The password's source is locked, slow or failing: ask again later."""

    exit_code = ExitCode.TEMPORARY


class MailboxMissing(WatcherError):
    """The server has no such mailbox: the others are still watched."""

    exit_code = ExitCode.CONFIG


class NotificationFailed(WatcherError):
    """A channel did not show the notification: try the next one."""

    exit_code = ExitCode.TEMPORARY


class JournalBusy(WatcherError):
    """The event log cannot be written now (locked, disk full): try again."""

    exit_code = ExitCode.TEMPORARY


class JournalUnusable(WatcherError):
    """The event log cannot be used until the user repairs it."""

    exit_code = ExitCode.CONFIG


class JournalDamaged(JournalUnusable):
    """The event log's file is no log: only another file in its place helps."""


class AlreadyRunning(WatcherError):
    """Another daemon holds the lock of the event log."""

    exit_code = ExitCode.TEMPORARY


class NothingLive(WatcherError):
    """There is no live attempt to act on."""

    exit_code = ExitCode.NOTHING


class NotHandedOver(WatcherError):
    """No browser took the link, or no clipboard the code: tell the user how else."""

    exit_code = ExitCode.NOTHING


class ServiceFailed(WatcherError):
    """Watcher cannot be set up to start at login, or would not start there."""

    exit_code = ExitCode.TEMPORARY


class Unreadable(WatcherError):
    """A file to classify is missing or is no mail."""

    exit_code = ExitCode.UNREADABLE


class NoMail(Unreadable):
    """A file to classify is no mail: of a folder these are only counted."""


UNEXPECTED = Text(
    en="An unexpected error, a bug in watcher.",
    ja="予期しないエラーです(watcher の不具合)。",
)
"""Why something failed that a bug has stopped."""


def reason_of(error: BaseException) -> Text | str:
    """Return why the system refused something, in both languages where it is known."""
    known = _SYSTEM.get(getattr(error, "errno", None) or 0)
    return known or getattr(error, "strerror", None) or str(error)


_SYSTEM = {
    errno.ENOENT: Text(en="No such file or directory", ja="見つかりません"),
    errno.EACCES: Text(en="Permission denied", ja="アクセス権がありません"),
    errno.EEXIST: Text(en="File exists", ja="同じ名前のものがもうあります"),
    errno.EISDIR: Text(en="Is a directory", ja="ファイルではなくフォルダーです"),
    errno.ENOTDIR: Text(en="Not a directory", ja="途中がフォルダーではありません"),
    errno.ENAMETOOLONG: Text(en="File name too long", ja="名前が長すぎます"),
    errno.ENOSPC: Text(en="No space left on device", ja="ディスクに空きがありません"),
    errno.ENETUNREACH: Text(
        en="Network is unreachable", ja="ネットワークにつながっていません"
    ),
    errno.EHOSTUNREACH: Text(
        en="No route to host", ja="サーバーまでの経路がありません"
    ),
}
"""What users meet of the system's own reasons, which Python gives in English."""
