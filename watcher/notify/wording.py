"""Turns what happened into what the user is told (pure; the words: `sentences`).

A genuine mail can be the attack: somebody who has the password makes Amazon send it.
So a call to act is made only when the user said beforehand that they are about to sign
in; otherwise the notification asks first, and shows device, place and time before the
link. No link and no code is shown of what is over or not proved.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zlib import crc32

from watcher.clock import local_time, minutes_seconds
from watcher.errors import WatcherError
from watcher.events import Attempt
from watcher.i18n import Language, Text, fit_columns, fit_utf16
from watcher.notify import sentences
from watcher.notify.notification import Action, Button, Notification
from watcher.recognition.text import sanitise

SHORT_BODY_UNITS = 200  # Windows would show nothing at all above 255

_LABELS = {
    Action.OPEN: sentences.OPEN_BUTTON,
    Action.NOT_ME: sentences.NOT_ME_BUTTON,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A notification in both languages, its fields not yet filled in."""

    replaces_id: int
    title: Text
    body: tuple[Text, ...]
    short_body: tuple[Text, ...]
    footer: tuple[Text, ...] = ()
    link: str | None = None
    actions: tuple[Action, ...] = ()
    is_urgent: bool = True
    expires_in: timedelta | None = None

    def say(self, language: Language, **fields: object) -> Notification:
        """Return it in `language`, the sentences' fields filled from `fields`."""

        def lines(texts: tuple[Text, ...]) -> str:
            return "\n".join(text.say(language, **fields) for text in texts)

        return Notification(
            replaces_id=self.replaces_id,
            title=self.title.say(language),
            body=lines(self.body),
            footer=lines(self.footer),
            short_body=fit_utf16(lines(self.short_body), SHORT_BODY_UNITS),
            link=self.link,
            buttons=tuple(
                Button(action, _LABELS[action].say(language)) for action in self.actions
            ),
            is_urgent=self.is_urgent,
            expires_in=self.expires_in,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _KindWording:
    """How the user can act on one kind of mail."""

    call: Text
    lines: tuple[Text, ...]
    short_body: Text
    if_not: Text
    may_open: bool = False


_APPROVAL = _KindWording(
    call=sentences.ACT_APPROVAL,
    lines=(sentences.LINK, sentences.APPROVE_FIRST),
    short_body=sentences.BRIEF_APPROVAL,
    if_not=sentences.IF_NOT,
    may_open=True,
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
    if_not=sentences.IF_NOT,
)

_WHO = (sentences.DEVICE, sentences.PLACE)
_MORE = (sentences.APP_USERS, sentences.IF_NOT_LONG)


def call_to_act(attempt: Attempt) -> Template:
    """Lay it out for a user who expects it: what to do, and until when, comes first."""
    kind_wording = _kind_wording(attempt)
    return Template(
        replaces_id=attempt.id,
        title=kind_wording.call,
        body=(sentences.DEADLINE, *kind_wording.lines, *_WHO),
        short_body=(sentences.BRIEF_DEADLINE, kind_wording.short_body),
        footer=_MORE,
        link=attempt.link,
        actions=(Action.OPEN, Action.NOT_ME)
        if kind_wording.may_open
        else (Action.NOT_ME,),
    )


def question(attempt: Attempt) -> Template:
    """Lay it out for one who may be attacked: who signs in stands before the link."""
    kind_wording = _kind_wording(attempt)
    return Template(
        replaces_id=attempt.id,
        title=sentences.WAS_IT_YOU,
        body=(
            sentences.ASK,
            *_WHO,
            sentences.DEADLINE,
            *kind_wording.lines,
            kind_wording.if_not,
        ),
        short_body=(
            sentences.BRIEF_ASK,
            sentences.BRIEF_DEADLINE,
            kind_wording.short_body,
            sentences.BRIEF_IF_NOT,
        ),
        footer=_MORE,
        link=attempt.link,
        actions=(Action.NOT_ME, Action.OPEN)
        if kind_wording.may_open
        else (Action.NOT_ME,),
    )


def _kind_wording(attempt: Attempt) -> _KindWording:
    if attempt.link is not None:
        return _APPROVAL
    return _CODE if attempt.code is not None else _UNKNOWN


DEVICE_COLUMNS, PLACE_COLUMNS, ACCOUNT_COLUMNS = 38, 20, 16


def live(
    attempt: Attempt, *, now: datetime, language: Language, is_armed: bool
) -> Notification:
    """Tell of an attempt that can still be acted on; if it cannot, say that."""
    left = attempt.time_left(now)
    if not left:
        return late(attempt, language=language)
    template = call_to_act(attempt) if is_armed else question(attempt)
    fields = _fields(attempt, now, language)
    return replace(template, expires_in=left).say(language, **fields)


def reminder(
    attempt: Attempt, *, now: datetime, language: Language, is_armed: bool
) -> Notification:
    """Tell of it again with the time that is left now; if none is, say that."""
    left = attempt.time_left(now)
    if not left:
        return expired(attempt, language=language)
    template = call_to_act(attempt) if is_armed else question(attempt)
    fields = _fields(attempt, now, language)
    return replace(template, title=sentences.SOON_OVER, expires_in=left).say(
        language, **fields
    )


def expired(attempt: Attempt, *, language: Language) -> Notification:
    """Tell once that it is over, and how to start again."""
    template = _over(attempt, sentences.OVER, sentences.OVER_BODY)
    return template.say(language, **_fields(attempt, attempt.expires_at, language))


def late(attempt: Attempt, *, language: Language) -> Notification:
    """Tell that the time was over before the mail arrived."""
    template = _over(attempt, sentences.LATE, sentences.LATE_BODY)
    return template.say(language, **_fields(attempt, attempt.expires_at, language))


def not_me_advice(attempt: Attempt, *, language: Language) -> Notification:
    """Tell what to do now, in place of the notification whose button was pressed."""
    steps = (
        sentences.PROTECT_NOT,
        sentences.PROTECT_PASSWORD,
        sentences.PROTECT_TWO_STEP,
    )
    template = Template(
        replaces_id=attempt.id,
        title=sentences.PROTECT,
        body=steps,
        short_body=steps,
        footer=(sentences.PROTECT_ELSEWHERE,),
    )
    return template.say(language)


def missed(attempts: Sequence[Attempt], *, language: Language) -> Notification:
    """Tell in one summary of the attempts (at least one) that nobody saw in time."""
    last = max(attempts, key=_attempted_at)
    body = (sentences.MISSED_BODY, sentences.MISSED_LOOK)
    template = Template(
        replaces_id=_about("missed"),
        title=sentences.MISSED,
        body=body,
        short_body=body,
        is_urgent=False,
    )
    return template.say(
        language,
        count=len(attempts),
        when=_attempted_at(last).astimezone().strftime("%m-%d %H:%M"),
        account=_account(last.origin.account),
    )


def unverified(attempt: Attempt, *, language: Language) -> Notification:
    """Tell of a mail that nobody vouches for; nothing of what stands in it is shown."""
    template = _not_proved(attempt.id, sentences.UNVERIFIED_BODY)
    return template.say(language, account=_account(attempt.origin.account))


def unverified_summary(count: int, *, language: Language) -> Notification:
    """Tell of many such mails at once, however many there are."""
    template = _not_proved(_about("unverified"), sentences.UNVERIFIED_COUNT)
    return template.say(language, count=count)


def blind(account: str, *, since: datetime, language: Language) -> Notification:
    """Tell that an account is not watched, so that the user looks by themselves."""
    template = _of_account(account, sentences.BLIND, sentences.BLIND_BODY)
    return template.say(language, account=_account(account), clock=local_time(since))


def recovered(account: str, *, language: Language) -> Notification:
    """Give the all-clear, in place of `blind` or `login_refused`."""
    template = _of_account(account, sentences.RECOVERED, sentences.RECOVERED_BODY)
    return replace(template, is_urgent=False).say(language, account=_account(account))


def login_refused(account: str, *, language: Language) -> Notification:
    """Tell once that the server refuses the account's password."""
    template = _of_account(account, sentences.REFUSED, sentences.REFUSED_BODY)
    return template.say(language, account=_account(account))


def stuck(error: WatcherError, *, language: Language) -> Notification:
    """Tell that nothing can be logged, and so nothing is shown."""
    body = (sentences.STUCK_BODY,)
    template = Template(
        replaces_id=_about("log"), title=sentences.STUCK, body=body, short_body=body
    )
    return template.say(language, why=error.say(language))


def trial(*, language: Language) -> Notification:
    """Show what a notification looks like, so that the user can say whether it came."""
    body = (sentences.TRIAL_BODY,)
    template = Template(
        replaces_id=_about("trial"), title=sentences.TRIAL, body=body, short_body=body
    )
    return template.say(language)


def _over(attempt: Attempt, title: Text, body: Text) -> Template:
    return Template(
        replaces_id=attempt.id,
        title=title,
        body=(body, sentences.START_AGAIN),
        short_body=(body, sentences.START_AGAIN),
        footer=(sentences.IF_NOT_LONG,),
        is_urgent=False,
    )


def _not_proved(replaces_id: int, body: Text) -> Template:
    lines = (body, sentences.UNVERIFIED_LOOK)
    return Template(
        replaces_id=replaces_id,
        title=sentences.UNVERIFIED,
        body=lines,
        short_body=lines,
    )


def _of_account(account: str, title: Text, body: Text) -> Template:
    return Template(
        replaces_id=_about(f"account {account}"),
        title=title,
        body=(body,),
        short_body=(body,),
    )


def _fields(attempt: Attempt, now: datetime, language: Language) -> dict[str, object]:
    """Return what stands in the sentences about an attempt, made sanitise."""
    not_given = sentences.NOT_GIVEN.say(language)
    return {
        "account": _account(attempt.origin.account),
        "device": _foreign(attempt.claim.device, DEVICE_COLUMNS) or not_given,
        "near": _foreign(attempt.claim.near, PLACE_COLUMNS) or not_given,
        "attempted": local_time(_attempted_at(attempt)),
        "deadline": local_time(attempt.expires_at),
        "left": minutes_seconds(attempt.time_left(now)),
        "link": attempt.link,
        "code": attempt.code,
    }


def _attempted_at(attempt: Attempt) -> datetime:
    return attempt.claim.attempted_at or attempt.received_at


def _account(name: str | None) -> str:
    return _foreign(name, ACCOUNT_COLUMNS)


def _foreign(text: str | None, columns: int) -> str:
    """Return others' text made short and sanitise, with nothing to be made a link."""
    return fit_columns(sanitise(text or "").replace("://", ":"), columns)


def _about(subject: str) -> int:
    """Return the topic of what is about no attempt: negative, the same every time."""
    return -1 - crc32(subject.encode())
