"""The whole program of one account in the test's own thread: a machine to play with.

Real are the session and its connection to a scripted server, judging, daemon, pipeline,
attempts, notifier, the desktop's requests and the event log; the clocks, the screen and
the browser are the test's. Nothing happens but when the test says so, and nobody waits.
"""

import re
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import cast

import pytest

from tests.fakes import ANY, FakeClock
from tests.imap_server import STEADY, Peer, Server, clear, fetched, settings, uids_in
from tests.sample_mails import (
    APPROVAL_HTML,
    CODE_HTML,
    VERIFY,
    Mail,
    html,
    plain,
    signed,
)
from tests.sample_mails import compose as unsigned
from watcher.app.daemon import Daemon, DaemonSettings
from watcher.app.desktop import Desktop
from watcher.app.flood import FloodGauge
from watcher.app.health import Health
from watcher.app.judging import Judging
from watcher.app.notifier import Notifier
from watcher.app.pipeline import MailPipeline
from watcher.app.queue import ButtonPressed, EventQueue, QueueItem, Scheduler
from watcher.app.wanted import NotifierSettings
from watcher.clock import SuspendDetector
from watcher.errors import NotHandedOver, NotificationFailed
from watcher.events import AnyEvent, Attempt, Event, EventName, Expectation, State
from watcher.i18n import Language, Text
from watcher.imap.choices import WatchMode
from watcher.imap.session import Session
from watcher.journal.log import Journal
from watcher.journal.reader import JournalReader
from watcher.notify.delivery import Delivery
from watcher.notify.notification import Action, Channel, Holds, Notification
from watcher.recognition.claim import Kind
from watcher.recognition.message import may_be_attempt
from watcher.timing.deadline import Machine as Clocks

BEGIN = datetime(2026, 11, 21, 3, 0, 0, tzinfo=UTC)
WINDOW = timedelta(minutes=5)
REMIND_AT = (timedelta(minutes=2), timedelta(minutes=1))
STEP = timedelta(seconds=10)
"""How often a machine at rest lets its program work."""

VOICE = NotifierSettings(language=Language.EN, notify_unverified=True)
SHUT = NotificationFailed(Text(en="shut", ja="閉"))
NO_BROWSER = NotHandedOver(Text(en="no browser", ja="ありません"))
PLACES = ("Tokyo, Japan", "Osaka, Japan")
OWN_CLOCKS = {"watcher.clock", "watcher.imap.transport", "watcher.journal.database"}
"""Modules whose waits are real."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail that was sent to the user."""

    number: int
    kind: Kind
    raw: bytes = field(repr=False)
    secret: str | None
    at: datetime
    """By a clock that is right."""
    at_s: float
    """In seconds since the start of the model."""

    @property
    def message_id(self) -> str:
        """The Message-ID."""
        return message_id(self.number)


def message_id(number: int) -> str:
    """Return the Message-ID of a mail."""
    return f"<{number}@us-west-2.amazonses.com>"


def compose(number: int, kind: Kind, place: str, at: datetime) -> tuple[bytes, str]:
    """Return a mail as Amazon sends it, and its link or code."""
    link = f"https://www.amazon.co.jp/a/c/r/Token{number:020}"
    secret = link if kind is Kind.APPROVAL else f"{271828 + number}"
    body = {
        Kind.APPROVAL: APPROVAL_HTML.format(link=link),
        Kind.CODE: CODE_HTML.format(code=secret, link=link),
        Kind.UNKNOWN: "<p>Another form</p>",
    }[kind]
    mail = Mail(
        body=html(body.replace(PLACES[0], place)),
        date=format_datetime(at),
        message_id=message_id(number),
    )
    return signed(mail), secret


