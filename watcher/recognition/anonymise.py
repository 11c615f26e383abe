"""Takes out of a judgement what tells whose mail it was, so that it can be shown.

What is not known to be Amazon's is taken for the user's: names, addresses, hosts, the
unknown words of a subject, tokens, codes, devices, places and files each become a
placeholder. Equal values have equal placeholders, also in different mails. Verdict,
reasons, Amazon's hosts, times, and the domains and selectors of signatures stay.
"""

import re
from dataclasses import replace

from watcher.recognition import amazon
from watcher.recognition.claim import Claim
from watcher.recognition.explain import Aspect, Finding, finding
from watcher.recognition.judge import Judgement
from watcher.recognition.links import is_amazons
from watcher.recognition.message import Reading
from watcher.recognition.sender import UNCHECKED
from watcher.recognition.text import one_line
from watcher.recognition.verdict import (
    Approval,
    Authentication,
    Code,
    Content,
    LookAlike,
    NotRelevant,
    Recognised,
    Result,
    SignInAttempt,
    Unknown,
    Unverified,
    Verdict,
)

_READ = 1000
"""Characters of a field that are looked at; fewer are shown."""
_ADDRESS = re.compile(r'([^\s<>"(),:;@]{1,255})@([^\s<>"(),:;@]{1,255})')
_URL = re.compile(r"(\w+)://([^/?#\\]*)(.*)", re.DOTALL)
_PORT = re.compile(r":\d{1,5}$")
_PIECE = re.compile(r"[^/?&=#…]+")
_SHORT = re.compile("[A-Za-z]{1,2}")
"""A piece of a path that can be no name and no token, as in `/a/c/r/` and `?k=`."""
_ROLE = re.compile("[a-z]+(-[a-z]+)*")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")

_SUBJECTS = (
    words
    for each in amazon.WORDINGS
    for words in (each.attempts, each.notices, each.actions, each.alerts)
)
_WORDS = {
    *(*amazon.STORES, *amazon.OTHER_DOMAINS, *amazon.ACCOUNT_SUBJECTS, "Amazon"),
    *(word for words in _SUBJECTS for word in words),
}
_KNOWN = re.compile(
    "(?<![A-Za-z0-9])(?:"
    + "|".join(
        r"\s+".join(map(re.escape, words.split()))
        for words in sorted(_WORDS, key=len, reverse=True)
    )
    + ")(?![A-Za-z0-9])",
    re.IGNORECASE,
)
"""What Amazon writes in subjects, and its names."""

_PROVIDER = re.compile(r"(.*) (says (?:dkim|dmarc|compauth)=\w+)", re.DOTALL)
_SIGNATURE = re.compile(
    r"(d=\S* s=\S*(?: \S+)?: (?:not signed: )?[^:\"]*).*", re.DOTALL
)
"""What a library says of a broken signature may quote the mail."""
_OWN_WORDS = frozenset({"no signature", "no field is believed", UNCHECKED.detail})


