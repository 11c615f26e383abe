"""Exactly once in the log and at least once on the screen, through kill -9."""

import random
import sys
from collections import Counter
from email.utils import format_datetime
from pathlib import Path

from tests.environment import CONNECTED, Home, token
from tests.fakes import posix_only
from tests.sample_mails import approval, records
from tests.servers import serving_dns
from watcher.clock import utc_now
from watcher.demo.server import Mailbox, serving
from watcher.events import EventName, to_fields

RUNS = 200
RUNS_A_MAIL = 5


@posix_only("it forks")
def test_each_attempt_is_logged_once_and_announced_through_hundreds_of_kills(
    home: Home,
) -> None:
    mailbox = Mailbox()
    home.environment["PYTHONPATH"] = str(Path(__file__).parent.parent)
    seed = random.randrange(2**32)
    command = (
        sys.executable,
        "-m",
        "tests.subprograms",
        "crash_loop",
        str(RUNS),
        str(seed),
    )
    with serving(mailbox, "secret") as port, serving_dns(records()) as name_server:
        configure(home, port, name_server.address)
        with home.started(command=command) as running:
            for number in range(0, RUNS, RUNS_A_MAIL):
                running.await_text(f"run {number}.")
                deliver(mailbox)
            running.await_text("no more runs")
        with home.started("run") as last:
            last.await_text(CONNECTED)
            last.await_text(deliver(mailbox))
            last.end()

    assert_each_is_there_once(home, len(mailbox.mails()))


def configure(home: Home, port: int, name_server: str) -> None:
    home.configure(
        '[notify]\nchannel = "terminal"\nlanguage = "en"',
        f'[dkim]\nnameservers = ["{name_server}"]',
        f'[[accounts]]\nname = "home"\nhost = "127.0.0.1"\nport = {port}',
        'tls = "none"\nuser = "taro@example.jp"\nmailboxes = ["INBOX"]',
        'password_env = "MAIL_PASSWORD"',
    )


def deliver(mailbox: Mailbox) -> str:
    now = utc_now()
    link = f"https://www.amazon.co.jp/a/c/r/{token()}"
    raw = approval(
        link,
        date=format_datetime(now),
        message_id=f"<{token()}@amazonses.com>",
    )
    mailbox.deliver(raw, now)
    return link


def assert_each_is_there_once(home: Home, count: int) -> None:
    events = home.events()
    by_name = [(e.event, to_fields(e)["uid"]) for e in events]
    logged = Counter(uid for name, uid in by_name if name is EventName.ATTEMPT)
    shown = {uid for name, uid in by_name if name is EventName.NOTIFIED}
    assert logged == dict.fromkeys(range(1, count + 1), 1)
    assert shown == set(logged)
