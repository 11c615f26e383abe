"""Mails whose signatures, keys and bytes vary in one thing each, to be judged.

The signer here is the tests' own (RFC 6376): every tag can be set, left out, repeated
or broken, and is then signed as it stands.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
)

from tests.sample_mails import (
    APPROVAL_HTML,
    HOSTILE,
    LINK,
    SIGNED,
    Mail,
    approval,
    code,
    compose,
    html,
    plain,
    record,
    records,
    rsa_key,
    sign,
)

STORE = "amazon.co.jp"
Key = rsa.RSAPrivateKey | Ed25519PrivateKey

_ED25519 = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"others").digest())
_PLAIN = compose(Mail(body=html(APPROVAL_HTML.format(link=LINK))))
_BODY = b"Content-Type: text/plain\r\n\r\n"

# A key of 768 bits, made for the tests: the libraries refuse to make one so small.
SMALL_KEY = (
    b"MIIByQIBAAJhAMtdqtDG7ARBw1VrPo8bxyDCK38XsuIuv72tToESd/1eDLa4cz3XufjL+yQg"
    b"FwhU/mE4a9Ionb1JN8HGLhnY9JYyI42IrfFBKUc6bcC0jetLvrBaxhm+Kb7LpGXGpqfiawID"
    b"AQABAmAjZMPr3hMJkqB6Z1XV9lGrw99qGSfK8bPxQQ5erGYxtIKl8mgsJTV6tZWZ7fPUQWZM"
    b"0a4N9RuzmRPjEB+bm2C6frq8TJi9wa9rEzYnazSeKCFFMrYaBx8Hors+WZM/hNECMQDzmSlk"
    b"YMa+dyWftJknJw8ThsKbPogr8KEiQ0sI0goDEnlFoLJ1ZWQVVcAr/5lcpb8CMQDVuCcwhsJJ"
    b"LwB9GkZxni7RAyc9zq4t8MIIoGIWQVG8ZUZf6LtUU+aA4vOCKiFVplUCMB54vErIKFRPBy/R"
    b"IY9aPXKN2u4chmAou59Tl6FE1OfJec4R6gDxa/GXRnC6im6idQIwK7AyaqwRiU5PZkN5xP4W"
    b"CeoAGpVma8O8lnDavDvsDnwRb8eui6V/CDfcmW4tVEnlAjBBBSbZMZHodoaTIt2zMDboyHXO"
    b"2OVILMP5n4Oex3WrAeNUx8jKgPHAjHyu2yrFujs="
)


@dataclass(frozen=True, slots=True)
class Case:
    """A mail, and the records of DNS that it is judged with."""

    raw: bytes
    keys: Mapping[str, tuple[bytes, ...]]
    domain: str = STORE
    """The domain in From: signatures of others count for nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """How a mail is signed."""

    key: Key = field(default_factory=lambda: rsa_key(1024))
    digest: str = "sha256"
    header: str = "relaxed"
    body: str = "relaxed"
    signed: Sequence[str] = SIGNED
    length: int | None = None
    """Octets of the body that are hashed; None: all."""
    tags: Mapping[str, str | None] = field(default_factory=dict)
    """Tags as they stand in the field; None leaves one out."""
    before: str = ""
    behind: str = ""
    """What stands around the tags."""
    apart: str = "; "
    equals: str = "="
    wrap: int = 0
    """Characters of the signature in one line; 0: all."""
    spelling: str = "DKIM-Signature:"


