"""Turns the bytes of a mail into text, tolerant of what mailers really send.

Japanese mail names its charsets loosely: "shift_jis" means cp932, "iso-2022-jp" holds
NEC and IBM characters, fields come as raw 8-bit. Nothing here ever raises: what cannot
be decoded becomes U+FFFD.
"""

import binascii
import codecs
import quopri
import re
from itertools import groupby

_SHIFT_JIS = frozenset(
    {"shift_jis", "shift_jis_2004", "shift_jisx0213", "cp932", "ms932"}
)
_NAMES_OF_CP932 = frozenset(
    {"x-sjis", "sjis", "windows-31j", "cswindows31j", "ms_kanji"}
)
_NAMES_OF_EUC_JP = frozenset({"x-euc-jp", "x-euc", "eucjp-ms", "cp51932"})
_NO_CHARSETS = frozenset(
    {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "utf-7"}
    | {"unicode-escape"}
)
"""Codecs of Python that no mail means; decoding punycode takes quadratic time."""

_JAPANESE = ("cp932", "euc_jp")
_UNLIKELY = re.compile("[\uff61-\uff9f\ue000-\uf8ff]")
"""Half-width kana and private signs: how one Japanese charset looks in another."""

_TOLERATED = 50
"""One wrong character in this many is damage, more is another charset."""

_ESCAPE = re.compile(rb"(\x1b(?:\$[@B]|\([BJI]))")
_PAIR = re.compile(rb"[\x21-\x7e]{2}")
_EUC = re.compile(rb"\x8e([\xa1-\xdf])|([\xa1-\xfe])([\xa1-\xfe])")

# RFC 2047 §2; blanks inside the text are wrong there but seen in the wild.
_ENCODED_WORD = re.compile(
    rb"=\?([!->@-~]{1,40})\?([bBqQ])\?([^?]*)\?="
    rb"(?:[ \t\r\n]+(?==\?[!->@-~]{1,40}\?[bBqQ]\?))?"
)


def decode_text(data: bytes, charset: str | None) -> str:
    """Return the text of `data`, whose declared charset may be missing or wrong."""
    if b"\x1b$" in data and not (charset or "").lower().startswith("iso-2022-kr"):
        return _decode_iso_2022_jp(data)
    declared = _codec(charset)
    if declared is not None:
        is_euc = declared == "euc_jp"
        text = _decode_euc_jp(data) if is_euc else data.decode(declared, "replace")
        if text.count("\ufffd") * _TOLERATED <= len(text):
            return text
    return _guess(data)


def decode_field(value: bytes) -> str:
    """Return a header field's text: unfolded, its encoded words decoded (RFC 2047)."""
    unfolded = re.sub(rb"\r?\n(?=[ \t])", b"", value).replace(b"\t", b" ").strip()
    if b"=?" not in unfolded:
        return decode_text(unfolded, None)
    pieces = _encoded_and_plain(unfolded)
    return "".join(
        decode_text(b"".join(piece for _, piece in run), charset)
        for charset, run in groupby(pieces, key=lambda piece: piece[0])
    )


def _encoded_and_plain(value: bytes) -> list[tuple[str | None, bytes]]:
    """Split a field; a character may be cut in two by words of the same charset."""
    pieces: list[tuple[str | None, bytes]] = []
    end = 0
    for word in _ENCODED_WORD.finditer(value):
        pieces.append((None, value[end : word.start()]))
        charset = word[1].partition(b"*")[0].decode("ascii").lower()
        pieces.append((charset, _decode_word(word[2], word[3])))
        end = word.end()
    pieces.append((None, value[end:]))
    return [piece for piece in pieces if piece[1]]


def _decode_word(encoding: bytes, text: bytes) -> bytes:
    if encoding in b"qQ":
        return quopri.decodestring(text, header=True)
    try:
        return binascii.a2b_base64(text + b"==")
    except binascii.Error:
        return text


def _codec(charset: str | None) -> str | None:
    """Return Python's name of a charset, None if there is none that a mail can mean."""
    name = (charset or "").strip().lower()
    if name in _NAMES_OF_CP932:
        return "cp932"
    if name in _NAMES_OF_EUC_JP:
        return "euc_jp"
    try:
        known = codecs.lookup(name).name
        b"a".decode(known, "replace")  # refuses codecs that are no charsets, as "hex"
    except (LookupError, UnicodeError, ValueError):
        return None
    if known in _NO_CHARSETS:
        return None
    return "cp932" if known in _SHIFT_JIS else known


def _guess(data: bytes) -> str:
    if (text := _decode_strictly(data, "utf-8")) is not None:
        return text
    texts = (_decode_strictly(data, codec) for codec in _JAPANESE)
    likely = [text for text in texts if text is not None]
    if likely:
        return min(likely, key=lambda text: len(_UNLIKELY.findall(text)))
    return data.decode("utf-8", "replace")


def _decode_strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _decode_euc_jp(data: bytes) -> str:
    """Decode EUC-JP, by way of cp932 if it holds characters that Windows adds."""
    if (text := _decode_strictly(data, "euc_jp")) is not None:
        return text

    def to_shift_jis(sign: re.Match[bytes]) -> bytes:
        """Map one half-width kana, or one pair."""
        return sign[1] or _to_shift_jis(sign[2][0] & 0x7F, sign[3][0] & 0x7F)

    return _EUC.sub(to_shift_jis, data).decode("cp932", "replace")


def _decode_iso_2022_jp(data: bytes) -> str:
    """Decode RFC 1468 with the characters that Windows adds to it, by way of cp932."""
    mode = b"\x1b(B"
    decoded = bytearray()
    for piece in _ESCAPE.split(data):
        if piece.startswith(b"\x1b"):
            mode = piece
        elif mode.startswith(b"\x1b$"):
            decoded += _PAIR.sub(lambda pair: _to_shift_jis(*pair[0]), piece)
        elif mode == b"\x1b(I":
            decoded += bytes(octet | 0x80 for octet in piece)
        else:
            decoded += piece
    return decoded.decode("cp932", "replace")


def _to_shift_jis(row: int, cell: int) -> bytes:
    """Map a JIS X 0208 pair (0x21-0x7E each) to its two octets in Shift_JIS."""
    lead = (row - 0x21) // 2 + (0x81 if row < 0x5F else 0xC1)
    if row % 2:
        return bytes((lead, cell + (0x1F if cell < 0x60 else 0x20)))
    return bytes((lead, cell + 0x7E))
