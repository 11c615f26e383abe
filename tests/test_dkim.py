"""DKIM on raw bytes: what is a proof, what a failure, and what only time can tell."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import dkim
import pytest

from tests.dkim_cases import SMALL_KEY
from tests.sample_mails import (
    APPROVAL_HTML,
    LINK,
    SIGNED,
    Mail,
    approval,
    compose,
    html,
    record,
    records,
    rsa_key,
    sign,
)
from tests.servers import NameServer, lookup_at
from watcher.dkim import verifier
from watcher.errors import Unreachable
from watcher.i18n import Text
from watcher.keys import Lookup
from watcher.recognition.message import read
from watcher.recognition.reasons import Reason

STORE = "amazon.co.jp"
NAME = "test._domainkey.amazon.co.jp"
PLAIN = compose(Mail(body=html(APPROVAL_HTML.format(link=LINK))))


def flaws(raw: bytes, lookup: Lookup) -> list[Reason | None]:
    return [signature.flaw for signature in verifier(lookup)(read(raw), STORE)]


def known(key: bytes) -> Lookup:
    return {NAME: key}.get


@pytest.mark.parametrize("bits", [1024, 2048])
def test_rsa_from_1024_bits_is_a_proof(bits: int) -> None:
    raw = sign(PLAIN, STORE, key=rsa_key(bits))

    assert flaws(raw, known(record(rsa_key(bits)))) == [None]


def test_ed25519_is_a_proof() -> None:
    assert flaws(sign(PLAIN, STORE), known(record())) == [None]


def test_key_without_version_tag_is_a_key() -> None:
    key = record(rsa_key(1024)).removeprefix(b"v=DKIM1; k=rsa; ")

    assert flaws(sign(PLAIN, STORE, key=rsa_key(1024)), known(key)) == [None]


@dataclass
class Rotated:
    """Keys of which an old one was kept."""

    old: bytes | None
    new: bytes | None
    asked: list[str] = field(default_factory=list)
    validated: frozenset[str] = frozenset()

    def find(self, name: str) -> bytes | None:
        return self.old

    def find_anew(self, name: str) -> bytes | None:
        self.asked.append(name)
        if self.new is None:
            raise Unreachable(Text(en="no answer", ja="応答なし"))
        return self.new

    def is_validated(self, name: str) -> bool:
        return name in self.validated


def test_what_dnssec_confirms_stands_in_the_detail() -> None:
    def said(*validated: str) -> str:
        keys = Rotated(record(), record(), validated=frozenset(validated))
        (signature,) = verifier(keys)(read(sign(PLAIN, STORE)), STORE)
        return signature.detail

    assert said(f"test._domainkey.{STORE}").endswith(" bits, which DNSSEC confirms")
    assert said().endswith(" bits")


def test_a_signature_that_fails_with_a_kept_key_is_checked_with_the_new_one() -> None:
    raw, other = sign(PLAIN, STORE), record(rsa_key(1024))

    def said(old: bytes | None, new: bytes | None) -> tuple[Reason | None, int]:
        keys = Rotated(old, new)
        (signature,) = verifier(keys)(read(raw), STORE)
        return signature.flaw, len(keys.asked)

    assert said(record(), other) == (None, 0)
    assert said(other, record()) == (None, 1)
    assert said(other, other) == (Reason.DKIM_FAIL, 1)
    assert said(other, None) == (Reason.DKIM_TEMPERROR, 1)
    assert said(None, record()) == (None, 1)


SMALL_RECORD = (
    b"v=DKIM1; k=rsa; p="
    b"MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhAMtdqtDG7ARBw1VrPo8bxyDCK38XsuIuv72tToES"
    b"d/1eDLa4cz3XufjL+yQgFwhU/mE4a9Ionb1JN8HGLhnY9JYyI42IrfFBKUc6bcC0jetLvrBa"
    b"xhm+Kb7LpGXGpqfiawIDAQAB"
)


def test_small_key_fails_though_it_verifies() -> None:
    signer = dkim.DKIM(PLAIN)
    names = [name.encode() for name in SIGNED]
    private = b"--\n" + SMALL_KEY + b"\n--"
    field = signer.sign(b"test", STORE.encode(), private, include_headers=names)

    assert dkim.DKIM(field + PLAIN, minkey=512).verify(
        dnsfunc=lambda name, timeout: SMALL_RECORD
    )
    assert flaws(field + PLAIN, known(SMALL_RECORD)) == [Reason.DKIM_FAIL]


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"v=DKIM1; p=",
        b"v=DKIM1; k=ed25519; p=",
        b"v=DKIM1; k=ed25519; p=AAAA",
        b"v=DKIM1; k=ed25519",
        b"v=DKIM1; k=rsa; p=!!!!",
        b"v=DKIM1; k=rsa; p=AAAA",
        b"v=DKIM2; p=AAAA",
        b"v=DKIM1; k=dsa; p=AAAA",
        b"v=spf1 include:amazon.com -all",
        b";;;;;=;=",
        b"\xff\xfe\x00",
        b"p=" + b"A" * 5000,
        record().replace(b"k=ed25519", b"k=ed25519; s=tlsrpt"),
        record(rsa_key(1024)),
    ],
    ids=lambda key: repr(key[:30]),  # keys differ from one process to another
)
def test_odd_key_record_fails_and_never_raises(key: bytes) -> None:
    assert flaws(sign(PLAIN, STORE), known(key)) == [Reason.DKIM_FAIL]


RSA = rsa_key(1024)
OF_RSA = record(RSA).removeprefix(b"v=DKIM1; k=rsa; ")


@pytest.mark.parametrize(
    ("key", "flaw"),
    [
        (b"t=y; ", Reason.DKIM_NONE),
        (b"t=s : y; ", Reason.DKIM_NONE),
        (b"t=s; ", None),
        (b"t=q; ", None),
        (b"h=sha1; ", Reason.DKIM_FAIL),
        (b"h=sha1 : sha256; ", None),
        (b"k=ed25519; ", Reason.DKIM_FAIL),
        (b"k=rsa; ", None),
        (b"s=tlsrpt; ", Reason.DKIM_FAIL),
        (b"s=other; ", Reason.DKIM_FAIL),
        (b"s=other : email; ", Reason.DKIM_FAIL),  # dkimpy knows one service alone
        (b"s=*; ", None),
        (b"n=a note; v=DKIM1; ", Reason.DKIM_FAIL),
        (b"v=DKIM1; n=a note; ", None),
        (b"v=DKIM2; ", Reason.DKIM_FAIL),
        (b"k=rsa; k=rsa; ", Reason.DKIM_FAIL),
        (b"p=; n=", Reason.DKIM_FAIL),
    ],
)
def test_a_key_says_what_it_may_be_used_for(key: bytes, flaw: Reason | None) -> None:
    assert flaws(sign(PLAIN, STORE, key=RSA), known(key + OF_RSA)) == [flaw]


@pytest.mark.parametrize("flags", [b"", b"t=s; "])
@pytest.mark.parametrize("agent", ["@amazon.co.jp", "@Amazon.CO.JP", "@m.amazon.co.jp"])
def test_a_key_may_be_for_no_sub_domain(agent: str, flags: bytes) -> None:
    raw = sign(PLAIN, STORE, key=RSA, tags={"i": agent})
    is_meant = not flags or "@m." not in agent

    assert flaws(raw, known(flags + OF_RSA)) == [None if is_meant else Reason.DKIM_FAIL]


@pytest.mark.parametrize(
    "field",
    [
        b"",
        b"v=1",
        b"a=b=c;;;;",
        b"v=1; a=ed25519-sha256; d=amazon.co.jp; s=test; h=from; bh=!; b=!",
        b"d=amazon.co.jp; s=\xff; h=from:to:subject:date:message-id:content-type",
        b"d=amazon.co.jp" + b" " * 5000,
        b"d=amazon.co.jp; x=" + b"9" * 5000,
        b"d=amazon.co.jp; d=amazon.co.jp",
    ],
)
def test_odd_signature_field_is_no_proof(field: bytes) -> None:
    raw = b"DKIM-Signature: " + field + b"\r\n" + PLAIN

    assert None not in flaws(raw, known(record()))


def test_algorithm_that_is_forbidden_fails() -> None:
    raw = sign(PLAIN, STORE, key=rsa_key(1024), tags={"a": "rsa-sha1"})

    assert flaws(raw, known(record(rsa_key(1024)))) == [Reason.DKIM_FAIL]


@pytest.mark.parametrize(("seconds", "flaw"), [(-1, Reason.DKIM_FAIL), (60, None)])
def test_signature_counts_until_it_expires(seconds: int, flaw: Reason | None) -> None:
    now = datetime.now(UTC)
    until = int((now + timedelta(seconds=seconds)).timestamp())
    raw = sign(PLAIN, STORE, tags={"x": str(until)})

    verify = verifier(known(record()), now=lambda: now)
    assert [signature.flaw for signature in verify(read(raw), STORE)] == [flaw]


def test_key_of_another_domain_is_never_asked_for() -> None:
    """A stranger's name server would learn that the mail was read."""
    asked: list[str] = []

    def lookup(name: str) -> bytes | None:
        asked.append(name)
        return record()

    raw = sign(sign(PLAIN, STORE), "evil.example")
    assert flaws(raw, lookup) == [Reason.DKIM_NOT_ALIGNED, None]
    assert asked == [NAME]


