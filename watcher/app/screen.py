"""What this program has on the user's screen, so that nothing stale stays there.

The desktop's handles are kept in the event log: what a program left on the screen, or a
short command has shown, the daemon that starts next takes over or takes away.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from watcher.app.desktop import Act, Desktop, Request, Shown, Words
from watcher.errors import JournalBusy, JournalUnusable
from watcher.events import Attempt, EventName
from watcher.journal.log import Journal
from watcher.notify.notification import Holds

WITHDRAWN = ""
"""The handle of an attempt that a daemon took away at its end: the next shows it."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for."""

    words: Words
    account: str | None
    """Whose attempt it is; None: it is none."""


class Screen:
    """Asks the desktop for notifications, and knows which have to be kept true."""

    def __init__(self, journal: Journal, desktop: Desktop) -> None:
        self._journal = journal
        self._desktop = desktop
        self._asked: dict[int, _Asked] = {}
        """What holds only while this program runs, by `replaces_id`."""
        self._confirmed: set[int] = set()
        """What was shown for sure; of the rest the handle of another program stands."""
        self._handles: dict[int, str] = {}

    def __contains__(self, replaces_id: int) -> bool:
        """Return whether this program shows it, as far as is known."""
        return replaces_id in self._asked

    def attempt_ids(self, account: str | None = None) -> set[int]:
        """Return the ids of the attempts that it shows, of one account or of all."""
        return {
            replaces_id
            for replaces_id, asked in self._asked.items()
            if replaces_id > 0 and account in (None, asked.account)
        }

    def is_confirmed(self, replaces_id: int) -> bool:
        """Return whether the desktop is known to have shown it."""
        return replaces_id in self._confirmed

    @property
    def is_showing(self) -> bool:
        """Whether something is shown, or is about to be."""
        return bool(self._asked) or self.is_busy

    @property
    def is_busy(self) -> bool:
        """Whether the desktop has still something to do."""
        return self._desktop.is_busy

    def wait(self, seconds: float) -> None:
        """Wait so long, at most, until the desktop has nothing to do any more."""
        self._desktop.wait(seconds)

    def show(
        self,
        words: Words,
        now: datetime,
        *,
        about: Attempt | None = None,
        confirms: EventName | None = None,
        adopts: str | None = None,
        tells: frozenset[int] = frozenset(),
    ) -> None:
        """Ask for a notification on the first channel that works."""
        notification = words(now)
        if notification is None:
            return
        replaces_id = notification.replaces_id
        self._asked.pop(replaces_id, None)
        if notification.holds is Holds.WHILE_RUNNING:
            account = about.origin.account if about else None
            self._asked[replaces_id] = _Asked(words, account)
        self._desktop.ask(
            Request(
                replaces_id=replaces_id,
                act=Act.SHOW,
                now=now,
                words=words,
                adopts=adopts,
                about=about,
                confirms=confirms,
                tells=tells,
            )
        )

    def note(self, shown: Shown) -> None:
        """Note what became of a request, unless it was withdrawn meanwhile."""
        replaces_id, notification = shown.request.replaces_id, shown.notification
        if notification is None:
            self._asked.pop(replaces_id, None)
        if notification is None or shown.delivered.channel is None:
            return  # a desktop that was too slow may show it still
        is_kept = notification.holds is Holds.WHILE_RUNNING
        if is_kept and replaces_id not in self._asked:
            return
        self._confirmed.add(replaces_id)
        is_left = notification.holds is not Holds.FOR_EVER
        self._put_handle(replaces_id, shown.delivered.handle if is_left else None)

    def refresh(self, replaces_id: int, words: Words, now: datetime) -> None:
        """Replace what is still shown of its `replaces_id`."""
        self._asked[replaces_id] = replace(self._asked[replaces_id], words=words)
        self._ask(replaces_id, Act.REFRESH, now, words)

    def withdraw(self, replaces_id: int, now: datetime) -> None:
        """Take what is shown of this `replaces_id` off the screen."""
        self._ask(replaces_id, Act.WITHDRAW, now)
        self._asked.pop(replaces_id, None)
        self._confirmed.discard(replaces_id)
        self._put_handle(replaces_id, None)

    def find_left(self, replaces_id: int) -> str | None:
        """Return the handle by which another program has, or had it on the screen."""
        handle = self._journal.shown().get(replaces_id)
        if handle is not None:
            self._handles[replaces_id] = handle
        return handle

    def withdraw_left(self, keep: Collection[int], now: datetime) -> None:
        """Take away what programs that ended left, but for `keep`."""
        for replaces_id in sorted(self._journal.shown().keys() - set(keep)):
            handle = self.find_left(replaces_id)
            self._desktop.ask(
                Request(
                    replaces_id=replaces_id, act=Act.WITHDRAW, now=now, adopts=handle
                )
            )
            self._put_handle(replaces_id, None)

    def restore_lost(self, now: datetime) -> None:
        """Show again what its desktop lost, if it is back."""
        for replaces_id in self._desktop.lost() & self._asked.keys():
            self._ask(replaces_id, Act.RESTORE, now, self._asked[replaces_id].words)

    def clear(self) -> list[int]:
        """Take everything away that holds only while the program runs.

        A desktop that hangs is not waited for. Return what was taken away for sure.
        """
        going = [*self._asked]
        self._asked.clear()
        self._desktop.clear(going)
        return [one for one in going if one in self._confirmed]

    def mark_withdrawn(self, replaces_ids: Collection[int]) -> None:
        """Store that these went at the end: the next daemon shows attempts again."""
        for replaces_id in replaces_ids:
            self._put_handle(replaces_id, WITHDRAWN if replaces_id > 0 else None)

    def _ask(
        self, replaces_id: int, act: Act, now: datetime, words: Words = lambda _: None
    ) -> None:
        request = Request(replaces_id=replaces_id, act=act, now=now, words=words)
        self._desktop.ask(request)

    def _put_handle(self, replaces_id: int, handle: str | None) -> None:
        """Store the desktop's handle, if it is another one than before.

        A log that cannot be written now must not keep the user from being told.
        """
        if self._handles.get(replaces_id) == handle:
            return
        with suppress(JournalBusy, JournalUnusable):
            self._journal.put_shown(replaces_id, handle)
            self._handles.pop(replaces_id, None)
            if handle is not None:
                self._handles[replaces_id] = handle
