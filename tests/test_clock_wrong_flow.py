"""What `run`, `check` and `status` say of a clock that is provably wrong."""

import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.desktop import eventually
from tests.environment import CONNECTED, Done, MailUser
from tests.fakes import only_on_posix, posix_only
from tests.test_clock_flow import DAY_S, WINDOW_S, WRONG_BY, move_in, set_clock
from watcher.errors import ExitCode
from watcher.events import Attempt, EventName
from watcher.timing.error import ClockError

APART_S = 7.0
"""Mails that come so far apart have not been moved together, at a poll a second."""

MOST_MAILS = 5
SEEN_S = 2.5
"""How long a program may take to see that the clock was set."""

CLOCK_TIME = re.compile(r"\d\d:\d\d:\d\d")
BEHIND = pytest.mark.parametrize("offset_s", [only_on_posix(-300), -DAY_S])
AHEAD = pytest.mark.parametrize(
    "offset_s", [300, *map(only_on_posix, (DAY_S, 400 * DAY_S))]
)


@pytest.fixture(autouse=True)
def _with_the_tests(mail_user: MailUser) -> None:
    mail_user.home.environment["PYTHONPATH"] = str(Path(__file__).parent.parent)


def on(kernel: str) -> tuple[str, ...]:
    """Return the command on a machine whose kernel says so of its clock."""
    return (sys.executable, "-m", "tests.subprograms", "kernel_says", kernel)


def run(mail_user: MailUser, *arguments: str, kernel: str = "no") -> Done:
    return mail_user.home.run(*arguments, command=on(kernel))


def clock_errors(mail_user: MailUser) -> list[float]:
    """Return each error that was logged, in seconds ahead."""
    logged = [
        ClockError.parse(one.detail)
        for one in mail_user.home.events()
        if one.event is EventName.CLOCK_WRONG
    ]
    return [one.ahead_s for one in logged if one]


def deliver_until(mail_user: MailUser, is_so: Callable[[], bool]) -> int:
    """Deliver mails, far apart, until it is so; return how many it took.

    Two, where the program looks as often as it should; a busy machine may need more.
    """
    for count in range(1, MOST_MAILS + 1):
        mail_user.approval()
        until_s = time.monotonic() + APART_S
        while time.monotonic() < until_s:
            if is_so():
                return count
            time.sleep(0.1)
    raise AssertionError("it was not found out")


def status(mail_user: MailUser) -> dict[str, Any]:
    (facts,) = run(mail_user, "status", "--json").json
    return facts


def first_deadline(mail_user: MailUser) -> datetime:
    """Return when the first attempt is over, as it stands in the event log now."""
    attempts = (one.about for one in mail_user.home.events())
    return next(one.expires_at for one in attempts if isinstance(one, Attempt))


# A clock that is behind ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("offset_s", "kernel"),
    [(-300, "yes"), only_on_posix(-DAY_S, "no"), (-300, "nothing")],
)
def test_a_single_mail_shows_check_that_the_clock_is_behind(
    mail_user: MailUser, offset_s: int, kernel: str
) -> None:
    set_clock(mail_user, offset_s)
    mail_user.approval()

    done = run(mail_user, "check", kernel=kernel)
    again = run(mail_user, "check", "--json", kernel=kernel)

    (error_s,) = clock_errors(mail_user)
    assert error_s == pytest.approx(offset_s, abs=30)
    assert "This computer's clock is about" in done.err
    assert "behind" in done.err
    assert "behind" in again.err
    assert (done.code, again.code) == (ExitCode.OK, ExitCode.OK)
    assert len(again.json) == 1
    assert CLOCK_TIME.search(done.out) is None
    shown = ClockError.parse(status(mail_user)["clock_wrong"])
    assert shown is not None
    assert shown.ahead_s == pytest.approx(offset_s, abs=30)
    assert "behind" in run(mail_user, "status").out


def test_an_old_mail_on_a_clock_that_is_behind_is_over_all_the_same(
    mail_user: MailUser,
) -> None:
    """By that clock alone it would be alive."""
    set_clock(mail_user, -300)
    move_in(mail_user, 360)
    mail_user.approval()

    done = run(mail_user, "check", "--json")

    assert len(done.json) == 1
    assert mail_user.home.names().count("missed") == 1


