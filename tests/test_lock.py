"""One daemon for one event log, whatever became of the one before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import is_private
from tests.fakes import posix_only
from watcher.app.lock import how_to_stop, lock_path, only_daemon, running_daemon
from watcher.errors import AlreadyRunning, JournalUnusable
from watcher.i18n import Language

PROJECT = Path(__file__).parent.parent
HOLD = """
import sys
from pathlib import Path
from watcher.app.lock import only_daemon
with only_daemon(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "state" / "events.db"


def holder(journal: Path) -> subprocess.Popen[str]:
    """Return a process that is the only daemon by now."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(journal)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_daemon_is_told_who_is_the_first(journal: Path) -> None:
    with only_daemon(journal):
        assert running_daemon(journal) == os.getpid()
        with pytest.raises(AlreadyRunning, match=f"process {os.getpid()}") as told:
            only_daemon(journal).__enter__()
    command = "taskkill /F /PID" if os.name == "nt" else "kill"
    assert f"Ctrl-C in its window; if it has none, run: {command} {os.getpid()}" in str(
        told.value
    )

    assert running_daemon(journal) is None


def test_a_daemon_whose_number_is_unknown_is_not_to_be_killed_by_it() -> None:
    assert "kill" not in how_to_stop(0).say(Language.EN)


def test_the_lock_of_a_killed_daemon_is_free_and_its_file_stays(journal: Path) -> None:
    with holder(journal) as process:
        assert running_daemon(journal) == process.pid
        process.kill()
        process.wait()
        assert running_daemon(journal) is None

    assert lock_path(journal).exists()
    with only_daemon(journal):
        assert running_daemon(journal) == os.getpid()


def test_a_log_of_its_own_is_a_lock_of_its_own(journal: Path) -> None:
    with only_daemon(journal), only_daemon(journal.with_name("other.db")):
        assert running_daemon(journal) == os.getpid()


def test_without_a_lock_file_no_daemon_runs(journal: Path) -> None:
    assert running_daemon(journal) is None


def test_a_lock_file_that_holds_nonsense_does_no_harm(journal: Path) -> None:
    lock_path(journal).parent.mkdir()
    lock_path(journal).write_bytes(b"\xff nonsense")

    assert running_daemon(journal) is None
    with only_daemon(journal):
        lock_path(journal).write_bytes(b"\xff nonsense")
        assert running_daemon(journal) == 0
        with pytest.raises(AlreadyRunning):
            only_daemon(journal).__enter__()


def test_a_folder_in_the_place_of_the_lock_is_told(journal: Path) -> None:
    lock_path(journal).mkdir(parents=True)

    with pytest.raises(JournalUnusable, match="lock file"):
        only_daemon(journal).__enter__()
    with pytest.raises(JournalUnusable, match="lock file"):
        running_daemon(journal)


def test_the_lock_file_is_its_owners_alone(journal: Path) -> None:
    with only_daemon(journal):
        assert is_private(lock_path(journal))
        assert is_private(journal.parent)


@posix_only("links, pipes and file modes")
def test_only_a_file_of_ours_is_locked_and_written(journal: Path) -> None:
    lock = lock_path(journal)
    lock.parent.mkdir()
    precious = journal.with_name("precious")
    precious.write_text("precious")
    lock.symlink_to(precious)
    for _ in range(2):
        with pytest.raises(JournalUnusable, match="is a link, a device"):
            only_daemon(journal).__enter__()
        with pytest.raises(JournalUnusable, match="is a link, a device"):
            running_daemon(journal)
        lock.unlink()
        os.mkfifo(lock)

    assert precious.read_text() == "precious"


def test_a_file_that_is_no_lock_stays_as_it_is(tmp_path: Path) -> None:
    precious = tmp_path / "poetry.lock"
    precious.write_text("what another program needs")
    with pytest.raises(JournalUnusable, match="another user or program"):
        only_daemon(tmp_path / "poetry").__enter__()
    with pytest.raises(JournalUnusable, match="another user or program"):
        running_daemon(tmp_path / "poetry")

    assert precious.read_text() == "what another program needs"


@posix_only("file modes")
def test_a_lock_that_others_could_replace_is_refused(journal: Path) -> None:
    journal.parent.mkdir()
    journal.parent.chmod(0o777)

    with pytest.raises(JournalUnusable, match="chmod go-w"):
        only_daemon(journal).__enter__()
    assert not lock_path(journal).exists()
