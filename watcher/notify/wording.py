"""Turns what happened into what the user is told (pure; the words: `sentences`).

A genuine mail can be the attack: somebody who has the password makes Amazon send it.
So a call to act is made only when the user said beforehand that they are about to sign
in; otherwise the notification asks first, and shows device, place and time before the
link. No link and no code is shown of what is over or not proved.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zlib import crc32

from watcher.clock import local_time
from watcher.errors import WatcherError
from watcher.events import Event
from watcher.i18n import Language, Text, fit_columns
from watcher.notify import sentences
from watcher.notify.draft import Draft, call_to_act, question, topic_of
from watcher.notify.notification import Notification
from watcher.recognition.text import sanitise
from watcher.recognition.verdict import time_left

DEVICE_COLUMNS, PLACE_COLUMNS, ACCOUNT_COLUMNS = 38, 20, 16


def live(
    event: Event, *, now: datetime, language: Language, is_armed: bool
) -> Notification:
    """Tell of an attempt that can still be acted on; if it cannot, say that."""
    left = _left(event, now)
    if not left:
        return late(event, language=language)
    draft = call_to_act(event) if is_armed else question(event)
    fields = _fields(event, now, language)
    return replace(draft, lasts=left).say(language, **fields)


def reminder(
    event: Event, *, now: datetime, language: Language, is_armed: bool
) -> Notification:
    """Tell of it again with the time that is left now; if none is, say that."""
    left = _left(event, now)
    if not left:
        return expired(event, language=language)
    draft = call_to_act(event) if is_armed else question(event)
    fields = _fields(event, now, language)
    return replace(draft, title=sentences.SOON_OVER, lasts=left).say(language, **fields)


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
    draft = Draft(
        topic=topic_of(event),
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
    draft = Draft(
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
        account=_account(last.origin.account),
    )


def unverified(event: Event, *, language: Language) -> Notification:
    """Tell of a mail that nobody vouches for; nothing of what stands in it is shown."""
    draft = _not_proved(topic_of(event), sentences.UNVERIFIED_BODY)
    return draft.say(language, account=_account(event.origin.account))


def unverified_summary(count: int, *, language: Language) -> Notification:
    """Tell of many such mails at once, however many there are."""
    draft = _not_proved(_about("unverified"), sentences.UNVERIFIED_COUNT)
    return draft.say(language, count=count)


def blind(account: str, *, since: datetime, language: Language) -> Notification:
    """Tell that an account is not watched, so that the user looks by themselves."""
    draft = _of_account(account, sentences.BLIND, sentences.BLIND_BODY)
    return draft.say(language, account=_account(account), clock=local_time(since))


def recovered(account: str, *, language: Language) -> Notification:
    """Give the all-clear, in place of `blind` or `login_refused`."""
    draft = _of_account(account, sentences.RECOVERED, sentences.RECOVERED_BODY)
    return replace(draft, is_urgent=False).say(language, account=_account(account))


def login_refused(account: str, *, language: Language) -> Notification:
    """Tell once that the server refuses the account's password."""
    draft = _of_account(account, sentences.REFUSED, sentences.REFUSED_BODY)
    return draft.say(language, account=_account(account))


def stuck(error: WatcherError, *, language: Language) -> Notification:
    """Tell that nothing can be logged, and so nothing is shown."""
    body = (sentences.STUCK_BODY,)
    draft = Draft(topic=_about("log"), title=sentences.STUCK, body=body, brief=body)
    return draft.say(language, why=error.say(language))


def trial(*, language: Language) -> Notification:
    """Show what a notification looks like, so that the user can say whether it came."""
    body = (sentences.TRIAL_BODY,)
    draft = Draft(topic=_about("trial"), title=sentences.TRIAL, body=body, brief=body)
    return draft.say(language)


def _over(event: Event, title: Text, body: Text) -> Draft:
    return Draft(
        topic=topic_of(event),
        title=title,
        body=(body, sentences.START_AGAIN),
        brief=(body, sentences.START_AGAIN),
        more=(sentences.IF_NOT_LONG,),
        is_urgent=False,
    )


def _not_proved(topic: int, body: Text) -> Draft:
    lines = (body, sentences.UNVERIFIED_LOOK)
    return Draft(topic=topic, title=sentences.UNVERIFIED, body=lines, brief=lines)


def _of_account(account: str, title: Text, body: Text) -> Draft:
    return Draft(
        topic=_about(f"account {account}"), title=title, body=(body,), brief=(body,)
    )


def _fields(event: Event, now: datetime, language: Language) -> dict[str, object]:
    """Return what stands in the sentences about an attempt, made sanitise."""
    minutes, seconds = divmod(int(_left(event, now).total_seconds()), 60)
    not_given = sentences.NOT_GIVEN.say(language)
    return {
        "account": _account(event.origin.account),
        "device": _foreign(event.device, DEVICE_COLUMNS) or not_given,
        "near": _foreign(event.near, PLACE_COLUMNS) or not_given,
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


def _account(name: str | None) -> str:
    return _foreign(name, ACCOUNT_COLUMNS)


def _foreign(text: str | None, columns: int) -> str:
    """Return others' text made short and sanitise, with nothing to be made a link."""
    return fit_columns(sanitise(text or "").replace("://", ":"), columns)


def _about(subject: str) -> int:
    """Return the topic of what is about no attempt: negative, the same every time."""
    return -1 - crc32(subject.encode())
