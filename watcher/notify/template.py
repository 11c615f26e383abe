"""A notification whose sentences stand in both languages, not yet filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

from watcher.i18n import Language, Text, fit_utf16
from watcher.notify import sentences
from watcher.notify.notification import Action, Button, Holds, Notification

SHORT_BODY_UNITS = 200  # Windows would show nothing at all above 255

_LABELS = {
    Action.OPEN: sentences.OPEN_BUTTON,
    Action.COPY: sentences.COPY_BUTTON,
    Action.NOT_ME: sentences.NOT_ME_BUTTON,
}


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
    holds: Holds = Holds.FOR_EVER

    def replaced(self, others: Mapping[Text, Text]) -> Self:
        """Return the template with other sentences in place of some."""
        return replace(
            self,
            body=tuple(others.get(text, text) for text in self.body),
            short_body=tuple(others.get(text, text) for text in self.short_body),
        )

    def say(
        self,
        *,
        language: Language,
        replaces_id: int,
        link: str | None = None,
        code: str | None = None,
        expires_in: timedelta | None = None,
        percent_left: int | None = None,
        **fields: object,
    ) -> Notification:
        """Return it in `language`, the sentences' fields filled from `fields`."""
        fields |= {"link": link, "code": code}

        def lines(texts: tuple[Text, ...]) -> str:
            return "\n".join(text.say(language, **fields) for text in texts)

        has_bar = percent_left is not None
        return Notification(
            replaces_id=replaces_id,
            title=self.title.say(language),
            body=lines(self.body),
            footer=lines(self.footer),
            short_body=fit_utf16(lines(self.short_body or self.body), SHORT_BODY_UNITS),
            link=link,
            link_label=_LABELS[Action.OPEN].say(language) if link else "",
            code=code,
            buttons=tuple(
                Button(action, _LABELS[action].say(language)) for action in self.actions
            ),
            is_urgent=self.is_urgent,
            expires_in=expires_in,
            percent_left=percent_left,
            time_left=lines((sentences.TIME_LEFT,)) if has_bar else "",
            holds=self.holds,
        )
