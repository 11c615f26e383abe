"""Passes the events of the log on to the user's command, each once.

What this program logs is passed on at once, what others have logged at the next tick;
who prints what happens hears of the latter here, too.
A live link or code is masked, unless the user wants it.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from watcher.clock import utc_now
from watcher.errors import JournalUnusable
from watcher.events import AnyEvent, Attempt, EventName, to_json
from watcher.journal.log import Journal
from watcher.journal.reader import as_of
from watcher.journal.rows import mask

NAME = "hook"
"""What the event log calls the command where it names channels."""


class Command(Protocol):
    """What takes the lines: see `notify.hook`."""

    def put(self, line: str) -> None:
        """Take a line, at once."""


class EventRelay:
    """Passes events on while a command is configured, which may change."""

    def __init__(self, on_other: Callable[[AnyEvent], None] = lambda _: None) -> None:
        """Prepare; `on_other` is called with each event that others have logged."""
        self._on_other = on_other
        self._command: Command | None = None
        self._names: frozenset[EventName] = frozenset()
        self._with_secrets = False
        self._last_id: int | None = None
        """Every event up to it was passed on, or lay in the log before."""
        self._own: set[int] = set()
        """Later ones that were passed on, since this program has logged them."""

    def use(
        self,
        command: Command | None,
        names: Collection[EventName] = (),
        *,
        with_secrets: bool = False,
    ) -> None:
        """Pass events of these names on to a command, of all names if there are none.

        None: pass nothing on.
        """
        self._command = command
        self._names = frozenset(names)
        self._with_secrets = with_secrets

    def on_event(self, event: AnyEvent) -> None:
        """Pass on what this program has logged."""
        if self._last_id is not None and event.id <= self._last_id:
            self._last_id = event.id - 1  # it is another log, which counts anew
            self._own.clear()
        self._own.add(event.id)
        self._pass_on(event, utc_now())

    def tick(self, journal: Journal, now: datetime) -> None:
        """Pass on what other programs have logged since the last tick.

        Raises:
            JournalBusy: the log cannot be read now.
            JournalUnusable: nor can it later; not raised where no command misses it.
        """
        try:
            self._follow(journal, now)
        except JournalUnusable:
            if self._command is not None:
                raise

    def _follow(self, journal: Journal, now: datetime) -> None:
        if self._last_id is None:
            newest = [event.id for event in journal.last(1)]
            self._last_id = min([*newest, *(one - 1 for one in self._own)], default=0)
        for event in journal.events(after_id=self._last_id):
            if event.id not in self._own:
                other = as_of(event, now)
                self._on_other(other)
                self._pass_on(other, now)
            self._own.discard(event.id)
            self._last_id = event.id

    def _pass_on(self, event: AnyEvent, now: datetime) -> None:
        is_wanted = not self._names or event.event in self._names
        is_about_itself = (event.detail or "").startswith(f"{NAME}: ")
        if self._command is None or not is_wanted or is_about_itself:
            return
        if isinstance(event.about, Attempt) and not self._with_secrets:
            secret = event.about.secret
            masked = replace(event.about, secret=secret and mask(secret))
            event = replace(event, about=masked)
        self._command.put(to_json(event, now))
