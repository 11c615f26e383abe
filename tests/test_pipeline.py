"""What a mail means now, by which keys it is known again, when its time is over."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes import PromptDesktop, RecordingChannel, judged, prompt_notifier
from tests.sample_mails import (
    APPROVAL_HTML,
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
from watcher.app.desktop import Shown
from watcher.app.machine_clock import read_machine
from watcher.app.news import News
from watcher.app.notifier import Notifier
from watcher.app.pipeline import (
    DOUBTFUL_WHILE_ARMED,
    MailPipeline,
    Observed,
    Processed,
)
from watcher.app.wanted import NotifierSettings
from watcher.clock import boottime_s
from watcher.dkim import verifier
from watcher.errors import JournalBusy, Unreachable
from watcher.events import (
    Arrival,
    Attempt,
    Cursor,
    Event,
    EventName,
    Expectation,
    MailboxSynced,
    MessageFetched,
    Origin,
    Seen,
    to_fields,
    to_json,
)
from watcher.i18n import Language, Text
from watcher.journal.log import Journal
from watcher.notify import wording
from watcher.recognition.claim import Kind
from watcher.recognition.judge import Verify
from watcher.recognition.reasons import Reason
from watcher.timing.deadline import Machine

NOW = datetime(2026, 11, 21, 12, 0, 28, tzinfo=UTC)
SENT_AT = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)
JUST = timedelta(seconds=1)
WINDOW = timedelta(minutes=5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal.open(path) as journal:
        yield journal


def synchronised(now: datetime) -> Machine:
    """Return the clocks of a machine whose kernel takes its clock for right."""
    return replace(read_machine(now), is_synchronised=True)


def pipeline(journal: Journal, *, is_waiting: bool = False) -> MailPipeline:
    settings = NotifierSettings(language=Language.EN, notify_unverified=True)
    return MailPipeline(
        journal,
        Notifier(journal, None, settings),
        window=WINDOW,
        is_waiting=is_waiting,
        machine=synchronised,
    )


def silent_dns(name: str) -> bytes | None:
    raise Unreachable(Text(en="no answer", ja="no answer"))


def fetched(
    raw: bytes,
    *,
    uid: int = 1,
    account: str = "home",
    received_at: datetime = SENT_AT,
    max_age: timedelta | None = None,
) -> MessageFetched:
    origin = Origin(account=account, mailbox="INBOX", uid_validity=1, uid=uid)
    seen_s = boottime_s()
    absent_s = None if max_age is None else seen_s - max_age.total_seconds()
    return MessageFetched(
        origin=origin, raw=raw, arrival=Arrival(received_at, Seen(seen_s, absent_s))
    )


def process(
    journal: Journal, mail: MessageFetched, now: datetime = NOW, verify: Verify = VERIFY
) -> Processed:
    return pipeline(journal).process(judged(mail, verify), now)


def recorded_of(
    journal: Journal, mail: MessageFetched, now: datetime = NOW
) -> Event[events.Mail]:
    event = process(journal, mail, now).event
    assert event is not None
    return event


def processed(
    journal: Journal, raw: bytes, *, at: datetime = NOW, uid: int = 1
) -> Processed:
    return process(journal, fetched(raw, uid=uid), at)


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


def test_an_unknown_form_offers_neither_link_nor_code(journal: Journal) -> None:
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


def test_a_message_id_of_30_kb_is_cut_in_the_log_and_known_whole(
    journal: Journal,
) -> None:
    ids = [f"<{'x' * 30_000}{number}@forged.example>" for number in (1, 2)]
    for message_id in (*ids, ids[0]):
        process(journal, fetched(unsigned(message_id)))

    logged = [to_fields(event)["message_id"] for event in journal.events()]
    assert logged == [f"<{'x' * 996}…"] * 2


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
    silent = process(journal, fetched(approval()), verify=verifier(silent_dns))
    proved = processed(journal, approval())

    assert silent.event is not None
    assert silent.event.event is EventName.UNVERIFIED
    assert silent.event.reasons == (Reason.DKIM_TEMPERROR,)
    assert attempt_of(silent.event).secret is None
    assert proved.event is not None
    assert attempt_of(proved.event).id == silent.event.id


def test_what_was_proved_once_is_no_doubt_while_dns_is_silent(journal: Journal) -> None:
    processed(journal, approval())
    silent = process(journal, fetched(approval(), uid=2), verify=verifier(silent_dns))

    assert silent.event is None
    assert [one.event for one in journal.events()] == [EventName.ATTEMPT]


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
    event = process(journal, fetched(raw, received_at=received_at)).event

    assert event is not None
    assert attempt_of(event).expires_at == expires_at


@pytest.mark.parametrize("wrong_by", [timedelta(minutes=8), timedelta(days=1)])
def test_an_account_that_is_known_shows_that_our_clock_is_wrong(
    journal: Journal, wrong_by: timedelta
) -> None:
    """An earlier mail came just now, too, though our clock says long ago."""
    late = NOW + wrong_by
    road = pipeline(journal)
    road.process(judged(fetched(approval(), uid=1, max_age=JUST), VERIFY), late)
    again = fetched(
        approval(f"{LINK}2", message_id="<2@amazonses.com>"), uid=2, max_age=JUST
    )
    event = process(journal, again, late).event  # another program

    assert event is not None
    attempt = attempt_of(event)
    assert event.event is EventName.ATTEMPT
    assert attempt.is_deadline_known
    assert late < attempt.expires_at <= late + WINDOW


def test_a_first_mail_that_is_old_by_our_clock_may_be_over_already(
    journal: Journal,
) -> None:
    """It was moved here, or our clock leads: nobody can know."""
    late = NOW + timedelta(hours=1)
    event = process(journal, fetched(approval(), max_age=JUST), late).event

    assert event is not None
    assert event.event is EventName.ATTEMPT
    assert not attempt_of(event).is_deadline_known


def test_an_old_mail_that_is_moved_here_stays_old(journal: Journal) -> None:
    """COPY and MOVE keep the time of arrival (RFC 3501 §6.4.7)."""
    road, late = pipeline(journal), NOW + timedelta(hours=1)
    seen_s = boottime_s()
    newest = Arrival(late, Seen(seen_s, seen_s - 1.0))
    road.finish_sync(replace(SYNCED, newest=newest), late)
    event = road.process(judged(fetched(approval(), max_age=JUST), VERIFY), late).event

    assert event is not None
    assert (event.event, attempt_of(event).secret) == (EventName.MISSED, None)


def test_a_mail_that_is_judged_late_has_so_much_less_time(journal: Journal) -> None:
    mail = fetched(approval(), max_age=JUST)
    seen_s = mail.arrival.seen.boot_s - 400
    arrival = replace(mail.arrival, seen=Seen(seen_s, seen_s - 1))
    waited = replace(mail, arrival=arrival)
    event = process(journal, waited, NOW + timedelta(seconds=400)).event

    assert event is not None
    assert event.event is EventName.MISSED


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


SECOND, MS = timedelta(seconds=1), timedelta(milliseconds=1)
MESSAGE_ID = Mail().message_id
VOICE = NotifierSettings(language=Language.EN, notify_unverified=True)
SYNCED = MailboxSynced(account="home", mailbox="INBOX", cursor=Cursor(1, 7))


def unsigned(message_id: str = MESSAGE_ID) -> bytes:
    return compose(
        Mail(body=html(APPROVAL_HTML.format(link=LINK)), message_id=message_id)
    )


def unsigned_look_alike() -> bytes:
    body = html(APPROVAL_HTML.format(link="https://evil.example/a/c/r/x"))
    return compose(Mail(body=body))


# Deadlines ----------------------------------------------------------------------------


def test_a_mail_of_unknown_age_never_gets_a_later_deadline(journal: Journal) -> None:
    event = recorded_of(journal, fetched(approval()), SENT_AT + WINDOW - SECOND)

    assert attempt_of(event).expires_at == SENT_AT + WINDOW


@pytest.mark.parametrize("max_age", [None, JUST])
def test_a_mail_from_our_future_never_gets_more_than_the_window(
    journal: Journal, max_age: timedelta | None
) -> None:
    now = SENT_AT - timedelta(minutes=1)
    attempt = attempt_of(
        recorded_of(journal, fetched(approval(), max_age=max_age), now)
    )

    assert now + WINDOW - timedelta(seconds=5) <= attempt.expires_at <= now + WINDOW
    assert attempt.is_deadline_known == (max_age is not None)


@pytest.mark.parametrize(
    ("date", "expires_at"),
    [
        (format_datetime(SENT_AT - 20 * SECOND), SENT_AT - 20 * SECOND + WINDOW),
        (format_datetime(SENT_AT + 20 * SECOND), SENT_AT + WINDOW),
        ("", SENT_AT + WINDOW),
    ],
    ids=["slow on its way", "in the future", "missing"],
)
def test_the_time_starts_at_the_date_unless_it_is_missing_or_in_the_future(
    journal: Journal, date: str, expires_at: datetime
) -> None:
    event = recorded_of(journal, fetched(approval(date=date)))

    assert attempt_of(event).expires_at == expires_at


# What an event is ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "name", "secret"),
    [
        (SENT_AT + WINDOW - MS, EventName.ATTEMPT, True),
        (SENT_AT + WINDOW, EventName.MISSED, False),
    ],
)
@pytest.mark.parametrize(
    ("raw", "kind", "value"),
    [(approval(), Kind.APPROVAL, LINK), (code("271828"), Kind.CODE, "271828")],
    ids=["approval", "code"],
)
def test_a_secret_is_kept_only_of_an_attempt_that_is_live(
    journal: Journal,
    now: datetime,
    name: EventName,
    secret: bool,
    raw: bytes,
    kind: Kind,
    value: str,
) -> None:
    event = recorded_of(journal, fetched(raw), now)

    assert (event.event, attempt_of(event).kind) == (name, kind)
    assert attempt_of(event).secret == (value if secret else None)


def test_an_event_says_where_and_when_the_mail_came_and_what_it_claims(
    journal: Journal,
) -> None:
    mail = fetched(approval(), uid=9, received_at=SENT_AT + SECOND)
    event = recorded_of(journal, mail)

    assert event.about.origin == mail.origin
    assert event.at == NOW
    assert attempt_of(event).message_id == MESSAGE_ID
    assert (attempt_of(event).claim.attempted_at, attempt_of(event).received_at) == (
        SENT_AT,
        SENT_AT + SECOND,
    )
    assert (attempt_of(event).claim.store, attempt_of(event).claim.near) == (
        "amazon.co.jp",
        "Tokyo, Japan",
    )
    assert attempt_of(event).claim.device == "Mozilla Firefox Windows (デスクトップ)"


def test_an_unverified_mail_keeps_claim_and_reasons_and_no_secret(
    journal: Journal,
) -> None:
    event = recorded_of(journal, fetched(unsigned()))

    assert event.event is EventName.UNVERIFIED
    assert event.reasons == (Reason.DKIM_NONE,)
    assert (attempt_of(event).kind, attempt_of(event).secret) == (None, None)
    assert attempt_of(event).expires_at == SENT_AT + WINDOW
    assert attempt_of(event).claim.near == "Tokyo, Japan"


def test_a_look_alike_keeps_its_reasons_and_no_deadline(journal: Journal) -> None:
    event = recorded_of(journal, fetched(unsigned_look_alike()))

    assert event.event is EventName.LOOK_ALIKE
    assert event.reasons
    assert not isinstance(event.about, Attempt)


def altered(uid: int) -> MessageFetched:
    """Return a mail to which a mailing list has added its footer."""
    raw = approval(message_id=f"<{uid}@amazonses.com>") + b"--\r\nfooter\r\n"
    return fetched(raw, uid=uid)


def test_while_armed_what_may_have_been_altered_is_told_three_times(
    journal: Journal,
) -> None:
    mails = pipeline(journal)

    def names(*uids: int) -> list[EventName]:
        done = [mails.process(judged(altered(uid), VERIFY), NOW) for uid in uids]
        return [one.event.event for one in done if one.event]

    assert names(1) == [EventName.LOOK_ALIKE]
    expected = Expectation(NOW + timedelta(minutes=10))
    journal.append(EventName.ARMED, at=NOW, about=expected)
    told = [EventName.UNVERIFIED] * DOUBTFUL_WHILE_ARMED
    assert names(2, 3, 4, 5) == [*told, EventName.LOOK_ALIKE]
    again = Expectation(NOW + timedelta(minutes=20))
    journal.append(EventName.ARMED, at=NOW, about=again)
    assert names(6) == [EventName.UNVERIFIED]


def test_a_mail_that_could_not_be_stored_leaves_what_was_known_of_the_arming(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails = pipeline(journal)
    for minutes in (10, 20):
        for uid in range(DOUBTFUL_WHILE_ARMED):
            mails.process(judged(altered(100 * minutes + uid), VERIFY), NOW)
        expected = Expectation(NOW + timedelta(minutes=minutes))
        journal.append(EventName.ARMED, at=NOW, about=expected)

    def busy(*_: object) -> None:
        raise JournalBusy(Text(en="busy", ja="使用中"))

    last = judged(altered(1), VERIFY)
    with monkeypatch.context() as broken:
        broken.setattr(Journal, "record", busy)
        with pytest.raises(JournalBusy):
            mails.process(last, NOW)
    event = mails.process(last, NOW).event

    assert event is not None
    assert event.event is EventName.UNVERIFIED


def test_who_waits_is_told_of_other_account_mail_by_its_subject(
    journal: Journal,
) -> None:
    channel = RecordingChannel()
    settings = NotifierSettings(language=Language.EN, notify_unverified=True)
    notifier = prompt_notifier(journal, [channel], settings)
    mails = MailPipeline(
        journal, notifier, window=WINDOW, is_waiting=True, machine=synchronised
    )
    body = plain("Hello")
    for uid in (1, 1, 2):
        raw = signed(
            Mail(subject="Password recovery", body=body, message_id=f"<{uid}@x>")
        )
        mails.process(judged(fetched(raw, uid=uid, max_age=JUST), VERIFY), NOW)
    raw = signed(Mail(sender="shop@amazon.co.jp", subject="サインイン", body=body))
    mails.process(judged(fetched(raw, uid=3, max_age=JUST), VERIFY), NOW)

    bodies = [one.body for one in channel.shown]
    assert [body.count("“Password recovery”") for body in bodies] == [1, 1]


def test_the_cursor_waits_for_a_mail_that_the_log_does_not_keep(
    journal: Journal,
) -> None:
    """So that it comes again to who is killed before it was shown."""
    answers: list[Shown] = []
    channel = RecordingChannel()
    desktop = PromptDesktop([channel])
    desktop.confirm = answers.append
    settings = NotifierSettings(language=Language.EN, notify_unverified=True)
    notifier = Notifier(journal, desktop, settings)
    mails = MailPipeline(
        journal, notifier, window=WINDOW, is_waiting=True, machine=synchronised
    )
    raw = signed(Mail(subject="Password recovery", body=plain("Hello")))
    mails.process(judged(fetched(raw, max_age=JUST), VERIFY), NOW)
    mails.finish_sync(SYNCED, NOW)
    assert journal.cursors("home") == {}

    for shown in answers:
        notifier.confirm(shown, NOW)
    mails.move_cursors(NOW)
    assert journal.cursors("home") == {"INBOX": Cursor(1, 7)}


def test_who_waits_is_told_of_what_may_have_been_altered(journal: Journal) -> None:
    mails = pipeline(journal, is_waiting=True)
    event = mails.process(judged(altered(1), VERIFY), NOW).event

    assert event is not None
    assert (event.event, event.reasons) == (EventName.UNVERIFIED, ("dkim_fail",))
    assert attempt_of(event).secret is None


# What Amazon reports afterwards -------------------------------------------------------

NOTICE = "amazon.co.jp: アクションが必要です: サインイン"


def notice(
    uid: int = 2, *, after: timedelta = JUST, **changes: object
) -> MessageFetched:
    """Return Amazon's mail that there was a sign-in, so long after the attempt's."""
    fields: dict[str, object] = {
        "subject": NOTICE,
        "date": format_datetime(SENT_AT + after),
        "message_id": f"<notice.{uid}@amazonses.com>",
        "body": plain("デバイス: Mozilla Firefox Windows (デスクトップ)"),
        **changes,
    }
    return fetched(signed(Mail(), **fields), uid=uid, received_at=SENT_AT + after)


def test_a_sign_in_that_amazon_reports_is_logged_once_about_the_attempt(
    journal: Journal,
) -> None:
    channel = RecordingChannel()
    settings = NotifierSettings(language=Language.EN, notify_unverified=True)
    notifier = prompt_notifier(journal, [channel], settings)
    mails = MailPipeline(journal, notifier, window=WINDOW, machine=synchronised)
    attempt = mails.process(judged(fetched(approval()), VERIFY), NOW).event
    reports = [
        mails.process(judged(notice(uid), VERIFY), NOW).event for uid in (2, 2, 3)
    ]
    notifier.update(NOW)

    assert attempt is not None
    first, again, second = reports
    assert again is None
    for report in (first, second):
        assert report is not None
        assert report.event is EventName.SIGN_IN_REPORTED
        assert report.about.id == attempt.id
        assert report.detail == "2026-11-21T12:00:06Z"
    told = wording.reported(SENT_AT + JUST, attempt_of(attempt), language=Language.EN)
    assert channel.shown[1:] == [told, told]
    assert channel.withdrawn == [attempt.id] * 2
    secrets = [one.about.link for one in journal.live(NOW)]
    assert secrets == [LINK]


def test_who_begins_to_wait_is_not_told_of_a_sign_in_that_was_reported_before(
    journal: Journal,
) -> None:
    for mail in (fetched(approval()), notice()):
        process(journal, mail)
    channel = RecordingChannel()
    settings = NotifierSettings(language=Language.EN, notify_unverified=True)
    notifier = prompt_notifier(journal, [channel], settings)
    mails = MailPipeline(
        journal, notifier, window=WINDOW, is_waiting=True, machine=synchronised
    )
    mails.process(judged(notice(), VERIFY), NOW)
    journal.expire(NOW + WINDOW)  # then there is nothing that it could be about
    mails.process(judged(notice(), VERIFY), NOW)

    assert channel.shown == []


@pytest.mark.parametrize("tag", [b"[SPAM] ", b"Fwd: "])
def test_a_tag_hides_no_report_of_a_sign_in(journal: Journal, tag: bytes) -> None:
    process(journal, fetched(approval()))
    sent = notice()
    tagged = sent.raw.replace(b"\r\nSubject: ", b"\r\nSubject: " + tag, 1)
    report = process(journal, replace(sent, raw=tagged)).event

    assert report is not None
    assert report.event is EventName.SIGN_IN_REPORTED


def test_a_report_is_about_the_newest_attempt_that_it_may_be_about(
    journal: Journal,
) -> None:
    for uid, device in ((1, "Mozilla"), (2, "Mozilla"), (3, "Chrome")):
        text = APPROVAL_HTML.format(link=LINK[:-1] + str(uid))
        body = html(text.replace("Mozilla", device))
        raw = signed(Mail(body=body, message_id=f"<{uid}@amazonses.com>"))
        process(journal, fetched(raw, uid=uid))
    report = process(journal, notice(4)).event

    assert report is not None
    assert report.about.id == 2


@pytest.mark.parametrize(
    "mail",
    [
        notice(after=-JUST),
        notice(body=plain("デバイス: Safari iPhone")),
        notice(
            sender='"amazon" <account-update@amazon.com>',
            subject="amazon.com, action needed: Sign-in",
        ),
        notice(subject="Password recovery"),
        replace(notice(), raw=compose(Mail(subject=NOTICE, body=plain("x")))),
        replace(notice(), origin=replace(notice().origin, account="work")),
    ],
    ids=["earlier", "device", "store", "subject", "unproved", "account"],
)
def test_a_report_of_another_sign_in_closes_nothing(
    journal: Journal, mail: MessageFetched
) -> None:
    process(journal, fetched(approval()))
    process(journal, mail)

    assert all(one.event is not EventName.SIGN_IN_REPORTED for one in journal.events())


def test_a_report_without_a_live_attempt_is_no_event(journal: Journal) -> None:
    assert process(journal, notice()).event is None
    process(journal, fetched(approval()))
    journal.expire(NOW + WINDOW)

    assert process(journal, notice(3), NOW + WINDOW).event is None


def test_a_mail_that_is_not_relevant_is_no_event(journal: Journal) -> None:
    raw = compose(Mail(sender="shop@shop.example", subject="発送しました"))

    assert process(journal, fetched(raw)).event is None
    assert list(journal.events()) == []


# Keys ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "count"), [(approval, 1), (code, 2)], ids=["approval", "code"]
)
def test_only_the_link_to_approve_tells_that_two_mails_are_one_attempt(
    journal: Journal, make: Callable[..., bytes], count: int
) -> None:
    for uid in (1, 2):
        process(journal, fetched(make(message_id=f"<{uid}@amazonses.com>"), uid=uid))

    assert len(list(journal.events())) == count


@pytest.mark.parametrize(
    "raw", [unsigned_look_alike(), unsigned()], ids=["link", "proof"]
)
def test_a_guessed_message_id_keeps_no_real_mail_out_and_is_logged_once(
    journal: Journal, raw: bytes
) -> None:
    guess = recorded_of(journal, fetched(raw))
    again = process(journal, fetched(raw, uid=2)).event
    real = recorded_of(journal, fetched(approval(), uid=3))

    assert guess.event is not EventName.ATTEMPT
    assert again is None
    assert attempt_of(real).link == LINK


def test_a_real_mail_keeps_no_look_alike_out_of_the_log(journal: Journal) -> None:
    recorded_of(journal, fetched(approval()))

    assert (
        recorded_of(journal, fetched(unsigned(), uid=2)).event is EventName.UNVERIFIED
    )


def test_an_attempt_goes_on_from_its_doubt_and_from_no_look_alike(
    journal: Journal,
) -> None:
    recorded_of(journal, fetched(unsigned_look_alike()))
    doubt = recorded_of(journal, fetched(unsigned(), uid=2))

    assert attempt_of(recorded_of(journal, fetched(approval(), uid=3))).id == doubt.id


def test_keys_are_digests_and_hold_nothing_of_a_link(
    journal: Journal, path: Path
) -> None:
    recorded_of(journal, fetched(approval()))
    with closing(sqlite3.connect(path)) as connection:
        keys = {key for (key,) in connection.execute("SELECT key FROM seen")}

    assert keys == {
        f"attempt:{hashlib.sha256(text.encode()).hexdigest()}"
        for text in (LINK, MESSAGE_ID)
    }


# Another try --------------------------------------------------------------------------


# From a mail to the cursor ----------------------------------------------------------


@dataclass(slots=True)
class Recorder:
    """Makes pipelines, and records what comes out of them."""

    journal: Journal
    channel: RecordingChannel = field(default_factory=RecordingChannel)
    observed: list[Observed] = field(default_factory=list)

    def pipeline(self) -> MailPipeline:
        """Return a pipeline that shows on the channel."""
        return MailPipeline(
            self.journal,
            prompt_notifier(self.journal, [self.channel], VOICE),
            window=WINDOW,
            machine=synchronised,
            observe=self.observed.append,
        )


@pytest.fixture
def recorder(journal: Journal) -> Recorder:
    return Recorder(journal)


def missed(number: int, account: str = "home") -> MessageFetched:
    raw = approval(f"{LINK}{number}", message_id=f"<{number}@amazonses.com>")
    return fetched(raw, uid=number, account=account)


def test_all_that_was_handled_is_observed(recorder: Recorder) -> None:
    mails = recorder.pipeline()
    processed = mails.process(judged(fetched(approval()), VERIFY), NOW)
    mails.finish_sync(SYNCED, NOW)

    assert recorder.observed == [processed, SYNCED]
    assert recorder.channel.links == [LINK]


@pytest.mark.parametrize("raw", [approval(), unsigned()], ids=["attempt", "doubt"])
def test_a_new_event_is_notified_before_its_sync_ends(
    recorder: Recorder, raw: bytes
) -> None:
    recorder.pipeline().process(judged(fetched(raw), VERIFY), NOW)

    assert len(recorder.channel.shown) == 1


def test_missed_attempts_are_told_per_account_at_the_end_of_its_sync(
    recorder: Recorder,
) -> None:
    mails = recorder.pipeline()
    late = SENT_AT + WINDOW
    home = [
        mails.process(judged(missed(number), VERIFY), late).event for number in (1, 2)
    ]
    work = mails.process(judged(missed(3, "work"), VERIFY), late).event
    assert recorder.channel.shown == []

    for account in ("work", "home", "work", "home"):
        synced = MailboxSynced(account=account, mailbox="INBOX", cursor=Cursor(1, 7))
        mails.finish_sync(synced, late)

    assert work is not None
    assert recorder.channel.shown == [
        wording.late(attempt_of(work), language=Language.EN),
        wording.missed([attempt_of(one) for one in home], language=Language.EN),
    ]


@pytest.mark.parametrize(
    ("owner", "method"), [(News, "tell_missed"), (Notifier, "notify_pending")]
)
def test_the_cursor_stays_if_telling_fails_and_moves_last(
    recorder: Recorder,
    owner: type[object],
    method: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(owner, method, fail)
        with pytest.raises(RuntimeError):
            recorder.pipeline().finish_sync(SYNCED, NOW)
    assert recorder.journal.cursors("home") == {}

    recorder.pipeline().finish_sync(SYNCED, NOW + timedelta(seconds=20))
    assert recorder.journal.cursors("home") == {"INBOX": Cursor(1, 7)}


def test_the_cursor_has_moved_when_the_sync_is_observed(journal: Journal) -> None:
    cursors: list[dict[str, Cursor]] = []
    mails = MailPipeline(
        journal,
        Notifier(journal, None, VOICE),
        window=WINDOW,
        machine=synchronised,
        observe=lambda _: cursors.append(journal.cursors("home")),
    )
    mails.finish_sync(SYNCED, NOW)

    assert cursors == [{"INBOX": Cursor(1, 7)}]


def test_each_sync_notifies_of_what_is_still_pending(recorder: Recorder) -> None:
    recorder.channel.is_shut = True
    mails = recorder.pipeline()
    mails.process(judged(fetched(approval()), VERIFY), NOW)
    recorder.channel.is_shut = False
    mails.finish_sync(SYNCED, NOW + timedelta(seconds=20))

    assert recorder.channel.links == [LINK]


# This machine's clock -----------------------------------------------------------------


def from_the_future() -> MessageFetched:
    """Return a mail whose Date lies an hour ahead, and that came after it."""
    later = NOW + timedelta(hours=1)
    return fetched(approval(date=format_datetime(later)), received_at=later + JUST)


def test_a_signed_date_that_lies_ahead_shows_once_that_the_clock_is_behind(
    recorder: Recorder,
) -> None:
    mails = recorder.pipeline()
    mails.process(judged(from_the_future(), VERIFY), NOW)
    mails.process(judged(from_the_future(), VERIFY), NOW)
    mails.check_clock(NOW)

    logged = [one for one in recorder.journal.events() if one.detail != "recording"]
    assert [one.event.value for one in logged] == ["attempt", "clock_wrong"]
    assert logged[1].detail == "behind by 3600 s"
    attempt, clock = recorder.channel.shown
    assert attempt.replaces_id == logged[0].id
    assert "Until" not in attempt.body
    assert "60 minutes behind" in clock.body


def test_a_date_that_is_not_verified_shows_nothing(journal: Journal) -> None:
    processed = process(journal, from_the_future(), verify=verifier(silent_dns))

    assert processed.event is not None
    assert [one.event for one in journal.events()] == [EventName.UNVERIFIED]
