"""A task that Windows takes, by its schema [MS-TSCH]: no Windows is at hand."""

import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from contextlib import suppress
from pathlib import Path

import pytest

from tests.fakes import Programs, posix_only
from watcher.app.lock import only_daemon
from watcher.errors import ServiceFailed
from watcher.i18n import Language
from watcher.setup.service.base import Command, Installed, command_here
from watcher.setup.service.task_scheduler import ScheduledTask

pytestmark = posix_only("stand-ins that are shell scripts")

SPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
FOLDER = "C:\\a b\\<家計簿> & 100% 'x'"
OPTIONS = ("-P", "-m", "watcher", "--config", f"{FOLDER}\\my config.toml", "run")


@pytest.fixture
def programs(user_home: Path) -> Programs:
    programs = Programs(user_home / "bin")
    programs.add("schtasks")
    return programs


@pytest.fixture
def task(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> ScheduledTask:
    assert programs.calls() == []
    monkeypatch.setenv("USERDOMAIN", "HOME-PC")
    monkeypatch.setenv("USERNAME", "花子 & co")
    return ScheduledTask(Command((f"{FOLDER}\\Python.exe", *OPTIONS), {}), None)


def log(user_home: Path) -> Path:
    return user_home / "state" / "watcher" / "events.db"


def root(task: ScheduledTask) -> ET.Element:
    return ET.fromstring(task.text().encode("utf-16"))


def names(element: ET.Element | None) -> list[str]:
    assert element is not None
    return [child.tag.removeprefix(SPACE) for child in element]


def said(task: ScheduledTask, path: str) -> list[str | None]:
    return [one.text for one in root(task).iterfind(path.replace("/", f"/{SPACE}"))]


def test_the_elements_stand_in_the_order_of_the_schema(task: ScheduledTask) -> None:
    found = root(task)

    def below(path: str) -> list[str]:
        return names(found.find(path.replace("/", f"/{SPACE}")))

    assert (found.tag, found.get("version")) == (f"{SPACE}Task", "1.2")
    assert names(found) == [
        "RegistrationInfo",
        "Triggers",
        "Principals",
        "Settings",
        "Actions",
    ]
    assert below("./Triggers/LogonTrigger") == ["Repetition", "UserId"]
    assert below("./Principals/Principal") == ["UserId", "LogonType", "RunLevel"]
    assert below("./Settings/RestartOnFailure") == ["Interval", "Count"]
    assert below("./Actions/Exec") == ["Command", "Arguments"]


def test_it_runs_for_this_user_without_rights_or_limit(task: ScheduledTask) -> None:
    facts = {
        "./Triggers/LogonTrigger/UserId": "HOME-PC\\花子 & co",
        "./Principals/Principal/UserId": "HOME-PC\\花子 & co",
        "./Principals/Principal/LogonType": "InteractiveToken",
        "./Principals/Principal/RunLevel": "LeastPrivilege",
        "./Settings/MultipleInstancesPolicy": "IgnoreNew",
        "./Settings/DisallowStartIfOnBatteries": "false",
        "./Settings/StopIfGoingOnBatteries": "false",
        "./Settings/Enabled": "true",
        "./Settings/ExecutionTimeLimit": "PT0S",
        "./Settings/RestartOnFailure/Interval": "PT1M",
        "./Actions/Exec/Command": f"{FOLDER}\\pythonw.exe",
        "./Actions/Exec/Arguments": subprocess.list2cmdline(OPTIONS),
    }

    assert {path: said(task, path) for path in facts} == {
        path: [fact] for path, fact in facts.items()
    }
    (count,) = said(task, "./Settings/RestartOnFailure/Count")
    assert 1 <= int(count or 0) <= 255  # xs:unsignedByte


def test_it_starts_the_python_of_the_folder_from_which_it_was_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", f"{FOLDER}\\python\\python.exe")

    task = ScheduledTask(command_here(None, {}), None)

    program = f"{FOLDER}\\python\\pythonw.exe"
    assert said(task, "./Actions/Exec/Command") == [program]
    assert said(task, "./Actions/Exec/Arguments") == ["-P -m watcher run"]


def test_it_is_made_from_a_file_in_utf_16_and_started(
    task: ScheduledTask, programs: Programs, user_home: Path
) -> None:
    first = task.install()
    calls = programs.calls()
    with only_daemon(log(user_home)):
        second = task.install()

    assert (first, second) == (Installed(True, True), Installed(False, False))
    raw = task.path.read_bytes()
    assert raw[:2] in {b"\xff\xfe", b"\xfe\xff"}
    assert raw.decode("utf-16") == task.text()
    assert calls == [
        f"schtasks /create /tn watcher /xml {task.path} /f",
        "schtasks /run /tn watcher",
    ]


def test_it_is_removed_though_only_windows_or_only_the_file_is_left(
    task: ScheduledTask, programs: Programs
) -> None:
    task.install()
    task.path.unlink()
    assert task.uninstall()
    programs.add("schtasks", then="exit 1")
    assert not task.uninstall()

    task.path.touch()

    assert task.uninstall()
    assert not task.path.exists()
    assert programs.calls()[-1] == "schtasks /delete /tn watcher /f"


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ("exit 1", "no such task any more"),
        ("printf '<Enabled>false</Enabled>'", "switched off"),
        ("printf '<\\0E\\0nabled>false</Enabled>'", "switched off"),
    ],
)
def test_a_task_that_is_gone_or_switched_off_is_told_and_made_anew(
    task: ScheduledTask, programs: Programs, then: str, told: str, user_home: Path
) -> None:
    with only_daemon(log(user_home)):
        task.install()
        programs.add("schtasks", then=then)
        status = task.status()
        before = len(programs.calls())
        with suppress(ServiceFailed):  # here Windows refuses that, too
            task.install()

    assert not status.starts_at_login
    assert status.problem is not None
    assert told in status.problem.say(Language.EN)
    calls = programs.calls()[before:]
    assert f"schtasks /create /tn watcher /xml {task.path} /f" in calls


def test_a_program_that_is_gone_is_told(task: ScheduledTask, tmp_path: Path) -> None:
    task.install()
    other = shutil.which("sh", path="/bin") or ""

    status = ScheduledTask(Command((other, *OPTIONS), {}), None).status()

    assert not status.starts_at_login
    assert status.problem is not None
    assert f"{FOLDER}\\pythonw.exe" in status.problem.say(Language.EN)
