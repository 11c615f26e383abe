"""`watcher doctor`: each check has its line, whatever the others say."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.doctor import CONTRACT, SWITCHED_OFF, examined, in_order, old, on, verdict
from tests.environment import (
    PATIENCE_S,
    Home,
    MailUser,
)
from tests.fakes import IS_POSIX, posix_only
from tests.imap_server import QUICK, Peer, Server
from tests.sample_mails import records
from watcher.cli.doctor import render
from watcher.cli.parser import parse
from watcher.config.accounts import watched
from watcher.config.load import load
from watcher.dkim import FixedKeys
from watcher.i18n import Language, Text, fit_columns
from watcher.imap.account import Timeouts
from watcher.setup.doctor.account import CHECKS, AccountChecks
from watcher.setup.doctor.checks import Doctor
from watcher.setup.doctor.clock import KnownClock
from watcher.setup.doctor.report import (
    Check,
    Finding,
    Line,
    Slot,
    Verdict,
    passed,
    skipped,
)
from watcher.setup.doctor.running import Part, lines, one

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def user(mail_user: MailUser) -> MailUser:
    """Give a user with everything in order."""
    return in_order(mail_user)


# All of it


def test_where_all_is_well_nothing_fails(user: MailUser) -> None:
    old(user, user.user)

    report = examined(user.home)

    good = {name for name in CONTRACT if verdict(report, name) == "pass"}
    assert good >= {
        *("configuration", "secret", "tls", "login", "capabilities"),
        *("mailboxes", "addresses", "clock", "dkim_key", "browser", "log", "disk"),
    }
    assert verdict(report, "permissions") == ("pass" if IS_POSIX else "skip")
    assert verdict(report, "notification") == "skip"
    assert {verdict(report, name) for name in ("push", "oauth")} == {"skip"}
    of_account = {name for name in CONTRACT if report[name]["account"] == "home"}
    assert of_account == {check.value for check in CHECKS}
    assert {line["v"] for line in report.values()} == {1}


def test_without_a_configuration_init_is_named_and_the_machine_is_checked(
    home: Home,
) -> None:
    report = examined(home)

    assert verdict(report, "configuration") == "fail"
    assert "watcher init" in report["configuration"]["remedy"]
    assert {verdict(report, name) for name in ("secret", "tls", "login")} == {"skip"}
    assert verdict(report, "log") == "pass"
    assert verdict(report, "browser") == "pass"
    assert {line["account"] for line in report.values()} == {None}


def test_a_configuration_with_mistakes_lists_them(user: MailUser) -> None:
    user.configure(user.account(port='"x"', colour='"red"'))

    report = examined(user.home)

    assert verdict(report, "configuration") == "fail"
    assert "accounts[1].port" in report["configuration"]["detail"]
    assert "accounts[1].colour" in report["configuration"]["detail"]
    assert verdict(report, "login") == "skip"


def test_each_account_has_its_own_lines(user: MailUser) -> None:
    other = user.account(name='"work"', host='"localhost"', port="1")
    user.configure(user.account(), other, notify=SWITCHED_OFF)

    found = user.home.run("doctor", "--json").json

    logins = {one["account"]: one["verdict"] for one in found if one["check"] == "tls"}
    assert logins == {"home": "pass", "work": "fail"}
    assert len(found) == len(CONTRACT) + len(CHECKS)


def test_nothing_is_changed_and_nothing_opened(user: MailUser) -> None:
    user.approval()
    before = user.mailbox_files()

    examined(user.home)

    assert user.mailbox_files() == before
    assert not user.home.opened.exists()
    assert not user.home.log.exists()


def test_no_password_is_shown(user: MailUser) -> None:
    user.home.environment["MAIL_PASSWORD"] = "hunter2-hunter2"

    done = user.home.run("doctor", "--json", "-v")

    assert "hunter2" not in done.out + done.err


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_report_fits_a_terminal_and_does_not_speak_by_colour_alone(
    user: MailUser, language: str
) -> None:
    notify = f'language = "{language}"\nchannel = "freedesktop"'
    user.configure(user.account(addresses='["taro@example.jp"]'), notify=notify)
    old(user, user.user)

    done = user.home.run("doctor")

    shown = done.out.splitlines()
    words = {"en": ("✓ pass", "! warn", "✗ fail"), "ja": ("✓ 良好", "! 注意", "✗ 問題")}
    for word in words[language]:
        assert any(line.startswith(word) for line in shown), done.out
    wide = [one for one in shown if fit_columns(one, 80) != one]
    assert [one for one in wide if len(one.split()) > 1 and os.sep not in one] == []
    assert "\x1b" not in done.out


def test_quietly_only_what_needs_the_user_is_told(user: MailUser) -> None:
    done = user.home.run("doctor", "-q")

    heads = [line for line in done.out.splitlines() if not line.startswith(" ")]
    assert heads
    assert {line[:6] for line in heads} == {"! warn"}


def test_without_such_signs_ascii_takes_their_place(user: MailUser) -> None:
    ascii_alone = {"PYTHONIOENCODING": "ascii"}

    done = user.home.run("doctor", environment=ascii_alone)

    assert "o pass configuration" in done.out
    assert "?" not in done.out.split("\n")[0]


# Checks that hang or crash

FINE = Text(en="fine", ja="良好")
A, B, C = (Slot(check) for check in (Check.DNS, Check.LOG, Check.DISK))


def verdicts(found: Iterator[Line]) -> list[tuple[Slot, Verdict]]:
    return [(line.slot, line.finding.verdict) for line in found]


def test_a_check_that_hangs_is_told_and_holds_nobody_up() -> None:
    release = threading.Event()

    def hang() -> Finding:
        release.wait()
        return passed(FINE)

    parts = [one(A, hang), one(B, lambda: passed(FINE))]
    found = verdicts(lines([A, B], parts, seconds=0.1))
    release.set()

    assert found == [(A, Verdict.FAIL), (B, Verdict.PASS)]


def test_lines_come_while_a_later_check_still_runs() -> None:
    release = threading.Event()

    def wait() -> Finding:
        release.wait()
        return passed(FINE)

    coming = lines([A, B], [one(A, lambda: passed(FINE)), one(B, wait)])
    assert next(coming).slot == A
    release.set()

    assert verdicts(coming) == [(B, Verdict.PASS)]


def test_a_check_that_crashes_is_a_bug_and_no_other_line_is_lost() -> None:
    def crash() -> Finding:
        raise ZeroDivisionError

    found = verdicts(lines([A, B], [one(A, crash), one(B, lambda: passed(FINE))]))

    assert found == [(A, Verdict.FAIL), (B, Verdict.PASS)]


def test_a_part_that_ends_early_fills_its_lines() -> None:
    def end_early() -> Iterator[tuple[Slot, Finding]]:
        yield A, skipped(FINE)
        raise ZeroDivisionError

    found = verdicts(lines([A, B, C], [Part((A, B, C), end_early)]))

    assert found == [(A, Verdict.SKIP), (B, Verdict.FAIL), (C, Verdict.SKIP)]


def doctor_of(user: MailUser, timeouts: Timeouts) -> Doctor:
    return Doctor(
        find_path=lambda: user.home.config,
        config=load(user.home.config),
        error=None,
        find_log=lambda: user.home.log,
        language=Language.EN,
        timeouts=timeouts,
    )


def findings(doctor: Doctor) -> dict[Check, Finding]:
    return {line.slot.check: line.finding for line in doctor.lines()}


def test_a_mail_server_that_hangs_fails_and_the_others_are_checked(
    user: MailUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "secret")

    def hang(_: Peer) -> None:
        return

    with Server(greet=hang, faults={"CAPABILITY": lambda *_: None}) as server:
        on(user, server)
        quick = replace(QUICK, greeting_timeout_s=0.2)
        found = findings(doctor_of(user, quick))

    assert found[Check.TLS].verdict is Verdict.FAIL
    assert found[Check.LOGIN].verdict is Verdict.SKIP
    assert found[Check.SECRET].verdict is Verdict.PASS
    assert found[Check.DISK].verdict is Verdict.PASS


def test_a_keyring_that_hangs_is_named_by_the_account(user: MailUser) -> None:
    release = threading.Event()

    def hang() -> str:
        release.wait()
        return "secret"

    config = load(user.home.config)
    account = watched(config)[0]
    checks = AccountChecks(
        entry=config.accounts[0],
        watched=replace(account, account=replace(account.account, get_secret=hang)),
        config=config,
        keys=FixedKeys(records().get),
        clock=KnownClock(lambda: None, lambda: None),
        timeouts=replace(QUICK, secret_timeout_s=0.1),
    )
    found = {slot.check: finding for slot, finding in checks.run()}
    release.set()

    assert found[Check.SECRET].verdict is Verdict.FAIL
    assert "home" in found[Check.SECRET].detail.say(Language.EN)
    assert found[Check.LOGIN].verdict is Verdict.SKIP
    assert found[Check.DKIM_KEY].verdict is Verdict.SKIP


@posix_only("pipes in the file system")
def test_a_program_that_gives_no_password_is_ended_with_the_check(
    user: MailUser,
) -> None:
    alive, ended = user.home.folder / "alive", user.home.folder / "ended"
    os.mkfifo(alive)
    script = user.home.folder / "pass"
    # the end of the pipe comes when the program has ended
    script.write_text(f"#!/bin/sh\nexec sleep 3600 >'{alive}'\n")
    script.chmod(0o700)
    account = user.account(password_env=None, password_command=f'["{script}"]')
    user.configure(account, notify=SWITCHED_OFF)
    reader = threading.Thread(
        target=lambda: ended.write_bytes(alive.read_bytes()), daemon=True
    )
    reader.start()

    found = findings(doctor_of(user, replace(QUICK, secret_timeout_s=0.5)))
    reader.join(PATIENCE_S)

    assert found[Check.SECRET].verdict is Verdict.FAIL
    assert str(script) in found[Check.SECRET].detail.say(Language.EN)
    assert ended.exists()


def test_the_clock_is_the_computers_though_an_account_has_the_other_one() -> None:
    finding = Finding(Verdict.PASS, Text(en="It is right.", ja="合っています。"))
    options = parse(["doctor"], Language.EN)
    clock, login = (
        next(render(Line(Slot(check, "home"), finding), options))
        for check in (Check.CLOCK, Check.LOGIN)
    )

    assert clock.endswith(" It is right. (home)")
    assert login.endswith(" home: It is right.")
