"""`watcher expect`: "I am about to sign in"."""

from watcher.app.lock import running_daemon
from watcher.cli.arguments import EXPECTED_FOR
from watcher.cli.context import configuration_if_good, journal_path, open_journal
from watcher.cli.parser import Options
from watcher.cli.terminal import say
from watcher.clock import local_moment, utc_now
from watcher.config.schema import Config
from watcher.errors import ExitCode, WrongUsage
from watcher.events import EventName, Expectation
from watcher.i18n import Text


def run(options: Options) -> int:
    """Arm the watcher for a while, or disarm it; warn if nobody watches.

    Raises:
        WrongUsage: a time is given and taken back at once.
    """
    if options.off and options.span:
        raise WrongUsage(_OFF_ALONE)
    config = configuration_if_good(options)
    return _disarm(config, options) if options.off else _arm(config, options)


def _arm(config: Config | None, options: Options) -> int:
    now = utc_now()
    until = now + (options.span or EXPECTED_FOR)
    with open_journal(config) as journal:
        journal.append(EventName.ARMED, at=now, about=Expectation(until))
    down = _ARMED_BUT_DOWN if config else _NOT_SET_UP
    text = _ARMED if running_daemon(journal_path(config)) else down
    say(text.say(options.language, until=local_moment(until, now)))
    return ExitCode.OK


def _disarm(config: Config | None, options: Options) -> int:
    now = utc_now()
    with open_journal(config) as journal:
        if journal.is_armed(now):
            journal.append(EventName.DISARMED, at=now)
    say(_DISARMED.say(options.language))
    return ExitCode.OK


_OFF_ALONE = Text(
    en="--off ends what is expected at once, and takes no time: watcher expect --off",
    ja="--off は待機をすぐにやめるので、時間は付けられません: watcher expect --off",
)
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
_NOT_SET_UP = Text(
    en="Ready until {until}, but watcher is not running, and not set up yet: run "
    "`watcher init`, then `watcher run`.",
    ja="watcher はまだ設定されておらず、動いていません。`watcher init` で設定し、"
    "`watcher run` で始めれば、{until} まで、すぐに知らせられるように待機します。",
)