def seal(raw: bytes, selector: str, how: Signing) -> bytes:
    """Return a mail with a signature on top."""
    head, _, body = raw.partition(b"\r\n\r\n")
    kind = "rsa" if isinstance(how.key, rsa.RSAPrivateKey) else "ed25519"
    hashed = _body(body, how.body)[: how.length]
    digest = hashlib.new(how.digest, hashed).digest()
    tags = {
        "v": "1",
        "a": f"{kind}-{how.digest}",
        "c": f"{how.header}/{how.body}",
        "d": STORE,
        "s": selector,
        "h": ":".join(how.signed),
        "bh": base64.b64encode(digest).decode(),
        **how.tags,
    }
    written = [
        f"{name}{how.equals}{value}"
        for name, value in tags.items()
        if value is not None
    ]
    if "b" not in how.tags:
        written.append(f"b{how.equals}")
    field_text = " " + how.before + how.apart.join(written)
    data = _header(head, how) + _field(
        how.spelling, field_text + how.behind, how.header
    )
    signature = base64.b64encode(_signature(how, data)).decode()
    if how.wrap:
        signature = "\r\n\t".join(
            signature[at : at + how.wrap] for at in range(0, len(signature), how.wrap)
        )
    if "b" in how.tags:
        signature = ""
    return f"{how.spelling}{field_text}{signature}{how.behind}\r\n".encode() + raw


def _body(body: bytes, canonicalization: str) -> bytes:
    if canonicalization == "relaxed":
        body = re.sub(rb"[ \t]+", b" ", body).replace(b" \r\n", b"\r\n")
        body = body.rstrip(b"\r\n")
        return body + b"\r\n" if body else b""
    return re.sub(rb"(?:\r\n)*\Z", b"", body) + b"\r\n"


def _field(name: str, value: str, canonicalization: str) -> bytes:
    """Return the signature's own field as it is signed: its value of `b` is empty."""
    if canonicalization == "relaxed":
        name = name.rstrip(": \t").lower() + ":"
        value = " ".join(value.replace("\r\n", "").split())
    return f"{name}{value}".encode()


def _header(head: bytes, how: Signing) -> bytes:
    found = re.findall(rb"(?m)^([!-9;-~]+[ \t]*:)(.*(?:\r\n[ \t].*)*)", head + b"\r\n")
    left = [(name, value.rstrip(b"\r")) for name, value in found]
    data = b""
    for wanted in how.signed:
        for at in reversed(range(len(left))):
            name, value = left[at]
            if name.rstrip(b": \t").lower() == wanted.lower().encode():
                del left[at]
                if how.header == "relaxed":
                    name = name.rstrip(b": \t").lower() + b":"
                    value = b" ".join(value.replace(b"\r\n", b"").split())
                data += name + value + b"\r\n"
                break
    return data


def _signature(how: Signing, data: bytes) -> bytes:
    if isinstance(how.key, rsa.RSAPrivateKey):
        digest = hashes.SHA1() if how.digest == "sha1" else hashes.SHA256()
        return how.key.sign(data, padding.PKCS1v15(), digest)
    return how.key.sign(hashlib.sha256(data).digest())


def cases() -> Mapping[str, Case]:
    """Return all cases by their names."""
    every = (
        *_good(),
        *_algorithms(),
        *_tags(),
        *_inserted(),
        *_fields(),
        *_bodies(),
        *_keys(),
        *_others(),
    )
    found = dict(every)
    assert len(found) == len(every)
    return found


Named = tuple[str, Case]


def _case(
    name: str,
    raw: bytes = _PLAIN,
    change: tuple[bytes, bytes] | None = None,
    keys: Sequence[bytes] | None = None,
    **how: Any,  # noqa: ANN401 -- fields of `Signing`
) -> Named:
    """Return a case; `change` is what happened to the mail behind the signer."""
    selector = hashlib.sha256(name.encode()).hexdigest()[:12]
    signing = Signing(**how)
    signed = seal(raw, selector, signing)
    if change:
        assert change[0] in signed, name
        signed = signed.replace(*change, 1)
    known = (record(signing.key),) if keys is None else tuple(keys)
    return name.strip(), Case(signed, {f"{selector}._domainkey.{STORE}": known})


