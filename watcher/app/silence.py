"""What to say where a sign-in is expected and no mail comes.

Amazon asks by other ways, too. What stands here is what users have reported of them,
with the date of the knowledge, and no advice beyond it.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial

from watcher.app.notifier import Notifier
from watcher.clock import monotonic_s
from watcher.errors import JournalUnusable
from watcher.events import AnyEvent, EventName, Expectation
from watcher.i18n import Text
from watcher.journal.reader import JournalReader
from watcher.notify import trouble

SILENT_AFTER = timedelta(seconds=60)
"""Mails of Amazon come within seconds: by now another way is likelier."""

LOOKED_BACK = timedelta(days=1)
"""How far back tries count that no mail has answered."""

LOOKED_AT = 500
"""The newest events, among which tries are looked for: it must not take long."""

BY_GUIDE = "guide"
"""The detail of `armed` where `watcher guide` leads the user, and tells it itself."""

_ANSWERED = (EventName.ATTEMPT, EventName.MISSED, EventName.UNVERIFIED)


class Silence:
    """Tells quietly, once for each time that a sign-in is expected, that no mail came.

    It goes when a mail comes, or when a sign-in is no longer expected.
    """

    def __init__(
        self,
        journal: JournalReader,
        notifier: Notifier,
        clock_s: Callable[[], float] = monotonic_s,
    ) -> None:
        self._journal, self._notifier = journal, notifier
        self._clock_s = clock_s
        self._arming_id: int | None = None
        self._since_s = 0.0
        self._is_told, self._is_over = False, True

    def tick(self, now: datetime) -> None:
        """Look, at least each second."""
        arming = self._journal.arming(now)
        arming_id = arming.id if arming else None
        if arming_id != self._arming_id:
            self._withdraw(now)
            self._arming_id, self._since_s = arming_id, self._clock_s()
            self._is_over = arming is None or arming.detail == BY_GUIDE
        waited = timedelta(seconds=self._clock_s() - self._since_s)
        if self._is_over or waited < SILENT_AFTER:
            return
        if self._has_come(waited, now):
            self._withdraw(now)
            self._is_over = True
        elif not self._is_told:
            self._is_told = True
            tries = count_silent_tries(self._journal, now)
            self._notifier.notify(partial(trouble.silent, tries), now)

    def _has_come(self, waited: timedelta, now: datetime) -> bool:
        """Return whether a mail came since, or is there to be answered."""
        journal = self._journal
        counts = (journal.count(name, now, waited) for name in _ANSWERED)
        return any(counts) or bool(journal.live(now))

    def _withdraw(self, now: datetime) -> None:
        if self._is_told:
            self._is_told = False
            self._notifier.withdraw(trouble.SILENT_ID, now)


def count_silent_tries(journal: JournalReader, now: datetime) -> int:
    """Return `silent_tries` of a log; 0 where its history cannot be read."""
    try:
        events = [*journal.last(LOOKED_AT)]
        return silent_tries([e for e in events if now - e.at <= LOOKED_BACK], now)
    except JournalUnusable:  # live attempts are told all the same
        return 0


def silent_tries(events: Iterable[AnyEvent], now: datetime) -> int:
    """Return how often, since the last mail, a sign-in was expected in vain.

    One that was called off before `SILENT_AFTER` does not count, nor does one that
    still is expected. `events` are those of `LOOKED_BACK`, oldest first.
    """
    count = 0
    began: datetime | None = None
    until = now
    for event in events:
        if began and until <= event.at:
            count, began = count + _is_long(began, until), None
        match event.event, event.about:
            case EventName.ARMED, Expectation() as expected:
                began, until = began or event.at, expected.until
            case EventName.DISARMED, _ if began:
                count, began = count + _is_long(began, event.at), None
            case name, _ if name in _ANSWERED:
                count, began = 0, None
            case _:
                pass
    if began and until <= now:
        count += _is_long(began, until)
    return count


def _is_long(began: datetime, ended: datetime) -> bool:
    return ended - began >= SILENT_AFTER


def other_ways(tries: int) -> Iterator[Text]:
    """Yield what to say after `SILENT_AFTER`; `tries` were silent before this one."""
    yield from _OTHER_WAYS
    if tries:
        yield from _CURE


_OTHER_WAYS = (
    Text(
        en="No mail about the sign-in has come for a minute. By what users report (as "
        "of 26 November 2026), Amazon may ask in another way:",
        ja="1 分たっても、サインインのメールが届いていません。利用者の報告によると"
        "(2026 年 11 月 26 日現在)、Amazon は別の方法で確かめることがあります。",
    ),
    Text(
        en="- by SMS: look at your phone's messages",
        ja="- SMS: 携帯電話のメッセージを見てください",
    ),
    Text(
        en="- in Amazon's shopping app: open it on your phone",
        ja="- Amazon のショッピングアプリへの通知: スマートフォンでアプリを開いて"
        "ください",
    ),
    Text(
        en="- on a page that asks for a passkey: look where you sign in; no code is "
        "asked for then",
        ja="- パスキーを求めるページ: サインインの画面を見てください。この場合、"
        "コードは求められません",
    ),
    Text(
        en="The mail goes to the address that Amazon knows: look there, too.",
        ja="メールは、Amazon に登録したアドレスに届きます。そこも見てください。",
    ),
)
_CURE = (
    Text(
        en="This is not the first try without a mail. What users of other programs "
        "report as the cure (2024 to 2026): Amazon's two-step verification with an "
        "authenticator app. Whether Zaim or Money Forward ME can take its codes is not "
        "known.",
        ja="メールの届かない試みは、これがはじめてではありません。ほかのソフトの利用者は、"
        "Amazon の 2 段階認証を認証アプリで使うと解決したと報告しています(2024 年から "
        "2026 年)。Zaim やマネーフォワード ME にそのコードを入れられるかどうかは、"
        "分かっていません。",
    ),
)
