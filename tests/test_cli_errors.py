"""Whatever is wrong ends in a sentence with its remedy and the contract's exit code."""

import errno
import os
import sqlite3
import ssl
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import imap_server
from tests.environment import (
    CONNECTED,
    NO_SERVER,
    ONE_LOOK_S,
    WATCHER,
    Done,
    Home,
    MailUser,
    saying,
    without_account,
    without_privileges,
)
from tests.fakes import linux_only, posix_only
from tests.sample_mails import Mail, approval, html, sign
from tests.servers import Authority, Certificate, free_port
from watcher.app.lock import only_daemon, running_daemon
from watcher.errors import ExitCode, is_unread
from watcher.events import EventName
from watcher.journal.schema import FORMAT

LONG_AGO = datetime.now(UTC) - timedelta(days=30)
FULL = linux_only("/dev/full")
HANG_UPS: dict[str, imap_server.Fault] = {
    "LOGIN": lambda peer, _: peer.close(),
    "EXAMINE": lambda peer, _: peer.reset(),
    "SEARCH": lambda peer, _: peer.close(),
}


def no_notify(home: Home, *arguments: str) -> Done:
    return home.run("check", "--no-notify", *arguments)


@contextmanager
def tls_server(folder: Path, certificate: Certificate) -> Iterator[int]:
    """Shake hands with this certificate; give the port."""
    chain = folder / "server.pem"
    chain.write_bytes(certificate.pem + certificate.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)

    def greet(peer: imap_server.Peer) -> None:
        with suppress(OSError):
            context.wrap_socket(peer.sock, server_side=True).close()

    with imap_server.Server(greet=greet) as server:
        yield server.port


