"""The daemon: what comes in by its one queue, and what it does at its own time."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from queue import SimpleQueue

import pytest

from tests.desktop import eventually
from tests.fakes import HangingChannel, RecordingChannel, judged, posix_only
from tests.imap_server import Server, clear
from tests.imap_server import settings as watch_settings
from tests.sample_mails import LINK, VERIFY, approval
from watcher.app.daemon import Daemon, DaemonSettings
from watcher.app.desktop import Desktop
from watcher.app.health import Health
from watcher.app.judging import Judging
from watcher.app.notifier import Notifier
from watcher.app.pipeline import MailPipeline, Observed, Processed
from watcher.app.queue import NEEDED, ButtonPressed, Changed, EventQueue, WarmedUp
from watcher.app.wanted import NotifierSettings
from watcher.app.warmup import import_all
from watcher.clock import boottime_s, utc_now
from watcher.events import (
    Arrival,
    Cursor,
    Event,
    EventName,
    Mail,
    MailboxSynced,
    MessageFetched,
    Origin,
    Seen,
    State,
)
from watcher.i18n import Language
from watcher.imap.choices import WatchMode
from watcher.imap.session import Session
from watcher.journal.log import Journal
from watcher.notify.delivery import Delivery
from watcher.notify.notification import Action, Notification
from watcher.recognition.judge import Verify
from watcher.recognition.message import Reading, may_be_attempt
from watcher.recognition.policy import Policy
from watcher.recognition.sender import Signature

PATIENCE_S = 20.0
WINDOW = timedelta(minutes=5)
SYNCED = MailboxSynced(account="home", mailbox="INBOX", cursor=Cursor(1, 2))


@dataclass(slots=True)
class Watch:
    """A daemon without accounts at work in a thread: tests report what they will."""

    path: Path
    channel: RecordingChannel = field(default_factory=RecordingChannel)
    queue: EventQueue = field(default_factory=EventQueue)
    shown: SimpleQueue[Notification] = field(default_factory=SimpleQueue)
    observed: SimpleQueue[Observed] = field(default_factory=SimpleQueue)
    remind_at: tuple[timedelta, ...] = ()
    alert_after: timedelta = timedelta(hours=1)
    servers: tuple[int, ...] = ()
    verify: Verify = VERIFY

    def session(self, port: int) -> Session:
        """Return a session that polls often."""
        return Session(
            clear(port),
            cursors={},
            report=Judging(self.verify, {"home": Policy()}, self.queue.put).report,
            is_candidate=may_be_attempt,
            settings=replace(
                watch_settings(mode=WatchMode.POLL),
                poll_interval=timedelta(seconds=0.05),
            ),
        )

    def be_daemon(self) -> None:
        notifier_settings = NotifierSettings(
            language=Language.EN,
            notify_unverified=True,
            on_shown=lambda notification, _: self.shown.put(notification),
        )
        daemon_settings = DaemonSettings(
            remind_at=self.remind_at,
            keep=timedelta(days=365),
            observe=self.observed.put,
            alert_after=self.alert_after,
        )
        import_all(NEEDED)
        with Journal.open(self.path) as journal:
            desktop = Desktop(Delivery([self.channel]), self.queue.put)
            notifier = Notifier(journal, desktop, notifier_settings)
            pipeline = MailPipeline(
                journal,
                notifier,
                window=WINDOW,
                observe=self.observed.put,
            )
            daemon = Daemon(
                self.queue,
                journal,
                pipeline,
                notifier,
                daemon_settings,
                Health(journal, notifier),
            )
            with desktop.running():
                daemon.run([self.session(port) for port in self.servers])

    def report(self, *, left: timedelta = WINDOW) -> None:
        """Report a mail that asks to approve or deny, with so much time left."""
        received_at = utc_now() - WINDOW + left
        raw = approval(date=format_datetime(received_at))
        origin = Origin(account="home", mailbox="INBOX", uid_validity=1, uid=1)
        arrival = Arrival(received_at, Seen(boottime_s()))
        mail = MessageFetched(origin=origin, arrival=arrival, raw=raw)
        self.queue.put(judged(mail, VERIFY))

    def await_taken(self) -> Event[Mail]:
        """Return the event of the next mail that was taken in."""
        while not isinstance(
            processed := self.observed.get(timeout=PATIENCE_S), Processed
        ):
            pass
        assert processed.event is not None
        return processed.event

    def await_shown(self) -> Notification:
        """Return the next notification."""
        return self.shown.get(timeout=PATIENCE_S)

    def locker(self) -> sqlite3.Connection:
        """Return another program's connection, once the daemon is at work."""
        self.queue.put(SYNCED)
        self.observed.get(timeout=PATIENCE_S)
        return sqlite3.connect(self.path, isolation_level=None)

    def names(self) -> list[str]:
        """Return the names of all events but the daemon's own end."""
        with Journal.open(self.path) as journal:
            names = [event.event.value for event in journal.events()]
        return [name for name in names if name != "stopped"]