class MailServer(Server):
    """A scripted server whose mails keep their dates, and which can withhold some."""

    def __init__(self) -> None:
        super().__init__()
        self.dates: dict[int, datetime] = {}
        self.withheld: set[int] = set()
        self.faults["FETCH"] = self._fetch

    def deliver(self, raw: bytes, at: datetime) -> int:
        """Let a mail arrive, without a word."""
        uid = self.add(raw, is_told=False)
        self.dates[uid] = at
        return uid

    def lose(self) -> None:
        """Close every connection."""
        while self.peers:
            self.peers.pop().close()

    def _fetch(self, peer: Peer, tag: str) -> None:
        command = self.commands[-1]
        words = command.split(" ")
        for uid in uids_in(command):
            at = self.dates.get(uid)
            if at is None or uid in self.withheld:
                continue
            one = " ".join([*words[:2], str(uid), *words[3:]])
            month = "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * at.month - 3 :][:3]
            date = f'INTERNALDATE "{at.day:2}-{month}-{at:%Y %H:%M:%S} +0000"'
            answer = fetched(self.mailboxes["INBOX"], one)
            peer.send_raw(re.sub(rb'INTERNALDATE "[^"]*"', date.encode(), answer))
        peer.send(f"{tag} OK done")


def is_live(shown: Notification) -> bool:
    """Return whether a notification asks for something about a live attempt."""
    return shown.replaces_id > 0 and shown.holds is Holds.WHILE_RUNNING


@dataclass(slots=True)
class Glass:
    """What the user sees; it outlives the programs that show something."""

    now: Callable[[], datetime]
    """A clock that is right."""
    on_screen: dict[str, Notification] = field(default_factory=dict)
    is_down: bool = False
    fresh: list[tuple[Notification, datetime]] = field(default_factory=list)
    """What was shown or replaced since the test has looked, and when."""
    dismissed: set[int] = field(default_factory=set)
    """What the user closed, and was not shown again."""
    orphans: set[str] = field(default_factory=set)
    """What a program showed that was killed before it knew: nobody can close it."""
    count: int = 0
    told: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How often something of a title was shown in a place."""

    def put(self, handle: str | None, notification: Notification) -> str:
        """Show something in the place of a handle, or in a new one."""
        if handle is None or handle not in self.on_screen:
            self.count += 1
            handle = f"glass {self.count}"
        self.on_screen[handle] = notification
        self.fresh.append((notification, self.now()))
        self.dismissed.discard(notification.replaces_id)
        return handle

    @property
    def attempts(self) -> dict[int, Notification]:
        """What asks for something about an attempt, by its id."""
        return {
            one.replaces_id: one
            for handle, one in self.on_screen.items()
            if is_live(one) and handle not in self.orphans
        }

    def dismiss(self, replaces_id: int) -> None:
        """Let the user close it."""
        for handle, one in list(self.on_screen.items()):
            if one.replaces_id == replaces_id:
                del self.on_screen[handle]
                self.dismissed.add(replaces_id)


class GlassChannel(Channel):
    """One program's way to the screen."""

    name = "glass"

    def __init__(self, glass: Glass) -> None:
        self._glass = glass
        self._own: dict[int, str] = {}
        self._lost: set[int] = set()

    def show(self, notification: Notification) -> str:
        """Show it in place of the one before."""
        if self._glass.is_down:
            raise SHUT
        replaces_id = notification.replaces_id
        handle = self._glass.put(self._own.get(replaces_id), notification)
        self._own[replaces_id] = handle
        self._lost.discard(replaces_id)
        self._glass.told[notification.title, replaces_id] += 1
        return handle

    def adopt(self, replaces_id: int, handle: str) -> None:
        """Take over what is still shown."""
        if handle in self._glass.on_screen:
            self._own[replaces_id] = handle

    def refresh(self, notification: Notification) -> None:
        """Replace it where it is still shown."""
        handle = self._own.get(notification.replaces_id)
        if handle in self._glass.on_screen:
            self._glass.put(handle, notification)

    def withdraw(self, replaces_id: int) -> None:
        """Take it off the screen."""
        self._lost.discard(replaces_id)
        self._glass.on_screen.pop(self._own.pop(replaces_id, ""), None)

    def clear(self, replaces_ids: frozenset[int]) -> None:
        """Take all these off."""
        for replaces_id in replaces_ids:
            self.withdraw(replaces_id)

    def lost(self) -> frozenset[int]:
        """Return what was shown when the screen was lost."""
        return frozenset(self._lost)

    def lose(self) -> None:
        """Note that all that is shown is about to be lost."""
        self._lost |= {
            one for one, handle in self._own.items() if handle in self._glass.on_screen
        }


