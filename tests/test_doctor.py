"""`watcher doctor`: each check has its line, good or bad, whatever the others say."""

import errno
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.desktop import fake_portal, session_bus, spare_server
from tests.environment import (
    PATIENCE_S,
    WATCHER,
    Home,
    MailUser,
    token,
    without_privileges,
)
from tests.imap_server import QUICK, Peer, Server
from tests.sample_mails import approval, records
from tests.servers import Authority, server_context, serving_dns
from tests.test_clock_flow import set_clock
from tests.test_name_servers import as_it_is, recording
from watcher.app.machine_clock import MachineClock
from watcher.clock import boottime_s, utc_now
from watcher.config.accounts import watched
from watcher.config.load import load
from watcher.config.schema import Notify
from watcher.dkim import FixedKeys
from watcher.errors import ExitCode, MailboxRefused
from watcher.events import Arrival, Seen
from watcher.i18n import Language, Text, fit_columns
from watcher.imap.account import JUNK, Timeouts, WatchMode
from watcher.journal.log import Journal
from watcher.setup.doctor.account import CHECKS, AccountChecks
from watcher.setup.doctor.checks import Doctor
from watcher.setup.doctor.clock import KnownClock, machine_clock
from watcher.setup.doctor.desktop import check_notification
from watcher.setup.doctor.machine import TOO_LITTLE_BYTES, check_disk
from watcher.setup.doctor.mails import check_addresses
from watcher.setup.doctor.network import check_name_servers
from watcher.setup.doctor.offered import (
    USEFUL,
    check_capabilities,
    check_mailboxes,
)
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
from watcher.setup.doctor.service import check_service
from watcher.setup.past_mails import PastMails
from watcher.setup.probe import Probed
from watcher.timing.deadline import Times
from watcher.timing.error import ClockError

pytestmark = pytest.mark.timeout(60)

SWITCHED_OFF = 'enabled = false\nlanguage = "en"'
CONTRACT = [
    *("configuration", "permissions", "secret", "dns", "tls", "login"),
    *("capabilities", "mailboxes", "addresses", "clock", "dkim_key", "notification"),
    *("browser", "log", "service", "disk", "push", "oauth"),
]
Report = dict[str, dict[str, Any]]


@pytest.fixture
def user(mail_user: MailUser) -> MailUser:
    """Give a user with everything in order, whose desktop shows nothing."""
    mail_user.configure(
        mail_user.account(mailboxes=None), notify=SWITCHED_OFF, mode="auto"
    )
    return mail_user


def examined(
    home: Home,
    *options: str,
    environment: Mapping[str, str] | None = None,
    command: Sequence[str] = WATCHER,
) -> Report:
    """Return the lines of `doctor --json` by their checks, of one account at most."""
    done = home.run(
        "doctor", "--json", *options, environment=environment, command=command
    )
    found = {line["check"]: line for line in done.json}
    assert [line["check"] for line in done.json] == CONTRACT
    fails = any(line["verdict"] == "fail" for line in done.json)
    assert done.code == (ExitCode.NOTHING if fails else ExitCode.OK), done.err
    return found


def verdict(report: Report, check: str) -> str:
    """Return the verdict of a check; one that is not good names a remedy."""
    line = report[check]
    assert (line["remedy"] is not None) == (line["verdict"] in {"warn", "fail"}), line
    return str(line["verdict"])


def old(user: MailUser, to: str, days: int = 10) -> None:
    """Put a signed mail into INBOX that came days ago."""
    at = utc_now() - timedelta(days=days)
    raw = approval(
        f"https://www.amazon.co.jp/a/c/r/{token()}",
        to=to,
        date=format_datetime(at),
        message_id=f"<{token()}@amazonses.com>",
    )
    user.move_in(raw, at)


# All of it


