"""Leads a user through the steps of an app, and has done what follows from them.

The watch is the same as that of `check --wait`, in a thread of its own. Whoever of the
programs on one event log records a mail and shows it, the guide finds it in the log.
"""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from watcher.app.outcomes import note_outcome
from watcher.app.silence import count_silent_tries
from watcher.clock import utc_now
from watcher.errors import JournalBusy, NotHandedOver, NothingLive
from watcher.events import Attempt, EventName
from watcher.guide import sentences
from watcher.guide.apps import NAMES, find
from watcher.guide.expectation import OwnExpectation
from watcher.guide.inbox import Changed, Ended, Inbox, Noticed, Told, Typed, Watched
from watcher.guide.left import LASTS, Left, read_left, write_left
from watcher.guide.screen import Screen
from watcher.guide.steps import AppSteps, Place
from watcher.guide.walk import (
    Effect,
    Ending,
    Expect,
    Note,
    Say,
    Seen,
    Use,
    Walk,
)
from watcher.i18n import Language
from watcher.journal.log import Journal
from watcher.notify import wording
from watcher.notify.notification import Notification

TICK_S = 1.0
"""How often the clock counts down, and the log is looked at whatever happens."""

DOUBTFUL_AT_MOST = 5
"""Mails that anybody can send: more would push the steps off the screen."""

STOP_WITHIN_S = 15.0
"""How long the watch may take to end: it may show something that it has found."""