class SteppedDesktop(Desktop):
    """Does one thing that was asked for when the test says so."""

    def step(self) -> bool:
        """Do the oldest; return whether there was one."""
        if not self.is_busy:
            return False
        request = self._next()
        assert request is not None
        try:
            self.perform(request)
        finally:
            self._is_working = False
        return True

    def wait(self, seconds: float) -> bool:
        """Do all of it, in no time."""
        while seconds > 0.0 and self.step():
            pass
        return super().wait(0.0)


class SteppedSession(Session):
    """A session that goes one step when the test says so, and never waits."""

    @property
    def state(self) -> State:
        """Where it is."""
        return self._state

    def step(self) -> None:
        """Do the work of its state, as `run` does, without a rest."""
        self.retry()
        self._step()

    def end(self) -> None:
        """Let go of the server."""
        self._close()
        self._interrupt.close()


class Plan(Scheduler):
    """Puts values when the model's time since boot has come."""

    def __init__(self, queue: EventQueue, clock: FakeClock) -> None:
        super().__init__(queue.put)
        self._clock = clock
        self._due: dict[str, tuple[float, QueueItem]] = {}

    def at(self, when: datetime, value: QueueItem) -> None:
        """Plan it; the same value moves."""
        due_s = self._clock.boot_s + (when - self._clock.now).total_seconds()
        self._due[repr(value)] = due_s, value

    def every(self, span: timedelta, value: QueueItem) -> None:
        """Upkeep is not the model's affair."""

    def check_clock(self) -> None:
        """Go by the time since boot alone."""

    def fire(self) -> None:
        """Put what is due."""
        for key, (due_s, value) in sorted(self._due.items()):
            if due_s <= self._clock.boot_s:
                del self._due[key]
                self.put(value)


class Program:
    """One run of the daemon."""

    def __init__(self, machine: "Machine") -> None:
        self._machine = machine
        clock = machine.clock
        self.queue = EventQueue()
        self.plan = Plan(self.queue, clock)
        self.journal = Journal.open(machine.path, clock=clock.boot_clock())
        self.journal.check()
        self.journal.append(EventName.STARTED, at=clock.now)
        self.journal.void_leases()
        self.channel = GlassChannel(machine.glass)
        self.desktop = SteppedDesktop(Delivery([self.channel]), self.queue.put)
        self.notifier = Notifier(self.journal, self.desktop, VOICE)
        pipeline = MailPipeline(
            self.journal, self.notifier, window=WINDOW, machine=machine.clocks
        )
        health = Health(self.journal, self.notifier, lambda: machine.awake_s)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("watcher.app.daemon.Scheduler", lambda _: self.plan)
            self.daemon = Daemon(
                self.queue,
                self.journal,
                pipeline,
                self.notifier,
                DaemonSettings(remind_at=REMIND_AT, keep=timedelta(days=365)),
                health,
            )
        judging = Judging(VERIFY, {"home": ANY}, self.queue.put)
        self.session = SteppedSession(
            clear(machine.server.port),
            cursors=self.journal.cursors("home"),
            report=judging.report,
            is_candidate=may_be_attempt,
            settings=settings(STEADY, WatchMode.POLL),
        )
        health.start(["home"])
        self.daemon._log.do(self.daemon._begin)

    def take(self) -> bool:
        """Let the daemon handle the oldest item; return whether there was one."""
        item = self.queue.next(0.0)
        for synced, waited_s in self.queue.take_syncs():
            self.daemon._take(synced, waited_s)
        if item is not None:
            self.daemon._take(item)
        return item is not None

    def work(self) -> None:
        """Let daemon and desktop do what there is to do."""
        self.plan.fire()
        while self.take() or self.desktop.step():
            pass
        self.daemon._tick()
        while self.take() or self.desktop.step():
            pass

    def stop(self) -> None:
        """End it as a signal does."""
        self.queue.stop()
        self.daemon._end()
        self.daemon._settle(0)
        self.kill()

    def kill(self) -> None:
        """End it without a word: what was to be done is not."""
        self.session.end()
        self.journal.__exit__()