def _good() -> Iterator[Named]:
    for header in ("simple", "relaxed"):
        for body in ("simple", "relaxed"):
            how: dict[str, Any] = {"header": header, "body": body}
            yield _case(f"good {header}/{body}", **how)
            fold = (b"; d=", b";\r\n\td=")
            yield _case(f"folded {header}/{body}", change=fold, **how)
            subject = (b"Subject: ", b"Subject:\r\n  ")
            yield _case(f"subject folded {header}/{body}", change=subject, **how)
            case = (b"Subject: ", b"SUBJECT: ")
            yield _case(f"name of a field {header}/{body}", change=case, **how)
            end = _PLAIN.rstrip(b"\r\n")[-6:]
            for what, by in (
                ("blank at an end of line", end + b" \r\n"),
                ("line at the end", end + b"\r\n\r\n\r\n"),
                ("blank line at the end", end + b"\r\n \r\n"),
                ("text at the end", end + b"\r\nx\r\n"),
            ):
                yield _case(f"{what} {header}/{body}", change=(end, by), **how)
            raw = compose(Mail(body=_BODY))
            yield _case(f"no body {header}/{body}", raw, **how)
            yield _case(f"lines alone {header}/{body}", raw + b"\r\n\r\n", **how)
            yield _case(f"last line open {header}/{body}", raw + b"x", **how)
            blanks = raw + b" \t a \t b  \r\n\t\r\n  \r\n"
            yield _case(f"blanks {header}/{body}", blanks, **how)


def _algorithms() -> Iterator[Named]:
    for bits in (1024, 2048, 4096):
        yield _case(f"rsa {bits}", key=rsa_key(bits))
    small = load_der_private_key(base64.b64decode(SMALL_KEY), None)
    yield _case("rsa 768", key=small)
    yield _case("rsa exponent 3", key=rsa.generate_private_key(3, 1024))
    yield _case("ed25519", key=_ED25519)
    yield _case("ed25519 named rsa", key=_ED25519, tags={"a": "rsa-sha256"})
    yield _case("rsa named ed25519", tags={"a": "ed25519-sha256"})
    yield _case("sha1", digest="sha1")
    yield _case("sha1 of a body", tags={"a": "rsa-sha1"})
    for algorithm in ("RSA-SHA256", "rsa-sha512", "rsa", "rsa-sha256 ", "x", "", None):
        yield _case(f"a={algorithm}", tags={"a": algorithm})
    first = seal(_PLAIN, "both-rsa", Signing())
    both = seal(first, "both-ed", Signing(key=_ED25519))
    names = (f"both-rsa._domainkey.{STORE}", f"both-ed._domainkey.{STORE}")
    known = {names[0]: (record(rsa_key(1024)),), names[1]: (record(_ED25519),)}
    yield "two signatures", Case(both, known)
    yield "two signatures, one key", Case(both, {names[0]: known[names[0]]})
    bad = both.replace(
        b"\r\nDKIM-Signature: v=1; a=rsa", b"\r\nDKIM-Signature: v=1;a=rsa"
    )
    yield "two signatures, one changed within blanks", Case(bad, known)