@BEHIND
def test_run_says_once_that_the_clock_is_behind_and_shows_the_time_left(
    mail_user: MailUser, offset_s: int
) -> None:
    set_clock(mail_user, offset_s)
    with mail_user.home.started("run", command=on("no")) as running:
        running.await_text(CONNECTED)
        mail_user.approval()
        running.await_text("left")
        mail_user.approval()
        eventually(lambda: mail_user.home.names().count("notified") == 2)
        assert "behind" in status(mail_user)["clock_wrong"]
        assert "behind" in run(mail_user, "check", "--no-notify").err
        running.end()

    assert running.seen.count("this computer's clock is about") == 1
    assert running.seen.count("Computer clock is wrong") == 1
    assert CLOCK_TIME.search(running.seen) is None
    assert len(clock_errors(mail_user)) == 1


# A clock that leads -------------------------------------------------------------------


@AHEAD
def test_run_learns_by_two_mails_that_the_clock_is_ahead(
    mail_user: MailUser, offset_s: int
) -> None:
    set_clock(mail_user, offset_s)
    with mail_user.home.started("run", command=on("no")) as running:
        running.await_text(CONNECTED)
        count = deliver_until(mail_user, lambda: bool(clock_errors(mail_user)))
        running.end()

    assert count >= 2
    (error_s,) = clock_errors(mail_user)
    assert error_s == pytest.approx(offset_s, abs=30)
    assert "this computer's clock is about" in running.seen
    assert re.search(r"\n4:\d\d left", running.seen)
    assert CLOCK_TIME.search(running.seen.split("this computer's clock")[1]) is None
    done = run(mail_user, "check", "--no-notify")
    assert "ahead" in done.err
    assert CLOCK_TIME.search(done.out) is None
    assert "ahead" in status(mail_user)["clock_wrong"]
    assert len(clock_errors(mail_user)) == 1


@AHEAD
def test_check_gives_up_no_mail_by_a_clock_that_nobody_has_set(
    mail_user: MailUser, offset_s: int
) -> None:
    set_clock(mail_user, offset_s)
    link = mail_user.approval()

    done = run(mail_user, "check", "--no-notify")
    (event,) = run(mail_user, "check", "--json", "--no-notify").json

    assert link in done.out
    assert "may be over already" in done.out
    assert CLOCK_TIME.search(done.out) is None
    assert (event["event"], event["seconds_left"]) == ("attempt", 0)
    opened = run(mail_user, "open", "--print")
    assert opened.out.strip() == link


@pytest.mark.parametrize(
    ("offset_s", "kernel"),
    [(300, "yes"), (DAY_S, "nothing"), only_on_posix(400 * DAY_S, "yes")],
)
def test_check_says_by_which_clock_a_mail_is_over(
    mail_user: MailUser, offset_s: int, kernel: str
) -> None:
    set_clock(mail_user, offset_s)
    mail_user.approval()

    done = run(mail_user, "check", "--no-notify", kernel=kernel)

    today = datetime.now().astimezone().strftime("%Y-%m-%d")
    assert f"The last sign-in attempt, of {today}" in done.out
    assert "is over by this computer's clock, which shows" in done.out
    assert mail_user.home.names() == ["missed"]


def test_a_newer_mail_shows_that_an_attempt_is_over_whatever_the_clock_shows(
    mail_user: MailUser,
) -> None:
    set_clock(mail_user, 0)
    move_in(mail_user, WINDOW_S + 60)
    mail_user.deliver(b"Subject: hello\r\n\r\nhello\r\n")

    run(mail_user, "check", "--no-notify")

    assert mail_user.home.names() == ["missed"]


# A clock that is set while the program runs -------------------------------------------


def test_a_clock_that_jumps_back_is_found_out_at_once(mail_user: MailUser) -> None:
    set_clock(mail_user, 0)
    with mail_user.home.started("run", command=on("no")) as running:
        running.await_text(CONNECTED)
        mail_user.approval()
        running.await_text("Until")
        set_clock(mail_user, -300)
        running.await_text("this computer's clock is about 5 minutes behind")
        left_s = [one["seconds_left"] for one in run(mail_user, "check", "--json").json]
        running.end()

    assert WINDOW_S - 20 <= left_s[0] <= WINDOW_S
    assert len(clock_errors(mail_user)) == 1


