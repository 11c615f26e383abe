"""`watcher copy`: copies the code of a live mail to the clipboard."""

from collections.abc import Collection, Sequence

from watcher.app.clipboard import copy_text
from watcher.cli.context import configuration_if_good, open_journal
from watcher.cli.open import NO_NUMBER
from watcher.cli.parser import Options
from watcher.cli.terminal import say
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
    with open_journal(config) as journal:
        copy_code(journal, options.id, secret_variables(config))
    for text in (_COPIED, TYPE_CODE):
        say(text.say(options.language))
    return ExitCode.OK


def copy_code(journal: Journal, number: int | None, hidden: Collection[str]) -> None:
    """Copy the code of the newest attempt or the named one, as `run`, and log that.

    `hidden` names the environment variables that no other program may see.
    """
    now = utc_now()
    journal.check()
    live = [one.about for one in journal.live(now) if number in (None, one.about.id)]
    codes = [one for one in live if one.code]
    denied, superseded = EventName.NOT_ME, EventName.SUPERSEDED
    newest = [one for one in codes if not journal.has_happened(one.id, superseded)]
    fitting = [one for one in newest if journal.answer_to(one.id) is not denied]
    if not fitting:
        raise NothingLive(_why_not(number, live, newest), id=number)
    attempt: Attempt = max(fitting, key=lambda one: one.recency)
    copy_text(attempt.code or "", hidden)
    journal.append(EventName.COPIED, at=now, about=attempt)


def _why_not(
    number: int | None, live: Sequence[Attempt], newest: Sequence[Attempt]
) -> Text:
    """Return why none of the live attempts has a code to copy."""
    if newest:
        return _WAS_DENIED
    if number is None:
        return _NOTHING
    if not live:
        return NO_NUMBER
    return _IS_OLD if live[0].code else _HAS_NO_CODE


_COPIED = Text(en="The code is copied.", ja="コードをコピーしました。")
_IS_OLD = Text(
    en="A newer code has come, so #{id} is not copied. Copy the newer one with "
    "`watcher copy`.",
    ja="新しいコードが届いたので、#{id} はコピーしません。`watcher copy` で新しいほうを"
    "コピーしてください。",
)
_HAS_NO_CODE = Text(
    en="#{id} has no code that could be copied: `watcher log {id}` tells what it is.",
    ja="#{id} に、コピーできる確認コードはありません(`watcher log {id}` で確認"
    "できます)。",
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
