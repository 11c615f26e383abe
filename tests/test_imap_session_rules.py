"""How the session uses backoff, delay cap, suspend and watch strategy, and reports."""

import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from math import inf
from types import SimpleNamespace
from typing import ClassVar

import pytest

from tests.imap_server import (
    MAIL,
    PATIENCE_S,
    PATIENT,
    QUICK,
    Peer,
    Reports,
    Server,
    clear,
    settings,
    watched,
    watching,
)
from tests.servers import free_port
from watcher.clock import GAP_S, Resumed, SuspendDetector
from watcher.errors import ConnectionLost, SecretUnavailable
from watcher.events import MailboxSynced, Mode, ModeReason, State, StateChanged
from watcher.i18n import Text
from watcher.imap import backoff as backoffs
from watcher.imap import session as sessions
from watcher.imap.account import Timeouts
from watcher.imap.backoff import (
    AFTER_RESUME_FOR_S,
    AFTER_RESUME_S,
    LONGEST_S,
    LOOKS_A_SECOND,
    LOOKS_AT_ONCE,
    Backoff,
    DelayCap,
    LookRate,
)
from watcher.imap.choices import WatchMode
from watcher.imap.connection import Connection
from watcher.imap.idle import Waiter, WaitResult, WatchStrategy
from watcher.imap.session import Session

pytestmark = pytest.mark.timeout(60)

BRISK = replace(QUICK, idle_interval_s=0.05)
"""Many syncs in a short test."""


BY_HAND = timedelta(minutes=10)


def hang_up(peer: Peer, _tag: str = "") -> None:
    peer.close()


def ready(peer: Peer) -> None:
    peer.send("* OK ready")


def say_later(peer: Peer) -> None:
    peer.send("* BYE too many connections")


def say_html(peer: Peer) -> None:
    peer.send("HTTP/1.1 400 Bad Request")


def refuse(peer: Peer, tag: str) -> None:
    peer.send(f"{tag} NO wrong")


def highest(_low: float, high: float) -> float:
    return high


def wait_s(change: StateChanged) -> float:
    """Return how long the session rests now, a little less than it was told to."""
    assert change.next_try_at is not None
    return (change.next_try_at - change.at).total_seconds()


def about(seconds: float) -> object:
    return pytest.approx(seconds, abs=0.5)


def waits(seen: Reports) -> list[float]:
    changes = seen.of(StateChanged)
    return [wait_s(one) for one in changes if one.state is State.BACKING_OFF]


def next_wait(
    session: Session, seen: Reports, armed: timedelta = timedelta(0)
) -> float:
    """Let the session try again now, and return how long it rests after that."""
    done = len(waits(seen))
    session.arm(armed)
    return wait_s(seen.wait_for_state(State.BACKING_OFF, times=done + 1))


class Clocks:
    """The clocks by which a session notices a suspend, set by hand."""

    def __init__(self) -> None:
        self.awake = self.always = 1000.0
        self._readings = 0
        self._read = threading.Condition()

    def read_awake(self) -> float:
        with self._read:
            self._readings += 1
            self._read.notify_all()
        return self.awake

    def detector(self) -> SuspendDetector:
        return SuspendDetector(awake_s=self.read_awake, clocks_s=(lambda: self.always,))

    def suspend(self) -> None:
        self.always += 60

    def work(self) -> None:
        """Let time go by as it does for a busy process."""
        self.awake += 60
        self.always += 60

    def wait_for_looks(self, session: Session, count: int) -> None:
        """Let a session look at them so often; after two looks it waits."""
        for _ in range(count):
            with self._read:
                self._readings = 0
                session.check_clock()
                assert self._read.wait_for(lambda: self._readings, PATIENCE_S)


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    clocks = Clocks()
    monkeypatch.setattr(sessions, "SuspendDetector", clocks.detector)
    return clocks


@pytest.fixture
def _longest_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "Backoff", lambda: Backoff(highest))


# What is logged