DAEMON = "the daemon under test"


def await_end() -> None:
    """Wait for the daemon's thread to end."""
    for thread in threading.enumerate():
        if thread.name == DAEMON:
            thread.join(PATIENCE_S)


@contextmanager
def watching(watch: Watch) -> Iterator[Watch]:
    """Let the daemon run while inside; it must end without an error."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            watch.be_daemon()
        except BaseException as error:  # noqa: BLE001 -- raised again below
            errors.append(error)

    thread = threading.Thread(target=run, name=DAEMON)
    thread.start()
    try:
        yield watch
    finally:
        watch.queue.stop()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert not errors, errors


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path / "events.db")


def test_mail_that_a_poll_finds_is_shown(watch: Watch) -> None:
    with Server(capabilities="IMAP4rev1") as server:
        watch.servers = (server.port,)
        with watching(watch):
            server.wait_for("NOOP", times=3)
            server.add(approval(date=format_datetime(utc_now())))
            shown = watch.await_shown()

    assert shown.link == LINK


def test_looks_that_find_nothing_new_write_nothing_to_the_disk(watch: Watch) -> None:
    def stamps() -> list[tuple[int, int]]:
        found = [one.stat() for one in sorted(watch.path.parent.iterdir())]
        return [(one.st_size, one.st_mtime_ns) for one in found]

    def await_observed(is_it: Callable[[Observed], bool]) -> None:
        while not is_it(watch.observed.get(timeout=PATIENCE_S)):
            pass

    with Server(capabilities="IMAP4rev1") as server:
        watch.servers = (server.port,)
        with watching(watch):
            await_observed(lambda it: getattr(it, "state", None) is State.WATCHING)
            before = stamps()
            for _ in range(5):
                server.wait_for("NOOP", times=server.count("NOOP") + 2)
                watch.queue.put(Changed())
                await_observed(lambda it: isinstance(it, MailboxSynced))
            after = stamps()

    assert after == before


def test_an_attempt_is_shown_reminded_of_and_ended(watch: Watch) -> None:
    watch.remind_at = (timedelta(minutes=3), timedelta(seconds=1.5))
    with watching(watch):
        watch.report(left=timedelta(seconds=3))
        shown = [watch.await_shown() for _ in range(3)]

    assert [notification.link for notification in shown] == [LINK, LINK, None]
    assert watch.names() == ["attempt", "notified", "reminded", "expired"]


@pytest.fixture
def no_threads() -> Iterator[Callable[[], object]]:
    """Give what makes the system refuse every further thread."""
    before = threading.stack_size()
    yield lambda: threading.stack_size(1 << 40)  # no machine has room for it
    threading.stack_size(before)


@posix_only("the system refuses a thread for its stack")
def test_without_threads_an_attempt_keeps_its_reminder_and_its_end(
    watch: Watch, no_threads: Callable[[], object]
) -> None:
    watch.remind_at = (timedelta(seconds=1.5),)
    with watching(watch):
        watch.queue.put(WarmedUp())
        watch.queue.put(SYNCED)
        watch.observed.get(timeout=PATIENCE_S)
        no_threads()
        watch.report(left=timedelta(seconds=3))
        shown = [watch.await_shown() for _ in range(3)]

    assert [notification.link for notification in shown] == [LINK, LINK, None]
    assert watch.names() == ["attempt", "notified", "reminded", "expired"]


@posix_only("the system refuses a thread for its stack")
def test_without_threads_the_page_is_not_opened_and_that_is_told(
    watch: Watch, no_threads: Callable[[], object]
) -> None:
    with watching(watch):
        watch.report()
        watch.await_shown()
        no_threads()
        watch.queue.put(ButtonPressed(1, Action.OPEN))
        told = watch.await_shown()

    assert "could not be started" in told.body
    assert watch.names() == ["attempt", "notified", "open_failed"]


def test_who_opened_the_page_is_not_reminded(watch: Watch) -> None:
    watch.remind_at = (timedelta(seconds=1.5),)
    with watching(watch):
        watch.report(left=timedelta(seconds=3))
        watch.await_shown()
        eventually(lambda: "notified" in watch.names())
        with Journal.open(watch.path) as journal:
            (event,) = journal.live(utc_now())
            journal.append(EventName.OPENED, about=event.about, at=utc_now())
        eventually(lambda: "expired" in watch.names())

    assert watch.names() == ["attempt", "notified", "opened", "expired"]
    assert watch.channel.withdrawn[0] == 1
    assert len(watch.channel.shown) == 1


def test_it_was_not_me_is_answered_with_advice(watch: Watch) -> None:
    with watching(watch):
        watch.report()
        watch.await_shown()
        watch.queue.put(ButtonPressed(1, Action.NOT_ME))
        advice = watch.await_shown()

    assert advice.link is None
    assert watch.names() == ["attempt", "notified", "not_me"]


def test_a_button_of_what_is_over_does_nothing(watch: Watch) -> None:
    with watching(watch):
        for action in Action:
            watch.queue.put(ButtonPressed(7, action))
        watch.report()
        watch.await_shown()

    assert watch.names() == ["attempt", "notified"]


def test_what_an_earlier_daemon_left_unsaid_is_said_at_the_start(watch: Watch) -> None:
    first = Watch(watch.path, channel=RecordingChannel(is_shut=True))
    with watching(first):
        first.report()
        first.await_taken()
    with closing(sqlite3.connect(watch.path)) as connection, connection:
        connection.execute("DELETE FROM deliveries")  # as if a while ago

    with watching(watch):
        assert watch.await_shown().link == LINK


def test_what_ended_while_nobody_watched_is_ended_at_the_start(watch: Watch) -> None:
    with watching(watch):
        watch.report(left=timedelta(seconds=2))
        watch.await_shown()
    with closing(sqlite3.connect(watch.path)) as connection, connection:
        connection.execute("UPDATE events SET expires_at = expires_at - 5000")
    with watching(Watch(watch.path)) as again:
        over = again.await_shown()

    assert over.link is None
    assert watch.names() == ["attempt", "notified", "expired"]


@pytest.fixture
def is_told_of_lock(caplog: pytest.LogCaptureFixture) -> threading.Event:
    """Give what is set when the daemon logs that the event log is locked."""
    is_told = threading.Event()
    caplog.handler.addFilter(_calls(is_told.set, "is locked by another program"))
    return is_told


@pytest.mark.parametrize("is_stopped", [False, True], ids=["freed", "stopped"])
def test_a_locked_log_is_waited_for_until_it_is_free_or_the_end_comes(
    watch: Watch, is_told_of_lock: threading.Event, is_stopped: bool
) -> None:
    with watching(watch), closing(watch.locker()) as other:
        other.execute("BEGIN EXCLUSIVE")
        watch.report()
        assert is_told_of_lock.wait(PATIENCE_S)
        if not is_stopped:
            other.execute("ROLLBACK")
            assert watch.await_shown().link == LINK
        else:
            watch.queue.stop()
            await_end()

    assert watch.names() == ([] if is_stopped else ["attempt", "notified"])


def test_a_locked_log_keeps_no_reminder_and_nothing_stale_on_the_screen(
    watch: Watch, is_told_of_lock: threading.Event
) -> None:
    watch.remind_at = (timedelta(seconds=1.5),)
    with watching(watch):
        watch.report(left=timedelta(seconds=3))
        watch.await_shown()
        eventually(lambda: "notified" in watch.names())
        with closing(watch.locker()) as other:
            other.execute("BEGIN IMMEDIATE")
            eventually(lambda: len(watch.channel.shown) == 2)
            assert is_told_of_lock.wait(PATIENCE_S)
            eventually(lambda: watch.channel.withdrawn == [1])
            other.execute("ROLLBACK")
        eventually(lambda: "expired" in watch.names())

    assert watch.names() == ["attempt", "notified", "reminded", "expired"]
    assert LINK.encode() not in watch.path.read_bytes()


def test_the_first_answer_binds_while_the_log_is_locked(watch: Watch) -> None:
    with watching(watch):
        watch.report()
        watch.await_shown()
        eventually(lambda: "notified" in watch.names())
        with closing(watch.locker()) as other:
            other.execute("BEGIN IMMEDIATE")
            for action in (Action.NOT_ME, Action.OPEN, Action.NOT_ME):
                watch.queue.put(ButtonPressed(1, action))
            advice = watch.await_shown()
            assert watch.channel.withdrawn == [1]
            other.execute("ROLLBACK")
        eventually(lambda: "not_me" in watch.names())

    assert advice.link is None
    assert watch.names() == ["attempt", "notified", "not_me"]
    assert len(watch.channel.shown) == 2


def test_a_hung_desktop_shows_nothing_afterwards_that_is_over(watch: Watch) -> None:
    channel = HangingChannel()
    watch.channel = channel
    with watching(watch):
        watch.report(left=timedelta(seconds=2))
        assert channel.is_asked.wait(PATIENCE_S)
        eventually(lambda: "expired" in watch.names())
        channel.is_freed.set()
        watch.await_shown()
        eventually(lambda: channel.withdrawn == [1])

    assert watch.names()[:2] == ["attempt", "expired"]
    assert LINK.encode() not in watch.path.read_bytes()


def test_silent_dns_and_forgeries_hold_up_no_reminder_and_no_end(
    watch: Watch,
) -> None:
    asked, answered = threading.Event(), threading.Event()

    def wait(reading: Reading, domain: str) -> tuple[Signature, ...]:
        asked.set()
        answered.wait(PATIENCE_S)
        return VERIFY(reading, domain)

    watch.verify = wait
    watch.remind_at = (timedelta(seconds=1.5),)
    with Server(capabilities="IMAP4rev1") as server:
        watch.servers = (server.port,)
        with watching(watch):
            server.wait_for("NOOP", times=3)
            for number in range(30):
                server.add(approval(message_id=f"<{number}@forged.example>"))
            assert asked.wait(PATIENCE_S)
            watch.report(left=timedelta(seconds=3))
            shown = [watch.await_shown() for _ in range(3)]
            answered.set()

    assert [notification.link for notification in shown] == [LINK, LINK, None]


def test_a_log_that_stays_locked_is_told(watch: Watch) -> None:
    watch.alert_after = timedelta(0)
    with watching(watch), closing(watch.locker()) as other:
        other.execute("BEGIN EXCLUSIVE")
        watch.report()
        assert "is locked by another program" in watch.await_shown().body
        other.execute("ROLLBACK")
        assert watch.await_shown().link == LINK


def _calls(act: Callable[[], None], text: str) -> Callable[[object], bool]:
    """Return a filter that lets all records through and acts on one with the text."""

    def check(record: object) -> bool:
        if text in str(getattr(record, "msg", "")) + str(getattr(record, "args", "")):
            act()
        return True

    return check


def test_the_cursor_moves_only_after_the_mail_was_told(watch: Watch) -> None:
    with watching(watch):
        watch.report()
        watch.queue.put(SYNCED)
        watch.await_taken()
        assert watch.observed.get(timeout=PATIENCE_S) == SYNCED

    with Journal.open(watch.path) as journal:
        assert journal.cursors("home") == {"INBOX": Cursor(1, 2)}
