"""Says in the user's language why a sender is proved, or is not.

`Authentication.detail` is one English clause, as the contract prints it in JSON. Here
its pieces are known by their English and said in words.
"""

import re

from watcher.i18n import Language, Text

_BY_SIGNATURE = r"(d=\S* s=\S* \S*): (.*)"


def proof_in_words(detail: str, language: Language) -> str:
    """Return `Authentication.detail`, an English clause, in the user's language.

    What a library says of a broken signature stays in English.
    """
    return "; ".join(_clause(one, language) for one in detail.split("; "))


def _clause(clause: str, language: Language) -> str:
    if match := re.fullmatch(_BY_SIGNATURE, clause):
        return f"{match[1]}: {_clause(match[2], language)}"
    for pattern, text in _CLAUSES:
        if match := re.fullmatch(pattern, clause):
            return text.say(language, **match.groupdict())
    return clause


def _pattern(text: Text) -> str:
    """Return what matches a sentence in English, its fields as groups."""
    return re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(text.en))


_CLAUSES = [
    (_pattern(text), text)
    for text in (
        Text(en="no signature", ja="署名なし"),
        Text(
            en="not checked: no account mail",
            ja="調べていません(アカウントの連絡ではありません)",
        ),
        Text(en="another's domain", ja="別のドメインの署名"),
        Text(
            en="the body may have been appended to (l=)",
            ja="本文に書き足されている可能性あり(l=)",
        ),
        Text(en="not signed: {names}", ja="署名されていないヘッダー: {names}"),
        Text(en="algorithm not accepted", ja="認められない署名方式"),
        Text(en="expired (x=)", ja="署名の期限切れ(x=)"),
        Text(en="no name server answered", ja="ネームサーバーの応答なし"),
        Text(en="body hash mismatch", ja="本文が署名のときと違う"),  # dkimpy's words
        Text(
            en="does not verify, or its key is missing",
            ja="署名が正しくないか、鍵がない",
        ),
        Text(
            en="verified with a key of {bits} bits",
            ja="正しい署名({bits} ビットの鍵)",
        ),
        Text(en="no field is believed", ja="信頼できる判定のヘッダーなし"),
        Text(
            en="the provider says {method}={result}",
            ja="メールサービスの判定は {method}={result}",
        ),
        Text(en="{who} says {method}={result}", ja="{who} の判定は {method}={result}"),
    )
]
"""The clauses of `Authentication.detail`, by the English in which they are stored."""
