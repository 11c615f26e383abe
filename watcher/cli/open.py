"""`watcher open`: opens the approval page in the user's browser."""

from watcher.app.browser import open_page
from watcher.cli.context import configuration_if_any, journal_path
from watcher.cli.parser import Options
from watcher.clock import utc_now
from watcher.errors import ExitCode, NothingLive
from watcher.i18n import Text
from watcher.journal.log import Journal


def run(options: Options) -> int:
    """Open the newest live attempt, or the named one; or only print its link.

    Raises:
        NothingLive: it is over, unknown, or without an approval link.
    """
    with Journal.open(journal_path(configuration_if_any(options))) as journal:
        now = utc_now()
        live = [event.about for event in journal.live(now)]
        if options.id is not None:
            live = [attempt for attempt in live if attempt.id == options.id]
        linked = [attempt for attempt in live if attempt.link]
        if not linked:
            raise NothingLive(_NO_LINK if live else _NOTHING)
        if options.print_only:
            print(linked[-1].link)
        else:
            open_page(journal, linked[-1], now)
    return ExitCode.OK


_NO_LINK = Text(
    en="The live attempt has no approval link: type in its code, which `watcher check` "
    "shows, or open Amazon's mail.",
    ja="有効な試行に承認リンクがありません。`watcher check` に出る確認コードを入力"
    "するか、Amazon のメールを開いてください。",
)
_NOTHING = Text(
    en="There is no live attempt with an approval link: it is over, or none came. "
    "Start the sign-in again; see `watcher log`.",
    ja="承認リンクのある有効な試行がありません。期限切れか、まだ届いていません。"
    "サインインをやりなおしてください(`watcher log` で確認できます)。",
)
