"""`watcher check`: syncs every account once, or waits for a live attempt."""

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from watcher.app.machine_clock import MachineClock
from watcher.app.pipeline import Observed
from watcher.app.wiring import App, dns_verify, open_channels
from watcher.cli.context import configuration, journal_path, notification_language
from watcher.cli.layout import fit
from watcher.cli.narrate import ALERT
from watcher.cli.parser import Options
from watcher.cli.render import render_live
from watcher.cli.terminal import columns, is_terminal
from watcher.clock import minutes_seconds, utc_now
from watcher.errors import (
    ExitCode,
    MailboxMissing,
    MailboxRefused,
    MailsUndelivered,
    WatcherError,
)
from watcher.events import (
    AlertReceived,
    Attempt,
    Event,
    EventName,
    MailboxSynced,
    StateChanged,
    to_json,
)
from watcher.i18n import Text
from watcher.journal.log import Journal
from watcher.notify.wording import foreign_words


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
            is_waiting=options.wait is not None,
            is_attended=False,
        )
        return Check(app, options).run()


class Check:
    """One sync of every account, or a wait until a live attempt is known."""

    def __init__(self, app: App, options: Options) -> None:
        self._app = replace(app, observe=self._observe)
        self._options = options
        self._errors: dict[str, WatcherError] = {}
        self._undelivered: dict[str, dict[str, int]] = {}
        """How many mails, by account and mailbox."""

    def run(self) -> int:
        """Sync or wait, print the live attempts and return the exit code."""
        seconds, language = self._options.wait, self._options.language
        is_waiting = seconds is not None
        self._say_what_takes_time(seconds)
        if seconds is not None:
            timer = threading.Timer(seconds, self._app.queue.stop)
            timer.daemon = True
            timer.start()
        self._app.run()
        now = utc_now()
        live = self._print_live(now)
        if is_waiting and live:
            return ExitCode.OK
        errors = [*self._errors.items(), *self._undelivered_errors()]
        for account, error in errors:
            print(f"{account}: {error.say(language)}", file=sys.stderr)
        if not (live or self._options.json or errors):
            print(self._nothing(now))
        codes = (error.exit_code for _, error in errors)
        return max(codes, default=ExitCode.NOTHING if is_waiting else ExitCode.OK)

    def _say_what_takes_time(self, seconds: float | None) -> None:
        """Tell a person at a terminal that the program works."""
        if self._options.quiet or not is_terminal(sys.stderr):
            return
        accounts = ", ".join(one.name for one in self._app.config.accounts)
        text = _LOOKING if seconds is None else _WAITING
        left = minutes_seconds(timedelta(seconds=seconds or 0))
        said = text.say(self._options.language, accounts=accounts, left=left)
        print(fit(said, columns(sys.stderr)), file=sys.stderr, flush=True)

    def _undelivered_errors(self) -> Iterator[tuple[str, WatcherError]]:
        """Return an error for each account with mails that could not be read.

        One of them may be an attempt: "nothing" would be a guess.
        """
        for account, counts in self._undelivered.items():
            if count := sum(counts.values()):
                yield account, MailsUndelivered(_UNDELIVERED, count=count)

    def _print_live(self, now: datetime) -> list[Event[Attempt]]:
        """Print the live attempts and return them; say so if the clock is wrong."""
        journal, language = self._app.journal, self._options.language
        error, live = MachineClock(journal).error(now), journal.unanswered(now)
        is_wrong = error is not None
        if error is not None:
            print(_CLOCK.say(language, error=error.text), file=sys.stderr)
        for event in live:
            if self._options.json:
                print(to_json(event, now))
            else:
                about = event.about
                said = render_live(about, now, language, is_clock_wrong=is_wrong)
                print(fit(said, columns(sys.stdout)))
        return live

    def _nothing(self, now: datetime) -> str:
        """Return why no attempt is waiting, as far as there is more to say."""
        journal, language = self._app.journal, self._options.language
        if journal.live(now):
            return _ANSWERED.say(language)
        recent = list(journal.events(since=now - self._app.config.watch.window))
        if any(one.event is EventName.UNVERIFIED for one in recent):
            return _DOUBTFUL.say(language)
        missed = [
            one.about.began_at
            for one in recent
            if one.event is EventName.MISSED and isinstance(one.about, Attempt)
        ]
        if missed:
            when, clock = _minute(max(missed)), _minute(now)
            return _OVER_BY_CLOCK.say(language, when=when, now=clock)
        return _NOTHING.say(language)

    def _observe(self, observed: Observed) -> None:
        match observed:
            case AlertReceived(account=account, words=words):
                said = foreign_words(words)
                text = ALERT.say(self._options.language, account=account, words=said)
                print(text, file=sys.stderr)
            case StateChanged(account=account, error=WatcherError() as error):
                self._errors[account] = error
            case MailboxSynced(account=account, mailbox=mailbox):
                counts = self._undelivered.setdefault(account, {})
                counts[mailbox] = observed.undelivered_count
                kept = MailboxMissing | MailboxRefused
                if not isinstance(self._errors.get(account), kept):
                    self._errors.pop(account, None)
            case _:
                pass
        if self._options.wait is not None and self._app.journal.unanswered(utc_now()):
            self._app.queue.stop()


def _minute(instant: datetime) -> str:
    return instant.astimezone().strftime("%Y-%m-%d %H:%M")


_LOOKING = Text(en="Looking at {accounts} …", ja="{accounts} を調べています…")
_WAITING = Text(
    en="Waiting up to {left} for a sign-in attempt ({accounts}). Ctrl-C ends it.",
    ja="サインイン試行を最長 {left} 待ちます({accounts})。Ctrl-C で終わります。",
)
_CLOCK = Text(
    en="This computer's clock is {error}. Set it right; until then no time of day is "
    "shown.",
    ja="このパソコンの時計が{error}。時刻を合わせてください。それまでは時刻を"
    "表示しません。",
)
_OVER_BY_CLOCK = Text(
    en="The last sign-in attempt, of {when}, is over by this computer's clock, which "
    "shows {now}. If you have just signed in, that clock may be wrong: set it right, "
    "or read Amazon's mail. Otherwise nothing is waiting for you.",
    ja="最後のサインイン試行({when})は、このパソコンの時計({now})では期限切れです。"
    "今サインインしたばかりなら、時計が合っていないかもしれません。時刻を合わせるか、"
    "Amazon のメールを見てください。そうでなければ、承認を待っている試行はありません。",
)
_UNDELIVERED = Text(
    en="The server did not deliver {count} of the mails, so they could not be read: "
    "try again in a moment.",
    ja="サーバーから受け取れず、読めなかったメールが {count} 通あります。"
    "しばらくしてから、もう一度実行してください。",
)
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