def levels_of(caplog: pytest.LogCaptureFixture, words: str) -> list[int]:
    return [one.levelno for one in caplog.records if words in one.getMessage()]


def test_one_trouble_is_a_warning_once_an_outage_and_again_after_a_good_spell(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    server = Server()
    with watched(server, settings(BRISK)) as (_, seen):
        seen.wait_for_state(State.WATCHING)
        server.greet = hang_up
        server.peers[-1].close()
        lost = seen.wait_for_state(State.BACKING_OFF, times=3)
        first = levels_of(caplog, str(lost.error))
        server.greet = ready
        seen.wait_for_state(State.WATCHING, times=2)
        before = len(levels_of(caplog, str(lost.error)))
        server.peers[-1].close()
        seen.wait_for_state(State.WATCHING, times=3)
        again = levels_of(caplog, str(lost.error))[before:]

    assert first[:3] == [logging.WARNING, logging.DEBUG, logging.DEBUG]
    assert again[0] == logging.WARNING


def test_another_trouble_is_a_warning_in_the_same_outage(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    greetings = [hang_up, hang_up, say_html, hang_up]

    def greet(peer: Peer) -> None:
        (greetings.pop(0) if greetings else ready)(peer)

    server = Server(greet=greet)
    with watched(server, settings(BRISK)) as (_, seen):
        seen.wait_for_state(State.WATCHING)
        errors = {str(one.error) for one in seen.of(StateChanged) if one.error}

    losses = [
        one for one in caplog.records if any(e in one.getMessage() for e in errors)
    ]
    assert [one.levelno for one in losses] == [
        logging.WARNING,
        logging.DEBUG,
        logging.WARNING,
        logging.WARNING,
    ]
    assert all("account=home " in one.getMessage() for one in losses)


def test_a_login_that_is_refused_is_an_error_once_and_again_after_a_good_spell(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = ["secret"]
    server = Server(faults={"LOGIN": refuse})
    account = replace(clear(server.port), get_secret=lambda: secrets[-1])
    by_hand = replace(BRISK, refused_delay_s=BY_HAND.total_seconds())
    with watched(server, settings(by_hand), account=account) as (session, seen):
        refused = seen.wait_for_state(State.REFUSED)
        session.retry()
        seen.wait_for_state(State.REFUSED, times=2)
        first = levels_of(caplog, str(refused.error))
        server.faults.clear()
        session.retry()
        seen.wait_for_state(State.WATCHING)
        server.faults["LOGIN"] = refuse
        secrets.append("another")  # the first was taken, so that it may be doubted
        server.peers[-1].close()
        seen.wait_for_state(State.REFUSED, times=3)
        again = levels_of(caplog, str(refused.error))[len(first) :]

    assert first == [logging.ERROR, logging.DEBUG]
    assert again == [logging.ERROR]


def test_steps_are_logged_for_who_debugs_and_where_they_lead_for_everybody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    server = Server(faults={"LOGIN": refuse})
    with watched(server, settings(BRISK)) as (_, seen):
        refused = seen.wait_for_state(State.REFUSED)
        server.faults.clear()
        seen.wait_for_state(State.WATCHING)
        server.peers[-1].close()
        seen.wait_for_state(State.WATCHING, times=2)

    for state in State:
        is_step = state in {State.CONNECTING, State.CATCHING_UP, State.BACKING_OFF}
        expected = logging.DEBUG if is_step else logging.INFO
        assert set(levels_of(caplog, f"account=home state={state}")) == {expected}
    assert set(levels_of(caplog, str(refused.error))) == {logging.ERROR}


def test_a_bug_does_not_end_the_watch_and_its_text_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    bugs = [ZeroDivisionError("what stood in the mail"), Exception("and more of it")]

    def stumble(_header: bytes) -> bool:
        if bugs:
            raise bugs.pop(0)
        return True

    server = Server()
    server.add(MAIL)
    account = clear(server.port)
    with (
        server,
        watching(account, settings(BRISK), is_candidate=stumble) as (_, seen),
    ):
        seen.wait_for_uid(1)
        lost = seen.wait_for_state(State.BACKING_OFF, times=2)
        server.wait_for("LOGOUT", times=2)  # what was open is closed

    assert isinstance(lost.error, ConnectionLost)
    logged = [one for one in caplog.records if "a bug" in one.getMessage()]
    assert [(one.levelno, one.getMessage()) for one in logged] == [
        (logging.ERROR, "account=home a bug: ZeroDivisionError"),
        (logging.ERROR, "account=home a bug: Exception"),
    ]
    assert "stood in the mail" not in caplog.text
    assert "more of it" not in caplog.text


# How long is waited before the next try


def test_a_refused_login_is_tried_again_after_refused_s() -> None:
    server = Server(faults={"LOGIN": refuse})
    timeouts = replace(PATIENT, refused_delay_s=700, secret_delay_s=40)
    with watched(server, settings(timeouts)) as (_, seen):
        refused = seen.wait_for_state(State.REFUSED)

    assert wait_s(refused) == about(700)


def test_a_locked_secret_is_asked_for_again_after_locked_s() -> None:
    def get_secret() -> str:
        raise SecretUnavailable(Text(en="locked", ja="ロック中"))

    server = Server()
    account = replace(clear(server.port), get_secret=get_secret)
    timeouts = replace(PATIENT, refused_delay_s=700, secret_delay_s=40)
    with watched(server, settings(timeouts), account=account) as (_, seen):
        refused = seen.wait_for_state(State.REFUSED)

    assert isinstance(refused.error, SecretUnavailable)
    assert wait_s(refused) == about(40)


def test_after_the_wait_a_refused_login_is_tried_again_by_itself() -> None:
    server = Server(faults={"LOGIN": refuse})
    with watched(server, settings(replace(PATIENT, refused_delay_s=0.1))) as (_, seen):
        seen.wait_for_state(State.REFUSED)
        server.faults.clear()
        seen.wait_for_state(State.WATCHING)


def test_a_lost_connection_is_tried_again_at_once() -> None:
    with watched(Server(greet=hang_up), settings(PATIENT)) as (_, seen):
        seen.wait_for_state(State.BACKING_OFF, times=2)

    assert waits(seen)[0] <= 0 < waits(seen)[1]


def say_unavailable(peer: Peer, tag: str) -> None:
    peer.send(f"{tag} NO [UNAVAILABLE] come back later")


@pytest.mark.parametrize(
    "make_server",
    [
        lambda: Server(greet=say_later),
        lambda: Server(faults={"LOGIN": say_unavailable}),
    ],
    ids=["greeting", "login"],
)
@pytest.mark.usefixtures("_longest_waits")
def test_a_server_that_says_later_is_not_tried_briskly(
    make_server: Callable[[], Server],
) -> None:
    with watched(make_server(), settings(PATIENT)) as (session, seen):
        first = wait_s(seen.wait_for_state(State.BACKING_OFF))
        second = next_wait(session, seen)

    assert [first, second] == [about(1), about(2)]
    assert State.REFUSED not in seen.states


@pytest.mark.usefixtures("_longest_waits")
def test_while_a_sign_in_is_expected_a_backoff_takes_at_most_the_armed_delay() -> None:
    timeouts = replace(PATIENT, armed_delay_s=3)
    with watched(Server(greet=say_later), settings(timeouts)) as (session, seen):
        seen.wait_for_state(State.BACKING_OFF)
        before = [next_wait(session, seen) for _ in range(2)]
        armed = [next_wait(session, seen, BY_HAND) for _ in range(2)]
        after = [next_wait(session, seen) for _ in range(2)]

    assert before == [about(2), about(4)]
    assert armed == [about(3), about(3)]
    assert after == [about(LONGEST_S), about(LONGEST_S)]


@pytest.mark.usefixtures("_longest_waits")
def test_a_port_that_nobody_listens_on_is_tried_again_within_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backoffs, "BRISK_FOR_S", 0.0)
    with watching(clear(free_port()), settings(PATIENT)) as (session, seen):
        seen.wait_for_state(State.BACKING_OFF)
        later = [next_wait(session, seen) for _ in range(4)]

    assert later == 4 * [about(backoffs.KNOCK_S)]


@pytest.mark.usefixtures("_longest_waits")
def test_the_backoff_begins_anew_after_a_good_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backoffs, "WORTHY_S", 0)
    server = Server()
    with watched(server, settings(BRISK)) as (session, seen):
        seen.wait_for_state(State.WATCHING)
        server.greet = hang_up
        server.peers[-1].close()
        seen.wait_for_state(State.BACKING_OFF)
        while len(waits(seen)) < 3:
            next_wait(session, seen)
        server.greet = ready
        seen.wait_for_state(State.WATCHING, times=2)
        synced_count = len(seen.of(MailboxSynced))
        seen.wait_until(lambda seen: len(seen.of(MailboxSynced)) > synced_count + 9)
        done = len(waits(seen))
        server.peers[-1].close()
        again = seen.wait_for_state(State.BACKING_OFF, times=done + 1)

    outage = waits(seen)[:3]
    assert outage[0] <= 0
    assert min(outage[1:]) > 0, "the good session counted more than once"
    assert wait_s(again) <= 0


def test_the_backoff_goes_on_after_a_short_session() -> None:
    server = Server()
    with watched(server, settings(PATIENT)) as (_, seen):
        for times in (1, 2):
            seen.wait_for_state(State.WATCHING, times=times)
            server.peers[-1].close()
        seen.wait_for_state(State.BACKING_OFF, times=2)

    assert waits(seen)[0] <= 0 < waits(seen)[1]


# The machine slept


@pytest.mark.usefixtures("_longest_waits")
def test_after_a_suspend_no_wait_is_longer_than_a_second(clocks: Clocks) -> None:
    with watched(Server(greet=say_later), settings(PATIENT)) as (session, seen):
        seen.wait_for_state(State.BACKING_OFF)
        before = [next_wait(session, seen) for _ in range(2)]
        clocks.suspend()
        session.check_clock()
        seen.wait_for_state(State.BACKING_OFF, times=4)
        after = [next_wait(session, seen) for _ in range(2)]

    assert before == [about(2), about(4)]
    assert [waits(seen)[3], *after] == 3 * [pytest.approx(AFTER_RESUME_S, abs=0.3)]


def test_the_backoff_begins_anew_after_a_suspend(clocks: Clocks) -> None:
    with watched(Server(greet=hang_up), settings(PATIENT)) as (_, seen):
        seen.wait_for_state(State.BACKING_OFF, times=3)
        assert [wait <= 0 for wait in waits(seen)[:3]] == [True, False, False]
        clocks.suspend()

        seen.wait_until(lambda seen: sum(wait <= 0 for wait in waits(seen)) == 2)


@pytest.mark.parametrize("mode", [WatchMode.IDLE, WatchMode.POLL])
def test_a_suspend_is_noticed_in_the_middle_of_a_wait_for_mail(
    mode: WatchMode, clocks: Clocks
) -> None:
    server = Server()
    with watched(server, settings(PATIENT, mode)) as (session, seen):
        seen.wait_for_state(State.WATCHING)
        clocks.wait_for_looks(session, 3)
        clocks.suspend()
        session.check_clock()
        seen.wait_for_state(State.WATCHING, times=2)
        server.wait_for("LOGOUT")  # what was open is closed

    assert seen.states == [
        *2 * [State.CONNECTING, State.CATCHING_UP, State.WATCHING],
        State.STOPPED,
    ]


def test_a_suspend_is_noticed_in_the_wait_after_a_refusal(clocks: Clocks) -> None:
    server = Server(faults={"LOGIN": refuse})
    with watched(server, settings(PATIENT)) as (session, seen):
        seen.wait_for_state(State.REFUSED)
        server.faults.clear()
        clocks.suspend()
        session.check_clock()

        seen.wait_for_state(State.WATCHING)


@contextmanager
def long_login(
    clocks: Clocks, way: Callable[[], None], server: Server
) -> Iterator[tuple[Session, Reports]]:
    """Watch a server while the first password costs much time."""
    passed = [way]

    def get_secret() -> str:
        if passed:
            passed.pop()()
        return "secret"

    account = replace(clear(server.port), get_secret=get_secret)
    with watched(server, settings(PATIENT), account=account) as (session, seen):
        yield session, seen


def test_long_work_before_the_watch_is_no_suspend(clocks: Clocks) -> None:
    with long_login(clocks, clocks.work, Server()) as (session, seen):
        seen.wait_for_state(State.WATCHING)
        clocks.wait_for_looks(session, 5)

        assert seen.states.count(State.CONNECTING) == 1


def test_long_work_before_a_rest_is_no_suspend(clocks: Clocks) -> None:
    with long_login(clocks, clocks.work, Server(faults={"LOGIN": refuse})) as (
        session,
        seen,
    ):
        seen.wait_for_state(State.REFUSED)
        clocks.wait_for_looks(session, 5)

        assert seen.states == [State.CONNECTING, State.REFUSED]


def test_a_suspend_in_the_middle_of_work_leads_to_a_new_connection(
    clocks: Clocks,
) -> None:
    with long_login(clocks, clocks.suspend, Server()) as (_, seen):
        seen.wait_for_state(State.WATCHING, times=2)

    assert State.BACKING_OFF not in seen.states


def test_a_gap_is_more_than_gap_s() -> None:
    clocks = Clocks()
    detector = clocks.detector()
    clocks.always += GAP_S
    detector.check_wait(1.0)
    clocks.always += GAP_S
    assert not detector.has_resumed()
    clocks.always += GAP_S + 0.1
    with pytest.raises(Resumed):
        detector.check_wait(1.0)
    clocks.always += GAP_S + 0.1
    assert detector.has_resumed()


def test_the_delay_cap_after_a_suspend_and_for_a_sign_in_ends_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(backoffs, "time", SimpleNamespace(monotonic=lambda: clock.now))
    delay_cap = DelayCap(Timeouts())
    assert delay_cap.longest_s == LONGEST_S

    delay_cap.arm(timedelta(seconds=AFTER_RESUME_FOR_S + 100))
    delay_cap.resume()
    clock.now += AFTER_RESUME_FOR_S - 1
    assert delay_cap.longest_s == AFTER_RESUME_S
    clock.now += 1
    assert delay_cap.longest_s == Timeouts().armed_delay_s
    clock.now += 100
    assert delay_cap.longest_s == LONGEST_S


def test_once_no_sign_in_is_expected_delays_are_as_long_as_ever() -> None:
    with watched(Server(greet=say_later), settings(PATIENT)) as (session, _):
        session.arm(timedelta(hours=1))
        armed_s = session._delay_cap.longest_s
        session.disarm()
        disarmed_s = session._delay_cap.longest_s

    assert (armed_s, disarmed_s) == (PATIENT.armed_delay_s, LONGEST_S)


# What is told


def test_mode_next_try_and_error_are_told_only_in_the_states_that_have_them() -> None:
    server = Server(faults={"LOGIN": refuse})
    with watched(server, settings(BRISK)) as (_, seen):
        seen.wait_for_state(State.REFUSED)
        server.faults.clear()
        seen.wait_for_state(State.WATCHING)
        server.peers[-1].close()
        seen.wait_for_state(State.WATCHING, times=2)

    assert set(seen.states) == set(State)
    for change in seen.of(StateChanged):
        is_resting = change.state in {State.BACKING_OFF, State.REFUSED}
        is_watching = change.state is State.WATCHING
        assert change.account == "home"
        assert (change.next_try_at is not None) == is_resting, change
        assert (change.error is not None) == is_resting, change
        assert change.mode is (Mode.PUSH if is_watching else None)
        assert change.mode_reason is (ModeReason.OFFERED if is_watching else None)


def test_watching_is_told_again_when_the_reason_changes_and_only_then() -> None:
    server = Server(faults={"IDLE": refuse})
    with watched(server, settings(BRISK)) as (_, seen):
        seen.wait_until(lambda seen: seen.mode is Mode.POLL)
        synced_count = len(seen.of(MailboxSynced))
        seen.wait_until(lambda seen: len(seen.of(MailboxSynced)) > synced_count + 3)
        told = [one for one in seen.of(StateChanged) if one.state is State.WATCHING]

    assert [one.mode_reason for one in told] == [
        ModeReason.OFFERED,
        ModeReason.REFUSED,
    ]


def test_a_sync_that_was_asked_for_does_not_make_the_server_a_silent_one() -> None:
    server = Server()
    with watched(server, settings(PATIENT)) as (session, seen):
        for uid in (1, 2, 3):
            server.wait_for("IDLE", times=uid)
            server.wait_for_idle()
            server.add(MAIL, is_told=False)
            session.arm(timedelta(0))
            seen.wait_for_uid(uid)
        server.wait_for("IDLE", times=4)

        assert seen.states.count(State.WATCHING) == 1


def test_what_was_reported_is_not_reported_again_after_a_loss() -> None:
    how = replace(settings(BRISK), window=timedelta(0))
    server = Server()
    with watched(server, how) as (_, seen):
        server.wait_for_idle()
        server.add(MAIL)
        seen.wait_for_uid(1)
        server.add(MAIL, is_told=False)
        server.peers[-1].close()
        seen.wait_for_state(State.WATCHING, times=2)
        seen.wait_for_uid(2)

    assert seen.uids == [1, 2]


# Waits on an open connection


def test_stop_is_obeyed_between_two_polls() -> None:
    server = Server(capabilities="IMAP4rev1")
    with watched(server, settings(PATIENT)) as (_, seen):
        seen.wait_for_state(State.WATCHING)


def test_the_server_is_brought_up_to_date_before_each_poll() -> None:
    server = Server(capabilities="IMAP4rev1")
    with watched(server, settings(BRISK)):
        server.wait_for("NOOP", times=2)
        commands = [one.split(" ")[0] for one in server.commands]

    first = commands.index("NOOP")
    assert commands[first : first + 4] == ["NOOP", "UID", "UID", "NOOP"]


def test_what_was_there_at_the_opening_is_no_news() -> None:
    server = Server()
    server.add(MAIL)
    with watched(server, settings(PATIENT)):
        server.wait_for("IDLE")

        assert server.count("SEARCH") == 1


def test_mail_in_a_mailbox_that_is_not_open_is_seen_at_once_where_it_is_told() -> None:
    server = Server(capabilities="IMAP4rev1 IDLE NOTIFY")
    server.mailboxes["Junk"] = {}
    with watched(server, settings(PATIENT), "INBOX", "Junk") as (_, seen):
        server.wait_for_idle()
        server.add(MAIL, mailbox="Junk")
        server.peers[-1].send('* STATUS "Junk" (UIDNEXT 2 UIDVALIDITY 1)')
        fetched = seen.wait_for_uid(1)
        server.wait_for("IDLE", times=2)

    assert fetched.origin.mailbox == "Junk"
    assert server.count("NOTIFY") == 1
    assert server.count("DONE") == 1


def test_after_a_refused_idle_an_answer_has_its_full_time_again() -> None:
    def idle(peer: Peer, tag: str) -> None:
        server.faults["SEARCH"] = take_time
        refuse(peer, tag)

    def take_time(peer: Peer, tag: str) -> None:
        del server.faults["SEARCH"]
        threading.Timer(0.5, peer.send, ["* SEARCH", f"{tag} OK done"]).start()

    server = Server(faults={"IDLE": idle})
    timeouts = replace(BRISK, prompt_timeout_s=0.2, answer_timeout_s=10)
    with watched(server, settings(timeouts)) as (_, seen):
        seen.wait_until(lambda it: it.mode is Mode.POLL or it.states[-1] in RESTS)

        assert State.BACKING_OFF not in seen.states


RESTS = {State.BACKING_OFF, State.REFUSED}


class NotingWaiter(Waiter):
    """Notes how long it was asked to wait, and waits hardly at all."""

    asked: ClassVar[list[tuple[str, float]]] = []

    def idle(
        self,
        connection: Connection,
        seconds: float,
        begin_look: Callable[[], None],
        *,
        renew_s: float = inf,
    ) -> WaitResult:
        self.asked.append(("idle", seconds))
        return Waiter.idle(self, connection, 0.001, begin_look)

    def poll(self, seconds: float) -> WaitResult:
        self.asked.append(("poll", seconds))
        return Waiter.poll(self, 0.001)


@pytest.mark.parametrize(
    ("mode", "capabilities", "expected"),
    [
        (WatchMode.AUTO, "IDLE", ("idle", 7)),
        (WatchMode.AUTO, "", ("poll", 4)),
        (WatchMode.POLL, "IDLE", ("poll", 4)),
    ],
)
def test_push_waits_an_idle_interval_and_a_poll_its_interval(
    mode: WatchMode,
    capabilities: str,
    expected: tuple[str, float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "Waiter", NotingWaiter)
    NotingWaiter.asked.clear()
    timeouts = replace(PATIENT, idle_interval_s=7)
    how = replace(settings(timeouts, mode), poll_interval=timedelta(seconds=4))
    server = Server(capabilities=f"IMAP4rev1 {capabilities}")
    with watched(server, how) as (_, seen):
        seen.wait_until(lambda it: len(it.of(MailboxSynced)) > 3)

    assert set(NotingWaiter.asked) == {expected}


def test_a_poll_is_capped_while_a_sign_in_is_expected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "Waiter", NotingWaiter)
    NotingWaiter.asked.clear()
    timeouts = replace(PATIENT, armed_delay_s=2)
    how = replace(
        settings(timeouts, WatchMode.POLL), poll_interval=timedelta(seconds=4)
    )
    with watched(Server(), how) as (session, seen):
        seen.wait_until(lambda it: len(it.of(MailboxSynced)) > 3)
        session.arm(timedelta(minutes=10))
        seen.wait_until(lambda _: ("poll", 2) in NotingWaiter.asked)

    assert NotingWaiter.asked[0] == ("poll", 4)


@pytest.mark.parametrize(
    ("mailboxes", "capabilities", "expected"),
    [
        (("INBOX", "Junk"), "IDLE", 2.0),
        (("INBOX", "Junk"), "IDLE NOTIFY", 7.0),
        (("INBOX",), "IDLE", 7.0),
    ],
)
def test_junk_that_is_not_announced_is_looked_at_often_while_a_sign_in_is_expected(
    mailboxes: tuple[str, ...],
    capabilities: str,
    expected: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "Waiter", NotingWaiter)
    NotingWaiter.asked.clear()
    timeouts = replace(PATIENT, idle_interval_s=7, armed_look_s=2)
    server = Server(capabilities=f"IMAP4rev1 {capabilities}")
    server.faults["NOTIFY"] = lambda peer, tag: peer.send(f"{tag} OK done")
    server.mailboxes["Junk"] = {}
    with watched(server, settings(timeouts), *mailboxes) as (session, seen):
        seen.wait_for_state(State.WATCHING)
        session.arm(timedelta(minutes=10))
        asked = len(NotingWaiter.asked)
        # the wait that goes on may be one from before
        seen.wait_until(lambda _: len(NotingWaiter.asked) > asked + 3)

    assert set(NotingWaiter.asked[asked + 1 :]) == {("idle", expected)}


def test_mail_that_is_announced_later_than_a_short_idle_is_not_missed() -> None:
    server = Server()
    server.mailboxes["Junk"] = {}
    timeouts = replace(PATIENT, armed_look_s=0.05)
    with watched(server, settings(timeouts), "INBOX", "Junk") as (session, seen):
        seen.wait_for_state(State.WATCHING)
        session.arm(timedelta(minutes=10))
        for uid in (1, 2, 3):
            server.add(MAIL, is_told=False)
            seen.wait_for_uid(uid)

    reasons = {change.mode_reason for change in seen.of(StateChanged)}
    assert reasons == {None, ModeReason.OFFERED}


@pytest.mark.parametrize("reason", ModeReason)
def test_mail_missed_is_counted_in_an_idle_alone(reason: ModeReason) -> None:
    before = WatchStrategy(reason)
    after = before.after(WaitResult.TIMED_OUT, is_missed=True)

    assert after.reason is reason
    assert after.missed_count == (1 if before.may_idle else 0)
    assert before.after(WaitResult.TIMED_OUT, is_missed=False) == before


def test_silent_idles_need_not_follow_each_other_at_once() -> None:
    suspected = WatchStrategy(ModeReason.OFFERED, missed_count=1)
    still = suspected.after(WaitResult.TIMED_OUT, is_missed=False)

    assert still == suspected
    assert still.after(WaitResult.TIMED_OUT, is_missed=True).reason is ModeReason.SILENT


def one_shot(server: Server) -> Reports:
    """Run a session that ends by itself, in this thread."""
    reports = Reports()
    with server:
        Session(
            clear(server.port, "INBOX", "Absent"),
            cursors={},
            report=reports.put,
            is_candidate=lambda _: True,
            settings=settings(QUICK),
            is_one_shot=True,
        ).run()
    return reports


def test_a_one_shot_session_syncs_once_and_tells_what_is_missing() -> None:
    server = Server()
    server.add(MAIL)
    seen = one_shot(server)
    errors = [one.error for one in seen.of(StateChanged)]

    assert seen.states[-1] is State.STOPPED
    assert State.WATCHING not in seen.states
    assert errors[-1] is None
    assert [type(one).__name__ for one in errors if one] == ["MailboxMissing"]
    assert set(seen.uids) == {1}


@pytest.mark.parametrize(
    ("command", "fault", "error"),
    [("LOGIN", refuse, "LoginRefused"), ("SEARCH", hang_up, "ConnectionLost")],
)
def test_a_one_shot_session_stops_with_the_error_of_its_first_failure(
    command: str, fault: Callable[[Peer, str], None], error: str
) -> None:
    seen = one_shot(Server(faults={command: fault}))
    last = seen.of(StateChanged)[-1]

    assert last.state is State.STOPPED
    assert type(last.error).__name__ == error
    assert last.next_try_at is None
    assert not {State.BACKING_OFF, State.REFUSED} & set(seen.states)


# A server that announces too much -----------------------------------------------------


def test_a_burst_is_followed_at_once_and_a_flood_by_five_looks_a_second() -> None:
    now_s = 100.0
    rate = LookRate(lambda: now_s)
    pauses = [rate.pause_s() for _ in range(LOOKS_AT_ONCE + 5)]
    assert pauses[:LOOKS_AT_ONCE] == [0.0] * LOOKS_AT_ONCE
    assert pauses[LOOKS_AT_ONCE:] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])

    now_s += 1.0 + LOOKS_AT_ONCE / LOOKS_A_SECOND
    assert [rate.pause_s() for _ in range(LOOKS_AT_ONCE)] == [0.0] * LOOKS_AT_ONCE


_MORE = itertools.count(1)


def announce_without_end(peer: Peer, tag: str) -> None:
    peer.idle_tag = tag
    peer.send("+ idling", f"* {next(_MORE)} EXISTS")


def test_a_server_that_announces_in_every_idle_is_looked_at_by_the_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    rest = Waiter.rest

    def note(waiter: Waiter, seconds: float) -> WaitResult:
        pauses.append(seconds)
        return rest(waiter, 0.01)

    monkeypatch.setattr(Waiter, "rest", note)
    server = Server(faults={"IDLE": announce_without_end})
    with watched(server, settings(PATIENT)):
        server.wait_for("IDLE", times=LOOKS_AT_ONCE + 5)

    assert len(pauses) >= 3
    assert all(0.0 < pause_s <= 2.0 for pause_s in pauses)
