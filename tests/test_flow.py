"""The whole road, on a real server: from a mail to a notification and a log line."""

import json
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests import desktop
from tests.household import Household
from tests.samples import APPROVAL_HTML, CODE_HTML, LINK, Mail, html, signed
from watcher.clock import utc_now
from watcher.events import EventName

JUNK = b"\\Junk"
TOO_OLD = timedelta(minutes=20)


def tls_account(household: Household, tls: str) -> str:
    ports = household.server.ports
    port = ports.imap if tls == "starttls" else ports.imaps
    return household.account(tls=f'"{tls}"', port=str(port))


def bytes_of_log(household: Household) -> bytes:
    """Return all that lies beside the event log, write-ahead log included."""
    files = household.home.log.parent.iterdir()
    return b"".join(path.read_bytes() for path in files)


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_check_tells_of_a_mail_once_and_leaves_it_untouched(
    household: Household, tls: str
) -> None:
    household.configure(tls_account(household, tls))
    link = household.approval()
    before = household.mailbox_files()

    with household.home.started("check") as check:
        assert check.await_end() == 0
    again = household.home.run("check")

    assert link in check.seen
    assert (again.code, link in again.out) == (0, True)
    assert household.home.names() == ["attempt", "notified"]
    assert set(household.mailbox_files().values()) == set(before.values())
    assert not any("S" in name.rpartition(",")[2] for name in household.mailbox_files())


def test_a_dovecot_mailbox_keeps_its_flags_and_its_unseen_count(
    household: Household,
) -> None:
    household.approval()
    names = set(household.mailbox_files())

    household.home.run("check", "--no-notify")
    household.home.run("check", "--no-notify")

    unread = {name.partition(":")[0] for name in household.mailbox_files()}
    assert unread == {name.partition(":")[0] for name in names}
    assert {name.partition(":2,")[2] for name in household.mailbox_files()} == {""}


@pytest.mark.parametrize("mode", ["poll", "idle", "auto"])
def test_run_tells_of_mails_as_they_come_and_stops_when_told(
    household: Household, mode: str
) -> None:
    household.configure(mode=mode)

    with household.home.started("run") as run:
        run.await_text("state=watching")
        first = household.approval()
        run.await_text(first)
        second = household.approval()
        run.await_text(second)
        code = run.end()

    assert code == 0
    assert "Traceback" not in run.seen
    assert household.home.names() == [
        *("started", "attempt", "notified", "attempt", "notified", "stopped")
    ]


def test_ctrl_c_stops_run_as_sigterm_does(household: Household) -> None:
    with household.home.started("run") as run:
        run.await_text("state=watching")
        code = run.end(signal.SIGINT)

    assert (code, "Traceback" in run.seen) == (0, False)
    assert household.home.names() == ["started", "stopped"]


def test_a_restart_after_kill_9_tells_nothing_twice(household: Household) -> None:
    link = household.approval()
    with household.home.started("run") as run:
        run.await_text(link)
        desktop.eventually(lambda: "notified" in household.home.names())
        run.end(signal.SIGKILL)

    with household.home.started("run") as again:
        again.await_text("state=watching")
        other = household.approval()
        again.await_text(other)
        again.end()

    assert link not in again.seen
    assert household.home.names().count("attempt") == 2


def test_check_json_has_the_fields_of_the_contract(household: Household) -> None:
    link = household.approval()

    done = household.home.run("check", "--json", "--no-notify")

    (event,) = done.json
    assert event.pop("seconds_left") in range(200, 301)
    assert event.pop("uid_validity") > 0
    assert event.pop("message_id").endswith("@amazonses.com>")
    for key in ("at", "attempted_at", "received_at", "expires_at"):
        assert event.pop(key).endswith("Z")
    assert event == {
        "v": 1,
        "id": 1,
        "attempt_id": 1,
        "event": "attempt",
        "account": "home",
        "mailbox": "INBOX",
        "uid": 1,
        "kind": "approval",
        "store": "amazon.co.jp",
        "link": link,
        "code": None,
        "reasons": [],
        "detail": None,
        "device": "Mozilla Firefox Windows (デスクトップ)",
        "near": "Tokyo, Japan",
    }


