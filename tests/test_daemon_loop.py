"""The daemon's loop: what it hands to whom, and what ends it."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.factories import new_event
from tests.fakes import (
    READY,
    Listener,
    Pipe,
    RecordingChannel,
    judged,
    prompt_notifier,
)
from tests.sample_mails import LINK, VERIFY, approval
from watcher.app import changes, health
from watcher.app import daemon as daemons
from watcher.app.daemon import QUIET_TICK_S, Daemon, DaemonSettings
from watcher.app.health import Health
from watcher.app.judging import Judged, NotJudged
from watcher.app.kernel import FileEvents
from watcher.app.pipeline import MailPipeline, Observed, Processed
from watcher.app.queue import (
    ButtonPressed,
    Changed,
    Deadline,
    EventQueue,
    Prune,
    QueueItem,
    Remind,
)
from watcher.app.service_manager import ServiceManager
from watcher.app.wanted import NotifierSettings
from watcher.clock import boot_id, boottime_s, utc_now
from watcher.errors import JournalBusy
from watcher.events import (
    AlertReceived,
    Arrival,
    Cursor,
    Event,
    EventName,
    Expectation,
    Mail,
    MailboxSynced,
    MessageFetched,
    Origin,
    Seen,
    State,
    StateChanged,
)
from watcher.i18n import Language, Text
from watcher.imap.session import Session
from watcher.journal.log import PRUNED_AT_ONCE, Journal, NewEvent
from watcher.notify import trouble
from watcher.notify.notification import Action

NOW = datetime(2026, 11, 21, 12, 0, 28, tzinfo=UTC)
WINDOW = timedelta(minutes=5)
VOICE = NotifierSettings(language=Language.EN, notify_unverified=True)
WATCHING = StateChanged(account="home", state=State.WATCHING, at=NOW)
SYNCED = MailboxSynced(account="home", mailbox="INBOX", cursor=Cursor(1, 7))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "events.db") as journal:
        yield journal


@dataclass(slots=True)
class Account:
    """Stands for a session: remembers what the daemon asks of it."""

    account: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(name="home")
    )
    armed: list[timedelta] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    on_look: Callable[[], None] = lambda: None

    def run(self) -> None:
        """End at once."""

    def stop(self) -> None:
        """Nothing is left to stop."""

    def arm(self, lasting: timedelta) -> None:
        """Remember it."""
        self.armed.append(lasting)

    def disarm(self) -> None:
        """Remember it, too."""
        self.armed.append(timedelta(0))

    def check_clock(self) -> None:
        """Remember it."""
        self.looked.append(self.account.name)
        self.on_look()


@dataclass(slots=True)
class Loop:
    """A daemon that runs in the test's thread until something stops it."""

    journal: Journal
    channel: RecordingChannel = field(default_factory=RecordingChannel)
    queue: EventQueue = field(default_factory=EventQueue)
    account: Account = field(default_factory=Account)
    others: list[Account] = field(default_factory=list)
    observed: list[Observed] = field(default_factory=list)
    on_observed: Callable[[Observed], None] = lambda _: None
    has_health: bool = True
    manager: ServiceManager = field(default_factory=ServiceManager)

    def run(self, *items: QueueItem) -> None:
        """Handle these items; `SYNCED` is the last unless the test says more."""
        for item in items:
            self.queue.put(item)
        notifier = prompt_notifier(self.journal, [self.channel], VOICE)
        pipeline = MailPipeline(
            self.journal,
            notifier,
            window=WINDOW,
            observe=self.observe,
        )
        settings = DaemonSettings(
            remind_at=(),
            keep=timedelta(days=1),
            observe=self.observe,
            manager=self.manager,
        )
        health = Health(self.journal, notifier) if self.has_health else None
        Daemon(self.queue, self.journal, pipeline, notifier, settings, health).run(
            [cast("Session", one) for one in (self.account, *self.others)]
        )

    def observe(self, observed: Observed) -> None:
        """Remember what was handled; end with the sync."""
        self.observed.append(observed)
        self.on_observed(observed)
        if observed == SYNCED:
            self.queue.stop()


@pytest.fixture
def loop(journal: Journal) -> Loop:
    return Loop(journal)