NO = frozenset({"n", "no", "いいえ"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the guide needs of the program around it."""

    journal: Journal
    screen: Screen
    inbox: Inbox
    language: Language
    watch: Callable[[], object]
    """Watches the accounts until `stop` is called."""
    stop: Callable[[], None]
    use: Callable[[Attempt], None]
    """Opens the page of an attempt or copies its code, and logs that."""
    asks: bool
    """Whether there is somebody who answers."""


class Session:
    """One run of the guide."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._journal, self._screen = means.journal, means.screen
        self._inbox = means.inbox
        self._event_id = max((one.id for one in self._journal.last(1)), default=0)
        self._began_at = utc_now()
        self._doubtful = 0
        self._expectation = OwnExpectation(means.journal)
        self._kept: Place | None = None
        """The place that is remembered."""

    def choose(self) -> AppSteps | None:
        """Ask which app it is; None where the user leaves."""
        apps = [find(name) for name in NAMES]
        while True:
            self._screen.say(Say(sentences.WHICH_APP))
            for number, app in enumerate(apps, 1):
                data = {"number": number, "title": app.title}
                self._screen.say(Say(sentences.CHOICE, data))
            line = self._answer()
            if line is None or line.lower() == "q":
                return None
            for number, app in enumerate(apps, 1):
                if line.lower() in (str(number), app.name):
                    return app

    def run(self, app: AppSteps) -> Ending:
        """Lead through the steps of an app; disarm in the end, whatever ends it.

        Where nobody was led on, the user still has to approve: it stays armed.
        """
        now = utc_now()
        tries = count_silent_tries(self._journal, now)
        walk = Walk(app, asks=self._means.asks, tries=tries)
        place = self._resume(app)
        if place is None:
            return Ending.LEFT
        watching = self._inbox.watch(self._means.watch)
        ending = None
        try:
            ending = self._lead(walk, place)
            return ending
        except KeyboardInterrupt:
            self._note_expected(walk)
            with suppress(OSError):  # the terminal may be gone
                self._do(walk, walk.farewell())
            raise
        finally:
            with _undisturbed():
                self._means.stop()
                if ending is not Ending.FOUND:
                    self._expectation.end(utc_now())
                with suppress(OSError):
                    self._screen.clear()
                watching.join(STOP_WITHIN_S)

    # ------------------------------------------------------------------------------

    def _resume(self, app: AppSteps) -> Place | None:
        """Return where to begin; None where the user leaves."""
        now = utc_now()
        left = read_left(self._journal, app.name) if self._means.asks else None
        place = left.resume(now) if left else None
        if left is None or place is None:
            return Place.PREPARE
        is_again = place is Place.AGAIN
        text = sentences.GO_ON_AGAIN if is_again else sentences.GO_ON
        minutes = max(1, int((now - left.at).total_seconds()) // 60)
        self._screen.say(Say(text, {"minutes": minutes, "span": app.span(place)}))
        line = self._answer()
        if line is None or line.strip().lower() == "q":
            return None
        if line.strip().lower() in NO:
            return Place.PREPARE
        self._kept = left.place
        return place

    def _answer(self) -> str | None:
        """Return the next line that is typed; None if there is none any more."""
        while True:
            match self._inbox.next(TICK_S):
                case Typed(line=line):
                    return line
                case _:
                    pass

    def _lead(self, walk: Walk, place: Place) -> Ending:
        ending = self._do(walk, walk.begin(place, utc_now()))
        while ending is None:
            ending = self._look(walk)
            if ending is None:
                self._screen.prompt(walk.prompt(utc_now()))
                ending = self._take(walk)
        return ending

    def _take(self, walk: Walk) -> Ending | None:
        """Wait for something to happen, at most until the clock counts down."""
        match self._inbox.next(TICK_S):
            case Typed(line=line):
                if line is None:  # Ctrl-D, which ends no line
                    self._screen.clear()
                else:
                    self._screen.note_typed()
                return self._type(walk, "q" if line is None else line)
            case Told(line=said):
                self._screen.print(said)
            case Noticed(notification=notification):
                self._notice(notification)
            case Watched(account=account, is_so=is_so):
                others = {*walk.unwatched} - {account}
                walk.unwatched = others if is_so else others | {account}
            case Ended(error=BaseException() as error):
                raise error
            case Ended() if not self._means.asks:
                return Ending.NOTHING
            case Ended() | Changed() | None:
                pass
        return None

    def _type(self, walk: Walk, line: str) -> Ending | None:
        """Take what was typed; not as an answer to what came at the same moment."""
        if len({*line}) == 1 and line.isalpha():
            line = line[0]  # typed again, since the clock has wiped it away
        before = walk.place, walk.attempt and walk.attempt.id
        if ending := self._look(walk):
            return ending
        if line != "q" and before != (walk.place, walk.attempt and walk.attempt.id):
            return None
        self._note_expected(walk)
        return self._do(walk, walk.type(line, utc_now()))

    def _note_expected(self, walk: Walk) -> None:
        """Let one who leaves be told whether a sign-in stays expected."""
        with suppress(JournalBusy):
            walk.stays_expected = self._expectation.have_others(utc_now())

    def _look(self, walk: Walk) -> Ending | None:
        """Look into the log; one that is busy is looked into again soon."""
        with suppress(JournalBusy):
            now = utc_now()
            self._tell_doubtful(walk, now)
            before = walk.attempt
            seen = Seen(
                live=[one.about for one in self._journal.live(now)],
                unanswered=[one.about for one in self._journal.pending(now)],
                answer=self._journal.answer_to(before.id) if before else None,
            )
            ending = self._do(walk, walk.look(seen, now))
            if walk.attempt and (before is None or before.id != walk.attempt.id):
                self._screen.ring()
            return ending
        return None

    def _tell_doubtful(self, walk: Walk, now: datetime) -> None:
        """Tell of mails that may be it, and of attempts that came too late."""
        for event in self._journal.events(after_id=self._event_id):
            self._event_id = event.id
            language = self._means.language
            match event.event, event.about:
                case EventName.UNVERIFIED, Attempt() as mail if mail.expires_at > now:
                    self._doubtful += 1
                    walk.is_doubtful = True
                    if self._doubtful <= DOUBTFUL_AT_MOST:
                        why = event.reasons
                        self._notice(
                            wording.unverified(mail, why, now=now, language=language)
                        )
                case EventName.MISSED, Attempt() as attempt if self._is_own(attempt):
                    self._notice(wording.late(attempt, language=language))
                case _:
                    pass

    def _is_own(self, attempt: Attempt) -> bool:
        """Return whether it may be of the sign-in that the user is led through."""
        return attempt.began_at > self._began_at - LASTS

    def _notice(self, notification: Notification) -> None:
        """Print what a notification says; it has neither link nor code."""
        lines = (notification.title, *notification.body.splitlines())
        self._screen.print("\n".join(lines))

    # Effects ----------------------------------------------------------------------

    def _do(self, walk: Walk, effects: Iterable[Effect]) -> Ending | None:
        """Do what follows, and remember where the user is now."""
        ending = None
        for effect in effects:
            match effect:
                case Say():
                    self._screen.say(effect)
                case Use(attempt=attempt):
                    self._use(attempt)
                case Note(attempt=attempt, outcome=outcome):
                    note_outcome(self._journal, attempt, outcome, utc_now())
                case Expect(is_on=True):
                    self._expectation.begin(utc_now())
                case Expect():
                    self._expectation.end(utc_now())
                case Ending():
                    ending = effect
        if self._means.asks:
            self._remember(walk, ending)
        return ending

    def _remember(self, walk: Walk, ending: Ending | None) -> None:
        if ending is Ending.LINKED:
            write_left(self._journal, walk.app.name, None)
        elif walk.place is not self._kept:
            self._kept = walk.place
            write_left(self._journal, walk.app.name, Left(walk.place, utc_now()))

    def _use(self, attempt: Attempt) -> None:
        try:
            self._means.use(attempt)
        except (NothingLive, NotHandedOver) as error:
            self._screen.print(error.say(self._means.language))
        # Enter, pressed again while the browser starts, does not mean "approved".
        self._inbox.forget_lines()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let no signal interrupt the end: a closed window ends the input, then signals."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are handled elsewhere
        return
    numbers = [
        number
        for name in ("SIGINT", "SIGHUP", "SIGTERM")
        if (number := signal.Signals.__members__.get(name)) is not None
    ]
    former = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
