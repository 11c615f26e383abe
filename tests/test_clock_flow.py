"""The time left through the whole program, on a machine whose clock is wrong."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.desktop import eventually
from tests.environment import CONNECTED, MailUser, token
from tests.fakes import IS_POSIX, only_on_posix, required_program
from tests.imap_server import Server
from tests.sample_mails import approval

DAY_S = 86400
WINDOW_S = 300
AGE_S = 20
OVER_S, UNDER_S = 1, 5


def set_clock(
    mail_user: MailUser, offset_s: int, mode: str = "poll", remind_at: str = "1m"
) -> None:
    """Let what this user runs live on a machine whose wall clock is wrong.

    What runs already follows at once. Without TLS, as a certificate would not
    be valid for long.
    """
    account = mail_user.account(
        host='"127.0.0.1"',
        port=str(mail_user.server.ports.imap),
        tls='"none"',
        ca_file=None,
    )
    notify = f'language = "en"\nchannel = "terminal"\nremind_at = ["{remind_at}"]'
    mail_user.configure(account, mode=mode, notify=notify)
    clock = mail_user.home.folder / "clock"
    if IS_POSIX:
        required_program("faketime", package="faketime")
        (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
        mail_user.home.environment["LD_PRELOAD"] = str(library)
        new = clock.with_suffix(".new")
        new.write_text(f"{offset_s:+d}s")
        new.rename(clock)
    else:  # no file can be replaced while it is read
        clock.write_text(f"{offset_s:+d}s")
    mail_user.home.environment |= {
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
        # With it, each wait of 5 ms for the interpreter's lock ends at once, and
        # threads that compete for it take eighteen times as long.
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
    }


def on(server: Server, mail_user: MailUser) -> str:
    """Return the table of the user's account on a scripted server."""
    return mail_user.account(
        host='"127.0.0.1"', port=str(server.port), tls='"none"', ca_file=None
    )


def move_in(mail_user: MailUser, age_s: float) -> None:
    """Move a mail into INBOX that came a while ago."""
    age = timedelta(seconds=age_s)
    link = f"https://www.amazon.co.jp/a/c/r/{token()}"
    raw = approval(link, **mail_user.envelope(age))
    mail_user.move_in(raw, datetime.now(UTC) - age)


def attempts(mail_user: MailUser) -> list[dict[str, Any]]:
    """Return what `check` shows, by that clock."""
    return mail_user.home.run("check", "--json", "--no-notify").json


def await_attempts(mail_user: MailUser, count: int) -> None:
    eventually(lambda: mail_user.home.names().count("notified") == count)


WRONG_BY = [
    *(-DAY_S, 300),
    *map(only_on_posix, (-300, DAY_S, 400 * DAY_S)),
]


@pytest.fixture
def began_s() -> float:
    """Give the time at which the test began."""
    return time.monotonic()


def is_true(left_s: int, true_s: int, began_s: float) -> bool:
    """Return whether a time left is true of a mail that had `true_s` when it came.

    That was at some time since the test began, however slow this machine is.
    """
    passed_s = time.monotonic() - began_s
    return true_s - passed_s - UNDER_S <= left_s <= true_s + OVER_S


def seconds_left(mail_user: MailUser, offset_s: int) -> dict[str, int]:
    """Return the time left by the newest event of a name, read by another clock."""
    done = mail_user.home.run(
        "log", "--json", environment={"FAKETIME": f"{offset_s:+d}s"}
    )
    return {one["event"]: one["seconds_left"] for one in done.json}


@pytest.mark.parametrize("offset_s", WRONG_BY)
def test_a_command_with_another_clock_reads_the_time_that_is_left(
    mail_user: MailUser, offset_s: int, began_s: float
) -> None:
    set_clock(mail_user, 0)
    other = {"FAKETIME": f"{offset_s:+d}s"}
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        link = mail_user.approval()
        await_attempts(mail_user, 1)
        armed = mail_user.home.run("expect", "1m", environment=other)
        printed = mail_user.home.run("open", "--print", environment=other)
        by_other = seconds_left(mail_user, offset_s)
        by_run = seconds_left(mail_user, 0)
        run.end()

    assert (armed.code, printed.out) == (0, link + "\n")
    for left_s in (by_other, by_run):
        assert is_true(left_s["attempt"], WINDOW_S, began_s)
        assert is_true(left_s["armed"], 60, began_s)


@pytest.mark.parametrize("jump_s", WRONG_BY)
def test_a_clock_that_jumps_under_run_changes_no_time_left_and_loses_no_mail(
    mail_user: MailUser, jump_s: int, began_s: float
) -> None:
    set_clock(mail_user, 0)
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        mail_user.approval()
        await_attempts(mail_user, 1)
        set_clock(mail_user, jump_s)
        mail_user.approval()
        await_attempts(mail_user, 2)
        in_jump = [one["seconds_left"] for one in attempts(mail_user)]
        set_clock(mail_user, 0)
        mail_user.approval()
        await_attempts(mail_user, 3)
        after = [one["seconds_left"] for one in attempts(mail_user)]
        run.end()

    assert "expired" not in mail_user.home.names()
    assert (len(in_jump), len(after)) == (2, 3)
    for left_s in in_jump + after:
        assert is_true(left_s, WINDOW_S, began_s)


