"""The queue holds no more of a flood than it must, and timers survive a clock step."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from queue import Empty, SimpleQueue

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

from tests.factories import NOW
from tests.fakes import FakeClock
from watcher.app.judging import Judged, NotJudged
from watcher.app.queue import (
    LATE_S,
    MAILS_AT_ONCE,
    EventQueue,
    Prune,
    QueueItem,
    Scheduler,
)
from watcher.clock import utc_now
from watcher.events import (
    Arrival,
    Cursor,
    MailboxSynced,
    Origin,
    Seen,
    State,
    StateChanged,
)
from watcher.recognition.sender import UNCHECKED
from watcher.recognition.verdict import NotRelevant

PATIENCE_S = 20.0
QUIET_S = 0.4
MAIL = Judged(
    origin=Origin(account="home", mailbox="INBOX", uid_validity=1, uid=1),
    arrival=Arrival(NOW, Seen(0.0)),
    message_id=None,
    identity="",
    verdict=NotRelevant((), UNCHECKED),
)


def flood(queue: EventQueue, count: int) -> threading.Thread:
    def put_all() -> None:
        for _ in range(count):
            queue.put(MAIL)

    thread = threading.Thread(target=put_all)
    thread.start()
    return thread


def test_a_mail_too_many_waits_until_there_is_room() -> None:
    queue = EventQueue()
    sender = flood(queue, MAILS_AT_ONCE + 1)

    for _ in range(MAILS_AT_ONCE):
        assert queue.next(PATIENCE_S) == MAIL
    assert queue.next(0.0) is None
    queue.make_room(MAIL)
    sender.join(PATIENCE_S)

    assert queue.next(PATIENCE_S) == MAIL


def test_everything_else_finds_room_in_a_flood() -> None:
    queue = EventQueue()
    flood(queue, MAILS_AT_ONCE).join(PATIENCE_S)

    queue.put(Prune())

    assert list(queue.rest())[-1] == Prune()


def test_the_end_frees_a_sender_that_waits_for_room() -> None:
    queue = EventQueue()
    sender = flood(queue, MAILS_AT_ONCE + 1)

    queue.stop()
    sender.join(PATIENCE_S)

    assert not sender.is_alive()


def read_one(queue: EventQueue) -> tuple[threading.Thread, list[QueueItem | None]]:
    """Let a thread wait for the next item."""
    read: list[QueueItem | None] = []
    reader = threading.Thread(target=lambda: read.append(queue.next(PATIENCE_S)))
    reader.start()
    return reader, read


SYNCED = MailboxSynced(account="home", mailbox="INBOX", cursor=Cursor(1, 7))
WATCHING = StateChanged(account="home", state=State.WATCHING, at=NOW)


def test_the_next_mail_of_each_other_account_is_taken_and_nothing_before_its_turn() -> (
    None
):
    queue = EventQueue()
    work, shop, late = (mail_of(name) for name in ("work", "shop", "late"))
    again = replace(work, identity="again")
    items: list[QueueItem] = [
        *(Prune(), replace(MAIL, identity="second"), work),
        *(replace(SYNCED, account="shop"), shop, again, late),
    ]
    for item in (MAIL, *items):
        queue.put(item)
    first = queue.next(0.0)
    assert first == MAIL

    assert queue.mails_beside(MAIL, 9) == [work, late]
    assert [*queue.rest()] == [one for one in items if one not in (work, late)]


def test_no_more_mails_are_taken_than_were_asked_for_and_the_rest_stays() -> None:
    queue = EventQueue()
    mails = [mail_of(f"account {number}") for number in range(5)]
    for mail in mails:
        queue.put(mail)
    queue.stop()
    first = queue.next(0.0)
    assert first == mails[0]

    assert queue.mails_beside(mails[0], 2) == mails[1:3]
    assert not queue.is_empty()
    assert [queue.next(0.0) for _ in range(3)] == [*mails[3:], None]
    assert queue.is_empty()


def mail_of(account: str) -> Judged:
    return replace(MAIL, origin=replace(MAIL.origin, account=account))


def set_clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr("watcher.app.queue.monotonic_s", lambda: seconds)


def test_a_sync_that_found_nothing_new_wakes_nobody() -> None:
    queue = EventQueue()
    queue.put(SYNCED)
    assert queue.next(0.0) == SYNCED
    reader, read = read_one(queue)

    queue.put(SYNCED)
    reader.join(QUIET_S)
    assert reader.is_alive()
    queue.put(Prune())
    reader.join(PATIENCE_S)

    assert read == [Prune()]


def test_of_syncs_without_news_the_last_of_each_mailbox_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    junk = replace(SYNCED, mailbox="Junk")
    queue = EventQueue()
    for seconds in (100.0, 118.0, 136.0):
        set_clock(monkeypatch, seconds)
        queue.put(SYNCED)
        queue.put(junk)
    set_clock(monkeypatch, 140.0)

    assert [*queue.rest()] == [SYNCED, junk]
    assert [*queue.take_syncs()] == [(junk, 4.0), (SYNCED, 4.0)]
    assert [*queue.take_syncs()] == []


def test_a_sync_that_comes_late_is_news(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = EventQueue()
    set_clock(monkeypatch, 100.0)
    queue.put(SYNCED)
    queue.next(0.0)
    set_clock(monkeypatch, 100.0 + LATE_S + 1.0)
    reader, read = read_one(queue)

    queue.put(SYNCED)
    reader.join(PATIENCE_S)

    assert read == [SYNCED]


@pytest.mark.parametrize(
    ("before", "news"),
    [
        (SYNCED, replace(SYNCED, cursor=Cursor(1, 8))),
        (SYNCED, replace(SYNCED, undelivered_count=1)),
        (SYNCED, replace(SYNCED, mailbox="Junk")),
        (SYNCED, replace(SYNCED, account="work")),
        (WATCHING, SYNCED),
        (MAIL, SYNCED),
        (NotJudged(MAIL.origin, ValueError()), SYNCED),
    ],
)
def test_a_sync_with_news_wakes_the_reader(
    before: QueueItem, news: MailboxSynced
) -> None:
    queue = EventQueue()
    for item in (SYNCED, before):
        queue.put(item)
    assert [*queue.rest()] == list(dict.fromkeys([SYNCED, before]))
    reader, read = read_one(queue)

    queue.put(news)
    reader.join(PATIENCE_S)

    assert read == [news]


# The scheduler, on a wall clock that is set: what goes on is the time since boot ------

SOON = timedelta(seconds=0.1)
YEAR_S = 400 * 86400.0


@dataclass
class Timer:
    """A scheduler at work, and the time since boot as the test lets it go on."""

    boot_s: float = 1000.0
    came: SimpleQueue[QueueItem] = field(default_factory=SimpleQueue)

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(self.came.put, boottime_s=lambda: self.boot_s)


@pytest.fixture
def timer() -> Iterator[Timer]:
    timer = Timer()
    with timer.scheduler.running():
        yield timer


def test_what_a_jump_there_and_back_has_put_off_comes_in_time(timer: Timer) -> None:
    timer.scheduler.at(utc_now() + SOON, Prune())
    for jump_s in (-YEAR_S, YEAR_S):
        timer.boot_s += jump_s
        timer.scheduler.check_clock()

    assert timer.came.get(timeout=PATIENCE_S) == Prune()


def test_what_comes_in_a_jump_is_looked_at_again(timer: Timer) -> None:
    timer.scheduler.at(utc_now() + SOON, Prune())
    timer.boot_s -= 5.0  # as if the wall clock had jumped ahead

    with pytest.raises(Empty):
        timer.came.get(timeout=QUIET_S)
    timer.boot_s += 5.0
    timer.scheduler.check_clock()
    assert timer.came.get(timeout=PATIENCE_S) == Prune()


def test_what_the_wall_clock_would_bring_late_comes_when_it_is_due(
    timer: Timer,
) -> None:
    timer.scheduler.at(utc_now() + timedelta(seconds=YEAR_S), Prune())
    timer.boot_s += YEAR_S
    timer.scheduler.check_clock()

    assert timer.came.get(timeout=PATIENCE_S) == Prune()


def test_after_a_suspend_the_scheduler_is_woken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, wakes = FakeClock(utc_now()), SimpleQueue[None]()
    scheduler = Scheduler(lambda _: None, wall=clock.wall, boottime_s=clock.boottime_s)
    with scheduler.running():
        scheduler.at(clock.now + timedelta(hours=1), Prune())
        monkeypatch.setattr(
            BackgroundScheduler, "wakeup", lambda _: wakes.put(None), raising=True
        )
        scheduler.check_clock()
        assert wakes.empty()
        clock.rest(timedelta(hours=2))
        scheduler.check_clock()
        assert not wakes.empty()
        monkeypatch.undo()


def test_what_was_missed_is_not_made_up_for(timer: Timer) -> None:
    timer.scheduler.every(timedelta(hours=1), Prune())
    for _ in range(2):
        timer.boot_s += YEAR_S
        timer.scheduler.check_clock()
        assert timer.came.get(timeout=PATIENCE_S) == Prune()

    with pytest.raises(Empty):
        timer.came.get(timeout=QUIET_S)
