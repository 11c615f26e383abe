"""The desktop portal opens a page, or it is known that it did not."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.desktop import (
    PortalAnswer,
    SessionBus,
    display,
    eventually,
    fake_portal,
    portal,
    session_bus,
    started,
)
from tests.factories import LINK
from tests.fakes import linux_only, required_program
from watcher.app import portal as portal_module
from watcher.app.portal import is_there, open_uri
from watcher.errors import NotHandedOver

pytestmark = linux_only("portals of a D-Bus desktop")


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionBus]:
    """Give the only bus that can be reached."""
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("watcher.notify.dbus.LOGIND_FOLDER", str(tmp_path))
    with session_bus() as bus:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        yield bus


def test_a_portal_that_opens_pages_is_found_without_opening_one(
    bus: SessionBus,
) -> None:
    before = is_there()
    with fake_portal(bus) as uris:
        found = is_there()

    assert (before, found, uris) == (False, True, [])


def test_a_page_that_the_portal_opened_is_handed_over(bus: SessionBus) -> None:
    with fake_portal(bus) as uris:
        assert open_uri(LINK)

    assert uris == [LINK]


@pytest.mark.parametrize("answer", [PortalAnswer.FAILED, PortalAnswer.ERROR])
def test_a_page_that_the_portal_did_not_open_is_not(
    bus: SessionBus, answer: PortalAnswer
) -> None:
    with fake_portal(bus, answer) as uris:
        assert not open_uri(LINK)

    assert uris == [LINK]


def test_who_declines_to_choose_a_browser_is_believed(bus: SessionBus) -> None:
    with (
        fake_portal(bus, PortalAnswer.CANCELLED),
        pytest.raises(NotHandedOver, match="No browser was chosen"),
    ):
        open_uri(LINK)


def test_a_portal_that_never_says_what_became_of_it_is_not_believed(
    bus: SessionBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portal_module, "ANSWER_TIMEOUT_S", 0.1)
    with fake_portal(bus, PortalAnswer.NO_RESPONSE) as uris:
        assert not open_uri(LINK)

    assert uris == [LINK]


def test_a_portal_that_hangs_is_not_waited_for(bus: SessionBus) -> None:
    with fake_portal(bus, PortalAnswer.NO_REPLY) as uris:
        assert not open_uri(LINK)

    assert uris == [LINK]


def test_a_bus_without_a_portal_opens_nothing(bus: SessionBus) -> None:
    assert not open_uri(LINK)


def test_without_a_bus_nothing_is_opened(bus: SessionBus) -> None:
    bus.process.end()

    assert not open_uri(LINK)


def test_a_bus_that_is_dead_is_passed_over_for_one_that_has_the_portal(
    bus: SessionBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = f"unix:path={tmp_path}/dead;{bus.address}"
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", addresses)
    with fake_portal(bus) as uris:
        assert open_uri(LINK)

    assert uris == [LINK]


def test_the_real_portal_opens_the_page_without_a_display_of_ours(
    bus: SessionBus,
) -> None:
    with portal(bus) as real:
        assert is_there()
        assert open_uri(LINK)
        eventually(lambda: real.opened() == [LINK])


def test_who_closes_the_real_portals_dialog_has_declined(bus: SessionBus) -> None:
    program = required_program("xdotool", package="xdotool")
    with ExitStack() as stack:
        stack.enter_context(display(bus))
        real = stack.enter_context(portal(bus, asks=True))
        search = ("search", "--sync", "--onlyvisible", "--class", "portal-gtk")
        escape = (*search, "windowfocus", "--sync", "key", "Escape")
        keys = started([program, *escape], bus.environment)
        stack.enter_context(keys)
        with pytest.raises(NotHandedOver, match="No browser was chosen"):
            open_uri(LINK)

    assert real.opened() == []
