"""`watcher copy`: copies the code of a live mail to the clipboard."""

from collections.abc import Collection

from watcher.app.clipboard import copy_text
from watcher.cli.context import configuration_if_good, journal_path
from watcher.cli.parser import Options
from watcher.clock import utc_now
from watcher.config.schema import secret_variables
from watcher.errors import ExitCode, NothingLive
from watcher.events import Attempt, EventName
from watcher.i18n import Text
from watcher.journal.log import Journal
from watcher.notify.sentences import TYPE_CODE


def run(options: Options) -> int:
    """Copy the code of the newest live attempt that was not denied, or the named one.

    Raises:
        NothingLive: there is none with a code.
        NotHandedOver: there is no clipboard.
    """
    config = configuration_if_good(options)
    with Journal.open(journal_path(config)) as journal:
        copy_code(journal, options.id, secret_variables(config))
    for text in (_COPIED, TYPE_CODE):
        print(text.say(options.language))
    return ExitCode.OK


def copy_code(journal: Journal, number: int | None, hidden: Collection[str]) -> None:
    """Copy the code of the newest attempt or the named one, as `run`, and log that.

    `hidden` names the environment variables that no other program may see.
    """
    now = utc_now()
    journal.check()
    codes = [
        event.about
        for event in journal.live(now)
        if event.about.code and number in (None, event.about.id)
    ]
    denied, superseded = EventName.NOT_ME, EventName.SUPERSEDED
    newest = [one for one in codes if not journal.has_happened(one.id, superseded)]
    if codes and not newest:
        raise NothingLive(_IS_OLD if number else _NOTHING, id=number)
    fitting = [one for one in newest if journal.answer_to(one.id) is not denied]
    if not fitting:
        raise NothingLive(_WAS_DENIED if codes else _NOTHING)
    attempt: Attempt = max(fitting, key=lambda one: one.recency)
    copy_text(attempt.code or "", hidden)
    journal.append(EventName.COPIED, at=now, about=attempt)


_COPIED = Text(en="The code is copied.", ja="コードをコピーしました。")
_IS_OLD = Text(
    en="A newer code has come, so #{id} is not copied. Copy the newer one with "
    "`watcher copy`.",
    ja="新しいコードが届いたので、#{id} はコピーしません。`watcher copy` で新しいほうを"
    "コピーしてください。",
)
_WAS_DENIED = Text(
    en='You said "It was not me": the code is not copied. If it was you after all, it '
    "stands in Amazon's mail.",
    ja="「身に覚えがない」と答えているので、コードはコピーしません。ご自分のものなら、"
    "Amazon のメールで確かめてください。",
)
_NOTHING = Text(
    en="There is no live attempt with a code: it is over, or none came. Start the "
    "sign-in again; see `watcher log`.",
    ja="確認コードのある有効な試行がありません。期限切れか、まだ届いていません。"
    "サインインをやりなおしてください(`watcher log` で確認できます)。",
)