def test_silent_name_server_is_asked_once_for_a_mail(name_server: NameServer) -> None:
    name_server.is_silent = True
    lookup = lookup_at(name_server, timedelta(milliseconds=200))

    raw = sign(sign(PLAIN, STORE), STORE, tags={"s": "other"})
    assert flaws(raw, lookup) == [Reason.DKIM_TEMPERROR] * 2
    assert len(name_server.questions) == 1


def test_key_that_cannot_be_had_does_not_keep_back_another(
    name_server: NameServer,
) -> None:
    name_server.failing = frozenset({"other._domainkey.amazon.co.jp"})
    lookup = lookup_at(name_server, timedelta(seconds=5))

    raw = sign(sign(PLAIN, STORE), STORE, tags={"s": "other"})
    assert flaws(raw, lookup) == [Reason.DKIM_TEMPERROR, None]


def test_dozens_of_signatures_are_bounded() -> None:
    raw = PLAIN
    for _ in range(20):
        raw = sign(raw, STORE)

    assert len(flaws(raw, known(record()))) == 8


def test_relaxed_body_verifies_and_is_quick_on_blanks() -> None:
    """dkimpy alone takes minutes on a body of blanks (1.1.8)."""
    body = b"Content-Type: text/plain\r\n\r\n a \t b \r\n" + b" " * 200_000 + b"x\r\n"
    relaxed = b"Content-Type: text/plain\r\n\r\n a b\r\n x\r\n"
    of_relaxed = sign(compose(Mail(body=relaxed)), STORE, tags={"c": "relaxed/relaxed"})
    field = of_relaxed[: of_relaxed.index(b"\r\n") + 2]

    assert flaws(field + compose(Mail(body=body)), known(record())) == [None]


def test_line_feeds_alone_verify() -> None:
    assert flaws(approval().replace(b"\r\n", b"\n"), records().get) == [None]
