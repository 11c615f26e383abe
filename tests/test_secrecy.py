"""The link is never visited, and nothing that opens a door is left lying about."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.environment import CONNECTED, Home, MailUser, is_private
from tests.fakes import IS_POSIX, linux_only
from tests.ntfy_server import serving_ntfy
from tests.servers import Authority, server_context

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


@pytest.mark.parametrize("arguments", [("check",), ("check", "--wait", "20")])
def test_a_phone_is_told_by_the_server_that_the_user_named_and_no_other(
    mail_user: MailUser, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    authority = Authority.make()
    (tmp_path / "push-ca.pem").write_bytes(authority.pem)
    context = server_context(authority.issue("localhost"), tmp_path)
    with serving_ntfy(context) as ntfy:
        place = f"127.0.0.1:{ntfy.port}"
        ca_file = (tmp_path / "push-ca.pem").as_posix()
        push = f'[push]\nurl = "https://{place}/{ntfy.topic}"\nca_file = "{ca_file}"'
        mail_user.configure(mail_user.account(), push)
        link = mail_user.approval()

        told, contacts = audited(mail_user.home, tmp_path / "record", *arguments)
        (shown,) = ntfy.await_shown(1)

    named = servers(mail_user) | {f"socket.connect {place}"}
    assert contacts <= named | {"socket.connect unix"}
    assert f"socket.connect {place}" in contacts
    assert link in told
    assert link not in json.dumps(shown)
    assert ntfy.topic not in told


def test_run_talks_to_the_named_push_server_and_starts_the_named_command_alone(
    mail_user: MailUser, tmp_path: Path
) -> None:
    record, mail_user.home.environment["PYTHONPATH"] = tmp_path / "record", str(PROJECT)
    command = (sys.executable, "-m", "tests.subprograms", "audit", str(record))
    hook = json.dumps([sys.executable, "-c", "import sys; sys.stdin.read()"])
    with serving_ntfy() as ntfy:
        place = f"127.0.0.1:{ntfy.port}"
        mail_user.configure(
            mail_user.account(),
            f'[push]\nurl = "http://{place}/{ntfy.topic}"\nlink = true',
            f"[hook]\ncommand = {hook}",
        )
        with mail_user.home.started("run", command=command) as run:
            run.await_text(CONNECTED)
            link = mail_user.approval()
            (shown,) = ntfy.await_shown(1)
            run.end()

    assert shown["click"] == link
    contacts = {" ".join(json.loads(line)) for line in record.read_text().splitlines()}
    program = sys.executable if IS_POSIX else None  # it has the line alone
    named = {f"socket.connect {place}", f"subprocess.Popen {program}"}
    assert contacts <= servers(mail_user) | named | {"socket.connect unix"}
    assert named <= contacts


def test_with_no_notify_no_phone_is_told(mail_user: MailUser, tmp_path: Path) -> None:
    with serving_ntfy() as ntfy:
        mail_user.configure(mail_user.account(), f'[push]\nurl = "{ntfy.url}"')
        mail_user.approval()

        _, contacts = audited(
            mail_user.home, tmp_path / "record", "check", "--no-notify"
        )

    assert contacts <= servers(mail_user) | {"socket.connect unix"}
    assert ntfy.requests == []


def test_the_demo_talks_to_its_own_two_servers_alone(
    home: Home, tmp_path: Path
) -> None:
    told, contacts = audited(
        *(home, tmp_path / "record", "demo", "--seconds", "3", "--no-notify")
    )

    assert "https://www.amazon.co.jp/a/c/r/" in told
    assert len(contacts) == 2
    assert all(one.startswith("socket.connect 127.0.0.1:") for one in contacts)


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
    assert all(is_private(path) for path in files if path.name in holders)


@linux_only("/proc")
def test_a_crash_writes_no_memory_to_disk(mail_user: MailUser) -> None:
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        limits = Path(f"/proc/{run.process.pid}/limits").read_text()
        run.end()

    assert re.search(r"Max core file size +0 ", limits)
