"""The link is never visited, and nothing that opens a door is left lying about."""

import json
import sys
from pathlib import Path

import pytest

from tests.environment import CONNECTED, Home, MailUser

PROJECT = Path(__file__).parent.parent


def audited(home: Home, record: Path, *arguments: str) -> tuple[str, set[str]]:
    """Run a command under the audit hook; return its output and whom it talked to."""
    done = home.run(
        *(str(record), *arguments),
        command=(sys.executable, "-m", "tests.subprograms", "audit"),
        environment={"PYTHONPATH": str(PROJECT)},
    )
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    return done.out + done.err, {" ".join(line) for line in lines}


def servers(mail_user: MailUser) -> set[str]:
    """Return the only two servers that there are: the user's, and DNS."""
    mail = f"127.0.0.1:{mail_user.server.ports.imaps}"
    return {f"socket.connect {mail}", f"socket.sendto {mail_user.name_server.address}"}


@pytest.mark.parametrize(
    "arguments", [("check",), ("check", "--wait", "20"), ("check", "--json")]
)
def test_check_talks_to_nobody_but_the_mail_server_and_dns(
    mail_user: MailUser, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    link = mail_user.approval()

    told, contacts = audited(mail_user.home, tmp_path / "record", *arguments)

    assert link in told
    assert contacts <= servers(mail_user) | {"socket.connect unix"}
    assert f"socket.sendto {mail_user.name_server.address}" in contacts


def test_run_talks_to_nobody_but_the_mail_server_and_dns(
    mail_user: MailUser, tmp_path: Path
) -> None:
    record = tmp_path / "record"
    environment = {"PYTHONPATH": str(PROJECT)}
    mail_user.home.environment |= environment
    command = (sys.executable, "-m", "tests.subprograms", "audit", str(record))

    with mail_user.home.started("run", command=command) as run:
        run.await_text(CONNECTED)
        run.await_text(mail_user.approval())
        run.end()

    contacts = {" ".join(json.loads(line)) for line in record.read_text().splitlines()}
    assert contacts <= servers(mail_user) | {"socket.connect unix"}


def test_the_demo_talks_to_its_own_server_alone(home: Home, tmp_path: Path) -> None:
    told, contacts = audited(
        *(home, tmp_path / "record", "demo", "--seconds", "3", "--no-notify")
    )

    assert "https://www.amazon.co.jp/a/c/r/" in told
    (server,) = contacts
    assert server.startswith("socket.connect 127.0.0.1:")


def test_secrets_stand_in_no_diagnostics_and_in_no_file_but_the_log(
    mail_user: MailUser,
) -> None:
    link = mail_user.approval()

    done = mail_user.home.run("-v", "check", "--json", "--no-notify")

    assert (link in done.out, link in done.err) == (True, False)
    assert "secret" not in done.err.lower().replace("secrets", "")
    files = [path for path in mail_user.home.folder.rglob("*") if path.is_file()]
    holders = {path.name for path in files if link.encode() in path.read_bytes()}
    assert holders <= {"events.db", "events.db-wal"}
    assert {path.stat().st_mode & 0o077 for path in files if path.name in holders} == {
        0
    }
