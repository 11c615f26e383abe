"""What is pushed to a phone, in words (pure), and what a way to a phone can do.

Other people's servers and a lock screen show it: so it holds neither code nor link,
unless the user wants the approval link there.
"""

# ruff: noqa: B027 -- a service overrides only what it can do

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from watcher.clock import local_time, minutes_seconds
from watcher.events import Attempt
from watcher.i18n import Language, Text
from watcher.notify import sentences
from watcher.notify.notification import Notification


@dataclass(frozen=True, slots=True, kw_only=True)
class PushMessage:
    """One message to a phone in the user's language."""

    key: str = field(repr=False)
    """What it is about: it takes the place of the message of the same key."""
    title: str = field(repr=False)
    text: str = field(repr=False)
    link: str | None = field(default=None, repr=False)
    """The approval link, to be opened by a tap; None: the user wants none there."""
    link_label: str = ""
    is_urgent: bool = True
    """Whether the phone is to sound; else it only takes the former's place."""


PushWords = Callable[[datetime], PushMessage | None]
"""Words a message as it is at an instant; None where it is too late for it."""


class Pusher(ABC):
    """A way to one phone or several; each call is bounded in time.

    One thread calls, but for `close`.
    """

    replaces = False
    """Whether a message can take an earlier one's place, and be taken back."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Where it goes, without what would let others read or write there."""

    @abstractmethod
    def send(self, message: PushMessage) -> None:
        """Hand it over, or raise `NotificationFailed` with the reason."""

    def withdraw(self, key: str) -> None:
        """Take a message off the phones, where that can be done.

        Raises:
            NotificationFailed: it could be done, and failed for now.
        """

    @abstractmethod
    def check(self) -> None:
        """Raise `NotificationFailed` if nothing could be sent; send nothing."""

    def close(self) -> None:
        """End what is still at work."""


def key_of(attempt: Attempt) -> str:
    """Return what tells an attempt from others, also to a second computer."""
    return attempt.message_id or str(attempt.origin)


def message(
    attempt: Attempt,
    shown: Notification,
    *,
    at: datetime,
    language: Language,
    is_linked: bool,
    is_urgent: bool = True,
) -> PushMessage:
    """Return what a phone is told of an attempt; `shown` is what a desktop shows.

    With `is_linked` it holds the approval link, if there is one; a code it never does.
    """
    link = shown.link if is_linked else None
    is_proved = attempt.kind is not None
    if not is_proved:
        text = _UNVERIFIED
    elif not attempt.is_deadline_known:
        text = _MAY_BE_OVER_LINKED if link else _MAY_BE_OVER
    else:
        text = _LINKED if link else _LEFT
    left = minutes_seconds(attempt.time_left(at))
    return PushMessage(
        key=key_of(attempt),
        title=shown.title,
        text=text.say(language, left=left, dash=DASH),
        link=link,
        link_label=sentences.OPEN_BUTTON.say(language) if link else "",
        is_urgent=is_urgent,
    )


def report(attempt: Attempt, at: datetime, language: Language) -> PushMessage:
    """Return what stands in the place of an attempt: Amazon reports a sign-in."""
    text = _REPORTED.say(language, at=local_time(at))
    title = sentences.REPORTED.say(language)
    return PushMessage(key=key_of(attempt), title=title, text=text)


def flood_key(account: str) -> str:
    """Return the key of `flood`; no Message-ID is like it."""
    return f"flood {account}"


def flood(account: str, count: int, language: Language) -> PushMessage:
    """Return what a phone is told of too many attempts to tell of each.

    It stays there when they are over.
    """
    text, title = _FLOOD.say(language, count=count), sentences.FLOOD.say(language)
    return PushMessage(key=flood_key(account), title=title, text=text)


def trial(language: Language) -> PushMessage:
    """Return a message that proves the way to the phone."""
    title, text = sentences.TRIAL.say(language), _TRIAL.say(language)
    return PushMessage(key="trial", title=title, text=text)


DASH = "–"
"""Windows' Japanese terminals do not have it, and show no text to a phone."""

_LEFT = Text(
    en="Sign-in attempt, {left} left {dash} look at your computer or your mail",
    ja="サインイン試行 残り {left} {dash} パソコンかメールを見てください",
)
_LINKED = Text(
    en="Sign-in attempt, {left} left {dash} yours? Tap to open Amazon's page. If not, "
    "do not approve",
    ja="サインイン試行 残り {left} {dash} あなたのものなら、タップして承認ページを"
    "開いてください。心当たりがなければ、承認しないでください",
)
_MAY_BE_OVER = Text(
    en="Sign-in attempt, maybe over already {dash} look at your computer or your mail",
    ja="サインイン試行 もう期限切れかもしれません {dash} "
    "パソコンかメールを見てください",
)
_MAY_BE_OVER_LINKED = Text(
    en="Sign-in attempt, maybe over already {dash} yours? Tap to open Amazon's page. "
    "If not, do not approve",
    ja="サインイン試行 もう期限切れかもしれません {dash} あなたのものなら、"
    "タップして承認ページを開いてください。心当たりがなければ、承認しないでください",
)
_UNVERIFIED = Text(
    en="A mail reads like Amazon's, but its sender could not be checked {dash} look at "
    "your computer or your mail",
    ja="Amazon らしいメールが届きましたが、差出人を確認できませんでした {dash} "
    "パソコンかメールを見てください",
)
_REPORTED = Text(
    en="Amazon reports a sign-in at {at}: was that you? If not, open Amazon by "
    "yourself, not by a link, and change your password",
    ja="{at} にサインインがあったと Amazon が知らせています。あなたですか? 心当たりが"
    "なければ、リンクからでなく自分で Amazon を開き、パスワードを変えてください",
)
_FLOOD = Text(
    en="{count} sign-in attempts within a minute: somebody knows your password, unless "
    "it was you. Do not approve, open Amazon by yourself, and change your password",
    ja="1 分間に {count} 件のサインイン試行がありました。ご自身でなければ、誰かが"
    "パスワードを知っています。承認せず、自分で Amazon を開き、パスワードを"
    "変えてください",
)
_TRIAL = Text(
    en="This phone is told of sign-in attempts, without link and code.",
    ja="サインイン試行を、このスマートフォンにも知らせます(リンクとコードは付けません)。",
)
