"""The program on the CPython of Windows, under Wine, against a server of this machine.

`.ci/windows` sets that Python up and names it here; also the unpacked folder of the zip
that `.ci/windows-zip` made, in which people start `watcher.cmd`.
"""

import os
import re
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.environment import CONNECTED, UNREACHABLE, Home, MailUser
from tests.servers import Dovecot, NameServer
from watcher.errors import ExitCode

INTERPRETER = os.environ.get("WATCHER_WINDOWS", "")
UNPACKED = Path(os.environ.get("WATCHER_WINDOWS_ZIP", ""))
MODULE = ("wine", INTERPRETER, "-m", "watcher")
CTRL_C = b"\x03"
DEMO_S, PATIENCE_S = "12", 120
"""Beside the suite, an attempt that is over in 4 s would be over before it is told."""


def as_windows(path: Path) -> str:
    """Return a path of this machine as Wine names it."""
    return f"Z:{path}".replace("/", "\\")


FILE = ("wine", as_windows(UNPACKED / "watcher.cmd"))
"""Like Explorer, Wine hands a file of that kind to `cmd.exe /c`, quoted."""

pytestmark = pytest.mark.skipif(
    not INTERPRETER, reason="no Windows is set up: run .ci/windows"
)


@pytest.fixture
def user(home: Home, dovecot: Dovecot, name_server: NameServer) -> MailUser:
    """Give a user who has a mailbox, and has configured nothing."""
    names = [name for name in os.environ if name.startswith("WINE")]
    home.environment |= {name: os.environ[name] for name in names}
    home.environment |= {
        "PYTHONUTF8": "1",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "WATCHER_CONFIG": f"Z:{home.config}",
        "WATCHER_STATE": f"Z:{home.log.parent}",
    }
    return MailUser(
        home, dovecot, name_server, f"user-{uuid.uuid4().hex[:12]}@example.jp"
    )


def set_up(user: MailUser, program: Sequence[str]) -> None:
    """Let `init` write the configuration, and add the tests' name server."""
    options = {
        "--address": user.user,
        "--host": "localhost",
        "--port": str(user.server.ports.imaps),
        "--ca-file": str(user.server.ca_file),
        "--password-env": "MAIL_PASSWORD",
    }
    words = [word for option in options.items() for word in option]
    done = user.home.run(
        *("init", "--yes", "--no-trial", "--no-service", *words),
        command=program,
    )
    assert done.code == ExitCode.OK, done.out + done.err
    with user.home.config.open("a", encoding="utf-8") as file:
        file.write(f'\n[dkim]\nnameservers = ["{user.name_server.address}"]\n')
        file.write('[notify]\nlanguage = "en"\nchannel = "terminal"\n')


in_each_way = pytest.mark.parametrize("program", [MODULE, FILE], ids=["module", "file"])


@in_each_way
def test_init_writes_what_check_goes_by(user: MailUser, program: Sequence[str]) -> None:
    set_up(user, program)
    link = user.approval()

    done = user.home.run("check", "--json", command=program)

    assert done.code == ExitCode.OK, done.out + done.err
    assert link in done.out
    assert [event["event"] for event in done.json] == ["attempt"]


def test_run_tells_of_a_mail_and_ends_at_ctrl_c(user: MailUser) -> None:
    set_up(user, MODULE)

    with user.home.started("run", command=MODULE, is_controlled=True) as run:
        run.await_text(CONNECTED)
        link = user.approval()
        run.await_text(link)
        os.write(run.terminal, CTRL_C)
        ended = run.await_end()

    assert ended == ExitCode.OK, run.seen
    assert user.home.names()[-1] == "stopped"


@in_each_way
def test_the_demo_runs_also_from_a_folder_with_a_blank_and_japanese_letters(
    user: MailUser, program: Sequence[str]
) -> None:
    assert re.search(r" .*[ぁ-鿿]|[ぁ-鿿].* ", str(UNPACKED))

    done = user.home.run(
        "demo", "--seconds", DEMO_S, command=program, patience_s=PATIENCE_S
    )

    assert done.code == ExitCode.OK, done.out + done.err
    assert "All five mails were judged as they should be" in done.out


def test_a_double_click_sets_up_or_shows_the_status_and_waits_for_a_key(
    user: MailUser,
) -> None:
    first = user.home.run(command=FILE, stdin=b" ")
    user.home.configure(*UNREACHABLE)
    later = user.home.run(command=FILE, stdin=b" ")
    typed = user.home.run("status", command=FILE)

    assert "A few questions, and watcher is ready." in first.out
    assert typed.code == ExitCode.NOTHING
    assert later.out.startswith(typed.out)
    assert f"open the folder {as_windows(UNPACKED)} in the Explorer" in later.out
    assert "Press any key" in later.out


def test_a_file_that_was_not_unpacked_says_so(user: MailUser) -> None:
    alone = user.home.folder / "watcher.cmd"
    alone.write_bytes((UNPACKED / "watcher.cmd").read_bytes())

    done = user.home.run("status", command=("wine", as_windows(alone)), stdin=b" ")

    assert "First unpack the whole zip file" in done.out
    assert done.code == 1


def test_the_task_runs_the_windowless_python_of_the_unpacked_folder(
    user: MailUser,
) -> None:
    user.home.configure(*UNREACHABLE)

    user.home.run("service", "install", command=FILE)  # Wine keeps no task

    task = (user.home.log.parent / "task.xml").read_text("utf-16")
    program = UNPACKED / "python" / "pythonw.exe"
    assert f"<Command>{as_windows(program)}</Command>" in task
    assert program.exists()


def test_the_zip_holds_what_windows_needs_and_nothing_of_the_tests() -> None:
    packages = {path.name for path in (UNPACKED / "python" / "packages").iterdir()}

    assert {"keyring", "win32ctypes", "windows_toasts", "winrt", "tzdata"} <= packages
    assert not {"pytest", "hypothesis", "cryptography", "pip", "jeepney"} & packages
    programs = {path.name for path in UNPACKED.rglob("*.exe")}
    assert programs == {"python.exe", "pythonw.exe"}
