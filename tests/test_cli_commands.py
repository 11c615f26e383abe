"""The commands that read what the daemon wrote: log, open, status, expect, classify."""

import json
import os
import re
from contextlib import nullcontext
from datetime import datetime, timedelta

import pytest

from tests.environment import CONNECTED, PATIENCE_S, Home, MailUser
from tests.factories import WINDOW, link_of, new_event
from tests.fakes import posix_only
from tests.sample_mails import LINK, approval, code
from watcher.app.lock import only_daemon
from watcher.app.places import IS_BLIND, LOOKED_WITHIN
from watcher.cli.parser import parse
from watcher.clock import BootClock, boot_id, iso, utc_now
from watcher.errors import ExitCode
from watcher.events import EventName, Expectation
from watcher.i18n import Language
from watcher.journal.log import Journal

HOUR = timedelta(hours=1)
COMMANDS = ("run", "check", "demo", "classify", "log", "open", "expect", "status")


@pytest.fixture
def lived_in(home: Home) -> Home:
    """Give a home whose log holds an old attempt that is over, and two live ones."""
    now = utc_now()
    with Journal.open(home.log) as journal:
        journal.record(new_event(1, at=now - HOUR))
        journal.expire(now - HOUR + WINDOW)
        journal.record(new_event(2, at=now))
        journal.record(new_event(3, at=now))
    return home


def ids(out: str) -> list[int]:
    return [json.loads(line)["id"] for line in out.splitlines()]


def test_log_chooses_by_number_and_by_time(lived_in: Home) -> None:
    assert ids(lived_in.run("log", "--json").out) == [1, 2, 3, 4]
    assert ids(lived_in.run("log", "--json", "-n", "1").out) == [4]
    assert ids(lived_in.run("log", "--json", "--since", "30m").out) == [3, 4]
    assert ids(lived_in.run("log", "--json", "-n", "3", "--since", "30m").out) == [3, 4]


@pytest.mark.skipif(not boot_id(), reason="the system names no boot")
def test_what_was_logged_by_a_clock_that_led_before_a_reboot_has_no_time_left(
    home: Home,
) -> None:
    led = timedelta(days=1)
    clock = BootClock(lambda: utc_now() + led, boot="b007")
    with Journal.open(home.log, clock=clock) as journal:
        now = utc_now() + led
        journal.record(new_event(1, at=now))
        journal.append(EventName.ARMED, at=now, about=Expectation(now + HOUR))

    logged = [json.loads(line) for line in home.run("log", "--json").out.splitlines()]

    assert [one["seconds_left"] for one in logged] == [0, 0]
    assert home.run("open", "--print").out == link_of(1) + "\n"


def test_log_of_one_who_has_none_is_empty(home: Home) -> None:
    done = home.run("log")

    assert (done.code, done.out, done.err) == (ExitCode.OK, "", "")


def test_follow_goes_on_where_the_choice_ended(home: Home) -> None:
    with Journal.open(home.log) as journal:
        journal.record(new_event(1, at=utc_now() - HOUR))
        with home.started("log", "--follow", "--json", "--since", "30m") as log:
            journal.record(new_event(2, at=utc_now()))
            log.await_text('"id": 2')
            journal.record(new_event(3, at=utc_now()))
            log.await_text('"id": 3')

    assert '"id": 1,' not in log.seen
    assert log.seen.count('"id": 2,') == 1


def test_follow_waits_for_a_log_that_is_not_there_yet(home: Home) -> None:
    with home.started("log", "--follow", "--json") as log:
        with Journal.open(home.log) as journal:
            journal.record(new_event(1, at=utc_now()))
        log.await_text('"id": 1')


def test_open_hands_the_newest_live_link_to_the_browser(lived_in: Home) -> None:
    done = lived_in.run("open")

    assert (done.code, done.out) == (ExitCode.OK, "")
    assert lived_in.opened.read_text() == link_of(3)
    assert lived_in.names()[-1] == "opened"