_TAGS: Sequence[tuple[str, str | None]] = (
    *(("v", None), ("v", "2"), ("v", "0.5"), ("v", ""), ("v", " 1"), ("v", "01")),
    *(("c", None), ("c", "relaxed"), ("c", "RELAXED/RELAXED"), ("c", "x/relaxed")),
    *(("c", "relaxed/x"), ("c", "relaxed/relaxed/x"), ("c", ""), ("c", "/")),
    *(("c", "relaxed/relaxed "), ("c", "relaxed / relaxed"), ("c", "relaxed/")),
    *(("d", None), ("d", "AMAZON.CO.JP"), ("d", "amazon.co.jp."), ("d", "")),
    *(("d", "co.jp"), ("d", "jp"), ("d", "evil.example"), ("d", "amazon.\r\n co.jp")),
    *(("s", None), ("s", ""), ("s", ".."), ("s", "none-such")),
    *(("i", "@amazon.co.jp"), ("i", "x@amazon.co.jp"), ("i", "@m.amazon.co.jp")),
    *(("i", "@evil.example"), ("i", "@co.jp"), ("i", "amazon.co.jp"), ("i", "x")),
    *(("i", ""), ("i", "@"), ("i", "@xamazon.co.jp"), ("i", "a=40b@amazon.co.jp")),
    *(
        ("i", "@evil.example@amazon.co.jp"),
        ("i", "@AMAZON.co.jp"),
        ("i", " @amazon.co.jp"),
    ),
    *(
        ("q", "dns/txt"),
        ("q", "dns"),
        ("q", "x"),
        ("q", "dns/txt:x"),
        ("q", "x:dns/txt"),
    ),
    *(("q", ""), ("q", "DNS/TXT"), ("q", "dns/x")),
    *(
        ("t", "1"),
        ("t", "4102444800"),
        ("t", "x"),
        ("t", ""),
        ("t", "-1"),
        ("t", "9" * 20),
    ),
    *(
        ("x", "1"),
        ("x", "4102444800"),
        ("x", "x"),
        ("x", ""),
        ("x", "-1"),
        ("x", "9" * 20),
    ),
    *(
        ("x", " 4102444800"),
        ("x", "4102444800 "),
        ("x", "0"),
        ("x", "1e12"),
        ("x", "0x1"),
    ),
    *(("x", "1\r\n "), ("x", "1 0000000000"), ("x", "１")),
    *(("z", "From:a|To:b"), ("z", ""), ("z", "x"), ("n", "note"), ("unknown", "x")),
    *(("l", "0"), ("l", "1"), ("l", "10"), ("l", "999999"), ("l", "x"), ("l", "")),
    *(
        ("l", "-1"),
        ("l", "9" * 30),
        ("l", "1 0"),
        ("l", " 10"),
        ("L", "10"),
        ("r", "y"),
    ),
    *(("h", None), ("h", ""), ("h", ":"), ("h", "x"), ("h", "from")),
    *(("bh", None), ("bh", ""), ("bh", "x"), ("bh", "AAAA"), ("b", ""), ("b", "x")),
    *(("b", "AAAA"), ("", "x"), ("1", "x"), ("a b", "x"), ("é", "x"), ("x-y", "x")),
    *(("X", "1"), ("D", "evil.example"), ("V", "2"), ("A", "rsa-sha1"), ("BH", "x")),
)


