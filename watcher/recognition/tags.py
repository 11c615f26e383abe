"""Takes off what a provider or a list has put before a subject: `[SPAM]` and the like.

That breaks the signature, which covers the subject. If it verifies with the tag taken
off, it proves the mail as it was sent, so generous guesses do no harm.
"""

import base64
import quopri
import re
from collections.abc import Iterator

from watcher.recognition.charset import decode_field
from watcher.recognition.header import split

TAGS = 3
"""As many may stand before a subject: of a list, a provider, a virus scanner."""

_TAG = re.compile(
    r"\s*(?:\[[^\[\]]{1,60}\]|【[^【】]{1,60}】|［[^［］]{1,60}］|\{[^{}]{1,60}\}"
    r"|\([^()]{1,60}\)|<[^<>]{1,60}>|\*{2,}[^*]{1,60}\*{2,}|#{2,}[^#]{1,60}#{2,}"
    r"|_{2,}[^_]{1,60}_{2,}|[A-Z][A-Z_?!-]{2,30} ?:)\s*"
)
_SUBJECT = re.compile(rb"^subject:(.*(?:\r?\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE)
_WORD = re.compile(
    rb"\s*=\?(?P<charset>[^\s?]{1,40})\?(?P<encoding>[BbQq])\?[^\s?]{0,1000}\?=\s*"
)
"""An encoded word (RFC 2047 §2)."""

_LITERAL_BYTES = 400
"""A tag that stands there as it reads, in whatever charset, is no longer."""


def without_tags(raw: bytes) -> Iterator[bytes]:
    """Yield a mail as it may have been before tags were put before its subject."""
    header, _ = split(raw)
    found = _SUBJECT.search(header)
    if found is None:
        return
    values = [found[1]]
    for _ in range(TAGS):
        values = [rest for value in values for rest in _after_tag(value)]
        for value in values:
            yield raw[: found.start(1)] + b" " + value + raw[found.end(1) :]


def _after_tag(value: bytes) -> Iterator[bytes]:
    """Yield what may have stood behind the first tag of a raw subject."""
    if word := _WORD.match(value):
        text = decode_field(word[0])
        if tag := _TAG.match(text):
            rest, behind = text[tag.end() :], value[word.end() :]
            yield _encoded(rest, word, behind) + behind if rest else behind
            if rest and decode_field(value).isascii():
                yield decode_field(value)[tag.end() :].encode()
    elif tag := _TAG.match(value[:_LITERAL_BYTES].decode("utf-8", "ignore")):
        yield value[len(tag[0].encode()) :]


def _encoded(text: str, word: re.Match[bytes], behind: bytes) -> bytes:
    """Return text as an encoded word like another one."""
    try:
        data = text.encode(word["charset"].decode("ascii"))
    except (LookupError, UnicodeError):
        return b""
    if word["encoding"] in b"Bb":
        body = base64.b64encode(data)
    else:
        body = quopri.encodestring(data, header=True).replace(b"=\n", b"")
    fold = b"\r\n " if behind else b""
    return b"=?%b?%b?%b?=%b" % (word["charset"], word["encoding"], body, fold)
