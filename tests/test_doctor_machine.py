"""`watcher doctor` on the machine: files, desktop, browser, log, disk, service."""

import errno
import sqlite3
import sys
from pathlib import Path

import pytest

from tests.desktop import fake_portal, session_bus, spare_server
from tests.doctor import SWITCHED_OFF, examined, in_order, verdict
from tests.environment import (
    Home,
    MailUser,
    without_account,
    without_privileges,
)
from tests.fakes import linux_only, posix_only
from watcher.config.schema import Notify
from watcher.errors import ExitCode, ServiceFailed
from watcher.i18n import Language, Text
from watcher.journal.log import Journal
from watcher.setup.doctor.desktop import check_notification
from watcher.setup.doctor.machine import TOO_LITTLE_BYTES, check_disk
from watcher.setup.doctor.report import (
    Verdict,
)
from watcher.setup.doctor.service import check_service
from watcher.setup.service.base import ServiceStatus

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def user(mail_user: MailUser) -> MailUser:
    """Give a user with everything in order."""
    return in_order(mail_user)


# Permissions and password


@posix_only("file modes")
def test_a_password_file_that_others_read_fails_with_the_command(
    user: MailUser,
) -> None:
    secret = user.home.folder / "secret"
    secret.write_text("secret\n")
    secret.chmod(0o644)
    account = user.account(password_env=None, password_file=f'"{secret.as_posix()}"')
    user.configure(account, notify=SWITCHED_OFF)

    report = examined(user.home)

    assert verdict(report, "permissions") == "fail"
    assert f"chmod 600 '{secret}'" in report["permissions"]["remedy"]
    assert verdict(report, "secret") == "fail"
    assert verdict(report, "login") == "skip"
    assert verdict(report, "tls") == "pass"


@posix_only("file modes")
def test_a_configuration_that_others_change_fails(user: MailUser) -> None:
    user.home.config.chmod(0o666)

    report = examined(user.home)

    assert verdict(report, "permissions") == "fail"
    assert "chmod go-w" in report["permissions"]["remedy"]
    assert verdict(report, "configuration") == "fail"


@posix_only("file modes")
def test_a_folder_that_others_change_fails(user: MailUser) -> None:
    user.home.config.parent.chmod(0o777)

    assert verdict(examined(user.home), "permissions") == "fail"


@posix_only("file modes")
def test_a_folder_in_which_each_has_only_their_own_files_is_good(
    user: MailUser,
) -> None:
    user.home.config.parent.chmod(0o1777)

    assert verdict(examined(user.home), "permissions") == "pass"


def test_a_password_that_cannot_be_had_fails(user: MailUser) -> None:
    account = user.account(password_env=None, password_command='["nowhere"]')
    user.configure(account, notify=SWITCHED_OFF)

    report = examined(user.home)

    assert verdict(report, "secret") == "fail"
    assert "password_command" in report["secret"]["remedy"]


# The user's desktop


def on_desktop(user: MailUser, address: str, channel: str = "auto") -> None:
    user.home.environment["DBUS_SESSION_BUS_ADDRESS"] = address
    user.configure(notify=f'language = "en"\nchannel = "{channel}"')


def test_the_desktops_buttons_are_told(user: MailUser) -> None:
    with session_bus() as bus, spare_server(bus, "actions", "body"):
        on_desktop(user, bus.address)
        report = examined(user.home)

    assert verdict(report, "notification") == "pass"
    assert "(spare), with buttons" in report["notification"]["detail"]


def test_a_desktop_without_buttons_is_told(user: MailUser) -> None:
    with session_bus() as bus, spare_server(bus, "body"):
        on_desktop(user, bus.address)
        report = examined(user.home)

    assert verdict(report, "notification") == "warn"


def test_where_nothing_can_be_shown_the_reason_is_told(user: MailUser) -> None:
    user.configure(notify='language = "en"\nchannel = "freedesktop"')

    report = examined(user.home)

    assert verdict(report, "notification") == "fail"
    why = "session bus" if sys.platform.startswith("linux") else "no such desktop"
    assert why in report["notification"]["detail"]


def test_nothing_is_shown_unless_asked_for(user: MailUser) -> None:
    with session_bus() as bus, spare_server(bus, "actions"), bus.recorded() as record:
        on_desktop(user, bus.address)
        report = examined(user.home)
        told = record.told()

    assert (verdict(report, "notification"), told) == ("pass", [])


def test_a_trial_withdraws_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with session_bus() as bus, spare_server(bus, "actions"), bus.recorded() as record:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        found = check_notification(
            Notify(), language=Language.EN, shows=True, shown_s=0
        )
        told = record.told()
        record.await_titles()

    assert found.verdict is Verdict.PASS
    assert told == ["A test notification"]
    assert "was shown for some seconds" in found.detail.say(Language.EN)


def test_a_trial_that_is_refused_fails(user: MailUser) -> None:
    with session_bus() as bus, spare_server(bus, "actions", refuses=True):
        on_desktop(user, bus.address, "freedesktop")
        report = examined(user.home, "--notify")

    assert verdict(report, "notification") == "fail"


