"""Starts `watcher run` at login, in this platform's own way."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from watcher.config.home import NoHomeError
from watcher.config.load import default_path
from watcher.setup.service.autostart import Autostart
from watcher.setup.service.base import Service, command_here
from watcher.setup.service.launchd import LaunchAgent
from watcher.setup.service.systemd import UserUnit, reaches_graphical_session
from watcher.setup.service.task_scheduler import ScheduledTask


def service_here(
    config: Path | None, environment: Mapping[str, str] = os.environ
) -> Service:
    """Return this machine's way to start watcher at login, which asks the system.

    `config` is the configuration file that the user named; without one, WATCHER_CONFIG
    of the environment, as for every command. What is looked for anyway is not named.
    """
    config = config or default_path(environment)
    with suppress(NoHomeError):  # nothing is looked for in one
        if config == default_path({}):
            config = None
    command = command_here(config, environment)
    if sys.platform == "win32":
        return ScheduledTask(command, config)
    if sys.platform == "darwin":
        return LaunchAgent(command, config)
    return _on_linux(UserUnit(command, config), Autostart(command, config))


def _on_linux(unit: UserUnit, entry: Autostart) -> Service:
    """Return the one that is installed; else the unit where it would be started."""
    if os.path.lexists(unit.path):
        return unit
    if os.path.lexists(entry.path):
        return entry
    return unit if reaches_graphical_session() else entry
