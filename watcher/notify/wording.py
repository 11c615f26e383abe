"""Turns events into notifications (pure; the sentences themselves: `sentences`).

A genuine mail can be the attack: somebody who has the password makes Amazon send it.
So a notification asks to act only when the user said beforehand that they are about to
sign in; otherwise it asks first whether they did, and shows device, place and time
before the link. No link and no code is shown of what has expired or is not verified.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from watcher.clock import local_time, minutes_seconds
from watcher.errors import WatcherError
from watcher.events import Attempt
from watcher.i18n import Language, Text, fit_columns, fit_utf16
from watcher.notify import sentences
from watcher.notify.notification import Action, Button, Notification
from watcher.recognition.text import sanitise

SHORT_BODY_UNITS = 200  # Windows would show nothing at all above 255
DEVICE_COLUMNS, PLACE_COLUMNS, ACCOUNT_COLUMNS = 38, 20, 16

_LABELS = {Action.OPEN: sentences.OPEN_BUTTON, Action.NOT_ME: sentences.NOT_ME_BUTTON}


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The sentences of a notification in both languages, their fields not filled in."""

    title: Text
    body: tuple[Text, ...]
    short_body: tuple[Text, ...] = ()
    """Empty: the same as `body`."""
    footer: tuple[Text, ...] = ()
    actions: tuple[Action, ...] = ()
    is_urgent: bool = True

    def say(
        self,
        *,
        language: Language,
        replaces_id: int,
        link: str | None = None,
        expires_in: timedelta | None = None,
        **fields: object,
    ) -> Notification:
        """Return it in `language`, the sentences' fields filled from `fields`."""

        def lines(texts: tuple[Text, ...]) -> str:
            return "\n".join(text.say(language, link=link, **fields) for text in texts)

        return Notification(
            replaces_id=replaces_id,
            title=self.title.say(language),
            body=lines(self.body),
            footer=lines(self.footer),
            short_body=fit_utf16(lines(self.short_body or self.body), SHORT_BODY_UNITS),
            link=link,
            buttons=tuple(
                Button(action, _LABELS[action].say(language)) for action in self.actions
            ),
            is_urgent=self.is_urgent,
            expires_in=expires_in,
        )


# An attempt that can still be acted on


@dataclass(frozen=True, slots=True, kw_only=True)
class _KindWording:
    """How the user can act on one kind of mail."""

    call: Text
    lines: tuple[Text, ...]
    short_body: Text
    if_not: Text = sentences.IF_NOT
    actions: tuple[Action, ...] = (Action.NOT_ME,)
    """In the order for a user who expects the attempt."""


_APPROVAL = _KindWording(
    call=sentences.ACT_APPROVAL,
    lines=(sentences.LINK, sentences.APPROVE_FIRST),
    short_body=sentences.BRIEF_APPROVAL,
    actions=(Action.OPEN, Action.NOT_ME),
)
_CODE = _KindWording(
    call=sentences.ACT_CODE,
    lines=(sentences.CODE,),
    short_body=sentences.BRIEF_CODE,
    if_not=sentences.IF_NOT_CODE,
)
_UNKNOWN = _KindWording(
    call=sentences.ACT_UNKNOWN,
    lines=(sentences.OPEN_MAIL,),
    short_body=sentences.OPEN_MAIL,
)

_WHO = (sentences.DEVICE, sentences.PLACE)
_MORE = (sentences.APP_USERS, sentences.IF_NOT_LONG)


def live(
    attempt: Attempt, *, now: datetime, language: Language, is_armed: bool
) -> Notification:
    """Announce an attempt that can still be acted on; `late` if it has expired."""
    if not (left := attempt.time_left(now)):
        return late(attempt, language=language)
    return _layout(attempt, is_armed=is_armed).say(
        language=language,
        link=attempt.link,
        expires_in=left,
        **_fields(attempt, now, language),
    )


def reminder(
    attempt: Attempt, *, now: datetime, language: Language, is_armed: bool
) -> Notification:
    """Announce it again with the time that is left now; `expired` if none is."""
    if not attempt.time_left(now):
        return expired(attempt, language=language)
    again = live(attempt, now=now, language=language, is_armed=is_armed)
    return replace(again, title=sentences.SOON_OVER.say(language))


def _layout(attempt: Attempt, *, is_armed: bool) -> Template:
    """Put first what to do until when, or, since it may be an attack, who signs in."""
    kind = _APPROVAL if attempt.link else _CODE if attempt.code else _UNKNOWN
    act = (sentences.DEADLINE, *kind.lines)
    short_act = (sentences.BRIEF_DEADLINE, kind.short_body)
    if is_armed:
        return Template(
            title=kind.call,
            body=(*act, *_WHO),
            short_body=short_act,
            footer=_MORE,
            actions=kind.actions,
        )
    return Template(
        title=sentences.WAS_IT_YOU,
        body=(sentences.ASK, *_WHO, *act, kind.if_not),
        short_body=(sentences.BRIEF_ASK, *short_act, sentences.BRIEF_IF_NOT),
        footer=_MORE,
        actions=kind.actions[::-1],
    )


# An attempt that cannot be acted on, in place of the notification shown before


