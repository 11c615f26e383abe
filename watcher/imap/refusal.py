"""Tells a refusal that lasts from one that passes, by what the server answers.

Pure. A server that is out of order refuses with codes and words that nobody can list,
so that what is not known counts as passing: only the few answers named here say that
the password is wrong, or that a mailbox is missing (RFC 3501 §7.1, RFC 5530 §3).
What single providers are known to say stands in `provider_words`.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Self

_RESPONSE_TEXT = re.compile(r"\s*(?:\[([^\s\]]+)[^\]]*\])?\s*(.*)", re.DOTALL)

ALERT = "ALERT"
"""The response code of what must be shown to the user (RFC 3501 §7.1)."""
OVERFLOW = "NOTIFICATIONOVERFLOW"
"""The response code of a server that announces nothing any more (RFC 5465 §5.8)."""

PASSWORD_CODES = frozenset({"AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED"})
LATER_CODES = frozenset(
    {
        "UNAVAILABLE",
        "LIMIT",
        "INUSE",
        "SERVERBUG",
        "CONTACTADMIN",
        "OVERQUOTA",
        "THROTTLED",
    }
)
MISSING_CODES = frozenset({"NONEXISTENT", "CANNOT", "NOPERM"})

_LATER = re.compile(
    r"too many|try again|temporar|\blater\b|throttl|rate.?limit|limit (?:is |was )?"
    r"(?:exceeded|reached)|exceed|unavailable|not available|overload|\bbusy\b|in use"
    r"|over.?quota|maintenance|time(?:d)?.?out|(?:internal|server|system|backend) error"
    r"|concurrent|simultaneous|しばらく|混雑|混み合|メンテナンス|一時的",
    re.IGNORECASE,
)
"""Words of servers that refuse for now and give no response code."""


@dataclass(frozen=True, slots=True)
class ResponseText:
    """The text of a status response, taken apart (RFC 3501 §9, `resp-text`)."""

    code: str
    """The response code in upper case, without its arguments; "": there is none."""
    words: str
    """What stands behind the code, for people."""

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Take the text of a status response apart; never fails."""
        match = _RESPONSE_TEXT.fullmatch(raw.decode(errors="replace"))
        code, words = match.groups() if match else (None, "")
        return cls((code or "").upper(), words.strip())


class Refusal(Enum):
    """What the answer to a login says of the password."""

    LATER = auto()
    """Nothing: another login may succeed with it."""
    UNNAMED = auto()
    """It may be wrong: the server gives no reason."""
    WRONG_PASSWORD = auto()
    """It is wrong, in the server's own words."""
    NEEDS_USER = auto()
    """It does not help until the user has done something at the provider."""
    WANTS_OAUTH2 = auto()
    """No password is taken there."""


def login_refusal(kind: str, raw: bytes, beside: Iterable[str] = ()) -> Refusal:
    """Return what a refused login means.

    Args:
        kind: the tagged answer, NO or BAD.
        raw: its text.
        beside: codes and words of untagged answers that came with it.
    """
    text = ResponseText.parse(raw)
    if text.code in PASSWORD_CODES:
        return Refusal.WRONG_PASSWORD
    is_later = any(one in LATER_CODES or _LATER.search(one) for one in beside)
    if kind != "NO" or text.code or is_later or _LATER.search(text.words):
        return Refusal.LATER
    return Refusal.UNNAMED


def is_missing(raw: bytes, *, is_shown: Callable[[], bool]) -> bool:
    """Return whether the refusal of a mailbox other than INBOX means that it lacks.

    Args:
        raw: the text of the answer to EXAMINE or STATUS.
        is_shown: tells whether LIST shows the mailbox, or is of no use.
    """
    code = ResponseText.parse(raw).code
    if code in MISSING_CODES | LATER_CODES:
        return code in MISSING_CODES
    return not is_shown()
