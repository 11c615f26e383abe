"""Takes off what a provider or a list has put around a subject: `[SPAM]` and the like.

That breaks the signature, which covers the subject. If it verifies with the tag taken
off, it proves the mail as it was sent, so generous guesses do no harm. Each costs a
verification, so their number is bounded.
"""

import base64
import re
from collections.abc import Iterator
from email.header import Header
from itertools import islice

from watcher.recognition.charset import decode_field
from watcher.recognition.header import split

TAGS = 3
"""As many may stand around a subject: of a list, a provider, a virus scanner."""

GUESSES = 32
"""Subjects that are tried for one mail, each with all its signatures."""

_BRACKETS = (
    *("[]", "【】", "［］", "{}", "()", "（）", "<>"),
    *("〔〕", "《》", "≪≫", "〈〉", "「」", "『』"),
)
_ENCLOSED = "|".join(
    rf"[{one}]{{1,3}}[^{one}{other}]{{1,60}}[{other}]{{1,3}}"
    for one, other in (map(re.escape, pair) for pair in map(tuple, _BRACKETS))
)
_MARKED = r"([*#_!=+~|\-■◆●★※▲▼])\1{0,9}+[^*#_!=+~|■◆●★※▲▼]{1,60}?\1{1,10}"
"""Words between the same signs, such as `***SPAM***`."""

_BEFORE = re.compile(
    rf"\s*(?:{_MARKED}|{_ENCLOSED}|\S{{1,30}}\s-(?=\s)|[^:：]{{1,30}}[:：]+)\s*[:：-]?\s*"
)
_BEHIND = re.compile(rf"\s*(?:{_MARKED}|{_ENCLOSED})\s*$")
_SUBJECT = re.compile(rb"^subject:(.*(?:\r?\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE)
_WORD = re.compile(
    rb"\s*=\?(?P<charset>[^\s?]{1,40})\?(?P<encoding>[BbQq])\?[^\s?]{0,1000}\?=\s*"
)
_LAST_WORD = re.compile(_WORD.pattern + rb"$")
"""An encoded word (RFC 2047 §2)."""

_QUOTED = re.compile(rb"[^!-~ ]|[=?_]")
"""Octets that the Q encoding replaces."""

_VALUE_BYTES = 2000
"""A longer raw subject is not taken for one of Amazon's."""

_AT_ONCE = 4
"""Raw subjects in which further tags are searched."""

_LITERAL_BYTES = 400
"""A tag that stands there as it reads, in whatever charset, is no longer."""

_SUBJECT_CHARACTERS = 200
"""A subject that is encoded anew is no longer; Amazon's have some 50 characters."""

_WORD_CHARACTERS = 75
"""An encoded word has no more (RFC 2047 §2)."""


def without_tags(raw: bytes) -> Iterator[bytes]:
    """Yield a mail as it may have been before tags were put around its subject."""
    header, _ = split(raw)
    found = _SUBJECT.search(header)
    if found is None:
        return
    value = found[1].rstrip(b"\r")
    end = found.start(1) + len(value)
    for guess in islice(dict.fromkeys(_guesses(value)), GUESSES):
        yield raw[: found.start(1)] + b" " + guess + raw[end:]


def _guesses(value: bytes) -> Iterator[bytes]:
    """Yield what a raw subject may have been, the likeliest first."""
    raws = [value]
    for _ in range(TAGS):
        raws = [rest for one in raws for rest in _without_raw_tag(one)][:_AT_ONCE]
        yield from raws
    text = decode_field(value[:_VALUE_BYTES]).strip()
    if len(value) < _VALUE_BYTES and len(text) <= _SUBJECT_CHARACTERS:
        once = [*_without_tag(text)]
        twice = [rest for one in once for rest in _without_tag(one)]
        # It may have been encoded anew as well, with its tag or without one.
        for sent in (*once, text, *twice):
            yield from _encoded(sent)


def _without_tag(text: str) -> Iterator[str]:
    """Yield what may have stood behind the first tag of a text, or before the last."""
    if tag := _BEFORE.match(text):
        yield text[tag.end() :]
    if tag := _BEHIND.search(text):
        yield text[: tag.start()]


def _without_raw_tag(value: bytes) -> Iterator[bytes]:
    """Yield what may have stood behind the first tag of a raw subject, or before."""
    if word := _WORD.match(value):
        text = decode_field(word[0])
        if tag := _BEFORE.match(text):
            rest, behind = text[tag.end() :], value[word.end() :]
            fold = b"\r\n " if behind else b""
            yield _like(word, rest) + fold + behind if rest else behind
    elif tag := _BEFORE.match(value[:_LITERAL_BYTES].decode("utf-8", "ignore")):
        yield value[len(tag[0].encode()) :]
    if word := _LAST_WORD.search(value[-_VALUE_BYTES:]):
        if _BEHIND.fullmatch(decode_field(word[0])):
            yield value[: len(value) - len(word[0])]
    elif tag := _BEHIND.search(value[-_LITERAL_BYTES:].decode("utf-8", "ignore")):
        yield value[: len(value) - len(tag[0].encode())]


def _encoded(text: str) -> Iterator[bytes]:
    """Yield the forms in which programs that send mail write a subject."""
    if text.isascii():
        yield text.encode()
        return
    is_mostly_ascii = 2 * sum(sign.isascii() for sign in text) > len(text)
    for charset in ("UTF-8", "utf-8"):
        room = _WORD_CHARACTERS - len(f"=?{charset}?Q??=")
        # As JavaMail does: in halves until they fit. Others fill each word.
        halved = _halves(text, "Q" if is_mostly_ascii else "B", room)
        yield b"\r\n ".join(_word(half, charset, kind) for half, kind in halved)
        yield b"\r\n ".join(_word(full, charset, "B") for full in _full(text, room))
        for encoding in ("B", "Q"):
            yield _word(text, charset, encoding)
    yield Header(text, "utf-8").encode(linesep="\r\n").encode()


def _halves(text: str, encoding: str, room: int) -> list[tuple[str, str]]:
    if len(_transfer(text.encode(), encoding)) <= room or len(text) == 1:
        return [(text, encoding)]
    half = len(text) // 2
    return _halves(text[:half], encoding, room) + _halves(text[half:], encoding, room)


def _full(text: str, room: int) -> list[str]:
    """Return text in pieces of which each is as long as an encoded word may be."""
    pieces = [""]
    for sign in text:
        longer = pieces[-1] + sign
        if len(_transfer(longer.encode(), "B")) <= room:
            pieces[-1] = longer
        else:
            pieces.append(sign)
    return pieces


def _like(word: re.Match[bytes], text: str) -> bytes:
    """Return text as an encoded word like another one; nothing if it has no room."""
    try:
        return _word(text, word["charset"].decode("ascii"), word["encoding"].decode())
    except (LookupError, ValueError):
        return b""


def _word(text: str, charset: str, encoding: str) -> bytes:
    data = _transfer(text.encode(charset), encoding)
    return f"=?{charset}?{encoding}?".encode() + data + b"?="


def _transfer(data: bytes, encoding: str) -> bytes:
    """Return octets as they stand in an encoded word (RFC 2047 §4)."""
    if encoding in "Bb":
        return base64.b64encode(data)
    return _QUOTED.sub(lambda octet: b"=%02X" % octet[0][0], data).replace(b" ", b"_")
