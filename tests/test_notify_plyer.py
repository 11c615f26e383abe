"""plyer on a real desktop, and what it would do where it fails in silence."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import desktop
from tests.desktop import Desktop, session_bus
from tests.factories import CODE, LINK, attempt, live
from tests.fakes import recorder, required_program
from watcher.errors import NotificationFailed
from watcher.notify.plyer import BODY_UNITS, TITLE_UNITS, Plyer
from watcher.recognition.verdict import Kind

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="its Linux backend is tried here"
)


@pytest.fixture
def dunst(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    required_program("notify-send", package="libnotify-bin")
    with desktop.desktop(desktop.dunst) as one:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", one.bus.address)
        yield one


def test_the_brief_text_reaches_the_screen_and_not_the_link(dunst: Desktop) -> None:
    Plyer().show(live(is_armed=False))

    newest = dunst.closed()[0]
    assert newest["summary"] == live(is_armed=False).title
    assert newest["body"] == live(is_armed=False).short_body
    assert LINK not in newest["message"]


def test_the_code_is_on_no_command_line(
    dunst: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = recorder(tmp_path, monkeypatch, "notify-send")

    Plyer().show(live(attempt(Kind.CODE)))

    assert live(attempt(Kind.CODE)).title in said.read_text()
    assert CODE not in said.read_text()
    assert dunst.closed() == []


def test_markup_in_a_mail_is_shown_as_it_is_written(dunst: Desktop) -> None:
    Plyer().show(live(attempt(account="<b>A</b>&<不明>"), is_armed=False))

    assert "＜b＞A＜/b＞＆＜" in dunst.closed()[0]["message"]


def test_the_bus_that_we_found_is_the_one_that_plyer_uses(
    dunst: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(dunst.bus.directory))

    Plyer().show(live())

    assert dunst.shown_count() == 1
    assert os.environ["DBUS_SESSION_BUS_ADDRESS"].startswith("unix:path=")


def test_a_server_that_hangs_fails_before_plyer_is_asked(dunst: Desktop) -> None:
    dunst.server.freeze()

    with pytest.raises(NotificationFailed, match="did not answer within 1 s"):
        Plyer().show(live())


def test_a_program_that_hangs_is_left_behind(
    dunst: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = recorder(tmp_path, monkeypatch, "notify-send", then="exec sleep 7")
    monkeypatch.setattr("watcher.notify.plyer.TIMEOUT_S", 0.5)

    with pytest.raises(NotificationFailed, match="did not come back"):
        Plyer().show(live())

    desktop.eventually(said.exists)
    assert dunst.closed() == []


def test_without_a_server_it_has_failed_whatever_plyer_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with session_bus() as bus:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        with pytest.raises(NotificationFailed, match="ServiceUnknown"):
            Plyer().show(live())


def test_without_notify_send_it_has_failed_and_warns_of_nothing(
    dunst: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NotificationFailed, match="plyer could not show it"):
        Plyer().show(live())

    assert dunst.closed() == []


def test_where_plyer_would_splice_text_into_a_command_it_is_not_asked(
    dunst: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watcher.notify.plyer.FLATPAK", tmp_path)

    with pytest.raises(NotificationFailed, match="Flatpak"):
        Plyer().show(live())

    assert dunst.closed() == []


def test_the_fields_of_windows_are_not_overfilled() -> None:
    for is_armed in (True, False):
        notification = live(is_armed=is_armed)
        assert len(notification.title.encode("utf-16-le")) // 2 <= TITLE_UNITS
        assert len(notification.short_body.encode("utf-16-le")) // 2 <= BODY_UNITS


def test_beneath_another_channel_it_is_not_believed(dunst: Desktop) -> None:
    with pytest.raises(NotificationFailed, match="does not say whether"):
        Plyer(confirms=False).show(live())