def test_the_portal_opens_pages(user: MailUser) -> None:
    with session_bus() as bus, fake_portal(bus) as opened:
        on_desktop(user, bus.address)
        report = examined(user.home)

    assert "Portal" in report["browser"]["detail"]
    assert opened == []


@posix_only("Windows always has a browser")
def test_where_no_browser_is_found_it_is_told(user: MailUser) -> None:
    report = examined(user.home, environment={"BROWSER": "/nowhere/browser"})

    assert verdict(report, "browser") == "warn"


# Log and disk


def test_a_log_that_is_whole_is_good(user: MailUser) -> None:
    with Journal.open(user.home.log):
        pass

    report = examined(user.home)

    assert verdict(report, "log") == "pass"
    assert "WAL" in report["log"]["detail"]


def test_a_damaged_log_fails(user: MailUser) -> None:
    with Journal.open(user.home.log):
        pass
    user.home.log.write_bytes(b"no database" * 100)

    assert verdict(examined(user.home), "log") == "fail"


def test_a_log_that_cannot_be_shared_is_told(user: MailUser) -> None:
    with Journal.open(user.home.log):
        pass
    with sqlite3.connect(user.home.log) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()

    assert verdict(examined(user.home), "log") == "warn"


def test_every_check_gives_a_line_where_no_folder_may_be_searched(
    user: MailUser,
) -> None:
    folders = (user.home.config.parent, user.home.log.parent)
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o000)

    report = examined(user.home, command=without_privileges())
    for folder in folders:
        folder.chmod(0o700)

    assert verdict(report, "configuration") == "fail"
    assert "cannot be read (Permission denied)" in report["configuration"]["detail"]
    assert verdict(report, "log") == "fail"


def test_every_check_gives_a_line_without_a_home(home: Home) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        home.environment.pop(name)

    report = examined(home, command=without_account())

    for check in ("configuration", "permissions", "log", "service", "disk"):
        assert verdict(report, check) == "fail"
        assert "HOME" in report[check]["remedy"]


@pytest.mark.parametrize("state", ["/dev/null", "/dev/null/x", "/proc/nope"])
@linux_only("places where no folder can be made")
def test_a_place_where_no_log_can_be_made_fails_as_run_does(
    user: MailUser, state: str
) -> None:
    named = {"WATCHER_STATE": state}

    report = examined(user.home, environment=named)
    done = user.home.run("run", environment=named)

    assert verdict(report, "log") == "fail"
    assert done.code == ExitCode.CONFIG
    what, _, _ = report["log"]["detail"].partition("(")
    assert what == f"The lock file {state}/events.db.lock cannot be opened "
    assert what in done.err


def test_a_log_that_is_not_there_yet_is_tried_out_and_leaves_nothing(
    user: MailUser,
) -> None:
    report = examined(user.home)

    assert verdict(report, "log") == "pass"
    assert not user.home.log.parent.exists()


@pytest.mark.parametrize("has_log", [True, False])
def test_a_folder_that_cannot_be_written_fails(user: MailUser, has_log: bool) -> None:
    folder = user.home.log.parent
    if has_log:
        with Journal.open(user.home.log):
            pass
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o500)

    report = examined(user.home, command=without_privileges())

    assert verdict(report, "log") == "fail"
    assert str(folder) in report["log"]["detail"]
    assert verdict(report, "disk") == "pass"


def test_a_log_that_cannot_be_written_fails(user: MailUser) -> None:
    with Journal.open(user.home.log):
        pass
    user.home.log.chmod(0o400)

    report = examined(user.home, command=without_privileges())

    assert verdict(report, "log") == "fail"
    assert str(user.home.log) in report["log"]["detail"]


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (TOO_LITTLE_BYTES - 1, Verdict.FAIL),
        (TOO_LITTLE_BYTES, Verdict.WARN),
        (2**40, Verdict.PASS),
    ],
)
def test_a_disk_without_room_is_told(
    tmp_path: Path, left: int, expected: Verdict
) -> None:
    found = check_disk(tmp_path / "not" / "there", lambda _: left)

    assert found.verdict is expected
    assert str(tmp_path) in found.detail.say(Language.EN)


def test_a_disk_that_tells_nothing_is_told(tmp_path: Path) -> None:
    def refuse(_: Path) -> int:
        raise PermissionError(errno.EACCES, "no")

    assert check_disk(tmp_path, refuse).verdict is Verdict.WARN


# The service


BROKEN = ServiceFailed(Text(en="It is broken.", ja="壊れています。"))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (ServiceStatus(True, True, True, None), Verdict.PASS),
        (ServiceStatus(True, True, False, None), Verdict.WARN),
        (ServiceStatus(True, True, True, BROKEN), Verdict.WARN),
        (ServiceStatus(True, False, True, BROKEN), Verdict.FAIL),
        (ServiceStatus(False, False, False, BROKEN), Verdict.WARN),
    ],
)
def test_a_service_starts_at_login_or_it_is_told(
    status: ServiceStatus, expected: Verdict
) -> None:
    assert check_service(status).verdict is expected


def test_what_is_wrong_with_the_service_is_told_in_its_words() -> None:
    found = check_service(ServiceStatus(True, False, True, BROKEN))

    assert found.detail is BROKEN
