"""What was examined in a mail and what came of it, as values and in words."""

import re
from dataclasses import dataclass
from enum import StrEnum

from watcher.i18n import Text
from watcher.recognition import amazon
from watcher.recognition.reasons import Reason, is_misaddressed, misaddressed
from watcher.recognition.text import sanitise
from watcher.recognition.verdict import (
    Approval,
    Code,
    LookAlike,
    NotRelevant,
    Recognised,
    Unknown,
    Unverified,
    Verdict,
)

_TOKEN = re.compile(rf"({re.escape(amazon.LINK_PATH)}(?:/|\?k=))[^\s]+")


class Aspect(StrEnum):
    """What can be examined in a mail, in the order in which people read it."""

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
    """One aspect, what speaks against it, and the value that was examined."""

    aspect: Aspect
    flaws: tuple[Reason, ...]
    value: str
    """Sanitised; a URL in it cannot be followed and holds no secret."""
    is_judged: bool = True
    """False: nothing speaks for or against it, since it was not checked."""

    @property
    def passed(self) -> bool | None:
        """Whether nothing speaks against it; None if it could not be judged."""
        is_open = not self.is_judged or self.flaws == (Reason.DKIM_TEMPERROR,)
        return None if is_open else not self.flaws


def finding(
    aspect: Aspect, flaws: tuple[Reason, ...], value: str, *, is_judged: bool = True
) -> Finding:
    """Return a finding on a value of the mail, which is sanitised and defanged."""
    masked = _TOKEN.sub(r"\1…", value)
    defanged = re.sub(r"(?i)\bhttp(s?)://", r"hxxp\1://", masked)
    return Finding(aspect, flaws, sanitise(defanged), is_judged)


def headline(verdict: Verdict) -> Text:
    """Return the verdict in one line."""
    match verdict:
        case Recognised(attempt=attempt):
            match attempt.content:
                case Approval():
                    return _APPROVAL
                case Code():
                    return _CODE
                case Unknown(reasons=reasons):
                    is_known = is_misaddressed(reasons)
                    return misaddressed()[0] if is_known else _UNKNOWN_FORM
        case Unverified():
            return _UNVERIFIED
        case LookAlike():
            return _LOOK_ALIKE
        case NotRelevant():
            return _NOT_RELEVANT


_APPROVAL = Text(
    en="recognised: Amazon asks to approve or deny a sign-in",
    ja="本物: サインインの承認または否認を求める Amazon のメール",
)
_CODE = Text(
    en="recognised: Amazon's verification code for a sign-in",
    ja="本物: サインインの確認コードを知らせる Amazon のメール",
)
_UNKNOWN_FORM = Text(
    en="recognised: Amazon's sign-in mail in a form not seen before (no link, no code)",
    ja="本物: はじめて見る形のサインイン試行メール(リンクもコードも出しません)",
)
_UNVERIFIED = Text(
    en="unverified: it reads like a sign-in attempt, but nothing proves the sender",
    ja="未確認: サインイン試行のようですが、差出人が本物か確かめられません",
)
_LOOK_ALIKE = Text(
    en="look-alike: it passes itself off as Amazon's account mail",
    ja="偽物: Amazon のアカウント連絡に見せかけています",
)
_NOT_RELEVANT = Text(
    en="not relevant: it is no sign-in attempt",
    ja="対象外: サインイン試行のメールではありません",
)

ASPECTS = {
    Aspect.SIZE: Text(en="Size and structure", ja="大きさと構造"),
    Aspect.HEADER: Text(en="Header fields", ja="ヘッダー"),
    Aspect.SENDER: Text(en="Sender", ja="差出人"),
    Aspect.SIGNATURE: Text(en="Proof of the sender", ja="差出人の証明"),
    Aspect.RECIPIENT: Text(en="Recipient", ja="宛先"),
    Aspect.SUBJECT: Text(en="Subject", ja="件名"),
    Aspect.BODY: Text(en="What it asks", ja="本文の内容"),
    Aspect.LINK: Text(en="Link", ja="リンク"),
    Aspect.STORE: Text(en="Store", ja="ストア"),
}
