"""A unit that systemd takes, where the desktop starts what it belongs to."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes import Programs, linux_only, required_program
from watcher.app.lock import only_daemon
from watcher.errors import ServiceFailed
from watcher.i18n import Language
from watcher.setup.service import base, service_here
from watcher.setup.service.autostart import Autostart
from watcher.setup.service.base import Command, Installed
from watcher.setup.service.systemd import TARGET, UserUnit

pytestmark = linux_only("systemd")

IS_ACTIVE = f"systemctl --user is-active {TARGET}"
LINKING = """LINKS='{links}'; case "$2" in
reenable) /bin/mkdir -p "$LINKS"; /bin/ln -sf ../watcher.service "$LINKS" ;;
disable) exit 1 ;;
esac"""
"""What systemctl does that is looked at; without a manager it can disable nothing."""


@pytest.fixture
def programs(user_home: Path) -> Programs:
    """Give a user's systemctl, whose desktop has started the target."""
    programs = Programs(user_home / "bin")
    programs.add("systemctl", then=linking(user_home))
    return programs


def linking(user_home: Path) -> str:
    """Return what systemctl does, in the words of the shell."""
    units = user_home / "config" / "systemd" / "user"
    return LINKING.format(links=units / f"{TARGET}.wants")


@pytest.fixture
def unit(programs: Programs) -> UserUnit:
    service = service_here(None)
    assert isinstance(service, UserUnit)
    assert programs.calls() == [IS_ACTIVE]
    return service


def log(user_home: Path) -> Path:
    return user_home / "state" / "watcher" / "events.db"


def test_it_is_enabled_and_started_and_the_second_time_nothing_is_done(
    unit: UserUnit, programs: Programs, user_home: Path
) -> None:
    first = unit.install()
    with only_daemon(log(user_home)):
        second = unit.install()

    assert (first, second) == (Installed(True, True), Installed(False, False))
    assert programs.calls()[1:] == [
        "systemctl --user daemon-reload",
        "systemctl --user reenable watcher.service",
        "systemctl --user start watcher.service",
    ]
    assert unit.path.read_text(encoding="utf-8") == unit.text()
    assert unit.status().starts_at_login


def test_one_that_runs_as_the_unit_is_started_anew_after_a_change(
    unit: UserUnit, programs: Programs, user_home: Path
) -> None:
    with only_daemon(log(user_home)):
        assert unit.install() == Installed(True, True)

    assert programs.calls()[-2:] == [
        "systemctl --user is-active watcher.service",
        "systemctl --user restart watcher.service",
    ]


def test_one_that_somebody_else_started_is_left_alone(
    unit: UserUnit, programs: Programs, user_home: Path
) -> None:
    then = f'[ "$2" != is-active ] || exit 3; {linking(user_home)}'
    programs.add("systemctl", then=then)

    with only_daemon(log(user_home)):
        assert unit.install() == Installed(True, False)


def test_what_it_wrote_is_removed_though_no_manager_answers(
    unit: UserUnit, programs: Programs
) -> None:
    unit.install()
    folder = unit.path.parent

    assert (unit.uninstall(), unit.uninstall()) == (True, False)

    assert [path for path in folder.rglob("*") if not path.is_dir()] == []
    assert "systemctl --user disable --now watcher.service" in programs.calls()


def test_a_unit_that_was_switched_off_is_told_and_switched_on_again(
    unit: UserUnit, user_home: Path
) -> None:
    with only_daemon(log(user_home)):
        unit.install()
        (link,) = unit.path.parent.glob(f"{TARGET}.wants/*")
        link.unlink()
        off = unit.status()
        unit.install()

    assert not off.starts_at_login
    assert off.problem is not None
    assert "switched off" in off.problem.say(Language.EN)
    assert unit.status().starts_at_login


@pytest.mark.parametrize("screen", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_a_desktop_that_does_not_start_the_target_is_told(
    unit: UserUnit,
    programs: Programs,
    screen: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unit.install()
    programs.add("systemctl", then="exit 3")
    from_afar = unit.status()
    monkeypatch.setenv(screen, ":0")
    at_the_desktop = unit.status()

    assert from_afar.starts_at_login
    assert not at_the_desktop.starts_at_login
    assert at_the_desktop.problem is not None
    assert TARGET in at_the_desktop.problem.say(Language.JA)


def test_what_is_installed_is_kept_and_else_the_desktop_decides(
    programs: Programs,
) -> None:
    programs.add("systemctl", then="exit 3")
    entry = service_here(None)
    assert isinstance(entry, Autostart)
    unit = UserUnit(base.command_here(None, {}), None)
    unit.path.parent.mkdir(parents=True)
    unit.path.touch()
    assert isinstance(service_here(None), UserUnit)

    unit.path.unlink()
    entry.path.parent.mkdir(parents=True)
    entry.path.touch()
    programs.add("systemctl")

    assert isinstance(service_here(None), Autostart)


@pytest.mark.parametrize("then", ["exit 1", "exec /bin/sleep 60"])
def test_a_manager_that_is_missing_or_hangs_is_none(
    programs: Programs, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "ASK_S", 0.2)
    programs.add("systemctl", then=then)
    assert isinstance(service_here(None), Autostart)

    (programs.folder / "systemctl").unlink()

    assert isinstance(service_here(None), Autostart)


def test_a_refusal_is_told_with_its_last_words(
    unit: UserUnit, programs: Programs
) -> None:
    programs.add("systemctl", then='echo "Hint: x" >&2; echo "no medium" >&2; exit 1')

    with pytest.raises(ServiceFailed) as refused:
        unit.install()

    said = refused.value.say(Language.EN)
    assert "`systemctl --user daemon-reload` failed: no medium." in said


@pytest.mark.parametrize(
    "name", ["python", "my 家計簿 100% %h ; *", "o'brien", '"$HOME" \\n $$']
)
def test_systemd_finds_no_fault(tmp_path: Path, name: str) -> None:
    unit = unit_of(tmp_path, name)

    done = verify(unit)

    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_finds_the_very_program(tmp_path: Path) -> None:
    name = "my 家計簿 100% %h ; *"
    unit = unit_of(tmp_path, name)
    (tmp_path / name).unlink()

    assert f"{name} is not executable" in verify(unit).stderr


def unit_of(folder: Path, name: str) -> Path:
    """Write a unit that starts a program of this name, which is there."""
    program, unit = folder / name, folder / "watcher.service"
    program.symlink_to(sys.executable)
    words = (str(program), "-P", "-m", "watcher", "--config", f"/{name}", "run")
    text = UserUnit(Command(words, {"PATH": f"/{name}", "LANG": "C"}), None).text()
    unit.write_text(text, encoding="utf-8")
    return unit


def verify(unit: Path) -> subprocess.CompletedProcess[str]:
    analyze = required_program("systemd-analyze", package="systemd")
    return subprocess.run(
        [analyze, "--user", "verify", "--man=no", str(unit)],
        env={"XDG_RUNTIME_DIR": str(unit.parent), "HOME": str(unit.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_starts_with_the_desktop_and_again_without_end(unit: UserUnit) -> None:
    lines = unit.text().splitlines()

    assert {
        f"WantedBy={TARGET}",
        f"PartOf={TARGET}",
        f"After={TARGET}",
        "Type=notify",
        "Restart=always",
        "RestartSec=30",
        "StartLimitIntervalSec=0",
        "KillMode=process",
    } <= set(lines)
    assert any(re.fullmatch(r"WatchdogSec=\d+", line) for line in lines)
