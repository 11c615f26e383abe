"""Finds what a command works with: configuration, language, event log."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING

from watcher.app.lock import running_daemon
from watcher.cli.parser import Options
from watcher.cli.streams import readable_language
from watcher.cli.terminal import tell
from watcher.clock import utc_now
from watcher.config.file import is_there
from watcher.config.home import NoHomeError
from watcher.config.load import default_path, load
from watcher.config.load import journal_path as journal_path
from watcher.config.schema import Config, LanguageChoice
from watcher.errors import ConfigError, JournalBusy, JournalUnusable
from watcher.i18n import Language, desktop_language

if TYPE_CHECKING:  # not every command needs them
    from watcher.journal.log import Journal
    from watcher.journal.reader import JournalReader


def configuration(options: Options) -> Config:
    """Return the user's configuration, and print in the language of its choice.

    Raises:
        ConfigError: there is none, or it cannot be used.
    """
    config = load(options.config or default_path())
    options.language = readable_language(notification_language(config))
    return config


def configuration_if_any(options: Options) -> Config | None:
    """Return the user's configuration; None if none is named and none is there."""
    is_named = options.config is not None
    return configuration(options) if is_named or has_configuration(options) else None


def configuration_if_good(options: Options) -> Config | None:
    """Return the configuration, for a command that needs little but the event log.

    Where it cannot be used and `watcher run` goes on by a former one, that is said,
    and the command goes on as well: while an attempt is alive, minutes count.

    Raises:
        ConfigError: it cannot be used, and none is at work with the default log.
    """
    try:
        return configuration_if_any(options)
    except ConfigError as error:
        if running_daemon(journal_path(None)) is None:
            raise
        tell(error.say(options.language))
        return None


def has_configuration(options: Options) -> bool:
    """Return whether there is a configuration, be it one that cannot be used."""
    try:
        return is_there(options.config or default_path())
    except NoHomeError:
        return False  # what needs one reports it
    except ConfigError:
        return True  # reading it reports what is wrong


def notification_language(config: Config | None) -> Language:
    """Return the language that the user wants: as configured, else the desktop's.

    Notifications speak it even where it cannot be printed (`options.language`).
    """
    choice = config.notify.language if config else LanguageChoice.AUTO
    return desktop_language() if choice is LanguageChoice.AUTO else Language(choice)


@contextmanager
def open_journal(config: Config | None) -> Iterator["Journal"]:
    """Open the event log to write, without the secrets of what is over."""
    from watcher.journal.log import Journal

    path = journal_path(config)
    with Journal.open(path) as journal:
        now = utc_now()
        # A daemon does it by itself, and tells of it.
        if journal.is_any_over(now) and running_daemon(path) is None:
            _expire(journal, now, config)
        yield journal


def _expire(journal: "Journal", now: datetime, config: Config | None) -> None:
    """Expire what is over, and leave it to the next daemon to tell of it."""
    from watcher.app.wanted import Wanted
    from watcher.app.wiring import wanted_by

    wanted = wanted_by(config) if config else Wanted()
    journal.mark_untold(wanted.is_to_be_told)
    journal.expire(now)


def read_journal(config: Config | None) -> "JournalReader | None":
    """Open the event log for reading only; None if there is none yet.

    Secrets of what is over are deleted before, where that is possible.
    """
    from watcher.journal.reader import JournalReader

    journal = JournalReader.read(journal_path(config))
    if journal is not None and journal.is_any_over(utc_now()):
        with suppress(JournalBusy, JournalUnusable), open_journal(config):
            pass
    return journal
