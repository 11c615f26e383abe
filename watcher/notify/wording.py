"""Turns events into notifications (pure; the sentences themselves: `sentences`).

A genuine mail can be the attack: somebody who has the password makes Amazon send it.
So a notification asks to act only when the user said beforehand that they are about to
sign in; otherwise it asks first whether they did, and shows device, place and time. No
link and no code is shown of what has expired or is not verified.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from watcher.clock import local_time, minutes_seconds
from watcher.errors import WatcherError
from watcher.events import Attempt
from watcher.i18n import Language, Text, fit_columns
from watcher.notify import sentences
from watcher.notify.notification import Action, Holds, Notification
from watcher.notify.template import Template
from watcher.notify.variants import UNATTENDED, as_known
from watcher.recognition.claim import Kind
from watcher.recognition.reasons import REASONS, Reason
from watcher.recognition.text import one_line, sanitise

DEVICE_COLUMNS, PLACE_COLUMNS, ACCOUNT_COLUMNS = 38, 20, 16
RECIPIENT_COLUMNS = 60
SUBJECT_COLUMNS = 80
WHY_COLUMNS = 400  # an error is our own sentence, but a server's words may stand in it


def id_of(subject: str) -> int:
    """Return the `replaces_id` of a subject other than an attempt: negative, stable."""
    return -1 - crc32(subject.encode())


# An attempt that can still be acted on


@dataclass(frozen=True, slots=True, kw_only=True)
class _KindWording:
    """How the user can act on one kind of mail."""

    call: Text
    above: tuple[Text, ...] = ()
    """What stands above the question whether it was the user."""
    below: tuple[Text, ...]
    short_body: Text
    if_not: Text = sentences.IF_NOT
    actions: tuple[Action, ...] = (Action.NOT_ME,)
    footer: tuple[Text, ...] = (sentences.APP_USERS, sentences.IF_NOT_LONG)


_APPROVAL = _KindWording(
    call=sentences.ACT_APPROVAL,
    below=(sentences.DEADLINE, sentences.APPROVE_FIRST),
    short_body=sentences.BRIEF_APPROVAL,
    actions=(Action.OPEN, Action.NOT_ME),
    footer=(sentences.IF_NOT_LONG,),  # the order stands above
)
_CODE = _KindWording(
    call=sentences.ACT_CODE,
    above=(sentences.CODE, sentences.TYPE_CODE),
    below=(sentences.DEADLINE,),
    short_body=sentences.BRIEF_CODE,
    if_not=sentences.IF_NOT_CODE,
    actions=(Action.COPY, Action.NOT_ME),
    footer=(sentences.IF_NOT_LONG,),  # there is no page to approve on
)
_UNKNOWN = _KindWording(
    call=sentences.ACT_UNKNOWN,
    below=(sentences.SIGNED_BUT, sentences.OPEN_MAIL, sentences.DEADLINE),
    short_body=sentences.OPEN_MAIL,
)
_MISADDRESSED = replace(
    _UNKNOWN,
    below=(sentences.SIGNED_TO, sentences.OPEN_MAIL_IF_YOURS, sentences.DEADLINE),
    short_body=sentences.OPEN_MAIL_IF_YOURS,
    footer=(sentences.IF_NOT_LONG,),
)

_WHO = (sentences.DEVICE, sentences.PLACE, sentences.FROM_APP)


@dataclass(frozen=True, slots=True)
class Situation:
    """What bears on how a live attempt is told."""

    now: datetime
    is_armed: bool
    """Whether the user said that they are about to sign in."""
    is_attended: bool = True
    """Whether this program stays to act on buttons and to count down."""
    is_clock_wrong: bool = False
    """Whether this machine's clock is known to be wrong: no time of day is shown."""
    window: timedelta = timedelta(minutes=5)
    """How long a link or code lives."""
    failure: WatcherError | None = None
    """Why what the user pressed for could not be done; None: nothing failed."""
    earlier: Attempt | None = None
    """The attempt of the same sign-in for which this one stands."""


def live(attempt: Attempt, *, situation: Situation, language: Language) -> Notification:
    """Announce an attempt that can still be acted on; `late` if it has expired."""
    if not attempt.time_left(situation.now):
        return late(attempt, language=language, is_clock_wrong=situation.is_clock_wrong)
    template = _layout(attempt, situation)
    if situation.failure is not None:
        template = _after_failure(template, attempt)
    template = as_known(template, attempt, is_clock_wrong=situation.is_clock_wrong)
    left = attempt.time_left(situation.now)
    return template.say(
        language=language,
        link=attempt.link,
        code=attempt.code and grouped(attempt.code),
        expires_in=left,
        percent_left=_percent(attempt, left, situation) if template.actions else None,
        why=situation.failure and foreign_error(situation.failure, language),
        earlier=situation.earlier and local_time(situation.earlier.began_at),
        **_fields(attempt, situation.now, language),
    )


