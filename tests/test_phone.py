"""The phone's own thread: nothing waits for it, and what failed is tried again."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from queue import SimpleQueue

import pytest

from tests.environment import PATIENCE_S
from tests.factories import EXPIRES_AT, NOW
from watcher.app.phone import WITHDRAWALS, Phone, Pushed, PushRequest
from watcher.errors import NotificationFailed
from watcher.i18n import Text
from watcher.notify.push import Pusher, PushMessage

MESSAGE = PushMessage(key="1", title="title", text="text")


@dataclass(eq=False, slots=True)
class RecordingPusher(Pusher):
    """A way to a phone that is shut, or hangs, as the test wants it."""

    failures: int = 0
    """How many of the next calls fail."""
    done: SimpleQueue[str] = field(default_factory=SimpleQueue)
    is_freed: threading.Event = field(default_factory=threading.Event)
    is_closed: bool = False

    def __post_init__(self) -> None:
        """Hang only where the test says so."""
        self.is_freed.set()

    place = "phone"
    replaces = True

    def send(self, message: PushMessage) -> None:
        self._do(f"{message.key} {message.text}")

    def withdraw(self, key: str) -> None:
        self._do(f"{key} withdrawn")

    def check(self) -> None:
        pass

    def close(self) -> None:
        self.is_closed = True

    def _do(self, act: str) -> None:
        self.done.put(act)
        self.is_freed.wait(PATIENCE_S)
        if self.failures:
            self.failures -= 1
            raise NotificationFailed(Text(en="shut", ja="閉"))

    def next(self) -> str:
        """Return what was done next."""
        return self.done.get(timeout=PATIENCE_S)


@pytest.fixture
def pusher() -> RecordingPusher:
    return RecordingPusher()


@pytest.fixture
def told() -> SimpleQueue[Pushed]:
    return SimpleQueue()


@pytest.fixture
def phone(pusher: RecordingPusher, told: SimpleQueue[Pushed]) -> Iterator[Phone]:
    phone = Phone(pusher, told.put, retry_s=(0.0,))
    yield phone
    pusher.is_freed.set()
    phone.end()


def send(key: str = "1", text: str = "text") -> PushRequest:
    message = replace(MESSAGE, key=key, text=text)
    return PushRequest(key=key, now=NOW, words=lambda _: message)


def withdraw(key: str = "1") -> PushRequest:
    return PushRequest(key=key, now=NOW)


@contextmanager
def hanging(phone: Phone, pusher: RecordingPusher) -> Iterator[None]:
    """Let the phone hang in the message 0 while inside."""
    pusher.is_freed.clear()
    phone.ask(send("0"))
    assert pusher.next() == "0 text"
    yield
    pusher.is_freed.set()


def test_who_asks_does_not_wait_and_is_told_what_was_sent(
    phone: Phone, pusher: RecordingPusher, told: SimpleQueue[Pushed]
) -> None:
    with hanging(phone, pusher):
        phone.ask(send())
        assert told.empty()

    reports = [told.get(timeout=PATIENCE_S) for _ in range(2)]
    assert [(one.request.key, one.error) for one in reports] == [
        ("0", None),
        ("1", None),
    ]


def test_no_thread_runs_before_something_is_asked_for(pusher: RecordingPusher) -> None:
    before = threading.active_count()
    Phone(pusher, lambda _: None)

    assert threading.active_count() == before


def test_what_failed_is_reported_and_tried_again_until_it_is_sent(
    phone: Phone, pusher: RecordingPusher, told: SimpleQueue[Pushed]
) -> None:
    pusher.failures = 3
    phone.ask(send())

    errors = [str(told.get(timeout=PATIENCE_S).error) for _ in range(4)]
    assert errors == ["shut", "shut", "shut", "None"]


def test_what_is_sent_is_worded_at_its_turn_by_the_time_that_went_by(
    phone: Phone, pusher: RecordingPusher
) -> None:
    asked_at: list[datetime] = []

    def words(at: datetime) -> PushMessage:
        asked_at.append(at)
        return MESSAGE

    request = PushRequest(key="1", now=NOW, words=words)
    phone.ask(replace(request, asked_s=request.asked_s - 100))
    pusher.next()

    assert (asked_at[0] - NOW).total_seconds() >= 100


def test_what_it_is_too_late_for_is_not_sent(
    phone: Phone, pusher: RecordingPusher, told: SimpleQueue[Pushed]
) -> None:
    pusher.failures = 1
    answers = [MESSAGE, None]
    phone.ask(PushRequest(key="1", now=EXPIRES_AT, words=lambda _: answers.pop(0)))
    phone.ask(send("2"))

    keys = {pusher.next().split()[0] for _ in range(2)}
    assert phone.wait(PATIENCE_S)
    assert keys == {"1", "2"}
    assert pusher.done.empty()


def test_a_later_request_takes_the_place_of_an_earlier_one(
    phone: Phone, pusher: RecordingPusher
) -> None:
    with hanging(phone, pusher):
        phone.ask(send(text="4:20"))
        phone.ask(send(text="2:00"))

    assert pusher.next() == "1 2:00"


def test_what_only_tells_the_time_waits_for_what_is_still_to_be_sent(
    phone: Phone, pusher: RecordingPusher
) -> None:
    with hanging(phone, pusher):
        phone.ask(send(text="loud"))
        phone.ask(replace(send(text="silent"), is_refresh=True))
        phone.ask(replace(send("0", text="silent"), is_refresh=True))

    assert pusher.next() == "1 loud"
    assert phone.wait(PATIENCE_S)
    assert pusher.done.empty()


def test_what_was_sent_is_taken_back_and_what_was_not_is_only_forgotten(
    phone: Phone, pusher: RecordingPusher
) -> None:
    with hanging(phone, pusher):
        phone.ask(send("1"))
        phone.ask(withdraw("1"))
        phone.ask(withdraw("0"))

    assert pusher.next() == "0 withdrawn"
    assert phone.wait(PATIENCE_S)
    assert pusher.done.empty()


def test_what_may_have_been_sent_is_taken_back_too(
    phone: Phone, pusher: RecordingPusher
) -> None:
    with hanging(phone, pusher):
        pusher.failures = 1
        phone.ask(withdraw("0"))

    assert pusher.next() == "0 withdrawn"


def test_what_an_earlier_program_sent_is_taken_back(
    phone: Phone, pusher: RecordingPusher
) -> None:
    phone.adopt("1")
    phone.ask(withdraw("1"))

    assert pusher.next() == "1 withdrawn"


def test_a_server_that_takes_nothing_back_is_given_up(
    phone: Phone, pusher: RecordingPusher, told: SimpleQueue[Pushed]
) -> None:
    phone.adopt("1")
    pusher.failures = 1000
    phone.ask(withdraw("1"))

    for _ in range(WITHDRAWALS):
        assert pusher.next() == "1 withdrawn"
    pusher.failures = 0
    phone.ask(send("2"))
    assert pusher.next() == "2 text"
    assert told.get(timeout=PATIENCE_S).request.key == "2"


def test_a_bug_in_one_message_stops_no_other(
    phone: Phone, pusher: RecordingPusher, told: SimpleQueue[Pushed]
) -> None:
    def words(_: datetime) -> PushMessage | None:
        raise ZeroDivisionError

    with hanging(phone, pusher):
        phone.ask(PushRequest(key="1", now=NOW, words=words))
        phone.ask(send("2"))

    assert pusher.next() == "2 text"
    reports = [told.get(timeout=PATIENCE_S) for _ in range(3)]
    assert "a bug in watcher" in str(reports[1].error)


def test_the_end_waits_for_nothing_and_takes_nothing_more(
    phone: Phone, pusher: RecordingPusher
) -> None:
    with hanging(phone, pusher):
        phone.ask(send("1"))
        phone.end()
        phone.ask(send("2"))

    assert pusher.is_closed
    assert phone.wait(PATIENCE_S)
    assert pusher.done.empty()
