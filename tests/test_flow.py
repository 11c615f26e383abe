"""The whole road, on a real server: from a mail to a notification and a log line."""

import json
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest

from tests import desktop
from tests.environment import CONNECTED, MailUser
from tests.fakes import posix_only
from tests.sample_mails import APPROVAL_HTML, CODE_HTML, LINK, Mail, html, signed
from watcher.clock import utc_now
from watcher.errors import ExitCode
from watcher.events import EventName, to_fields

JUNK = b"\\Junk"
TOO_OLD = timedelta(minutes=20)


def tls_account(mail_user: MailUser, tls: str) -> str:
    ports = mail_user.server.ports
    port = ports.imap if tls == "starttls" else ports.imaps
    return mail_user.account(tls=f'"{tls}"', port=str(port))


def bytes_of_log(mail_user: MailUser) -> bytes:
    """Return all that lies beside the event log, write-ahead log included."""
    files = mail_user.home.log.parent.iterdir()
    return b"".join(path.read_bytes() for path in files)


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_check_tells_of_a_mail_once_and_leaves_it_untouched(
    mail_user: MailUser, tls: str
) -> None:
    mail_user.configure(tls_account(mail_user, tls))
    link = mail_user.approval()
    before = mail_user.mailbox_files()

    with mail_user.home.started("check") as check:
        assert check.await_end() == 0
    again = mail_user.home.run("check")

    assert link in check.seen
    assert (again.code, link in again.out) == (0, True)
    assert mail_user.home.names() == ["attempt", "notified"]
    assert set(mail_user.mailbox_files().values()) == set(before.values())
    assert not any("S" in name.rpartition(",")[2] for name in mail_user.mailbox_files())


def test_a_dovecot_mailbox_keeps_its_flags_and_its_unseen_count(
    mail_user: MailUser,
) -> None:
    mail_user.approval()
    names = set(mail_user.mailbox_files())

    mail_user.home.run("check", "--no-notify")
    mail_user.home.run("check", "--no-notify")

    unread = {name.partition(":")[0] for name in mail_user.mailbox_files()}
    assert unread == {name.partition(":")[0] for name in names}
    assert {name.partition(":2,")[2] for name in mail_user.mailbox_files()} == {""}


@pytest.mark.parametrize("mode", ["poll", "idle", "auto"])
def test_run_tells_of_mails_as_they_come_and_stops_when_told(
    mail_user: MailUser, mode: str
) -> None:
    mail_user.configure(mode=mode)

    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        first = mail_user.approval()
        run.await_text(first)
        second = mail_user.approval()
        run.await_text(second)
        code = run.end()

    assert code == 0
    assert "Traceback" not in run.seen
    assert mail_user.home.names() == [
        *("started", "attempt", "notified"),
        *("attempt", "notified", "superseded", "stopped"),
    ]


@pytest.mark.parametrize(
    ("enabled", "names"), [("false", ["superseded"]), ("true", [])]
)
def test_a_newer_attempt_is_known_for_one_where_the_user_wants_no_notifications(
    mail_user: MailUser, enabled: str, names: list[str]
) -> None:
    mail_user.configure(notify=f"enabled = {enabled}")
    for _ in range(2):
        mail_user.approval()
        assert mail_user.home.run("check", "--no-notify").code == ExitCode.OK

    assert mail_user.home.names() == ["attempt", "attempt", *names]


def test_ctrl_c_stops_run_as_sigterm_does(mail_user: MailUser) -> None:
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        code = run.end(signal.SIGINT)

    assert (code, "Traceback" in run.seen) == (0, False)
    assert mail_user.home.names() == ["started", "stopped"]


def test_a_restart_after_kill_9_tells_nothing_twice(mail_user: MailUser) -> None:
    link = mail_user.approval()
    with mail_user.home.started("run") as run:
        run.await_text(link)
        desktop.eventually(lambda: "notified" in mail_user.home.names())
        run.crash()

    with mail_user.home.started("run") as again:
        again.await_text(CONNECTED)
        other = mail_user.approval()
        again.await_text(other)
        again.end()

    assert link not in again.seen
    assert mail_user.home.names().count("attempt") == 2


