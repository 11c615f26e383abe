"""Tells of which events the user wants to be told, whatever one program can do of it.

Live attempts are told for as long as they are not `notified`. Of the other events those
are marked in the log as untold, each as one fact with its mark, that a program which
dies in between leaves to the next; and of the attempts that make a flood one, for the
alarm.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from watcher.app.flood import AT_ONCE, MINUTE_S
from watcher.events import AnyEvent, Attempt, Event, EventName
from watcher.i18n import Language
from watcher.journal.reader import JournalReader
from watcher.notify.notification import Notification
from watcher.recognition.claim import Kind

UNVERIFIED_AN_HOUR = 5
"""More than this would make us the amplifier of a phisher's flood."""

HOUR = timedelta(hours=1)

DESKTOP_ONLY = {
    *(EventName.MISSED, EventName.EXPIRED, EventName.NOT_ME),
    EventName.CLOCK_WRONG,
}
"""What no phone is told of."""
_TOLD = {EventName.ATTEMPT, EventName.UNVERIFIED, EventName.SIGN_IN_REPORTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """By which ways the user wants to be told."""

    on_desktop: bool = True
    phones: frozenset[str] = frozenset()
    """The accounts that have a phone."""

    def is_log_alone(self, account: str) -> bool:
        """Return whether nothing but the event log tells of this account."""
        return not (self.on_desktop or account in self.phones)

    def tells_of(self, event: AnyEvent) -> bool:
        """Return whether the user wants to be told of such an event at all."""
        if event.event in DESKTOP_ONLY:
            return self.on_desktop
        if event.event not in _TOLD or not isinstance(event.about, Attempt):
            return False
        return not self.is_log_alone(event.about.origin.account)

    def is_to_be_told(self, event: AnyEvent, journal: JournalReader) -> bool:
        """Return whether a program that dies now leaves this new event to be told.

        `journal` has it already.
        """
        if not self.tells_of(event):
            return False
        match event:
            case Event(event=EventName.EXPIRED, about=Attempt(id=attempt_id)):
                was_told = journal.has_happened(attempt_id, EventName.NOTIFIED)
                return was_told and not journal.is_closed(attempt_id)
            case Event(event=EventName.ATTEMPT, about=Attempt() as attempt):
                return begins_flood(attempt, journal)
            case Event(event=EventName.UNVERIFIED, about=Attempt() as attempt):
                count = journal.count(EventName.UNVERIFIED, event.at, HOUR)
                return attempt.expires_at > event.at and count <= SUMMED_UP_AT
            case _:
                return True


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierSettings:
    """How the user wants to be told."""

    language: Language
    notify_unverified: bool
    is_attended: bool = True
    """Whether this program stays: to act on buttons, and to keep the screen true."""
    wanted: Wanted = field(default_factory=Wanted)
    """By which ways, whether or not this program can use them."""
    window: timedelta = timedelta(minutes=5)
    """How long a link or code lives."""
    look_back: timedelta = timedelta(hours=24)
    """For how long it is news that an attempt came too late."""
    on_shown: Callable[[Notification, str], None] = lambda *_: None
    """Called with each notification and the channel that showed it."""
    on_unshown: Callable[[Attempt], None] = lambda _: None
    """Called with a live attempt each time that no channel shows it."""
    on_told: Callable[[Notification], None] = lambda _: None
    """Called with what is to be told, live attempts excepted, wherever it is shown."""


SUMMED_UP_AT = UNVERIFIED_AN_HOUR + 1
"""The one that is told as the sum of those within the hour; of later ones nothing."""


def begins_flood(attempt: Attempt, journal: JournalReader) -> bool:
    """Return whether it is the one by which its account has many within a minute."""
    if attempt.kind is Kind.UNKNOWN:  # they have their own limit
        return False
    minute = timedelta(seconds=MINUTE_S)
    return journal.count_beside(attempt, minute, AT_ONCE + 2) == AT_ONCE + 1
