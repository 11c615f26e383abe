"""`watcher run`: the daemon, in the foreground, by one configuration after another."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from watcher.app.configfile import ConfigFile, Stamp, Taken
from watcher.app.hooks import EventRelay
from watcher.app.lock import only_daemon
from watcher.app.memory import give_large_blocks_back
from watcher.app.queue import HookFailed, RoundQueues
from watcher.app.service_manager import ServiceManager
from watcher.app.wiring import App, dns_verify, open_channels, routes
from watcher.cli.context import configuration, journal_path, notification_language
from watcher.cli.narrator import BugHandler, Narrator, Printer
from watcher.cli.parser import Options
from watcher.cli.signals import ending_in_time
from watcher.clock import utc_now
from watcher.config.load import default_path, load
from watcher.config.schema import Config, secret_variables
from watcher.errors import ExitCode
from watcher.events import AnyEvent, EventName
from watcher.journal.log import Journal


def run(options: Options) -> int:
    """Watch until a signal or the console ends it; take up what is saved meanwhile."""
    give_large_blocks_back()
    manager = ServiceManager.take_from(os.environ)
    file = options.config or default_path()
    stamp = Stamp.of(file)
    taken = Taken(configuration(options), stamp)
    queues = RoundQueues()
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


def _watch(
    file: Path,
    taken: Taken,
    narrator: Narrator,
    queues: RoundQueues,
    manager: ServiceManager,
) -> Taken | None:
    """Watch with one event log; return the configuration that names another one."""
    path = journal_path(taken.config)
    relay = EventRelay(narrator.on_other)

    def on_event(event: AnyEvent) -> None:
        narrator.on_event(event)
        relay.on_event(event)

    with only_daemon(path) as lock, Journal.open(path, on_event) as journal:
        journal.check()
        is_first = True
        following: Taken | None = taken
        while following and journal_path(following.config) == path:
            config = following.config
            app = App(
                config=config,
                journal=journal,
                language=notification_language(config),
                verify=dns_verify(config),
                open_channels=open_channels(config),
                routes=routes(config),
                is_daemon=True,
                observe=narrator.observe,
                on_unshown=narrator.on_unshown,
                on_trouble=narrator.on_trouble,
                on_log_changed=narrator.on_log_changed,
                relay=relay.tick,
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
            with _hooked(config, relay, queues):
                if is_first:
                    journal.append(EventName.STARTED, at=utc_now())
                    is_first = False
                journal.void_leases()
                following = app.run()
            if following:
                is_mute = not following.config.notify.enabled
                narrator.go_on(accounts=_names(following.config), is_mute=is_mute)
    return following


@contextmanager
def _hooked(config: Config, relay: EventRelay, queues: RoundQueues) -> Iterator[None]:
    """Pass events on to the user's command while inside."""
    entry = config.hook
    if entry.command is None:
        relay.use(None)
        yield
        return
    from watcher.notify.hook import Hook  # it takes long, and few have one

    hook = Hook(
        entry.command,
        secret_variables(config),
        lambda error: queues.put(HookFailed(error)),
    )
    relay.use(hook, entry.events, with_secrets=entry.secrets)
    try:
        yield
    finally:
        hook.end()


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