class Machine:
    """A machine, its user, and the account's server."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "events.db"
        self.clock = FakeClock(BEGIN)
        self.passed_s = 0.0
        """Since the start of the model: what a clock shows that is right."""
        self.awake_s = 1000.0
        self.server = MailServer()
        self.glass = Glass(lambda: self.true_now)
        self.sent: list[Sent] = []
        self.opened: list[str] = []
        """What browser and clipboard were given."""
        self.is_browser_broken = False
        self.was_clock_set = False
        self.program: Program | None = None

    @property
    def now(self) -> datetime:
        """What the wall clock shows."""
        return self.clock.now

    @property
    def true_now(self) -> datetime:
        """What time it is."""
        return BEGIN + timedelta(seconds=self.passed_s)

    def clocks(self, now: datetime) -> Clocks:
        """Read the clocks as `read_machine` does."""
        return Clocks(self.clock.boot_s, now.timestamp() - self.clock.boot_s, True)

    # What happens -----------------------------------------------------------------

    def send(self, kind: Kind, place: str) -> Sent:
        """Let Amazon send a mail, which arrives at once."""
        number, at = len(self.sent) + 1, self.true_now.replace(microsecond=0)
        raw, secret = compose(number, kind, place, at)
        given = None if kind is Kind.UNKNOWN else secret
        sent = Sent(number, kind, raw, given, at, self.passed_s)
        self.sent.append(sent)
        self.server.deliver(raw, at)
        return sent

    def send_doubtful(self) -> None:
        """Let a mail come that is like Amazon's, and whose signature was lost."""
        at = self.true_now.replace(microsecond=0)
        link = f"https://www.amazon.co.jp/a/c/r/Token{len(self.server.dates):020}"
        mail = Mail(
            body=html(APPROVAL_HTML.format(link=link)),
            date=format_datetime(at),
            message_id=f"<doubtful.{len(self.server.dates)}@amazonses.com>",
        )
        self.server.deliver(unsigned(mail), at)

    def report(self) -> None:
        """Let Amazon report a sign-in by the usual device."""
        at = self.true_now.replace(microsecond=0)
        raw = signed(
            Mail(subject="amazon.co.jp: アクションが必要です: サインイン"),
            date=format_datetime(at),
            message_id=f"<report.{len(self.server.dates)}@amazonses.com>",
            body=plain("デバイス: Mozilla Firefox Windows (デスクトップ)"),
        )
        self.server.deliver(raw, at)

    def start(self) -> None:
        """Start the daemon."""
        self.program = Program(self)

    def stop(self) -> None:
        """Stop it by a signal."""
        if self.program:
            self.program.stop()
        self.program = None

    def kill(self) -> None:
        """Kill it."""
        if self.program:
            known = self.program.journal.shown().values()
            self.glass.orphans |= self.glass.on_screen.keys() - set(known)
            self.program.kill()
        self.program = None

    def pass_time(self, span: timedelta) -> None:
        """Let time pass on every clock."""
        self.clock.rest(span)
        self.passed_s += span.total_seconds()
        self.awake_s += span.total_seconds()

    def rest(self, span: timedelta) -> None:
        """Let time pass; the program works."""
        while span > timedelta(0):
            self.pass_time(min(STEP, span))
            span -= STEP
            self.work()

    def work(self) -> None:
        """Let the program do what there is to do now."""
        if self.program:
            self.program.session.step()
            self.program.work()

    def settle(self) -> None:
        """Let the program come to rest: connected if it can, all handled."""
        if self.program is None:
            return
        for _ in range(4):
            self.program.session.step()
        for _ in range(2):
            self.program.work()

    def suspend(self, span: timedelta) -> None:
        """Let the machine sleep so long."""
        self.clock.rest(span)
        self.passed_s += span.total_seconds()
        self.server.lose()

    def set_clock(self, step: timedelta) -> None:
        """Set the wall clock."""
        self.clock.set_by(step)
        self.was_clock_set = True

    def lose_screen(self) -> None:
        """Let the desktop's server end."""
        if self.program:
            self.program.channel.lose()
        self.glass.on_screen.clear()
        self.glass.is_down = True

    def press(self, replaces_id: int, action: Action) -> None:
        """Let the user press a button."""
        if self.program:
            self.program.queue.put(ButtonPressed(replaces_id, action))

    def answer_elsewhere(self, attempt: Attempt) -> None:
        """Let `watcher open` beside the daemon log an answer."""
        with Journal.open(self.path, clock=self.clock.boot_clock()) as journal:
            journal.append(EventName.OPENED, at=self.now, about=attempt)

    def expect(self, span: timedelta) -> None:
        """Let `watcher expect` say that a sign-in comes."""
        with Journal.open(self.path, clock=self.clock.boot_clock()) as journal:
            about = Expectation(self.now + span)
            journal.append(EventName.ARMED, at=self.now, about=about)

    def hand_over(self, secret: str, _: Collection[str]) -> None:
        """Stand for the browser and the clipboard."""
        if self.is_browser_broken:
            raise NO_BROWSER
        self.opened.append(secret)

    # What is known ----------------------------------------------------------------

    def read(self) -> "Known":
        """Return what stands in the event log."""
        reader = JournalReader.read(self.path, clock=self.clock.boot_clock())
        if reader is None:
            return Known([], [], {}, [])
        with reader:
            cursor = reader.cursors("home").get("INBOX")
            uid_next = {cursor.uid_validity: cursor.uid_next} if cursor else {}
            pending = [one.about for one in reader.newest_pending(self.now, 3)]
            untold = reader.untold()
            return Known(list(reader.events()), pending, uid_next, untold)

    def secrets_left(self) -> bytes:
        """Return the files of the event log as they are."""
        wal = self.path.with_name(self.path.name + "-wal")
        return b"".join(one.read_bytes() for one in (self.path, wal) if one.exists())


