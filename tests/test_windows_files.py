"""Names and files as users of Windows have them, on every system and to the end."""

import uuid
from pathlib import Path

import pytest

from tests.environment import Home, MailUser
from tests.servers import PASSWORD, Dovecot, NameServer
from watcher.errors import ExitCode

BOM = b"\xef\xbb\xbf"
SHORT, LONG = "家計簿 & 私の ファイル (1)", "長" * 60
LONGEST = 260
"""What a path may have on a Windows that is not told otherwise (MAX_PATH)."""


def user_in(folder: Path, dovecot: Dovecot, name_server: NameServer) -> MailUser:
    """Return a user with a mailbox whose home is that folder."""
    folder.mkdir(parents=True)
    name = f"user-{uuid.uuid4().hex[:12]}@example.jp"
    user = MailUser(Home(folder), dovecot, name_server, name)
    user.configure()
    return user


def test_a_home_with_blanks_and_japanese_signs_is_one_as_any(
    tmp_path: Path, dovecot: Dovecot, name_server: NameServer
) -> None:
    user = user_in(tmp_path / SHORT, dovecot, name_server)
    link = user.approval()

    checked = user.home.run("check", "--no-notify")
    opened = user.home.run("open", "--print")

    assert (checked.code, checked.err) == (ExitCode.OK, "")
    assert opened.out == f"{link}\n"


def test_a_long_path_works_or_is_named(
    tmp_path: Path, dovecot: Dovecot, name_server: NameServer
) -> None:
    user = user_in(tmp_path / SHORT, dovecot, name_server)
    log = Path(LONG, LONG, LONG, LONG[:20], "events.db")
    config = user.home.config.read_text("utf-8")
    user.home.configure(f'log.path = "{log.as_posix()}"', config)
    link = user.approval()

    done = user.home.run("check", "--no-notify")

    assert len(str(user.home.config.parent / log)) > LONGEST
    if done.code == ExitCode.OK:
        assert link in done.out
    else:
        assert done.code == ExitCode.CONFIG
        assert LONG in done.err


def test_what_notepad_saves_is_read(mail_user: MailUser) -> None:
    secret = mail_user.home.folder / "password.txt"
    secret.write_bytes(BOM + f"{PASSWORD}\r\n".encode())
    secret.chmod(0o600)
    account = mail_user.account(password_env=None, password_file=f"'{secret}'")
    mail_user.configure(account)
    lines = mail_user.home.config.read_bytes().splitlines()
    mail_user.home.config.write_bytes(BOM + b"\r\n".join(lines))
    link = mail_user.approval()

    done = mail_user.home.run("check", "--no-notify")

    assert (done.code, link in done.out) == (ExitCode.OK, True), done.err


@pytest.mark.parametrize(
    "codes",
    [
        {"PYTHONIOENCODING": "cp932"},
        {"PYTHONUTF8": "0"},  # of the system: on Windows its code page
    ],
    ids=["Japanese", "own"],
)
def test_the_link_is_told_in_each_code_page(
    mail_user: MailUser, codes: dict[str, str]
) -> None:
    mail_user.configure(notify='language = "ja"\nenabled = false')
    link = mail_user.approval()

    done = mail_user.home.run("check", environment=codes, encoding="cp932")

    assert (done.code, link in done.out) == (ExitCode.OK, True), done.err