def test_where_all_is_well_nothing_fails(user: MailUser) -> None:
    old(user, user.user)

    report = examined(user.home)

    good = {name for name in CONTRACT if verdict(report, name) == "pass"}
    assert good >= {
        *("configuration", "permissions", "secret", "tls", "login", "capabilities"),
        *("mailboxes", "addresses", "clock", "dkim_key", "browser", "log", "disk"),
    }
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
    notify = f'language = "{language}"\nchannel = "terminal"'
    user.configure(user.account(addresses='["taro@example.jp"]'), notify=notify)
    old(user, user.user)

    done = user.home.run("doctor")

    shown = done.out.splitlines()
    words = {"en": ("✓ pass", "! warn", "✗ fail"), "ja": ("✓ 良好", "! 注意", "✗ 問題")}
    for word in words[language]:
        assert any(line.startswith(word) for line in shown), done.out
    wide = [one for one in shown if fit_columns(one, 80) != one]
    assert [one for one in wide if len(one.split()) > 1 and "/" not in one] == []
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


# Permissions and password


def test_a_password_file_that_others_read_fails_with_the_command(
    user: MailUser,
) -> None:
    secret = user.home.folder / "secret"
    secret.write_text("secret\n")
    secret.chmod(0o644)
    account = user.account(password_env=None, password_file=f'"{secret}"')
    user.configure(account, notify=SWITCHED_OFF)

    report = examined(user.home)

    assert verdict(report, "permissions") == "fail"
    assert f"chmod 600 '{secret}'" in report["permissions"]["remedy"]
    assert verdict(report, "secret") == "fail"
    assert verdict(report, "login") == "skip"
    assert verdict(report, "tls") == "pass"


def test_a_configuration_that_others_change_fails(user: MailUser) -> None:
    user.home.config.chmod(0o666)

    report = examined(user.home)

    assert verdict(report, "permissions") == "fail"
    assert "chmod go-w" in report["permissions"]["remedy"]
    assert verdict(report, "configuration") == "fail"


def test_a_folder_that_others_change_fails(user: MailUser) -> None:
    user.home.config.parent.chmod(0o777)

    assert verdict(examined(user.home), "permissions") == "fail"


def test_a_folder_in_which_each_has_only_their_own_files_is_good(
    user: MailUser,
) -> None:
    user.home.config.parent.chmod(0o1777)

    assert verdict(examined(user.home), "permissions") == "pass"


def test_a_password_that_cannot_be_had_fails(user: MailUser) -> None:
    account = user.account(password_env=None, password_command='["false"]')
    user.configure(account, notify=SWITCHED_OFF)

    report = examined(user.home)

    assert verdict(report, "secret") == "fail"
    assert "password_command" in report["secret"]["remedy"]


# Name servers


def with_name_servers(user: MailUser, *addresses: str) -> None:
    servers = ", ".join(f'"{address}"' for address in addresses)
    user.home.configure(
        f"[notify]\n{SWITCHED_OFF}",
        f'[dkim]\nnameservers = [{servers}]\ntimeout = "1s"',
        user.account(),
    )


def test_a_name_server_with_edns_and_tcp_is_good(user: MailUser) -> None:
    with recording(as_it_is) as server:
        with_name_servers(user, f"127.0.0.1:{server.port}")
        report = examined(user.home)

    assert verdict(report, "dns") == "pass"
    assert f"127.0.0.1:{server.port}" in report["dns"]["detail"]


def test_a_name_server_without_tcp_is_told(user: MailUser) -> None:
    report = examined(user.home)

    assert verdict(report, "dns") == "warn"
    assert "TCP" in report["dns"]["detail"]


def test_each_name_server_is_asked_alone(user: MailUser) -> None:
    with serving_dns({}) as dead:
        dead.is_silent = True
        with_name_servers(user, user.name_server.address, dead.address)
        report = examined(user.home)

    assert verdict(report, "dns") == "warn"
    good, _, bad = report["dns"]["detail"].partition(";")
    assert user.name_server.address in good
    assert dead.address in bad


def test_where_no_name_server_answers_there_is_no_key_either(user: MailUser) -> None:
    user.name_server.is_silent = True
    with_name_servers(user, user.name_server.address)

    report = examined(user.home)

    assert (verdict(report, "dns"), verdict(report, "dkim_key")) == ("fail", "fail")
    assert verdict(report, "login") == "pass"


def test_a_machine_without_a_name_server_is_told() -> None:
    assert check_name_servers([], timedelta(1)).verdict is Verdict.FAIL


# Encryption and login


def test_a_certificate_that_nobody_trusts_fails_and_says_why(user: MailUser) -> None:
    user.configure(user.account(ca_file=None), notify=SWITCHED_OFF)

    report = examined(user.home)

    assert verdict(report, "tls") == "fail"
    assert "nobody this machine trusts" in report["tls"]["detail"]
    assert verdict(report, "login") == "skip"
    assert verdict(report, "secret") == "pass"


