"""`watcher open`: opens the approval page in the user's browser."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from watcher.cli.context import (
    configuration_if_good,
    open_journal,
    read_journal,
)
from watcher.cli.parser import Options
from watcher.cli.terminal import confirm, tell
from watcher.clock import local_time, utc_now
from watcher.config.schema import Config, secret_variables
from watcher.errors import ExitCode, NotHandedOver, NothingLive
from watcher.events import Attempt, EventName
from watcher.i18n import Language, Text
from watcher.journal.reader import JournalReader
from watcher.recognition.text import sanitise

if TYPE_CHECKING:
    from watcher.journal.log import Journal


def run(options: Options) -> int:
    """Open the newest live attempt that nobody answered, or the named one.

    What was denied is opened only by its number and a typed yes. With `--print` the
    link is only printed.

    Raises:
        NothingLive: it is over, unknown, answered, or without an approval link.
        NotHandedOver: no browser took it.
    """
    config = configuration_if_good(options)
    if options.print_only:
        return _print_link(config, options)
    with open_journal(config) as journal:
        open_page(journal, options.id, secret_variables(config), options.language)
    return ExitCode.OK


def open_page(
    journal: "Journal", number: int | None, hidden: Collection[str], language: Language
) -> None:
    """Open the newest attempt or the named one, as `run`, and log what came of it.

    `hidden` names the environment variables that no browser may see.
    """
    from watcher.app.browser import open_link

    attempt, link = _choose(journal, number, language)
    tell(_OPENING.say(language, **_facts(attempt)))
    for event in journal.pending(utc_now()) if number is None else ():
        if event.about.link and event.about.id != attempt.id:
            tell(_OTHER.say(language, **_facts(event.about)))
    try:
        open_link(link, hidden)
    except NotHandedOver as error:
        journal.append(
            EventName.OPEN_FAILED, at=utc_now(), about=attempt, detail=str(error)
        )
        raise NotHandedOver(_BY_HAND, why=error, id=attempt.id) from error
    journal.append(EventName.OPENED, at=utc_now(), about=attempt)


def _print_link(config: Config | None, options: Options) -> int:
    """Print the link, also where the event log can only be read."""
    journal = read_journal(config)
    if journal is None:
        raise NothingLive(_NOTHING)
    with journal:
        _, link = _choose(journal, options.id, options.language)
    print(link)
    return ExitCode.OK


def _choose(
    journal: JournalReader, number: int | None, language: Language
) -> tuple[Attempt, str]:
    """Return the attempt to open, and its link."""
    now = utc_now()
    journal.check()
    live = [event.about for event in journal.live(now)]
    if number is None:
        fitting = [event.about for event in journal.pending(now)]
    else:
        fitting = live = [attempt for attempt in live if attempt.id == number]
    linked = [attempt for attempt in fitting if attempt.link]
    if not linked:
        raise _nothing(number, fitting, live)
    attempt = max(linked, key=lambda one: one.recency)
    if journal.answer_to(attempt.id) is EventName.NOT_ME:
        if not confirm(_DENIED.say(language, id=attempt.id)):
            raise NothingLive(_LEFT)
        if attempt not in (event.about for event in journal.live(utc_now())):
            raise NothingLive(_NOTHING)  # it ended while the user was asked
    return attempt, attempt.link or ""


def _nothing(
    number: int | None, fitting: list[Attempt], live: list[Attempt]
) -> NothingLive:
    """Return why there is nothing to open."""
    if any(attempt.code for attempt in fitting):
        return NothingLive(_HAS_CODE)
    if fitting:
        return NothingLive(_NO_LINK)
    if number is not None:
        return NothingLive(NO_NUMBER, id=number)
    if not live:
        return NothingLive(_NOTHING)
    newest = max(live, key=lambda one: (bool(one.link), one.recency))
    return NothingLive(_ANSWERED if newest.link else _HAS_CODE, id=newest.id)


def _facts(attempt: Attempt) -> dict[str, object]:
    """Return what tells one attempt from another, made harmless."""
    claimed = (attempt.claim.device, attempt.claim.near, local_time(attempt.began_at))
    what = " · ".join(sanitise(word) for word in claimed if word)
    return {"id": attempt.id, "account": attempt.origin.account, "what": what}


_OPENING = Text(
    en="Opening #{id} ({account}): {what}", ja="#{id}({account})を開きます: {what}"
)
_OTHER = Text(
    en="Another one waits, #{id} ({account}): {what}. Approve only what is yours.",
    ja="ほかにも #{id}({account})が待っています: {what}。承認するのは自分のものだけに"
    "してください。",
)
_BY_HAND = Text(
    en="{why} Print the link with `watcher open {id} --print`, and open it by hand.",
    ja="{why} `watcher open {id} --print` でリンクを表示し、手で開いてください。",
)
_HAS_CODE = Text(
    en="The live attempt has a code instead of an approval link: copy it with `watcher "
    "copy`.",
    ja="有効な試行には、承認リンクのかわりに確認コードがあります。`watcher copy` で"
    "コピーしてください。",
)
_NO_LINK = Text(
    en="The live attempt has no approval link that can be shown: open Amazon's mail if "
    "it is yours.",
    ja="有効な試行に、示せる承認リンクがありません。あなたのものなら Amazon のメールを"
    "開いてください。",
)
NO_NUMBER = Text(
    en="There is no live attempt #{id}: it is over, or never was. Start the sign-in "
    "again; see `watcher log`.",
    ja="有効な試行 #{id} はありません。期限が切れたか、もともとありません。"
    "サインインをやりなおしてください(`watcher log` で確認できます)。",
)
_NOTHING = Text(
    en="There is no live attempt with an approval link: it is over, or none came. "
    "Start the sign-in again; see `watcher log`.",
    ja="承認リンクのある有効な試行がありません。期限切れか、まだ届いていません。"
    "サインインをやりなおしてください(`watcher log` で確認できます)。",
)
_ANSWERED = Text(
    en="No live attempt waits for an answer: you have given it, or a later mail of "
    "Amazon's has. To open #{id} all the same, run: watcher open {id}",
    ja="答えを待っている有効な試行はありません(もう答えたか、後から届いた Amazon の"
    "メールで済んでいます)。それでも #{id} を開くには、次を実行してください: "
    "watcher open {id}",
)
_DENIED = Text(
    en='You said of #{id} "It was not me". If you approve it, somebody else may get '
    "into your account. To open it all the same, type yes:",
    ja="#{id} には「身に覚えがない」と答えています。承認すると、ほかの人がアカウントに"
    "入るおそれがあります。それでも開くなら「はい」か yes と打ってください:",
)
_LEFT = Text(en="It was not opened.", ja="開きませんでした。")