def without_home(home: Home) -> Home:
    """Name no folder of the user's in the environment."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        home.environment.pop(name)
    return home


@pytest.mark.parametrize("known", [None, ""])
@pytest.mark.parametrize(
    "command", ["log", "status", "run", "init --yes", "service status", "help files"]
)
def test_a_user_without_home_is_told_what_to_set(
    home: Home, command: str, known: str | None
) -> None:
    without_home(home)
    named = {} if known is None else {"HOME": known}
    done = home.run(*command.split(), environment=named, command=without_account())

    assert done.code == ExitCode.CONFIG
    assert "set HOME to it, or name their places in WATCHER_CONFIG" in done.err


def test_mails_are_judged_and_the_help_is_shown_without_home(home: Home) -> None:
    without_home(home)
    mail = approval("https://www.amazon.co.jp/a/c/r/x")

    judged = home.run("classify", "-", stdin=mail, command=without_account())
    helped = home.run(command=without_account())

    assert judged.code == ExitCode.OK
    assert judged.out
    assert helped.code == ExitCode.OK
    assert "set HOME" in helped.out
    assert "usage: watcher" in helped.out


def test_a_home_that_the_configuration_names_must_be_known(mail_user: MailUser) -> None:
    account = mail_user.account(password_env=None, password_file='"~nosuchuser/x"')
    mail_user.configure(account)

    done = no_notify(mail_user.home)

    assert done.code == ExitCode.CONFIG
    assert "accounts[1].password_file: whose home folder ~ means" in done.err


def test_a_wrong_password_is_77(mail_user: MailUser) -> None:
    mail_user.home.environment["MAIL_PASSWORD"] = "wrong"

    done = no_notify(mail_user.home)

    assert done.code == ExitCode.REFUSED
    assert f"refuses the login of {mail_user.user}" in done.err
    assert "app password" in done.err
    assert "wrong" not in done.err


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("password_env", '"NOT_SET"'),
        ("password_file", '"/no/such.txt"'),
        ("password_file", '"/dev/null"'),
        ("password_command", '["no-such-program"]'),
        ("keyring", "true"),
    ],
)
def test_a_password_that_cannot_be_had_names_its_key(
    mail_user: MailUser, key: str, value: str
) -> None:
    keys = {"password_env": None, key: value}
    mail_user.configure(mail_user.account(**keys))

    done = no_notify(mail_user.home)

    assert done.code == ExitCode.CONFIG
    assert f"home: accounts[1].{key}: " in done.err


def test_an_unknown_host_is_69(mail_user: MailUser) -> None:
    mail_user.configure(mail_user.account(host='"imap.nowhere.invalid"'))

    done = no_notify(mail_user.home)

    assert done.code == ExitCode.UNREACHABLE
    assert "imap.nowhere.invalid" in done.err
    assert "check the host name" in done.err or "name server is away" in done.err


def test_a_refused_port_is_69(mail_user: MailUser) -> None:
    port = free_port()
    mail_user.configure(mail_user.account(port=str(port)))

    done = no_notify(mail_user.home)

    assert (done.code, done.out) == (ExitCode.UNREACHABLE, "")
    assert f"localhost refuses port {port}" in done.err


@pytest.mark.parametrize(
    ("host", "issued_at", "is_trusted", "sentence"),
    [
        ("localhost", LONG_AGO, True, "has expired"),
        ("localhost", None, False, "comes from nobody this machine trusts"),
        ("elsewhere.example", None, True, "is not for localhost"),
    ],
    ids=["expired", "foreign", "of another host"],
)
def test_a_certificate_not_to_be_trusted_is_69(
    mail_user: MailUser,
    host: str,
    issued_at: datetime | None,
    is_trusted: bool,
    sentence: str,
) -> None:
    folder, authority = mail_user.home.folder, Authority.make()
    (folder / "ca.pem").write_bytes(authority.pem)
    ca_file = f'"{folder.as_posix()}/ca.pem"' if is_trusted else None
    with tls_server(folder, authority.issue(host, at=issued_at)) as port:
        mail_user.configure(mail_user.account(port=str(port), ca_file=ca_file))
        done = no_notify(mail_user.home)

    assert done.code == ExitCode.UNREACHABLE
    assert sentence in done.err


@pytest.mark.parametrize("command", HANG_UPS)
def test_a_server_that_hangs_up_is_75(mail_user: MailUser, command: str) -> None:
    with imap_server.Server(faults={command: HANG_UPS[command]}) as server:
        mail_user.configure(
            mail_user.account(host='"127.0.0.1"', port=str(server.port), tls='"none"')
        )
        done = no_notify(mail_user.home)

    assert done.code == ExitCode.TEMPORARY
    assert "127.0.0.1" in done.err


def test_a_missing_mailbox_is_78_and_the_others_are_synced(
    mail_user: MailUser,
) -> None:
    mail_user.configure(mail_user.account(mailboxes='["Nowhere", "INBOX"]'))
    link = mail_user.approval()

    done = no_notify(mail_user.home)

    assert done.code == ExitCode.CONFIG
    assert "Nowhere" in done.err
    assert link in done.out


def test_the_dead_account_holds_up_nobody_and_the_highest_code_wins(
    mail_user: MailUser,
) -> None:
    mail_user.configure(
        mail_user.account(name='"dead"', port=str(free_port())),
        mail_user.account(),
        mail_user.account(
            name='"locked"',
            password_env=None,
            password_command=saying("wrong"),
        ),
    )
    link = mail_user.approval()

    done = no_notify(mail_user.home)

    assert done.code == ExitCode.REFUSED
    assert link in done.out
    assert len(done.err.splitlines()) == 2


def test_a_mail_over_the_size_cap_is_judged_by_its_header(mail_user: MailUser) -> None:
    body = html("<p>サインイン</p>" * 40_000)
    mail_user.post(Mail(body=body))

    done = no_notify(mail_user.home)

    assert (done.code, done.out.count("https://")) == (0, 0)
    (event,) = mail_user.home.events()
    assert "too_large" in event.reasons


def test_malformed_mime_is_judged_all_the_same(mail_user: MailUser) -> None:
    nested = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n" * 5000
    mail_user.post(Mail(body=nested))
    mail_user.deliver(b"From: account-update@amazon.co.jp\r\nSubject: \xff\xfe\r\n\r\n")

    done = no_notify(mail_user.home)

    assert done.code == 0
    assert {event.event for event in mail_user.home.events()} <= {
        EventName.LOOK_ALIKE,
        EventName.UNVERIFIED,
    }


def test_a_folder_in_the_place_of_the_log_is_78(mail_user: MailUser) -> None:
    mail_user.home.log.mkdir(parents=True)

    done = no_notify(mail_user.home)

    assert done.code == ExitCode.CONFIG
    assert str(mail_user.home.log) in done.err


def test_a_folder_in_the_place_of_the_configuration_is_78(home: Home) -> None:
    home.config.mkdir(parents=True)

    assert home.run("check").code == ExitCode.CONFIG


@posix_only("pipes in the file system")
def test_a_pipe_in_the_place_of_the_configuration_is_78(home: Home) -> None:
    home.config.parent.mkdir(parents=True)
    os.mkfifo(home.config, 0o600)

    done = home.run("check")

    assert done.code == ExitCode.CONFIG
    assert "ordinary file" in done.err


def test_a_locked_log_is_75(mail_user: MailUser) -> None:
    no_notify(mail_user.home)
    with closing(sqlite3.connect(mail_user.home.log, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        done = no_notify(mail_user.home)

    assert done.code == ExitCode.TEMPORARY
    assert "is locked by another program" in done.err


@posix_only("file modes: Windows has none")
def test_a_read_only_log_is_78(mail_user: MailUser) -> None:
    no_notify(mail_user.home)
    mail_user.home.log.chmod(0o400)

    done = mail_user.home.run("check", command=without_privileges())

    assert done.code == ExitCode.CONFIG
    assert "Correct its permissions" in done.err


def test_a_folder_that_nobody_may_write_to_is_78(mail_user: MailUser) -> None:
    folder = mail_user.home.log.parent
    folder.mkdir(parents=True)
    folder.chmod(0o500)

    done = mail_user.home.run("check", command=without_privileges())
    folder.chmod(0o700)

    assert done.code == ExitCode.CONFIG
    assert "Correct its permissions" in done.err


@pytest.mark.parametrize("command", ["log", "status", "open"])
def test_a_folder_that_nobody_may_read_is_78(home: Home, command: str) -> None:
    home.log.parent.mkdir(parents=True)
    home.log.write_bytes(b"")
    home.log.parent.chmod(0o000)

    done = home.run(command, command=without_privileges())
    home.log.parent.chmod(0o700)

    assert done.code == ExitCode.CONFIG
    assert "Correct its permissions" in done.err


@pytest.mark.parametrize(
    "command", ["check", "log", "status", "expect", "copy", "init --yes", "oauth login"]
)
def test_a_configuration_in_a_folder_that_nobody_may_search_is_78(
    home: Home, command: str
) -> None:
    home.configure(NO_SERVER)
    home.config.parent.chmod(0o000)

    done = home.run(*command.split(), command=without_privileges())
    home.config.parent.chmod(0o700)

    assert done.code == ExitCode.CONFIG
    assert f"{home.config} cannot be read (Permission denied)" in done.err


@posix_only("a shell's ulimit")
def test_a_full_disk_is_75_and_the_log_is_whole_after_it(mail_user: MailUser) -> None:
    mail_user.approval()
    no_notify(mail_user.home)
    link = mail_user.approval()

    full = mail_user.home.run(
        "check",
        "--no-notify",
        command=("sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *WATCHER),
        environment={"COVERAGE_PROCESS_CONFIG": ""},
    )
    done = no_notify(mail_user.home)

    assert full.code == ExitCode.TEMPORARY
    assert "Make room on the disk" in full.err
    assert (done.code, link in done.out) == (0, True)
    assert mail_user.home.names() == ["attempt", "attempt"]


@posix_only("limits of a process")
@pytest.mark.parametrize(
    ("option", "amounts"),
    [("n", (*range(5, 14), 64)), ("v", (*range(40_000, 130_000, 10_000), 2_000_000))],
)
def test_where_the_system_gives_too_little_a_sentence_says_so(
    home: Home, option: str, amounts: Sequence[int]
) -> None:
    """From the least with which Python starts, to what is enough."""
    home.configure(NO_SERVER)
    ends = []
    for amount in amounts:
        limited = ("sh", "-c", f'ulimit -{option} {amount}; exec "$@"', "sh", *WATCHER)
        with suppress(AssertionError):  # Python itself did not start
            ends.append(
                home.run(
                    *("check", "--no-notify"),
                    command=limited,
                    environment={"COVERAGE_PROCESS_CONFIG": ""},
                )
            )

    assert not [done.err for done in ends if "This is a bug" in done.err]
    too_little = [done.code for done in ends if "gives watcher no more" in done.err]
    assert set(too_little) == {ExitCode.TEMPORARY}
    assert ends[-1].code == ExitCode.UNREACHABLE


def test_a_log_of_a_newer_version_is_78(mail_user: MailUser) -> None:
    no_notify(mail_user.home)
    with closing(sqlite3.connect(mail_user.home.log)) as connection:
        connection.execute(f"PRAGMA user_version = {FORMAT + 1}")

    codes = {mail_user.home.run(*command).code for command in (["check"], ["log"])}

    assert codes == {ExitCode.CONFIG}


def test_a_second_run_is_75_and_names_the_first(mail_user: MailUser) -> None:
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        done = mail_user.home.run("run")
        assert run.end() == 0

    assert done.code == ExitCode.TEMPORARY
    assert f"process {run.process.pid}" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        *(
            ["dance"],
            ["--dance"],
            ["check", "--wait", "soon"],
            ["log", "--since", "yesterday"],
        ),
        *(["log", "--since", "999999d"], ["expect", "2d"], ["expect", "0s"]),
    ],
    ids=str,
)
def test_wrong_usage_is_2(home: Home, arguments: list[str]) -> None:
    done = home.run(*arguments)

    assert (done.code, done.out) == (ExitCode.USAGE, "")
    assert "usage: watcher" in done.err


def test_nothing_that_came_is_3(mail_user: MailUser) -> None:
    home = mail_user.home

    done = [
        home.run("check", "--wait", ONE_LOOK_S, "--no-notify"),
        home.run("open"),
        home.run("status"),
    ]

    assert [each.code for each in done] == [ExitCode.NOTHING] * 3
    assert "No sign-in attempt" in done[0].out


def test_check_wait_tells_why_nothing_could_come(mail_user: MailUser) -> None:
    mail_user.configure(mail_user.account(port=str(free_port())))

    done = no_notify(mail_user.home, "--wait", "1")

    assert done.code == ExitCode.UNREACHABLE
    assert "refuses port" in done.err


def test_a_file_that_is_no_mail_is_65_and_the_others_are_judged(
    home: Home,
) -> None:
    (home.folder / "good.eml").write_bytes(approval())

    bad = ("missing.eml", "/proc/self/mem", "a" * 5000)
    done = home.run("classify", "--json", *bad, "good.eml")

    assert done.code == ExitCode.UNREADABLE
    assert [line["file"] for line in done.json] == ["good.eml"]
    assert "missing.eml" in done.err


def test_a_broken_installation_is_1_with_a_traceback_for_those_who_ask(
    mail_user: MailUser,
) -> None:
    (mail_user.home.folder / "imapclient.py").write_text("raise RuntimeError('broken')")

    # Not every Python looks for modules where it runs.
    here = "import sys; sys.path.insert(0, '.'); from watcher.cli import main; "
    command = (sys.executable, "-c", f"{here} sys.exit(main(sys.argv[1:]))")
    done = mail_user.home.run("check", command=command)
    asked = mail_user.home.run("-v", "check", command=command)

    assert (done.code, asked.code) == (ExitCode.BUG, ExitCode.BUG)
    assert "This is a bug" in done.err
    assert "RuntimeError: broken" in asked.err


def test_no_configuration_is_78_and_says_what_to_do(home: Home) -> None:
    done = home.run("check")

    assert done.code == ExitCode.CONFIG
    assert str(home.config) in done.err
    assert "watcher init" in done.err


def test_a_password_in_the_configuration_is_78_and_printed_nowhere(home: Home) -> None:
    home.configure('[[accounts]]\npassword = "hunter2"')
    known = home.run("-v", "check")
    home.configure("[[accounts]]\npassword = hunter2")
    broken = home.run("-v", "check")

    for done in (known, broken):
        assert done.code == ExitCode.CONFIG
        assert "passwords cannot stand here" in done.err
        assert "hunter2" not in done.err + done.out


def test_errors_speak_the_language_of_the_desktop(home: Home) -> None:
    done = home.run("check", environment={"LANG": "ja_JP.UTF-8"})

    assert done.code == ExitCode.CONFIG
    assert "設定ファイル" in done.err


@posix_only("file modes")
def test_a_password_file_that_others_can_read_is_78(mail_user: MailUser) -> None:
    secret = mail_user.home.folder / "password"
    secret.write_text("secret")
    secret.chmod(0o644)
    mail_user.configure(
        mail_user.account(password_env=None, password_file=f'"{secret.as_posix()}"')
    )

    done = no_notify(mail_user.home)
    secret.chmod(0o600)

    assert done.code == ExitCode.CONFIG
    assert f"chmod 600 {secret}" in done.err
    assert no_notify(mail_user.home).code == 0


@posix_only("file modes")
def test_a_configuration_that_others_can_write_is_78(mail_user: MailUser) -> None:
    mail_user.home.config.chmod(0o666)

    done = no_notify(mail_user.home)

    assert done.code == ExitCode.CONFIG
    assert "chmod go-w" in done.err


def test_a_mail_signed_by_another_domain_is_no_attempt(mail_user: MailUser) -> None:
    raw = approval(**mail_user.envelope())
    unsigned = raw[raw.index(b"Date:") :]
    mail_user.deliver(sign(unsigned, "evil.example"))

    done = no_notify(mail_user.home)

    assert (done.code, "https://" in done.out) == (0, False)
    assert mail_user.home.names() == ["look_alike"]


def test_output_into_a_closed_pipe_is_no_error(mail_user: MailUser) -> None:
    mail_user.approval()
    no_notify(mail_user.home)

    assert mail_user.home.run_unread("log", "--json") == (0, "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("status", "--json"), ExitCode.NOTHING),
        (("doctor", "--json"), ExitCode.NOTHING),
        (("classify", "mail.eml", "missing.eml"), ExitCode.UNREADABLE),
        (("check", "--json", "--no-notify"), ExitCode.REFUSED),
        (("log", "--json"), ExitCode.OK),
        (("help", "config"), ExitCode.OK),
    ],
)
def test_a_reader_that_goes_away_changes_no_exit_code(
    arguments: tuple[str, ...], code: ExitCode, unbuffered: str, mail_user: MailUser
) -> None:
    mail_user.approval()
    (mail_user.home.folder / "mail.eml").write_bytes(approval())
    no_notify(mail_user.home)

    environment = {"PYTHONUNBUFFERED": unbuffered, "MAIL_PASSWORD": "wrong"}
    ended, err = mail_user.home.run_unread(*arguments, environment=environment)

    assert ended == code
    assert "bug" not in err


def test_of_a_pipe_that_nobody_reads_windows_says_that_it_is_invalid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    invalid = OSError(errno.EINVAL, "Invalid argument")
    of_a_file = OSError(errno.EINVAL, "Invalid argument", "events.db")
    for name, is_pipe in (("posix", False), ("nt", True)):
        monkeypatch.setattr("watcher.errors.os", SimpleNamespace(name=name))

        assert is_unread(invalid) is is_pipe
        assert not is_unread(of_a_file)
        assert is_unread(BrokenPipeError())


@posix_only("a shell that closes descriptors")
@pytest.mark.parametrize(
    ("streams", "code"),
    [
        (">&-", ExitCode.OK),
        (">&- 2>&-", ExitCode.OK),
        ("2>&-", ExitCode.OK),
        pytest.param(">/dev/full", ExitCode.TEMPORARY, marks=FULL),
        pytest.param("2>/dev/full", ExitCode.OK, marks=FULL),
    ],
)
def test_output_that_goes_nowhere_is_no_bug(
    mail_user: MailUser, streams: str, code: int
) -> None:
    mail_user.approval()

    done = mail_user.home.run(
        command=("sh", "-c", f'exec "$@" {streams}', "sh", *WATCHER, "-v", "check")
    )

    assert done.code == code
    assert "bug" not in done.err
    assert "attempt" in mail_user.home.names()


@FULL
def test_an_error_that_cannot_be_told_keeps_its_exit_code(home: Home) -> None:
    done = home.run(
        command=("sh", "-c", 'exec "$@" 2>/dev/full', "sh", *WATCHER, "check")
    )

    assert done.code == ExitCode.CONFIG


@FULL
def test_a_full_disk_under_the_lock_is_left_to_the_log_to_tell(home: Home) -> None:
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))  # no file takes a byte
    try:
        with only_daemon(home.log):
            assert running_daemon(home.log) == 0
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