def test_the_encryption_is_told(user: MailUser) -> None:
    report = examined(user.home)

    assert "TLSv1.3" in report["tls"]["detail"]
    assert "Test CA" in report["tls"]["detail"]


def test_a_certificate_for_another_host_is_named(
    user: MailUser, tmp_path: Path
) -> None:
    authority = Authority.make()
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(authority.pem)
    context = server_context(authority.issue("mail.example.com"), tmp_path)
    with Server(context=context) as server:
        port, file = str(server.port), f'"{ca_file}"'
        user.configure(user.account(port=port, ca_file=file), notify=SWITCHED_OFF)
        report = examined(user.home)

    assert verdict(report, "tls") == "fail"
    assert "not for localhost" in report["tls"]["detail"]


def on(user: MailUser, server: Server, **changes: str) -> None:
    """Configure the account on a scripted server."""
    where = {"host": '"127.0.0.1"', "port": str(server.port), "tls": '"none"'}
    account = user.account(**{"ca_file": None, **where, **changes})
    user.configure(account, notify=SWITCHED_OFF, mode="auto")


def test_a_refused_login_comes_with_the_servers_words(user: MailUser) -> None:
    def refuse(peer: Peer, tag: str) -> None:
        peer.send(f"{tag} NO [AUTHENTICATIONFAILED] Invalid \x1b[31mcredentials")

    with Server(faults={"LOGIN": refuse}) as server:
        on(user, server)
        report = examined(user.home)

    assert verdict(report, "login") == "fail"
    assert "Invalid [31mcredentials" in report["login"]["detail"]
    assert server.count("LOGIN") == 1
    skipped_ones = ("capabilities", "mailboxes", "addresses")
    assert {verdict(report, name) for name in skipped_ones} == {"skip"}


def test_the_password_is_fetched_once(user: MailUser) -> None:
    asked = user.home.folder / "asked"
    script = user.home.folder / "pass"
    script.write_text(f"#!/bin/sh\necho x >>'{asked}'\necho secret\n")
    script.chmod(0o700)
    command = f'["{script}"]'
    account = user.account(password_env=None, password_command=command)
    user.configure(account, notify=SWITCHED_OFF)

    report = examined(user.home)

    assert verdict(report, "login") == "pass"
    assert asked.read_text() == "x\n"


# What the server offers


def test_a_server_without_push_is_told(user: MailUser) -> None:
    with Server(capabilities="IMAP4rev1 ID") as server:
        on(user, server)
        report = examined(user.home)

    assert verdict(report, "capabilities") == "warn"
    assert "IDLE" in report["capabilities"]["detail"]


def test_who_wants_polls_misses_no_push() -> None:
    without_push = {"ID"}

    wanted = check_capabilities(without_push, WatchMode.POLL)
    missed = check_capabilities(without_push, WatchMode.AUTO)

    assert (wanted.verdict, missed.verdict) == (Verdict.PASS, Verdict.WARN)
    some = check_capabilities({"IDLE", "ID"}, WatchMode.AUTO)
    assert some.verdict is Verdict.PASS
    assert some.detail.say(Language.EN).endswith("it lacks NOTIFY, SPECIAL-USE.")
    assert "lacks" not in check_capabilities(USEFUL, WatchMode.AUTO).detail.say(
        Language.EN
    )


def test_a_connection_that_breaks_hides_no_later_check(user: MailUser) -> None:
    with Server(faults={"EXAMINE": lambda peer, _: peer.reset()}) as server:
        on(user, server)
        report = examined(user.home)

    assert verdict(report, "login") == "pass"
    assert verdict(report, "mailboxes") == "fail"
    assert verdict(report, "dkim_key") == "skip"


def test_a_connection_that_breaks_later_leaves_what_the_machine_knows(
    user: MailUser,
) -> None:
    with Server(faults={"SEARCH": lambda peer, _: peer.reset()}) as server:
        on(user, server)
        report = examined(user.home)

    assert verdict(report, "mailboxes") == "pass"
    assert verdict(report, "addresses") == "fail"
    assert "mail server" not in report["clock"]["detail"]


