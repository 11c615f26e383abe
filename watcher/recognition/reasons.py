"""Why a mail is not recognised: codes for programs, and sentences for people."""

from collections.abc import Iterable
from enum import StrEnum

from watcher.i18n import Text


class Reason(StrEnum):
    """Why a mail is not recognised. Scripts rely on these: add, never rename."""

    FROM_NOT_AMAZON = "from_not_amazon"
    FROM_NOT_ACCOUNT_MAIL = "from_not_account_mail"
    HEADERS_DUPLICATED = "headers_duplicated"
    RECIPIENT_UNKNOWN = "recipient_unknown"
    DKIM_NONE = "dkim_none"
    DKIM_FAIL = "dkim_fail"
    DKIM_NOT_ALIGNED = "dkim_not_aligned"
    DKIM_BODY_LENGTH = "dkim_body_length"
    DKIM_HEADER_UNSIGNED = "dkim_header_unsigned"
    DKIM_TEMPERROR = "dkim_temperror"
    PROVIDER_SAYS_FAIL = "provider_says_fail"
    SUBJECT_UNKNOWN = "subject_unknown"
    SUBJECT_HOMOGLYPH = "subject_homoglyph"
    PHRASE_MISSING = "phrase_missing"
    LINK_MISSING = "link_missing"
    LINK_HOST = "link_host"
    LINK_SCHEME = "link_scheme"
    LINK_USERINFO = "link_userinfo"
    LINK_PATH = "link_path"
    LINK_CHARACTERS = "link_characters"
    LINKS_DISAGREE = "links_disagree"
    CODES_DISAGREE = "codes_disagree"
    STORE_NOT_WATCHED = "store_not_watched"
    SIGN_IN_NOTICE = "sign_in_notice"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"


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
