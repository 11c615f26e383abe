"""What was examined in a mail and what came of it, as values and in words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from watcher.i18n import Text
from watcher.recognition import amazon
from watcher.recognition.text import sanitise
from watcher.recognition.verdict import (
    Approval,
    Code,
    LookAlike,
    NotRelevant,
    Reason,
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
                    return _MISADDRESSED if is_known else _UNKNOWN_FORM
        case Unverified():
            return _UNVERIFIED
        case LookAlike():
            return _LOOK_ALIKE
        case NotRelevant():
            return _NOT_RELEVANT


def is_misaddressed(reasons: Iterable[str]) -> bool:
    """Return whether a mail of Amazon's has a recipient that is not known.

    Only the user can know whether it was written to them.
    """
    return Reason.RECIPIENT_UNKNOWN in tuple(reasons)


def misaddressed(recipient: str = "") -> tuple[Text, dict[str, object]]:
    """Return what to say of such a mail, with its recipient where that is known."""
    if recipient:
        return _MISADDRESSED_TO, {"recipient": recipient}
    return _MISADDRESSED, {}


_MISADDRESSED_TO = Text(
    en="genuine, sent by Amazon, but its recipient {recipient} is not in addresses. If "
    "that is your address, add it to the configuration",
    ja="Amazon が送った本物ですが、宛先 {recipient} は addresses にありません。"
    "あなたのアドレスなら設定に足してください",
)
_MISADDRESSED = Text(
    en="genuine, sent by Amazon, but its recipient is not in addresses. If that is "
    "your address, add it to the configuration",
    ja="Amazon が送った本物ですが、宛先は addresses にありません。"
    "あなたのアドレスなら設定に足してください",
)
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

REASONS = {
    Reason.FROM_NOT_AMAZON: Text(
        en="the sender is not Amazon", ja="差出人が Amazon ではありません"
    ),
    Reason.FROM_NOT_ACCOUNT_MAIL: Text(
        en="Amazon does not write about accounts from this address",
        ja="Amazon がアカウントの連絡に使うアドレスではありません",
    ),
    Reason.HEADERS_DUPLICATED: Text(
        en="header fields that must stand once stand twice",
        ja="1 つだけのはずのヘッダーが重複しています",
    ),
    Reason.RECIPIENT_UNKNOWN: Text(
        en="it was written to an address that is not in addresses",
        ja="宛先が設定の addresses にありません",
    ),
    Reason.DKIM_NONE: Text(en="it is not signed", ja="署名がありません"),
    Reason.DKIM_FAIL: Text(
        en="the signature is wrong: forged, or changed on the way",
        ja="署名が正しくありません(偽造か、途中で改変されています)",
    ),
    Reason.DKIM_NOT_ALIGNED: Text(
        en="it is signed by somebody else than its sender",
        ja="差出人とは別のドメインの署名しかありません",
    ),
    Reason.DKIM_BODY_LENGTH: Text(
        en="only a part of the body is signed", ja="本文の一部しか署名されていません"
    ),
    Reason.DKIM_HEADER_UNSIGNED: Text(
        en="header fields that matter are not signed",
        ja="重要なヘッダーが署名されていません",
    ),
    Reason.DKIM_TEMPERROR: Text(
        en="the key could not be fetched: no name server answered",
        ja="ネームサーバーが応答せず、署名の鍵を取得できませんでした",
    ),
    Reason.PROVIDER_SAYS_FAIL: Text(
        en="your mail provider found it forged", ja="メールサービスが偽造と判定しました"
    ),
    Reason.SUBJECT_UNKNOWN: Text(
        en="not the subject of a sign-in attempt",
        ja="サインイン試行の件名ではありません",
    ),
    Reason.SUBJECT_HOMOGLYPH: Text(
        en="it uses look-alike or invisible characters",
        ja="見た目の似た文字や見えない文字が使われています",
    ),
    Reason.PHRASE_MISSING: Text(
        en="it asks neither to approve nor to type a code",
        ja="承認も確認コードの入力も求めていません",
    ),
    Reason.LINK_MISSING: Text(
        en="it asks to approve but has no link for it",
        ja="承認を求めているのに、そのリンクがありません",
    ),
    Reason.LINK_HOST: Text(
        en="it does not lead to Amazon", ja="リンク先が Amazon ではありません"
    ),
    Reason.LINK_SCHEME: Text(
        en="it is not an https link", ja="https のリンクではありません"
    ),
    Reason.LINK_USERINFO: Text(
        en="a name before @ hides where it leads",
        ja="@ の前の文字列で本当のリンク先が隠されています",
    ),
    Reason.LINK_PATH: Text(
        en="it does not lead to Amazon's approval page",
        ja="Amazon の承認ページへのリンクではありません",
    ),
    Reason.LINK_CHARACTERS: Text(
        en="it has characters that no link has",
        ja="リンクに使えない文字が含まれています",
    ),
    Reason.LINKS_DISAGREE: Text(
        en="its links lead to different pages", ja="リンクごとに行き先が異なります"
    ),
    Reason.CODES_DISAGREE: Text(
        en="it shows different codes", ja="異なる確認コードが書かれています"
    ),
    Reason.STORE_NOT_WATCHED: Text(
        en="this store is not watched (stores in the configuration)",
        ja="設定の stores にないストアです",
    ),
    Reason.SIGN_IN_NOTICE: Text(
        en="it tells of a sign-in that has already happened",
        ja="すでに行われたサインインの通知です",
    ),
    Reason.MALFORMED: Text(en="it is no proper mail", ja="メールの形式が壊れています"),
    Reason.TOO_LARGE: Text(
        en="it is too large for Amazon's sign-in mail",
        ja="Amazon のサインインメールにしては大きすぎます",
    ),
}