@pytest.mark.parametrize(
    ("offset_s", "mode"),
    [
        *((0, "idle"), (-300, "poll"), (DAY_S, "poll")),
        *(only_on_posix(300, "idle"), only_on_posix(-DAY_S // 2, "idle")),
    ],
)
def test_the_second_mail_has_the_time_that_it_truly_has(
    mail_user: MailUser, offset_s: int, mode: str, began_s: float
) -> None:
    set_clock(mail_user, offset_s, mode)
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        mail_user.approval()
        await_attempts(mail_user, 1)
        mail_user.approval(age=timedelta(seconds=AGE_S))
        await_attempts(mail_user, 2)
        left_s = [one["seconds_left"] for one in attempts(mail_user)]
        run.end()

    true_s = WINDOW_S - AGE_S
    assert is_true(left_s[-1], true_s, began_s)


@pytest.mark.parametrize("offset_s", [300, DAY_S])
def test_the_first_mail_on_a_clock_that_leads_is_told_without_a_time(
    mail_user: MailUser, offset_s: int
) -> None:
    """This server does not know SAVEDATE: the mail may have been moved here."""
    set_clock(mail_user, offset_s)
    with Server() as server:
        mail_user.configure(on(server, mail_user), mode="poll")
        with mail_user.home.started("run") as run:
            run.await_text(CONNECTED)
            link = f"https://www.amazon.co.jp/a/c/r/{token()}"
            server.add(approval(link, **mail_user.envelope()))
            shown = run.await_text("may be over already")
            run.end()

    assert " left)" not in shown


@pytest.mark.parametrize(
    ("offset_s", "age_s"),
    [
        *((-DAY_S, 480), (-300, 1), (0, 60), (300, 480)),
        *(only_on_posix(-DAY_S, 60), only_on_posix(-300, 200)),
        *(only_on_posix(0, 200), only_on_posix(300, 1)),
    ],
)
def test_the_first_mail_is_as_old_as_it_is_whether_it_was_moved_here_or_not(
    mail_user: MailUser, offset_s: int, age_s: int, began_s: float
) -> None:
    """Dovecot knows by SAVEDATE when it came."""
    set_clock(mail_user, offset_s)
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        move_in(mail_user, age_s)
        name = "missed" if age_s >= WINDOW_S else "attempt"
        eventually(lambda: mail_user.home.names().count(name) == 1)
        left_s = [one["seconds_left"] for one in attempts(mail_user)]
        run.end()

    true_s = WINDOW_S - age_s
    assert len(left_s) == (true_s > 0)
    for left in left_s:
        assert is_true(left, true_s, began_s)


def test_what_run_has_learned_serves_check(mail_user: MailUser, began_s: float) -> None:
    set_clock(mail_user, DAY_S)
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        mail_user.approval()
        await_attempts(mail_user, 1)
        run.end()
    mail_user.approval(age=timedelta(seconds=AGE_S))

    *_, newest = attempts(mail_user)

    true_s = WINDOW_S - AGE_S
    assert is_true(newest["seconds_left"], true_s, began_s)


@pytest.mark.parametrize(
    ("offset_s", "age_s"),
    [
        *((0, 900), (300, 60), (-300, 120)),
        *(only_on_posix(0, 120), only_on_posix(300, 480), only_on_posix(-300, 480)),
    ],
)
def test_a_mail_that_was_moved_here_stays_as_old_as_it_is(
    mail_user: MailUser, offset_s: int, age_s: int, began_s: float
) -> None:
    set_clock(mail_user, offset_s)
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        mail_user.approval()
        await_attempts(mail_user, 1)
        move_in(mail_user, age_s)
        is_over = age_s >= WINDOW_S
        name = "missed" if is_over else "attempt"
        eventually(lambda: mail_user.home.names().count(name) == (1 if is_over else 2))
        left_s = [one["seconds_left"] for one in attempts(mail_user)]
        run.end()

    if is_over:
        assert len(left_s) == 1
    else:
        true_s = WINDOW_S - age_s
        assert is_true(left_s[-1], true_s, began_s)


@pytest.mark.parametrize(
    ("hours", "mode"),
    [
        *((-12, "poll"), (1, "idle"), (9, "poll")),
        *(only_on_posix(-8, "idle"), only_on_posix(-1, "poll")),
    ],
)
def test_a_server_of_another_time_zone_makes_no_mail_older_or_newer(
    mail_user: MailUser, hours: int, mode: str, began_s: float
) -> None:
    """It labels its local time +0000; the time left is counted from the Date."""
    with Server() as server:
        server.ahead = timedelta(hours=hours)
        mail_user.configure(on(server, mail_user), mode=mode)
        with mail_user.home.started("run") as run:
            run.await_text(CONNECTED)
            for count, age_s in enumerate((1, AGE_S), 1):
                age = timedelta(seconds=age_s)
                link = f"https://www.amazon.co.jp/a/c/r/{token()}"
                server.add(approval(link, **mail_user.envelope(age)))
                await_attempts(mail_user, count)
            left_s = [one["seconds_left"] for one in attempts(mail_user)]
            names = mail_user.home.names()
            run.end()

    for left, age_s in zip(left_s, (1, AGE_S), strict=True):
        true_s = WINDOW_S - age_s
        assert is_true(left, true_s, began_s)
    assert "clock_wrong" not in names
