"""Notification servers that answer late, or what nobody may answer."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from jeepney import HeaderFields, Message, new_method_return

from tests.desktop import (
    NOTIFICATIONS,
    PATIENCE_S,
    SessionBus,
    eventually,
    served,
    session_bus,
)
from tests.factories import live
from tests.fakes import linux_only
from watcher.errors import NotificationFailed
from watcher.notify.dbus import Body, Bus
from watcher.notify.freedesktop import Freedesktop

pytestmark = linux_only("a D-Bus desktop")

Answer = tuple[str, tuple[object, ...]]
GOOD: dict[str, Answer] = {
    "GetServerInformation": ("ssss", ("odd", "tests", "1", "1.2")),
    "GetCapabilities": ("as", (["actions", "body"],)),
    "Notify": ("u", (7,)),
    "CloseNotification": ("", ()),
}


@dataclass(slots=True)
class OddServer:
    """A notification server that answers as the test says."""

    answers: dict[str, Answer] = field(default_factory=lambda: dict(GOOD))
    calls: list[tuple[str, object]] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    """What `Notify` waits for."""

    def answer(self, call: Message) -> list[Message]:
        """Answer a call."""
        member = call.header.fields[HeaderFields.member]
        self.calls.append((member, call.body))
        if member == "Notify":
            self.held.wait(PATIENCE_S)
        signature, body = self.answers[member]
        return [new_method_return(call, signature or None, body)]

    def closed(self) -> list[object]:
        """Return what was asked to be closed."""
        return [body for member, body in self.calls if member == "CloseNotification"]


@pytest.fixture(scope="module")
def bus() -> Iterator[SessionBus]:
    with session_bus() as bus:
        yield bus


@pytest.fixture
def server(bus: SessionBus, monkeypatch: pytest.MonkeyPatch) -> Iterator[OddServer]:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(bus.directory))
    server = OddServer()
    server.held.set()
    with served(bus, NOTIFICATIONS, server.answer):
        yield server
        server.held.set()


@pytest.fixture
def channel() -> Iterator[Freedesktop]:
    channel = Freedesktop(lambda *_: None)
    yield channel
    channel.close()


@pytest.mark.parametrize(
    ("member", "signature", "body"),
    [
        ("GetServerInformation", "s", ("odd",)),
        ("GetServerInformation", "", ()),
        ("GetCapabilities", "", ()),
        ("GetCapabilities", "u", (1,)),
        ("Notify", "", ()),
        ("Notify", "s", ("abc",)),
        ("Notify", "i", (-1,)),
        ("Notify", "as", (["7"],)),
    ],
)
def test_an_answer_that_nobody_may_give_is_a_failure_and_the_next_call_works(
    server: OddServer,
    channel: Freedesktop,
    member: str,
    signature: str,
    body: tuple[object, ...],
) -> None:
    server.answers[member] = signature, body
    channel.prepare()
    with pytest.raises(NotificationFailed, match="answered with an error"):
        channel.show(live())
    channel.clear(frozenset({1}))
    server.answers[member] = GOOD[member]

    assert channel.show(live())


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a call be given up at once: the server is held by the test."""
    call = Bus.call

    def brief(
        bus: Bus,
        message: Message,
        *,
        returns: str = "",
        then: Callable[[Body], None] = lambda _: None,
    ) -> Body:
        is_slow = message.header.fields[HeaderFields.member] == "Notify"
        seconds = 0.1 if is_slow else PATIENCE_S
        return call(bus, message, returns=returns, then=then, timeout_s=seconds)

    monkeypatch.setattr(Bus, "call", brief)


@pytest.mark.usefixtures("impatient")
def test_what_is_shown_late_counts_as_lost_and_is_shown_anew_in_its_place(
    server: OddServer, channel: Freedesktop
) -> None:
    channel.prepare()
    server.held.clear()
    with pytest.raises(NotificationFailed, match="did not answer"):
        channel.show(live())
    assert channel.lost() == frozenset()
    server.held.set()
    eventually(lambda: channel.lost() == {1})
    channel.show(live())

    assert channel.lost() == frozenset()
    notifies = [body for member, body in server.calls if member == "Notify"]
    assert isinstance(notifies[1], tuple)
    assert notifies[1][1] == 7


@pytest.mark.usefixtures("impatient")
def test_what_is_shown_late_goes_where_it_was_withdrawn_meanwhile(
    server: OddServer, channel: Freedesktop
) -> None:
    channel.prepare()
    server.held.clear()
    with pytest.raises(NotificationFailed, match="did not answer"):
        channel.show(live())
    channel.withdraw(1)
    server.held.set()
    eventually(lambda: server.closed() == [(7,)])

    assert channel.lost() == frozenset()
