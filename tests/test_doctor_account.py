"""`watcher doctor` on an account: from its password to the mails that came there."""

import json
import sys
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.doctor import (
    SWITCHED_OFF,
    examined,
    in_order,
    old,
    on,
    verdict,
    with_name_servers,
)
from tests.environment import (
    MailUser,
)
from tests.imap_server import Peer, Server
from tests.sample_mails import approval
from tests.servers import Authority, server_context, serving_dns
from tests.test_clock_flow import set_clock
from tests.test_name_servers import as_it_is, recording
from watcher.app.machine_clock import MachineClock
from watcher.clock import boottime_s, utc_now
from watcher.config.load import load
from watcher.errors import MailboxRefused
from watcher.events import Arrival, Seen
from watcher.i18n import Language, Text
from watcher.imap.account import JUNK
from watcher.imap.choices import WatchMode
from watcher.journal.log import Journal
from watcher.setup.doctor.clock import KnownClock, machine_clock
from watcher.setup.doctor.mails import check_addresses
from watcher.setup.doctor.network import check_name_servers
from watcher.setup.doctor.offered import (
    USEFUL,
    check_capabilities,
    check_mailboxes,
)
from watcher.setup.doctor.report import (
    Verdict,
)
from watcher.setup.past_mails import PastMails
from watcher.setup.probe import Probed
from watcher.timing.deadline import Times
from watcher.timing.error import ClockError

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def user(mail_user: MailUser) -> MailUser:
    """Give a user with everything in order."""
    return in_order(mail_user)


# Name servers


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
        port, file = str(server.port), f'"{ca_file.as_posix()}"'
        user.configure(user.account(port=port, ca_file=file), notify=SWITCHED_OFF)
        report = examined(user.home)

    assert verdict(report, "tls") == "fail"
    assert "not for localhost" in report["tls"]["detail"]


def test_a_refused_login_comes_with_the_servers_words(user: MailUser) -> None:
    def refuse(peer: Peer, tag: str) -> None:
        peer.send(f"{tag} NO [AUTHENTICATIONFAILED] Invalid \x1b[31mcredentials")

    with Server(faults={"LOGIN": refuse}) as server:
        on(user, server)
        report = examined(user.home)

    assert verdict(report, "login") == "fail"
    assert "Invalid [31mcredentials" in report["login"]["detail"]
    assert "The password stands in" in report["login"]["remedy"]
    assert server.count("LOGIN") == 1
    skipped_ones = ("capabilities", "mailboxes", "addresses")
    assert {verdict(report, name) for name in skipped_ones} == {"skip"}


def test_a_login_that_is_put_off_blames_no_password(user: MailUser) -> None:
    def put_off(peer: Peer, tag: str) -> None:
        peer.send(f"{tag} NO [LIMIT] Too many simultaneous connections. (Failure)")

    with Server(faults={"LOGIN": put_off}) as server:
        on(user, server)
        report = examined(user.home)

    assert verdict(report, "login") == "fail"
    assert "too many connections" in report["login"]["detail"]
    assert "password were not refused" in report["login"]["remedy"]


def test_the_password_is_fetched_once(user: MailUser) -> None:
    asked = user.home.folder / "asked"
    program = f"print('x', file=open({str(asked)!r}, 'a')); print('secret')"
    command = json.dumps([sys.executable, "-c", program])
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
    line = f'addresses=["{user.user}","hanako@example.jp"]'
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
    assert 'addresses=["taro@example.jp"]' in report["addresses"]["remedy"]


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
