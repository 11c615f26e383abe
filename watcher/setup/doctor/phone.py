"""Checks whether a phone can be told of attempts."""

from collections.abc import Collection, Iterator
from functools import partial

from watcher.config.push import pusher_of
from watcher.config.schema import Config, Push
from watcher.errors import NotificationFailed
from watcher.i18n import Language, Text
from watcher.notify.push import trial
from watcher.recognition.text import sanitise
from watcher.setup.doctor.report import (
    Check,
    Finding,
    Slot,
    failed,
    passed,
    skipped,
)
from watcher.setup.doctor.running import Part, one


def phone_parts(
    config: Config, hidden: Collection[str], language: Language, *, shows: bool
) -> Iterator[Part]:
    """Yield a check for each phone: that of all, then those of single accounts."""
    check = partial(_check, hidden=hidden, language=language, shows=shows)
    own = [account for account in config.accounts if account.push.url]
    if config.push.url or not own:
        yield one(Slot(Check.PUSH), partial(check, config.push))
    for account in own:
        yield one(Slot(Check.PUSH, account.name), partial(check, account.push))


def _check(
    push: Push, *, hidden: Collection[str], language: Language, shows: bool
) -> Finding:
    """Return whether it can be told; with `shows`, after telling it something."""
    pusher = pusher_of(push, hidden)
    if pusher is None:
        return skipped(_NO_PUSH)
    try:
        if shows:
            pusher.send(trial(language))
        else:
            pusher.check()
    except NotificationFailed as error:
        return failed(error, _REMEDY)
    return passed(_SENT if shows else _REACHED, place=sanitise(pusher.place))


_NO_PUSH = Text(
    en="No push to a phone is configured.",
    ja="スマートフォンへの通知は設定されていません。",
)
_REACHED = Text(
    en="The phone is told by {place}, which can be reached.",
    ja="{place} からスマートフォンに知らせます(つながります)。",
)
_SENT = Text(
    en="A test message was sent by {place}: see whether it is on the phone.",
    ja="{place} からテストのメッセージを送りました。スマートフォンに届いたか確かめて"
    "ください。",
)
_REMEDY = Text(
    en="Check [push] in the configuration, then try: watcher doctor --notify",
    ja="設定の [push] を確かめてから、次で試してください: watcher doctor --notify",
)
