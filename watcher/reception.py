"""Receives what the accounts' threads report: the one road of `run` and `check`.

A mail is judged and logged, then told; the cursor moves last, so that whatever dies
half-way is looked at again.
"""

from collections.abc import Callable
from datetime import datetime

from watcher.announce import Announcer
from watcher.events import Event, EventName, MailboxSynced, MessageFetched
from watcher.intake import Intake, Taken
from watcher.journal import Journal


class Reception:
    """Takes mails in and tells of them, account by account."""

    def __init__(
        self,
        journal: Journal,
        intake: Intake,
        announcer: Announcer,
        observe: Callable[[Taken | MailboxSynced], None],
    ) -> None:
        self._observe = observe
        self._journal = journal
        self._intake = intake
        self._announcer = announcer
        self._missed: dict[str, list[Event]] = {}

    def receive(self, fetched: MessageFetched, now: datetime) -> Taken:
        """Take a mail in; an attempt that came too late waits for the look's end."""
        taken = self._intake.take(fetched, now)
        self._observe(taken)
        if taken.event and taken.event.event is EventName.MISSED:
            account = fetched.origin.account or ""
            self._missed.setdefault(account, []).append(taken.event)
        elif taken.event:
            self._announcer.announce(taken.event, now)
        return taken

    def end_look(self, look: MailboxSynced, now: datetime) -> None:
        """Tell what is still to be told of a look, and remember how far it went."""
        self._announcer.announce_missed(self._missed.pop(look.account, []), now)
        self._announcer.announce_pending(now)
        self._journal.move_cursor(look.account, look.mailbox, look.cursor)
        self._observe(look)
