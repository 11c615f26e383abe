"""What this program has on the user's screen, so that nothing stale stays there.

The desktop's handles are kept in the event log: what a program left on the screen, or a
short command has shown, the daemon that starts next takes over or takes away.
"""

from contextlib import suppress

from watcher.clock import call_with_timeout
from watcher.errors import JournalBusy, JournalUnusable
from watcher.journal.log import Journal
from watcher.notify.delivery import Delivered, Delivery
from watcher.notify.notification import Holds, Notification

CLEAR_TIMEOUT_S = 0.7
"""What a hung desktop may take of the two seconds for a clean stop."""

WITHDRAWN = ""
"""The handle of an attempt that a daemon took away at its end: the next shows it."""


class Screen:
    """Shows notifications through a delivery, and knows which have to be kept true."""

    def __init__(self, journal: Journal, delivery: Delivery) -> None:
        self._journal = journal
        self._delivery = delivery
        self._shown: dict[int, Notification] = {}
        """What holds only while this program runs, by `replaces_id`."""
        self._handles: dict[int, str] = {}

    def __contains__(self, replaces_id: int) -> bool:
        """Return whether this program showed it and has not withdrawn it."""
        return replaces_id in self._shown

    @property
    def attempt_ids(self) -> set[int]:
        """The ids of the attempts that this program shows."""
        return {replaces_id for replaces_id in self._shown if replaces_id > 0}

    def show(self, notification: Notification) -> Delivered:
        """Show it on the first channel that works."""
        delivered = self._delivery.deliver(notification)
        if delivered.channel is not None:
            self._note(notification, delivered.handle)
        return delivered

    def refresh(self, notification: Notification) -> None:
        """Replace what is still shown of its `replaces_id`."""
        self._delivery.refresh(notification)

    def withdraw(self, replaces_id: int) -> None:
        """Take what is shown of this `replaces_id` off the screen."""
        self._delivery.withdraw(replaces_id)
        self._shown.pop(replaces_id, None)
        self._put_handle(replaces_id, None)

    def was_left(self, replaces_id: int) -> bool:
        """Return whether another program has it on the screen, or had till its end."""
        return replaces_id in self._journal.shown()

    def adopt(self, replaces_id: int) -> None:
        """Let the next notification take the place of another program's."""
        handle = self._journal.shown().get(replaces_id)
        if handle and handle != self._handles.get(replaces_id):
            self._delivery.adopt(replaces_id, handle)
        if handle is not None:
            self._handles[replaces_id] = handle

    def prepare(self, keep: set[int]) -> None:
        """Get ready; take away what programs that ended left, but for `keep`."""
        self._delivery.prepare()
        for replaces_id in sorted(self._journal.shown().keys() - keep):
            self.adopt(replaces_id)
            self.withdraw(replaces_id)

    def lost(self) -> list[Notification]:
        """Return what is still to be shown and went with its server or bus."""
        lost = self._delivery.lost()
        return [shown for key, shown in self._shown.items() if key in lost]

    def restore(self, notification: Notification) -> None:
        """Show it again where it was lost, if its server is back."""
        handle = self._delivery.restore(notification)
        if handle is not None:
            self._note(notification, handle)

    def clear(self, farewell: Notification | None) -> None:
        """Take everything away that holds only while the program runs; say the last.

        A desktop that hangs is not waited for: the log is left to be closed.
        """
        going = [*self._shown]

        def act() -> str | None:
            for replaces_id in going:
                self._delivery.withdraw(replaces_id)
            return self._delivery.deliver(farewell).handle if farewell else None

        if not (going or farewell):
            return
        with suppress(TimeoutError):
            handle = call_with_timeout(act, timeout_s=CLEAR_TIMEOUT_S)
            self._shown.clear()
            if farewell is not None:  # first: a locked log may leave no time for more
                self._put_handle(farewell.replaces_id, handle)
            for replaces_id in going:
                self._put_handle(replaces_id, WITHDRAWN if replaces_id > 0 else None)

    def _note(self, notification: Notification, handle: str | None) -> None:
        replaces_id = notification.replaces_id
        self._shown.pop(replaces_id, None)
        if notification.holds is Holds.WHILE_RUNNING:
            self._shown[replaces_id] = notification
        is_left = notification.holds is not Holds.FOR_EVER
        self._put_handle(replaces_id, handle if is_left else None)

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
