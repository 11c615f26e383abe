"""What belongs to one mail enters the log as one fact, and is told after that."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.factories import NOW, new_event
from tests.fakes import RecordingChannel, judged, prompt_notifier
from tests.sample_mails import LINK, VERIFY, approval
from watcher.app.judging import Judged
from watcher.app.logfile import LogFile
from watcher.app.logwork import LogWork
from watcher.app.machine_clock import MachineClock
from watcher.app.pipeline import MailPipeline
from watcher.app.wanted import NotifierSettings
from watcher.clock import boot_id, boottime_s
from watcher.errors import JournalBusy, JournalDamaged
from watcher.events import (
    AnyEvent,
    Arrival,
    Attempt,
    Event,
    EventName,
    MessageFetched,
    Origin,
    Seen,
)
from watcher.i18n import Language, Text
from watcher.journal.errors import DAMAGED
from watcher.journal.log import DELIVERY_LEASE, Journal
from watcher.journal.reader import JournalReader
from watcher.notify.notification import Notification

PROJECT = Path(__file__).parents[1]
WINDOW = timedelta(minutes=5)
VOICE = NotifierSettings(language=Language.EN, notify_unverified=True)
ACCOUNTS = ("home", "work", "shop")
BUSY = JournalBusy(Text(en="busy", ja="使用中"))


def mail_to(account: str, uid: int = 1) -> Judged:
    """Return a genuine mail that was seen to arrive, with a Date that is verified."""
    raw = approval(
        f"{LINK}{account}{uid}",
        date=format_datetime(NOW),
        message_id=f"<{account}.{uid}@amazonses.com>",
    )
    seen_s = boottime_s()
    arrival = Arrival(NOW, Seen(seen_s, seen_s - 1))
    origin = Origin(account=account, mailbox="INBOX", uid_validity=1, uid=uid)
    return judged(MessageFetched(origin=origin, arrival=arrival, raw=raw), VERIFY)


class Witness(RecordingChannel):
    """Keeps what another program finds in the log while something is shown."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.found: list[list[EventName]] = []
        self.leased: list[bool] = []

    def show(self, notification: Notification) -> str | None:
        """Look into the log, then remember what is shown."""
        with Journal.open(self.path) as other:
            self.found.append([one.event for one in other.events()])
            ident = notification.replaces_id
            self.leased.append(not other.acquire_lease(ident, NOW))
        return super().show(notification)


class Program:
    """A program that watches several accounts, and what it writes to the log."""

    def __init__(self, path: Path) -> None:
        self.told: list[AnyEvent] = []
        self.statements: list[str] = []
        self.journal = Journal.open(path, self.told.append)
        self.channel = Witness(path)
        notifier = prompt_notifier(self.journal, [self.channel], VOICE)
        self.pipeline = MailPipeline(self.journal, notifier, window=WINDOW)
        connection = self.journal._database._connection
        connection.set_trace_callback(self.statements.append)

    def attempts(self) -> list[str]:
        """Return of which accounts the log has an attempt."""
        live = self.journal.live(NOW)
        return [event.about.origin.account for event in live]

    def bounds(self, account: str) -> tuple[float, float] | None:
        """Return what the log has of a server's clock."""
        return self.journal.server_clock(account, boot_id())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.db"


@pytest.fixture
def program(path: Path) -> Iterator[Program]:
    program = Program(path)
    with program.journal:
        yield program


def failing(
    monkeypatch: pytest.MonkeyPatch, of: str, error: Exception
) -> Callable[[], None]:
    """Let no lease be had for an account's attempt; return what ends that."""
    acquire_lease = Journal.acquire_lease

    def fail(journal: Journal, attempt_id: int, *args: object, **more: object) -> bool:
        attempt = journal.find_attempt(attempt_id)
        if attempt and attempt.origin.account == of:
            raise error
        return acquire_lease(journal, attempt_id, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Journal, "acquire_lease", fail)
    return monkeypatch.undo


def test_a_mail_is_stored_with_all_that_it_shows_in_one_transaction(
    program: Program,
) -> None:
    program.pipeline.store([mail_to("home")], NOW)

    assert program.statements.count("BEGIN IMMEDIATE") == 1
    assert program.statements.count("COMMIT") == 1
    assert program.attempts() == ["home"]
    assert program.bounds("home")
    assert MachineClock(program.journal).evidence.signed
    assert not program.journal.acquire_lease(1, NOW)


def test_mails_of_several_accounts_are_stored_in_one_transaction_and_told_after_it(
    program: Program,
) -> None:
    mails = [mail_to(account) for account in ACCOUNTS]
    program.pipeline.store(mails, NOW)

    assert program.statements.count("COMMIT") == 1
    assert program.attempts() == [*ACCOUNTS]
    assert [event.event for event in program.told] == 3 * [EventName.ATTEMPT]
    assert program.channel.links == []
    program.statements.clear()
    for mail in mails:
        program.pipeline.process(mail, NOW)

    assert program.statements.count("COMMIT") == 3 * 2  # its handle; that it was told
    assert program.channel.links == [f"{LINK}{account}1" for account in ACCOUNTS]
    assert program.channel.found[0] == 3 * [EventName.ATTEMPT]
    assert program.channel.leased == [True, True, True]


