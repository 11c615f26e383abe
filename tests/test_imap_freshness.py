"""How long a mail can have lain there, by what the looks before it found."""

from datetime import timedelta

from watcher.clock import boottime_s
from watcher.imap.sync import MailAges

TIMED_OUT = timedelta(0)
MINUTES = timedelta(minutes=7)


def looked_at(seconds_ago: float = 10.0) -> MailAges:
    ages = MailAges()
    ages.begin("INBOX", boottime_s() - seconds_ago)
    return ages


def test_a_mail_was_not_there_when_the_last_look_began() -> None:
    max_age = looked_at(10.0).max_age("INBOX", TIMED_OUT)

    assert max_age is not None
    assert timedelta(seconds=10) <= max_age < timedelta(seconds=60)


def test_nobody_knows_of_a_mailbox_that_was_not_looked_at() -> None:
    ages = looked_at()
    ages.forget("INBOX")

    assert ages.max_age("INBOX", TIMED_OUT) is None
    assert ages.max_age("Junk", TIMED_OUT) is None


def test_a_mail_that_seems_old_by_a_clock_that_was_right_was_moved_here() -> None:
    ages = looked_at()
    ages.note("INBOX", TIMED_OUT)
    ages.note("INBOX", MINUTES)

    assert ages.max_age("INBOX", MINUTES) is None


def test_where_every_mail_seems_old_the_clock_is_wrong() -> None:
    ages = looked_at()
    for _ in range(3):
        ages.note("INBOX", MINUTES)

    assert ages.max_age("INBOX", MINUTES) is not None


def test_old_mail_found_on_catching_up_says_nothing_about_the_clock() -> None:
    ages = MailAges()
    ages.note("INBOX", TIMED_OUT)
    ages.begin("INBOX", boottime_s())

    assert ages.max_age("INBOX", MINUTES) is not None
