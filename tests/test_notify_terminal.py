"""The terminal is the last channel: it shows all, and only where a terminal is."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environment import pseudo_terminal
from tests.factories import LINK, live
from tests.fakes import posix_only
from watcher.i18n import columns_of
from watcher.notify.terminal import render_text

SHOW = """\
from tests.factories import live
from watcher.errors import NotificationFailed
from watcher.i18n import columns_of
from watcher.notify.terminal import Terminal
try:
    Terminal().show(live())
    print("shown")
except NotificationFailed as error:
    print(error)
"""
ROOT = Path(__file__).parents[1]


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Yield the two ends of a terminal: the user's and the program's."""
    ours, theirs = pseudo_terminal()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


def _show(stderr: int) -> str:
    """Show a notification in a program of its own session; return what came of it."""
    return subprocess.run(
        [sys.executable, "-X", "utf8", "-c", SHOW],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        timeout=60,
        start_new_session=True,
        check=True,
    ).stdout.strip()


def test_the_whole_text_is_written_with_the_bell(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal

    assert _show(theirs) == "shown"
    written = os.read(ours, 10_000).decode().replace("\r\n", "\n")
    assert written == render_text(live())
    assert written.startswith("\a")
    assert LINK in written
    assert live().footer in written


def test_its_lines_end_between_two_words(terminal: tuple[int, int]) -> None:
    import termios  # of POSIX

    ours, theirs = terminal
    termios.tcsetwinsize(theirs, (24, 40))

    assert _show(theirs) == "shown"
    lines = (
        os.read(ours, 10_000).decode().replace("\r\n", "\n").lstrip("\a").split("\n")
    )
    assert [one for one in lines if columns_of(one) > 40] == [LINK]
    assert "".join("".join(lines).split()) == "".join(
        render_text(live()).lstrip("\a").split()
    )


@posix_only("a session without a terminal")
def test_a_file_is_no_terminal_and_gets_no_link(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        outcome = _show(stderr.fileno())

    assert outcome.startswith("There is no terminal")
    assert log.read_bytes() == b""


def test_a_stopped_terminal_holds_up_nothing(terminal: tuple[int, int]) -> None:
    import termios  # of POSIX

    _, theirs = terminal
    termios.tcflow(theirs, termios.TCOOFF)

    assert _show(theirs) == "The terminal is stopped."
    termios.tcflow(theirs, termios.TCOON)


def test_what_the_terminal_cannot_write_is_replaced(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = terminal
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")

    assert _show(theirs) == "shown"
    assert LINK.encode() in os.read(ours, 10_000)
