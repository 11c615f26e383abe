"""Where the user is, and what follows from what they type and what comes by mail.

Pure: instants and attempts come in, `Effect`s go out, and whoever runs it has them
done. The link is never opened here, and nothing is approved.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from watcher.app.outcomes import Outcome
from watcher.app.silence import SILENT_AFTER, other_ways
from watcher.app.succession import is_same
from watcher.clock import local_time, minutes_seconds
from watcher.events import Attempt, EventName
from watcher.guide import sentences
from watcher.guide.steps import AppSteps, Place
from watcher.i18n import Text
from watcher.notify import sentences as notified
from watcher.notify.wording import foreign, grouped
from watcher.recognition.claim import Kind

WAIT_FOR = timedelta(minutes=10)
"""How long a mail is waited for; as long as `watcher expect` is by itself."""

EARLIER = timedelta(minutes=1)
"""A mail that is older when the guide begins may be of a try before."""
TOO_SOON = timedelta(seconds=2)
"""Who presses Enter so soon has pressed it twice: nobody approves or links in that."""

WORD_COLUMNS = 60
"""How much is shown of a word that stands in a mail."""


@dataclass(frozen=True, slots=True)
class Say:
    """Print a sentence."""

    text: Text
    data: Mapping[str, object] = field(default_factory=dict)
    is_apart: bool = False
    """Whether an empty line stands before it."""


@dataclass(frozen=True, slots=True)
class Use:
    """Open the page of an attempt, or copy its code, since the user said so."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Note:
    """Log how an attempt ended, as the user says."""

    attempt: Attempt
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Expect:
    """Arm the watcher for `WAIT_FOR`, or disarm it."""

    is_on: bool


class Ending(Enum):
    """How a walk ends."""

    LINKED = auto()
    FOUND = auto()
    """A mail came, and nobody is there to be led on."""
    NOTHING = auto()
    """No mail came, and nobody is there to begin again."""
    LEFT = auto()
    """The user has quit, or says that it was not them."""


Effect = Say | Use | Note | Expect | Ending


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands in the event log."""

    live: Sequence[Attempt] = ()
    unanswered: Sequence[Attempt] = ()
    answer: EventName | None = None
    """The answer to the attempt of the walk."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The line at the bottom: what can be typed, and a clock."""

    text: Text
    clock: str = ""
    numbers: str = ""
    """Those of the attempts to choose from."""


