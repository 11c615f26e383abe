"""A link is handed to a browser that shows it, or it is known that none took it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.desktop import PortalAnswer, SessionBus, fake_portal, session_bus
from tests.factories import LINK
from tests.fakes import Latch, Programs, linux_only, required_program
from watcher.app import browser as browser_module
from watcher.app import portal as portal_module
from watcher.app.browser import open_link, way_to_open
from watcher.errors import NotHandedOver
from watcher.notify.dbus import DISABLED

pytestmark = linux_only("xdg-open and its like")

NO_SCREEN = ":77777"
"""A display that is nowhere."""

FOUND_BY_XDG_OPEN = ("www-browser", "w3m", "lynx", "links", "links2", "elinks")
GRAPHICAL = [
    *("x-www-browser", "firefox", "firefox-esr", "chromium", "chromium-browser"),
    *("google-chrome", "brave-browser", "microsoft-edge", "epiphany", "konqueror"),
]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """Give a desktop without screen, bus and browser: a path with nothing on it."""
    for name in [*os.environ]:
        if name.startswith(("XDG_", "KDE_", "GNOME_", "DESKTOP_")):
            monkeypatch.delenv(name)
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("watcher.notify.dbus.LOGIND_FOLDER", str(tmp_path))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", DISABLED)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path))
    programs = Programs(tmp_path / "bin")
    programs.folder.mkdir()
    monkeypatch.setenv("PATH", str(programs.folder))
    return programs


@pytest.fixture
def bus(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionBus]:
    """Give the only bus that can be reached."""
    with ExitStack() as stack:
        with monkeypatch.context() as patch:
            patch.setenv("PATH", os.defpath)
            bus = stack.enter_context(session_bus())
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        yield bus


def names(programs: Programs) -> list[str]:
    """Return the programs that were started, in their order."""
    return [call.split()[0] for call in programs.calls()]


# What would open a page ---------------------------------------------------------------


def test_nothing_is_found_where_there_is_nothing(programs: Programs) -> None:
    programs.add("xdg-open", "w3m")  # of no use without a screen

    assert way_to_open() is None


def test_what_is_found_is_what_would_be_started_first(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", NO_SCREEN)
    programs.add("firefox")
    without_own = way_to_open()
    monkeypatch.setenv("BROWSER", f"/nowhere/browser:w3m:{programs.folder}/mine -x %s")
    programs.add("mine")

    assert (without_own, way_to_open()) == ("firefox", "mine")
    assert programs.calls() == []


def test_the_portal_is_found_before_any_program(
    programs: Programs, bus: SessionBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "mine")
    programs.add("mine")
    with fake_portal(bus) as uris:
        found = way_to_open()

    assert (found, uris, programs.calls()) == (browser_module.PORTAL, [], [])


# Launchers ----------------------------------------------------------------------------


def test_the_users_own_browser_comes_first(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "mine")
    monkeypatch.setenv("DISPLAY", NO_SCREEN)
    programs.add("mine", "xdg-open", "gio", *GRAPHICAL)

    open_link(LINK)

    assert programs.calls() == [f"mine {LINK}"]


def test_each_that_fails_is_followed_by_the_next_to_the_end_of_the_list(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "/nowhere/browser:mine:other")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    programs.add("mine", "xdg-open", "gio", *GRAPHICAL, then="exit 3")
    programs.add("other", then="kill -KILL $$")

    with pytest.raises(NotHandedOver, match="No browser could be started"):
        open_link(LINK)

    assert names(programs) == ["mine", "other", "xdg-open", "gio", *GRAPHICAL]


@pytest.mark.parametrize("good", ["xdg-open", "gio", GRAPHICAL[0], GRAPHICAL[-1]])
def test_the_first_that_takes_it_is_the_last_that_is_asked(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, good: str
) -> None:
    monkeypatch.setenv("DISPLAY", NO_SCREEN)
    programs.add("xdg-open", "gio", *GRAPHICAL, then="exit 1")
    programs.add(good)

    open_link(LINK)

    assert names(programs)[-1] == good


def test_one_that_runs_on_is_the_browser_itself(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_module, "LAUNCH_S", 0.3)
    monkeypatch.setenv("BROWSER", "mine:other")
    os.mkfifo(tmp_path / "latch")
    latch = Latch(tmp_path / "latch")
    programs.add("mine", then=f"{latch.wait}; exit 1")
    programs.add("other")

    open_link(LINK)
    latch.open()

    assert names(programs) == ["mine"]


@pytest.mark.parametrize(
    ("own", "started"),
    [
        ("mine --new-window %s --", f"mine --new-window {LINK} --"),
        ("mine --url=%s", f"mine --url={LINK}"),
        ("mine '--profile=my own'", f"mine --profile=my own {LINK}"),
        ("mine 'never closed", f"mine 'never closed {LINK}"),
        (" :mine: ", f"mine {LINK}"),
    ],
)
def test_a_browser_is_named_with_its_arguments_and_the_place_of_the_link(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, own: str, started: str
) -> None:
    monkeypatch.setenv("BROWSER", own)
    programs.add("mine")

    open_link(LINK)

    assert programs.calls() == [started]


def test_no_shell_reads_the_link(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = f"{LINK}?a=1&b=$(touch x);'\"*"
    monkeypatch.setenv("BROWSER", "mine %s")
    programs.add("mine")

    open_link(link)

    assert programs.calls() == [f"mine {link}"]


def test_nothing_that_a_launcher_prints_reaches_our_streams(
    programs: Programs,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Real xdg-open prints the live link where it fails."""
    monkeypatch.setenv("BROWSER", "mine:other")
    programs.add("mine", then='echo "$1"; echo "no method for $1" >&2; exit 4')
    programs.add("other", then='echo "$1"; echo "$1" >&2')

    open_link(LINK)

    assert names(programs) == ["mine", "other"]
    assert capfd.readouterr() == ("", "")


