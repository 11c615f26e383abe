"""`watcher open`: opens the approval page in the user's browser."""

from pathlib import Path

from watcher.app.browser import open_link
from watcher.app.wiring import secret_variables
from watcher.cli.context import configuration_if_any, journal_path
from watcher.cli.parser import Options
from watcher.cli.terminal import confirm
from watcher.clock import utc_now
from watcher.errors import ExitCode, NotHandedOver, NothingLive
from watcher.events import Attempt, EventName
from watcher.i18n import Text
from watcher.journal.log import Journal


def run(options: Options) -> int:
    """Open the newest live attempt that nobody answered, or the named one.

    What was denied is opened only by its number and a typed yes. With `--print` the
    link is only printed.

    Raises:
        NothingLive: it is over, unknown, answered, or without an approval link.
        NotHandedOver: no browser took it.
    """
    config = configuration_if_any(options)
    if options.print_only:
        return _print_link(journal_path(config), options)
    with Journal.open(journal_path(config)) as journal:
        attempt, link = _choose(journal, options)
        try:
            open_link(link, secret_variables(config))
        except NotHandedOver as error:
            journal.append(
                EventName.OPEN_FAILED, at=utc_now(), about=attempt, detail=str(error)
            )
            raise
        journal.append(EventName.OPENED, at=utc_now(), about=attempt)
    return ExitCode.OK


def _print_link(path: Path, options: Options) -> int:
    """Print the link, also where the event log can only be read."""
    journal = Journal.read(path)
    if journal is None:
        raise NothingLive(_NOTHING)
    with journal:
        _, link = _choose(journal, options)
    print(link)
    return ExitCode.OK


def _choose(journal: Journal, options: Options) -> tuple[Attempt, str]:
    """Return the attempt to open, and its link."""
    now = utc_now()
    journal.check()
    live = [event.about for event in journal.live(now)]
    if options.id is None:
        fitting = [event.about for event in journal.unanswered(now)]
    else:
        fitting = live = [attempt for attempt in live if attempt.id == options.id]
    linked = [attempt for attempt in fitting if attempt.link]
    if not linked:
        raise NothingLive(_NO_LINK if fitting else _ANSWERED if live else _NOTHING)
    attempt = max(linked, key=lambda one: (one.began_at, one.id))
    denied = journal.answer_to(attempt.id) is EventName.NOT_ME
    if denied and not confirm(_DENIED.say(options.language, id=attempt.id)):
        raise NothingLive(_LEFT)
    return attempt, attempt.link or ""


_NO_LINK = Text(
    en="The live attempt has no approval link: copy its code with `watcher copy`, or "
    "open Amazon's mail.",
    ja="有効な試行に承認リンクがありません。`watcher copy` で確認コードをコピーするか、"
    "Amazon のメールを開いてください。",
)
_NOTHING = Text(
    en="There is no live attempt with an approval link: it is over, or none came. "
    "Start the sign-in again; see `watcher log`.",
    ja="承認リンクのある有効な試行がありません。期限切れか、まだ届いていません。"
    "サインインをやりなおしてください(`watcher log` で確認できます)。",
)
_ANSWERED = Text(
    en="You have answered every live attempt. To open one again, see its number in "
    "`watcher log`, and run: watcher open NUMBER",
    ja="有効な試行には、もう答えています。もう一度開くには、`watcher log` で番号を"
    "確かめて watcher open 番号 と打ってください。",
)
_DENIED = Text(
    en='You said of #{id} "It was not me". If you approve it, somebody else may get '
    "into your account. To open it all the same, type yes:",
    ja="#{id} には「身に覚えがない」と答えています。承認すると、ほかの人がアカウントに"
    "入るおそれがあります。それでも開くなら「はい」か yes と打ってください:",
)
_LEFT = Text(en="It was not opened.", ja="開きませんでした。")
