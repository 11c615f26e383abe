"""Reads what the body of a sign-in mail asks, and what it tells of the sign-in.

The link of a code mail denies although it lies on the same path: only the words tell
them apart. A mail that says both, or whose links disagree, gives neither. Device, place
and time are foreign text: shown, never acted on.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest

from watcher.recognition import amazon, limits, links
from watcher.recognition.html import Anchor, Page
from watcher.recognition.text import compatible, normal, sanitise, without_spaces
from watcher.recognition.verdict import Approval, Code, Content, Reason, Unknown

_KINDS = {
    normal(label): kind
    for wording in amazon.WORDINGS
    for kind, labels in (
        ("when", wording.when),
        ("device", wording.device),
        ("near", wording.near),
    )
    for label in labels
}
_LABEL = re.compile(
    r"(?:^|(?<=\s))("
    + "|".join(re.escape(label) for label in sorted(_KINDS, key=len, reverse=True))
    + r")\s?:\s?",
    re.IGNORECASE,
)
_BULLETS = " *-•・"


def find_details(bodies: tuple[Page, ...]) -> dict[str, str]:
    """Return device and place (`device`, `near`), sanitised; the first value counts."""
    found: dict[str, str] = {}
    for page in bodies:
        lines = (" ".join(line.split()) for line in compatible(page.text).split("\n"))
        stripped = [line.strip(_BULLETS) for line in lines]
        for kind, value in _labelled([line for line in stripped if line]):
            found.setdefault(kind, sanitise(value))
    found.pop("when", None)  # the signed Date is more exact
    return found


def _labelled(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield kinds and values; a label without one has it in the next line or cell."""
    pending = None
    for line in lines:
        labels = list(_LABEL.finditer(line)) if _LABEL.match(line) else []
        if pending and not labels:
            yield pending, line
        pending = _KINDS.get(normal(line.rstrip(": ")))
        for label, following in zip_longest(labels, labels[1:]):
            end = following.start() if following else len(line)
            if value := line[label.end() : end].strip():
                yield _KINDS[normal(label[1])], value


_APPROVE = tuple(
    without_spaces(word) for wording in amazon.WORDINGS for word in wording.approve
)
_DENY = tuple(normal(word) for word in amazon.DENY)
_CODE = re.compile(
    "|".join(
        re.escape(normal(word)) for wording in amazon.WORDINGS for word in wording.codes
    )
)
# No neighbour may be a letter, a sign of a colour or part of a longer number. Some
# write a code in two halves, or each of its digits in a cell of its own.
_DIGITS = re.compile(
    r"(?<![a-z0-9#])(?<![0-9][.,/-])"
    r"(?:[0-9]{6}|(?<![0-9] )(?:[0-9]{3}[ -][0-9]{3}|[0-9](?: [0-9]){5})(?! [0-9]))"
    r"(?![a-z0-9])(?![.,/-][0-9])"
)
_CODE_FOLLOWS = 300
_CODE_PRECEDES = 60
"""Characters between the words that announce a code and the code."""


@dataclass(frozen=True, slots=True)
class Body:
    """What the bodies of a mail ask, and what speaks against it."""

    content: Content
    flaws: tuple[Reason, ...] = ()
    links: tuple[str, ...] = ()
    """Every link that asks, or is shown where one should be."""


NO_BODY = Body(Unknown())


def read_body(bodies: tuple[Page, ...]) -> Body:
    """Return what the mail asks; the bodies are alternatives and must not disagree."""
    asking = _asking_links(bodies)
    texts = [normal(links.without_urls(page.text)) for page in bodies]
    codes = {code for text in texts if (code := _find_code(text))}
    is_approval = any(map(_says_approve, texts))
    if is_approval and not codes:
        return _approval(asking, bodies)
    if codes and not is_approval:
        return _code(codes, asking)
    flaws = () if is_approval else (Reason.PHRASE_MISSING,)
    return Body(Unknown(), flaws, asking)


def leads_elsewhere(bodies: tuple[Page, ...]) -> str | None:
    """Return the first link that leaves Amazon, None if none does."""
    hrefs = (anchor.href for page in bodies for anchor in page.anchors)
    web = (href for href in hrefs if href.lower().startswith(("http:", "https:")))
    return next((href for href in web if not links.is_amazons(links.host(href))), None)


def _approval(asking: tuple[str, ...], bodies: tuple[Page, ...]) -> Body:
    flaws = dict.fromkeys(flaw for link in asking for flaw in links.flaws(link))
    if all(_only_denies(link, bodies) for link in asking):
        flaws[Reason.LINK_MISSING] = None
    if len({links.same_page(link) for link in asking}) > 1:
        flaws[Reason.LINKS_DISAGREE] = None
    content = Unknown() if flaws else Approval(asking[0])
    return Body(content, tuple(flaws), asking)


def _code(codes: set[str], asking: tuple[str, ...]) -> Body:
    if len(codes) > 1:
        return Body(Unknown(), (Reason.CODES_DISAGREE,), asking)
    # The link denies; it is never shown, so its exact path does not matter.
    flaws = dict.fromkeys(flaw for link in asking for flaw in links.flaws(link))
    flaws.pop(Reason.LINK_PATH, None)
    return Body(Unknown() if flaws else Code(codes.pop()), tuple(flaws), asking)


def _says_approve(text: str) -> bool:
    """Look for the words in normal text; a line break does not hide them."""
    squeezed = text.replace(" ", "")
    return any(words in squeezed for words in _APPROVE)


def _only_denies(link: str, bodies: tuple[Page, ...]) -> bool:
    """Return whether all that a reader can press for a link says that it denies."""
    pressed = [
        normal(links.without_urls(anchor.text))
        for page in bodies
        for anchor in page.anchors
        if anchor.href.strip(links.BLANKS) == link
    ]
    return bool(pressed) and all(
        not _says_approve(text) and any(word in text for word in _DENY)
        for text in pressed
    )


def _asking_links(bodies: tuple[Page, ...]) -> tuple[str, ...]:
    """Return the links behind the words, and wherever a URL of that path is shown."""
    pressed = _distinct(
        link for page in bodies for anchor in page.anchors for link in _shown_by(anchor)
    )
    # What blanks left of a link that can be pressed is no link of its own.
    bare = (
        url
        for page in bodies
        for url in links.find_urls(page.text)
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
    if _says_approve(normal(anchor.text)) or links.asks(href):
        return (href,)
    is_pretence = text is not None and links.is_amazons(links.host(text))
    if is_pretence and not links.is_amazons(links.host(href)):
        return (href,)
    return ()


def _is_shortened(shown: str, link: str) -> bool:
    """Return whether a URL is another's start, for want of room or broken by blanks."""
    return link.startswith(shown.rstrip(".…"))


def _find_code(text: str) -> str | None:
    """Return the digits that stand nearest behind words that announce a code."""
    announced = [words.span() for words in _CODE.finditer(text)]
    behind = [
        (digits.start() - end, digits[0])
        for _, end in announced
        if (digits := _DIGITS.search(text, end, end + _CODE_FOLLOWS))
    ]
    ahead = [
        digits
        for start, _ in announced
        for digits in _DIGITS.findall(text[max(0, start - _CODE_PRECEDES) : start])
    ]
    code = min(behind)[1] if behind else next(reversed(ahead), None)
    return code and re.sub("[ -]", "", code)