def reminder(
    attempt: Attempt, *, situation: Situation, language: Language
) -> Notification:
    """Announce it again with the time that is left now; `expired` if none is."""
    if not attempt.time_left(situation.now):
        is_wrong = situation.is_clock_wrong
        return expired(attempt, language=language, is_clock_wrong=is_wrong)
    again = live(attempt, situation=situation, language=language)
    return replace(again, title=sentences.SOON_OVER.say(language))


def _layout(attempt: Attempt, situation: Situation) -> Template:
    """Put what to do until when first; ask first where it may be an attack."""
    unknown = _MISADDRESSED if attempt.claim.recipient else _UNKNOWN
    kind = _APPROVAL if attempt.link else _CODE if attempt.code else unknown
    is_asking = not situation.is_armed
    ask, if_not = ((sentences.ASK,), (kind.if_not,)) if is_asking else ((), ())
    brief_if_not = (sentences.BRIEF_IF_NOT,) if is_asking else ()
    again = (sentences.AGAIN,) if situation.earlier else ()
    body = (*kind.above, *ask, *again, *kind.below, *if_not, *_WHO)
    short_body = (*ask, sentences.BRIEF_DEADLINE, kind.short_body, *brief_if_not)
    template = Template(
        title=sentences.WAS_IT_YOU if is_asking else kind.call,
        body=body,
        short_body=short_body,
        footer=kind.footer,
        actions=kind.actions,
        holds=Holds.WHILE_RUNNING,
    )
    if situation.is_attended:
        return template
    brief = replace(template, actions=(), holds=Holds.UNTIL_NEXT_RUN)
    return brief.replaced(UNATTENDED)


def _after_failure(template: Template, attempt: Attempt) -> Template:
    """Say that the page did not open, or the code was not copied, and what to do."""
    footer = template.footer
    if attempt.code:
        title, act = sentences.NOT_COPIED, (sentences.CODE, sentences.NOT_COPIED_BODY)
    else:
        title, act = sentences.NOT_OPENED, (sentences.BY_HAND, sentences.LINK)
        footer = (sentences.APP_USERS, *footer)
    return replace(
        template,
        title=title,
        body=(*act, sentences.DEADLINE, sentences.WHY),
        short_body=(sentences.BRIEF_DEADLINE, sentences.WHY),
        footer=footer,
    )


def grouped(code: str) -> str:
    """Return a code as people read it out: `313 728`."""
    half = len(code) // 2
    return f"{code[:half]} {code[half:]}" if len(code) in {6, 8} else code


def _percent(attempt: Attempt, left: timedelta, situation: Situation) -> int | None:
    if not attempt.is_deadline_known:
        return None
    return round(100 * left / max(situation.window, left))


# An attempt that cannot be acted on, in place of the notification shown before


@dataclass(frozen=True, slots=True)
class _OfAttempt:
    template: Template

    def __call__(
        self, attempt: Attempt, *, language: Language, is_clock_wrong: bool = False
    ) -> Notification:
        fields = _fields(attempt, attempt.expires_at, language)
        template = as_known(self.template, attempt, is_clock_wrong=is_clock_wrong)
        return template.say(language=language, **fields)