def test_a_junk_mailbox_that_is_not_found_is_told(user: MailUser) -> None:
    with Server() as server:
        on(user, server, mailboxes='["INBOX", "\\\\Junk"]')
        report = examined(user.home)

    assert verdict(report, "mailboxes") == "warn"
    assert "mailboxes" in report["mailboxes"]["remedy"]


def test_a_mailbox_that_the_configuration_invents_fails(user: MailUser) -> None:
    user.configure(user.account(mailboxes='["INBOX", "Nope"]'), notify=SWITCHED_OFF)

    report = examined(user.home)

    assert verdict(report, "mailboxes") == "fail"
    assert "Nope" in report["mailboxes"]["detail"]


def test_of_mailboxes_the_worst_is_told_with_its_words() -> None:
    refusal = MailboxRefused(Text(en="It is locked.", ja="使用中です。"))
    there = Probed(
        capabilities=frozenset(), encryption=None, mailboxes=("INBOX",), missing=()
    )

    locked = check_mailboxes(replace(there, refused=(refusal,), missing=(JUNK,)))
    none = check_mailboxes(replace(there, mailboxes=(), refused=(refusal,)))

    assert locked.verdict is Verdict.WARN
    assert locked.detail.say(Language.EN).startswith("It is locked. No junk mailbox")
    assert none.verdict is Verdict.FAIL
    assert check_mailboxes(there).verdict is Verdict.PASS


# Addresses and key


def test_an_address_that_is_not_configured_comes_with_the_line_to_write(
    user: MailUser,
) -> None:
    old(user, user.user)
    old(user, "hanako@example.jp")

    report = examined(user.home)

    assert verdict(report, "addresses") == "warn"
    assert "hanako@example.jp (1)" in report["addresses"]["detail"]
    line = f'addresses = ["{user.user}", "hanako@example.jp"]'
    assert line in report["addresses"]["remedy"]
    assert "your own" in report["addresses"]["remedy"]


def test_an_address_of_another_account_is_known(user: MailUser) -> None:
    other = user.account(name='"work"', port="1", addresses='["hanako@example.jp"]')
    user.configure(user.account(), other, notify=SWITCHED_OFF)
    old(user, "hanako@example.jp")

    found = user.home.run("doctor", "--json").json

    (line,) = [
        one for one in found if (one["check"], one["account"]) == ("addresses", "home")
    ]
    assert line["verdict"] == "pass"


def test_of_many_addresses_some_are_named_and_the_others_counted(
    user: MailUser,
) -> None:
    for number in range(7):
        old(user, f"a{number}@example.jp", days=10 + number)

    report = examined(user.home)

    detail = report["addresses"]["detail"]
    assert "a4@example.jp (1), +2" in detail
    assert "a5@example.jp" not in detail


def test_a_mail_that_proves_nothing_names_no_address(user: MailUser) -> None:
    raw = approval(**user.envelope(timedelta(days=10)))
    forged = raw.replace(f"To: {user.user}".encode(), b"To: evil@example.jp")
    user.move_in(forged, utc_now() - timedelta(days=10))

    report = examined(user.home)

    assert verdict(report, "addresses") == "skip"
    assert "evil" not in json.dumps(report)


def test_mails_whose_keys_are_gone_are_no_forgeries(user: MailUser) -> None:
    with serving_dns({}) as empty:
        with_name_servers(user, empty.address)
        old(user, user.user)
        report = examined(user.home)

    assert verdict(report, "addresses") == "skip"
    assert "could not be checked any more" in report["addresses"]["detail"]


def test_a_look_that_was_cut_short_says_so(user: MailUser) -> None:
    config = load(user.home.config)
    cut_short = PastMails(is_complete=False)

    found = check_addresses(cut_short, config.accounts[0], config)

    assert found.detail.say(Language.EN).endswith("could be looked at.")


def test_the_key_is_that_of_a_mail_that_was_proved(user: MailUser) -> None:
    old(user, user.user)

    report = examined(user.home)

    assert verdict(report, "dkim_key") == "pass"
    assert "test._domainkey.amazon.co.jp" in report["dkim_key"]["detail"]


