"""Reads what the body of a sign-in mail asks: to approve, or to type in a code.

The link of a code mail denies although it lies on the same path: only the words tell
them apart. A mail that says both, or whose links disagree, gives neither.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from watcher.recognition import amazon, limits, links
from watcher.recognition.codes import find_codes
from watcher.recognition.details import read_lines
from watcher.recognition.html import APART, Anchor, Page
from watcher.recognition.phrases import any_of, says_approve, says_not_to
from watcher.recognition.reasons import Reason
from watcher.recognition.text import compatible, normal
from watcher.recognition.verdict import (
    Approval,
    Code,
    Content,
    Unknown,
)

_ELSEWHERE = re.compile(any_of(amazon.APP + amazon.NOT_ME))
_END_OF_SENTENCE = re.compile(r"[。.!?;:|()】•・※→▶►]|(?<=ください)、| - ")
_AFTER_A_SENTENCE = " .。!?:;*-•・▼↓→>「『(【<)】"
_DASH = re.compile("[‒–—―]")
_STORE = re.compile(r"(?:www\.)?amazon(?:\.[a-z]{2,3}){1,2}(?![\w.])")
"""Names whose dots end no sentence."""

_POINTER_WORDS = "|".join(sorted(amazon.POINTER_WORDS, key=len, reverse=True))
_NOTE = "|".join(
    (
        *(r"\s*".join(map(re.escape, compatible(note))) for note in amazon.NOTES),
        r"\s*".join(amazon.POINTER) + rf"(?:\s|[ぁ-ん、]|{_POINTER_WORDS}){{1,60}}。?",
    )
)
_NOTES = re.compile(rf"(?:\s*(?:{_NOTE}))+\s*", re.IGNORECASE)

_PREFIX = 4
"""Characters of a token; with fewer, a URL is only the start of all such links."""

_REACH = 600
"""Characters before a URL in which its sentence stands, and a note."""

_SENTENCE = 300
"""Characters of a sentence; what a longer one says is not read."""


@dataclass(frozen=True, slots=True)
class Body:
    """What the bodies of a mail ask, and what speaks against it."""

    content: Content
    flaws: tuple[Reason, ...] = ()
    links: tuple[str, ...] = ()
    """Every link that asks, or is shown where one should be."""
    details: Mapping[str, str] = field(default_factory=dict)
    """Device and place (`device`, `near`), sanitised."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a body shows beside what it tells of the sign-in."""

    anchors: tuple[Anchor, ...]
    text: str


NO_BODY = Body(Unknown())


def read_body(bodies: tuple[Page, ...]) -> Body:
    """Return what the mail asks; the bodies are alternatives and must not disagree."""
    lines = [read_lines(page) for page in bodies]
    shown = tuple(
        _Shown(page.anchors, read.other)
        for page, read in zip(bodies, lines, strict=True)
    )
    told = dict(chain.from_iterable(read.details.items() for read in reversed(lines)))
    texts = chain.from_iterable(
        (body.text, *(anchor.text for anchor in body.anchors)) for body in shown
    )
    is_approval = any(says_approve(normal(links.without_urls(text))) for text in texts)
    return replace(_content(shown, is_approval=is_approval), details=told)


def leads_elsewhere(bodies: tuple[Page, ...]) -> str | None:
    """Return the first address that leaves Amazon, None if none does."""
    addresses = chain.from_iterable(map(links.addresses, bodies))
    return next(filter(links.leads_elsewhere, addresses), None)


def _content(bodies: tuple[_Shown, ...], *, is_approval: bool) -> Body:
    asking = _asking_links(bodies)
    codes = {code for body in bodies for code in find_codes(body.text)}
    if is_approval and not codes:
        return _approval(asking, bodies)
    if codes and not is_approval:
        return _code(codes, asking)
    flaws = () if is_approval else (Reason.PHRASE_MISSING,)
    return Body(Unknown(), flaws, asking)


def _approval(asking: tuple[str, ...], bodies: tuple[_Shown, ...]) -> Body:
    flaws = dict.fromkeys(flaw for link in asking for flaw in links.flaws(link))
    approving = _agreed(bodies, asking)
    if len({links.same_page(link) for link in asking}) > 1:
        flaws[Reason.LINKS_DISAGREE] = None
    elif not approving:
        flaws[Reason.LINK_MISSING] = None
    content = Unknown() if flaws else Approval(approving[0])
    return Body(content, tuple(flaws), asking)


def _code(codes: set[str], asking: tuple[str, ...]) -> Body:
    if len(codes) > 1:
        return Body(Unknown(), (Reason.CODES_DISAGREE,), asking)
    # The link denies; it is never shown, so its exact path does not matter.
    flaws = dict.fromkeys(flaw for link in asking for flaw in links.flaws(link))
    flaws.pop(Reason.LINK_PATH, None)
    return Body(Unknown() if flaws else Code(codes.pop()), tuple(flaws), asking)


