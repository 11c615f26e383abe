"""Notifications on real servers, and every way in which a desktop can be missing."""

import os
from collections.abc import Iterator
from dataclasses import replace
from queue import SimpleQueue

import pytest
from jeepney import HeaderFields, MessageType, new_method_call

from tests import desktop
from tests.desktop import DUNST, NOTIFICATIONS, PATIENCE_S, SERVICE, Desktop, SessionBus
from tests.factories import LINK, attempt, live
from tests.fakes import posix_only, required_program
from watcher.errors import NotificationFailed
from watcher.i18n import Language
from watcher.notify import wording
from watcher.notify.dbus import addresses
from watcher.notify.freedesktop import HOLD_S, Freedesktop, Presses, probe
from watcher.notify.notification import LINES_THAT_MATTER, Action, Notification
from watcher.recognition.claim import Kind

ButtonPressed = SimpleQueue[tuple[int, Action]]
Sent = tuple[str, list[str]]


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionBus]:
    with desktop.session_bus() as bus:
        _live_on(bus, monkeypatch)
        yield bus


@pytest.fixture(scope="module")
def dunst_desktop() -> Iterator[Desktop]:
    with desktop.desktop(desktop.dunst) as one:
        yield one


@pytest.fixture
def dunst(dunst_desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> Desktop:
    _live_on(dunst_desktop.bus, monkeypatch)
    dunst_desktop.closed()
    return dunst_desktop


@pytest.fixture(scope="module")
def xfce_desktop() -> Iterator[Desktop]:
    with desktop.desktop(desktop.xfce) as one:
        yield one


@pytest.fixture
def xfce(xfce_desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> Desktop:
    _live_on(xfce_desktop.bus, monkeypatch)
    return xfce_desktop


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


def _live_on(bus: SessionBus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(bus.directory))
    monkeypatch.setattr("watcher.notify.dbus.LOGIND_FOLDER", "/nowhere")


def test_a_notification_reaches_the_screen_whole(
    dunst: Desktop, channel: Freedesktop
) -> None:
    channel.show(live())

    assert dunst.shown_count() == 1
    newest = dunst.closed()[0]
    assert newest["summary"] == live().title
    for line in live().body.splitlines():
        assert line in newest["message"]


def test_an_attempt_is_critical_and_stays_until_it_expires(
    dunst: Desktop, channel: Freedesktop
) -> None:
    with dunst.bus.monitored() as monitor:
        channel.show(live())
        arguments = monitor.await_member("Notify")

    hints, timeout_ms = arguments[6:8]
    assert hints["urgency"] == ("y", 2)
    assert timeout_ms == (4 * 60 + 32) * 1000


def test_what_the_user_must_see_stays_until_then(
    dunst: Desktop, channel: Freedesktop
) -> None:
    with dunst.bus.monitored() as monitor:
        channel.show(wording.not_me_advice(attempt(), language=Language.JA))
        arguments = monitor.await_member("Notify")

    hints, timeout_ms = arguments[6:8]
    assert hints["urgency"] == ("y", 2)
    assert timeout_ms == 0


def test_what_is_over_is_not_critical_and_goes_by_itself(
    dunst: Desktop, channel: Freedesktop
) -> None:
    with dunst.bus.monitored() as monitor:
        channel.show(wording.expired(attempt(), language=Language.JA))
        arguments = monitor.await_member("Notify")

    hints, timeout = arguments[6:8]
    assert hints["urgency"] == ("y", 1)
    assert timeout == -1


def test_the_same_attempt_is_replaced_and_another_one_stands_beside_it(
    dunst: Desktop, channel: Freedesktop
) -> None:
    channel.show(live())
    channel.show(live())
    channel.show(live(attempt(id=2, device="PC")))

    assert dunst.shown_count() == 2


def test_fifty_attempts_at_once_are_fifty_notifications(
    dunst: Desktop, channel: Freedesktop
) -> None:
    for number in range(1, 51):
        channel.show(live(attempt(id=number, device=f"PC {number}")))

    assert dunst.shown_count() == 50


def test_a_withdrawn_notification_leaves_the_screen(
    dunst: Desktop, channel: Freedesktop
) -> None:
    channel.show(live())
    channel.withdraw(1)
    channel.withdraw(99)

    assert dunst.shown_count() == 0


def test_an_open_notification_counts_down_in_place(
    dunst: Desktop, channel: Freedesktop
) -> None:
    channel.show(live())
    with dunst.bus.monitored() as monitor:
        channel.refresh(live())
        call = monitor.await_member("Notify")

    assert call[1] != 0
    assert dunst.shown_count() == 1


def test_what_the_user_closed_stays_closed_while_time_passes(
    dunst: Desktop, channel: Freedesktop
) -> None:
    channel.show(live())
    with dunst.bus.monitored() as monitor:
        dunst.closed()
        monitor.await_member("NotificationClosed")
        channel.refresh(live())

    assert dunst.shown_count() == 0


def test_what_the_user_closed_comes_back_as_a_new_one(
    dunst: Desktop, channel: Freedesktop
) -> None:
    channel.show(live())
    with dunst.bus.monitored() as monitor:
        dunst.closed()
        monitor.await_member("NotificationClosed")
        channel.show(live())
        replaces = monitor.await_member("Notify")[1]

    assert replaces == 0
    assert dunst.shown_count() == 1


def test_a_click_on_the_text_is_told_from_a_button(
    dunst: Desktop, channel: Freedesktop, pressed: ButtonPressed
) -> None:
    channel.show(live())
    dunst.click()

    assert pressed.get(timeout=PATIENCE_S) == (1, Action.CLICK)


def test_a_click_opens_nothing_where_nothing_is_to_be_opened(
    dunst: Desktop, channel: Freedesktop
) -> None:
    advice = wording.not_me_advice(attempt(), language=Language.JA)
    with dunst.bus.monitored() as monitor:
        channel.show(advice)
        actions = monitor.await_member("Notify")[5]

    assert actions == []


def test_a_click_on_somebody_elses_notification_is_not_ours(
    dunst: Desktop, channel: Freedesktop, pressed: ButtonPressed
) -> None:
    hints = {"urgency": ("y", 2)}
    other = ("mail", 0, "", "Mail", "", ["default", ""], hints, 0)
    dunst.bus.ask(new_method_call(SERVICE, "Notify", "susssasa{sv}i", other))
    channel.show(live())

    dunst.click()
    dunst.bus.ask(new_method_call(DUNST, "NotificationCloseAll"))
    channel.show(live(attempt(id=2)))
    dunst.click()

    assert pressed.get(timeout=PATIENCE_S) == (2, Action.CLICK)
    assert pressed.empty()


def test_markup_in_a_mail_is_shown_as_it_is_written(
    dunst: Desktop, channel: Freedesktop
) -> None:
    event = attempt(device='<b>A</b> & <a href="https://evil.example">', near="<不明>")
    channel.show(live(event))

    message = dunst.closed()[0]["message"]
    assert "&lt;b&gt;A&lt;/b&gt; &amp; &lt;a href=" in message
    assert "&lt;不明&gt;" in message
    assert "https://evil" not in message


def test_where_a_button_opens_the_page_the_raw_link_is_not_shown(
    bus: SessionBus, channel: Freedesktop
) -> None:
    with desktop.spare_server(bus, "actions", "body"):
        body, _ = _sent(bus, channel, live())

    assert LINK not in body


def test_where_buttons_are_hidden_in_a_menu_the_link_is_shown(
    dunst: Desktop, channel: Freedesktop
) -> None:
    channel.show(live())

    assert LINK in dunst.closed()[0]["message"]


@pytest.mark.parametrize("is_armed", [True, False])
def test_a_pressed_button_calls_back(
    xfce: Desktop, channel: Freedesktop, pressed: ButtonPressed, *, is_armed: bool
) -> None:
    channel.show(live(is_armed=is_armed))
    with xfce.bus.monitored() as monitor:
        xfce.click_last_button()
        monitor.await_member("NotificationClosed")

    assert pressed.get(timeout=PATIENCE_S) == (1, Action.NOT_ME)


def test_a_server_that_was_restarted_shows_the_next_one(
    bus: SessionBus, channel: Freedesktop
) -> None:
    with desktop.display(bus):
        with desktop.dunst(bus):
            channel.show(live())
        bus.await_owner(NOTIFICATIONS, is_there=False)
        with desktop.dunst(bus) as server, bus.monitored() as monitor:
            channel.show(live())
            replaces = monitor.await_member("Notify")[1]
            shown_count = Desktop(bus, server).shown_count()

    assert replaces == 0
    assert shown_count == 1


def test_a_server_that_hangs_fails_and_its_late_answer_is_remembered(
    bus: SessionBus, channel: Freedesktop
) -> None:
    with desktop.display(bus), desktop.dunst(bus) as server:
        channel.show(live(attempt(id=2, device="PC")))
        with bus.monitored() as monitor:
            server.freeze()
            with pytest.raises(NotificationFailed, match="did not answer"):
                channel.show(live())
            server.thaw()
            channel.show(live())
            replaced = [monitor.await_member("Notify")[1] for _ in range(2)]
        shown_count = Desktop(bus, server).shown_count()

    assert replaced[0] == 0
    assert shown_count == 2


def _sent(bus: SessionBus, channel: Freedesktop, notification: Notification) -> Sent:
    """Return the body and the keys of the actions that a server is sent."""
    with bus.monitored() as monitor:
        channel.show(notification)
        arguments = monitor.await_member("Notify")
    return arguments[4], arguments[5][::2]


def test_a_server_without_markup_and_buttons_gets_neither(
    bus: SessionBus, channel: Freedesktop
) -> None:
    notification = live(attempt(device="<b> & </b>"))
    with desktop.spare_server(bus, "body"):
        body, actions = _sent(bus, channel, notification)

    assert body.splitlines() == notification.lines(with_link=True)
    assert actions == []


def test_where_there_are_no_buttons_the_link_stands_below_what_matters_most(
    bus: SessionBus, channel: Freedesktop
) -> None:
    with desktop.spare_server(bus, "body", "body-markup", "body-hyperlinks"):
        body, actions = _sent(bus, channel, live(is_armed=False))

    assert body.splitlines()[LINES_THAT_MATTER] == f'<a href="{LINK}">{LINK}</a>'
    assert actions == []


def test_a_server_that_finds_links_by_itself_gets_the_bare_link(
    bus: SessionBus, channel: Freedesktop
) -> None:
    with desktop.spare_server(bus, "body", "body-markup"):
        body, _ = _sent(bus, channel, live(attempt(device="<b> & </b>")))

    assert LINK in body.splitlines()
    assert "&lt;b&gt; &amp; &lt;/b&gt;" in body


@pytest.mark.parametrize(("vendor", "has_links"), [("GNOME", False), ("MATE", True)])
def test_a_server_that_shows_all_markup_raw_for_a_link_gets_none(
    bus: SessionBus, channel: Freedesktop, vendor: str, *, has_links: bool
) -> None:
    abilities = ("body", "body-markup", "body-hyperlinks")
    server = ("Notification Daemon", vendor)
    with desktop.spare_server(bus, *abilities, server=server):
        body, _ = _sent(bus, channel, live())

    assert LINK in body
    assert ("<a " in body) == has_links


def test_a_click_on_the_text_is_offered_wherever_there_is_a_button(
    bus: SessionBus, channel: Freedesktop
) -> None:
    unknown, code = live(attempt(Kind.UNKNOWN)), live(attempt(Kind.CODE))
    with desktop.spare_server(bus, "actions"):
        assert _sent(bus, channel, unknown)[1] == ["default", "not_me"]
        assert _sent(bus, channel, code)[1] == ["default", "copy", "not_me"]


@pytest.mark.parametrize(
    ("name", "markup"),
    [("dunst", '<span size="xx-large"><b>123 456</b></span>'), ("?", "<b>123 456</b>")],
)
def test_a_code_is_the_first_line_and_as_large_as_the_server_can(
    bus: SessionBus, channel: Freedesktop, name: str, markup: str
) -> None:
    abilities = ("actions", "body", "body-markup")
    with desktop.spare_server(bus, *abilities, server=(name, "tests")):
        body, _ = _sent(bus, channel, live(attempt(Kind.CODE)))

    assert body.splitlines()[0] == markup


def test_the_time_left_is_a_bar_that_grows_shorter(
    dunst: Desktop, channel: Freedesktop
) -> None:
    bars = []
    for percent in (91, 40):
        with dunst.bus.monitored() as monitor:
            channel.show(replace(live(), percent_left=percent))
            bars.append(monitor.await_member("Notify")[6]["value"])

    assert live().percent_left == 91
    assert bars == [("i", 91), ("i", 40)]


def test_what_needs_this_program_is_named_after_it_and_what_outlives_it_is_not(
    dunst: Desktop, channel: Freedesktop
) -> None:
    hints = []
    for notification in (live(), wording.expired(attempt(), language=Language.JA)):
        with dunst.bus.monitored() as monitor:
            channel.show(notification)
            hints.append(monitor.await_member("Notify")[6])

    assert hints[0]["desktop-entry"] == ("s", "watcher")
    assert hints[0]["sender-pid"] == ("x", os.getpid())
    assert not {"desktop-entry", "sender-pid"} & hints[1].keys()


# One press, several signals -----------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "action"),
    [
        (["default", "not_me"], Action.NOT_ME),
        (["not_me", "default"], Action.NOT_ME),
        (["not_me", "open"], Action.NOT_ME),
        (["open", "not_me"], Action.OPEN),
        (["default", "default"], Action.CLICK),
        (["default"], Action.CLICK),
    ],
)
def test_of_the_signals_of_one_press_the_first_of_a_button_counts(
    keys: list[str], action: Action
) -> None:
    pressed: ButtonPressed = SimpleQueue()
    presses = Presses(lambda *press: pressed.put(press))
    for key in keys:
        presses.take(1, Action(key))
    presses.take(2, Action.OPEN)
    got = {pressed.get(timeout=PATIENCE_S) for _ in range(2)}
    presses.close()

    assert got == {(1, action), (2, Action.OPEN)}
    assert pressed.empty()


def test_a_press_after_the_signals_of_the_first_is_a_new_one() -> None:
    pressed: ButtonPressed = SimpleQueue()
    now_s = 100.0
    presses = Presses(lambda *press: pressed.put(press), clock_s=lambda: now_s)
    presses.take(1, Action.OPEN)
    now_s += 2 * HOLD_S
    presses.take(1, Action.OPEN)

    assert pressed.qsize() == 2


def test_a_prepared_channel_only_has_to_show(
    dunst: Desktop, channel: Freedesktop
) -> None:
    channel.prepare()
    with dunst.bus.monitored() as monitor:
        channel.show(live())
        sent = iter(lambda: monitor.connection.receive(timeout=PATIENCE_S), None)
        calls = (
            message.header.fields[HeaderFields.member]
            for message in sent
            if message.header.message_type is MessageType.method_call
        )
        assert next(calls) == "Notify"


def test_without_a_server_there_is_nothing_to_prepare(
    bus: SessionBus, channel: Freedesktop
) -> None:
    channel.prepare()


# Servers that come and go -------------------------------------------------------------


def test_what_was_shown_is_lost_with_the_server_and_not_once_it_is_back(
    bus: SessionBus, channel: Freedesktop
) -> None:
    with desktop.display(bus):
        with desktop.dunst(bus):
            channel.show(live())
            channel.show(live(attempt(id=2, device="PC")))
            channel.withdraw(2)
            assert channel.lost() == frozenset()
        desktop.eventually(lambda: channel.lost() == {1})
        with desktop.dunst(bus) as server:
            channel.show(live())
            assert Desktop(bus, server).shown_count() == 1
            assert channel.lost() == frozenset()


def test_what_the_user_closed_is_not_lost_with_the_server(
    bus: SessionBus, channel: Freedesktop
) -> None:
    with desktop.display(bus), desktop.dunst(bus) as server:
        one = Desktop(bus, server)
        channel.show(live())
        with bus.monitored() as monitor:
            one.closed()
            monitor.await_member("NotificationClosed")
        channel.refresh(live())
        server.end()
        bus.await_owner(NOTIFICATIONS, is_there=False)
        channel.refresh(live())

    assert channel.lost() == frozenset()


def test_what_another_program_has_shown_is_replaced_in_its_place(
    dunst: Desktop, channel: Freedesktop
) -> None:
    brief = Freedesktop(lambda *_: None)
    handle = brief.show(live())
    brief.close()
    assert handle is not None
    channel.adopt(1, handle)
    channel.show(live())

    assert dunst.shown_count() == 1


def test_what_another_program_left_can_be_withdrawn(
    dunst: Desktop, channel: Freedesktop
) -> None:
    brief = Freedesktop(lambda *_: None)
    handle = brief.show(live())
    brief.close()
    assert handle is not None
    channel.adopt(1, handle)
    channel.withdraw(1)

    assert dunst.shown_count() == 0


@pytest.mark.parametrize("part", [0, 1], ids=["another bus", "another server"])
def test_a_handle_of_another_bus_or_server_is_not_believed(
    dunst: Desktop, channel: Freedesktop, part: int
) -> None:
    handle = channel.show(live())
    assert handle is not None
    words = handle.split()
    words[part] = "x"
    other = Freedesktop(lambda *_: None)
    other.adopt(1, " ".join(words))
    other.withdraw(1)
    other.close()

    assert dunst.shown_count() == 1


def test_a_bus_without_a_server_fails_with_the_reason(
    bus: SessionBus, channel: Freedesktop
) -> None:
    with pytest.raises(NotificationFailed, match="ServiceUnknown"):
        channel.show(live())


def test_a_server_that_cannot_start_without_display_fails_with_the_reason(
    bus: SessionBus, channel: Freedesktop
) -> None:
    bus.offer(NOTIFICATIONS, required_program("dunst", package="dunst"))

    with pytest.raises(NotificationFailed, match=r"org\.freedesktop\.DBus\.Error"):
        channel.show(live())


def test_a_server_that_the_bus_starts_shows_it(
    bus: SessionBus, channel: Freedesktop
) -> None:
    program = required_program("dunst", package="dunst")
    with desktop.display(bus):
        screen = bus.environment["DISPLAY"]
        bus.offer(NOTIFICATIONS, f"/usr/bin/env DISPLAY={screen} {program}")
        channel.show(live())
        shown_count = Desktop(bus, bus.process).shown_count()

    assert shown_count == 1


def test_a_bus_that_died_fails_with_the_reason(
    bus: SessionBus, channel: Freedesktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desktop.display(bus), desktop.dunst(bus):
        channel.show(live())
        bus.process.end()

        with pytest.raises(NotificationFailed, match="session bus"):
            channel.show(live())

    with (
        desktop.session_bus() as other,
        desktop.display(other),
        desktop.dunst(other),
    ):
        _live_on(other, monkeypatch)
        channel.show(live())


def test_a_bus_that_hangs_fails(bus: SessionBus, channel: Freedesktop) -> None:
    bus.process.freeze()

    with pytest.raises(NotificationFailed, match="no session bus"):
        channel.show(live())


def test_a_bus_that_hangs_later_fails_too(dunst: Desktop, channel: Freedesktop) -> None:
    channel.show(live())
    dunst.bus.process.freeze()
    try:
        with pytest.raises(NotificationFailed, match="did not answer"):
            channel.show(live())
    finally:
        dunst.bus.process.thaw()


@pytest.mark.parametrize("address", ["", "unix:path=/nowhere/bus", "tcp:host=x", "?"])
def test_the_bus_is_found_without_its_variable(
    bus: SessionBus, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)

    with pytest.raises(NotificationFailed, match="ServiceUnknown"):
        probe()


@posix_only("a D-Bus desktop")
def test_the_bus_is_searched_for_where_logind_puts_it() -> None:
    runtime = f"unix:path=/run/user/{os.getuid()}/bus"

    assert list(addresses({"DBUS_SESSION_BUS_ADDRESS": "disabled:"})) == []
    assert list(addresses({})) == [runtime]
    assert list(
        addresses({"DBUS_SESSION_BUS_ADDRESS": "a;c;", "XDG_RUNTIME_DIR": "/b"})
    ) == ["a", "c", "unix:path=/b/bus", runtime]


@pytest.mark.parametrize("joint", [";", None], ids=["in one variable", "by logind"])
def test_a_bus_without_a_server_is_passed_over_for_one_that_has_it(
    dunst: Desktop,
    channel: Freedesktop,
    monkeypatch: pytest.MonkeyPatch,
    joint: str | None,
) -> None:
    with desktop.session_bus() as empty:
        address = empty.address + (f";{dunst.bus.address}" if joint else "")
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        channel.show(live())

    assert dunst.shown_count() == 1


def test_closing_twice_or_unused_is_no_error(
    dunst: Desktop, channel: Freedesktop
) -> None:
    channel.close()
    channel.show(live())
    channel.close()
    channel.withdraw(1)
    channel.close()

    assert dunst.shown_count() == 1
