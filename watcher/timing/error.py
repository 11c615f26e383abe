"""By how much this machine's clock is wrong: a value, as the log writes and says it.

The detail of a `clock_wrong` event is `ahead by 86400 s` or `behind by 300 s`.
"""

import re
from dataclasses import dataclass
from typing import Self

from watcher.i18n import Language, Text

_DETAIL = r"(ahead|behind) by (\d{1,12}) s"


@dataclass(frozen=True, slots=True)
class ClockError:
    """By how much a clock is ahead; below 0 if it is behind, by that at least."""

    ahead_s: float

    @classmethod
    def parse(cls, detail: str | None) -> Self | None:
        """Return the error that an event's detail names, if it names one."""
        match = re.fullmatch(_DETAIL, detail or "")
        if match is None:
            return None
        return cls(int(match[2]) * (1 if match[1] == "ahead" else -1))

    @property
    def direction(self) -> str:
        """`ahead` or `behind`."""
        return "ahead" if self.ahead_s > 0 else "behind"

    @property
    def detail(self) -> str:
        """The error as the event log writes it."""
        return f"{self.direction} by {round(abs(self.ahead_s))} s"

    @property
    def text(self) -> Text:
        """The error in words, in a unit that a person would choose."""
        size_s = abs(self.ahead_s)
        unit_s, unit = next(
            (one for one in _UNITS if size_s >= MANY * one[0]), _UNITS[-1]
        )
        words = _AHEAD if self.ahead_s > 0 else _BEHIND
        count = round(size_s / unit_s)
        en, ja = (
            words.say(language, span=unit.say(language, n=count))
            for language in (Language.EN, Language.JA)
        )
        return words._replace(en=en, ja=ja)


def error_in_words(detail: str | None) -> Text:
    """Return what the detail of a `clock_wrong` event says."""
    error = ClockError.parse(detail)
    return error.text if error else _WRONG


MANY = 2
"""So many of a unit are told in that unit; fewer in the smaller one."""

_UNITS = (
    (86400, Text(en="{n} days", ja="{n} 日")),
    (3600, Text(en="{n} hours", ja="{n} 時間")),
    (60, Text(en="{n} minutes", ja="{n} 分")),
    (1, Text(en="{n} seconds", ja="{n} 秒")),
)
_AHEAD = Text(en="about {span} ahead", ja="約 {span}進んでいます")
_BEHIND = Text(en="about {span} behind", ja="約 {span}遅れています")
_WRONG = Text(en="wrong", ja="合っていません")
