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

from watcher.clock import local_time
from watcher.events import Event
from watcher.language import Language, Text
from watcher.notify import sentences
from watcher.notify.notification import Action, Button, Notification
from watcher.notify.plain import one_line, utf16_cut
from watcher.recognition.attempt import time_left

DEVICE_COLUMNS, PLACE_COLUMNS, ACCOUNT_COLUMNS = 34, 24, 18
BRIEF_UNITS = 200  # below Windows' 255, where a longer one would not be shown at all

_LABELS = {
    Action.OPEN: sentences.OPEN_BUTTON,
    Action.NOT_ME: sentences.NOT_ME_BUTTON,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A notification in both languages, its fields not yet filled in."""

    topic: int
    title: Text
    body: tuple[Text, ...]
    brief: tuple[Text, ...]
    more: tuple[Text, ...] = ()
    link: str | None = None
    actions: tuple[Action, ...] = ()
    is_urgent: bool = True

    def say(self, language: Language, **fields: object) -> Notification:
        def lines(texts: tuple[Text, ...]) -> str:
            return "\n".join(text.say(language, **fields) for text in texts)

        return Notification(
            topic=self.topic,
            title=self.title.say(language),
            body=lines(self.body),
            more=lines(self.more),
            brief=utf16_cut(lines(self.brief), BRIEF_UNITS),
            link=self.link,
            buttons=tuple(
                Button(action, _LABELS[action].say(language)) for action in self.actions
            ),
            is_urgent=self.is_urgent,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How the user can act on one kind of mail."""

    call: Text
    lines: tuple[Text, ...]
    brief: Text
    if_not: Text
    may_open: bool = False


_APPROVAL = _Way(
    call=sentences.ACT_APPROVAL,
    lines=(sentences.LINK, sentences.APPROVE_FIRST),
    brief=sentences.BRIEF_APPROVAL,
    if_not=sentences.IF_NOT,
    may_open=True,
)
_CODE = _Way(
    call=sentences.ACT_CODE,
    lines=(sentences.CODE,),
    brief=sentences.BRIEF_CODE,
    if_not=sentences.IF_NOT_CODE,
)
_UNKNOWN = _Way(
    call=sentences.ACT_UNKNOWN,
    lines=(sentences.OPEN_MAIL,),
    brief=sentences.OPEN_MAIL,
    if_not=sentences.IF_NOT,
)


def live(
    event: Event, *, now: datetime, language: Language, is_armed: bool
) -> Notification:
    """Tell of an attempt that can still be acted on; if it cannot, say that."""
    if _left(event, now) <= timedelta(0):
        return late(event, language=language)
    draft = _armed(event) if is_armed else _unarmed(event, sentences.WAS_IT_YOU)
    return draft.say(language, **_fields(event, now, language))


def reminder(
    event: Event, *, now: datetime, language: Language, is_armed: bool
) -> Notification:
    """Tell of it again with the time that is left now; if none is, say that."""
    if _left(event, now) <= timedelta(0):
        return expired(event, language=language)
    draft = _armed(event) if is_armed else _unarmed(event, sentences.SOON_OVER)
    return draft.say(language, **_fields(event, now, language))


def expired(event: Event, *, language: Language) -> Notification:
    """Tell once that it is over, and how to start again."""
    draft = _over(event, sentences.OVER, sentences.OVER_BODY)
    return draft.say(language, **_fields(event, event.at, language))


def late(event: Event, *, language: Language) -> Notification:
    """Tell that the time was over before the mail arrived."""
    draft = _over(event, sentences.LATE, sentences.LATE_BODY)
    return draft.say(language, **_fields(event, event.at, language))


def not_me_advice(event: Event, *, language: Language) -> Notification:
    """Tell what to do now, in place of the notification whose button was pressed."""
    steps = (
        sentences.PROTECT_NOT,
        sentences.PROTECT_PASSWORD,
        sentences.PROTECT_TWO_STEP,
    )
    draft = _Draft(
        topic=_topic(event),
        title=sentences.PROTECT,
        body=steps,
        brief=steps,
        more=(sentences.PROTECT_ELSEWHERE,),
    )
    return draft.say(language)


def missed(events: Sequence[Event], *, language: Language) -> Notification:
    """Tell in one summary of the attempts (at least one) that nobody saw in time."""
    last = max(events, key=_attempted_at)
    body = (sentences.MISSED_BODY, sentences.MISSED_LOOK)
    draft = _Draft(
        topic=_about("missed"),
        title=sentences.MISSED,
        body=body,
        brief=body,
        is_urgent=False,
    )
    return draft.say(
        language,
        count=len(events),
        when=_attempted_at(last).astimezone().strftime("%m-%d %H:%M"),
        account=_short(last.origin.account),
    )


def unverified(event: Event, *, language: Language) -> Notification:
    """Tell of a mail that nobody vouches for; nothing of what stands in it is shown."""
    draft = _not_proved(_topic(event), sentences.UNVERIFIED_BODY)
    return draft.say(language, account=_short(event.origin.account))


def unverified_summary(count: int, *, language: Language) -> Notification:
    """Tell of many such mails at once, however many there are."""
    draft = _not_proved(_about("unverified"), sentences.UNVERIFIED_COUNT)
    return draft.say(language, count=count)


def blind(account: str, *, since: datetime, language: Language) -> Notification:
    """Tell that an account is not watched, so that the user looks by themselves."""
    draft = _of_account(account, sentences.BLIND, sentences.BLIND_BODY)
    return draft.say(language, account=_short(account), clock=local_time(since))


def recovered(account: str, *, language: Language) -> Notification:
    """Give the all-clear, in place of `blind` or `login_refused`."""
    draft = _of_account(account, sentences.RECOVERED, sentences.RECOVERED_BODY)
    return replace(draft, is_urgent=False).say(language, account=_short(account))


def login_refused(account: str, *, language: Language) -> Notification:
    """Tell once that the server refuses the account's password."""
    draft = _of_account(account, sentences.REFUSED, sentences.REFUSED_BODY)
    return draft.say(language, account=_short(account))


def trial(*, language: Language) -> Notification:
    """Show what a notification looks like, so that the user can say whether it came."""
    body = (sentences.TRIAL_BODY,)
    draft = _Draft(topic=_about("trial"), title=sentences.TRIAL, body=body, brief=body)
    return draft.say(language)


def _armed(event: Event) -> _Draft:
    """Call to act: what to do and until when come first."""
    way = _way(event)
    return _Draft(
        topic=_topic(event),
        title=way.call,
        body=(sentences.DEADLINE, *way.lines, sentences.DEVICE, sentences.PLACE),
        brief=(sentences.BRIEF_DEADLINE, way.brief),
        more=(sentences.IF_NOT_LONG,),
        link=event.link,
        actions=(Action.OPEN, Action.NOT_ME) if way.may_open else (Action.NOT_ME,),
    )


def _unarmed(event: Event, title: Text) -> _Draft:
    """Ask first: who signs in comes before the way to let them in."""
    way = _way(event)
    return _Draft(
        topic=_topic(event),
        title=title,
        body=(
            sentences.ASK,
            sentences.DEVICE,
            sentences.PLACE,
            sentences.DEADLINE,
            *way.lines,
            way.if_not,
        ),
        brief=(
            sentences.BRIEF_ASK,
            sentences.BRIEF_DEADLINE,
            way.brief,
            sentences.BRIEF_IF_NOT,
        ),
        more=(sentences.APP_USERS, sentences.IF_NOT_LONG),
        link=event.link,
        actions=(Action.NOT_ME, Action.OPEN) if way.may_open else (Action.NOT_ME,),
    )


def _way(event: Event) -> _Way:
    if event.link is not None:
        return _APPROVAL
    return _CODE if event.code is not None else _UNKNOWN


def _over(event: Event, title: Text, body: Text) -> _Draft:
    return _Draft(
        topic=_topic(event),
        title=title,
        body=(body, sentences.START_AGAIN),
        brief=(body, sentences.START_AGAIN),
        more=(sentences.IF_NOT_LONG,),
        is_urgent=False,
    )


def _not_proved(topic: int, body: Text) -> _Draft:
    lines = (body, sentences.UNVERIFIED_LOOK)
    return _Draft(topic=topic, title=sentences.UNVERIFIED, body=lines, brief=lines)


def _of_account(account: str, title: Text, body: Text) -> _Draft:
    return _Draft(
        topic=_about(f"account {account}"), title=title, body=(body,), brief=(body,)
    )


def _fields(event: Event, now: datetime, language: Language) -> dict[str, object]:
    """Return what stands in the sentences about an attempt, made harmless."""
    minutes, seconds = divmod(int(_left(event, now).total_seconds()), 60)
    not_given = sentences.NOT_GIVEN.say(language)
    return {
        "account": _short(event.origin.account),
        "device": one_line(event.device or "", DEVICE_COLUMNS) or not_given,
        "near": one_line(event.near or "", PLACE_COLUMNS) or not_given,
        "attempted": local_time(_attempted_at(event)),
        "deadline": local_time(event.expires_at or now),
        "left": f"{minutes}:{seconds:02}",
        "link": event.link,
        "code": event.code,
    }


def _left(event: Event, now: datetime) -> timedelta:
    return time_left(event.expires_at or now, now)


def _attempted_at(event: Event) -> datetime:
    return event.attempted_at or event.received_at or event.at


def _short(account: str | None) -> str:
    return one_line(account or "", ACCOUNT_COLUMNS)


def _topic(event: Event) -> int:
    return event.attempt_id or event.id


def _about(subject: str) -> int:
    """Return the topic of what is about no attempt: negative, the same every time."""
    return -1 - crc32(subject.encode())
