"""An agent that launchd takes, by what its manual says: no macOS is at hand."""

import os
import plistlib
from pathlib import Path

import pytest

from tests.fakes import Programs, posix_only
from watcher.app.lock import only_daemon
from watcher.errors import ServiceFailed
from watcher.i18n import Language
from watcher.setup.service import launchd
from watcher.setup.service.base import Command, Installed
from watcher.setup.service.launchd import LABEL, LaunchAgent

pytestmark = posix_only("stand-ins that are shell scripts")

ODD = "/a b/<家計簿> & \"100%\" 'x' \\n"
WORDS = (f"{ODD}/python", "-P", "-m", "watcher", "--config", ODD, "run")
DOMAIN = f"gui/{os.getuid() if os.name == 'posix' else 0}"
TARGET = f"{DOMAIN}/{LABEL}"


@pytest.fixture
def programs(user_home: Path) -> Programs:
    programs = Programs(user_home / "bin")
    programs.add("launchctl")
    return programs


@pytest.fixture
def agent(programs: Programs) -> LaunchAgent:
    assert programs.calls() == []
    return LaunchAgent(Command(WORDS, {"PATH": f"/bin:{ODD}", "LANG": "ja_JP"}), None)


def log(user_home: Path) -> Path:
    return user_home / "state" / "watcher" / "events.db"


def test_the_property_list_says_what_was_meant(agent: LaunchAgent) -> None:
    assert plistlib.loads(agent.text().encode()) == {
        "Label": LABEL,
        "ProgramArguments": list(WORDS),
        "EnvironmentVariables": {"PATH": f"/bin:{ODD}", "LANG": "ja_JP"},
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 30,
        "ProcessType": "Interactive",
        "LimitLoadToSessionType": "Aqua",
        "AbandonProcessGroup": True,
    }


def test_it_is_started_in_the_users_own_session(
    agent: LaunchAgent, programs: Programs, user_home: Path
) -> None:
    first = agent.install()
    calls = programs.calls()
    with only_daemon(log(user_home)):
        second = agent.install()

    assert (first, second) == (Installed(True, True), Installed(False, False))
    assert agent.path == user_home / f"Library/LaunchAgents/{LABEL}.plist"
    assert [one for one in calls if "print-disabled" not in one] == [
        f"launchctl enable {TARGET}",
        f"launchctl bootout {TARGET}",
        f"launchctl bootstrap {DOMAIN} {agent.path}",
    ]


@pytest.mark.parametrize(("then", "is_started"), [(":", True), ("exit 113", False)])
def test_only_one_that_runs_as_the_agent_is_started_anew(
    agent: LaunchAgent,
    programs: Programs,
    user_home: Path,
    then: str,
    is_started: bool,
) -> None:
    programs.add("launchctl", then=f'[ "$1" != print ] || {then}')

    with only_daemon(log(user_home)):
        done = agent.install()

    assert done == Installed(True, is_started)
    assert any("bootstrap" in one for one in programs.calls()) == is_started


def test_one_that_still_ends_is_waited_for(
    agent: LaunchAgent,
    programs: Programs,
    user_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(launchd, "BOOTSTRAP_EVERY_S", 0.0)
    gone = user_home / "gone"
    once = f"[ -e '{gone}' ] || {{ : > '{gone}'; exit 5; }}"
    programs.add("launchctl", then=f'[ "$1" != bootstrap ] || {once}')

    assert agent.install() == Installed(True, True)

    programs.add("launchctl", then='[ "$1" != bootstrap ] || { echo no >&2; exit 5; }')
    with pytest.raises(ServiceFailed, match="failed: no"):
        agent.install()


def test_it_is_removed_though_it_is_not_loaded(
    agent: LaunchAgent, programs: Programs
) -> None:
    agent.install()
    programs.add("launchctl", then="exit 3")

    assert (agent.uninstall(), agent.uninstall()) == (True, False)
    assert programs.calls()[-1] == f"launchctl bootout {TARGET}"
    assert not agent.path.exists()


@pytest.mark.parametrize("word", ["disabled", "true", "enabled", "false"])
def test_one_that_is_switched_off_is_told(
    agent: LaunchAgent, programs: Programs, word: str
) -> None:
    agent.path.parent.mkdir(parents=True)
    agent.path.write_text(agent.text(), encoding="utf-8")
    programs.add("launchctl", then=f"echo '\t\"{LABEL}\" => {word}'")

    status = agent.status()

    is_off = word in {"disabled", "true"}
    assert status.starts_at_login == (not is_off)
    said = status.problem.say(Language.EN) if status.problem else ""
    assert ("switched off" in said) == is_off


def test_another_shells_path_is_no_change(agent: LaunchAgent) -> None:
    agent.path.parent.mkdir(parents=True)
    agent.path.write_text(agent.text(), encoding="utf-8")
    other = LaunchAgent(Command(WORDS, {"PATH": "/bin"}), None)

    assert other.status().problem is None
    assert other.text() != agent.text()


@pytest.mark.parametrize(
    "written", ["", "<plist/>", "<plist><array/></plist>", "<plist><dict/></plist>"]
)
def test_a_file_that_is_no_agent_is_told(agent: LaunchAgent, written: str) -> None:
    agent.path.parent.mkdir(parents=True)
    agent.path.write_text(written, encoding="utf-8")

    status = agent.status()

    assert not status.starts_at_login
    assert status.problem is not None
    assert "cannot be read" in status.problem.say(Language.EN)
