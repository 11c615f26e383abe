"""The tests leave alone what belongs to who runs them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PART = (
    "tests/test_cli_commands.py::test_log_of_one_who_has_none_is_empty",
    "tests/test_cli_commands.py::test_expect_off_ends_it_and_is_logged_once",
    "tests/test_cli_commands.py::test_classify_without_a_configuration_judges_no_recipient",
    "tests/test_secret_store.py",
    "tests/test_service_launchd.py",
    "tests/test_service_task_scheduler.py",
)
"""Tests that read and write configuration, state, passwords and services."""

REAL_PLACES = """
import keyring.util.platform_ as keyring
from watcher.config.load import default_path, state_folder
print(default_path({}).parent, state_folder({}), sep="\\n")
print(keyring.data_root(), keyring.config_root(), sep="\\n")
"""
"""Prints where the program and the keyring keep what is the user's."""


def snapshot(places: list[Path]) -> dict[Path, tuple[int, int, int]]:
    """Return each file and folder there, and what changes when it is written."""
    found = [one for place in places for one in (place, *place.rglob("*"))]
    stats = {one: one.lstat() for one in found if os.path.lexists(one)}
    return {one: (it.st_ino, it.st_size, it.st_mtime_ns) for one, it in stats.items()}


@pytest.fixture
def user(tmp_path: Path) -> dict[str, str]:
    """Give the environment of who runs the tests, as far as it can be another one."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("XDG_", "WATCHER_", "PYTEST_", "PYTHON_KEYRING"))
    }
    return {**kept, "HOME": str(tmp_path)}


def python(user: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        env=user,
        stdin=subprocess.PIPE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_no_test_reads_or_writes_the_users_own_files(
    user: dict[str, str], tmp_path: Path
) -> None:
    places = [Path(line) for line in python(user, "-c", REAL_PLACES).splitlines()]
    for place in places:
        if place.is_relative_to(tmp_path):  # elsewhere they are somebody's
            place.mkdir(parents=True, exist_ok=True)
            for name in ("config.toml", "events.db", "keyringrc.cfg"):
                (place / name).write_text("whoever reads this fails")
    before = snapshot(places)

    python(user, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", *PART)

    assert snapshot(places) == before
