"""plyer on a real desktop, and what it would do where it fails in silence."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import desktop
from tests.desktop import Desktop, session_bus
from tests.factories import CODE, LINK, attempt, live
from tests.fakes import linux_only, recorder, required_program
from watcher.errors import NotificationFailed
from watcher.notify import plyer_child
from watcher.notify.choice import ChannelChoice
from watcher.notify.examine import examine
from watcher.notify.plyer import BODY_UNITS, COMMAND, TITLE_UNITS, Plyer, show
from watcher.recognition.claim import Kind

on_linux = linux_only("plyer's notify-send")


@pytest.fixture
def dunst(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    required_program("notify-send", package="libnotify-bin")
    with desktop.desktop(desktop.dunst) as one:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", one.bus.address)
        yield one


@on_linux
def test_the_brief_text_reaches_the_screen_and_not_the_link(dunst: Desktop) -> None:
    Plyer().show(live(is_armed=False))

    newest = dunst.closed()[0]
    assert newest["summary"] == live(is_armed=False).title
    assert newest["body"] == live(is_armed=False).short_body
    assert LINK not in newest["message"]


@on_linux
def test_the_code_is_on_no_command_line(
    dunst: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = recorder(tmp_path, monkeypatch, "notify-send")

    Plyer().show(live(attempt(Kind.CODE)))

    assert live(attempt(Kind.CODE)).title in said.read_text()
    assert CODE not in said.read_text()
    assert dunst.closed() == []


@on_linux
def test_markup_in_a_mail_is_shown_as_it_is_written(dunst: Desktop) -> None:
    Plyer().show(live(attempt(account="<b>A</b>&<不明>"), is_armed=False))

    assert "＜b＞A＜/b＞＆＜" in dunst.closed()[0]["message"]


@on_linux
def test_the_bus_that_we_found_is_the_one_that_plyer_uses(
    dunst: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(dunst.bus.directory))

    Plyer().show(live())

    assert dunst.shown_count() == 1


@on_linux
def test_a_server_that_hangs_fails_before_plyer_is_asked(dunst: Desktop) -> None:
    dunst.server.freeze()

    with pytest.raises(NotificationFailed, match="did not answer within 1 s"):
        Plyer().show(live())


@on_linux
def test_a_program_that_hangs_is_left_behind(
    dunst: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = recorder(tmp_path, monkeypatch, "notify-send", then="exec sleep 7")
    monkeypatch.setattr("watcher.notify.plyer.TIMEOUT_S", 0.5)

    with pytest.raises(NotificationFailed, match="did not come back"):
        Plyer().show(live())

    desktop.eventually(said.exists)
    assert dunst.closed() == []


@on_linux
def test_without_a_server_it_has_failed_whatever_plyer_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with session_bus() as bus:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        with pytest.raises(NotificationFailed, match="ServiceUnknown"):
            Plyer().show(live())


@on_linux
def test_without_notify_send_it_has_failed_and_warns_of_nothing(
    dunst: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NotificationFailed, match="plyer could not show it"):
        Plyer().show(live())

    assert dunst.closed() == []


@on_linux
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


@on_linux
def test_beneath_another_channel_it_is_not_believed(dunst: Desktop) -> None:
    with pytest.raises(NotificationFailed, match="does not say whether"):
        Plyer(confirms=False).show(live())


# The balloon of Windows, in a process of its own


def acting(script: str) -> tuple[str, ...]:
    """Return the command of a process that behaves as it does in `script`."""
    return (sys.executable, "-c", script)


@on_linux
def test_what_the_process_has_shown_counts_and_it_is_not_waited_for(
    tmp_path: Path,
) -> None:
    said, pipe = tmp_path / "said", tmp_path / "pipe"
    os.mkfifo(pipe)
    show(
        "a title",
        "通知 <1>",
        acting(
            f"open({str(said)!r}, 'wb').write(input().encode()); "
            f"print('null', flush=True); open({str(pipe)!r}).read()"
        ),
    )
    pipe.write_text("go on")

    assert json.loads(said.read_text()) == ["a title", "通知 <1>"]


def test_a_balloon_that_was_not_shown_is_a_failure_with_its_reason() -> None:
    command = acting("""input(); print('"Shell_NotifyIconW failed."')""")

    with pytest.raises(NotificationFailed, match=r"Shell_NotifyIconW failed\."):
        show("title", "text", command)


@pytest.mark.parametrize(
    "script", ["raise SystemExit(1)", "input()", "input(); 1 / 0", "print('what?')"]
)
def test_a_process_that_ends_without_an_answer_is_a_failure(
    script: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NotificationFailed, match="plyer could not show it"):
        show("title", "text", acting(script))

    assert capfd.readouterr() == ("", "")


@on_linux
def test_a_process_that_hangs_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watcher.notify.plyer.TIMEOUT_S", 0.5)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    hangs = f"import signal; held = open({str(pipe)!r}, 'w'); signal.pause()"

    with pytest.raises(NotificationFailed, match="did not come back"):
        show("title", "text", acting(hangs))
    os.set_blocking(reader, True)

    assert os.read(reader, 1) == b""  # its end closes the pipe
    os.close(reader)


def test_a_process_that_cannot_be_started_is_a_failure() -> None:
    with pytest.raises(NotificationFailed, match=r"No such file|not found"):
        show("title", "text", ("/nonexistent/python",))


def test_the_process_knows_no_secret_of_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "hunter2")
    said = tmp_path / "said"
    script = (
        f"import os; open({str(said)!r}, 'w').write(repr(dict(os.environ))); "
        "input(); print('null')"
    )
    show("title", "text", acting(script))

    assert "PYTHONPATH" in said.read_text()
    assert "hunter2" not in said.read_text()


@on_linux
def test_the_process_tells_what_it_lacks_and_prints_nothing_else() -> None:
    asked = subprocess.run(
        COMMAND,
        input=b'["title", "text"]\n',
        capture_output=True,
        check=True,
        env={"PATH": ""},
    )

    assert isinstance(json.loads(asked.stdout), str)
    assert asked.stderr == b""


@on_linux
def test_what_plyer_starts_knows_no_secret_of_this_process(
    dunst: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "hunter2")
    said = recorder(
        tmp_path, monkeypatch, "notify-send", then='/usr/bin/env | tee -a "$said"'
    )

    Plyer().show(live())

    assert "hunter2" not in said.read_text()


def test_the_process_shows_what_it_is_asked_for_and_says_so() -> None:
    shown: list[tuple[str, str]] = []
    answers = io.BytesIO()
    source = io.BytesIO(json.dumps(["title", "残り 4:32"]).encode() + b"\n")

    assert plyer_child.main(source, answers, lambda *texts: shown.append(texts))
    assert shown == [("title", "残り 4:32")]
    assert answers.getvalue() == b"null\n"


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (Exception("Shell_NotifyIconW failed."), b'"Shell_NotifyIconW failed."\n'),
        (ValueError(), b'"ValueError"\n'),
    ],
)
def test_the_process_says_why_it_shows_nothing(error: Exception, answer: bytes) -> None:
    def refuse(title: str, text: str) -> None:
        raise error

    answers = io.BytesIO()

    assert not plyer_child.main(io.BytesIO(b'["title", "text"]\n'), answers, refuse)
    assert answers.getvalue() == answer


def test_a_backend_that_is_not_there_is_found_without_showing_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On macOS plyer needs a package that it does not bring."""
    monkeypatch.setattr("plyer.utils.platform", "macosx")
    found, (failure,) = examine(ChannelChoice.PLYER)

    assert found is None
    assert "pyobjus" in str(failure.error)
