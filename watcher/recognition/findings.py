"""What was looked at in a mail and what came of it, for people who want to know why."""

import re
from dataclasses import dataclass
from enum import StrEnum

from watcher.recognition import amazon
from watcher.recognition.plain import harmless
from watcher.recognition.verdict import Reason

_TOKEN = re.compile(rf"({re.escape(amazon.LINK_PATH)}(?:/|\?k=))[^\s]+")


class Aspect(StrEnum):
    """What can be looked at; in the order in which people read it."""

    SIZE = "size"
    HEADER = "header"
    SENDER = "sender"
    SIGNATURE = "signature"
    RECIPIENT = "recipient"
    SUBJECT = "subject"
    BODY = "body"
    LINK = "link"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class Finding:
    """One aspect, what speaks against it, and the value that was looked at."""

    aspect: Aspect
    flaws: tuple[Reason, ...]
    value: str = ""
    """Harmless text; a URL in it cannot be followed and holds no secret."""
    is_judged: bool = True
    """False: nothing speaks for or against it, since nobody could or would tell."""


def finding(aspect: Aspect, flaws: tuple[Reason, ...], value: str) -> Finding:
    """Return a finding with its value made harmless."""
    return Finding(aspect, flaws, harmless(defang(value)))


def defang(text: str) -> str:
    """Return text in which no URL can be followed and no token is left to be used."""
    masked = _TOKEN.sub(r"\1…", text)
    return re.sub(r"(?i)\bhttp(s?)://", r"hxxp\1://", masked)
