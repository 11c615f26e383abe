"""`watcher run`: the daemon, in the foreground, by one configuration after another."""

import os
from functools import partial
from pathlib import Path

from watcher.app.configfile import ConfigFile, Stamp, Taken
from watcher.app.lock import only_daemon
from watcher.app.queue import EventQueue
from watcher.app.service_manager import ServiceManager
from watcher.app.wiring import App, dns_verify, open_channels
from watcher.cli.context import configuration, journal_path, notification_language
from watcher.cli.narrator import BugHandler, Narrator, Printer
from watcher.cli.parser import Options
from watcher.cli.signals import ending_in_time
from watcher.clock import utc_now
from watcher.config.load import default_path, load
from watcher.config.schema import Config
from watcher.errors import ExitCode
from watcher.events import EventName
from watcher.journal.log import Journal


def run(options: Options) -> int:
    """Watch until a signal or the console ends it; take up what is saved meanwhile."""
    manager = ServiceManager.take_from(os.environ)
    file = options.config or default_path()
    stamp = Stamp.of(file)
    taken = Taken(configuration(options), stamp)
    queues = _Queues()
    with (
        Printer(options.language, is_quiet=options.quiet) as printer,
        BugHandler(printer.print),
        ending_in_time(queues.stop),
    ):
        narrator = Narrator(
            printer.print,
            accounts=_names(taken.config),
            is_mute=not taken.config.notify.enabled,
        )
        following: Taken | None = taken
        while following:
            following = _watch(file, following, narrator, queues, manager)
    return ExitCode.OK


class _Queues:
    """The queue of each round that a configuration lasts; a signal stops them all."""

    def __init__(self) -> None:
        self._is_stopping = False
        self._queue = EventQueue()

    def stop(self) -> None:
        """End this round and every later one; for a handler of signals."""
        self._is_stopping = True
        self._queue.stop()

    def next(self) -> EventQueue:
        """Return the queue of another round."""
        self._queue = EventQueue()
        if self._is_stopping:  # the signal may have come to the queue before
            self._queue.stop()
        return self._queue


def _watch(
    file: Path,
    taken: Taken,
    narrator: Narrator,
    queues: _Queues,
    manager: ServiceManager,
) -> Taken | None:
    """Watch with one event log; return the configuration that names another one."""
    path = journal_path(taken.config)
    with (
        only_daemon(path) as lock,
        Journal.open(path, narrator.on_event) as journal,
    ):
        journal.check()
        journal.append(EventName.STARTED, at=utc_now())
        following: Taken | None = taken
        while following and journal_path(following.config) == path:
            config = following.config
            app = App(
                config=config,
                journal=journal,
                language=notification_language(config),
                verify=dns_verify(config),
                open_channels=open_channels(config),
                is_daemon=True,
                observe=narrator.observe,
                on_trouble=narrator.on_trouble,
                on_log_changed=narrator.on_log_changed,
                keep_lock=lock.keep,
                manager=manager,
                queue=queues.next(),
                config_file=ConfigFile(
                    path=file,
                    taken=following,
                    load=partial(_load, file, path),
                    tell=narrator.on_config,
                    on_retry=narrator.forget,
                ),
            )
            journal.void_leases()
            if following := app.run():
                is_mute = not following.config.notify.enabled
                narrator.go_on(accounts=_names(following.config), is_mute=is_mute)
    return following


def _load(file: Path, journal: Path) -> Config:
    """Read the configuration again; another event log must be one to go on with."""
    config = load(file)
    path = journal_path(config)
    if path != journal:
        with only_daemon(path), Journal.open(path) as other:
            other.check()
    return config


def _names(config: Config) -> list[str]:
    return [account.name for account in config.accounts]
