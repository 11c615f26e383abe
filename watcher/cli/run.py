"""`watcher run`: the daemon, in the foreground."""

import sys

from watcher.app.lock import only_daemon
from watcher.app.queue import EventQueue
from watcher.app.wiring import App, dns_verify, open_channels
from watcher.cli.context import configuration, journal_path
from watcher.cli.parser import Options
from watcher.cli.signals import ending_in_time
from watcher.clock import utc_now
from watcher.errors import ExitCode
from watcher.events import EventName
from watcher.i18n import Text
from watcher.journal.log import Journal


def run(options: Options) -> int:
    """Watch until SIGTERM, SIGINT or SIGHUP."""
    config = configuration(options)
    path = journal_path(config)
    queue = EventQueue()
    with ending_in_time(queue.stop), only_daemon(path), Journal.open(path) as journal:
        app = App(
            config=config,
            journal=journal,
            language=options.language,
            verify=dns_verify(config),
            open_channels=open_channels(config),
            is_daemon=True,
            queue=queue,
        )
        journal.void_leases()
        journal.append(EventName.STARTED, at=utc_now())
        if not options.quiet:
            names = ", ".join(account.name for account in config.accounts)
            text = _WATCHING.say(options.language, names=names)
            print(text, file=sys.stderr, flush=True)
        app.run()
    return ExitCode.OK


_WATCHING = Text(
    en="Watching {names}. Ctrl-C ends it.",
    ja="{names} を見張ります。Ctrl-C で終わります。",
)
