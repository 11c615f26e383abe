"""Lays out a notification in sentences, before a language is chosen.

What is to be done and what is to be asked about an attempt is decided here: in which
order its lines come, and which buttons stand below.
"""

from dataclasses import dataclass
from datetime import timedelta

from watcher.events import Event
from watcher.i18n import Language, Text, fit_utf16
from watcher.notify import sentences
from watcher.notify.notification import Action, Button, Notification

BRIEF_UNITS = 200  # Windows would show nothing at all above 255

_LABELS = {
    Action.OPEN: sentences.OPEN_BUTTON,
    Action.NOT_ME: sentences.NOT_ME_BUTTON,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A notification in both languages, its fields not yet filled in."""

    topic: int
    title: Text
    body: tuple[Text, ...]
    brief: tuple[Text, ...]
    more: tuple[Text, ...] = ()
    link: str | None = None
    actions: tuple[Action, ...] = ()
    is_urgent: bool = True
    lasts: timedelta | None = None

    def say(self, language: Language, **fields: object) -> Notification:
        """Return it in `language`, the sentences' fields filled from `fields`."""

        def lines(texts: tuple[Text, ...]) -> str:
            return "\n".join(text.say(language, **fields) for text in texts)

        return Notification(
            topic=self.topic,
            title=self.title.say(language),
            body=lines(self.body),
            more=lines(self.more),
            brief=fit_utf16(lines(self.brief), BRIEF_UNITS),
            link=self.link,
            buttons=tuple(
                Button(action, _LABELS[action].say(language)) for action in self.actions
            ),
            is_urgent=self.is_urgent,
            lasts=self.lasts,
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

_WHO = (sentences.DEVICE, sentences.PLACE)
_MORE = (sentences.APP_USERS, sentences.IF_NOT_LONG)


def call_to_act(event: Event) -> Draft:
    """Lay it out for a user who expects it: what to do, and until when, comes first."""
    way = _way(event)
    return Draft(
        topic=topic_of(event),
        title=way.call,
        body=(sentences.DEADLINE, *way.lines, *_WHO),
        brief=(sentences.BRIEF_DEADLINE, way.brief),
        more=_MORE,
        link=event.link,
        actions=(Action.OPEN, Action.NOT_ME) if way.may_open else (Action.NOT_ME,),
    )


def question(event: Event) -> Draft:
    """Lay it out for one who may be attacked: who signs in stands before the link."""
    way = _way(event)
    return Draft(
        topic=topic_of(event),
        title=sentences.WAS_IT_YOU,
        body=(sentences.ASK, *_WHO, sentences.DEADLINE, *way.lines, way.if_not),
        brief=(
            sentences.BRIEF_ASK,
            sentences.BRIEF_DEADLINE,
            way.brief,
            sentences.BRIEF_IF_NOT,
        ),
        more=_MORE,
        link=event.link,
        actions=(Action.NOT_ME, Action.OPEN) if way.may_open else (Action.NOT_ME,),
    )


def topic_of(event: Event) -> int:
    """Return the attempt that an event is about."""
    return event.attempt_id or event.id


def _way(event: Event) -> _Way:
    if event.link is not None:
        return _APPROVAL
    return _CODE if event.code is not None else _UNKNOWN
