"""osascript gets the text as arguments, and its failure is known."""

from pathlib import Path

import pytest

from tests.factories import CODE, LINK, attempt, live
from tests.fakes import recorder
from watcher.errors import NotificationFailed
from watcher.notify.macos import Osascript
from watcher.recognition.claim import Kind

READ = 'cat >> "$said"'


def test_the_text_is_an_argument_and_no_part_of_the_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = recorder(tmp_path, monkeypatch, "osascript", then=READ)
    event = attempt(device='" & (do shell script "id") & "')

    Osascript().show(live(event, is_armed=False))

    arguments, script = said.read_text().split("on run argv")
    notification = live(event, is_armed=False)
    assert arguments == f"-\n{notification.title}\n{notification.short_body}\n"
    assert "do shell script" not in script


@pytest.mark.parametrize("kind", [Kind.APPROVAL, Kind.CODE])
def test_no_secret_is_on_its_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    said = recorder(tmp_path, monkeypatch, "osascript", then=READ)

    Osascript().show(live(attempt(kind)))

    assert LINK not in said.read_text()
    assert CODE not in said.read_text()


def test_a_sound_calls_and_the_words_tell_how_to_open_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = recorder(tmp_path, monkeypatch, "osascript", then=READ)

    for is_armed in (True, False):
        Osascript().show(live(is_armed=is_armed))
        assert "`watcher open 1`" in said.read_text()
        assert 'sound name "Glass"' in said.read_text()


def test_the_words_tell_how_to_copy_a_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = recorder(tmp_path, monkeypatch, "osascript", then=READ)

    Osascript().show(live(attempt(Kind.CODE)))

    assert "`watcher copy 1`" in said.read_text()


def test_it_knows_no_secret_of_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "hunter2")
    said = recorder(tmp_path, monkeypatch, "osascript", then='env >> "$said"')

    Osascript().show(live())

    assert "PATH=" in said.read_text()
    assert "hunter2" not in said.read_text()


def test_a_script_that_fails_has_shown_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder(tmp_path, monkeypatch, "osascript", then="exit 1")

    with pytest.raises(NotificationFailed, match="CalledProcessError"):
        Osascript().show(live())


def test_a_script_that_hangs_has_shown_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder(tmp_path, monkeypatch, "osascript", then="exec sleep 60")
    monkeypatch.setattr("watcher.notify.macos.TIMEOUT_S", 0.5)

    with pytest.raises(NotificationFailed, match="TimeoutExpired"):
        Osascript().show(live())


def test_elsewhere_there_is_no_osascript(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NotificationFailed, match="FileNotFoundError"):
        Osascript().show(live())
