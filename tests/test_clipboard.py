"""A code is on the clipboard, or it is known that it is not."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desktop import SessionBus, display, eventually, session_bus
from tests.factories import CODE
from tests.fakes import Latch, Programs, linux_only, required_program
from watcher.app import clipboard as clipboard_module
from watcher.app.clipboard import copy_text
from watcher.errors import NotHandedOver

pytestmark = linux_only("xclip and its like")


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionBus]:
    """Give an X11 screen, the only one that there is."""
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with session_bus() as bus, display(bus):
        monkeypatch.setenv("DISPLAY", bus.environment["DISPLAY"])
        yield bus


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """Give a path with nothing on it, and no screen."""
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    programs = Programs(tmp_path / "bin")
    programs.folder.mkdir()
    monkeypatch.setenv("PATH", str(programs.folder))
    return programs


XCLIP, XSEL = "xclip -selection clipboard -in", "xsel --clipboard --input"


def await_pasted(screen: SessionBus, text: str) -> None:
    """Return as soon as this is what the user would paste.

    xclip takes the clipboard in the background, after its parent has ended.
    """
    program = required_program("xclip", package="xclip")
    command = [program, "-selection", "clipboard", "-o"]

    def pasted() -> str:
        return subprocess.run(
            command, env=screen.environment, capture_output=True, text=True, check=False
        ).stdout

    eventually(lambda: pasted() == text)


def test_what_was_copied_can_be_pasted_and_replaces_the_one_before(
    screen: SessionBus,
) -> None:
    required_program("xclip", package="xclip")
    for text in ("654321", CODE):
        copy_text(text)
        await_pasted(screen, text)


def test_where_wayland_takes_nothing_x11_does(
    screen: SessionBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    required_program("xclip", package="xclip")
    programs = Programs(tmp_path / "bin")
    programs.add("wl-copy", then="exit 1")
    monkeypatch.setenv("PATH", f"{programs.folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("WAYLAND_DISPLAY", "gone")

    copy_text(CODE)

    assert programs.calls() == ["wl-copy"]
    await_pasted(screen, CODE)


def test_a_screen_that_is_gone_has_no_clipboard(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.defpath)
    required_program("xclip", package="xclip")
    monkeypatch.setenv("DISPLAY", ":77777")

    with pytest.raises(NotHandedOver):
        copy_text(CODE)


def test_each_that_fails_is_followed_by_the_next_to_the_end_of_the_list(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.setenv("DISPLAY", ":0")
    programs.add("wl-copy", "xclip", then="exit 1")
    programs.add("xsel", then="kill -KILL $$")

    with pytest.raises(NotHandedOver, match="wl-clipboard"):
        copy_text(CODE)

    assert programs.calls() == ["wl-copy", XCLIP, XSEL]


def test_one_that_does_not_come_back_is_not_believed(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clipboard_module, "COPY_S", 0.3)
    monkeypatch.setenv("DISPLAY", ":0")
    os.mkfifo(tmp_path / "latch")
    latch = Latch(tmp_path / "latch")
    programs.add("xclip", then=latch.wait)

    with pytest.raises(NotHandedOver):
        copy_text(CODE)
    latch.open()

    assert programs.calls() == [XCLIP]


@pytest.mark.parametrize(
    ("screens", "asked"),
    [
        ([], []),
        (["DISPLAY"], [XCLIP, XSEL]),
        (["WAYLAND_DISPLAY"], ["wl-copy"]),
    ],
)
def test_only_the_programs_of_the_screens_that_are_there_are_asked(
    programs: Programs,
    monkeypatch: pytest.MonkeyPatch,
    screens: list[str],
    asked: list[str],
) -> None:
    for screen in screens:
        monkeypatch.setenv(screen, "0")
    programs.add("wl-copy", "xclip", "xsel", then="exit 1")

    with pytest.raises(NotHandedOver):
        copy_text(CODE)

    assert programs.calls() == asked


def test_the_code_is_on_no_command_line_and_no_password_in_the_environment(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("MAIL_PASSWORD", "secret")
    seen, given = tmp_path / "seen", tmp_path / "given"
    programs.add("xclip", then=f"/bin/cat > '{given}'; /usr/bin/env > '{seen}'")

    copy_text(CODE, {"MAIL_PASSWORD"})

    assert programs.calls() == [XCLIP]
    assert given.read_text() == CODE
    assert "MAIL_PASSWORD" not in seen.read_text()
    assert "DISPLAY=:0" in seen.read_text()


def test_nothing_that_a_clipboard_prints_reaches_our_streams(
    programs: Programs,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    programs.add("xclip", then="read -r code; echo $code; echo $code >&2")

    copy_text(CODE)

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("platform", "program"), [("darwin", "pbcopy"), ("win32", "clip")]
)
def test_other_platforms_have_one_program_and_its_status_is_believed(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, platform: str, program: str
) -> None:
    programs.add(program)
    with monkeypatch.context() as patch:
        patch.setattr("watcher.app.clipboard.sys.platform", platform)
        copy_text(CODE)
        programs.add(program, then="exit 1")
        with pytest.raises(NotHandedOver):
            copy_text(CODE)

    assert programs.calls() == [program] * 2