def fresh(uid: int = 1, account: str = "home") -> Judged:
    now = utc_now()
    raw = approval(
        f"{LINK}{uid}",
        date=format_datetime(now),
        message_id=f"<{uid}@amazonses.com>",
    )
    origin = Origin(account=account, mailbox="INBOX", uid_validity=1, uid=uid)
    seen = Seen(boottime_s())
    mail = MessageFetched(origin=origin, arrival=Arrival(now, seen), raw=raw)
    return judged(mail, VERIFY)


def test_a_bug_in_judging_one_mail_ends_nothing_and_its_text_is_not_logged(
    loop: Loop, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    observe_taken = loop.observe
    bugs = iter([RuntimeError("https://secret.example")])

    def observe(_: Loop, observed: Observed) -> None:
        if isinstance(observed, Processed) and (bug := next(bugs, None)):
            raise bug
        observe_taken(observed)

    monkeypatch.setattr(Loop, "observe", observe)
    with caplog.at_level(logging.DEBUG):
        loop.run(fresh(1), fresh(2), SYNCED)

    assert f"{LINK}2" in loop.channel.links
    assert "a bug: RuntimeError" in caplog.text
    assert "secret.example" not in caplog.text


def test_of_mails_that_meet_a_bug_the_user_is_told_once(loop: Loop) -> None:
    mails = [NotJudged(fresh(uid).origin, RuntimeError()) for uid in (1, 2)]
    loop.run(*mails, SYNCED)

    words = trouble.unexamined("home", language=Language.EN)
    assert [one.body for one in loop.channel.shown] == [words.body]


@pytest.mark.parametrize(
    "bug", [None, RuntimeError(), JournalBusy(Text(en="busy", ja="使用中"))]
)
def test_mails_that_wait_are_stored_at_once_and_alone_where_that_fails(
    loop: Loop, monkeypatch: pytest.MonkeyPatch, bug: Exception | None
) -> None:
    record = Journal.record
    bugs = iter([bug] if bug else [])
    counts: list[int] = []

    def fail_once(journal: Journal, new: NewEvent) -> Event[Mail] | None:
        event = record(journal, new)
        if event and event.about.origin.account == "work":
            for one in bugs:
                raise one
        return event

    def note(_: Observed) -> None:
        with Journal.open(loop.journal.path) as other:
            counts.append(len(other.live(utc_now())))

    monkeypatch.setattr(Journal, "record", fail_once)
    loop.on_observed = note
    accounts = ("home", "work", "shop")
    loop.run(*(fresh(uid, one) for uid, one in enumerate(accounts)), SYNCED)

    assert counts[0] == (1 if bug else 3)
    assert counts[-1] == 3
    told = [link for link in loop.channel.links if link]
    assert told == [f"{LINK}{uid}" for uid in range(3)]


def test_a_bug_ends_a_command_beside_the_daemon_before_the_cursor_moves(
    loop: Loop,
) -> None:
    loop.has_health = False

    def fail(_: Observed) -> None:
        raise RuntimeError

    loop.on_observed = fail
    with pytest.raises(RuntimeError):
        loop.run(fresh(), SYNCED)

    assert loop.journal.cursors("home") == {}


SHORT_TICK_S = 0.02
WAITS = 4


class Patience(EventQueue):
    """Ends the daemon where it would wait for long, or has waited a few times."""

    def __init__(self) -> None:
        super().__init__()
        self.waits_s: list[float] = []

    def next(self, seconds: float) -> QueueItem | None:
        if self.is_empty() and seconds > 0.0:
            self.waits_s.append(seconds)
            if seconds > SHORT_TICK_S or len(self.waits_s) == WAITS:
                self.stop()
        return super().next(seconds)


@pytest.fixture
def _short_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemons, "TICK_S", SHORT_TICK_S)


short_ticks = pytest.mark.usefixtures("_short_ticks")


def patience_s(loop: Loop, *items: QueueItem) -> float:
    """Return how long the daemon waits in the end for what happens next."""
    loop.queue = patience = Patience()
    loop.run(WATCHING, *items)
    return patience.waits_s[-1]


on_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="no other system is asked yet"
)


@on_linux
@short_ticks
def test_a_daemon_at_rest_waits_for_what_happens(loop: Loop) -> None:
    assert patience_s(loop) == pytest.approx(QUIET_TICK_S, abs=1.0)


@short_ticks
def test_a_daemon_that_is_not_told_of_changes_ticks(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FileEvents, "open", lambda: None)

    assert patience_s(loop) <= SHORT_TICK_S