def test_a_clock_that_jumps_ahead_is_found_out_by_the_next_two_mails(
    mail_user: MailUser,
) -> None:
    """Before them it may have been put right after a pause of the whole machine."""
    set_clock(mail_user, 0)
    with mail_user.home.started("run", command=on("no")) as running:
        running.await_text(CONNECTED)
        mail_user.approval()
        running.await_text("Until")
        set_clock(mail_user, DAY_S)
        time.sleep(SEEN_S)
        count = deliver_until(mail_user, lambda: bool(clock_errors(mail_user)))
        running.await_text("this computer's clock is about 24 hours ahead")
        left_s = [one["seconds_left"] for one in run(mail_user, "check", "--json").json]
        running.end()

    assert len(left_s) == 1 + count >= 3
    assert all(WINDOW_S - 60 <= left <= WINDOW_S for left in left_s)


def test_a_clock_that_is_put_right_is_not_wrong_any_more(mail_user: MailUser) -> None:
    set_clock(mail_user, -DAY_S)
    with mail_user.home.started("run", command=on("no")) as running:
        running.await_text(CONNECTED)
        mail_user.approval()
        running.await_text("left")
        set_clock(mail_user, 0)
        eventually(lambda: status(mail_user)["clock_wrong"] is None)
        eventually(lambda: first_deadline(mail_user) > datetime.now(UTC))
        mail_user.approval()
        eventually(lambda: mail_user.home.names().count("notified") == 2)
        left_s = [one["seconds_left"] for one in run(mail_user, "check", "--json").json]
        running.end()

    assert len(left_s) == 2
    assert all(WINDOW_S - 60 <= left <= WINDOW_S for left in left_s)
    assert re.search(r"Until \d\d:\d\d:\d\d \(", running.seen)


# What follows on a mail ---------------------------------------------------------------


@posix_only("a clock that is wrong and goes on (libfaketime)")
@pytest.mark.parametrize("offset_s", WRONG_BY)
def test_reminder_and_page_come_in_time_on_every_clock(
    mail_user: MailUser, offset_s: int
) -> None:
    set_clock(mail_user, offset_s, remind_at="275s")
    with mail_user.home.started("run", command=on("no")) as running:
        running.await_text(CONNECTED)
        link = mail_user.approval()
        eventually(lambda: mail_user.home.names().count("notified") == 1)
        began_s = time.monotonic()
        mail_user.approval(age=timedelta(seconds=15), place="Osaka, Japan")
        seen = running.await_text("reminded of the sign-in attempt (#")
        waited_s = time.monotonic() - began_s
        opened = run(mail_user, "open", "--print")
        running.end()

    assert 3 <= waited_s <= 22, "about ten: not at once, and not those of the first"
    assert "4:3" in seen.split("reminded of the sign-in attempt")[1]
    assert opened.out.strip() == link


# A clock that is right, or is put right -----------------------------------------------


def test_a_clock_that_is_right_is_not_mentioned(mail_user: MailUser) -> None:
    set_clock(mail_user, 0)
    with mail_user.home.started("run", command=on("no")) as running:
        running.await_text(CONNECTED)
        mail_user.approval()
        running.await_text("Until")
        move_in(mail_user, 120)
        eventually(lambda: mail_user.home.names().count("notified") == 2)
        move_in(mail_user, 120)
        eventually(lambda: mail_user.home.names().count("notified") == 3)
        running.end()

    assert clock_errors(mail_user) == []
    assert run(mail_user, "check").err == ""
    assert status(mail_user)["clock_wrong"] is None


def test_what_was_wrong_at_boot_and_put_right_is_not_wrong_any_more(
    mail_user: MailUser,
) -> None:
    set_clock(mail_user, -DAY_S)
    mail_user.approval()
    run(mail_user, "check", "--no-notify")
    assert status(mail_user)["clock_wrong"]

    set_clock(mail_user, 0)
    assert status(mail_user)["clock_wrong"] is None
    done = run(mail_user, "check", "--no-notify")
    assert done.err == ""

    set_clock(mail_user, -DAY_S)
    assert "behind" in run(mail_user, "check", "--no-notify").err
    assert len(clock_errors(mail_user)) == 2
