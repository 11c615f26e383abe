"""What can go wrong, one class for each thing the catcher does about it.

An error carries a `Text` and the data that fill it; the language is chosen where it is
shown. Its exit code is the contract's. Whatever is not a `WatcherError` is a bug.
"""

from enum import IntEnum
from typing import ClassVar

from watcher.i18n import Language, Text


class ExitCode(IntEnum):
    """How a command ends (contract §1; the numbers are those of sysexits.h)."""

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
    """Something the user can be told in a sentence that names the remedy."""

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


class LoginRefused(WatcherError):
    """The server knows us and says no: tell the user once, do not hammer."""

    exit_code = ExitCode.REFUSED


class Unreachable(WatcherError):
    """The server cannot be reached, or is not who it claims: back off, try again."""

    exit_code = ExitCode.UNREACHABLE


class ConnectionLost(WatcherError):
    """The conversation broke half-way, or the server said "later": try again."""

    exit_code = ExitCode.TEMPORARY


class SecretUnavailable(WatcherError):
    """The password cannot be had now (locked, slow, failing): ask again later."""

    exit_code = ExitCode.TEMPORARY


class MailboxMissing(WatcherError):
    """The server has no such mailbox: the others are watched all the same."""

    exit_code = ExitCode.CONFIG


class NotificationFailed(WatcherError):
    """This channel did not show it: try the next one."""

    exit_code = ExitCode.TEMPORARY


class JournalBusy(WatcherError):
    """The event log cannot be written now (locked, disk full): try again."""

    exit_code = ExitCode.TEMPORARY


class JournalUnusable(WatcherError):
    """The event log cannot be used until the user does something about it."""

    exit_code = ExitCode.CONFIG


class AlreadyRunning(WatcherError):
    """Another daemon watches with the same event log."""

    exit_code = ExitCode.TEMPORARY


class NothingLive(WatcherError):
    """There is no attempt that could still be acted on."""

    exit_code = ExitCode.NOTHING


class Unreadable(WatcherError):
    """A file that should hold a mail is missing or is no mail at all."""

    exit_code = ExitCode.UNREADABLE


class UsageError(WatcherError):
    """The command was called with words it does not know."""

    exit_code = ExitCode.USAGE
