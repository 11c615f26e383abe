"""`watcher check`: one look at every account, or a wait until an attempt comes."""

import sys
import threading
from collections.abc import Mapping
from dataclasses import replace

from watcher.app.daemon import Observed
from watcher.app.wiring import App, dns_verify, open_channels
from watcher.cli.context import configuration, journal_path
from watcher.cli.parser import Options
from watcher.cli.render import render_live
from watcher.clock import utc_now
from watcher.errors import ExitCode, MailboxMissing, WatcherError
from watcher.events import EventName, MailboxSynced, StateChanged
from watcher.i18n import Text
from watcher.journal import Journal


def run(options: Options) -> int:
    """Look, print the live attempts, and return the highest code of all accounts."""
    config = configuration(options)
    with Journal.open(journal_path(config)) as journal:
        journal.expire(utc_now())
        app = App(
            config=config,
            journal=journal,
            language=options.language,
            verify=dns_verify(config),
            open_channels=None if options.no_notify else open_channels(config),
        )
        if options.wait is None:
            return _look(app, options)
        return Waiting(app, options, options.wait).run()


def _look(app: App, options: Options) -> int:
    errors = app.look()
    _print_errors(errors, options)
    is_silent = _print_live(app.journal, options) or options.json or errors
    if not is_silent:
        _print_nothing(app, options)
    codes = (error.exit_code for error in errors.values())
    return max(codes, default=ExitCode.OK)


class Waiting:
    """Watches as the daemon does, until a live attempt is known or the time is over."""

    def __init__(self, app: App, options: Options, seconds: float) -> None:
        self._app = replace(app, observe=self._observe)
        self._options = options
        self._seconds = seconds
        self._errors: dict[str, WatcherError] = {}

    def run(self) -> int:
        """Wait, print the live attempts and return the exit code."""
        timer = threading.Timer(self._seconds, self._app.queue.stop)
        timer.daemon = True
        timer.start()
        self._app.watch()
        timer.cancel()
        if _print_live(self._app.journal, self._options):
            return ExitCode.OK
        _print_errors(self._errors, self._options)
        if not (self._options.json or self._errors):
            _print_nothing(self._app, self._options)
        codes = (error.exit_code for error in self._errors.values())
        return max(codes, default=ExitCode.NOTHING)

    def _observe(self, observed: Observed) -> None:
        match observed:
            case StateChanged(account=account, error=WatcherError() as error):
                self._errors[account] = error
            case MailboxSynced(account=account):
                if not isinstance(self._errors.get(account), MailboxMissing):
                    self._errors.pop(account, None)
            case _:
                pass
        if self._app.journal.live(utc_now()):
            self._app.queue.stop()


def _print_live(journal: Journal, options: Options) -> bool:
    """Print the attempts that are alive now; return whether there are any."""
    now = utc_now()
    live = journal.live(now)
    for event in live:
        if options.json:
            print(event.to_json(now))
        else:
            print(render_live(event, now, options.language))
    return bool(live)


def _print_nothing(app: App, options: Options) -> None:
    """Tell that no attempt is alive, and of mails now that may yet be one."""
    recent = app.journal.events(since=utc_now() - app.config.watch.window)
    is_doubtful = any(event.event is EventName.UNVERIFIED for event in recent)
    print((_DOUBTFUL if is_doubtful else _NOTHING).say(options.language))


def _print_errors(errors: Mapping[str, WatcherError], options: Options) -> None:
    for account, error in errors.items():
        print(f"{account}: {error.say(options.language)}", file=sys.stderr)


_NOTHING = Text(
    en="No sign-in attempt is waiting for you.",
    ja="承認を待っているサインイン試行はありません。",
)
_DOUBTFUL = Text(
    en="No proved sign-in attempt is waiting for you, but a mail came that may be one "
    "and could not be verified: see `watcher log`.",
    ja="承認を待っている確かなサインイン試行はありません。ただし、差出人を確かめられない"
    "メールが届いています(`watcher log` で確認できます)。",
)
