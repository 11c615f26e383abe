"""Programs that are started get no stream, no secret, and no more time than theirs."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.desktop import PATIENCE_S, eventually
from tests.factories import LINK
from tests.fakes import IS_POSIX, Latch, Programs, posix_only
from watcher import child


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(tmp_path / "bin")


@pytest.fixture
def latch(tmp_path: Path) -> Latch:
    os.mkfifo(tmp_path / "latch")
    return Latch(tmp_path / "latch")


def start(then: str, *arguments: str, text: str = "") -> int | None:
    """Start a program that does so, and return what becomes known of its end."""
    program = f"import json, os, sys; from pathlib import Path; {then}"
    command = [sys.executable, "-c", program, *arguments]
    return child.start(command, hidden=(), patience_s=PATIENCE_S, text=text)


@pytest.mark.parametrize("status", [0, 1, 3, 127])
def test_the_exit_status_is_returned(status: int) -> None:
    assert start(f"sys.exit({status})") == status


@posix_only("signals: it sends itself SIGKILL")
def test_an_end_by_a_signal_is_no_success() -> None:
    assert start("os.kill(os.getpid(), 9)") == -signal.SIGKILL


def test_it_gets_the_arguments_as_they_are(tmp_path: Path) -> None:
    given = tmp_path / "given"
    argument = "https://example.jp/?a=1&b=$(exit);'\"* %PATH% \\"

    writing = f"Path({str(given)!r}).write_text(json.dumps(sys.argv[1:]))"
    assert start(writing, argument, "") == 0
    assert json.loads(given.read_text()) == [argument, ""]


def test_it_gets_the_text_on_standard_input(tmp_path: Path) -> None:
    given = tmp_path / "given"
    writing = f"Path({str(given)!r}).write_bytes(sys.stdin.buffer.read())"

    assert start(writing, text="確認 123456") == 0
    assert given.read_text(encoding="utf-8") == "確認 123456"


def test_without_text_its_standard_input_is_at_its_end() -> None:
    assert start("sys.exit(len(sys.stdin.read()))") == 0


def test_a_program_that_reads_nothing_of_a_long_text_ends_as_it_likes() -> None:
    assert start("sys.exit(3)", text="x" * 1_000_000) == 3


def test_nothing_that_it_prints_reaches_our_streams(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert start(f"print({LINK!r}); print({LINK!r}, file=sys.stderr)") == 0

    assert capfd.readouterr() == ("", "")


def test_a_hidden_variable_is_not_in_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MAIL_PASSWORD", "WORK_PASSWORD", "HARMLESS", "BROWSER"):
        monkeypatch.setenv(name, "before")
    seen = tmp_path / "seen"
    program = "import json, os, sys; json.dump({**os.environ}, open(sys.argv[1], 'w'))"

    child.start(
        [sys.executable, "-c", program, str(seen)],
        hidden={"MAIL_PASSWORD", "WORK_PASSWORD"},
        patience_s=PATIENCE_S,
        changes={"BROWSER": "after"},
    )

    variables = json.loads(seen.read_text())
    assert not [name for name in variables if "_PASSWORD" in name]
    assert (variables["HARMLESS"], variables["BROWSER"]) == ("before", "after")
    assert os.environ["MAIL_PASSWORD"] == "before"


@posix_only("sessions")
def test_it_has_a_session_of_its_own() -> None:
    """Ctrl-C in our terminal must not end the user's browser."""
    program = "import os, sys; sys.exit(os.getsid(0) != os.getpid())"
    command = [sys.executable, "-c", program]

    assert child.start(command, hidden=(), patience_s=PATIENCE_S) == 0


@posix_only("stand-ins that are shell scripts")
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
        with pytest.raises(OSError, match=name if IS_POSIX else "WinError"):
            child.start([str(tmp_path / name)], hidden=(), patience_s=PATIENCE_S)


def run_bounded(children: child.Children, then: str, patience_s: float) -> int | None:
    """Run a program that does so, and return what becomes known of its end."""
    return children.run(
        [sys.executable, "-c", f"import sys, time; {then}"],
        text="the line\n",
        environment=child.environment(()),
        patience_s=patience_s,
    )


@pytest.mark.parametrize("status", [0, 3])
def test_a_bounded_program_reads_its_text_and_its_status_is_returned(
    status: int,
) -> None:
    reading = f"sys.exit({status} if sys.stdin.read() == 'the line\\n' else 9)"

    assert run_bounded(child.Children(1), reading, PATIENCE_S) == status


def test_a_bounded_program_is_ended_when_its_time_is_over() -> None:
    assert run_bounded(child.Children(1), "time.sleep(99)", 0.1) is None


def test_after_our_end_none_is_started() -> None:
    children = child.Children(1)
    children.end()

    assert run_bounded(children, "sys.exit(0)", PATIENCE_S) is None