class Anonymiser:
    """Placeholders, the same for equal values as long as it lives."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[str, int]] = {}

    def name_of_file(self, name: str) -> str:
        """Return what stands for a file, its folder included; `-` is none."""
        return name if name == "-" else self._placeholder("file", name)

    def judgement(self, judged: Judgement) -> Judgement:
        """Return a judgement whose findings and verdict name nobody.

        What was read of the mail stays in it as it is, and must not be printed.
        """
        findings = tuple(self._finding(each, judged) for each in judged.findings)
        return replace(judged, verdict=self._verdict(judged.verdict), findings=findings)

    def _placeholder(self, kind: str, value: str) -> str:
        numbers = self._numbers.setdefault(kind, {})
        return f"{kind}-{numbers.setdefault(value.casefold(), len(numbers) + 1)}"

    def _finding(self, found: Finding, judged: Judgement) -> Finding:
        value = self._value(found, judged)
        return finding(found.aspect, found.flaws, value, is_judged=found.is_judged)

    def _value(self, found: Finding, judged: Judgement) -> str:
        proof = judged.verdict.authentication
        match found.aspect:
            case Aspect.SENDER:
                return self._sender(
                    judged.reading, is_proved=proof.result is Result.PASS
                )
            case Aspect.SIGNATURE:
                return self._detail(proof.detail)
            case Aspect.RECIPIENT:
                return ", ".join(map(self._recipient, judged.reading.recipients))
            case Aspect.SUBJECT:
                return self._words("text", _start(judged.reading, "subject"))
            case Aspect.LINK:
                return self._link(found.value)
            # Our own words: names of fields, a kind, a store.
            case Aspect.SIZE | Aspect.HEADER | Aspect.BODY | Aspect.STORE:
                return found.value

    def _verdict(self, verdict: Verdict) -> Verdict:
        proof = self._authentication(verdict.authentication)
        match verdict:
            case Recognised(attempt=SignInAttempt(claim, content)):
                attempt = SignInAttempt(self._claim(claim), self._content(content))
                return Recognised(attempt, proof)
            case Unverified(claim=claim):
                return replace(verdict, claim=self._claim(claim), authentication=proof)
            case LookAlike():
                return replace(verdict, claim=None, authentication=proof)
            case NotRelevant():
                return replace(verdict, account_mail=None, authentication=proof)

    def _claim(self, claim: Claim) -> Claim:
        to = claim.recipient
        return replace(
            claim,
            device=claim.device and self._placeholder("device", claim.device),
            near=claim.near and self._placeholder("place", claim.near),
            recipient=to and ", ".join(map(self._recipient, to.split(", "))),
            written_to=None,
        )

    def _content(self, content: Content) -> Content:
        match content:
            case Approval(link):
                return Approval(self._link(link))
            case Code(code):
                return Code(self._placeholder("code", code))
            case Unknown():
                return content

    def _authentication(self, found: Authentication) -> Authentication:
        return replace(found, detail=self._detail(found.detail))

    def _detail(self, detail: str) -> str:
        """Return why a sender is proved or not, without the provider's host."""
        clauses = detail.split("; ")
        if said := _PROVIDER.fullmatch(clauses[0]):
            who, what = said.groups()
            is_named = who != "the provider"
            clauses[0] = f"{self._host(who) if is_named else who} {what}"
        return "; ".join(
            one if said and one is clauses[0] else _of_signature(one) for one in clauses
        )

    def _sender(self, reading: Reading, *, is_proved: bool) -> str:
        """Return the From field with its structure; of Amazon's all that is known."""
        text = _start(reading, "from")
        said, position = "", 0
        for match in _ADDRESS.finditer(text):
            said += self._words("name", text[position : match.start()])
            said += self._address(match, is_proved=is_proved)
            position = match.end()
        return said + self._words("name", text[position:])

    def _address(self, match: re.Match[str], *, is_proved: bool) -> str:
        local, domain = match.groups()
        known = {amazon.ACCOUNT_MAIL} if domain.lower() in amazon.STORES else set()
        is_role = is_proved and is_amazons(domain) and _ROLE.fullmatch(local)
        is_known = local in known or match[0].lower() in amazon.OLDER_ACCOUNT_MAIL
        shown = local if is_role or is_known else self._placeholder("name", local)
        return f"{shown}@{self._host(domain)}"

    def _recipient(self, address: str) -> str:
        local, _, domain = address.rpartition("@")
        return f"{self._placeholder('name', local)}@{self._host(domain)}"

    def _host(self, host: str) -> str:
        """Return Amazon's hosts as they are; of others, Amazon's names in them."""
        return host if is_amazons(host) else self._words("host", host)

    def _link(self, url: str) -> str:
        """Return a link as long as it is Amazon's; tokens of it are replaced."""
        match = _URL.fullmatch(url)
        if match is None:
            return url and self._placeholder("link", url)
        scheme, authority, rest = match.groups()
        userinfo, at, host = authority.rpartition("@")
        port = _PORT.search(host)
        host = self._host(_PORT.sub("", host)) + (port[0] if port else "")
        who = at and f"{self._placeholder('name', userinfo)}@"
        return f"{scheme}://{who}{host}{_PIECE.sub(self._piece, rest)}"

    def _piece(self, match: re.Match[str]) -> str:
        is_short = _SHORT.fullmatch(match[0])
        return match[0] if is_short else self._placeholder("token", match[0])

    def _words(self, kind: str, text: str) -> str:
        """Return text in which only Amazon's words, and signs between, are left."""
        text, said, position = text[:_READ], "", 0
        for match in _KNOWN.finditer(text):
            said += self._foreign(kind, text[position : match.start()]) + match[0]
            position = match.end()
        return said + self._foreign(kind, text[position:])

    def _foreign(self, kind: str, text: str) -> str:
        core = _EDGES.sub("", text)
        return text.replace(core, self._placeholder(kind, core)) if core else text


def _start(reading: Reading, name: str) -> str:
    return one_line(reading.header.text(name)[:_READ])


def _of_signature(clause: str) -> str:
    """Return what is known of a signature, but not what is quoted of the mail."""
    if match := _SIGNATURE.fullmatch(clause):
        return match[1]
    return clause if clause in _OWN_WORDS else "…"