def test_log_masks_what_check_shows_unless_it_is_told_to_reveal(
    household: Household,
) -> None:
    link = household.approval()
    household.code("271828")
    household.home.run("check", "--no-notify")

    masked = household.home.run("log", "--json")
    plain = household.home.run("log")
    revealed = household.home.run("log", "--json", "--reveal")

    assert {event["link"] for event in masked.json if event["link"]} == {
        "https://www.amazon.co.jp/a/c/r/…"
    }
    assert {event["code"] for event in masked.json if event["code"]} == {"…"}
    for out in (masked.out, plain.out):
        assert link not in out
        assert "271828" not in out
    assert {event["link"] for event in revealed.json} == {link, None}
    assert {event["code"] for event in revealed.json} == {"271828", None}


def test_at_its_deadline_an_attempt_is_over_and_its_link_is_in_no_file(
    household: Household,
) -> None:
    link = household.approval(age=timedelta(minutes=4, seconds=56))
    secret = link.rpartition("/")[2].encode()

    with (
        household.home.started("log", "--follow", "--json") as log,
        household.home.started("run") as run,
    ):
        run.await_text(link)
        held = bytes_of_log(household)
        log.await_text('"event": "expired"')
        left = bytes_of_log(household)
        assert run.end() == 0

    assert secret in held
    assert secret not in left
    assert household.home.run("check", "--no-notify", "--json").out == ""


def test_a_mail_that_comes_too_late_is_logged_as_missed_without_its_link(
    household: Household,
) -> None:
    link = household.approval(age=TOO_OLD)

    with household.home.started("check") as check:
        assert check.await_end() == 0

    assert household.home.names() == ["missed"]
    assert link not in check.seen
    assert link.rpartition("/")[2].encode() not in bytes_of_log(household)


def test_a_forgery_is_logged_and_nothing_of_it_is_shown(household: Household) -> None:
    link = "https://www.amazon.co.jp/a/c/r/ForgedForgedForgedForged1"
    body = html(CODE_HTML.format(code="999999", link=link))
    household.post(Mail(body=body))

    with household.home.started("check") as check:
        assert check.await_end() == 0

    assert "999999" not in check.seen
    assert link not in check.seen
    (event,) = household.home.events()
    assert event.event in {EventName.LOOK_ALIKE, EventName.UNVERIFIED}
    assert b"ForgedForged" not in bytes_of_log(household)


def test_ordinary_mail_leaves_no_trace_and_its_body_stays_on_the_server(
    household: Household,
) -> None:
    body = html("<p>発送しました</p>")
    household.post(Mail(sender="shop@shop.example", subject="ご注文の発送", body=body))

    done = household.home.run("check")

    assert (done.code, household.home.events()) == (0, [])
    assert done.out == "No sign-in attempt is waiting for you.\n"


def test_a_copy_in_a_second_mailbox_is_the_same_attempt(household: Household) -> None:
    household.configure(household.account(mailboxes='["INBOX", "\\\\Junk"]'))
    link = household.approval()
    assert household.home.run("check", "--no-notify").code == 0
    raw = next(iter(household.mailbox_files().values()))
    household.deliver(raw)
    household.append(raw, JUNK)

    done = household.home.run("check", "--no-notify", "--json")

    assert [event["link"] for event in done.json] == [link]
    assert household.home.names() == ["attempt"]


def test_two_programs_at_once_on_a_new_log_make_one_event(household: Household) -> None:
    link = household.approval()

    with ThreadPoolExecutor() as pool:
        checks = [
            pool.submit(household.home.run, "check", "--json", "--no-notify")
            for _ in range(4)
        ]

    assert [check.result().code for check in checks] == [0, 0, 0, 0]
    assert {event["link"] for check in checks for event in check.result().json} == {
        link
    }
    assert household.home.names() == ["attempt"]


def test_check_beside_run_leaves_the_telling_and_the_end_to_run(
    household: Household,
) -> None:
    household.configure(mode="poll", poll_interval="2s")
    with household.home.started("run") as run:
        run.await_text("state=watching")
        link = household.approval(age=timedelta(minutes=4, seconds=52))
        household.home.run("check", "--no-notify")
        run.await_text(link)
        with household.home.started("log", "--follow", "--json") as log:
            log.await_text('"event": "expired"')
        run.end()

    assert household.home.names().count("attempt") == 1
    assert household.home.names().count("notified") == 1


