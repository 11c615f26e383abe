"""Turns what is wrong with an account or the program itself into notifications.

Pure. Each is shown in place of the one before about the same subject.
"""

from dataclasses import dataclass
from datetime import datetime

from watcher.clock import local_time
from watcher.errors import WatcherError
from watcher.i18n import Language
from watcher.notify import sentences
from watcher.notify.notification import Action, Holds, Notification
from watcher.notify.template import Template
from watcher.notify.wording import (
    ACCOUNT_COLUMNS,
    foreign,
    foreign_error,
    foreign_words,
    id_of,
)
from watcher.timing.error import ClockError


@dataclass(frozen=True, slots=True)
class _OfAccount:
    template: Template

    def __call__(
        self,
        account: str,
        *,
        language: Language,
        since: datetime | None = None,
        why: WatcherError | None = None,
    ) -> Notification:
        return self.template.say(
            language=language,
            replaces_id=account_id(account),
            account=foreign(account, ACCOUNT_COLUMNS),
            clock=since and local_time(since),
            why=foreign_error(why, language) if why else "",
        )


blind = _OfAccount(
    Template(
        title=sentences.BLIND, body=(sentences.BLIND_BODY,), holds=Holds.WHILE_RUNNING
    )
)
"""Say since when an account is not watched, so that the user reads the mail there."""

recovered = _OfAccount(
    Template(
        title=sentences.RECOVERED, body=(sentences.RECOVERED_BODY,), is_urgent=False
    )
)
"""Say that the account is watched again, in place of `blind` or `login_refused`."""

login_refused = _OfAccount(
    Template(
        title=sentences.REFUSED,
        body=(sentences.REFUSED_BODY,),
        holds=Holds.WHILE_RUNNING,
    )
)
"""Say once that the server refuses the account's password, and the cause."""


def alert(account: str, words: str, *, language: Language) -> Notification:
    """Show what the account's mail server wants the user to know (RFC 3501 §7.1)."""
    template = Template(title=sentences.ALERT, body=(sentences.ALERT_BODY,))
    return template.say(
        language=language,
        replaces_id=id_of(f"alert {account} {words}"),
        account=foreign(account, ACCOUNT_COLUMNS),
        words=foreign_words(words),
    )


def account_id(account: str) -> int:
    """Return the `replaces_id` of what is told of an account's trouble."""
    return id_of(f"account {account}")


STUCK_ID = id_of("log")
"""The `replaces_id` of `stuck`."""


def stuck(error: WatcherError, *, language: Language) -> Notification:
    """Say that nothing can be logged, and so nothing is shown."""
    template = Template(
        title=sentences.STUCK, body=(sentences.STUCK_BODY,), holds=Holds.WHILE_RUNNING
    )
    why = foreign_error(error, language)
    return template.say(language=language, replaces_id=STUCK_ID, why=why)


def log_changed(why: WatcherError, *, language: Language) -> Notification:
    """Say what became of the event log, and that the program goes on."""
    template = Template(title=sentences.LOG_CHANGED, body=(sentences.WHY_ALONE,))
    words = foreign_error(why, language)
    return template.say(language=language, replaces_id=id_of("log file"), why=words)


def unexamined(account: str, *, language: Language) -> Notification:
    """Say that nobody knows what a mail is, because of a bug."""
    template = Template(title=sentences.UNEXAMINED, body=(sentences.UNEXAMINED_BODY,))
    return template.say(
        language=language,
        replaces_id=id_of(f"unexamined {account}"),
        account=foreign(account, ACCOUNT_COLUMNS),
    )


CONFIG_ID = id_of("configuration")
"""The `replaces_id` of `config_refused`."""


def config_refused(why: WatcherError, *, language: Language) -> Notification:
    """Say that the configuration cannot be used as it was saved."""
    template = Template(
        title=sentences.CONFIG,
        body=(sentences.CONFIG_BODY,),
        holds=Holds.WHILE_RUNNING,
    )
    words = foreign_error(why, language)
    return template.say(language=language, replaces_id=CONFIG_ID, why=words)


CLOCK_ID = id_of("clock")
"""The `replaces_id` of `clock_wrong`."""


def clock_wrong(error: ClockError, *, language: Language) -> Notification:
    """Say that this machine's clock is wrong, so that no time of day can be trusted."""
    template = Template(
        title=sentences.CLOCK,
        body=(sentences.CLOCK_BODY,),
        is_urgent=False,
        holds=Holds.UNTIL_NEXT_RUN,
    )
    words = error.text.say(language)
    return template.say(language=language, replaces_id=CLOCK_ID, error=words)


SILENT_ID = id_of("silent")
"""The `replaces_id` of `silent`."""


def silent(tries: int = 0, *, language: Language) -> Notification:
    """Say quietly that no mail has come to who expects a sign-in, and where to look.

    If it was so in `tries` before this one, say what users report as the cure.
    """
    cure = (sentences.SILENT_CURE,) if tries else ()
    template = Template(
        title=sentences.SILENT,
        body=(sentences.SILENT_BODY, sentences.SILENT_WAYS, *cure),
        short_body=(sentences.SILENT_SHORT,),
        is_urgent=False,
        holds=Holds.WHILE_RUNNING,
    )
    return template.say(language=language, replaces_id=SILENT_ID)


def trial(page: str, *, language: Language) -> Notification:
    """Show what a notification is like; its button opens `page`."""
    template = Template(
        title=sentences.TRIAL, body=(sentences.TRIAL_BODY,), actions=(Action.OPEN,)
    )
    return template.say(language=language, replaces_id=TRIAL_ID, link=page)


TRIAL_ID = id_of("trial")
"""The `replaces_id` of `trial`."""