def test_without_a_configured_address_those_seen_are_the_line_to_write(
    user: MailUser,
) -> None:
    name = user.user.partition("@")[0]
    user.configure(user.account(user=f'"{name}"'), notify=SWITCHED_OFF)
    at = utc_now() - timedelta(days=10)
    raw = approval(to="taro@example.jp", date=format_datetime(at))
    replace(user, user=name).move_in(raw, at)

    report = examined(user.home)

    assert verdict(report, "addresses") == "warn"
    assert 'addresses = ["taro@example.jp"]' in report["addresses"]["remedy"]


# Clock


@pytest.mark.parametrize(
    ("offset_s", "words"),
    [(-86400, "24 hours behind"), (600, "10 minutes ahead")],
)
def test_a_clock_that_is_not_the_servers_fails(
    user: MailUser, offset_s: int, words: str
) -> None:
    old(user, user.user)
    set_clock(user, offset_s)

    report = examined(user.home)

    assert verdict(report, "clock") == "fail"
    assert words in report["clock"]["detail"]


def test_without_a_search_by_age_a_mail_of_the_future_proves_it(
    user: MailUser,
) -> None:
    with Server() as server:
        server.add(approval())
        server.ahead = timedelta(minutes=10)
        on(user, server)
        report = examined(user.home)

    assert verdict(report, "clock") == "fail"
    assert "10 minutes behind" in report["clock"]["detail"]


@pytest.mark.parametrize(
    ("learned", "is_synchronised", "expected", "words"),
    [
        (ClockError(600), True, Verdict.FAIL, "10 minutes ahead"),
        (None, True, Verdict.PASS, "time server"),
        (None, False, Verdict.WARN, "does not set"),
        (None, None, Verdict.SKIP, "nothing here to compare"),
    ],
    ids=str,
)
def test_without_a_server_mails_count_more_than_the_systems_word(
    learned: ClockError | None,
    is_synchronised: bool | None,
    expected: Verdict,
    words: str,
) -> None:
    found = machine_clock(KnownClock(lambda: learned, lambda: is_synchronised))

    assert found.verdict is expected
    assert words in found.detail.say(Language.EN)


def test_what_the_log_has_learned_of_the_clock_is_known(user: MailUser) -> None:
    user.configure(user.account(port="1"), notify=SWITCHED_OFF)
    with Journal.open(user.home.log) as journal:
        now, seen_s = utc_now(), boottime_s()
        at = now + timedelta(minutes=10)
        arrival = Arrival(at, Seen(seen_s, seen_s - 1))
        MachineClock(journal).learn("home", Times(at, arrival), now)

    report = examined(user.home)

    assert verdict(report, "clock") == "fail"
    assert "10 minutes behind" in report["clock"]["detail"]


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
    assert "session bus" in report["notification"]["detail"]


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


@pytest.mark.parametrize(
    ("installed", "at_login", "runs", "expected"),
    [
        (True, True, True, Verdict.PASS),
        (True, True, False, Verdict.WARN),
        (True, False, True, Verdict.WARN),
        (False, False, False, Verdict.WARN),
    ],
)
def test_a_service_starts_at_login_or_it_is_told(
    installed: bool, at_login: bool, runs: bool, expected: Verdict
) -> None:
    status = _Status(installed, at_login, runs)

    assert check_service(lambda: status).verdict is expected


def test_what_is_wrong_with_the_service_fails() -> None:
    problem = Text(en="It is broken.", ja="壊れています。")

    found = check_service(lambda: _Status(True, True, True, problem))

    assert (found.verdict, found.detail) == (Verdict.FAIL, problem)


class _Status:
    def __init__(
        self, installed: bool, at_login: bool, runs: bool, problem: Text | None = None
    ) -> None:
        self.is_installed = installed
        self.starts_at_login = at_login
        self.is_running = runs
        self.problem = problem


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
        path=user.home.config,
        config=load(user.home.config),
        error=None,
        log=user.home.log,
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
    assert found[Check.PERMISSIONS].verdict is Verdict.PASS


def test_a_keyring_that_hangs_is_named_by_the_account(user: MailUser) -> None:
    release = threading.Event()

    def hang() -> str:
        release.wait()
        return "secret"

    config = load(user.home.config)
    account = watched(config)[0]
    checks = AccountChecks(
        entry=config.accounts[0],
        watched=replace(account, account=replace(account.account, get_password=hang)),
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