def test_check_json_has_the_fields_of_the_contract(mail_user: MailUser) -> None:
    link = mail_user.approval()

    done = mail_user.home.run("check", "--json", "--no-notify")

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
    mail_user: MailUser,
) -> None:
    link = mail_user.approval()
    mail_user.code("271828")
    mail_user.home.run("check", "--no-notify")

    masked = mail_user.home.run("log", "--json")
    plain = mail_user.home.run("log")
    revealed = mail_user.home.run("log", "--json", "--reveal")

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
    mail_user: MailUser,
) -> None:
    link = mail_user.approval(age=timedelta(minutes=4, seconds=50))
    secret = link.rpartition("/")[2].encode()

    with (
        mail_user.home.started("log", "--follow", "--json") as log,
        mail_user.home.started("run") as run,
    ):
        run.await_text(link)
        held = bytes_of_log(mail_user)
        log.await_text('"event": "expired"')
        left = bytes_of_log(mail_user)
        assert run.end() == 0

    assert secret in held
    assert secret not in left
    assert mail_user.home.run("check", "--no-notify", "--json").out == ""


def test_a_mail_that_comes_too_late_is_logged_as_missed_without_its_link(
    mail_user: MailUser,
) -> None:
    link = mail_user.approval(age=TOO_OLD)

    with mail_user.home.started("check") as check:
        assert check.await_end() == 0

    assert mail_user.home.names() == ["missed"]
    assert link not in check.seen
    assert link.rpartition("/")[2].encode() not in bytes_of_log(mail_user)


def test_a_forgery_is_logged_and_nothing_of_it_is_shown(mail_user: MailUser) -> None:
    link = "https://www.amazon.co.jp/a/c/r/ForgedForgedForgedForged1"
    body = html(CODE_HTML.format(code="999999", link=link))
    mail_user.post(Mail(body=body))

    with mail_user.home.started("check") as check:
        assert check.await_end() == 0

    assert "999999" not in check.seen
    assert link not in check.seen
    (event,) = mail_user.home.events()
    assert event.event in {EventName.LOOK_ALIKE, EventName.UNVERIFIED}
    assert b"ForgedForged" not in bytes_of_log(mail_user)


def test_ordinary_mail_leaves_no_trace_and_its_body_stays_on_the_server(
    mail_user: MailUser,
) -> None:
    body = html("<p>発送しました</p>")
    mail_user.post(Mail(sender="shop@shop.example", subject="ご注文の発送", body=body))

    done = mail_user.home.run("check")

    assert (done.code, mail_user.home.events()) == (0, [])
    assert done.out == "No sign-in attempt is waiting for you.\n"


def test_a_copy_in_a_second_mailbox_is_the_same_attempt(mail_user: MailUser) -> None:
    mail_user.configure(mail_user.account(mailboxes='["INBOX", "\\\\Junk"]'))
    link = mail_user.approval()
    assert mail_user.home.run("check", "--no-notify").code == 0
    raw = next(iter(mail_user.mailbox_files().values()))
    mail_user.deliver(raw)
    mail_user.append(raw, JUNK)

    done = mail_user.home.run("check", "--no-notify", "--json")

    assert [event["link"] for event in done.json] == [link]
    assert mail_user.home.names() == ["attempt"]


def test_two_programs_at_once_on_a_new_log_make_one_event(mail_user: MailUser) -> None:
    link = mail_user.approval()

    with ThreadPoolExecutor() as pool:
        checks = [
            pool.submit(mail_user.home.run, "check", "--json", "--no-notify")
            for _ in range(4)
        ]

    assert [check.result().code for check in checks] == [0, 0, 0, 0]
    assert {event["link"] for check in checks for event in check.result().json} == {
        link
    }
    assert mail_user.home.names() == ["attempt"]


def test_check_beside_run_leaves_the_telling_and_the_end_to_run(
    mail_user: MailUser,
) -> None:
    mail_user.configure(mode="poll", poll_interval="2s")
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        link = mail_user.approval(age=timedelta(minutes=4, seconds=52))
        mail_user.home.run("check", "--no-notify")
        run.await_text(link)
        with mail_user.home.started("log", "--follow", "--json") as log:
            log.await_text('"event": "expired"')
        run.end()

    assert mail_user.home.names().count("attempt") == 1
    assert mail_user.home.names().count("notified") == 1