@dataclass(frozen=True, slots=True)
class _OfAttempt:
    template: Template

    def __call__(self, attempt: Attempt, *, language: Language) -> Notification:
        fields = _fields(attempt, attempt.expires_at, language)
        return self.template.say(language=language, **fields)


_OVER = Template(
    title=sentences.OVER,
    body=(sentences.OVER_BODY, sentences.START_AGAIN),
    footer=(sentences.IF_NOT_LONG,),
    is_urgent=False,
)
expired = _OfAttempt(_OVER)
"""Say once that it has expired, and how to start again."""

late = _OfAttempt(
    replace(
        _OVER, title=sentences.LATE, body=(sentences.LATE_BODY, sentences.START_AGAIN)
    )
)
"""Say that it had expired before the mail arrived."""

not_me_advice = _OfAttempt(
    Template(
        title=sentences.PROTECT,
        body=(
            sentences.PROTECT_NOT,
            sentences.PROTECT_PASSWORD,
            sentences.PROTECT_TWO_STEP,
        ),
        footer=(sentences.PROTECT_ELSEWHERE,),
    )
)
"""Say what to do now that "It was not me" was pressed."""

_UNVERIFIED = Template(
    title=sentences.UNVERIFIED,
    body=(sentences.UNVERIFIED_BODY, sentences.UNVERIFIED_LOOK),
)
unverified = _OfAttempt(_UNVERIFIED)
"""Announce a mail whose sender is not verified; nothing that it says is shown."""


# Several attempts


def unverified_summary(count: int, *, language: Language) -> Notification:
    """Announce many such mails at once."""
    body = (sentences.UNVERIFIED_COUNT, sentences.UNVERIFIED_LOOK)
    return replace(_UNVERIFIED, body=body).say(
        language=language, replaces_id=_id_of("unverified"), count=count
    )


_MISSED = Template(
    title=sentences.MISSED,
    body=(sentences.MISSED_BODY, sentences.MISSED_LOOK),
    is_urgent=False,
)


def missed(attempts: Sequence[Attempt], *, language: Language) -> Notification:
    """Sum up the attempts (at least one) that expired while nothing watched."""
    last = max(attempts, key=_attempted_at)
    return _MISSED.say(
        language=language,
        replaces_id=_id_of("missed"),
        count=len(attempts),
        when=_attempted_at(last).astimezone().strftime("%m-%d %H:%M"),
        account=_foreign(last.origin.account, ACCOUNT_COLUMNS),
    )


# The accounts and the program: each in place of the one before about the same subject


@dataclass(frozen=True, slots=True)
class _OfAccount:
    template: Template

    def __call__(
        self, account: str, *, language: Language, since: datetime | None = None
    ) -> Notification:
        return self.template.say(
            language=language,
            replaces_id=_id_of(f"account {account}"),
            account=_foreign(account, ACCOUNT_COLUMNS),
            clock=since and local_time(since),
        )


blind = _OfAccount(Template(title=sentences.BLIND, body=(sentences.BLIND_BODY,)))
"""Say since when an account is not watched, so that the user reads the mail there."""

recovered = _OfAccount(
    Template(
        title=sentences.RECOVERED, body=(sentences.RECOVERED_BODY,), is_urgent=False
    )
)
"""Say that the account is watched again, in place of `blind` or `login_refused`."""

login_refused = _OfAccount(
    Template(title=sentences.REFUSED, body=(sentences.REFUSED_BODY,))
)
"""Say once that the server refuses the account's password."""


def stuck(error: WatcherError, *, language: Language) -> Notification:
    """Say that nothing can be logged, and so nothing is shown."""
    template = Template(title=sentences.STUCK, body=(sentences.STUCK_BODY,))
    why = error.say(language)
    return template.say(language=language, replaces_id=_id_of("log"), why=why)


def trial(*, language: Language) -> Notification:
    """Show what a notification is like; the user says whether it appeared."""
    template = Template(title=sentences.TRIAL, body=(sentences.TRIAL_BODY,))
    return template.say(language=language, replaces_id=_id_of("trial"))


def _fields(attempt: Attempt, now: datetime, language: Language) -> dict[str, Any]:
    """Return the `replaces_id` and the sanitised fields of sentences on an attempt."""
    not_given = sentences.NOT_GIVEN.say(language)
    return {
        "replaces_id": attempt.id,
        "account": _foreign(attempt.origin.account, ACCOUNT_COLUMNS),
        "device": _foreign(attempt.claim.device, DEVICE_COLUMNS) or not_given,
        "near": _foreign(attempt.claim.near, PLACE_COLUMNS) or not_given,
        "attempted": local_time(_attempted_at(attempt)),
        "deadline": local_time(attempt.expires_at),
        "left": minutes_seconds(attempt.time_left(now)),
        "code": attempt.code,
    }


def _attempted_at(attempt: Attempt) -> datetime:
    return attempt.claim.attempted_at or attempt.received_at


def _foreign(text: str | None, columns: int) -> str:
    """Return text of a mail or a user: sanitised, cut, and without a URL scheme."""
    return fit_columns(sanitise(text or "").replace("://", ":"), columns)


def _id_of(subject: str) -> int:
    """Return the `replaces_id` of a subject other than an attempt: negative, stable."""
    return -1 - crc32(subject.encode())
