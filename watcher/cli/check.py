"""`watcher check`: syncs every account once, or waits for a live attempt."""

import sys
import threading
from dataclasses import replace
from datetime import datetime

from watcher.app.pipeline import Observed
from watcher.app.wiring import App, dns_verify, open_channels
from watcher.cli.context import configuration, journal_path, notification_language
from watcher.cli.parser import Options
from watcher.cli.render import render_live
from watcher.clock import utc_now
from watcher.errors import ExitCode, MailboxMissing, WatcherError
from watcher.events import EventName, MailboxSynced, StateChanged, to_json
from watcher.i18n import Text
from watcher.journal.log import Journal


def run(options: Options) -> int:
    """Sync, print the live attempts, and return the highest code of all accounts."""
    config = configuration(options)
    with Journal.open(journal_path(config)) as journal:
        journal.check()
        journal.expire(utc_now())
        app = App(
            config=config,
            journal=journal,
            language=notification_language(config),
            verify=dns_verify(config),
            open_channels=None if options.no_notify else open_channels(config),
            is_one_shot=options.wait is None,
            is_attended=False,
        )
        return Check(app, options).run()


class Check:
    """One sync of every account, or a wait until a live attempt is known."""

    def __init__(self, app: App, options: Options) -> None:
        self._app = replace(app, observe=self._observe)
        self._options = options
        self._errors: dict[str, WatcherError] = {}

    def run(self) -> int:
        """Sync or wait, print the live attempts and return the exit code."""
        seconds, language = self._options.wait, self._options.language
        is_waiting = seconds is not None
        if seconds is not None:
            timer = threading.Timer(seconds, self._app.queue.stop)
            timer.daemon = True
            timer.start()
        self._app.run()
        journal, now = self._app.journal, utc_now()
        live = journal.unanswered(now)
        for event in live:
            if self._options.json:
                print(to_json(event, now))
            else:
                print(render_live(event.about, now, language))
        if is_waiting and live:
            return ExitCode.OK
        for account, error in self._errors.items():
            print(f"{account}: {error.say(language)}", file=sys.stderr)
        if not (live or self._options.json or self._errors):
            print(self._nothing(now).say(language))
        codes = (error.exit_code for error in self._errors.values())
        return max(codes, default=ExitCode.NOTHING if is_waiting else ExitCode.OK)

    def _nothing(self, now: datetime) -> Text:
        """Return why no attempt is waiting, as far as there is more to say."""
        journal = self._app.journal
        if journal.live(now):
            return _ANSWERED
        recent = journal.events(since=now - self._app.config.watch.window)
        is_doubtful = any(one.event is EventName.UNVERIFIED for one in recent)
        return _DOUBTFUL if is_doubtful else _NOTHING

    def _observe(self, observed: Observed) -> None:
        match observed:
            case StateChanged(account=account, error=WatcherError() as error):
                self._errors[account] = error
            case MailboxSynced(account=account):
                if not isinstance(self._errors.get(account), MailboxMissing):
                    self._errors.pop(account, None)
            case _:
                pass
        if self._options.wait is not None and self._app.journal.unanswered(utc_now()):
            self._app.queue.stop()


_NOTHING = Text(
    en="No sign-in attempt is waiting for you.",
    ja="承認を待っているサインイン試行はありません。",
)
_ANSWERED = Text(
    en="No sign-in attempt is waiting for you: you have answered the one that is still "
    "alive. To open its page again, see its number in `watcher log`, and run: watcher "
    "open NUMBER",
    ja="承認を待っているサインイン試行はありません。まだ有効な試行には、もう答えています。"
    "もう一度開くには、`watcher log` で番号を確かめて watcher open 番号 と打って"
    "ください。",
)
_DOUBTFUL = Text(
    en="No proved sign-in attempt is waiting for you, but a mail came that may be one "
    "and could not be verified: see `watcher log`.",
    ja="承認を待っている確かなサインイン試行はありません。ただし、差出人を確かめられない"
    "メールが届いています(`watcher log` で確認できます)。",
)
