"""Signs of the Japanese input, and of word processors, that only look like TOML's."""

import unicodedata

QUOTES = {
    **dict.fromkeys("“”„‟〝〞〟＂「」『』", '"'),
    **dict.fromkeys("‘’‚‛＇`´", "'"),
}
INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
_SIGNS = {**QUOTES, **dict(zip("【】〔〕、。：", "[][],.=", strict=True))}
_MEANT = str.maketrans({**_SIGNS, **dict.fromkeys(INVISIBLE, "")})


def meant(text: str) -> str:
    """Return a text as it was meant to be typed, in half-width signs."""
    return unicodedata.normalize("NFKC", text.translate(_MEANT))
