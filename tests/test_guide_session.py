"""The guide takes each line for what was asked when it was typed, and no other."""

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.factories import NEAR, new_event
from watcher.app.queue import EventQueue
from watcher.clock import utc_now
from watcher.errors import JournalUnusable, NotHandedOver
from watcher.events import Attempt, EventName
from watcher.guide import sentences, walk
from watcher.guide.apps import find
from watcher.guide.inbox import Ended, Inbox, Typed
from watcher.guide.screen import Screen
from watcher.guide.session import Means, Session
from watcher.guide.steps import Place
from watcher.guide.walk import Ending, Prompt
from watcher.i18n import Language, Text
from watcher.journal.log import Journal, NewEvent
from watcher.recognition.claim import Kind

OPEN = sentences.TO_USE[Kind.APPROVAL]
OPENED = sentences.WHEN_USED[Kind.APPROVAL]
PREPARE, WAIT = sentences.PROMPTS[Place.PREPARE], sentences.PROMPTS[Place.WAIT]
FINISH = sentences.PROMPTS[Place.FINISH]


class ActingScreen(Screen):
    """Acts as the user does, by what stands at the bottom; each act once."""

    def __init__(self, acts: dict[Text, Callable[[], object]]) -> None:
        super().__init__(Language.EN, columns=lambda: 80, is_redrawn=False)
        self._acts = acts
        self.prompts: list[Text] = []

    def prompt(self, prompt: Prompt | None) -> None:
        """Do what belongs to this prompt."""
        assert prompt is not None
        if self.prompts[-1:] != [prompt.text]:
            self.prompts.append(prompt.text)
        self._acts.pop(prompt.text, lambda: None)()


def just_now(number: int = 1, *, near: str = NEAR) -> NewEvent:
    """Return an attempt whose mail has just come."""
    new = new_event(number, at=utc_now(), near=near)
    assert isinstance(new.event.about, Attempt)
    about = replace(new.event.about, received_at=utc_now())
    return replace(new, event=replace(new.event, about=about))


@dataclass(slots=True)
class Guide:
    """A session with all that is around it, but for the watch."""

    journal: Journal
    inbox: Inbox = field(default_factory=Inbox)
    used: list[Attempt] = field(default_factory=list)
    failure: NotHandedOver | None = None

    def type(self, *lines: str | None) -> None:
        for line in lines:
            self.inbox.put(Typed(line))

    def deliver(self) -> None:
        self.journal.record(just_now())

    def use(self, attempt: Attempt) -> None:
        self.used.append(attempt)
        self.type("")  # pressed again while the browser starts
        if self.failure:
            raise self.failure
        self.journal.append(EventName.OPENED, at=utc_now(), about=attempt)

    def run(self, acts: dict[Text, Callable[[], object]]) -> tuple[Ending, list[Text]]:
        """Run a session; return how it ended and what stood at the bottom."""
        queue, screen = EventQueue(), ActingScreen(acts)
        means = Means(
            journal=self.journal,
            screen=screen,
            inbox=self.inbox,
            language=Language.EN,
            watch=lambda: queue.wait_for_stop(30),
            stop=queue.stop,
            use=self.use,
            asks=True,
        )
        return Session(means).run(find("zaim")), screen.prompts


@pytest.fixture
def guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guide]:
    monkeypatch.setattr(walk, "TOO_SOON", timedelta(0))
    with Journal.open(tmp_path / "events.db") as journal:
        yield Guide(journal)


def test_enter_at_the_moment_when_the_mail_comes_opens_nothing(guide: Guide) -> None:
    def deliver_and_press() -> None:
        guide.deliver()
        guide.type("")

    ending, prompts = guide.run(
        {
            PREPARE: lambda: guide.type(""),
            WAIT: deliver_and_press,
            OPEN: lambda: guide.type("q"),
        }
    )

    assert ending is Ending.LEFT
    assert prompts == [PREPARE, WAIT, OPEN]
    assert guide.used == []


def test_enter_pressed_while_the_browser_starts_approves_nothing(guide: Guide) -> None:
    guide.deliver()

    _, prompts = guide.run(
        {OPEN: lambda: guide.type(""), OPENED: lambda: guide.type("q")}
    )

    assert prompts == [OPEN, OPENED]
    assert len(guide.used) == 1


