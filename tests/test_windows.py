"""The program on the CPython of Windows, under Wine, against a server of this machine.

`.ci/windows` sets that Python up and names it here.
"""

import os
import uuid

import pytest

from tests.environment import CONNECTED, Home, MailUser
from tests.servers import Dovecot, NameServer
from watcher.errors import ExitCode

INTERPRETER = os.environ.get("WATCHER_WINDOWS", "")
PROGRAM = ("wine", INTERPRETER, "-m", "watcher")
CTRL_C = b"\x03"

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


def set_up(user: MailUser) -> None:
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
        command=PROGRAM,
    )
    assert done.code == ExitCode.OK, done.out + done.err
    with user.home.config.open("a", encoding="utf-8") as file:
        file.write(f'\n[dkim]\nnameservers = ["{user.name_server.address}"]\n')
        file.write('[notify]\nlanguage = "en"\nchannel = "terminal"\n')


def test_init_writes_what_check_goes_by(user: MailUser) -> None:
    set_up(user)
    link = user.approval()

    done = user.home.run("check", "--json", command=PROGRAM)

    assert done.code == ExitCode.OK, done.out + done.err
    assert link in done.out
    assert [event["event"] for event in done.json] == ["attempt"]


def test_run_tells_of_a_mail_and_ends_at_ctrl_c(user: MailUser) -> None:
    set_up(user)

    with user.home.started("run", command=PROGRAM, is_controlled=True) as run:
        run.await_text(CONNECTED)
        link = user.approval()
        run.await_text(link)
        os.write(run.terminal, CTRL_C)
        ended = run.await_end()

    assert ended == ExitCode.OK, run.seen
    assert user.home.names()[-1] == "stopped"