@short_ticks
def test_a_daemon_ticks_while_a_sign_in_is_expected(loop: Loop) -> None:
    about = Expectation(utc_now() + WINDOW)
    loop.journal.append(EventName.ARMED, at=utc_now(), about=about)

    assert patience_s(loop) <= SHORT_TICK_S


@short_ticks
def test_a_daemon_ticks_while_an_attempt_is_alive(loop: Loop) -> None:
    loop.journal.record(new_event(at=utc_now()))

    assert patience_s(loop) <= SHORT_TICK_S


@on_linux
@short_ticks
def test_a_daemon_at_rest_wakes_when_an_account_may_have_to_be_told_as_blind(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "BLIND_AFTER", timedelta(seconds=9))

    assert patience_s(loop) == pytest.approx(9.0, abs=1.0)


class Late(EventQueue):
    """Tells of a sync without news an hour after it."""

    def take_syncs(self) -> Iterator[tuple[MailboxSynced, float]]:
        yield SYNCED, 3600.0


def test_a_look_without_news_is_noted_with_its_own_time(loop: Loop) -> None:
    loop.queue = Late()
    loop.run(Changed())

    looked_at = loop.journal.sessions()["home"]["last_look_at"]
    assert datetime.fromisoformat(looked_at) < utc_now() - timedelta(minutes=59)


@on_linux
@short_ticks
def test_a_daemon_at_rest_feeds_the_watchdog_in_time(
    loop: Loop, listener: Listener
) -> None:
    loop.manager = ServiceManager(listener.address, 7.0)

    assert patience_s(loop) == pytest.approx(7.0, abs=1.0)


