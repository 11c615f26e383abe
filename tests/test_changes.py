"""What other programs change is told by the system, and nobody looks meanwhile."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from tests.fakes import Pipe
from watcher.app import changes
from watcher.app.changes import ChangeWait, ClockWatch, FileWait, FileWatch
from watcher.app.kernel import FileEvents, clock_events
from watcher.clock import GAP_S, STEP_S, ClockStepDetector, SuspendDetector

PATIENCE_S = 30.0
QUIET_S = 0.2

on_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="no other system is asked yet"
)


@contextmanager
def watched(*paths: Path) -> Iterator[SimpleQueue[None]]:
    """Watch files, and give what is told of them."""
    told: SimpleQueue[None] = SimpleQueue()
    with FileWatch(paths, lambda: told.put(None)).running():
        yield told


def await_rest(told: SimpleQueue[None]) -> None:
    """Wait until nothing more is told."""
    with suppress(Empty):
        while True:
            told.get(timeout=QUIET_S)


@pytest.fixture
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "LOOK_S", 0.0)


def write(path: Path) -> None:
    path.write_text("new")


def append(path: Path) -> None:
    with path.open("a") as file:
        file.write("more")


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_text("new")
    other.replace(path)


def move_away(path: Path) -> None:
    path.rename(path.with_name("away"))


def forbid(path: Path) -> None:
    path.chmod(0o400)


@on_linux
@pytest.mark.parametrize("change", [write, append, replace, move_away, forbid])
def test_each_change_of_a_file_is_told(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with watched(path) as told:
        change(path)
        told.get(timeout=PATIENCE_S)


@on_linux
@pytest.mark.usefixtures("quick_looks")
def test_a_file_that_appears_or_takes_the_place_of_one_is_watched_from_then_on(
    tmp_path: Path,
) -> None:
    path = tmp_path / "file"
    with watched(path) as told:
        for change in (write, replace, append):
            change(path)
            told.get(timeout=PATIENCE_S)
            await_rest(told)


@on_linux
def test_what_a_link_leads_to_is_watched(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    file, link = tmp_path / "there" / "file", tmp_path / "link"
    file.write_text("old")
    link.symlink_to(file)
    with watched(link) as told:
        replace(file)
        told.get(timeout=PATIENCE_S)


@on_linux
def test_reading_a_file_and_writing_to_one_beside_it_is_no_change(
    tmp_path: Path,
) -> None:
    path, beside = tmp_path / "file", tmp_path / "beside"
    for one in (path, beside):
        one.write_text("old")
    with watched(path) as told:
        path.read_text()
        append(beside)
        with pytest.raises(Empty):
            told.get(timeout=QUIET_S)


@on_linux
def test_a_flood_of_changes_is_told_once_in_a_while(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with watched(path) as told:
        write(path)
        told.get(timeout=PATIENCE_S)
        for _ in range(100):
            append(path)
        with pytest.raises(Empty):
            told.get(timeout=QUIET_S)
        told.get(timeout=PATIENCE_S)


def test_where_the_system_does_not_tell_a_wait_for_a_change_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FileEvents, "open", lambda: None)
    monkeypatch.setattr(changes, "LOOK_S", 0.0)
    with closing(FileWait([tmp_path / "file"])) as wait:
        assert not wait.is_told
        assert wait.until_changed(None)


@on_linux
def test_a_file_whose_folder_is_not_there_is_not_told_of_until_it_is(
    tmp_path: Path, quick_looks: None
) -> None:
    folder = tmp_path / "folder"
    with closing(FileWait([folder / "file"])) as wait:
        told = [wait.is_told]
        folder.mkdir()
        assert wait.until_changed(None)
        told.append(wait.is_told)

    assert told == [False, True]


def test_the_end_ends_every_wait(tmp_path: Path) -> None:
    with closing(FileWait([tmp_path / "file"])) as wait:
        wait.stop()

        assert not wait.until_changed(None)
        assert not wait.pause(PATIENCE_S)


@on_linux
def test_linux_tells_of_a_clock_that_is_set_and_of_nothing_else() -> None:
    events = clock_events()
    assert events is not None
    with closing(ChangeWait(events)) as wait:
        assert wait.until_changed(0.0)
        events.take()  # as if there had been something

        assert os.get_blocking(events.fileno()) is False


@pytest.mark.skipif(os.name != "posix", reason="Windows selects sockets alone")
def test_each_time_that_the_kernel_tells_of_the_clock_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipe, told = Pipe(), SimpleQueue[None]()
    monkeypatch.setattr(changes, "clock_events", lambda: pipe)
    watch = ClockWatch(lambda: told.put(None))
    with watch.running():
        assert watch.is_told
        for _ in range(2):
            pipe.tell()
            told.get(timeout=PATIENCE_S)
        with pytest.raises(Empty):
            told.get(timeout=QUIET_S)


@pytest.mark.parametrize(
    ("awake_s", "always_s", "wall_s"),
    [
        (0.0, GAP_S + 1, GAP_S + 1),  # a suspend
        (GAP_S + 2, GAP_S + 2, GAP_S + 2),  # a process that was stopped
        (0.0, 0.0, STEP_S + 1),  # a clock that was set
    ],
)
@pytest.mark.usefixtures("quick_looks")
def test_where_no_kernel_tells_of_clocks_they_are_compared(
    awake_s: float, always_s: float, wall_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = {"awake": 100.0, "always": 100.0, "wall": 100.0}
    told: SimpleQueue[None] = SimpleQueue()
    monkeypatch.setattr(changes, "clock_events", lambda: None)
    watch = ClockWatch(
        lambda: told.put(None),
        suspend=SuspendDetector(
            awake_s=lambda: now["awake"], clocks_s=(lambda: now["always"],)
        ),
        step=ClockStepDetector(
            lambda: datetime.fromtimestamp(now["wall"], UTC), lambda: now["always"]
        ),
    )
    with watch.running():
        with pytest.raises(Empty):
            told.get(timeout=QUIET_S)
        now.update(awake=100.0 + awake_s, always=100.0 + always_s, wall=100.0 + wall_s)
        told.get(timeout=PATIENCE_S)
