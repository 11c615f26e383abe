"""`watcher service` sets up the start at login, and tells what has become of it.

Here on a desktop without systemd; what is special to a platform has its own tests.
"""

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environment import UNREACHABLE, Home, end_daemon
from tests.fakes import linux_only
from watcher.app.lock import only_daemon, running_daemon
from watcher.errors import ExitCode

pytestmark = linux_only("systemd and XDG autostart")

JAPANESE = {"LANG": "ja_JP.UTF-8", "PYTHONIOENCODING": "utf-8"}


@pytest.fixture
def home(home: Home) -> Iterator[Home]:
    """Give a home with a configuration; what was started there is ended."""
    home.configure("[notify]\nenabled = false", *UNREACHABLE)
    yield home
    end_daemon(home.log)


def entry(home: Home) -> Path:
    return home.folder / "config" / "autostart" / "watcher.desktop"


def write_entry(home: Home, *changes: tuple[str, str]) -> None:
    """Put what would be installed into its place, without starting anything."""
    text = home.run("service", "install", "--print").out
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    entry(home).parent.mkdir(exist_ok=True)
    entry(home).write_text(text, encoding="utf-8")


def test_it_is_set_up_and_started_and_the_second_time_nothing_changes(
    home: Home,
) -> None:
    first = home.run("service", "install")
    written, pid = entry(home).read_bytes(), running_daemon(home.log)
    second = home.run("service", "install")

    assert (first.code, second.code) == (ExitCode.OK, ExitCode.OK)
    assert "watcher now starts when you log in" in first.out
    assert "It has been started." in first.out
    assert "Nothing to change" in second.out
    assert f"watcher is running (process {pid})" in second.out
    assert entry(home).read_bytes() == written
    assert pid is not None
    assert running_daemon(home.log) == pid


def test_it_is_removed_and_the_second_time_nothing_is_there(home: Home) -> None:
    write_entry(home)

    first, second = (home.run("service", "uninstall") for _ in range(2))

    assert (first.code, second.code) == (ExitCode.OK, ExitCode.OK)
    assert f"Removed: {entry(home)}" in first.out
    assert "Nothing to remove" in second.out
    assert not entry(home).exists()


def test_a_watcher_that_runs_already_is_left_alone(home: Home) -> None:
    with only_daemon(home.log):
        done = home.run("service", "install")
        removed = home.run("service", "uninstall")

    assert f"runs now (process {os.getpid()}) goes on" in done.out
    assert "It has been started." not in done.out
    assert f"runs now (process {os.getpid()}) goes on" in removed.out
    for out in (done.out, removed.out):
        assert f"if it has none, run: kill {os.getpid()}" in out


def test_without_a_usable_configuration_nothing_is_set_up(home: Home) -> None:
    home.configure("[watch]\nnonsense = 1")

    done = home.run("service", "install")

    assert done.code == ExitCode.CONFIG
    assert "watch.nonsense" in done.err
    assert not entry(home).exists()


def test_one_that_ends_at_once_is_told(home: Home) -> None:
    (home.log.parent / "events.db").mkdir(parents=True)

    done = home.run("service", "install")

    assert done.code == ExitCode.TEMPORARY
    assert f"exit {ExitCode.CONFIG.value}" in done.err
    assert "watcher run" in done.err


def test_print_shows_what_would_be_written_and_writes_nothing(home: Home) -> None:
    shown = home.run("service", "install", "--print")
    assert not entry(home).exists()
    with only_daemon(home.log):
        home.run("service", "install")
    removed = home.run("service", "uninstall", "--print")

    assert shown.out == entry(home).read_text(encoding="utf-8")
    assert (removed.code, removed.out) == (ExitCode.OK, f"{entry(home)}\n")


def test_status_is_0_only_if_it_starts_at_the_next_login(home: Home) -> None:
    before = home.run("service", "status")
    write_entry(home)
    after = home.run("service", "status")

    assert (before.code, after.code) == (ExitCode.NOTHING, ExitCode.OK)
    assert "watcher service install" in before.out
    assert "watcher starts when you log in" in after.out
    assert str(entry(home)) in after.out
    assert "is not running now" in after.out


def test_status_says_it_in_japanese(home: Home) -> None:
    before = home.run("service", "status", environment=JAPANESE)
    write_entry(home)
    after = home.run("service", "status", environment=JAPANESE)

    assert "ログインしても watcher は始まりません。" in before.out
    assert "ログインすると watcher が始まります(デスクトップの自動起動): " in after.out


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("/nowhere/python", "/nowhere/python, is no longer there"),
        ("/usr/bin/false", "/usr/bin/false, has no watcher any more"),
    ],
)
def test_a_program_that_is_gone_is_told_with_the_remedy_which_works(
    home: Home, program: str, told: str
) -> None:
    write_entry(home, (sys.executable, program))

    status = home.run("service", "status")
    with only_daemon(home.log):
        home.run("service", "install")
    repaired = home.run("service", "status")

    assert status.code == ExitCode.NOTHING
    assert told in status.out
    assert "watcher service install" in status.out
    assert (repaired.code, told in repaired.out) == (ExitCode.OK, False)


def test_one_of_another_environment_that_works_is_told_and_starts(home: Home) -> None:
    other = home.folder / "python"
    other.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    other.chmod(0o700)
    write_entry(home, (sys.executable, str(other)))

    status = home.run("service", "status")

    assert status.code == ExitCode.OK
    assert "is not what this watcher would install" in status.out