def _tags() -> Iterator[Named]:
    whole = len(_body(_PLAIN.partition(b"\r\n\r\n")[2], "relaxed"))
    for name, value in _TAGS:
        length = int(value) if value and name == "l" and value.isdecimal() else None
        case = _case(f"{name}={value!r}", tags={name: value}, length=length)
        yield case
    for t, x in (("5", "4"), ("4", "5"), ("4102444800", "4102444801")):
        yield _case(f"t={t} x={x}", tags={"t": t, "x": x})
    yield _case(
        "t=4102444801 x=4102444800", tags={"t": "4102444801", "x": "4102444800"}
    )
    yield _case("l=all", tags={"l": str(whole)}, length=whole)
    more = (_PLAIN[-8:], _PLAIN[-8:] + b"appended\r\n")
    yield _case("l=all, appended", tags={"l": str(whole)}, change=more, length=whole)
    yield _case("l=0, appended", tags={"l": "0"}, change=more, length=0)
    for name, value in (
        *(("v", "1"), ("v", "2"), ("d", STORE), ("d", "evil.example"), ("s", "x")),
        *(
            ("a", "rsa-sha256"),
            ("a", "rsa-sha1"),
            ("c", "simple/simple"),
            ("h", "from"),
        ),
        *(("bh", "AAAA"), ("b", ""), ("b", "AAAA"), ("l", "1"), ("x", "1"), ("q", "x")),
    ):
        yield _case(f"{name} again {value}", behind=f"; {name}={value}")
        yield _case(f"{name} before {value}", before=f"{name}={value}; ")
    yield _case("unknown twice", behind="; u=1; u=2")
    for what, apart in (
        *(("semicolons alone", ";"), ("blank before", " ; "), ("folds", ";\r\n ")),
        *(("tabs", ";\t"), ("folds before", "\r\n ;"), ("doubled", ";;")),
        *(("spread", " ;\r\n\t "), ("empty fold", ";\r\n \r\n "), ("commas", ", ")),
    ):
        yield _case(f"between the tags: {what}", apart=apart)
    for what, equals in (
        *(("blanks", " = "), ("folds", "\r\n =\r\n "), ("tab", "=\t"), ("two", "==")),
        ("colon", ":"),
    ):
        yield _case(f"after the names: {what}", equals=equals)
    for behind in (
        ";",
        "; ",
        ";;",
        "; ;",
        " ",
        ";x",
        "; x",
        "; x=",
        "; =x",
        "; \x01=1",
    ):
        yield _case(f"at the end: {behind!r}", behind=behind)
    for before in (";", " ", "x=1; ", "x; ", "=; "):
        yield _case(f"at the start: {before!r}", before=before)
    for width in (1, 20, 72):
        yield _case(f"signature in lines of {width}", wrap=width)
    for name in (
        "dkim-signature:",
        "DKIM-SIGNATURE:",
        "DKIM-Signature :",
        "DKIM-Signature\t:",
    ):
        yield _case(f"its name: {name}", spelling=name)
        yield _case(f"its name in simple: {name}", spelling=name, header="simple")


def _inserted() -> Iterator[Named]:
    """Yield signatures with one sign put in somewhere, and signed like that."""
    values = {
        "v": "1",
        "a": "rsa-sha256",
        "c": "relaxed/relaxed",
        "d": STORE,
        "h": ":".join(SIGNED),
        "q": "dns/txt",
        "i": f"@{STORE}",
        "x": "4102444800",
    }
    signs = {
        " ": "blank",
        "\r\n ": "fold",
        ";": "semicolon",
        "=": "equals",
        ":": "colon",
    }
    signs |= {"\xa0": "nbsp", "\0": "zero", "(x)": "comment"}
    for name, value in values.items():
        for at in (0, 1, len(value)) if len(value) > 1 else (0, 1):
            for sign_, what in signs.items():
                changed = value[:at] + sign_ + value[at:]
                yield _case(f"{what} at {at} of {name}", tags={name: changed})


