"""Attempts, as the event log records them and as a user is told of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

from watcher.clock import iso
from watcher.errors import LoginRefused, NotHandedOver
from watcher.events import UNRECORDED, Attempt, Event, EventName, Origin
from watcher.i18n import Language, Text
from watcher.journal.log import Journal, NewEvent
from watcher.notify import trouble, wording
from watcher.notify.notification import Notification
from watcher.notify.wording import Situation
from watcher.recognition.claim import Claim, Kind

LINK = "https://www.amazon.co.jp/a/c/r/AbCdEfGhIjKlMnOpQrStUvWxY"
CODE = "123456"
NOW = datetime(2026, 11, 21, 3, 0, 28, tzinfo=UTC)
EXPIRES_AT = NOW + timedelta(minutes=4, seconds=32)
ATTEMPTED_AT = EXPIRES_AT - timedelta(minutes=5)

_NO_BROWSER = Text(en="No browser could be started.", ja="ブラウザーを起動できません。")
_NO_CLIPBOARD = Text(
    en="The clipboard cannot be used from here.",
    ja="ここからはクリップボードを使えません。",
)
_REFUSED = LoginRefused(
    Text(
        en="imap.example.jp refuses the login of me.",
        ja="imap.example.jp で me のログインが拒否されました。",
    )
)


DEVICE, NEAR = "Google Chrome Windows (デスクトップ)", "Tokyo, Japan"


def attempt(
    kind: Kind | None = Kind.APPROVAL,
    *,
    id: int = 1,  # noqa: A002 -- the mail's own word
    device: str | None = DEVICE,
    near: str | None = NEAR,
    recipient: str | None = None,
    account: str = "home",
    uid: int = 1,
) -> Attempt:
    """Return a live attempt with 4:32 left at `NOW`."""
    secrets = {Kind.APPROVAL: LINK, Kind.CODE: CODE}
    return Attempt(
        id=id,
        origin=Origin(account=account, mailbox="INBOX", uid_validity=1, uid=uid),
        message_id=f"<{uid}@example.jp>",
        received_at=ATTEMPTED_AT,
        claim=Claim(
            store="amazon.co.jp",
            attempted_at=ATTEMPTED_AT,
            device=device,
            near=near,
            recipient=recipient,
        ),
        expires_at=EXPIRES_AT,
        kind=kind,
        secret=secrets.get(kind) if kind else None,
    )


def live(
    shown: Attempt | None = None,
    language: Language = Language.JA,
    *,
    now: datetime = NOW,
    is_armed: bool = True,
) -> Notification:
    situation = Situation(now=now, is_armed=is_armed)
    return wording.live(shown or attempt(), situation=situation, language=language)


def reminder(
    shown: Attempt, language: Language, *, now: datetime, is_armed: bool
) -> Notification:
    situation = Situation(now=now, is_armed=is_armed)
    return wording.reminder(shown, situation=situation, language=language)


def every_kind(language: Language) -> dict[str, Notification]:
    """Return one notification of every kind, by the name of its picture."""
    soon = EXPIRES_AT - timedelta(minutes=1)
    brief = Situation(now=NOW, is_armed=False, is_attended=False)
    failure = NotHandedOver(_NO_BROWSER)
    failed = Situation(now=NOW, is_armed=True, failure=failure)
    code, unknown = attempt(Kind.CODE), attempt(Kind.UNKNOWN)
    return {
        "armed": live(language=language),
        "armed-code": live(code, language),
        "armed-unknown": live(unknown, language),
        "ask": live(language=language, is_armed=False),
        "ask-recipient": live(
            attempt(Kind.UNKNOWN, recipient="taro@example.jp"), language, is_armed=False
        ),
        "ask-code": live(code, language, is_armed=False),
        "ask-unknown": live(unknown, language, is_armed=False),
        "check": wording.live(attempt(), situation=brief, language=language),
        "check-code": wording.live(code, situation=brief, language=language),
        "not-opened": wording.live(attempt(), situation=failed, language=language),
        "not-copied": wording.live(
            code,
            situation=replace(failed, failure=NotHandedOver(_NO_CLIPBOARD)),
            language=language,
        ),
        "reminder": reminder(attempt(), language, now=soon, is_armed=True),
        "again": wording.live(
            attempt(),
            situation=Situation(now=NOW, is_armed=False, earlier=attempt()),
            language=language,
        ),
        "ended": wording.ended(attempt(), now=NOW, language=language),
        "expired": wording.expired(attempt(), language=language),
        "late": wording.late(attempt(), language=language),
        "reported": wording.reported(EXPIRES_AT, attempt(), language=language),
        "missed": wording.missed([attempt(), attempt()], language=language),
        "unverified": wording.unverified(attempt(), now=NOW, language=language),
        "unverified-why": wording.unverified(
            attempt(), ("dkim_fail",), now=NOW, language=language
        ),
        "account-mail": wording.account_mail(
            "home", "Your Amazon verification code", language=language
        ),
        "unverified-summary": wording.unverified_summary(1000, language=language),
        "not-me": wording.not_me_advice(attempt(), language=language),
        "blind": trouble.blind("home", since=NOW, language=language),
        "recovered": trouble.recovered("home", language=language),
        "login-refused": trouble.login_refused("home", why=_REFUSED, language=language),
        "silent": trouble.silent(language=language),
        "silent-again": trouble.silent(1, language=language),
        "trial": trouble.trial("https://www.amazon.co.jp/", language=language),
    }


WINDOW = timedelta(minutes=5)


def recorded(
    journal: Journal,
    number: int = 1,
    *,
    at: datetime = NOW,
    event: EventName = EventName.ATTEMPT,
    device: str = DEVICE,
    near: str = NEAR,
    account: str = "home",
) -> Event[Attempt]:
    """Record a new attempt and return its event."""
    first = journal.record(
        new_event(number, at=at, event=event, device=device, near=near, account=account)
    )
    assert first is not None
    assert isinstance(first.about, Attempt)
    return cast(Event[Attempt], first)


def reported(journal: Journal, about: Attempt, at: datetime = NOW) -> Event[Attempt]:
    """Record that Amazon reports a sign-in of then, and return the event."""
    name = EventName.SIGN_IN_REPORTED
    event = Event(at=at, event=name, about=replace(about, secret=None), detail=iso(at))
    found = journal.record(NewEvent(event, (f"report of {about.id}",)))
    assert found is not None
    return cast(Event[Attempt], found)


def link_of(number: int) -> str:
    """Return the approval link of an attempt."""
    return f"https://www.amazon.co.jp/a/c/r/Token{number:020}"


def new_event(
    number: int = 1,
    *,
    at: datetime = NOW,
    keys: tuple[str, ...] = (),
    predecessors: tuple[str, ...] = (),
    event: EventName = EventName.ATTEMPT,
    device: str = DEVICE,
    near: str = NEAR,
    account: str = "home",
) -> NewEvent:
    """Return an attempt that came just now, not the same as one of another number."""
    is_attempt = event is EventName.ATTEMPT
    about = replace(
        attempt(
            Kind.APPROVAL,
            id=UNRECORDED,
            uid=number,
            device=device,
            near=near,
            account=account,
        ),
        secret=link_of(number) if is_attempt else None,
        expires_at=at + WINDOW,
    )
    return NewEvent(
        Event(at=at, event=event, about=about),
        keys or (f"key {number}",),
        predecessors,
    )
