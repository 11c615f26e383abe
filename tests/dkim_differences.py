"""Where other verifiers of DKIM judge our cases otherwise than we do, and why.

Sections are those of RFC 6376.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """Why some judge cases otherwise than we do."""

    why: str
    is_proof: bool
    """Our verdict: the sender is proved."""
    cases: str
    """A line each: who says otherwise, o(pendkim), m(ail_dkim) or r(spamd), and the
    name of the case, or a pattern of names."""

    def patterns(self, judge: str) -> Iterator[str]:
        """Yield the patterns of which one judge says otherwise."""
        for line in filter(None, map(str.strip, self.cases.splitlines())):
            who, name = line.split(maxsplit=1)
            if judge[0] in who:
                yield name


DIFFERENCES = (
    Difference(
        "With `l=` anybody may append to the body: it proves nothing here.",
        is_proof=False,
        cases=r"""
            mor l=*
        """,
    ),
    Difference(
        "What is judged must be signed, and From by RFC 6376 §5.4 in any case.",
        is_proof=False,
        cases=r"""
            mor * not signed
        """,
    ),
    Difference(
        "A domain that is testing (t=y) is as if it had not signed (§3.6.1). They"
        " pass it and leave it to others to ask for that flag.",
        is_proof=False,
        cases=r"""
            mor key: t=Y; p
            mor key: t=s : y; p
            mor key: t=y:s; p
            mor key: t=y; p
            mor key: testing behind
        """,
    ),
    Difference(
        "RFC 8301 §3 forbids SHA-1, and RSA keys below 1024 bits.",
        is_proof=False,
        cases=r"""
            mor sha1
            mr  rsa 768
        """,
    ),
    Difference(
        "A list with a tag that stands twice is invalid (§3.2). They read the "
        "first, or the last: two programs see two signatures.",
        is_proof=False,
        cases=r"""
            m   b before AAAA
            mo  b before
            mo  v before 2
            mor a again rsa-sha256
            mor a before rsa-sha1
            mor a before rsa-sha256
            mor bh before AAAA
            mor c before simple/simple
            mor d again amazon.co.jp
            mor d before amazon.co.jp
            mor d before evil.example
            mor h before from
            mor key: another behind
            mor key: k=rsa; k=rsa; p
            mor key: p=; p
            mor key: p=AAAA; p
            mor key: v=DKIM1; v=DKIM1; p
            mor s before x
            mor unknown twice
            mor v again 1
            mor v before 1
            r   key: k=rsa; k=dsa; p
            r   key: revoked behind
            r   q again x
            r   q before x
        """,
    ),
    Difference(
        "A tag without name or value, or with a name that is none, breaks the "
        "list (§3.2).",
        is_proof=False,
        cases=r"""
            m   ='x'
            m   a b='x'
            m   at the end: '; =x'
            m   at the end: '; \x01=1'
            m   at the start: ';'
            m   at the start: '=; '
            m   between the tags: doubled
            m   semicolon at *
            mor 1='x'
            mr  at the end: '; ;'
            mr  at the end: ';;'
            mr  key: ;p
            mr  key: =x; p
            mr  key: two semicolons behind
            mr  key: v=DKIM1;; p
            mr  é='x'
            r   at the end: '; x'
            r   at the end: '; x='
            r   at the end: ';x'
            r   key: words behind
            r   key: x; p
        """,
    ),
    Difference(
        "The value breaks its grammar (§3.5), or the tag is missing that must be "
        "there. They mend it, or do not look.",
        is_proof=False,
        cases=r"""
            m   bh=''
            m   bh=None
            m   colon at 10 of x
            m   comment at 10 of x
            m   equals at 10 of x
            m   t=''
            m   t='-1'
            m   t='x'
            m   v=''
            m   v=None
            m   x='1e12'
            m   zero at 10 of x
            mo  v='0.5'
            o   blank at 1 of a
            o   blank at 1 of c
            o   blank at 1 of d
            o   blank at 1 of h
            o   blank at 1 of x
            o   c='relaxed / relaxed'
            o   d='amazon.\r\n co.jp'
            o   fold at 1 of a
            o   fold at 1 of c
            o   fold at 1 of d
            o   fold at 1 of h
            o   fold at 1 of x
            o   x='1 0000000000'
            or  blank at 1 of i
            or  fold at 1 of i
            r   colon at 1 of i
            r   colon at 13 of i
            r   comment at 1 of i
            r   comment at 13 of i
            r   equals at 1 of i
            r   equals at 13 of i
            r   i='@'
            r   i='@co.jp'
            r   i='@evil.example'
            r   i='@xamazon.co.jp'
            r   i='amazon.co.jp'
            r   i='x'
            r   x='0'
        """,
    ),
    Difference(
        "A signature of the future (t=) is none yet: §3.5 leaves it to who verifies.",
        is_proof=False,
        cases=r"""
            m   t='4102444800'
            m   t='99999999999999999999'
            m   t=4102444800 x=4102444801
            m   t=4102444801 x=4102444800
        """,
    ),
    Difference(
        "Upper case, where dkimpy knows lower case alone. Nobody writes it.",
        is_proof=False,
        cases=r"""
            mo  a=RSA-SHA256
            mo  c='RELAXED/RELAXED'
            or  key: k=RSA; p
            or  key: s=EMAIL; p
        """,
    ),
    Difference(
        "dkimpy knows one way to ask for keys and no list of them. Nobody writes "
        "another.",
        is_proof=False,
        cases=r"""
            mor colon at 0 of q
            mor colon at 7 of q
            mor q='dns/txt:x'
            mor q='x:dns/txt'
            or  blank at 1 of q
            or  fold at 1 of q
            r   colon at 1 of q
            r   comment at 0 of q
            r   comment at 1 of q
            r   comment at 7 of q
            r   equals at 0 of q
            r   equals at 1 of q
            r   equals at 7 of q
            r   q='DNS/TXT'
            r   q='dns'
            r   q='dns/x'
            r   q='x'
        """,
    ),
    Difference(
        "The key is for something else (§3.6.1), or its list breaks the grammar. "
        "rspamd asks a key nothing of the kind, the others not for each.",
        is_proof=False,
        cases=r"""
            mor key: n=x; v=DKIM1; p
            mr  i=@m.amazon.co.jp with t=S;
            mr  key: h=; p
            mr  key: k=; p
            mr  key: s=; p
            mr  key: v=; p
            o   key: k=ed25519; p
            r   ed25519 named rsa
            r   i=@m.amazon.co.jp with t=s:x;
            r   i=@m.amazon.co.jp with t=s;
            r   key: h=*; p
            r   key: h=sha1; p
            r   key: h=x; p
            r   key: k=dsa; p
            r   key: k=rsa : ed25519; p
            r   key: k=rsa:x; p
            r   key: other digest behind
            r   key: other service behind
            r   key: s=e; p
            r   key: s=other; p
            r   key: s=tlsrpt; p
            r   key: v=DKIM1 p
            r   key: v=DKIM1, p
            r   key: v=DKIM2; p
            r   key: v=dkim1; p
            r   rsa named ed25519
        """,
    ),
    Difference(
        "Of a list of services dkimpy knows one alone. Nobody writes more.",
        is_proof=False,
        cases=r"""
            mor key: s=*:other; p
            mor key: s=other:email; p
        """,
    ),
    Difference(
        "In simple form the name of the field was changed, or its folds: OpenDKIM"
        " writes them anew when it reads a file.",
        is_proof=False,
        cases=r"""
            o   its name*: DKIM-Signature :
            o   subject folded simple/*
        """,
    ),
    Difference(
        "There is one From (§8.15): with two, nobody knows which one is shown.",
        is_proof=False,
        cases=r"""
            mo  From twice, the other above
            mo  two From, one signed, *
        """,
    ),
    Difference(
        "A blank before the colon, or a line that is no field, ends our trust in "
        "a header.",
        is_proof=False,
        cases=r"""
            mo  blank behind *
            mr  line that is no field
        """,
    ),
    Difference(
        "Mail::DKIM takes a bare line feed for the end of a line (RFC 5322 §2.3: "
        "it is not).",
        is_proof=False,
        cases=r"""
            m   body: bare line feed, *
        """,
    ),
    Difference(
        "Several recipients, subjects or ids: rspamd refuses them for that. So do"
        " we, but as a mark against the header and not against the signature.",
        is_proof=True,
        cases=r"""
            r   Message-ID twice, the other above
            r   Subject twice, the other above
            r   To twice, the other above
            r   two From, both signed, *
            r   two Message-ID, *
            r   two Subject, *
            r   two To, *
        """,
    ),
    Difference(
        "A sender without a domain, none at all, or bytes that no header may "
        "hold: refused here as well, but by other rules than that of the "
        "signature.",
        is_proof=True,
        cases=r"""
            o   no From
            o   sender: none
            or  zero at 0 of i
        """,
    ),
    Difference(
        "What stands before the domain of `i=` is used for nothing here.",
        is_proof=True,
        cases=r"""
            o   equals at 0 of i
            o   i='@evil.example@amazon.co.jp'
            o   i='a=40b@amazon.co.jp'
        """,
    ),
    Difference(
        "§3.5: more than 12 digits may be taken for endless. OpenDKIM takes 1 for"
        " the future.",
        is_proof=True,
        cases=r"""
            o   t='1'
            or  x='99999999999999999999'
        """,
    ),
    Difference(
        "Names of domains have no case.",
        is_proof=True,
        cases=r"""
            r   d='AMAZON.CO.JP'
        """,
    ),
    Difference(
        "An empty value, an empty name, or blanks around a sign, which §3.2 "
        "allows or which name nothing.",
        is_proof=True,
        cases=r"""
            or  after the names: *
            r   colon at 0 of h
            r   h with nothing between
            r   h with start
            r   z=''
        """,
    ),
    Difference(
        "Of white space only blank and tab are relaxed (§3.4.4), and a body may "
        "hold any byte. Read from a file, the last line has its end, and zeros "
        "end lines.",
        is_proof=True,
        cases=r"""
            m   last line open relaxed/simple
            m   last line open simple/simple
            mo  hostile: signed_header_of_blanks
            o   body: zero, relaxed
            o   body: zero, simple
            o   last line open relaxed/relaxed
            o   last line open simple/relaxed
            o   mbox
            or  body: bare return, relaxed
            r   body: bare return, simple
            r   body: other blanks, relaxed
        """,
    ),
    Difference(
        "RFC 8463: this Mail::DKIM is older than ed25519.",
        is_proof=True,
        cases=r"""
            m   approval
            m   code
            m   ed25519
            m   two signatures, one changed within blanks
        """,
    ),
    Difference(
        "§3.6.1: the key in its bare form (RFC 8017 §A.1.1) is what is to stand "
        "there. All but dkimpy take only what everybody writes.",
        is_proof=True,
        cases=r"""
            mor key in PKCS #1
        """,
    ),
    Difference(
        "`g=` is of RFC 4871: §C.2 has it ignored.",
        is_proof=True,
        cases=r"""
            m   key: g=; p
            m   key: g=x; p
        """,
    ),
    Difference(
        "A list may have blanks and SHA-1 in it (§3.2, §3.6.1), and no case.",
        is_proof=True,
        cases=r"""
            m   key: h=SHA256; p
            m   key: h=sha1 : sha256; p
        """,
    ),
    Difference(
        "What is no base64 in a key is skipped. It is the domain's own key.",
        is_proof=True,
        cases=r"""
            m   key: signs in it
        """,
    ),
)
