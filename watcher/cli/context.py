"""What a command works with: configuration, language, event log."""

from pathlib import Path

import platformdirs

from watcher.cli.parser import Options
from watcher.config.load import default_path, load
from watcher.config.schema import Config, LanguageChoice
from watcher.i18n import Language, desktop_language


def configuration(options: Options) -> Config:
    """Return the user's configuration, and speak the language that it chooses.

    Raises:
        ConfigError: there is none, or it cannot be used.
    """
    config = load(options.config or default_path())
    options.language = language_of(config)
    return config


def configuration_if_any(options: Options) -> Config | None:
    """Return the user's configuration; None if none is named and none is there."""
    if options.config is None and not _may_be_there(default_path()):
        return None
    return configuration(options)


def _may_be_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return True  # whoever reads it can tell what is wrong


def language_of(config: Config) -> Language:
    """Return the language that the user chose, else the desktop's."""
    choice = config.notify.language
    return desktop_language() if choice is LanguageChoice.AUTO else Language(choice)


def journal_path(config: Config | None) -> Path:
    """Return where the event log lies: as configured, else the platform's place."""
    if config and config.log.path:
        return config.log.path
    return platformdirs.user_state_path("watcher", appauthor=False) / "events.db"