def test_a_browser_sees_no_password_of_an_account(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "secret")
    monkeypatch.setenv("BROWSER", "mine")
    programs.add("mine", then=f"/usr/bin/env > '{tmp_path}/seen'")

    open_link(LINK, {"MAIL_PASSWORD"})

    seen = (tmp_path / "seen").read_text()
    assert "MAIL_PASSWORD" not in seen
    assert "PATH=" in seen


# Without a screen ---------------------------------------------------------------------


def test_without_screen_and_portal_nothing_is_started(programs: Programs) -> None:
    programs.add("xdg-open", "gio", *GRAPHICAL)

    with pytest.raises(NotHandedOver, match="No browser could be started"):
        open_link(LINK)

    assert programs.calls() == []


TEXT_ALONE = (
    *("", *FOUND_BY_XDG_OPEN, "/usr/bin/w3m -N %s", "links2:www-browser"),
    *("xdg-open", "sensible-browser", "xdg-open:w3m"),
)


@pytest.mark.parametrize("display", ["", NO_SCREEN])
@pytest.mark.parametrize("own", TEXT_ALONE)
def test_no_text_browser_loads_the_page_where_nobody_looks(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, own: str, display: str
) -> None:
    """What falls back to them is the real one; all the other browsers fail."""
    monkeypatch.setenv("BROWSER", own)
    monkeypatch.setenv("DISPLAY", display)
    programs.add("gio", *GRAPHICAL, then="exit 1")
    programs.add(*FOUND_BY_XDG_OPEN)
    programs.add("sensible-browser", then='exec www-browser "$@"')
    monkeypatch.setenv("PATH", f"{programs.folder}{os.pathsep}{os.defpath}")
    required_program("xdg-open", package="xdg-utils")

    with pytest.raises(NotHandedOver):
        open_link(LINK)

    assert not {*names(programs)} & {*FOUND_BY_XDG_OPEN}
    assert not display or GRAPHICAL[-1] in names(programs)


def test_xdg_open_finds_the_users_own_browser_and_no_text_browser(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "w3m:mine")
    programs.add("mine", then='[ "$BROWSER" = mine ]')
    programs.add("w3m")

    open_link(LINK)

    assert names(programs) == ["mine"]


# The portal ---------------------------------------------------------------------------


def test_the_portal_is_asked_first_and_needs_no_screen_of_ours(
    programs: Programs, bus: SessionBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "mine")
    programs.add("mine")
    with fake_portal(bus) as uris:
        open_link(LINK)

    assert uris == [LINK]
    assert programs.calls() == []


def test_who_declined_in_the_portals_dialog_is_asked_in_no_other_way(
    programs: Programs, bus: SessionBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "mine")
    monkeypatch.setenv("DISPLAY", NO_SCREEN)
    programs.add("mine", "xdg-open", "gio", *GRAPHICAL)
    with (
        fake_portal(bus, PortalAnswer.CANCELLED),
        pytest.raises(NotHandedOver, match="No browser was chosen"),
    ):
        open_link(LINK)

    assert programs.calls() == []


@pytest.mark.parametrize(
    "answer",
    [
        PortalAnswer.FAILED,
        PortalAnswer.ERROR,
        PortalAnswer.NO_RESPONSE,
        PortalAnswer.NO_REPLY,
    ],
)
def test_a_portal_that_did_not_open_it_is_followed_by_a_launcher(
    programs: Programs,
    bus: SessionBus,
    monkeypatch: pytest.MonkeyPatch,
    answer: PortalAnswer,
) -> None:
    monkeypatch.setattr(portal_module, "ANSWER_TIMEOUT_S", 0.1)
    monkeypatch.setenv("BROWSER", "mine")
    programs.add("mine")
    with fake_portal(bus, answer) as uris:
        open_link(LINK)

    assert uris == [LINK]
    assert programs.calls() == [f"mine {LINK}"]


def test_a_bus_without_portal_is_followed_by_a_launcher(
    programs: Programs, bus: SessionBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "mine")
    programs.add("mine")

    open_link(LINK)

    assert programs.calls() == [f"mine {LINK}"]


# Other platforms ----------------------------------------------------------------------


def test_macos_opens_it_by_its_own_command_and_believes_its_status(
    programs: Programs, bus: SessionBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs.add("open")
    with fake_portal(bus) as uris, monkeypatch.context() as patch:
        patch.setattr("watcher.app.browser.sys.platform", "darwin")
        open_link(LINK)
        programs.add("open", then="exit 1")
        with pytest.raises(NotHandedOver):
            open_link(LINK)

    assert programs.calls() == [f"open {LINK}"] * 2
    assert uris == []


def test_windows_opens_it_as_a_double_click_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr("watcher.app.browser.sys.platform", "win32")
        patch.setattr("os.startfile", opened.append, raising=False)
        open_link(LINK)

        def fail(link: str) -> None:
            raise OSError(2, "no association")

        patch.setattr("os.startfile", fail, raising=False)
        with pytest.raises(NotHandedOver, match="no association"):
            open_link(LINK)

    assert opened == [LINK]