def _fields() -> Iterator[Named]:
    yield _case("subject changed", change=(b"Subject: ", b"Subject: x"))
    yield _case("unsigned field added", change=(b"Date: ", b"X-A: b\r\nDate: "))
    for name in ("From", "To", "Subject", "Date", "Message-ID", "Content-Type"):
        least = [one for one in SIGNED if one != name]
        yield _case(f"{name} not signed", signed=least)
        line = re.search(rb"(?m)^%s:.*\r\n" % name.encode(), _PLAIN)
        assert line
        again = f"{name}: evil@evil.example\r\n".encode()
        for where, change in (
            ("above", (line[0], again + line[0])),
            ("below", (line[0], line[0] + again)),
        ):
            yield _case(f"{name} twice, the other {where}", change=change)
            signed = [*SIGNED, name]
            what = f"{name} signed twice, the other {where}"
            yield _case(what, change=change, signed=signed)
            both = _PLAIN.replace(*change, 1)
            yield _case(f"two {name}, one signed, other {where}", both)
            yield _case(f"two {name}, both signed, other {where}", both, signed=signed)
        yield _case(f"{name} removed", change=(line[0], b""))
        absent = _PLAIN.replace(line[0], b"")
        yield _case(f"no {name}", absent)
        yield _case(f"no {name}, added", absent, change=(b"MIME", line[0] + b"MIME"))
        blank = line[0].replace(b":", b" :", 1)
        yield _case(f"blank behind {name}", change=(line[0], blank))
    for what, names in (
        ("blanks", " : ".join(SIGNED)),
        ("folds", ":\r\n ".join(SIGNED)),
        ("upper case", ":".join(SIGNED).upper()),
        ("end", ":".join(SIGNED) + ":"),
        ("start", ":" + ":".join(SIGNED)),
        ("semicolon", ";".join(SIGNED)),
        ("comma", ",".join(SIGNED)),
        ("itself", ":".join((*SIGNED, "DKIM-Signature"))),
        ("nothing between", "::".join(SIGNED)),
    ):
        yield _case(f"h with {what}", tags={"h": names})
    raw = _PLAIN.replace(b'"amazon.co.jp" <', b"<")
    yield _case("sender alone", raw)
    for what, sender in (
        ("group", "x: account-update@amazon.co.jp;"),
        ("two", "account-update@amazon.co.jp, a@evil.example"),
        ("comment", "(a@evil.example) account-update@amazon.co.jp"),
        ("name", '"a@evil.example" <account-update@amazon.co.jp>'),
        ("none", "amazon.co.jp"),
    ):
        yield _case(f"sender: {what}", compose(Mail(sender=sender, body=plain("x"))))
    yield _case(
        "8 bits in the header", compose(Mail(subject="\udce3\udc81", body=plain("x")))
    )
    envelope = (b"DKIM-Signature", b"From x Sat Nov 21\r\nDKIM-Signature")
    yield _case("mbox", change=envelope)
    yield _case("line that is no field", change=(b"Date: ", b"no field\r\nDate: "))
    yield _case("bare return in the header", change=(b"Date: ", b"X: a\rb\r\nDate: "))
    yield _case("zero in the header", change=(b"Date: ", b"X: a\0b\r\nDate: "))
    yield _case("long line", change=(b"Date: ", b"X: " + b"a" * 3000 + b"\r\nDate: "))
    yield _case("fold of blanks alone", change=(b"Date: ", b"X: a\r\n \r\nDate: "))
    yield _case("signed fold of blanks", change=(b"Subject:", b"Subject:\r\n \r\n"))


def _bodies() -> Iterator[Named]:
    head = compose(Mail(body=_BODY))
    for what, body in (
        ("bare line feed", b"a\nb\r\n"),
        ("bare return", b"a\rb\r\n"),
        ("zero", b"a\0b\r\n"),
        ("8 bits", b"\xe3\x81\x82\r\n"),
        ("dots", b".\r\n..\r\nx\r\n"),
        ("long line", b"a" * 5000 + b"\r\n"),
        ("other blanks", b"a\x0b\x0cb\x0c\r\n"),
        ("From", b"From x\r\n"),
        ("much", b"abc\r\n" * 5000),
        ("empty lines within", b"a\r\n\r\n\r\nb\r\n"),
    ):
        for canonicalization in ("simple", "relaxed"):
            yield _case(
                f"body: {what}, {canonicalization}", head + body, body=canonicalization
            )
    changed = _PLAIN.partition(b"\r\n\r\n")[2][:10]
    yield _case("body changed", change=(changed, b"x" + changed[1:]))
    name, good = _case("line feeds alone")
    yield name, Case(good.raw.replace(b"\r\n", b"\n"), good.keys)