@pytest.mark.skipif(os.name != "posix", reason="Windows selects sockets alone")
def test_a_resume_that_one_thread_finds_reaches_every_session(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe, looked = Pipe(), list[str]()
    monkeypatch.setattr(changes, "clock_events", lambda: pipe)
    for name in ("work", "other"):
        loop.others.append(Account(SimpleNamespace(name=name)))
    for account in (loop.account, *loop.others):
        account.looked = looked
    loop.others[-1].on_look = loop.queue.stop
    pipe.tell()

    loop.run()

    assert looked == ["home", "work", "other"]


@short_ticks
def test_what_another_program_has_recorded_is_planned_once_the_log_has_changed(
    loop: Loop,
) -> None:
    def record(_: Observed) -> None:
        loop.journal.record(new_event(at=utc_now()))

    loop.on_observed = record

    assert patience_s(loop, Changed()) <= SHORT_TICK_S


def test_sessions_are_armed_once_for_each_word_that_is_not_past(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watcher.app.daemon.TICK_S", 0.0)
    spans = iter([None, timedelta(hours=1), None, timedelta(hours=2), -WINDOW])

    def arm(_: Observed) -> None:
        if span := next(spans, None):
            until = utc_now() + span
            about = Expectation(until)
            loop.journal.append(EventName.ARMED, at=utc_now(), about=about)

    loop.on_observed = arm
    idle = StateChanged(account="home", state=State.WATCHING, at=NOW)
    loop.run(idle, idle, idle, idle, idle, idle, SYNCED)

    hours = [round(span / timedelta(hours=1)) for span in loop.account.armed]
    assert hours == [1, 2, 0]


def test_sessions_are_disarmed_once_the_user_expects_no_sign_in(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watcher.app.daemon.TICK_S", 0.0)
    about = Expectation(utc_now() + WINDOW)
    loop.journal.append(EventName.ARMED, at=utc_now(), about=about)

    def disarm(_: Observed) -> None:
        loop.journal.append(EventName.DISARMED, at=utc_now())

    loop.on_observed = disarm
    idle = StateChanged(account="home", state=State.WATCHING, at=NOW)
    loop.run(Prune(), idle, idle, SYNCED)

    armed, disarmed = loop.account.armed
    assert armed > disarmed == timedelta(0)


def test_events_older_than_they_are_kept_are_pruned(loop: Loop) -> None:
    now = utc_now()
    for hours in (23, 25):
        at = now - timedelta(hours=hours)
        loop.journal.append(EventName.STARTED, at=at)
    at_boot_s = now.timestamp() - boottime_s()
    loop.journal.put_server_clock("home", boot_id(), at_boot_s, at_boot_s)
    loop.run(Prune(), SYNCED)

    assert [event.event for event in loop.journal.events()] == [
        EventName.STARTED,
        EventName.STOPPED,
    ]


def test_while_much_is_pruned_other_work_is_done(loop: Loop) -> None:
    now = utc_now()
    for number in range(2 * PRUNED_AT_ONCE):
        at = now - timedelta(days=3) + timedelta(minutes=number)
        loop.journal.append(EventName.STARTED, at=at)
    at_boot_s = now.timestamp() - boottime_s()
    loop.journal.put_server_clock("home", boot_id(), at_boot_s, at_boot_s)
    left: list[int] = []

    def look(_: Observed) -> None:
        left.append(len(list(loop.journal.events())))
        loop.queue.put(idle if left[-1] else SYNCED)

    loop.on_observed = look
    idle = StateChanged(account="home", state=State.WATCHING, at=NOW)
    loop.run(Prune(), idle)

    assert left[0] == PRUNED_AT_ONCE
    assert left[-1] == 0


def test_a_mail_and_what_follows_is_handed_to_the_attempts(loop: Loop) -> None:
    loop.run(
        fresh(),
        Remind(1, timedelta(minutes=1)),
        ButtonPressed(1, Action.NOT_ME),
        Remind(1, timedelta(minutes=1)),
        SYNCED,
    )

    assert [event.event for event in loop.journal.events()] == [
        EventName.ATTEMPT,
        EventName.NOTIFIED,
        EventName.REMINDED,
        EventName.NOT_ME,
        EventName.STOPPED,
    ]


def test_a_deadline_ends_what_is_over(loop: Loop) -> None:
    def add(_: Observed) -> None:
        loop.journal.record(new_event(at=utc_now() - WINDOW))

    loop.on_observed = add
    connecting = StateChanged(account="home", state=State.CONNECTING, at=NOW)
    loop.run(connecting, Deadline(), SYNCED)

    assert [event.event for event in loop.journal.events()] == [
        EventName.ATTEMPT,
        EventName.EXPIRED,
        EventName.STOPPED,
    ]


def test_the_daemon_ends_when_every_session_has_stopped(loop: Loop) -> None:
    stopped = StateChanged(account="home", state=State.STOPPED, at=NOW)
    loop.run(stopped)

    assert loop.observed == [stopped]


@pytest.mark.parametrize("has_health", [True, False])
def test_the_end_of_the_sessions_is_noted_unless_another_daemon_does(
    loop: Loop, has_health: bool
) -> None:
    loop.has_health = has_health
    stopped = StateChanged(account="home", state=State.STOPPED, at=NOW)
    loop.run(SYNCED, stopped)

    known = loop.journal.sessions()
    assert {name: facts["state"] for name, facts in known.items()} == (
        {"home": "stopped"} if has_health else {}
    )


SERVER_SAYS = AlertReceived(
    account="home", at=NOW, words="Log in at https://mail.example.com/"
)


def test_an_alert_of_the_server_is_notified_in_plain_text(loop: Loop) -> None:
    other = replace(SERVER_SAYS, words="And another")
    loop.run(SERVER_SAYS, other, SYNCED)

    shown = [
        trouble.alert("home", one.words, language=Language.EN)
        for one in (SERVER_SAYS, other)
    ]
    assert loop.channel.shown == shown
    assert shown[0].replaces_id != shown[1].replaces_id
    assert shown[0].body.endswith("says: Log in at https:mail.example.com/")
    assert SERVER_SAYS in loop.observed


def test_a_command_only_observes_an_alert(loop: Loop) -> None:
    loop.has_health = False
    loop.run(SERVER_SAYS, SYNCED)

    assert loop.channel.shown == []
    assert SERVER_SAYS in loop.observed


@pytest.fixture
def served(loop: Loop, listener: Listener) -> Loop:
    """Give a daemon that a service manager has started."""
    loop.manager = ServiceManager(listener.address)
    return loop


def test_a_service_manager_is_told_of_progress_and_of_the_end(
    served: Loop, listener: Listener
) -> None:
    served.run(SYNCED)

    assert listener.all() == [READY, "STOPPING=1"]


def test_a_session_that_is_stuck_is_told_as_no_progress(
    served: Loop, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "STUCK_AFTER", timedelta(seconds=-1))

    served.run(SYNCED)

    assert listener.all() == ["STOPPING=1"]
