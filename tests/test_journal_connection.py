"""A database of another program's is no log, and stays as it is."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from watcher.errors import JournalDamaged
from watcher.journal.log import Journal
from watcher.journal.reader import JournalReader

CONNECT = "import os, sqlite3\nlog = sqlite3.connect('log', isolation_level=None)\n"
IN_WAL = "log.execute('PRAGMA journal_mode = WAL')\n"
TABLE = "log.execute('CREATE TABLE notes (text)')\n"
LONG_TRANSACTION = (
    "log.execute('PRAGMA cache_size = 1')\n"
    "log.execute('BEGIN')\n"
    "for _ in range(50):\n"
    "    log.execute('INSERT INTO notes VALUES (zeroblob(5000))')\n"
)
KILLED = "os._exit(0)\n"

LEFT = {
    "a file": TABLE,
    "a file in WAL mode": IN_WAL + TABLE,
    "all in the write-ahead log": IN_WAL + TABLE + KILLED,
    "a transaction that never ended": TABLE + LONG_TRANSACTION + KILLED,
}


def contents(folder: Path) -> dict[str, bytes]:
    """Return all but the memory that programs share, which no killed one needs."""
    files = [one for one in folder.iterdir() if not one.name.endswith("-shm")]
    return {one.name: one.read_bytes() for one in files}


@pytest.mark.parametrize("use", [Journal.open, JournalReader.read])
@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT)
def test_another_programs_database_stays_byte_for_byte(
    tmp_path: Path, use: Callable[[Path], object], left: str
) -> None:
    program = [sys.executable, "-c", CONNECT + left]
    subprocess.run(program, cwd=tmp_path, check=True)
    before = contents(tmp_path)

    with pytest.raises(JournalDamaged):
        use(tmp_path / "log")

    assert contents(tmp_path) == before
