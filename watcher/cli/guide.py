"""`watcher guide`: leads through linking a household-budget app to Amazon."""

import signal
import sys
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from watcher.app.configfile import ConfigFile, Stamp, Taken
from watcher.app.lock import running_daemon
from watcher.app.pipeline import Observed
from watcher.app.queue import RoundQueues
from watcher.app.wiring import App, dns_verify, open_channels, routes, wanted_by
from watcher.cli.context import configuration, journal_path, notification_language
from watcher.cli.copy import copy_code
from watcher.cli.failures import Failures
from watcher.cli.narrator import Narrator
from watcher.cli.open import open_page
from watcher.cli.parser import Options
from watcher.cli.printed import Printed
from watcher.cli.terminal import columns, is_terminal, tell
from watcher.clock import utc_now
from watcher.config.load import default_path, load
from watcher.config.schema import Config, secret_variables
from watcher.errors import ConfigError, ExitCode, WrongUsage
from watcher.events import Attempt, State, StateChanged
from watcher.guide.apps import NAMES, find
from watcher.guide.inbox import Changed, Inbox, Noticed, Told, Watched
from watcher.guide.screen import Screen
from watcher.guide.session import Means, Session
from watcher.guide.walk import Ending
from watcher.i18n import Text
from watcher.journal.log import Journal
from watcher.notify.notification import Channel, Notification, OnAction
from watcher.notify.trouble import CONFIG_ID


def run(options: Options) -> int:
    """Lead a user through an app's steps; in a pipe, tell them all and wait.

    Raises:
        WrongUsage: no app is named, and nobody is there to be asked.
        ConfigError: the configuration cannot be used.
    """
    file = options.config or default_path()
    stamp = Stamp.of(file)
    taken = Taken(configuration(options), stamp)
    _end_as_by_ctrl_c()
    asks = bool(sys.stdin and sys.stdin.isatty() and sys.stdout.isatty())
    if options.app is None and not asks:
        raise WrongUsage(_WHICH, names=", ".join(NAMES))
    with Journal.open(journal_path(taken.config)) as journal:
        journal.check()
        wanted = wanted_by(taken.config)
        journal.mark_untold(wanted.is_to_be_told)
        journal.expire(utc_now())
        watch = _Watch(file, taken, options)
        session = Session(_means(watch, journal, options, asks=asks))
        if asks:
            watch.inbox.read_lines()
        app = find(options.app) if options.app else session.choose()
        ending = session.run(app) if app else Ending.LEFT
    return watch.exit_code(ending)


def _end_as_by_ctrl_c() -> None:
    """Let nothing stay armed where the window is closed, or the program is ended."""
    for name in ("SIGHUP", "SIGTERM"):
        number = signal.Signals.__members__.get(name)
        if number and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def _means(watch: "_Watch", journal: Journal, options: Options, *, asks: bool) -> Means:
    def use(attempt: Attempt) -> None:
        hidden = secret_variables(watch.config)
        if attempt.code:
            copy_code(journal, attempt.id, hidden)
        else:
            open_page(journal, attempt.id, hidden, options.language)

    is_redrawn = asks and is_terminal(sys.stdout)
    return Means(
        journal=journal,
        screen=Screen(
            options.language,
            columns=lambda: columns(sys.stdout),
            is_redrawn=is_redrawn,
        ),
        inbox=watch.inbox,
        language=options.language,
        watch=watch.run,
        stop=watch.queues.stop,
        use=use,
        asks=asks,
    )