def _keys() -> Iterator[Named]:
    key = rsa_key(1024)
    whole = record(key)
    p = whole.partition(b"p=")[2]
    raw = key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    yield _case("key in PKCS #1", keys=[b"v=DKIM1; p=" + base64.b64encode(raw)])
    for before in (
        *("", "v=DKIM1; ", "t=y; ", "t=s; ", "t=y:s; ", "t=s : y; ", "t=q; ", "t=; "),
        *(
            "t=Y; ",
            "T=y; ",
            "h=sha1; ",
            "h=sha256; ",
            "h=sha1:sha256; ",
            "h=x; ",
            "h=; ",
        ),
        *("h=SHA256; ", "h=sha1 : sha256; ", "H=sha1; ", "h=*; ", "k=rsa; ", "k=RSA; "),
        *(
            "k=ed25519; ",
            "k=dsa; ",
            "k=; ",
            "k=rsa:x; ",
            "k=rsa : ed25519; ",
            "K=dsa; ",
        ),
        *("s=email; ", "s=*; ", "s=other; ", "s=other:email; ", "s=*:other; ", "s=; "),
        *("s=EMAIL; ", "s=tlsrpt; ", "S=other; ", "s=e; ", "s= email ; "),
        *("n=note; ", "n=a note; ", "g=*; ", "g=; ", "g=x; ", "x=y; ", "x; ", "=x; "),
        *(
            "v=DKIM2; ",
            "v=dkim1; ",
            "v=; ",
            "n=x; v=DKIM1; ",
            "V=DKIM1; ",
            "v=DKIM1 ; ",
        ),
        *(" v=DKIM1; ", "v = DKIM1; ", "v=DKIM1;; ", ";", " ", "v=DKIM1 ", "v=DKIM1, "),
        *("k=rsa; k=rsa; ", "k=rsa; k=dsa; ", "v=DKIM1; v=DKIM1; ", "p=; ", "p=AAAA; "),
    ):
        yield _case(f"key: {before}p", keys=[before.encode() + b"p=" + p])
    half = len(p) // 2
    for what, value in (
        ("empty", b"p="),
        ("absent", b"v=DKIM1; k=rsa"),
        ("broken", b"p=!!!!"),
        ("no key", b"p=AAAA"),
        ("cut", b"p=" + p[:half]),
        ("blank in it", b"p=" + p[:half] + b" " + p[half:]),
        ("tab in it", b"p=" + p[:half] + b"\t" + p[half:]),
        ("blanks around", b"p= " + p + b" "),
        ("blank before equals", b"p =" + p),
        ("semicolon behind", b"p=" + p + b";"),
        ("two semicolons behind", b"p=" + p + b";;"),
        ("words behind", b"p=" + p + b"; x"),
        ("signs in it", b"p=" + p[:half] + b"-" + p[half:]),
        ("upper case name", b"P=" + p),
        ("another behind", b"p=" + p + b"; p=" + p),
        ("revoked behind", b"p=" + p + b"; p="),
        ("testing behind", b"p=" + p + b"; t=y"),
        ("other digest behind", b"p=" + p + b"; h=sha1"),
        ("other service behind", b"p=" + p + b"; s=x"),
        ("long", b"n=" + b"x" * 700 + b"; p=" + p),
        ("no padding", b"p=" + p.rstrip(b"=")),
    ):
        yield _case(f"key: {what}", keys=[value])
    # Of several keys each verifier may take any (§3.6.2.2): nothing to compare.
    yield _case("records: none", keys=[])
    yield _case("records: of no DKIM", keys=[b"v=spf1 -all"])
    for agent in ("@amazon.co.jp", "@m.amazon.co.jp", "@AMAZON.CO.JP"):
        for flags in (b"t=s; ", b"t=s:x; ", b"t=S; "):
            what = f"i={agent} with {flags.decode()}"
            yield _case(what, tags={"i": agent}, keys=[flags + b"p=" + p])


def _others() -> Iterator[Named]:
    """Yield mails that other tests make."""
    known = {name: (key,) for name, key in records().items()}
    yield "approval", Case(approval(), known)
    yield "code", Case(code(), known)
    yield "no signature", Case(_PLAIN, known)
    for service in ("amazonses.com", "evil.example"):
        yield f"signed by {service}", Case(sign(_PLAIN, service), known)
    for name in ("signed_", "signature_", "many_signatures"):
        for found, raw in HOSTILE.items():
            if found.startswith(name) and len(raw) < 50_000:
                yield f"hostile: {found}", Case(raw, known)
