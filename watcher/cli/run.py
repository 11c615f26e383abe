"""`watcher run`: the daemon, in the foreground."""

import os

from watcher.app.lock import only_daemon
from watcher.app.queue import EventQueue
from watcher.app.service_manager import ServiceManager
from watcher.app.wiring import App, dns_verify, open_channels
from watcher.cli.context import configuration, journal_path, notification_language
from watcher.cli.narrator import BugHandler, Narrator, Printer
from watcher.cli.parser import Options
from watcher.cli.signals import ending_in_time
from watcher.clock import utc_now
from watcher.errors import ExitCode
from watcher.events import EventName
from watcher.journal.log import Journal


def run(options: Options) -> int:
    """Watch until SIGTERM, SIGINT or SIGHUP."""
    manager = ServiceManager.take_from(os.environ)
    config = configuration(options)
    path = journal_path(config)
    queue = EventQueue()
    with (
        Printer(options.language, is_quiet=options.quiet) as printer,
        BugHandler(printer.print),
        ending_in_time(queue.stop),
        only_daemon(path) as lock,
    ):
        narrator = Narrator(
            printer.print,
            accounts=[account.name for account in config.accounts],
            is_mute=not config.notify.enabled,
        )
        with Journal.open(path, narrator.on_event) as journal:
            journal.check()
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
                queue=queue,
            )
            journal.void_leases()
            journal.append(EventName.STARTED, at=utc_now())
            app.run()
    return ExitCode.OK
