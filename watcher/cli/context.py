"""Finds what a command works with: configuration, language, event log."""

from watcher.app.lock import running_daemon
from watcher.cli.parser import Options
from watcher.cli.terminal import readable_language, tell
from watcher.config.file import is_there
from watcher.config.home import NoHomeError
from watcher.config.load import default_path, load
from watcher.config.load import journal_path as journal_path
from watcher.config.schema import Config, LanguageChoice
from watcher.errors import ConfigError
from watcher.i18n import Language, desktop_language


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