class Walk:
    """One user on the way through the steps of one app."""

    def __init__(self, app: AppSteps, *, asks: bool, tries: int = 0) -> None:
        """Prepare.

        Args:
            app: the steps.
            asks: somebody is there to answer; else all is told in one go.
            tries: how many tries before this one were silent.
        """
        self.app = app
        self.place = Place.PREPARE
        self.attempt: Attempt | None = None
        self.tries = tries
        self.is_doubtful = False
        """Whether a mail has come that may be what is waited for."""
        self.unwatched: Collection[str] = ()
        """Accounts that cannot be watched now."""
        self.stays_expected = False
        """Whether a sign-in is expected, by `watcher expect` or another guide."""
        self._asks = asks
        self._began_at: datetime | None = None
        self._waits_since: datetime | None = None
        self._asked_at: datetime | None = None
        """Since when Enter means what it means now."""
        self._is_used = False
        self._is_silence_told = False
        self._is_time_told = False
        self._known: set[int] = set()
        self._rivals: dict[int, Attempt] = {}
        """Live attempts from elsewhere than the one at hand: any may be the user's."""
        self._is_number_missed = False
        """Whether who pressed Enter alone was told that a number is missing."""

    # What comes in ----------------------------------------------------------------

    def begin(self, place: Place, now: datetime) -> Iterator[Effect]:
        """Begin at a place."""
        app, self._began_at = self.app, now
        read_on = app.read_on.isoformat()
        yield _say(sentences.INTRO, title=app.title, source=app.source, read_on=read_on)
        yield Expect(is_on=True)
        if self._asks:
            yield _say(sentences.KEYS)
            yield from self._enter(place, now)
        else:
            yield from self._enter(Place.PREPARE, now)
            yield from self._enter(Place.WAIT, now)

    def type(self, line: str, now: datetime) -> Iterator[Effect]:
        """Take a line that the user has typed."""
        match line.strip().lower():
            case "":
                yield from self._go_on(now)
            case "n":
                yield from self._skip(now)
            case "r":
                yield from self._again(now)
            case "o" if self.place is Place.APPROVE and self.attempt and self._is_used:
                yield Use(self.attempt)
            case "q":
                yield from self._leave()
            case number if self._rivals and number.isdecimal():
                yield from self._choose(int(number), now)
            case _ if self._has_to_choose:
                yield self._no_number()
            case _:
                yield _say(sentences.KEYS)

    def look(self, seen: Seen, now: datetime) -> Iterator[Effect]:
        """Take what stands in the log now; called at least each second."""
        news = [one for one in seen.unanswered if one.id not in self._known]
        self._known |= {one.id for one in seen.live}
        alive = {one.id: one for one in seen.unanswered}
        self._rivals = {one: alive[one] for one in self._rivals if one in alive}
        for earlier in filter(self._is_earlier, news):
            self._rivals[earlier.id] = earlier
            yield _say(sentences.EARLIER, id=earlier.id, words=_in_brief(earlier))
        news = [one for one in news if one.id not in self._rivals]
        if news:
            newest = max(news, key=lambda one: (bool(one.secret), one.recency))
            if not self._is_kept(newest, seen):
                self._take(newest, now)
                yield from self._announce(newest, now)
                if self._asks:
                    yield from self._compare(*news)
                return
            yield from _came(newest)
            yield from self._compare(newest)
        if self.attempt is None and self.place in (Place.APPROVE, Place.FINISH):
            self.attempt = max(seen.live, key=lambda one: one.recency, default=None)
        yield from self._follow(seen, now)
        if self.place is Place.WAIT:
            yield from self._wait(now)

    def prompt(self, now: datetime) -> Prompt | None:
        """Return what stands at the bottom; nothing where nobody answers."""
        if not self._asks:
            return None
        left = ""
        if self.attempt and self.attempt.is_deadline_known and not self._is_time_told:
            left = minutes_seconds(self.attempt.time_left(now))
        match self.place:
            case Place.WAIT:
                clock = minutes_seconds(self._waited(now))
                return Prompt(sentences.PROMPTS[Place.WAIT], clock)
            case Place.APPROVE if self._has_to_choose:
                return Prompt(sentences.TO_CHOOSE, numbers=self._numbers)
            case Place.APPROVE:
                kind = self._kind
                is_used = self._is_used and kind in sentences.WHEN_USED
                texts = sentences.WHEN_USED if is_used else sentences.TO_USE
                return Prompt(texts[kind], left or "?")
            case Place.FINISH:
                timed = Prompt(sentences.PROMPTS[Place.FINISH], left)
                return timed if left else Prompt(sentences.FINISH_UNTIMED)
            case Place.PREPARE | Place.AGAIN:
                return Prompt(sentences.PROMPTS[self.place])

    # Typed ------------------------------------------------------------------------

    def _go_on(self, now: datetime) -> Iterator[Effect]:
        match self.place:
            case Place.PREPARE:
                yield Expect(is_on=True)
                yield from self._enter(Place.WAIT, now)
            case Place.WAIT:
                yield _say(sentences.NOT_YET)
            case Place.APPROVE if self._has_to_choose:
                if not self._is_number_missed:
                    yield self._no_number()
            case Place.APPROVE if self._is_to_use and self.attempt:
                yield Use(self.attempt)
            case Place.APPROVE | Place.FINISH if self._is_too_soon(now):
                pass
            case Place.APPROVE:
                yield from self._enter(Place.FINISH, now)
            case Place.FINISH:
                yield from self._noted(Outcome.WORKED)
                is_alone = self.stays_expected
                text = sentences.LINKED_ALONE if is_alone else sentences.LINKED
                yield _say(text, title=self.app.title)
                yield from self._tell_expected()
                yield Ending.LINKED
            case Place.AGAIN:
                self.attempt = None
                yield Expect(is_on=True)
                yield from self._enter(Place.PREPARE, now)

    def _choose(self, number: int, now: datetime) -> Iterator[Effect]:
        """Use the attempt that the user says is theirs."""
        chosen = self._rivals.get(number)
        if self.attempt and number == self.attempt.id:
            chosen = self.attempt
        if chosen is None:
            yield self._no_number()
            return
        self._take(chosen, now)
        if self.place is Place.APPROVE:
            yield Use(chosen)
        else:
            yield from self._announce(chosen, now)

    def _skip(self, now: datetime) -> Iterator[Effect]:
        """Take the user's word that this place lies behind them."""
        match self.place:
            case Place.WAIT | Place.APPROVE:
                yield from self._enter(Place.FINISH, now)
            case Place.AGAIN if self.attempt and self._is_used:
                yield from self._enter(Place.FINISH, now)
            case Place.FINISH | Place.AGAIN:  # it may mean "not linked"
                yield _say(sentences.KEYS)
            case Place.PREPARE:
                yield from self._go_on(now)

    def _again(self, now: datetime) -> Iterator[Effect]:
        if self.place is Place.WAIT and self._is_silence_told:
            self.tries += 1
        if self.place is Place.FINISH:
            yield from self._noted(Outcome.FAILED)
        yield Expect(is_on=False)
        yield from self._enter(Place.AGAIN, now)

    def _noted(self, outcome: Outcome) -> Iterator[Effect]:
        if self.attempt:
            yield Note(self.attempt, outcome)

    def _leave(self) -> Iterator[Effect]:
        yield from self.farewell()
        yield Ending.LEFT

    def farewell(self) -> Iterator[Effect]:
        """Tell one who leaves how to go on, and whether a sign-in is expected."""
        text = sentences.LEFT_ALONE if self.stays_expected else sentences.LEFT
        yield _say(text, name=self.app.name)
        yield from self._tell_expected()

    def _tell_expected(self) -> Iterator[Effect]:
        if self.stays_expected:
            yield _say(sentences.STILL_EXPECTED)

    # Seen -------------------------------------------------------------------------

    def _take(self, attempt: Attempt, now: datetime) -> None:
        """Take an attempt in hand."""
        self.attempt = attempt
        self._is_used = self._is_time_told = False
        self._asked_at = now
        self._rivals = {}

    def _is_earlier(self, attempt: Attempt) -> bool:
        """Return whether it may be left of an earlier try, and is not to be taken up.

        Who begins anew is to see the first steps; only the user knows.
        """
        is_beginning = self._asks and self.place is Place.PREPARE
        before = (self._began_at or attempt.received_at) - attempt.received_at
        return is_beginning and bool(attempt.secret) and before > EARLIER

    def _is_kept(self, newest: Attempt, seen: Seen) -> bool:
        """Return whether the attempt at hand stays there though a newer mail came.

        What can be used gives way to the same sign-in tried again, and to nothing else:
        Enter must not open the page of a stranger.
        """
        at_hand = self.attempt
        if at_hand is None or not self._is_to_use or at_hand not in seen.live:
            return False
        is_again = is_same(newest.claim, at_hand.claim)
        return not (newest.secret and is_again and newest.recency > at_hand.recency)

    def _compare(self, *others: Attempt) -> Iterator[Effect]:
        """Ask which is the user's where one is from elsewhere than the one at hand."""
        at_hand = self.attempt
        if at_hand is None:
            return
        for other in others:
            if other.secret and not is_same(other.claim, at_hand.claim):
                self._rivals[other.id] = other
        if self._rivals:
            yield from self._which()

    def _which(self) -> Iterator[Effect]:
        """Ask which of several attempts is the user's."""
        self._is_number_missed = False
        yield _say(sentences.WHICH, numbers=self._numbers)
        for attempt in self._waiting:
            yield _say(sentences.WAITING, id=attempt.id, words=_in_brief(attempt))

    def _no_number(self) -> Effect:
        self._is_number_missed = True
        return _say(sentences.NO_NUMBER, numbers=self._numbers)

    @property
    def _has_to_choose(self) -> bool:
        """Whether the user is to say which attempt is theirs before one is used."""
        return self.place is Place.APPROVE and self._is_to_use and bool(self._rivals)

    @property
    def _waiting(self) -> list[Attempt]:
        """The attempt at hand and its rivals, by their numbers."""
        at_hand = {self.attempt.id: self.attempt} if self.attempt else {}
        return [one for _, one in sorted({**self._rivals, **at_hand}.items())]

    @property
    def _numbers(self) -> str:
        return ", ".join(str(one.id) for one in self._waiting)

    def _announce(self, attempt: Attempt, now: datetime) -> Iterator[Effect]:
        """Tell that the mail is there, and the one thing to do now."""
        kind = self._kind
        yield from _came(attempt)
        if not _is_to_other(attempt):  # what to do with that is said below
            yield _say(notified.IF_NOT_CODE if kind is Kind.CODE else notified.IF_NOT)
        if kind is Kind.CODE or _is_to_other(attempt):  # nothing to approve, as known
            self.place = Place.APPROVE
        else:
            yield from self._enter(Place.APPROVE, now)
        yield from self._call(attempt)
        if self._asks:
            return
        if kind in sentences.BY_COMMAND:
            left = minutes_seconds(attempt.time_left(now))
            left = left if attempt.is_deadline_known else "?"
            yield _say(sentences.BY_COMMAND[kind], id=attempt.id, left=left)
        yield from self._enter(Place.FINISH, now)
        yield Ending.FOUND

    def _call(self, attempt: Attempt) -> Iterator[Effect]:
        """Say the one thing to do now."""
        match self._kind:
            case Kind.APPROVAL:
                yield _say(self.app.call)
            case Kind.CODE:
                if attempt.code and self._asks:  # to be typed on the phone
                    yield _say(sentences.CODE, code=grouped(attempt.code))
                yield _say(notified.TYPE_CODE)
            case Kind.UNKNOWN:
                if _is_to_other(attempt):  # it may be of another in the household
                    recipient = foreign(attempt.claim.recipient, WORD_COLUMNS)
                    yield _say(notified.SIGNED_TO, recipient=recipient)
                    yield _say(notified.OPEN_MAIL_IF_YOURS)
                else:
                    yield _say(notified.SIGNED_BUT)
                    yield _say(notified.OPEN_MAIL)
                    yield _say(self.app.call)

    def _follow(self, seen: Seen, now: datetime) -> Iterator[Effect]:
        """Go on with the attempt: it was answered, or is over."""
        attempt = self.attempt
        alive = {one.id: one for one in seen.live}
        if attempt is None or attempt.id not in alive:
            yield from self._miss(attempt, now)
            return
        self.attempt = alive[attempt.id]
        if seen.answer is EventName.NOT_ME:
            protect = (notified.PROTECT_NOT, notified.PROTECT_PASSWORD)
            for text in (*protect, notified.PROTECT_TWO_STEP):
                yield _say(text)
            yield Ending.LEFT
        elif seen.answer and not self._is_used:
            self._is_used, self._asked_at = True, now
            if self.place is Place.APPROVE and self._kind in sentences.USED:
                yield _say(sentences.USED[self._kind])

    def _miss(self, attempt: Attempt | None, now: datetime) -> Iterator[Effect]:
        """Tell what it means at this place that the attempt is over."""
        if self.place is Place.APPROVE:
            yield _say(sentences.OVER)
            yield from self._again(now)
            if self._is_used:
                yield _say(sentences.MAY_BE_APPROVED)
        elif self.place is Place.FINISH and attempt and not self._is_time_told:
            self._is_time_told = True
            yield _say(sentences.TIME_IS_UP)

    def _wait(self, now: datetime) -> Iterator[Effect]:
        """Tell what else Amazon does, and in the end that nothing came."""
        waited = self._waited(now)
        is_silent = waited >= SILENT_AFTER and not self.is_doubtful
        if is_silent and not self._is_silence_told:
            self._is_silence_told = True
            for text in other_ways(self.tries):
                yield _say(text)
        if waited < WAIT_FOR:
            return
        minutes = int(WAIT_FOR.total_seconds()) // 60
        yield _say(sentences.NOTHING_CAME, minutes=minutes)
        yield from self._again(now)
        if not self._asks:
            yield Ending.NOTHING

    # ------------------------------------------------------------------------------

    def _waited(self, now: datetime) -> timedelta:
        return now - (self._waits_since or now)

    def _is_too_soon(self, now: datetime) -> bool:
        """Return whether Enter was meant for what was asked before."""
        asked_at = self._asked_at or now
        return timedelta(0) <= now - asked_at < TOO_SOON

    @property
    def _is_to_use(self) -> bool:
        """Whether Enter opens the page or copies the code."""
        return bool(self.attempt and self.attempt.secret and not self._is_used)

    @property
    def _kind(self) -> Kind:
        return (self.attempt and self.attempt.kind) or Kind.UNKNOWN

    def _enter(self, place: Place, now: datetime) -> Iterator[Effect]:
        """Go to a place, and tell its steps."""
        self.place, self._asked_at = place, now
        heading = _say(sentences.HEADINGS[place], span=self.app.span(place))
        yield replace(heading, is_apart=True)
        for number, step in self.app.numbered(place):
            yield _say(sentences.STEP, number=number, act=step.act)
            if step.beware:
                yield _say(sentences.BEWARE, beware=step.beware)
        match place:
            case Place.WAIT:
                self._waits_since = now
                self._is_silence_told = self.is_doubtful = False
                if self.app.without_mail and self._asks:
                    yield _say(self.app.without_mail)
                if self.unwatched:
                    accounts = ", ".join(sorted(self.unwatched))
                    yield _say(sentences.NOT_WATCHED, accounts=accounts)
            case Place.FINISH if self._asks:
                yield _say(sentences.IF_FAILED, failure=self.app.failure)
            case _:
                pass