def test_nothing_of_a_fact_that_fails_is_stored_told_or_learned(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails = [mail_to(account) for account in ACCOUNTS]
    go_on = failing(monkeypatch, "shop", BUSY)

    with pytest.raises(JournalBusy):
        program.pipeline.store(mails, NOW)
    assert program.attempts() == []
    assert program.told == []
    assert [program.bounds(account) for account in ACCOUNTS] == [None, None, None]
    assert MachineClock(program.journal).evidence.signed is None

    go_on()
    for mail in mails:
        program.pipeline.process(mail, NOW)
    assert program.attempts() == [*ACCOUNTS]
    assert all(program.bounds(account) for account in ACCOUNTS)
    assert MachineClock(program.journal).evidence.signed
    assert program.channel.links == [f"{LINK}{account}1" for account in ACCOUNTS]


def test_a_mail_that_cannot_be_stored_with_others_keeps_none_of_them_back(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "home", RuntimeError())
    mails = [mail_to(account) for account in ACCOUNTS]
    with pytest.raises(RuntimeError):
        program.pipeline.store(mails, NOW)

    for mail in mails[1:]:
        program.pipeline.process(mail, NOW)

    assert program.attempts() == ["work", "shop"]
    assert len(program.channel.links) == 2


def test_what_dies_between_the_record_and_the_lease_leaves_the_mail_to_the_next(
    path: Path,
) -> None:
    command = [sys.executable, "-m", "tests.subprograms", "die_before_lease", str(path)]
    assert subprocess.run(command, cwd=PROJECT, check=False).returncode == 9
    reader = JournalReader.read(path)
    assert reader is not None
    with reader:
        assert [*reader.events()] == []
        assert reader.server_clocks(boot_id()) == []

    program = Program(path)
    with program.journal:
        for mail in (mail_to("home"), mail_to("home")):
            program.pipeline.process(mail, NOW)
        assert program.attempts() == ["home"]
        assert len(program.channel.links) == 1


def test_what_dies_after_the_lease_leaves_the_attempt_to_the_next_program(
    program: Program, path: Path
) -> None:
    program.pipeline.store([mail_to("home")], NOW)
    program.journal.__exit__()

    program = Program(path)
    with program.journal:
        program.pipeline.process(mail_to("home"), NOW)
        assert program.channel.links == []
        notifier = prompt_notifier(program.journal, [program.channel], VOICE)
        notifier.notify_pending(NOW + DELIVERY_LEASE)
        assert len(program.channel.links) == 1


def test_what_is_part_of_a_fact_is_told_when_the_whole_is_stored(
    program: Program,
) -> None:
    with program.journal.transaction():
        program.journal.record(new_event(1))
        program.journal.append(EventName.STARTED, at=NOW)
        assert program.told == []
    logged = [EventName.ATTEMPT, EventName.STARTED]
    assert [one.event for one in program.told] == logged
    program.told.clear()
    with suppress(ZeroDivisionError), program.journal.transaction():
        program.journal.record(new_event(2))
        raise ZeroDivisionError
    assert program.told == []
    assert [one.event for one in program.journal.events()] == logged


def test_a_fact_of_which_a_part_failed_is_not_stored_whoever_gets_over_that(
    program: Program,
) -> None:
    with pytest.raises(ZeroDivisionError), program.journal.transaction():  # noqa: PT012
        program.journal.record(new_event(1))
        with suppress(ZeroDivisionError), program.journal.transaction():
            raise ZeroDivisionError
        program.journal.record(new_event(2))

    assert [*program.journal.events()] == []
    assert program.told == []
    program.journal.record(new_event(3))
    assert len(program.told) == 1


def test_what_waits_to_be_told_is_stored_anew_in_the_log_that_replaces_a_damaged_one(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, pipeline = program.journal, program.pipeline
    log = LogWork(
        LogFile(journal, lambda *_: None),
        alert_after=timedelta(minutes=1),
        on_trouble=lambda _: None,
        on_stuck=lambda _: None,
        on_changed=lambda: None,
        on_begun_anew=pipeline.forget_stored,
    )
    log.remember()
    mails = [mail_to("home"), mail_to("work")]
    pipeline.store(mails, NOW)
    found = Journal.newest_pending

    def damaged(self: Journal, *arguments: Any) -> list[Event[Attempt]]:  # noqa: ANN401
        monkeypatch.setattr(Journal, "newest_pending", found)
        raise JournalDamaged(DAMAGED, path=self.path, reason="test")

    monkeypatch.setattr(Journal, "newest_pending", damaged)

    def process(mail: Judged) -> None:
        pipeline.process(mail, NOW)

    for mail in mails:
        log.do(partial(process, mail))

    assert program.attempts() == ["home", "work"]
    shown = {one.replaces_id for one in program.channel.shown}
    assert shown == {event.about.id for event in journal.live(NOW)}