def test_open_takes_the_attempt_that_is_named(lived_in: Home) -> None:
    assert lived_in.run("open", "3").code == ExitCode.OK
    assert lived_in.opened.read_text() == link_of(2)


def test_open_print_opens_nothing(lived_in: Home) -> None:
    done = lived_in.run("open", "--print")

    assert (done.code, done.out) == (ExitCode.OK, f"{link_of(3)}\n")
    assert not lived_in.opened.exists()
    assert "opened" not in lived_in.names()


@pytest.mark.parametrize("attempt_id", ["1", "77"], ids=["over", "unknown"])
def test_open_refuses_what_is_over_or_unknown(lived_in: Home, attempt_id: str) -> None:
    done = lived_in.run("open", attempt_id)

    assert (done.code, done.out) == (ExitCode.NOTHING, "")
    assert "Start the sign-in again" in done.err
    assert not lived_in.opened.exists()


def test_open_points_to_the_code_where_there_is_no_link(mail_user: MailUser) -> None:
    mail_user.code("271828")
    mail_user.home.run("check", "--no-notify")

    done = mail_user.home.run("open")

    assert (done.code, done.out) == (ExitCode.NOTHING, "")
    assert "copy it with `watcher copy`" in done.err


@posix_only("a browser that fails")
def test_open_without_a_browser_says_how_to_do_it_by_hand(lived_in: Home) -> None:
    nothing = {"BROWSER": "/nowhere/browser", "PATH": "/nowhere"}

    done = lived_in.run("open", environment=nothing)

    assert done.code == ExitCode.NOTHING
    assert "`watcher open 4 --print`" in done.err
    assert "opened" not in lived_in.names()


def test_status_tells_how_each_account_is_watched(mail_user: MailUser) -> None:
    home = mail_user.home
    with Journal.open(home.log) as journal:
        journal.put_session("removed", {"state": "watching"})
    with home.started("run") as run:
        run.await_text(CONNECTED)
        mail_user.approval()
        run.await_text("sign-in attempt shown")
        (status,) = home.run("status", "--json").json
        text = home.run("status")
        run.end()
    down = home.run("status")

    assert (status["running"], status["pid"]) == (True, run.process.pid)
    (account,) = status["accounts"]
    assert (account["account"], account["state"]) == ("home", "watching")
    assert (account["mode"], account["error"]) == ("poll", None)
    assert account["last_look_at"].endswith("Z")
    assert (text.code, down.code) == (ExitCode.OK, ExitCode.NOTHING)
    assert "home: watching" in text.out
    assert "removed" not in text.out
    assert "Start it with: watcher run" in down.out


@pytest.mark.parametrize(
    ("facts", "is_running", "is_recent"),
    [
        ({"state": "watching"}, True, True),
        ({"state": "watching", IS_BLIND: True}, True, False),
        ({"state": "backing_off"}, True, False),
        ({"state": "watching"}, False, False),
    ],
    ids=["watched", "blind", "not connected", "not running"],
)
def test_a_watched_account_was_looked_at_lately_whatever_the_log_has_of_it(
    facts: dict[str, object], is_running: bool, is_recent: bool, home: Home
) -> None:
    before = (utc_now() - timedelta(hours=2)).replace(microsecond=0)
    with Journal.open(home.log) as journal:
        journal.put_session("home", {**facts, "last_look_at": iso(before)})

    with only_daemon(home.log) if is_running else nullcontext():
        (status,) = home.run("status", "--json").json
        text = home.run("status").out

    (account,) = status["accounts"]
    looked = datetime.fromisoformat(account["last_look_at"])
    longest = LOOKED_WITHIN + timedelta(seconds=PATIENCE_S)
    assert looked == before or utc_now() - longest <= looked <= utc_now()
    assert (looked != before) is is_recent
    assert ("last good look: within 2 minutes" in text) is is_recent
    assert IS_BLIND not in account