_OVER = Template(
    title=sentences.OVER,
    body=(sentences.OVER_BODY, sentences.START_AGAIN, sentences.OVER_IF_NOT),
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

_ADVICE = _OfAttempt(
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


def not_me_advice(attempt: Attempt, *, language: Language) -> Notification:
    """Say what to do now that "It was not me" was pressed; it outlives the attempt."""
    advice = _ADVICE(attempt, language=language)
    return replace(advice, replaces_id=id_of(f"not me {attempt.origin.account}"))


_UNVERIFIED = Template(
    title=sentences.UNVERIFIED,
    body=(sentences.UNVERIFIED_BODY, sentences.UNVERIFIED_LOOK),
)


def unverified(
    attempt: Attempt,
    reasons: Collection[str] = (),
    *,
    now: datetime,
    language: Language,
) -> Notification:
    """Announce a mail whose sender is not verified; nothing that it says is shown.

    `reasons` are the codes of what speaks against it.
    """
    left = attempt.time_left(now)
    fields = _fields(attempt, now, language)
    why = [REASONS[Reason(one)].say(language) for one in reasons if one in REASONS]
    if not why:
        return _UNVERIFIED.say(language=language, expires_in=left, **fields)
    first, *rest = _UNVERIFIED.body
    template = replace(_UNVERIFIED, body=(first, sentences.UNVERIFIED_WHY, *rest))
    return template.say(language=language, expires_in=left, why=why[0], **fields)


_ENDED = {
    Kind.APPROVAL: sentences.ENDED_BODY,
    Kind.CODE: sentences.ENDED_BODY_CODE,
    Kind.UNKNOWN: sentences.ENDED_BODY_UNKNOWN,
}


def ended(
    attempt: Attempt,
    *,
    now: datetime,
    language: Language,
    is_clock_wrong: bool = False,
    has_others: bool = False,
) -> Notification:
    """Say that nobody watches any more while an attempt, or more, is still alive."""
    fields = _fields(attempt, now, language) | {"replaces_id": id_of("ended")}
    body, holds = _ENDED[attempt.kind or Kind.UNKNOWN], Holds.UNTIL_NEXT_RUN
    bodies = (body, sentences.ENDED_OTHERS) if has_others else (body,)
    template = Template(title=sentences.ENDED, body=bodies, holds=holds)
    template = as_known(template, attempt, is_clock_wrong=is_clock_wrong)
    return template.say(language=language, expires_in=attempt.time_left(now), **fields)


_ACCOUNT_MAIL = Template(
    title=sentences.ACCOUNT_MAIL,
    body=(sentences.ACCOUNT_MAIL_BODY, sentences.ACCOUNT_MAIL_LOOK),
)


_REPORTED = Template(
    title=sentences.REPORTED,
    body=(
        sentences.REPORTED_BODY,
        *(sentences.DEVICE, sentences.PLACE),
        sentences.REPORTED_IF_NOT,
    ),
)


def reported(
    at: datetime, attempt: Attempt, *, language: Language, is_clock_wrong: bool = False
) -> Notification:
    """Say that Amazon reports a sign-in, which may have been the attempt."""
    fields = _fields(attempt, attempt.expires_at, language)
    template = as_known(_REPORTED, attempt, is_clock_wrong=is_clock_wrong)
    return template.say(language=language, reported=local_time(at), **fields)


def account_mail_id(account: str) -> int:
    """Return the `replaces_id` of `account_mail`."""
    return id_of(f"account mail {account}")


def account_mail(account: str, subject: str, *, language: Language) -> Notification:
    """Announce another genuine mail of Amazon's, to who waits for an attempt."""
    return _ACCOUNT_MAIL.say(
        language=language,
        replaces_id=account_mail_id(account),
        account=foreign(account, ACCOUNT_COLUMNS),
        subject=foreign(subject, SUBJECT_COLUMNS),
    )


# Several attempts


def unverified_summary(count: int, *, language: Language) -> Notification:
    """Announce many such mails at once."""
    body = (sentences.UNVERIFIED_COUNT, sentences.UNVERIFIED_LOOK)
    return replace(_UNVERIFIED, body=body).say(
        language=language, replaces_id=id_of("unverified"), count=count
    )


def flood_id(account: str) -> int:
    """Return the `replaces_id` of `flood`."""
    return id_of(f"flood {account}")


_FLOOD = Template(
    title=sentences.FLOOD,
    body=(
        sentences.FLOOD_BODY,
        sentences.PROTECT_NOT,
        sentences.PROTECT_PASSWORD,
        sentences.PROTECT_TWO_STEP,
        sentences.FLOOD_LIST,
    ),
    short_body=(sentences.FLOOD_BODY, sentences.PROTECT_PASSWORD),
)


def flood(account: str, count: int, *, language: Language) -> Notification:
    """Say that there are too many attempts to tell of each, and what that means."""
    return _FLOOD.say(
        language=language,
        replaces_id=flood_id(account),
        count=count,
        account=foreign(account, ACCOUNT_COLUMNS),
    )


_MISSED = Template(
    title=sentences.MISSED,
    body=(sentences.MISSED_BODY, sentences.MISSED_LOOK),
    is_urgent=False,
)


def missed(attempts: Sequence[Attempt], *, language: Language) -> Notification:
    """Sum up the attempts (at least one) that expired while nothing watched."""
    last = max(attempts, key=lambda attempt: attempt.began_at)
    return _MISSED.say(
        language=language,
        replaces_id=id_of("missed"),
        count=len(attempts),
        when=_day_and_time(last.began_at),
        account=foreign(last.origin.account, ACCOUNT_COLUMNS),
    )


def _day_and_time(instant: datetime) -> str:
    """Return the user's day and time of what may lie days back."""
    return instant.astimezone().strftime("%m-%d %H:%M")


def _fields(attempt: Attempt, now: datetime, language: Language) -> dict[str, Any]:
    """Return the `replaces_id` and the sanitised fields of sentences on an attempt."""
    not_given = sentences.NOT_GIVEN.say(language)
    return {
        "replaces_id": attempt.id,
        "id": attempt.id,
        "account": foreign(attempt.origin.account, ACCOUNT_COLUMNS),
        "device": foreign(attempt.claim.device, DEVICE_COLUMNS) or not_given,
        "near": foreign(attempt.claim.near, PLACE_COLUMNS) or not_given,
        "recipient": foreign(attempt.claim.recipient, RECIPIENT_COLUMNS),
        "attempted": local_time(attempt.began_at),
        "when": _day_and_time(attempt.began_at),
        "deadline": local_time(attempt.expires_at),
        "left": minutes_seconds(attempt.time_left(now)),
    }


def foreign_error(error: WatcherError, language: Language) -> str:
    """Return our own sentence; a server's words in it end no line and make no URL."""
    return foreign_words(error.say(language))


def foreign_words(words: str) -> str:
    """Return a server's words in one line, cut, and without a URL scheme."""
    return fit_columns(one_line(words).replace("://", ":"), WHY_COLUMNS)


def foreign(text: str | None, columns: int) -> str:
    """Return text of a mail or a user: sanitised, cut, and without a URL scheme."""
    return fit_columns(sanitise(text or "").replace("://", ":"), columns)