def test_without_an_answer_from_dns_there_is_no_link_until_there_is_one(
    household: Household,
) -> None:
    household.name_server.is_silent = True
    household.configure(dkim='timeout = "1s"')
    with household.home.started("run") as run:
        run.await_text("state=watching")
        link = household.approval()
        with household.home.started("log", "--follow", "--json") as log:
            log.await_text('"event": "unverified"')
            assert link not in run.seen
            household.name_server.is_silent = False
            run.await_text(link)
        assert run.end() == 0

    events = household.home.events()
    (unverified,) = (each for each in events if each.event is EventName.UNVERIFIED)
    (attempt,) = (each for each in events if each.event is EventName.ATTEMPT)
    assert unverified.reasons == ("dkim_temperror",)
    assert attempt.attempt_id == unverified.id


def test_check_names_a_mail_that_may_be_one_beside_nothing(
    household: Household,
) -> None:
    household.post(Mail(body=html(APPROVAL_HTML.format(link=LINK))))

    done = household.home.run("check", "--no-notify")

    assert "one and could not be verified" in done.out
    assert LINK not in done.out


def test_check_points_from_an_unknown_form_to_the_mail(household: Household) -> None:
    form = html("<p>サインイン試行 がありました。</p>")
    household.deliver(signed(Mail(body=form), **household.envelope()))

    done = household.home.run("check", "--no-notify")

    assert "unknown form" in done.out
    assert "Open Amazon's mail" in done.out


def test_check_wait_ends_with_the_mail_it_waited_for(household: Household) -> None:
    household.configure(mode="idle")
    with household.home.started(
        "-v", "check", "--wait", "25", "--json", "--no-notify"
    ) as check:
        check.await_text("state=watching")
        link = household.approval()
        assert check.await_end() == 0

    line = check.seen.splitlines()[-1]
    assert json.loads(line)["link"] == link


def test_check_wait_knows_what_is_alive_already(household: Household) -> None:
    link = household.approval()
    household.home.run("check", "--no-notify")

    done = household.home.run("check", "--wait", "25", "--json", "--no-notify")

    assert (done.code, [event["link"] for event in done.json]) == (0, [link])


def test_a_real_desktop_shows_the_mail_of_check_once(household: Household) -> None:
    with desktop.desktop(desktop.dunst) as one:
        household.configure(notify='channel = "freedesktop"')
        address = {"DBUS_SESSION_BUS_ADDRESS": one.bus.address}
        link = household.approval()

        first = household.home.run("check", environment=address)
        second = household.home.run("check", environment=address)
        shown = one.closed()

    assert (first.code, second.code) == (0, 0)
    assert [link in each["body"] for each in shown] == [True]
    assert [event.detail for event in household.home.events()] == [None, "freedesktop"]


def test_a_click_opens_the_page_in_the_users_browser(household: Household) -> None:
    with desktop.desktop(desktop.dunst) as one:
        household.configure(notify='channel = "freedesktop"')
        household.home.environment["DBUS_SESSION_BUS_ADDRESS"] = one.bus.address
        link = household.approval()
        with household.home.started("run") as run:
            one.click()
            desktop.eventually(lambda: "opened" in household.home.names())
            assert run.end() == 0

    assert household.home.opened.read_text() == link


def test_a_log_line_says_what_happened_in_the_users_language(
    household: Household,
) -> None:
    household.configure(notify='language = "ja"\nchannel = "terminal"')
    household.approval()
    household.home.run("check", "--no-notify")

    done = household.home.run("log")

    assert "サインイン試行  home  amazon.co.jp  承認または否認" in done.out
    assert done.out.startswith(utc_now().astimezone().strftime("%Y-"))


def test_the_log_is_readable_by_nobody_else(household: Household) -> None:
    household.home.run("check", "--no-notify")

    log = household.home.log
    with sqlite3.connect(log) as connection:
        connection.execute("SELECT count(*) FROM events")
    assert oct(log.stat().st_mode)[-3:] == "600"
    assert oct(log.parent.stat().st_mode)[-3:] == "700"
