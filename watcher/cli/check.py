"""`watcher check`: syncs every account once, or waits for a live attempt."""

import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from watcher.app.judging import Judged
from watcher.app.machine_clock import MachineClock
from watcher.app.pipeline import Observed, Processed
from watcher.app.silence import SILENT_AFTER, count_silent_tries, other_ways
from watcher.app.wiring import App, dns_verify, open_channels, routes
from watcher.cli.context import configuration, journal_path, notification_language
from watcher.cli.failures import Failures
from watcher.cli.narrate import ALERT
from watcher.cli.parser import Options
from watcher.cli.render import render_live
from watcher.cli.terminal import is_terminal, say, tell
from watcher.clock import minutes_seconds, utc_now
from watcher.errors import ExitCode
from watcher.events import AlertReceived, Attempt, Event, EventName, to_json
from watcher.i18n import Text
from watcher.journal.log import Journal
from watcher.notify.wording import foreign_words
from watcher.recognition.verdict import Unverified


def run(options: Options) -> int:
    """Sync, print the live attempts, and return the highest code of all accounts."""
    config = configuration(options)
    with Journal.open(journal_path(config)) as journal:
        journal.check()
        app = App(
            config=config,
            journal=journal,
            language=notification_language(config),
            verify=dns_verify(config),
            open_channels=None if options.no_notify else open_channels(config),
            routes={} if options.no_notify else routes(config),
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
        is_waiting = options.wait is not None
        names = [one.name for one in app.config.accounts]
        self._failures = Failures(names if is_waiting else ())
        self._is_doubtful = False
        """Whether a mail has come that may be what is waited for."""

    def run(self) -> int:
        """Sync or wait, print the live attempts and return the exit code."""
        seconds, language = self._options.wait, self._options.language
        is_waiting = seconds is not None
        self._say_what_takes_time(seconds)
        if seconds is not None:
            _later(seconds, self._app.queue.stop)
            self._say_when_silent(seconds)
        self._app.run()
        now = utc_now()
        live = self._print_live(now)
        if is_waiting and live:
            return ExitCode.OK
        errors = self._failures.all()
        for account, error in errors:
            tell(f"{account}: {error.say(language)}")
        if not (live or self._options.json or errors):
            say(self._nothing(now))
        codes = (error.exit_code for _, error in errors)
        return max(codes, default=ExitCode.NOTHING if is_waiting else ExitCode.OK)

    def _say_what_takes_time(self, seconds: float | None) -> None:
        """Tell a person at a terminal that the program works."""
        if self._options.quiet or not is_terminal(sys.stderr):
            return
        accounts = ", ".join(one.name for one in self._app.config.accounts)
        text = _LOOKING if seconds is None else _WAITING
        left = minutes_seconds(timedelta(seconds=seconds or 0))
        tell(text.say(self._options.language, accounts=accounts, left=left))

    def _say_when_silent(self, seconds: float) -> None:
        """Tell after a while what else Amazon does, unless a mail has ended the wait.

        On standard error, in a thread of its own: the log was asked before.
        """
        silent_s, now = SILENT_AFTER.total_seconds(), utc_now()
        if self._options.quiet or seconds <= silent_s:
            return
        texts = [*other_ways(count_silent_tries(self._app.journal, now))]

        def tell_other_ways() -> None:
            if not (self._is_doubtful or self._app.queue.is_stopping):
                for text in texts:
                    tell(text.say(self._options.language))

        _later(silent_s, tell_other_ways)

    def _print_live(self, now: datetime) -> list[Event[Attempt]]:
        """Print the live attempts and return them; say so if the clock is wrong."""
        journal, language = self._app.journal, self._options.language
        error, live = MachineClock(journal).error(now), journal.unanswered(now)
        is_wrong = error is not None
        if error is not None:
            tell(_CLOCK.say(language, error=error.text))
        for event in live:
            if self._options.json:
                print(to_json(event, now))
            else:
                about = event.about
                said = render_live(about, now, language, is_clock_wrong=is_wrong)
                say(said)
        return live

    def _nothing(self, now: datetime) -> str:
        """Return why no attempt is waiting, as far as there is more to say."""
        journal, language = self._app.journal, self._options.language
        if live := [event.about for event in journal.live(now)]:
            newest = max(live, key=lambda one: one.recency)
            verb = "copy" if newest.code else "open"
            return _ANSWERED.say(language, id=newest.id, verb=verb)
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
                tell(ALERT.say(self._options.language, account=account, words=said))
            case Processed(judged=Judged(verdict=Unverified(), arrival=arrival)):
                age = utc_now() - arrival.received_at
                self._is_doubtful |= age < self._app.config.watch.window
            case _:
                self._failures.observe(observed)
        if self._options.wait is not None and self._app.journal.unanswered(utc_now()):
            self._app.queue.stop()


def _later(seconds: float, call: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()


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
_NOTHING = Text(
    en="No sign-in attempt is waiting for you.",
    ja="承認を待っているサインイン試行はありません。",
)
_ANSWERED = Text(
    en="No sign-in attempt is waiting for you: #{id} is still alive, and you have "
    "answered it, or a later mail of Amazon's has. To answer it again, run: watcher "
    "{verb} {id}",
    ja="承認を待っているサインイン試行はありません。#{id} はまだ有効ですが、"
    "もう答えたか、後から届いた Amazon のメールで済んでいます。もう一度答えるには、"
    "次を実行してください: watcher {verb} {id}",
)
_DOUBTFUL = Text(
    en="No proved sign-in attempt is waiting for you, but a mail came that may be one "
    "and could not be verified: see `watcher log`.",
    ja="承認を待っている確かなサインイン試行はありません。ただし、差出人を確かめられない"
    "メールが届いています(`watcher log` で確認できます)。",
)
