"""What one guide expects, beside what others do: `watcher expect`, another guide.

In the log the newest event alone decides whether a sign-in is expected. So a guide that
ends writes that none is, and then anew what others have said that still holds. By its
instant each knows its own again, whoever wrote it anew.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import cast

from watcher.app.silence import BY_GUIDE
from watcher.errors import JournalUnusable
from watcher.events import AnyEvent, Event, EventName, Expectation
from watcher.guide.walk import WAIT_FOR
from watcher.journal.log import Journal

Arming = Event[Expectation]

LOOKED_AT = 500
"""The newest events before this guide, among which those of others are looked for."""

INSTANT = timedelta(milliseconds=1)
"""How exactly the log knows an instant."""


class OwnExpectation:
    """The sign-in that this guide expects."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        newest = max((event.id for event in _readable(journal.last(1))), default=0)
        self._since = max(0, newest - LOOKED_AT)
        self._ids: set[int] = set()
        """The events by which it was armed."""

    def begin(self, now: datetime) -> None:
        """Expect a sign-in for `WAIT_FOR`, unless one is expected for longer."""
        until = now + WAIT_FOR
        armed_until = self._journal.armed_until(now)
        if armed_until is not None and armed_until >= until:
            return
        known = {event.id for event in self._armings()}
        about = Expectation(until)
        self._journal.append(EventName.ARMED, at=now, about=about, detail=BY_GUIDE)
        self._ids |= {
            event.id
            for event in self._armings()
            if event.id not in known and abs(event.about.until - until) <= INSTANT
        }

    def end(self, now: datetime) -> None:
        """Expect none any more, and leave alone what others do."""
        own, others = self._in_force(now)
        self._ids.clear()
        if not own:
            return  # it is over, or called off
        self._journal.append(EventName.DISARMED, at=now)
        for event in others:
            about, detail = event.about, event.detail
            self._journal.append(EventName.ARMED, at=now, about=about, detail=detail)

    def have_others(self, now: datetime) -> bool:
        """Return whether a sign-in stays expected when this guide ends."""
        return bool(self._in_force(now)[1])

    # ------------------------------------------------------------------------------

    def _in_force(self, now: datetime) -> tuple[list[Arming], list[Arming]]:
        """Return what this guide expects, and others, the longest at the end.

        Of what the user has said by `watcher expect`, the last word holds.
        """
        own_ends: set[datetime] = set()
        last: dict[object, Arming] = {}
        for event in self._events():
            match event:
                case Event(event=EventName.DISARMED):
                    last.clear()
                case Event(id=number, about=Expectation(until=until), detail=detail):
                    own_ends |= {until} if number in self._ids else set()
                    key = until if detail == BY_GUIDE else detail
                    last[key] = cast(Arming, event)
                case _:
                    pass
        found = sorted(last.values(), key=lambda event: event.about.until)
        valid = [event for event in found if event.about.until > now]
        own = [event for event in valid if event.about.until in own_ends]
        return own, [event for event in valid if event not in own]

    def _armings(self) -> list[Arming]:
        armed = [one for one in self._events() if one.event is EventName.ARMED]
        return cast(list[Arming], armed)

    def _events(self) -> Iterator[AnyEvent]:
        return _readable(self._journal.events(after_id=self._since))


def _readable(events: Iterator[AnyEvent]) -> Iterator[AnyEvent]:
    """Yield the events that can be read: others are told of elsewhere."""
    with suppress(JournalUnusable):
        yield from events