class _Watch:
    """The watch of `check --wait`, which tells the guide of what it does.

    Like `watcher run`, it takes up what is saved meanwhile.
    """

    def __init__(self, file: Path, taken: Taken, options: Options) -> None:
        self.config = taken.config
        self.queues = RoundQueues()
        self.inbox = Inbox()
        self._file, self._taken = file, taken
        self._options = options
        self._failures = Failures(_names(taken.config))
        self._narrator = Narrator(
            lambda line: self.inbox.put(Told(line.say(options.language))),
            accounts=_names(taken.config),
            is_mute=False,
            tells_first=False,
        )

    def run(self) -> None:
        """Watch until it is asked to stop; in a thread, with a log of its own.

        Where `watcher run` is at work as well, showing notifications is left to that.
        """
        with Journal.open(journal_path(self.config)) as journal:
            following: Taken | None = self._taken
            while following:
                self._go_by(following.config)
                following = self._watch(journal, following)

    def _watch(self, journal: Journal, taken: Taken) -> Taken | None:
        """Watch by a configuration; return the one to go on with, if there is one."""
        config = taken.config
        is_alone = running_daemon(journal.path) is None
        return App(
            config=config,
            journal=journal,
            language=notification_language(config),
            verify=dns_verify(config),
            open_channels=self._open_channels if is_alone else None,
            routes=routes(config) if is_alone else {},
            is_waiting=True,
            on_told=self._tell,
            observe=self._observe,
            queue=self.queues.next(),
            config_file=ConfigFile(
                path=self._file,
                taken=taken,
                load=partial(_load, self._file, journal.path),
                tell=self._narrator.on_config,
                on_retry=self._narrator.forget,
                is_noted=False,
            ),
        ).run()

    def _go_by(self, config: Config) -> None:
        """Let another configuration decide which accounts are to be watched."""
        if config is self.config:
            return
        for account in _names(self.config):  # whether so, is found out anew
            self.inbox.put(Watched(account, is_so=True))
        self.config = config
        self._failures = Failures(_names(config))
        self._narrator.go_on(accounts=_names(config), is_mute=False)

    def exit_code(self, ending: Ending) -> int:
        """Return the exit code, and print why nothing could have come."""
        if ending is not Ending.NOTHING:
            return ExitCode.OK
        failures = self._failures.all()
        for account, error in failures:
            tell(f"{account}: {error.say(self._options.language)}")
        codes = (error.exit_code for _, error in failures)
        return max(codes, default=ExitCode.NOTHING)

    def _open_channels(self, on_action: OnAction) -> Sequence[Channel]:
        """Open the configured channels; in place of the terminal is the guide."""
        opened = open_channels(self.config)
        configured = opened(on_action) if opened else ()
        kept = [one for one in configured if one.name != Printed.name]
        return (*kept, Printed())

    def _tell(self, notification: Notification) -> None:
        """Print what is about no attempt; attempts are found in the event log.

        What is wrong with the configuration as saved, the narrator tells in full.
        """
        is_told = notification.replaces_id == CONFIG_ID
        if notification.replaces_id < 0 and not is_told:
            self.inbox.put(Noticed(notification))

    def _observe(self, observed: Observed) -> None:
        self._failures.observe(observed)
        self._narrator.observe(observed)
        match observed:
            case StateChanged(next_try_at=datetime()):
                self.inbox.put(Watched(observed.account, is_so=False))
            case StateChanged(state=State.WATCHING):
                self.inbox.put(Watched(observed.account, is_so=True))
            case _:
                self.inbox.put(Changed())


def _names(config: Config) -> list[str]:
    return [account.name for account in config.accounts]


def _load(file: Path, log: Path) -> Config:
    """Read the configuration again; the guide goes on with its event log alone."""
    config = load(file)
    if journal_path(config) != log:
        raise ConfigError(_OTHER_LOG)
    return config


_OTHER_LOG = Text(
    en="path under [log] was changed: to go on with another event log, type q, and "
    "begin the guide again.",
    ja="[log] の path が変わりました。別の記録ファイルに移るには、q で終わり、案内を"
    "始めなおしてください。",
)
_WHICH = Text(
    en="Name the app, like: watcher guide zaim (known are: {names})",
    ja="アプリを指定してください(例: watcher guide zaim)。案内できるのは {names} "
    "です。",
)