def _say(text: Text, **data: object) -> Say:
    return Say(text, data)


def _is_to_other(attempt: Attempt) -> bool:
    """Return whether the address it was sent to is none of the configured ones."""
    return attempt.kind is Kind.UNKNOWN and bool(attempt.claim.recipient)


def _came(attempt: Attempt) -> Iterator[Effect]:
    """Tell that a mail is there, and what it says of the sign-in."""
    account = foreign(attempt.origin.account, WORD_COLUMNS)
    text = sentences.CAME[attempt.kind or Kind.UNKNOWN]
    if _is_to_other(attempt):
        text = sentences.CAME_TO_OTHER
    yield replace(_say(text, id=attempt.id, account=account), is_apart=True)
    yield from _claimed(attempt)


def _claimed(attempt: Attempt) -> Iterator[Effect]:
    """Tell device and place as the mail has them, made harmless."""
    claim = attempt.claim
    if claim.device:
        yield _say(notified.DEVICE, device=foreign(claim.device, WORD_COLUMNS))
    if claim.near:
        yield _say(notified.NEAR, near=foreign(claim.near, WORD_COLUMNS))
    if claim.device or claim.near:
        yield _say(notified.FROM_APP)


def _in_brief(attempt: Attempt) -> str:
    """Return device, place and time of an attempt for a list, made harmless."""
    words = filter(None, (attempt.claim.device, attempt.claim.near))
    shown = (foreign(word, WORD_COLUMNS) for word in words)
    return " · ".join((*shown, local_time(attempt.began_at)))