@dataclass(frozen=True, slots=True)
class Known:
    """What stands in the event log."""

    events: list[AnyEvent]
    pending: list[Attempt]
    """The newest that nothing has closed."""
    uid_next: dict[int, int]
    """How far INBOX was synced, by UIDVALIDITY."""
    untold: list[AnyEvent]
    """What the user is still to be told of."""

    def about_attempts(self) -> list[Event[Attempt]]:
        """Return the events about attempts, oldest first."""
        found = [one for one in self.events if isinstance(one.about, Attempt)]
        return cast(list[Event[Attempt]], found)

    def firsts(self) -> dict[str, list[Event[Attempt]]]:
        """Return what was logged of each mail when it came, by its Message-ID."""
        found: dict[str, list[Event[Attempt]]] = {}
        for event in self.about_attempts():
            if event.event in (EventName.ATTEMPT, EventName.MISSED):
                found.setdefault(event.about.message_id or "", []).append(event)
        return found

    def happened_to(self, attempt_id: int) -> list[EventName]:
        """Return the names of what is logged of an attempt, oldest first."""
        return [
            one.event for one in self.about_attempts() if one.about.id == attempt_id
        ]


@contextmanager
def playing(folder: Path) -> Iterator[Machine]:
    """Give a machine whose modules all read its clocks."""
    machine = Machine(folder)

    def boottime_s() -> float:
        return machine.clock.boot_s

    def monotonic_s() -> float:
        return machine.awake_s

    fakes: dict[str, Callable[[], object]] = {
        "utc_now": lambda: machine.now,
        "boottime_s": boottime_s,
        "monotonic_s": monotonic_s,
        "boot_id": lambda: machine.clock.boot,
        "is_synchronised": lambda: True,
    }
    with pytest.MonkeyPatch.context() as patch, machine.server:
        for name, module in list(sys.modules.items()):
            if name.startswith("watcher.") and name not in OWN_CLOCKS:
                for function, fake in fakes.items():
                    if hasattr(module, function):
                        patch.setattr(module, function, fake)
        patch.setattr(FloodGauge.__init__, "__defaults__", (boottime_s,))

        def detector() -> SuspendDetector:
            return SuspendDetector(awake_s=monotonic_s, clocks_s=(boottime_s,))

        patch.setattr("watcher.imap.session.SuspendDetector", detector)
        patch.setattr("watcher.app.attempts.call_in_thread", _call)
        for act in ("open_link", "copy_text"):
            patch.setattr(f"watcher.app.attempts.{act}", machine.hand_over)
        try:
            yield machine
        finally:
            machine.kill()


def _call(run: Callable[[], None]) -> Future[None]:
    done: Future[None] = Future()
    run()
    done.set_result(None)
    return done
