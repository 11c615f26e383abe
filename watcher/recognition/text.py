"""Normal forms of text: to compare it, to see through disguises, to show it safely."""

import re
import unicodedata

from watcher.i18n import shorten

_DASH = re.compile("[‐‑‒–—−]")

_CONFUSABLES = str.maketrans(
    # Cyrillic, Greek, Armenian and phonetic letters that look like ASCII ones; after
    # case folding, so lower case only.
    "авсԁеғһіјкӏӏмпорԛгѕтцѵԝхуѡ"
    + "αβεηικνορτυχγω"
    + "ոսօԁցհքզ"
    + "ᴀᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢıɑɡ",
    "abcdefhijkllmnopqrstuvwxyw"
    + "abenikvoptuxyw"
    + "nuodghqz"
    + "acdeghijklmnoprstuvwyziag",
)

INVISIBLE = re.compile(
    # C0 and C1 controls, soft hyphen, zero-width and bidi characters, tags, surrogates.
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]"
)
"""Characters that a reader does not see and that must never reach a screen."""

# A sign of ASCII has no other form, but may carry the marks behind it. The pieces are
# short because Python sorts marks in quadratic time.
_FOREIGN = re.compile(r"[!-~]?[^\x00-\x7f]{1,200}")

_SHOWN = 120
"""Characters of foreign text that are worth showing; the rest is cut off."""


def compatible(text: str) -> str:
    """Return text in its compatible form (NFKC), in linear time."""
    if text.isascii():
        return text
    return _FOREIGN.sub(lambda piece: unicodedata.normalize("NFKC", piece[0]), text)


def normal(text: str) -> str:
    """Return the form in which text is compared: NFKC, single blanks, case folded."""
    return " ".join(_DASH.sub("-", compatible(text)).split()).casefold()


def without_spaces(text: str) -> str:
    """Return the normal form without any blank: line breaks do not hide a phrase."""
    return normal(text).replace(" ", "")


def skeleton(text: str) -> str:
    """Return what text looks like to a reader who takes look-alikes for letters."""
    plain = normal(INVISIBLE.sub("", text)).translate(_CONFUSABLES)
    if plain.isascii():
        return plain
    # Accents come off Latin letters; a kana keeps its voicing.
    letters = ((sign, unicodedata.normalize("NFKD", sign)[0]) for sign in plain)
    return normal("".join(one if one.isascii() else sign for sign, one in letters))


def is_disguised(text: str) -> bool:
    """Return whether text holds what only a disguise needs.

    That is an invisible character, or a foreign one whose normal form is an ASCII
    letter or digit; full-width punctuation is honest Japanese.
    """
    if text.isascii():
        return INVISIBLE.search(text) is not None
    foreign = (sign for sign in text if not sign.isascii())
    plain = (unicodedata.normalize("NFKC", sign) for sign in foreign)
    looks_ascii = any(one.isascii() and one.isalnum() for one in plain)
    return looks_ascii or INVISIBLE.search(text) is not None


def one_line(text: str) -> str:
    """Return text in one line, without what a reader does not see."""
    seen = INVISIBLE.sub(" ", text)
    return " ".join(
        "".join(sign if sign.isprintable() else " " for sign in seen).split()
    )


def sanitise(text: str) -> str:
    """Return text of a mail for a terminal or popup: one line, visible, shortened."""
    return shorten(one_line(text), _SHOWN)
