"""Which channel would show a notification is found without showing one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desktop import SessionBus, session_bus, spare_server
from tests.environment import pseudo_terminal
from tests.fakes import linux_only
from watcher.notify.choice import ChannelChoice
from watcher.notify.dbus import DISABLED
from watcher.notify.examine import Buttons, Offer, examine

pytestmark = linux_only("a D-Bus desktop")


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionBus]:
    """Give the only bus that can be reached."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("watcher.notify.dbus.LOGIND_FOLDER", str(tmp_path))
    with session_bus() as bus:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        yield bus


@pytest.mark.parametrize(
    ("name", "capabilities", "buttons"),
    [
        ("spare", ["body"], Buttons.NONE),
        ("spare", ["actions"], Buttons.DRAWN),
        ("dunst", ["actions"], Buttons.BEHIND_A_CLICK),
    ],
)
def test_the_desktop_tells_its_name_and_its_buttons(
    bus: SessionBus, name: str, capabilities: list[str], buttons: Buttons
) -> None:
    with (
        spare_server(bus, *capabilities, server=(name, "tests")),
        bus.recorded() as record,
    ):
        found, failures = examine(ChannelChoice.AUTO)
        told = record.told()

    assert found == Offer("freedesktop", name, buttons)
    assert (failures, told) == ([], [])


def test_without_a_desktop_each_channel_tells_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", DISABLED)
    closed, _ = descriptors = os.pipe()
    for descriptor in descriptors:
        os.close(descriptor)
    monkeypatch.setattr("watcher.notify.terminal._STDERR", closed)
    monkeypatch.setattr("watcher.notify.terminal.os.isatty", lambda _: True)

    found, failures = examine(ChannelChoice.AUTO)

    assert found is None
    assert [one.channel for one in failures] == ["freedesktop", "plyer", "terminal"]


def test_a_terminal_is_found_without_a_word_on_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, theirs = pseudo_terminal()
    os.set_blocking(ours, False)
    monkeypatch.setattr("watcher.notify.terminal._STDERR", theirs)
    try:
        found, failures = examine(ChannelChoice.TERMINAL)
        with pytest.raises(BlockingIOError):
            os.read(ours, 1)
    finally:
        os.close(ours)
        os.close(theirs)

    assert (found, failures) == (Offer("terminal"), [])
