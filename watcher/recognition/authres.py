"""Reads Authentication-Results by the grammar of RFC 8601 §2.2.

Syntax is not trust: a field counts only if its authserv-id is pinned, for anybody can
write one. Comments are nested text of strangers and are dropped; properties belong to
their own clause only, but that Yahoo! JAPAN puts a `;` before them; whatever cannot be
parsed says nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, islice

from watcher.recognition.header import Header
from watcher.recognition.trust import NAMELESS, Trust
from watcher.recognition.verdict import Result

_FIELD = "authentication-results"
# Tokens with a meaning; the mark keeps a quoted ";" from being taken for one.
_END, _EQUALS = "\0;", "\0="
_TOKEN = re.compile(r'\s+|"(?:[^"\\]|\\.)*"|[;=(]|[^\s"();=\\]+', re.DOTALL)
_IN_COMMENT = re.compile(r"\\.|[()]", re.DOTALL)
_PROPERTY = re.compile(r"(?:smtp|header|body|policy)\.", re.IGNORECASE)
"""RFC 8601 §2.3: a name with a dot is no method's."""

_FAILURES = frozenset({"fail", "hardfail"})


@dataclass(frozen=True, slots=True)
class Clause:
    """One method's result with its own properties (resinfo, RFC 8601 §2.2)."""

    method: str
    result: str
    properties: Mapping[str, str]

    @property
    def is_dkim(self) -> bool:
        """Whether it tells of a DKIM signature."""
        return self.method == "dkim"

    def sdid(self) -> str | None:
        """Return the domain that a DKIM result speaks of: header.d, else header.i."""
        named = self.properties.get("header.d") or self.properties.get("header.i")
        return named.rpartition("@")[2].lower() if named else None


@dataclass(frozen=True, slots=True)
class AuthenticationResults:
    """One parsed field."""

    authserv_id: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class ProviderResult:
    """What the pinned fields say of a From domain."""

    result: Result
    is_proof: bool
    detail: str


def provider_result(
    header: Header, trusts: tuple[Trust, ...], domain: str
) -> ProviderResult:
    """Return what the believed fields say; a failure among them outweighs all else."""
    silent = ProviderResult(Result.NONE, is_proof=False, detail="no field is believed")
    believed = [*_believed(header, trusts)]
    dkim = [one for parsed, _ in believed for one in parsed.clauses if one.is_dkim]
    # One of several that name nobody may be that of the mail service (amazonses.com).
    are_several = len(dkim) > 1 or len(header.get_all("dkim-signature")) > 1
    names = frozenset({domain} if are_several else {domain, None})
    results = [_weigh(parsed, trust, domain, names) for parsed, trust in believed]
    failed = next((found for found in results if found.result is Result.FAIL), None)
    return failed or next(iter(results), silent)


def _believed(
    header: Header, trusts: tuple[Trust, ...]
) -> Iterator[tuple[AuthenticationResults, Trust]]:
    """Yield the fields of those who are trusted, and how far."""
    for raw in header.get_all(_FIELD):
        parsed = parse_field(raw.decode("utf-8", "replace"))
        trust = (one for one in trusts if parsed and one.covers(parsed.authserv_id))
        yield from ((parsed, one) for one in islice(trust, 1) if parsed)


def parse_field(value: str) -> AuthenticationResults | None:
    """Return a field as a value, None where it breaks the grammar."""
    tokens = _tokens(value)
    if not tokens:
        return None
    segments = [
        list(segment)
        for is_end, segment in groupby(tokens, key=_END.__eq__)
        if not is_end
    ]
    authserv_id = NAMELESS
    if segments and segments[0][1:2] != [_EQUALS]:
        authserv_id, *rest = segments[0]
        if authserv_id == _EQUALS:
            return None
        segments[0] = rest[1:] if rest and rest[0].isdigit() else rest
    clauses = (_clause(segment) for segment in _joined(segments))
    return AuthenticationResults(authserv_id, tuple(filter(None, clauses)))


def _joined(segments: list[list[str]]) -> Iterator[list[str]]:
    """Yield each method with what follows it: properties may stand by themselves."""
    joined: list[str] = []
    for segment in segments:
        if joined and _PROPERTY.match(segment[0]):
            joined += segment
            continue
        yield joined
        joined = [*segment]
    yield joined


def _weigh(
    parsed: AuthenticationResults,
    trust: Trust,
    domain: str,
    names: frozenset[str | None],
) -> ProviderResult:
    """Return what a field says; `names` are those whose results are of the domain."""
    aligned = [one for one in parsed.clauses if one.is_dkim and one.sdid() in names]
    policies = [c for c in parsed.clauses if c.method in ("dmarc", "compauth")]
    for clause in (*aligned, *policies):
        if clause.result in _FAILURES:
            detail = f"{parsed.authserv_id} says {clause.method}={clause.result}"
            return ProviderResult(Result.FAIL, is_proof=False, detail=detail)
    passed = any(c.result == "pass" and c.sdid() == domain for c in aligned)
    result = Result.PASS if passed else Result.NONE
    detail = f"{parsed.authserv_id or 'the provider'} says dkim={result}"
    return ProviderResult(result, is_proof=passed and trust.is_proof, detail=detail)


def _clause(tokens: list[str]) -> Clause | None:
    """Parse `method [/version] = result *(ptype.property = value)`."""
    if len(tokens) < 3 or tokens[1] != _EQUALS or _EQUALS in (tokens[0], tokens[2]):
        return None
    properties: dict[str, str] = {}
    for name, sign, value in zip(tokens[3:], tokens[4:], tokens[5:], strict=False):
        if sign == _EQUALS and _EQUALS not in (name, value):
            properties.setdefault(name.lower(), value)
    method = tokens[0].partition("/")[0].lower()
    return Clause(method, tokens[2].lower(), properties)


def _tokens(value: str) -> list[str]:
    """Return words and signs without blanks and comments; nothing on broken syntax."""
    tokens: list[str] = []
    is_joined = False
    position = 0
    while position >= 0 and (match := _TOKEN.match(value, position)):
        position = match.end()
        if match[0] == "(":
            position = _end_of_comment(value, position)
        elif match[0] in ";=":
            tokens.append(f"\0{match[0]}")
        elif not match[0].isspace():
            word = match[0]
            if word.startswith('"'):
                word = re.sub(r"\\(.)", r"\1", word[1:-1])
            tokens[-1:] = [tokens[-1] + word] if is_joined else [*tokens[-1:], word]
        is_joined = not match[0].isspace() and match[0] not in "(;="
    return tokens if position == len(value) else []


def _end_of_comment(value: str, position: int) -> int:
    """Return where a comment ends, those in it too (RFC 5322 §3.2.2); -1: nowhere."""
    depth = 1
    for sign in _IN_COMMENT.finditer(value, position):
        depth += {"(": 1, ")": -1}.get(sign[0], 0)
        if depth == 0:
            return sign.end()
    return -1