@pytest.mark.parametrize("written", [b"", b"\xff", b"Exec=\n", b'Exec=env "A=b"\n'])
def test_a_file_that_is_not_ours_is_told_and_written_anew(
    home: Home, written: bytes
) -> None:
    write_entry(home)
    entry(home).write_bytes(written)

    status = home.run("service", "status")
    with only_daemon(home.log):
        done = home.run("service", "install")

    assert status.code == ExitCode.NOTHING
    assert "cannot be read as what watcher writes there" in status.out
    assert "watcher now starts" in done.out
    assert home.run("service", "status").code == ExitCode.OK


@pytest.mark.parametrize(
    "how",
    [
        ("Terminal=false", "Hidden=true"),
        ("Autostart-enabled=true", "Autostart-enabled=false"),
    ],
    ids=str,
)
def test_an_entry_that_the_desktop_has_switched_off_is_told(
    home: Home, how: tuple[str, str]
) -> None:
    write_entry(home, how)

    status = home.run("service", "status")

    assert status.code == ExitCode.NOTHING
    assert "switched off" in status.out


def test_a_named_configuration_is_carried_by_its_whole_path(home: Home) -> None:
    home.config.rename(home.folder / "mine.toml")
    named = f'"--config" "{home.folder / "mine.toml"}"'

    by_option = home.run("--config", "mine.toml", "service", "install", "--print")
    by_variable = home.run(
        *("service", "install", "--print"), environment={"WATCHER_CONFIG": "mine.toml"}
    )

    assert named in by_option.out
    assert named in by_variable.out
    assert "--config" not in home.run("service", "install", "--print").out


def test_the_users_folders_are_carried_and_a_secret_is_not(home: Home) -> None:
    places = f"/home/anna/.local/bin:.::{home.environment['PATH']}"

    shown = home.run("service", "install", "--print", environment={"PATH": places}).out

    assert f'"PATH=/home/anna/.local/bin:{home.environment["PATH"]}"' in shown
    assert f'"XDG_CONFIG_HOME={home.folder / "config"}"' in shown
    assert "MAIL_PASSWORD" not in shown


def test_a_named_state_folder_is_carried_by_its_whole_path(home: Home) -> None:
    mine = {"WATCHER_STATE": "mine"}

    home.run("expect", environment=mine)
    shown = home.run("service", "install", "--print", environment=mine).out

    assert (home.folder / "mine" / "events.db").exists()
    assert not home.log.exists()
    assert f'"WATCHER_STATE={home.folder / "mine"}"' in shown


def test_another_shells_path_is_no_change_until_it_is_installed(home: Home) -> None:
    write_entry(home)
    other = {"PATH": f"/opt/bin:{home.environment['PATH']}"}

    status = home.run("service", "status", environment=other)
    with only_daemon(home.log):
        done = home.run("service", "install", environment=other)

    assert (status.code, "would install" in status.out) == (ExitCode.OK, False)
    assert "watcher now starts" in done.out
    assert "PATH=/opt/bin:" in entry(home).read_text(encoding="utf-8")


def test_a_password_that_only_the_shell_has_is_warned_of(home: Home) -> None:
    account = "\n".join(UNREACHABLE).replace(
        'password_file = "password"', 'password_env = "MAIL_PASSWORD"'
    )
    home.configure(account)

    with only_daemon(home.log):
        done = home.run("service", "install")

    assert "MAIL_PASSWORD" in done.err
    assert "password_file" in done.err


def test_a_folder_that_cannot_be_written_is_told(home: Home) -> None:
    entry(home).parent.write_text("no folder", encoding="utf-8")

    done = home.run("service", "install")

    assert done.code == ExitCode.TEMPORARY
    assert str(entry(home)) in done.err


def test_a_file_is_replaced_whole_and_leaves_nothing_beside_it(home: Home) -> None:
    write_entry(home)
    elsewhere = home.folder / "elsewhere"
    entry(home).rename(elsewhere)
    entry(home).symlink_to(elsewhere)
    elsewhere.write_text("not ours", encoding="utf-8")

    with only_daemon(home.log):
        home.run("service", "install")

    assert elsewhere.read_text(encoding="utf-8") == "not ours"
    assert [path.name for path in entry(home).parent.iterdir()] == ["watcher.desktop"]


FOREIGN = "[Desktop Entry]\nType=Application\nName=Watcher\nExec=/usr/bin/true\n"


def test_another_programs_file_of_that_name_is_left_alone(home: Home) -> None:
    entry(home).parent.mkdir()
    entry(home).write_text(FOREIGN)
    done = [home.run("service", what) for what in ("install", "uninstall", "status")]

    assert [one.code for one in done] == [ExitCode.TEMPORARY] * 2 + [ExitCode.NOTHING]
    assert all("another program" in one.out + one.err for one in done)
    assert entry(home).read_text() == FOREIGN


@pytest.mark.parametrize("sign", ["\n", "\r"])
def test_a_path_that_no_file_can_name_is_refused(home: Home, sign: str) -> None:
    odd = home.folder / f"a{sign}ExecStartPre=x"
    odd.mkdir()
    mine = odd / "config.toml"
    home.config.rename(mine)
    done = home.run("--config", str(mine), "service", "install", "--print")

    assert done.code == ExitCode.TEMPORARY
    assert "line break" in done.err