def test_a_letter_that_the_clock_has_wiped_away_may_be_typed_twice(
    guide: Guide,
) -> None:
    ending, _ = guide.run({PREPARE: lambda: guide.type("qq")})

    assert ending is Ending.LEFT


def test_ctrl_d_takes_away_the_prompt_and_nothing_above_it(
    guide: Guide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends no line: the cursor still stands in the prompt."""
    calls: list[str] = []
    for name in ("note_typed", "clear", "say"):
        monkeypatch.setattr(
            ActingScreen, name, lambda _, *said, name=name: calls.append(name)
        )

    def press() -> None:
        calls.clear()
        guide.type(None)

    guide.run({PREPARE: press})

    assert calls[:2] == ["clear", "say"]
    assert "note_typed" not in calls


def test_a_number_of_two_digits_alike_is_that_number(guide: Guide) -> None:
    while max((one.id for one in guide.journal.events()), default=0) < 10:
        guide.journal.append(EventName.STARTED, at=utc_now())
    guide.journal.record(just_now())
    guide.journal.record(just_now(2, near="Osaka, Japan"))

    guide.run(
        {
            sentences.TO_CHOOSE: lambda: guide.type("11"),
            OPENED: lambda: guide.type("q"),
        }
    )

    assert [one.id for one in guide.used] == [11]


@pytest.mark.parametrize(
    ("answer", "prompts"), [("q", []), ("", [WAIT]), ("n", [PREPARE])]
)
def test_who_is_asked_whether_to_go_on_may_leave(
    guide: Guide, answer: str, prompts: list[Text]
) -> None:
    guide.run({PREPARE: lambda: guide.type(""), WAIT: lambda: guide.type("q")})
    guide.type(answer)

    leave = {place: lambda: guide.type("q") for place in (PREPARE, WAIT)}
    assert guide.run({**leave}) == (Ending.LEFT, prompts)


def test_a_browser_that_fails_is_told_and_can_be_tried_again(
    guide: Guide, capsys: pytest.CaptureFixture[str]
) -> None:
    guide.deliver()
    guide.failure = NotHandedOver(Text(en="No browser.", ja="なし。"))
    tries = iter(("", "q"))

    class Again(dict[Text, Callable[[], object]]):
        def pop(self, *_: object) -> Callable[[], object]:
            return lambda: guide.type(next(tries))

    ending, prompts = guide.run(Again())

    assert (ending, prompts) == (Ending.LEFT, [OPEN])
    assert "No browser." in capsys.readouterr().out
    assert len(guide.used) == 1


def test_the_end_of_the_input_is_the_users_end(guide: Guide) -> None:
    try:
        ending, _ = guide.run({PREPARE: lambda: guide.type(None)})
    except KeyboardInterrupt:
        pytest.fail("the end was interrupted")

    assert ending is Ending.LEFT
    names = [event.event for event in guide.journal.events()]
    assert names == [EventName.ARMED, EventName.DISARMED]


def test_a_watch_that_fails_ends_the_guide_and_what_it_expected(guide: Guide) -> None:
    error = JournalUnusable(Text(en="broken", ja="故障"))

    with pytest.raises(JournalUnusable):
        guide.run({PREPARE: lambda: guide.inbox.put(Ended(error))})

    assert guide.journal.armed_until(utc_now()) is None


def test_without_a_watch_of_its_own_the_guide_goes_on_by_the_log(guide: Guide) -> None:
    def end_and_deliver() -> None:
        guide.inbox.put(Ended(None))
        guide.deliver()

    ending, prompts = guide.run(
        {
            PREPARE: end_and_deliver,
            OPEN: lambda: guide.type("n"),
            FINISH: lambda: guide.type(""),
        }
    )

    assert (ending, prompts) == (Ending.LINKED, [PREPARE, OPEN, FINISH])


class ClosedWindow(EventQueue):
    """Ends as a window does that is closed: the signal comes behind the last line."""

    def stop(self) -> None:
        signal.raise_signal(signal.SIGINT)
        super().stop()


def test_a_signal_at_the_end_leaves_nothing_expected(
    guide: Guide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.test_guide_session.EventQueue", ClosedWindow)
    try:
        ending, _ = guide.run({PREPARE: lambda: guide.type(None)})
    except KeyboardInterrupt:
        pytest.fail("the end was interrupted")

    assert ending is Ending.LEFT
    names = [event.event for event in guide.journal.events()]
    assert names[-2:] == [EventName.ARMED, EventName.DISARMED]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
