"""Programs that are started get no stream, no secret, and no more time than theirs."""

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.desktop import PATIENCE_S, eventually
from tests.factories import LINK
from tests.fakes import Latch, Programs
from watcher import child

pytestmark = pytest.mark.skipif(os.name != "posix", reason="these programs are sh's")


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(tmp_path / "bin")


@pytest.fixture
def latch(tmp_path: Path) -> Latch:
    os.mkfifo(tmp_path / "latch")
    return Latch(tmp_path / "latch")


def start(programs: Programs, then: str, *, text: str = "") -> int | None:
    """Start a program that does so, and return what becomes known of its end."""
    programs.add("one", then=then)
    command = [str(programs.folder / "one")]
    return child.start(command, hidden=(), patience_s=PATIENCE_S, text=text)


@pytest.mark.parametrize("status", [0, 1, 3, 127])
def test_the_exit_status_is_returned(programs: Programs, status: int) -> None:
    assert start(programs, f"exit {status}") == status


def test_an_end_by_a_signal_is_no_success(programs: Programs) -> None:
    assert start(programs, "kill -KILL $$") == -signal.SIGKILL


def test_it_gets_the_arguments_as_they_are(programs: Programs) -> None:
    programs.add("one")
    argument = "https://example.jp/?a=1&b=$(exit);'\"*"
    command = [str(programs.folder / "one"), argument]

    assert child.start(command, hidden=(), patience_s=PATIENCE_S) == 0
    assert programs.calls() == [f"one {argument}"]


def test_it_gets_the_text_on_standard_input(programs: Programs, tmp_path: Path) -> None:
    given = tmp_path / "given"

    assert start(programs, f"/bin/cat > '{given}'", text="確認 123456") == 0
    assert given.read_text(encoding="utf-8") == "確認 123456"


def test_without_text_its_standard_input_is_at_its_end(programs: Programs) -> None:
    assert start(programs, "read -r _ && exit 1; exit 0") == 0


def test_a_program_that_reads_nothing_of_a_long_text_ends_as_it_likes(
    programs: Programs,
) -> None:
    assert start(programs, "exit 3", text="x" * 1_000_000) == 3


def test_nothing_that_it_prints_reaches_our_streams(
    programs: Programs, capfd: pytest.CaptureFixture[str]
) -> None:
    assert start(programs, f"echo {LINK}; echo {LINK} >&2") == 0

    assert capfd.readouterr() == ("", "")


def test_a_hidden_variable_is_not_in_its_environment(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MAIL_PASSWORD", "WORK_PASSWORD", "HARMLESS", "BROWSER"):
        monkeypatch.setenv(name, "before")
    seen = tmp_path / "seen"
    programs.add("one", then=f"/usr/bin/env > '{seen}'")

    child.start(
        [str(programs.folder / "one")],
        hidden={"MAIL_PASSWORD", "WORK_PASSWORD"},
        patience_s=PATIENCE_S,
        changes={"BROWSER": "after"},
    )

    lines = seen.read_text().splitlines()
    assert not [line for line in lines if "_PASSWORD" in line]
    assert {"HARMLESS=before", "BROWSER=after"} <= set(lines)
    assert os.environ["MAIL_PASSWORD"] == "before"


def test_it_has_a_session_of_its_own() -> None:
    """Ctrl-C in our terminal must not end the user's browser."""
    program = "import os, sys; sys.exit(os.getsid(0) != os.getpid())"
    command = [sys.executable, "-c", program]

    assert child.start(command, hidden=(), patience_s=PATIENCE_S) == 0


def test_one_that_runs_on_is_left_to_run_and_no_zombie_remains(
    programs: Programs, latch: Latch, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    programs.add("one", then=f"{latch.wait}; echo $$ > '{pid}'")

    status = child.start([str(programs.folder / "one")], hidden=(), patience_s=0.1)
    has_ended_before = pid.exists()
    latch.open()

    assert (status, has_ended_before) == (None, False)
    eventually(lambda: pid.exists() and pid.read_text() != "")
    eventually(lambda: not is_there(int(pid.read_text())))


def is_there(pid: int) -> bool:
    """Return whether a process is there, be it a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "no-program").touch()
    for name in ("no-program", "nothing"):
        with pytest.raises(OSError, match=name):
            child.start([str(tmp_path / name)], hidden=(), patience_s=PATIENCE_S)
