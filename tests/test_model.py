"""The program of one account, whatever happens in whatever order, keeps its promises.

Hypothesis plays the server, the user, the desktop, the clocks and the power switch; the
rules that must hold after each step, or once all has come to rest, are those of the
contract. `MODEL_EXAMPLES=1000` plays longer, and other games each time.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.fakes import posix_only
from tests.imap_server import Peer
from tests.model import PLACES, WINDOW, Known, Machine, Sent, is_live, playing
from watcher.app.notifier import UNKNOWN_AN_HOUR
from watcher.app.wanted import HOUR, UNVERIFIED_AN_HOUR
from watcher.events import ANSWERS, CLOSINGS, Attempt, Event, EventName, State
from watcher.i18n import Language
from watcher.notify import sentences
from watcher.notify.notification import Action, Notification
from watcher.recognition.claim import Kind

pytestmark = [
    pytest.mark.timeout(600),
    posix_only("games of a minute, longer than the suite waits for a word under Wine"),
]

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "0"))
IN_THE_GATE = 40
SECOND = timedelta(seconds=1)
CALM = timedelta(seconds=30)
"""Longer than the lease after which a notification is tried again."""

SPANS = st.sampled_from([1, 15, 40, 100, 200, 310]).map(lambda s: s * SECOND)
STEPS = st.sampled_from([-7200, -180, -20, 20, 180, 7200]).map(lambda s: s * SECOND)
KINDS = st.sampled_from([Kind.APPROVAL, Kind.APPROVAL, Kind.CODE, Kind.UNKNOWN])
WHICH = st.integers(0, 5)
TOLD = {
    EventName.UNVERIFIED: sentences.UNVERIFIED,
    EventName.SIGN_IN_REPORTED: sentences.REPORTED,
    EventName.EXPIRED: sentences.OVER,
}
"""By what titles events are told in the place of their attempts."""


def refuse(peer: Peer, tag: str) -> None:
    peer.send(f"{tag} NO [AUTHENTICATIONFAILED] wrong")


def secret_of(shown: Notification) -> str | None:
    """Return the link or code of a notification; digits are shown in groups."""
    return shown.link or (shown.code and shown.code.replace(" ", ""))


class Game(RuleBasedStateMachine):
    """What can happen, and what must hold."""

    def __init__(self) -> None:
        super().__init__()
        self._open = ExitStack()
        folder = self._open.enter_context(tempfile.TemporaryDirectory())
        self.it: Machine = self._open.enter_context(playing(Path(folder)))
        self.kills = 0
        self.closed: set[int] = set()
        """The attempts that were closed when all was at rest."""
        self.it.start()

    def teardown(self) -> None:
        """Come to rest, and look once more."""
        try:
            self.all_is_well()
            self.calm()
        finally:
            self._open.close()

    # The program ------------------------------------------------------------------

    @precondition(lambda self: self.it.program is None)
    @rule()
    def start(self) -> None:
        self.it.start()

    @precondition(lambda self: self.it.program is not None)
    @rule()
    def stop(self) -> None:
        self.it.stop()
        assert self.it.glass.attempts == {}, "left on the screen at the end"

    @precondition(lambda self: self.it.program is not None)
    @rule()
    def kill(self) -> None:
        self.it.kill()
        self.kills += 1

    @precondition(lambda self: self.it.program is not None)
    @rule(count=st.integers(1, 3))
    def session_steps(self, count: int) -> None:
        assert self.it.program
        for _ in range(count):
            self.it.program.session.step()

    @precondition(lambda self: self.it.program is not None)
    @rule(count=st.integers(1, 3))
    def daemon_takes(self, count: int) -> None:
        assert self.it.program
        for _ in range(count):
            self.it.program.take()

    @precondition(lambda self: self.it.program is not None)
    @rule()
    def desktop_steps(self) -> None:
        assert self.it.program
        self.it.program.desktop.step()

    @rule()
    def works(self) -> None:
        self.it.work()

    # Time -------------------------------------------------------------------------

    @rule(span=SPANS)
    def rest(self, span: timedelta) -> None:
        self.it.rest(span)

    @rule(span=SPANS)
    def suspend(self, span: timedelta) -> None:
        self.it.suspend(span)

    @rule(step=STEPS)
    def set_clock(self, step: timedelta) -> None:
        self.it.set_clock(step)

    # Amazon and the server --------------------------------------------------------

    @rule(kind=KINDS, place=st.sampled_from(PLACES))
    def send(self, kind: Kind, place: str) -> None:
        self.it.send(kind, place)

    @precondition(lambda self: self.it.sent)
    @rule(which=WHICH)
    def send_again(self, which: int) -> None:
        again = self.it.sent[which % len(self.it.sent)]
        self.it.server.deliver(again.raw, self.it.true_now)

    @rule()
    def send_doubtful(self) -> None:
        self.it.send_doubtful()

    @rule()
    def report(self) -> None:
        self.it.report()

    @rule()
    def lose_connection(self) -> None:
        self.it.server.lose()

    @rule()
    def refuse_login(self) -> None:
        self.it.server.lose()
        self.it.server.faults["LOGIN"] = refuse

    @rule()
    def accept_login(self) -> None:
        self.it.server.faults.pop("LOGIN", None)

    @rule()
    def renumber(self) -> None:
        self.it.server.lose()
        self.it.server.uid_validity += 1

    @precondition(lambda self: self.it.server.dates)
    @rule()
    def withhold(self) -> None:
        self.it.server.withheld.add(max(self.it.server.dates))

    @rule()
    def deliver_withheld(self) -> None:
        self.it.server.withheld.clear()

    # The user and the desktop -----------------------------------------------------

    @precondition(lambda self: self.it.glass.attempts)
    @rule(
        which=WHICH,
        action=st.sampled_from(list(Action)),
        closes=st.booleans(),
    )
    def press(self, which: int, action: Action, closes: bool) -> None:
        shown = sorted(self.it.glass.attempts)
        replaces_id = shown[which % len(shown)]
        self.it.press(replaces_id, action)
        if closes:
            self.it.glass.dismiss(replaces_id)

    @precondition(lambda self: self.it.glass.attempts)
    @rule(which=WHICH)
    def close_notification(self, which: int) -> None:
        shown = sorted(self.it.glass.attempts)
        self.it.glass.dismiss(shown[which % len(shown)])

    @rule(which=WHICH)
    def answer_elsewhere(self, which: int) -> None:
        if pending := self.it.read().pending:
            self.it.answer_elsewhere(pending[which % len(pending)])

    @rule(span=SPANS)
    def expect(self, span: timedelta) -> None:
        self.it.expect(span)

    @rule(is_broken=st.booleans())
    def browser(self, is_broken: bool) -> None:
        self.it.is_browser_broken = is_broken

    @rule()
    def lose_screen(self) -> None:
        self.it.lose_screen()

    @rule()
    def screen_is_back(self) -> None:
        self.it.glass.is_down = False

    # What must hold ---------------------------------------------------------------

    @invariant()
    def all_is_well(self) -> None:
        """Check what holds after every step, be it in the middle of something."""
        known = self.it.read()
        firsts = known.firsts()
        for sent in self.it.sent:
            found = firsts.get(sent.message_id, [])
            assert len(found) <= 1, f"{sent} is several events"
            if found:
                self._check_event(sent, found[0])
        self._check_answers(known)
        self._check_cursor(known, logged=firsts.keys())
        self._check_shown(known)
        self._check_told_once(known)

    def _check_told_once(self, known: Known) -> None:
        """Check that an event is told once, but where a kill left that unknown."""
        for name, title in TOLD.items():
            logged = Counter(
                event.about.id
                for event in known.about_attempts()
                if event.event is name
            )
            for attempt_id, count in logged.items():
                told = self.it.glass.told[title.say(Language.EN), attempt_id]
                assert told <= count + self.kills, f"told {told} times: {title.en}"

    def _check_event(self, sent: Sent, first: Event[Attempt]) -> None:
        attempt = first.about
        assert attempt.kind is sent.kind
        assert attempt.expires_at - first.at <= WINDOW + SECOND, "overstated"
        if self.it.was_clock_set:
            return
        ends_at = sent.at + WINDOW
        is_over = first.at >= ends_at
        name = EventName.MISSED if is_over else EventName.ATTEMPT
        assert first.event is name
        assert attempt.expires_at == ends_at

    def _check_answers(self, known: Known) -> None:
        """Check that what was denied is never opened, and nothing is opened twice."""
        for found in known.firsts().values():
            sent = self._sent_of(found[0].about)
            names = known.happened_to(found[0].about.id)
            answers = [one for one in names if one in ANSWERS]
            opened = self.it.opened.count(sent.secret or "nothing")
            assert opened <= 1 + self.kills
            if answers and answers[0] is EventName.NOT_ME and not self.kills:
                assert opened == 0, "opened what was denied"
            assert names.count(EventName.EXPIRED) <= 1
            assert names.count(EventName.NOTIFIED) <= 1 + self.kills

    def _check_cursor(self, known: Known, logged: "set[str] | object") -> None:
        """Check that the cursor passes no mail that the log does not know."""
        uid_next = known.uid_next.get(self.it.server.uid_validity, 0)
        by_raw = {sent.raw: sent for sent in self.it.sent}
        for uid, raw in self.it.server.mailboxes["INBOX"].items():
            sent = by_raw.get(raw)
            if uid >= uid_next or sent is None:
                continue
            was_alive = self.it.passed_s - sent.at_s < WINDOW.total_seconds()
            if uid in self.it.server.withheld and not was_alive:
                continue
            assert sent.message_id in known.firsts(), f"lost for ever: {sent}"

    def _check_shown(self, known: Known) -> None:
        """Check that what was shown is true: the link, and the time that is left."""
        fresh, self.it.glass.fresh = self.it.glass.fresh, []
        attempts = {one[0].about.id: one[0].about for one in known.firsts().values()}
        for shown, at in fresh:
            if not is_live(shown):
                assert secret_of(shown) is None
                continue
            sent = self._sent_of(attempts[shown.replaces_id])
            assert secret_of(shown) in (None, sent.secret)
            assert shown.expires_in is not None
            assert shown.expires_in <= WINDOW
            if not self.it.was_clock_set:
                assert shown.expires_in <= sent.at + WINDOW - at, "overstated"
            assert shown.replaces_id not in self.closed, "an answer binds"

    def _sent_of(self, attempt: Attempt) -> Sent:
        (sent,) = (one for one in self.it.sent if one.message_id == attempt.message_id)
        return sent

    @rule()
    def calm(self) -> None:
        """Come to rest with all in order, and check what holds then."""
        if self.it.program is None:
            self.it.start()
        self.it.glass.is_down = False
        self.it.server.faults.pop("LOGIN", None)
        self.it.settle()
        self.it.rest(CALM)
        self.it.settle()
        assert self.it.program
        assert self.it.program.session.state is State.WATCHING
        known = self.it.read()
        self._check_told(known)
        self._check_nothing_owed()
        self._check_screen(known)
        self._check_secrets(known)
        self._check_shown(known)  # until now: what comes later, nobody may see again
        self.closed |= {
            event.about.id
            for event in known.about_attempts()
            if event.event in (*CLOSINGS, EventName.EXPIRED)
        }

    def _check_told(self, known: Known) -> None:
        """Check that each mail is in the log, and each live attempt was told."""
        firsts = known.firsts()
        withheld = {
            self.it.server.mailboxes["INBOX"][uid] for uid in self.it.server.withheld
        }
        unknown = [one for one in self.it.sent if one.kind is Kind.UNKNOWN]
        are_many = len(unknown) > UNKNOWN_AN_HOUR
        for sent in self.it.sent:
            found = firsts.get(sent.message_id)
            if found is None:
                assert sent.raw in withheld, f"never found: {sent}"
                continue
            names = known.happened_to(found[0].about.id)
            is_flood = sent.kind is Kind.UNKNOWN and are_many
            is_over = EventName.EXPIRED in names or EventName.MISSED in names
            if not (is_over or is_flood or set(names) & set(CLOSINGS)):
                assert EventName.NOTIFIED in names, f"never told: {sent}"

    def _check_nothing_owed(self) -> None:
        """Check that the user was told of whatever was logged, if it is still news."""
        if self.it.read().untold:  # what failed waits for longer; the next program not
            self.it.stop()
            self.it.start()
            self.it.settle()
        known = self.it.read()
        assert known.untold == [], "owed"
        if self.it.was_clock_set:
            return
        now, about = self.it.now, known.about_attempts()
        unverified = [one for one in about if one.event is EventName.UNVERIFIED]
        news = [one for one in unverified if one.about.expires_at > now]
        if len(unverified) > UNVERIFIED_AN_HOUR:  # some are told as a number
            news = []
        news += [
            one
            for one in about
            if one.event is EventName.SIGN_IN_REPORTED and now - one.at < HOUR
        ]
        for event in news:
            title = TOLD[event.event].say(Language.EN)
            assert self.it.glass.told[title, event.about.id], f"never told: {event}"

    def _check_screen(self, known: Known) -> None:
        """Check that on the screen is what waits for an answer, and nothing else."""
        on_screen = self.it.glass.attempts.keys()
        pending = {one.id for one in known.pending}
        assert on_screen <= pending, "stale"
        untold = {
            one for one in pending if EventName.NOTIFIED not in known.happened_to(one)
        }
        missing = pending - on_screen - self.it.glass.dismissed - untold
        assert not missing, f"not on the screen: {missing}"
        for attempt in known.pending:
            assert attempt.expires_at > self.it.now
            if not self.it.was_clock_set:
                assert self._sent_of(attempt).at + WINDOW > self.it.true_now

    def _check_secrets(self, known: Known) -> None:
        """Check that no link of what is over is left in the log's files."""
        files = self.it.secrets_left()
        for found in known.firsts().values():
            sent = self._sent_of(found[0].about)
            names = known.happened_to(found[0].about.id)
            if EventName.EXPIRED in names and sent.kind is Kind.APPROVAL:
                assert sent.secret
                assert sent.secret.encode() not in files


# What was found -----------------------------------------------------------------------


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Machine]:
    with playing(tmp_path) as machine:
        machine.start()
        yield machine


def test_a_daemon_that_ends_at_once_takes_away_what_a_killed_one_left(
    it: Machine,
) -> None:
    it.send(Kind.APPROVAL, PLACES[0])
    it.settle()
    it.kill()
    it.start()
    it.stop()

    assert it.glass.attempts == {}


def test_a_daemon_that_ends_at_once_takes_away_what_was_answered_just_now(
    it: Machine,
) -> None:
    it.send(Kind.APPROVAL, PLACES[0])
    it.settle()
    (shown,) = it.glass.attempts
    it.press(shown, Action.OPEN)
    assert it.program
    while it.program.take():
        pass
    it.stop()

    assert it.glass.on_screen == {}


TestGame = Game.TestCase
TestGame.settings = settings(
    max_examples=EXAMPLES or IN_THE_GATE,
    stateful_step_count=40 if EXAMPLES else 25,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