def _agreed(bodies: tuple[_Shown, ...], asking: tuple[str, ...]) -> list[str]:
    """Return the links to approve; none if a body lets them be pressed by other words.

    Where a body only shows them, as beneath a note on fakes, it says nothing else.
    """
    approving: list[str] = []
    for body in bodies:
        found = [*_approving_links(body, asking)]
        if not found and any(_is_pressed(anchor, asking) for anchor in body.anchors):
            return []
        approving += found
    return approving


def _is_pressed(anchor: Anchor, asking: tuple[str, ...]) -> bool:
    """Return whether it is one of the links, under words of its own."""
    is_url = links.url_in_place_of_text(anchor.text) is not None
    return anchor.href.strip(links.BLANKS) in asking and not is_url


def _approving_links(body: _Shown, asking: tuple[str, ...]) -> Iterator[str]:
    """Yield the asking links that approve by their own words.

    These stand in what the reader presses. Of a URL that is shown they are the sentence
    before it; elsewhere in the mail they may speak of the shopping app.
    """
    for anchor in body.anchors:
        href = anchor.href.strip(links.BLANKS)
        if href in asking and _asks_here(normal(links.without_urls(anchor.text))):
            yield href
    for start, url in links.find_urls(body.text):
        is_whole = len(url.partition(amazon.LINK_PATH)[2]) > _PREFIX
        if is_whole and _ends_asking(body.text[:start]):
            yield from (link for link in asking if _is_shortened(url, link))


def _ends_asking(text: str) -> bool:
    """Return whether a text's last sentence asks to approve or deny."""
    read = compatible(text.rpartition(APART)[2].rstrip()[-_REACH:])
    ends = [note.start() for note in _NOTES.finditer(read) if note.end() == len(read)]
    paragraph = _last_paragraph(read[: ends[0] if ends else None])
    if not paragraph:
        return False
    *above, line = paragraph
    # A line that was too long is broken, and the words with it.
    sentence = _last_sentence(" ".join(paragraph))
    is_of_above = says_approve(" ".join(above)) and not says_approve(line)
    return len(sentence) < _SENTENCE and _asks_here(sentence) and not is_of_above


def _last_paragraph(text: str) -> list[str]:
    """Return the lines behind the last empty one, without those of mere signs."""
    paragraph: list[str] = []
    for line in reversed(text.split("\n")):
        if line.strip(_AFTER_A_SENTENCE):
            paragraph.insert(0, line)
        elif paragraph:
            break
    return paragraph


def _asks_here(text: str) -> bool:
    """Return whether a text asks to approve by the link that it belongs to."""
    is_of_another = _ELSEWHERE.search(text) or says_not_to(text)
    return says_approve(text) and not is_of_another


def _last_sentence(text: str) -> str:
    plain = _STORE.sub("amazon", normal(_DASH.sub(" - ", text)))
    return _END_OF_SENTENCE.split(plain.rstrip(_AFTER_A_SENTENCE))[-1]


def _asking_links(bodies: tuple[_Shown, ...]) -> tuple[str, ...]:
    """Return the links behind the words, and wherever a URL of that path is shown."""
    pressed = _distinct(
        link for body in bodies for anchor in body.anchors for link in _shown_by(anchor)
    )
    # What blanks left of a link that can be pressed is no link of its own.
    bare = (
        url
        for body in bodies
        for _, url in links.find_urls(body.text)
        if links.asks(url) and not any(_is_shortened(url, link) for link in pressed)
    )
    return _distinct(chain(pressed, bare))


def _distinct(found: Iterable[str]) -> tuple[str, ...]:
    distinct: dict[str, None] = {}
    for link in found:
        distinct[link] = None
        if len(distinct) >= limits.LINKS:
            break
    return tuple(distinct)


def _shown_by(anchor: Anchor) -> tuple[str, ...]:
    href = anchor.href.strip(links.BLANKS)
    text = links.url_in_place_of_text(anchor.text)
    if text is not None and links.asks(text):
        return (href,) if _is_shortened(text, href) else (href, text)
    if says_approve(normal(anchor.text)) or links.asks(href):
        return (href,)
    is_pretence = text is not None and links.is_amazons(links.host(text))
    if is_pretence and not links.is_amazons(links.host(href)):
        return (href,)
    return ()


def _is_shortened(shown: str, link: str) -> bool:
    """Return whether a URL is another's start, for want of room or broken by blanks."""
    return link.startswith(shown.rstrip(".…"))
