"""Forged mail in masses costs the user's attention next to nothing."""

from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

from tests.fakes import RecordingChannel, judged, prompt_notifier
from tests.sample_mails import LINK, VERIFY, Mail, compose, html
from watcher.app.pipeline import LOGGED_AN_HOUR, MailPipeline
from watcher.app.wanted import UNVERIFIED_AN_HOUR, NotifierSettings
from watcher.clock import boottime_s, utc_now
from watcher.events import (
    Arrival,
    Cursor,
    EventName,
    MailboxSynced,
    MessageFetched,
    Origin,
    Seen,
)
from watcher.i18n import Language
from watcher.journal.log import Journal

FLOOD = 1010
WINDOW = timedelta(minutes=5)
BODY = f'<p>承認または否認してください。<a href="{LINK}">承認または否認</a></p>'


def receive(
    path: Path, sender: str, count: int
) -> tuple[RecordingChannel, list[EventName]]:
    """Receive a flood of unsigned mails; return what was shown and what was logged."""
    channel = RecordingChannel()
    settings = NotifierSettings(language=Language.JA, notify_unverified=True)
    with Journal.open(path) as journal:
        notifier = prompt_notifier(journal, [channel], settings)
        pipeline = MailPipeline(
            journal,
            notifier,
            window=WINDOW,
        )
        for uid in range(1, count + 1):
            pipeline.process(judged(forgery(uid, sender), VERIFY), utc_now())
        synced = MailboxSynced(
            account="home", mailbox="INBOX", cursor=Cursor(1, count + 1)
        )
        pipeline.finish_sync(synced, utc_now())
        return channel, [event.event for event in journal.events()]


def forgery(uid: int, sender: str) -> MessageFetched:
    now = utc_now()
    mail = Mail(
        sender=sender,
        subject="amazon.co.jp: アクションが必要です: サインイン試行",
        date=format_datetime(now),
        message_id=f"<{uid}@forged.example>",
        body=html(BODY),
    )
    origin = Origin(account="home", mailbox="INBOX", uid_validity=1, uid=uid)
    seen = Seen(boottime_s())
    return MessageFetched(origin=origin, arrival=Arrival(now, seen), raw=compose(mail))


def test_a_flood_of_unverified_mails_is_told_five_times_and_summed_up_once(
    tmp_path: Path,
) -> None:
    sender = '"amazon.co.jp" <account-update@amazon.co.jp>'
    channel, logged = receive(tmp_path / "events.db", sender, FLOOD)

    assert logged == [EventName.UNVERIFIED] * LOGGED_AN_HOUR[EventName.UNVERIFIED]
    assert len(channel.shown) == UNVERIFIED_AN_HOUR + 1
    assert not any(shown.link or LINK in shown.body for shown in channel.shown)


def test_a_flood_of_look_alikes_is_logged_in_part_and_not_shown(tmp_path: Path) -> None:
    sender = '"Amazon.co.jp" <account-update@amazon.co.jp.evil.example>'
    channel, logged = receive(tmp_path / "events.db", sender, FLOOD)

    assert logged == [EventName.LOOK_ALIKE] * LOGGED_AN_HOUR[EventName.LOOK_ALIKE]
    assert channel.shown == []
