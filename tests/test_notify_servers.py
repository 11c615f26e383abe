"""The same on every notification server: what people have on their desktops.

notification-daemon shows one notification at a time, and leaves on the screen what a
program closed until the user clicks it (3.20).
"""

from collections.abc import Iterator
from dataclasses import replace
from queue import Empty, SimpleQueue

import pytest
from jeepney import new_method_call

from tests import desktop
from tests.desktop import PATIENCE_S, SERVICE, Desktop, Server, eventually
from tests.factories import attempt, live
from watcher.notify.freedesktop import HOLD_S, Freedesktop
from watcher.notify.notification import Action

ButtonPressed = SimpleQueue[tuple[int, Action]]

SERVERS: dict[str, Server] = {
    "dunst": desktop.dunst,
    "xfce": desktop.xfce,
    "mate": desktop.mate,
    "lxqt": desktop.lxqt,
    "notification-daemon": desktop.notification_daemon,
}
WITH_BUTTONS = [name for name in SERVERS if name != "dunst"]
WITH_ROOM = [name for name in SERVERS if name != "notification-daemon"]
SENDS_CLICKS = [name for name in SERVERS if name != "xfce"]
CLOSED_BY_A_PROGRAM = 3


@pytest.fixture(scope="module", params=SERVERS)
def any_desktop(request: pytest.FixtureRequest) -> Iterator[Desktop]:
    with desktop.desktop(SERVERS[request.param]) as one:
        yield one


@pytest.fixture
def one(any_desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> Desktop:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", any_desktop.bus.address)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(any_desktop.bus.directory))
    any_desktop.restart()
    return any_desktop


@pytest.fixture
def pressed() -> ButtonPressed:
    return SimpleQueue()


@pytest.fixture
def channel(pressed: ButtonPressed) -> Iterator[Freedesktop]:
    channel = Freedesktop(
        lambda replaces_id, action: pressed.put((replaces_id, action))
    )
    yield channel
    channel.close()


def on(names: list[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("any_desktop", names, indirect=True)


def test_an_attempt_is_shown(one: Desktop, channel: Freedesktop) -> None:
    channel.show(live())

    assert one.window()


def test_the_same_attempt_is_replaced_in_place(
    one: Desktop, channel: Freedesktop
) -> None:
    channel.show(live())
    windows, height = [one.window()], one.height()
    with one.bus.monitored() as monitor:
        channel.show(live())
        replaces = monitor.await_member("Notify")[1]

    assert replaces != 0
    assert one.height() == height
    assert one.windows() == windows


@on(WITH_ROOM)
def test_another_attempt_stands_beside_it(one: Desktop, channel: Freedesktop) -> None:
    channel.show(live())
    height = one.height()
    channel.show(live(attempt(id=2, device="PC")))  # dunst shows the same text once

    eventually(lambda: len(one.windows()) == 2 or one.height() > height)


def test_a_withdrawn_notification_is_closed(one: Desktop, channel: Freedesktop) -> None:
    channel.show(live())
    with one.bus.monitored() as monitor:
        channel.withdraw(1)
        reason = monitor.await_member("NotificationClosed")[1]

    assert reason == CLOSED_BY_A_PROGRAM


@on(WITH_ROOM)
def test_a_withdrawn_notification_leaves_the_screen(
    one: Desktop, channel: Freedesktop
) -> None:
    channel.show(live())
    assert one.window()
    channel.withdraw(1)

    eventually(lambda: not one.windows())


@on(WITH_BUTTONS)
@pytest.mark.parametrize(
    ("from_last", "action"), [(0, Action.NOT_ME), (1, Action.OPEN)]
)
def test_a_button_calls_back_once(
    one: Desktop,
    channel: Freedesktop,
    pressed: ButtonPressed,
    from_last: int,
    action: Action,
) -> None:
    channel.show(live())
    one.click_button(from_last=from_last)

    assert pressed.get(timeout=PATIENCE_S) == (1, action)
    channel.show(live(attempt(id=2)))  # its reply comes behind every signal before
    assert pressed.empty()


@on(SENDS_CLICKS)
def test_a_click_on_the_text_is_told_from_a_button(
    one: Desktop, channel: Freedesktop, pressed: ButtonPressed
) -> None:
    channel.show(live())
    one.click_text()

    assert pressed.get(timeout=PATIENCE_S) == (1, Action.CLICK)
    channel.show(live(attempt(id=2)))
    assert pressed.empty()


def test_a_click_on_what_has_no_buttons_says_nothing(
    one: Desktop, channel: Freedesktop, pressed: ButtonPressed
) -> None:
    """MATE and notification-daemon send `default` unasked."""
    channel.show(replace(live(), buttons=()))
    one.click_text()
    channel.show(live(attempt(id=2, device="PC")))
    one.bus.ask(new_method_call(SERVICE, "GetServerInformation"))

    with pytest.raises(Empty):
        pressed.get(timeout=2 * HOLD_S)


def test_what_another_program_has_shown_is_replaced_in_its_place(
    one: Desktop, channel: Freedesktop
) -> None:
    command = Freedesktop(lambda *_: None)
    handle = command.show(replace(live(), buttons=()))
    command.close()
    assert handle is not None
    channel.adopt(1, handle)
    with one.bus.monitored() as monitor:
        channel.show(live())
        replaces = monitor.await_member("Notify")[1]

    assert replaces == int(handle.split()[-1])


def test_a_server_that_was_killed_and_started_again_shows_the_next_one(
    one: Desktop, channel: Freedesktop
) -> None:
    channel.show(live())
    assert one.window()
    one.restart()
    channel.show(live())

    assert one.window()
