"""What follows an attempt until its end: reminders, clock steps, buttons."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import cast

import pytest

from tests.factories import CODE, NOW, WINDOW, attempt, link_of, new_event, recorded
from tests.fakes import FakeClock, RecordingChannel, prompt_notifier
from watcher.app.attempts import REFRESH_EVERY, AttemptTracker
from watcher.app.queue import (
    ButtonPressed,
    Deadline,
    HandedOver,
    QueueItem,
    Remind,
    Scheduler,
)
from watcher.app.wanted import NotifierSettings
from watcher.errors import NotHandedOver
from watcher.events import (
    ANSWERS,
    UNRECORDED,
    Attempt,
    Event,
    EventName,
    Expectation,
)
from watcher.i18n import Language, Text
from watcher.journal.log import DELIVERY_LEASE, Journal
from watcher.notify.notification import Action
from watcher.recognition.claim import Kind

PATIENCE_S = 20.0
DAY = timedelta(days=1)
EARLY, LATE = timedelta(minutes=3), timedelta(minutes=1)
REMIND_AT = (EARLY, LATE)
END = NOW + WINDOW
BRIEF = NotifierSettings(
    language=Language.EN, notify_unverified=True, is_attended=False
)


class Plan(Scheduler):
    """Remembers what is planned for when, and how often it looked at the clock."""

    def __init__(self) -> None:
        super().__init__(self._put)
        self.returned: SimpleQueue[HandedOver] = SimpleQueue()
        self.planned: list[tuple[datetime, QueueItem]] = []
        self.looks = 0

    def _put(self, item: QueueItem) -> None:
        assert isinstance(item, HandedOver)
        self.returned.put(item)

    def at(self, when: datetime, value: QueueItem) -> None:
        """Remember it."""
        self.planned.append((when, value))

    def check_clock(self) -> None:
        """Remember it."""
        self.looks += 1


class Machine:
    """A machine with one live attempt that was shown, and two clocks."""

    def __init__(self, journal: Journal, clock: FakeClock) -> None:
        self.journal = journal
        self.clock = clock
        self.channel = RecordingChannel()
        self.plan = Plan()
        settings = NotifierSettings(language=Language.EN, notify_unverified=True)
        self.notifier = prompt_notifier(journal, [self.channel], settings)
        self.attempts = AttemptTracker(
            journal,
            self.notifier,
            self.plan,
            REMIND_AT,
            hidden={"MAIL_PASSWORD"},
        )
        self.event = self.add(1)

    @property
    def now(self) -> datetime:
        """What the wall clock shows."""
        return self.clock.now

    def add(self, number: int) -> Event[Attempt]:
        """Record one more attempt."""
        return recorded(self.journal, number, at=self.now)

    def add_code(self, number: int) -> Event[Attempt]:
        """Record one more attempt, by a code."""
        seen = new_event(number)
        about = attempt(Kind.CODE, id=UNRECORDED, uid=number)
        about = replace(about, expires_at=END)
        event = self.journal.record(
            replace(seen, event=replace(seen.event, about=about))
        )
        assert event is not None
        return cast(Event[Attempt], event)

    def expect_sign_in(self) -> None:
        """Log that the user is about to sign in."""
        self.journal.append(EventName.ARMED, about=Expectation(END), at=NOW)

    def rest(self, span: timedelta) -> None:
        """Let time pass on both clocks."""
        self.clock.rest(span)

    def remind(self, left: timedelta, at: datetime) -> None:
        """Let a planned reminder come."""
        self.attempts.remind(Remind(self.event.id, left), at)

    def answer(self, name: EventName) -> None:
        """Log what the user answered."""
        self.journal.append(name, about=self.event.about, at=NOW)

    def deadline(self) -> datetime:
        """Return when the one live attempt is over by the log."""
        (event,) = self.journal.live(self.now)
        return event.about.expires_at

    def names(self) -> list[EventName]:
        """Return the names of all events."""
        return [event.event for event in self.journal.events()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.db"


@pytest.fixture
def machine(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    monkeypatch.setattr("watcher.app.attempts.utc_now", lambda: NOW)
    clock = FakeClock(NOW)
    with Journal.open(path, clock=clock.boot_clock()) as journal:
        yield Machine(journal, clock)


# Reminders ----------------------------------------------------------------------------


@pytest.mark.parametrize("left", REMIND_AT)
def test_a_reminder_shows_a_live_attempt_again(
    machine: Machine, left: timedelta
) -> None:
    machine.notifier.notify_pending(NOW)
    machine.remind(left, END - left)

    assert machine.channel.links == [link_of(1)] * 2
    assert machine.names() == [
        EventName.ATTEMPT,
        EventName.NOTIFIED,
        EventName.REMINDED,
    ]


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answered_attempt_is_not_reminded(
    machine: Machine, answer: EventName
) -> None:
    machine.answer(answer)
    machine.remind(LATE, END - LATE)

    assert machine.channel.shown == []


def test_an_expired_attempt_is_not_reminded(machine: Machine) -> None:
    machine.remind(LATE, END)

    assert machine.channel.shown == []


def test_an_unknown_attempt_is_not_reminded(machine: Machine) -> None:
    machine.attempts.remind(Remind(machine.event.id + 1, LATE), NOW)

    assert machine.channel.shown == []


def test_of_reminders_due_at_once_only_the_last_is_shown(machine: Machine) -> None:
    at = END - LATE + timedelta(seconds=10)
    for left in REMIND_AT:
        machine.remind(left, at)

    assert len(machine.channel.shown) == 1


def test_a_reminder_is_overtaken_at_the_instant_of_the_next(machine: Machine) -> None:
    machine.remind(EARLY, END - LATE)

    assert machine.channel.shown == []


# Planning -----------------------------------------------------------------------------


def test_every_reminder_and_the_end_of_an_attempt_are_planned_once(
    machine: Machine,
) -> None:
    for _ in range(2):
        machine.attempts.schedule(NOW)

    assert machine.plan.planned == [
        (END - EARLY, Remind(1, EARLY)),
        (END - LATE, Remind(1, LATE)),
        (END, Deadline()),
    ]


def test_only_the_attempt_that_is_new_is_planned(machine: Machine) -> None:
    machine.attempts.schedule(NOW)
    machine.plan.planned.clear()
    second = machine.add(2)
    machine.attempts.schedule(NOW)

    assert [value for _, value in machine.plan.planned] == [
        Remind(second.id, EARLY),
        Remind(second.id, LATE),
    ]


def test_a_reminder_whose_time_is_past_is_not_planned(machine: Machine) -> None:
    machine.attempts.schedule(END - EARLY)

    assert [value for _, value in machine.plan.planned] == [
        Remind(1, LATE),
        Deadline(),
    ]


def test_the_start_plans_ends_and_announces_what_was_left(machine: Machine) -> None:
    machine.attempts.resume(NOW)

    assert machine.channel.links == [link_of(1)]
    assert (END, Deadline()) in machine.plan.planned


def test_the_start_ends_what_is_over(machine: Machine) -> None:
    machine.attempts.resume(END)

    assert machine.names() == [EventName.ATTEMPT, EventName.EXPIRED]
    assert machine.channel.withdrawn == [1]


def test_the_expiry_of_a_shown_attempt_is_told_at_once(machine: Machine) -> None:
    machine.notifier.notify_pending(NOW)
    machine.attempts.expire(END)

    assert machine.channel.links == [link_of(1), None]


# The clock is set ---------------------------------------------------------------------


STEPS = [timedelta(minutes=1), timedelta(minutes=-1), -DAY, DAY, 400 * DAY]


@pytest.mark.parametrize("step", STEPS)
def test_a_deadline_moves_with_a_clock_that_is_set(
    machine: Machine, step: timedelta
) -> None:
    machine.rest(timedelta(seconds=30))
    machine.clock.set_by(step)
    machine.attempts.expire(machine.now)

    assert machine.deadline() == NOW + WINDOW + step
    machine.rest(WINDOW)
    machine.attempts.expire(machine.now)
    assert machine.names() == [EventName.ATTEMPT, EventName.EXPIRED]


@pytest.mark.parametrize("step", STEPS)
def test_an_end_that_came_too_early_is_planned_anew(
    machine: Machine, step: timedelta
) -> None:
    machine.attempts.schedule(NOW)
    machine.plan.planned.clear()
    machine.clock.set_by(step)
    machine.attempts.expire(machine.now)

    assert machine.plan.planned[-1] == (END + step, Deadline())


def test_each_tick_looks_whether_the_clock_was_set(machine: Machine) -> None:
    machine.attempts.tick(NOW)

    assert machine.plan.looks == 1
    assert machine.plan.planned == []


def test_small_corrections_add_up_to_a_step(machine: Machine) -> None:
    for _ in range(5):
        machine.clock.set_by(timedelta(seconds=0.5))
        machine.deadline()

    assert timedelta(0) < machine.deadline() - END <= timedelta(seconds=2.5)


@pytest.mark.parametrize("step", [-DAY, DAY])
def test_what_is_over_stays_over_when_the_clock_is_set(
    machine: Machine, step: timedelta
) -> None:
    machine.rest(WINDOW)
    machine.attempts.expire(machine.now)
    machine.clock.set_by(step)
    machine.attempts.expire(machine.now)

    assert machine.journal.live(machine.now) == []
    assert machine.names() == [EventName.ATTEMPT, EventName.EXPIRED]


@pytest.mark.parametrize("step", [-DAY, DAY])
def test_the_time_left_goes_on_counting_down_when_the_clock_is_set(
    machine: Machine, step: timedelta
) -> None:
    machine.notifier.notify_pending(NOW)
    machine.clock.set_by(step)
    machine.attempts.tick(machine.now)
    refreshed = len(machine.channel.refreshed)
    machine.rest(REFRESH_EVERY)
    machine.attempts.tick(machine.now)

    assert refreshed == 1
    assert len(machine.channel.refreshed) == 2
    assert "4:30 left" in machine.channel.refreshed[-1].body


# Secrets ------------------------------------------------------------------------------


def test_a_secret_that_a_reader_keeps_in_the_files_leaves_them_later(
    machine: Machine, path: Path
) -> None:
    secret = link_of(1).encode()
    wal = path.with_name(path.name + "-wal")
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchone()
        machine.rest(WINDOW)
        machine.attempts.expire(machine.now)
        assert secret in path.read_bytes() + wal.read_bytes()
        reader.execute("COMMIT")

        machine.attempts.tick(machine.now)

        assert secret not in path.read_bytes() + wal.read_bytes()


# Countdown ----------------------------------------------------------------------------


def test_an_open_notification_counts_down_every_30_seconds_only(
    machine: Machine,
) -> None:
    machine.notifier.notify_pending(NOW)
    for second in range(61):
        machine.attempts.tick(NOW + timedelta(seconds=second))

    assert len(machine.channel.refreshed) == 2
    assert len(machine.channel.shown) == 1
    assert timedelta(seconds=30) == REFRESH_EVERY
    assert "4:30" in machine.channel.refreshed[0].body
    assert "4:00" in machine.channel.refreshed[1].body


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answered_attempt_does_not_count_down(
    machine: Machine, answer: EventName
) -> None:
    second = machine.add(2)
    machine.notifier.notify_pending(NOW)
    machine.answer(answer)
    machine.attempts.tick(NOW + REFRESH_EVERY)

    assert {shown.replaces_id for shown in machine.channel.refreshed} == {second.id}


# Buttons ------------------------------------------------------------------------------


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> SimpleQueue[str]:
    """Give what the browser is asked to open and the clipboard to take."""
    given: SimpleQueue[str] = SimpleQueue()
    for name in ("open_link", "copy_text"):
        monkeypatch.setattr(
            f"watcher.app.attempts.{name}", lambda secret, _: given.put(secret)
        )
    return given


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch) -> NotHandedOver:
    """Give the error of a desktop that has neither browser nor clipboard."""
    error = NotHandedOver(Text(en="no browser", ja="ブラウザーなし"))

    def fail(secret: str, hidden: object) -> None:
        raise error

    for name in ("open_link", "copy_text"):
        monkeypatch.setattr(f"watcher.app.attempts.{name}", fail)
    return error


def press(machine: Machine, *actions: Action) -> None:
    """Press, and let what comes of it come back by the queue."""
    for action in actions:
        machine.attempts.press(ButtonPressed(1, action), machine.now)
    while machine.attempts.is_handing_over:
        done = machine.plan.returned.get(timeout=PATIENCE_S)
        machine.attempts.finish(done, machine.now)


def test_the_button_open_opens_the_page_and_is_logged_then(
    machine: Machine, opened: SimpleQueue[str]
) -> None:
    machine.attempts.press(ButtonPressed(1, Action.OPEN), NOW)
    assert opened.get(timeout=PATIENCE_S) == link_of(1)
    assert machine.names() == [EventName.ATTEMPT]

    machine.attempts.finish(machine.plan.returned.get(timeout=PATIENCE_S), NOW)

    assert machine.names() == [EventName.ATTEMPT, EventName.OPENED]
    assert machine.channel.withdrawn == [1]


def test_the_button_not_me_is_logged_and_answered_with_advice(
    machine: Machine, opened: SimpleQueue[str]
) -> None:
    press(machine, Action.NOT_ME)

    assert machine.names() == [EventName.ATTEMPT, EventName.NOT_ME]
    assert machine.channel.withdrawn == [1]
    assert machine.channel.links == [None]
    assert opened.empty()


@pytest.mark.parametrize(
    ("actions", "answer"),
    [
        ([Action.NOT_ME, Action.OPEN], EventName.NOT_ME),
        ([Action.NOT_ME, Action.CLICK], EventName.NOT_ME),
        ([Action.OPEN, Action.NOT_ME], EventName.OPENED),
        ([Action.OPEN, Action.OPEN], EventName.OPENED),
    ],
)
def test_the_first_answer_binds(
    machine: Machine,
    opened: SimpleQueue[str],
    actions: list[Action],
    answer: EventName,
) -> None:
    machine.expect_sign_in()
    press(machine, *actions)
    press(machine, *actions)

    assert machine.names()[2:] == [answer]
    assert opened.qsize() == (answer is EventName.OPENED)


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_another_program_answered_is_not_opened(
    machine: Machine, opened: SimpleQueue[str], answer: EventName
) -> None:
    machine.answer(answer)
    press(machine, Action.OPEN, Action.NOT_ME)

    assert machine.names() == [EventName.ATTEMPT, answer]
    assert opened.empty()


@pytest.mark.parametrize("is_armed", [True, False])
def test_a_click_on_the_text_opens_only_while_a_sign_in_is_expected(
    machine: Machine, opened: SimpleQueue[str], *, is_armed: bool
) -> None:
    if is_armed:
        machine.expect_sign_in()
    press(machine, Action.CLICK)

    assert (EventName.OPENED in machine.names()) == is_armed
    assert EventName.NOT_ME not in machine.names()
    assert opened.qsize() == is_armed


def test_a_code_is_copied_and_that_is_an_answer(
    machine: Machine, opened: SimpleQueue[str]
) -> None:
    event = machine.add_code(2)
    machine.attempts.press(ButtonPressed(event.id, Action.COPY), NOW)
    machine.attempts.finish(machine.plan.returned.get(timeout=PATIENCE_S), NOW)

    assert opened.get(timeout=PATIENCE_S) == CODE
    assert machine.names()[-1] is EventName.COPIED
    assert machine.journal.answer_to(event.id) is EventName.COPIED


@pytest.mark.parametrize("action", [Action.OPEN, Action.CLICK])
def test_a_code_mail_has_nothing_to_open(
    machine: Machine, opened: SimpleQueue[str], action: Action
) -> None:
    machine.expect_sign_in()
    event = machine.add_code(2)
    machine.attempts.press(ButtonPressed(event.id, action), NOW)

    assert not machine.attempts.is_handing_over
    assert opened.empty()


def test_an_approval_has_nothing_to_copy(
    machine: Machine, opened: SimpleQueue[str]
) -> None:
    press(machine, Action.COPY)

    assert opened.empty()
    assert machine.names() == [EventName.ATTEMPT]


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize(("attempt_id", "at"), [(1, END), (7, NOW)])
def test_a_button_of_an_attempt_that_is_over_or_unknown_does_nothing(
    machine: Machine,
    opened: SimpleQueue[str],
    action: Action,
    attempt_id: int,
    at: datetime,
) -> None:
    machine.attempts.press(ButtonPressed(attempt_id, action), at)

    assert machine.names() == [EventName.ATTEMPT]
    assert machine.channel.shown == []
    assert opened.empty()


def test_a_page_that_did_not_open_is_told_with_its_link_and_stays_unanswered(
    machine: Machine, no_browser: NotHandedOver
) -> None:
    machine.answer(EventName.NOTIFIED)
    press(machine, Action.OPEN)
    machine.remind(LATE, END - LATE)

    assert machine.names() == [
        EventName.ATTEMPT,
        EventName.NOTIFIED,
        EventName.OPEN_FAILED,
        EventName.REMINDED,
    ]
    told, again = machine.channel.shown
    for notification in (told, again):
        assert str(no_browser) in notification.body
        assert link_of(1) in notification.body
        assert notification.buttons[0].action is Action.OPEN


def test_a_page_that_did_not_open_can_be_opened_by_the_next_press(
    machine: Machine, no_browser: NotHandedOver, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(machine, Action.OPEN)
    monkeypatch.setattr("watcher.app.attempts.open_link", lambda *_: None)
    press(machine, Action.OPEN)

    assert machine.names()[-2:] == [EventName.OPEN_FAILED, EventName.OPENED]


def test_a_failure_that_comes_back_after_the_end_is_logged_and_not_told(
    machine: Machine, no_browser: NotHandedOver
) -> None:
    machine.attempts.press(ButtonPressed(1, Action.OPEN), NOW)
    machine.attempts.finish(machine.plan.returned.get(timeout=PATIENCE_S), END)

    assert machine.names() == [EventName.ATTEMPT, EventName.OPEN_FAILED]
    assert machine.channel.shown == []


def test_a_code_that_was_not_copied_is_told_and_logged_as_nothing_else(
    machine: Machine, no_browser: NotHandedOver
) -> None:
    event = machine.add_code(2)
    machine.attempts.press(ButtonPressed(event.id, Action.COPY), NOW)
    machine.attempts.finish(machine.plan.returned.get(timeout=PATIENCE_S), NOW)

    assert str(no_browser) in machine.channel.shown[-1].body
    assert machine.names() == [EventName.ATTEMPT] * 2


def test_a_bug_in_handing_over_is_a_failure_and_not_the_end_of_all_presses(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise IndexError

    monkeypatch.setattr("watcher.app.attempts.open_link", fail)
    press(machine, Action.OPEN)
    press(machine, Action.NOT_ME)

    assert machine.names()[1:] == [EventName.OPEN_FAILED, EventName.NOT_ME]


def test_no_password_of_an_account_is_seen_by_the_browser(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden: list[object] = []
    monkeypatch.setattr(
        "watcher.app.attempts.open_link", lambda _, names: hidden.append(names)
    )
    press(machine, Action.OPEN)

    assert hidden == [{"MAIL_PASSWORD"}]


# The screen ---------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_another_program_answered_leaves_the_screen_within_a_tick(
    machine: Machine, answer: EventName
) -> None:
    machine.notifier.notify_pending(NOW)
    machine.attempts.tick(NOW)
    assert machine.channel.withdrawn == []

    machine.answer(answer)
    machine.attempts.tick(NOW)

    assert machine.channel.withdrawn == [1]


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_expiry_is_told_only_to_who_has_not_answered(
    machine: Machine, answer: EventName
) -> None:
    machine.notifier.notify_pending(NOW)
    machine.answer(answer)
    shown = len(machine.channel.shown)
    machine.attempts.expire(END)

    assert len(machine.channel.shown) == shown
    assert machine.names()[-1] is EventName.EXPIRED


def test_what_a_lost_desktop_showed_is_shown_again_with_the_time_left_now(
    machine: Machine,
) -> None:
    machine.notifier.notify_pending(NOW)
    machine.channel.are_lost = {1}
    machine.rest(timedelta(minutes=1))
    machine.attempts.tick(machine.now)
    machine.attempts.tick(machine.now)

    first, again = machine.channel.shown
    assert "5:00 left" in first.body
    assert "4:00 left" in again.body


def test_what_was_answered_while_the_desktop_was_lost_does_not_come_back(
    machine: Machine,
) -> None:
    machine.notifier.notify_pending(NOW)
    machine.channel.are_lost = {1}
    machine.answer(EventName.OPENED)
    machine.attempts.tick(NOW)

    assert len(machine.channel.shown) == 1


def test_what_a_command_has_shown_is_shown_again_with_buttons_in_its_place(
    machine: Machine,
) -> None:
    command = prompt_notifier(machine.journal, [machine.channel], BRIEF)
    command.notify_pending(NOW)
    for _ in range(2):
        machine.attempts.tick(NOW)

    brief, attended = machine.channel.shown
    assert machine.channel.adopted == [(1, "recording 1")]
    assert brief.replaces_id == attended.replaces_id == 1
    assert not brief.buttons
    assert attended.buttons
    assert machine.names() == [EventName.ATTEMPT, EventName.NOTIFIED]


def test_what_a_command_has_shown_is_not_touched_by_another_command(
    machine: Machine,
) -> None:
    commands = [
        prompt_notifier(machine.journal, [machine.channel], BRIEF) for _ in "12"
    ]
    commands[0].notify_pending(NOW)
    commands[1].update(NOW)

    assert len(machine.channel.shown) == 1


def test_what_could_not_be_taken_over_is_tried_again_later(machine: Machine) -> None:
    prompt_notifier(machine.journal, [machine.channel], BRIEF).notify_pending(NOW)
    machine.channel.is_shut = True
    for _ in range(3):
        machine.attempts.tick(NOW)

    failures = [name for name in machine.names() if name is EventName.NOTIFY_FAILED]
    assert len(failures) == 1


def test_what_no_channel_has_shown_is_owed_and_its_failure_is_logged_once(
    machine: Machine,
) -> None:
    machine.channel.is_shut = True
    for tries in range(3):
        machine.attempts.tick(NOW + tries * DELIVERY_LEASE)
    machine.channel.is_shut = False
    for at in (NOW + 2 * DELIVERY_LEASE, NOW + 3 * DELIVERY_LEASE):
        machine.attempts.tick(at)

    assert machine.channel.links == [link_of(1)]
    assert machine.names()[1:] == [EventName.NOTIFY_FAILED, EventName.NOTIFIED]