@pytest.mark.parametrize("has_log", [False, True])
def test_status_names_an_account_that_was_never_watched(
    mail_user: MailUser, *, has_log: bool
) -> None:
    if has_log:
        mail_user.home.run("expect")
    as_json = mail_user.home.run("status", "--json").json[0]["accounts"]
    text = mail_user.home.run("status").out

    assert [(one["account"], one["state"]) for one in as_json] == [("home", "stopped")]
    assert "home: not watched" in text


def test_status_tells_what_waits_for_an_answer_and_that_a_sign_in_is_expected(
    mail_user: MailUser,
) -> None:
    home = mail_user.home
    mail_user.approval()
    home.run("check", "--no-notify")
    home.run("expect")
    (status,) = home.run("status", "--json").json
    text = home.run("status").out

    (number,) = status["waiting"]
    assert re.search(
        rf"Waiting for your answer: #{number} \([0-4]:\d\d left\)\. "
        rf"Open the page with `watcher open {number}`\.",
        text,
    )
    assert datetime.fromisoformat(status["armed_until"]) > utc_now()
    assert "You expect a sign-in until" in text

    home.run("open")
    home.run("expect", "--off")
    (status,) = home.run("status", "--json").json
    assert (status["waiting"], status["armed_until"]) == ([], None)


def test_where_nothing_is_set_up_the_next_step_is_to_do_that(home: Home) -> None:
    for command in ("status", "expect"):
        done = home.run(command)

        assert "watcher init" in done.out
        assert "Start it" not in done.out


def test_status_names_the_command_for_each_kind_of_attempt(mail_user: MailUser) -> None:
    mail_user.code("123456")
    for place in ("Tokyo, Japan", "Osaka, Japan"):
        mail_user.approval(place=place)
    mail_user.home.run("check", "--no-notify")
    text = mail_user.home.run("status").out

    left = r"\([0-4]:\d\d left\)"
    assert re.search(rf"#\d {left}, #\d {left}\. .* `watcher open NUMBER`\.", text)
    assert re.search(rf": #(\d) {left}\. .* `watcher copy \1`\.", text)


def test_status_of_a_daemon_that_was_killed_claims_no_watching(
    mail_user: MailUser,
) -> None:
    home = mail_user.home
    with home.started("run") as run:
        run.await_text(CONNECTED)
        run.crash()

    text, (status,) = home.run("status"), home.run("status", "--json").json

    assert text.code == ExitCode.NOTHING
    assert "home: not watched" in text.out
    assert "how:" not in text.out
    assert (status["running"], status["accounts"][0]["state"]) == (False, "stopped")


def test_expect_arms_the_watcher_and_tells_when_nobody_watches(home: Home) -> None:
    done = home.run("expect", "20m")

    (armed,) = home.events()
    assert armed.event is EventName.ARMED
    assert armed.about == Expectation(armed.at + timedelta(minutes=20))
    assert done.code == ExitCode.OK
    assert "watcher is not running" in done.out


def test_expect_off_ends_it_and_is_logged_once(home: Home) -> None:
    home.run("expect", "20m")

    done = [home.run("expect", "--off") for _ in range(2)]

    assert [each.code for each in done] == [ExitCode.OK] * 2
    assert "No sign-in is expected any more" in done[0].out
    assert home.names() == ["armed", "disarmed"]


def test_classify_judges_files_and_standard_input_alike(mail_user: MailUser) -> None:
    home = mail_user.home
    home.configure(
        f'[dkim]\nnameservers = ["{mail_user.name_server.address}"]',
        mail_user.account(addresses='["taro@example.jp"]'),
    )
    (home.folder / "a.eml").write_bytes(approval())

    file, stdin = (
        home.run("classify", "--json", name, stdin=approval())
        for name in ("a.eml", "-")
    )

    (judged,) = file.json
    assert (file.code, stdin.code) == (ExitCode.OK, ExitCode.OK)
    assert (judged["verdict"], judged["link"]) == ("recognised", LINK)
    assert judged["authentication"]["result"] == "pass"
    assert stdin.json == [{**judged, "file": stdin.json[0]["file"]}]