def test_without_an_answer_from_dns_there_is_no_link_until_there_is_one(
    mail_user: MailUser,
) -> None:
    mail_user.name_server.is_silent = True
    mail_user.configure(dkim='timeout = "1s"')
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        link = mail_user.approval()
        with mail_user.home.started("log", "--follow", "--json") as log:
            log.await_text('"event": "unverified"')
            assert link not in run.seen
            mail_user.name_server.is_silent = False
            run.await_text(link)
        assert run.end() == 0

    events = mail_user.home.events()
    (unverified,) = (each for each in events if each.event is EventName.UNVERIFIED)
    (attempt,) = (each for each in events if each.event is EventName.ATTEMPT)
    assert unverified.reasons == ("dkim_temperror",)
    assert to_fields(attempt)["attempt_id"] == unverified.id


def test_check_names_a_mail_that_may_be_one_beside_nothing(
    mail_user: MailUser,
) -> None:
    mail_user.post(Mail(body=html(APPROVAL_HTML.format(link=LINK))))

    done = mail_user.home.run("check", "--no-notify")

    assert "one and could not be verified" in done.out
    assert LINK not in done.out


def test_check_points_from_an_unknown_form_to_the_mail(mail_user: MailUser) -> None:
    form = html("<p>サインイン試行 がありました。</p>")
    mail_user.deliver(signed(Mail(body=form), **mail_user.envelope()))

    done = mail_user.home.run("check", "--no-notify")

    assert "a form not seen before" in done.out
    assert "Open Amazon's mail" in done.out


def test_check_wait_ends_with_the_mail_it_waited_for(mail_user: MailUser) -> None:
    mail_user.configure(mode="idle")
    with mail_user.home.started(
        "-v", "check", "--wait", "25", "--json", "--no-notify"
    ) as check:
        check.await_text("state=watching")
        link = mail_user.approval()
        assert check.await_end() == 0

    # What `-v` prints, by a thread of its own, may come before or after.
    (line,) = (one for one in check.seen.splitlines() if one.startswith("{"))
    assert json.loads(line)["link"] == link


def test_check_wait_knows_what_is_alive_already(mail_user: MailUser) -> None:
    link = mail_user.approval()
    mail_user.home.run("check", "--no-notify")

    done = mail_user.home.run("check", "--wait", "25", "--json", "--no-notify")

    assert (done.code, [event["link"] for event in done.json]) == (0, [link])


def test_a_real_desktop_shows_the_mail_of_check_once(mail_user: MailUser) -> None:
    with desktop.desktop(desktop.dunst) as one:
        mail_user.configure(notify='channel = "freedesktop"')
        address = {"DBUS_SESSION_BUS_ADDRESS": one.bus.address}
        link = mail_user.approval()

        first = mail_user.home.run("check", environment=address)
        second = mail_user.home.run("check", environment=address)
        shown = one.closed()

    assert (first.code, second.code) == (0, 0)
    assert [link in each["body"] for each in shown] == [True]
    assert [event.detail for event in mail_user.home.events()] == [None, "freedesktop"]


def test_a_click_opens_the_page_in_the_users_browser(mail_user: MailUser) -> None:
    with desktop.desktop(desktop.dunst) as one:
        mail_user.configure(notify='channel = "freedesktop"')
        mail_user.home.environment["DBUS_SESSION_BUS_ADDRESS"] = one.bus.address
        mail_user.home.run("expect")
        link = mail_user.approval()
        no_portal = desktop.fake_portal(one.bus, desktop.PortalAnswer.FAILED)
        with no_portal, mail_user.home.started("run") as run:
            one.click()
            desktop.eventually(lambda: "opened" in mail_user.home.names())
            assert run.end() == 0

    assert mail_user.home.opened.read_text() == link


def test_a_log_line_says_what_happened_in_the_users_language(
    mail_user: MailUser,
) -> None:
    mail_user.configure(notify='language = "ja"\nchannel = "terminal"')
    mail_user.approval()
    mail_user.home.run("check", "--no-notify")

    done = mail_user.home.run("log")

    assert "サインイン試行  home  amazon.co.jp  承認または否認" in done.out
    assert done.out.startswith(utc_now().astimezone().strftime("%Y-"))


@posix_only("file modes")
def test_the_log_is_readable_by_nobody_else(mail_user: MailUser) -> None:
    mail_user.home.run("check", "--no-notify")

    log = mail_user.home.log
    with closing(sqlite3.connect(log)) as connection:
        connection.execute("SELECT count(*) FROM events")
    assert oct(log.stat().st_mode)[-3:] == "600"
    assert oct(log.parent.stat().st_mode)[-3:] == "700"
