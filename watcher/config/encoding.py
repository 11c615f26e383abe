"""Decodes what editors have saved: UTF-8, or UTF-16 with its byte order mark."""

import codecs
from collections.abc import Iterator

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class NotUtf8(ValueError):
    """Bytes in another encoding, such as CP932, or UTF-16 without a mark."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line
        """The line, from 1, that shows it."""


def decode(content: bytes) -> str:
    """Return the text of a file.

    Raises:
        NotUtf8: it is in another encoding.
    """
    encoding = "utf-16" if content.startswith(_UTF16_MARKS) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotUtf8(content.count(b"\n", 0, error.start) + 1) from None
    if (place := text.find("\0")) >= 0:  # in no text, but in every sign of UTF-16
        raise NotUtf8(text.count("\n", 0, place) + 1)
    return text


def decoded_lines(content: bytes) -> Iterator[str]:
    """Yield the lines of a file; only those that are asked for are decoded.

    Raises:
        NotUtf8: the next one is in another encoding.
    """
    if content.startswith(_UTF16_MARKS):
        yield from decode(content).split("\n")
    else:
        yield from map(decode, content.splitlines())
