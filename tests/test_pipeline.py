"""What a mail means at this moment: an attempt alive or missed, a doubt, or nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sample_mails import (
    LINK,
    VERIFY,
    Mail,
    approval,
    code,
    compose,
    html,
    plain,
    signed,
)
from watcher import events
from watcher.app.notifier import Notifier, NotifierSettings
from watcher.app.pipeline import RETRY_WITHIN, MailPipeline, Processed
from watcher.dkim import verifier
from watcher.errors import Unreachable
from watcher.events import (
    Attempt,
    Event,
    EventName,
    MessageFetched,
    Origin,
    to_fields,
    to_json,
)
from watcher.i18n import Language, Text
from watcher.journal import Journal
from watcher.recognition.judge import Policy, Verify
from watcher.recognition.verdict import Kind, Reason

NOW = datetime(2026, 11, 21, 12, 0, 28, tzinfo=UTC)
SENT_AT = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)
WINDOW = timedelta(minutes=5)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "events.db") as journal:
        yield journal


def pipeline(journal: Journal, verify: Verify = VERIFY) -> MailPipeline:
    settings = NotifierSettings(language=Language.EN, notify_unverified=True)
    return MailPipeline(
        journal,
        Notifier(journal, None, settings),
        verify=verify,
        policies={"home": Policy()},
        window=WINDOW,
    )


def silent_dns(name: str) -> bytes | None:
    raise Unreachable(Text(en="no answer", ja="no answer"))


def fetched(
    raw: bytes,
    *,
    uid: int = 1,
    received_at: datetime = SENT_AT,
    max_age: timedelta | None = None,
) -> MessageFetched:
    origin = Origin(account="home", mailbox="INBOX", uid_validity=1, uid=uid)
    return MessageFetched(
        origin=origin, received_at=received_at, raw=raw, max_age=max_age
    )


def processed(
    journal: Journal, raw: bytes, *, at: datetime = NOW, uid: int = 1
) -> Processed:
    return pipeline(journal).process(fetched(raw, uid=uid), at)


def event_of(journal: Journal, raw: bytes, *, at: datetime = NOW) -> Event[events.Mail]:
    event = processed(journal, raw, at=at).event
    assert event is not None
    return event


def attempt_of(event: Event[events.Mail] | None) -> Attempt:
    assert event is not None
    assert isinstance(event.about, Attempt)
    return event.about


def test_an_attempt_in_time_keeps_its_link_until_the_deadline(journal: Journal) -> None:
    event = event_of(journal, approval())

    assert (event.event, attempt_of(event).kind, attempt_of(event).link) == (
        EventName.ATTEMPT,
        Kind.APPROVAL,
        LINK,
    )
    assert attempt_of(event).expires_at == SENT_AT + WINDOW
    assert (attempt_of(event).claim.store, attempt_of(event).claim.near) == (
        "amazon.co.jp",
        "Tokyo, Japan",
    )


def test_a_code_is_kept_and_the_link_that_denies_is_not(journal: Journal) -> None:
    event = event_of(journal, code("271828"))

    assert (attempt_of(event).kind, attempt_of(event).code, attempt_of(event).link) == (
        Kind.CODE,
        "271828",
        None,
    )


def test_an_attempt_too_late_is_missed_and_loses_its_link(journal: Journal) -> None:
    event = event_of(journal, approval(), at=SENT_AT + WINDOW)

    assert (event.event, attempt_of(event).kind, attempt_of(event).link) == (
        EventName.MISSED,
        Kind.APPROVAL,
        None,
    )


def test_a_form_nobody_knows_offers_neither_link_nor_code(journal: Journal) -> None:
    event = event_of(journal, signed(Mail(body=plain("Hello"))))

    assert (event.event, attempt_of(event).kind, attempt_of(event).secret) == (
        EventName.ATTEMPT,
        Kind.UNKNOWN,
        None,
    )


def test_the_same_mail_is_taken_once(journal: Journal) -> None:
    assert processed(journal, approval()).event is not None
    assert processed(journal, approval(), uid=2).event is None
    assert processed(journal, approval(), at=NOW + timedelta(days=1)).event is None


def test_the_same_link_in_another_mail_is_the_same_attempt(journal: Journal) -> None:
    assert (
        processed(journal, approval(message_id="<1@amazonses.com>")).event is not None
    )
    assert processed(journal, approval(message_id="<2@amazonses.com>")).event is None


def test_the_same_code_in_another_mail_is_another_attempt(journal: Journal) -> None:
    assert processed(journal, code(message_id="<1@amazonses.com>")).event is not None
    assert processed(journal, code(message_id="<2@amazonses.com>")).event is not None


def test_a_forgery_that_guesses_the_message_id_does_not_keep_the_real_mail_out(
    journal: Journal,
) -> None:
    forged = compose(Mail(body=html(f"<p>サインイン</p><a href='{LINK}'>承認</a>")))

    first = event_of(journal, forged)
    second = event_of(journal, approval())

    assert first.event is not EventName.ATTEMPT
    assert to_fields(first)["secret"] is None
    assert attempt_of(second).link == LINK


def test_what_is_not_relevant_is_not_logged(journal: Journal) -> None:
    raw = compose(Mail(sender="shop@shop.example", subject="発送しました"))

    assert processed(journal, raw).event is None
    assert list(journal.events()) == []


def test_a_proof_that_comes_later_makes_an_attempt_of_a_doubt(journal: Journal) -> None:
    silent = pipeline(journal, verifier(silent_dns)).process(fetched(approval()), NOW)
    proved = processed(journal, approval())

    assert silent.event is not None
    assert silent.event.event is EventName.UNVERIFIED
    assert silent.event.reasons == (Reason.DKIM_TEMPERROR,)
    assert attempt_of(silent.event).secret is None
    assert proved.event is not None
    assert attempt_of(proved.event).id == silent.event.id


def test_only_a_fresh_doubt_about_dns_is_worth_another_try(journal: Journal) -> None:
    silent = pipeline(journal, verifier(silent_dns)).process(fetched(approval()), NOW)

    assert silent.is_worth_retrying(NOW)
    assert not silent.is_worth_retrying(SENT_AT + RETRY_WITHIN)
    assert not processed(journal, approval()).is_worth_retrying(NOW)


@pytest.mark.parametrize(
    ("sent_at", "received_at", "expires_at"),
    [
        (SENT_AT, SENT_AT + timedelta(seconds=20), SENT_AT + WINDOW),
        (SENT_AT + timedelta(hours=9), SENT_AT, SENT_AT + WINDOW),
    ],
    ids=["slow on its way", "sent by a clock that is ahead"],
)
def test_the_deadline_is_never_later_than_the_mail_allows(
    journal: Journal, sent_at: datetime, received_at: datetime, expires_at: datetime
) -> None:
    raw = approval(date=format_datetime(sent_at))
    event = pipeline(journal).process(fetched(raw, received_at=received_at), NOW).event

    assert event is not None
    assert attempt_of(event).expires_at == expires_at


def test_a_clock_of_ours_that_is_wrong_moves_the_deadline_with_it(
    journal: Journal,
) -> None:
    """The mail came since the last look, 15 s ago, though our clock says 8 minutes."""
    late = NOW + timedelta(minutes=8)
    mail = fetched(approval(), max_age=timedelta(seconds=15))
    event = pipeline(journal).process(mail, late).event

    assert event is not None
    assert event.event is EventName.ATTEMPT
    assert late < attempt_of(event).expires_at <= late + WINDOW


def test_an_old_mail_that_is_moved_here_stays_old(journal: Journal) -> None:
    """COPY and MOVE keep the time of arrival (RFC 3501 §6.4.7)."""
    mail = fetched(approval(), max_age=timedelta(seconds=15))
    event = pipeline(journal).process(mail, NOW + timedelta(hours=1)).event

    assert event is not None
    assert (event.event, attempt_of(event).secret) == (EventName.MISSED, None)


def test_a_mail_without_message_id_is_known_by_its_bytes(journal: Journal) -> None:
    raw = signed(Mail(body=plain("Hello"), message_id=""))

    assert attempt_of(event_of(journal, raw)).message_id is None
    assert processed(journal, raw).event is None


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 01 Jan 0001 00:00:00 +0000",
        "Fri, 31 Dec 9999 23:59:59 -1200",
        "Sat, 21 Nov 2026 12:00:05 +9999",
        "yesterday",
        "",
    ],
)
def test_no_date_whatever_brings_the_deadline_into_disorder(
    journal: Journal, date: str
) -> None:
    event = event_of(journal, approval(date=date))

    assert attempt_of(event).expires_at <= SENT_AT + WINDOW


headers = st.sampled_from(
    [
        b"From: account-update@amazon.co.jp\r\n",
        b"Subject: amazon.co.jp: Sign-in attempt\r\n",
        b"From: =?utf-8?b?7aCA?= <account-update@amazon.com>\r\n",
        b"Message-ID: <\xed\xa0\x80\x00@x>\r\nMessage-ID: <2@x>\r\n",
        b"Date: Sat, 32 Foo 99999 99:99:99 +99999\r\n",
        b"Content-Type: text/html; charset=\xff\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(headers).map(b"".join), st.binary(max_size=300))
def test_no_bytes_whatever_are_more_than_an_event_or_none(
    journal: Journal, head: bytes, body: bytes
) -> None:
    event = processed(journal, head + b"\r\n" + body).event

    assert event is None or (to_fields(event)["secret"] is None and to_json(event, NOW))