def test_classify_gives_the_keys_of_the_contract_in_its_order(home: Home) -> None:
    (judged,) = home.run("classify", "--json", "-", stdin=approval()).json

    assert list(judged) == [
        *("v", "file", "verdict", "kind", "link", "code", "store", "language"),
        *("reasons", "authentication", "attempted_at", "expires_at", "device", "near"),
    ]
    assert list(judged["authentication"]) == ["result", "by", "domain", "detail"]


def test_classify_without_a_configuration_judges_no_recipient(home: Home) -> None:
    (home.folder / "a.eml").write_bytes(code())

    done = home.run("classify", "--json", "a.eml")

    (judged,) = done.json
    assert done.code == ExitCode.OK
    assert "recipient_unknown" not in judged["reasons"]
    assert judged["code"] is None, "nobody vouches for the sender here"


def test_classify_says_why_in_words_for_every_mail_of_a_folder(home: Home) -> None:
    folder = home.folder / "mails"
    (folder / ".hidden").mkdir(parents=True)
    (folder / ".hidden" / "x.eml").write_bytes(approval())
    (folder / "a.mbox").write_bytes(
        b"From a@b Sat Nov 21 12:00:00 2026\n" + approval() + b"\r\n"
        b"From a@b Sat Nov 21 12:00:01 2026\n" + code()
    )
    (folder / "b.eml").write_bytes(b"From: shop@shop.example\r\n\r\nHello")

    done = home.run("classify", "mails")

    lines = done.out.replace(os.sep, "/").splitlines()
    heads = [line for line in lines if line.startswith("mails/")]
    assert done.code == ExitCode.OK
    assert [head.split(":")[0] for head in heads] == [
        "mails/a.mbox",
        "mails/a.mbox#2",
        "mails/b.eml",
    ]
    assert "\x1b" not in done.out
    assert LINK not in done.out


def test_every_command_has_help_in_both_languages(home: Home) -> None:
    texts = {
        language: home.run("--help", environment={"LANG": language}).out
        for language in ("C.UTF-8", "ja_JP.UTF-8")
    }

    for text in texts.values():
        assert all(f"    {command}" in text for command in COMMANDS)
    assert "サインイン試行" in texts["ja_JP.UTF-8"]
    assert all(home.run(command, "--help").code == 0 for command in ("run", "log"))


@pytest.mark.parametrize("span", ["300", "300s", "5m", "5分", "３００秒"])
def test_every_span_is_written_in_seconds_or_with_a_unit(span: str) -> None:
    five = timedelta(minutes=5)

    assert parse(["check", "--wait", span], Language.EN).wait == 300
    assert parse(["demo", "--seconds", span], Language.EN).seconds == 300
    assert parse(["log", "--since", span], Language.EN).since == five
    assert parse(["expect", span], Language.EN).span == five


@pytest.mark.parametrize("span", ["0", "-1", "nan", "86401", "2d", "5 minutes"])
def test_a_wait_is_positive_and_a_day_at_most(
    span: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["check", f"--wait={span}"], Language.EN)

    assert ended.value.code == ExitCode.USAGE
    assert "write it like 300, 300s, 5m" in capsys.readouterr().err


def test_the_version_is_told(home: Home) -> None:
    assert home.run("--version").out.startswith("watcher 0.")


def test_a_hostile_detail_reaches_no_terminal(home: Home) -> None:
    with Journal.open(home.log) as journal:
        detail = "\x1b[2J\u202eevil\r\nline"
        journal.append(EventName.NOTIFY_FAILED, at=utc_now(), detail=detail)

    out = home.run("log").out

    assert "\x1b" not in out
    assert "\u202e" not in out
    assert len(out.splitlines()) == 1


@pytest.mark.parametrize("encoding", ["ascii", "cp932"])
def test_a_terminal_of_few_characters_gets_what_it_can_show(
    lived_in: Home, encoding: str
) -> None:
    done = lived_in.run("log", environment={"PYTHONIOENCODING": encoding})

    assert done.code == ExitCode.OK
