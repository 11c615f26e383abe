"""`watcher expect`: "I am about to sign in"."""

from pathlib import Path

from watcher.app.lock import running_daemon
from watcher.cli.context import configuration_if_good, journal_path
from watcher.cli.parser import Options
from watcher.cli.terminal import say
from watcher.clock import local_time, utc_now
from watcher.errors import ExitCode
from watcher.events import EventName, Expectation
from watcher.i18n import Text
from watcher.journal.log import Journal


def run(options: Options) -> int:
    """Arm the watcher for a while, or disarm it; warn if nobody watches."""
    path = journal_path(configuration_if_good(options))
    return _disarm(path, options) if options.off else _arm(path, options)


def _arm(path: Path, options: Options) -> int:
    now = utc_now()
    until = now + options.span
    with Journal.open(path) as journal:
        journal.append(EventName.ARMED, at=now, about=Expectation(until))
    text = _ARMED if running_daemon(path) else _ARMED_BUT_DOWN
    say(text.say(options.language, until=local_time(until)))
    return ExitCode.OK


def _disarm(path: Path, options: Options) -> int:
    now = utc_now()
    with Journal.open(path) as journal:
        if journal.is_armed(now):
            journal.append(EventName.DISARMED, at=now)
    say(_DISARMED.say(options.language))
    return ExitCode.OK


_DISARMED = Text(
    en="No sign-in is expected any more. Attempts are told as usual.",
    ja="待機をやめました。試行が届けば、ふだんどおり知らせます。",
)
_ARMED = Text(
    en="Ready until {until}: sign in now. When the mail comes, approve it first, then "
    "go on in your app.",
    ja="{until} まで、すぐに知らせられるように待機します。サインインを始めてください。"
    "メールが届いたら、先に承認してから、アプリで「認証する」を押してください。",
)
_ARMED_BUT_DOWN = Text(
    en="Ready until {until}, but watcher is not running: start `watcher run`, or "
    "use `watcher check --wait 300`.",
    ja="watcher が動いていません。`watcher run` で始めれば、{until} まで、すぐに"
    "知らせられるように待機します。`watcher check --wait 300` も使えます。",
)
