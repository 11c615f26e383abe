"""What is logged is told once, where the program is killed between the two."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.environment import CONNECTED, Home, token
from tests.fakes import posix_only
from tests.sample_mails import Mail, approval, compose, html, plain, records, signed
from tests.servers import serving_dns
from watcher.clock import utc_now
from watcher.demo.server import Mailbox, serving
from watcher.events import EventName
from watcher.i18n import Language, Text
from watcher.notify import sentences

pytestmark = posix_only("it is killed, and its terminal read")

HOUR = timedelta(hours=1)
BEGAN_AGO = timedelta(seconds=15)
"""Of an attempt of half a minute: the other half is for the program's start."""


def shown(title: Text) -> str:
    """Return by what a notification begins on the terminal."""
    return "\a" + title.say(Language.EN)


def deliver_attempt(mailbox: Mailbox, at: datetime, device: int = 0) -> str:
    link = f"https://www.amazon.co.jp/a/c/r/{token()}"
    raw = approval(
        link,
        place=f"Place {device}",
        date=format_datetime(at),
        message_id=f"<{token()}@amazonses.com>",
    )
    mailbox.deliver(raw, at)
    return link


def too_late(mailbox: Mailbox) -> None:
    deliver_attempt(mailbox, utc_now() - HOUR)


def two_too_late(mailbox: Mailbox) -> None:
    too_late(mailbox)
    too_late(mailbox)


def doubtful(mailbox: Mailbox) -> None:
    now = utc_now()
    link = f"https://www.amazon.co.jp/a/c/r/{token()}"
    body = f'<p>承認または否認してください。<a href="{link}">承認または否認</a></p>'
    mail = Mail(
        subject="amazon.co.jp: アクションが必要です: サインイン試行",
        date=format_datetime(now),
        message_id=f"<{token()}@amazonses.com>",
        body=html(body),
    )
    mailbox.deliver(compose(mail), now)


def report(mailbox: Mailbox) -> None:
    now = utc_now()
    raw = signed(
        Mail(subject="amazon.co.jp: アクションが必要です: サインイン"),
        date=format_datetime(now),
        message_id=f"<{token()}@amazonses.com>",
        body=plain("デバイス: Mozilla Firefox Windows (デスクトップ)"),
    )
    mailbox.deliver(raw, now)


def soon_over(mailbox: Mailbox) -> None:
    deliver_attempt(mailbox, utc_now() - BEGAN_AGO)


def from_the_future(mailbox: Mailbox) -> None:
    deliver_attempt(mailbox, utc_now() + HOUR)


def many(mailbox: Mailbox) -> None:
    for device in range(4):
        deliver_attempt(mailbox, utc_now(), device)


@dataclass(frozen=True, slots=True)
class Case:
    """What happens, what is logged of it, and by what title it is told."""

    happen: Callable[[Mailbox], None]
    name: EventName
    title: Text
    count: int = 1

    def __str__(self) -> str:
        return self.happen.__name__


CASES = [
    Case(too_late, EventName.MISSED, sentences.LATE),
    Case(two_too_late, EventName.MISSED, sentences.MISSED, 2),
    Case(doubtful, EventName.UNVERIFIED, sentences.UNVERIFIED),
    Case(report, EventName.SIGN_IN_REPORTED, sentences.REPORTED),
    Case(soon_over, EventName.EXPIRED, sentences.OVER),
    Case(from_the_future, EventName.CLOCK_WRONG, sentences.CLOCK),
    Case(many, EventName.ATTEMPT, sentences.FLOOD, 4),
]


@pytest.mark.parametrize("joint", ["once logged", "before it is shown"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_was_logged_is_told_after_a_kill_and_then_never_again(
    home: Home, case: Case, joint: str
) -> None:
    home.environment["PYTHONPATH"] = str(Path(__file__).parent.parent)
    killed = program("killed_after", case.name, str(case.count))
    if joint == "before it is shown":
        killed = program("killed_before", case.title.say(Language.EN))
    goes_on = program("kernel_says", "yes")
    mailbox = Mailbox()
    with serving(mailbox, "secret") as port, serving_dns(records()) as name_server:
        configure(home, port, name_server.address, soon=case.happen is soon_over)
        if case.happen is not report:
            case.happen(mailbox)
        with home.started("run", command=killed) as running:
            if case.happen is report:  # of what is known already
                running.await_text(deliver_attempt(mailbox, utc_now()))
                report(mailbox)
            running.await_end()
            assert shown(case.title) not in running.seen
        assert logged(home, case) == case.count

        with home.started("run", command=goes_on) as second:
            second.await_text(shown(case.title))
            second.await_text(CONNECTED)
            second.await_text(deliver_attempt(mailbox, true_now(case), 8))
            assert second.seen.count(shown(case.title)) == 1
            second.end()
        with home.started("run", command=goes_on) as third:
            third.await_text(CONNECTED)
            third.await_text(deliver_attempt(mailbox, true_now(case), 9))
            third.end()
            assert shown(case.title) not in third.seen
    assert logged(home, case) - case.count in (0, 2)  # the two attempts at the end


def true_now(case: Case) -> datetime:
    return utc_now() + (HOUR if case.happen is from_the_future else timedelta(0))


def program(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "tests.subprograms", *words)


def configure(home: Home, port: int, name_server: str, *, soon: bool) -> None:
    window = "30s" if soon else "5m"
    home.configure(
        f'[watch]\nmode = "poll"\npoll_interval = "1s"\nwindow = "{window}"',
        '[notify]\nchannel = "terminal"\nlanguage = "en"',
        f'[dkim]\nnameservers = ["{name_server}"]',
        f'[[accounts]]\nname = "home"\nhost = "127.0.0.1"\nport = {port}',
        'tls = "none"\nuser = "taro@example.jp"\nmailboxes = ["INBOX"]',
        'password_env = "MAIL_PASSWORD"',
    )


def logged(home: Home, case: Case) -> int:
    return home.names().count(case.name)
