"""Finds links in text and tells what speaks against one as Amazon's approval page."""

import re
from collections.abc import Iterator

from watcher.recognition import amazon
from watcher.recognition.html import Page
from watcher.recognition.reasons import Reason
from watcher.recognition.text import compatible

# What follows the host is ASCII, so that a Japanese sentence may go on right behind;
# the host may hold anything, so that a disguised one is seen whole.
_URL = re.compile(
    r"https?://[^\s/?#<>\"「」【】『』（）()、。，]{1,255}(?:[/?#][!#-;=?-~]*)?",
    re.IGNORECASE,
)
_SCHEMELESS = re.compile(
    r"(?<![\w@./:%-])(?:(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?=[/:][^\s])"
    r"|www\.(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}|[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?=[/:]))",
    re.IGNORECASE,
)
"""What mail programs take for an address without `https://` before it."""

_AFTER_A_SENTENCE = ".,;:!?)]}'"
_ASKS = re.compile(re.escape(amazon.LINK_PATH) + r"(?![A-Za-z0-9])")

# RFC 3986 §2: whatever else stands in a URL is read differently by every program.
_URI_CHARACTERS = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=._~%-]+")
_END_OF_AUTHORITY = re.compile(r"[/?#\\]")
_APPROVAL = re.compile(
    rf"{re.escape(amazon.LINK_PATH)}(?:/{amazon.LINK_TOKEN}|\?k={amazon.LINK_KEY})"
)
_TAG = re.compile(r"https?://", re.IGNORECASE)

BLANKS = " \t\r\n\f"
"""What a browser strips off an address."""


def find_urls(text: str) -> Iterator[tuple[int, str]]:
    """Yield where a reader sees a URL in text, and the URL, in their order."""
    for match in _URL.finditer(text):
        yield match.start(), match[0].rstrip(_AFTER_A_SENTENCE)


def without_urls(text: str) -> str:
    """Return text with a blank in place of each URL."""
    return _URL.sub(" ", text)


def addresses(page: Page) -> Iterator[str]:
    """Yield every address to which a body leads, or that a reader sees in it."""
    for target in page.targets:
        yield target.strip(BLANKS)
    text = compatible(page.text)
    for _, url in find_urls(text):
        yield url
    for match in _SCHEMELESS.finditer(without_urls(text)):
        yield f"http://{match[0]}"


def is_of(name: str, domains: frozenset[str]) -> bool:
    """Return whether an address, or a host, belongs to one of some domains."""
    host = name.rpartition("@")[2].lower()
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def leads_elsewhere(address: str, known: frozenset[str] = frozenset()) -> bool:
    """Return whether an address leads neither to Amazon nor to a known domain."""
    is_web = address.lower().startswith(("http://", "https://"))
    is_within = not address or address.startswith("#")
    name = host(address)
    return not (is_within or (is_web and (is_amazons(name) or is_of(name, known))))


def url_in_place_of_text(text: str) -> str | None:
    """Return the URL that an anchor's text is, undoing blanks that broke it."""
    squeezed = "".join(text.split())
    return squeezed if _TAG.match(squeezed) else None


def asks(url: str) -> bool:
    """Return whether a URL leads, or pretends to lead, to a page that asks the user."""
    return _ASKS.search(url) is not None


def host(url: str) -> str:
    """Return the host of a URL in lower case, with its port; empty if there is none."""
    return _authority(url).rpartition("@")[2].lower()


def is_amazons(name: str) -> bool:
    """Return whether a host belongs to Amazon."""
    return is_of(name, amazon.STORES | amazon.OTHER_DOMAINS)


def flaws(url: str) -> tuple[Reason, ...]:
    """Return what speaks against a URL as an approval page; nothing if it is one."""
    scheme = url.partition("://")[0].lower()
    path = url.partition("://")[2].removeprefix(_authority(url))
    found = (
        (Reason.LINK_CHARACTERS, not _URI_CHARACTERS.fullmatch(url)),
        (Reason.LINK_SCHEME, scheme != "https"),
        (Reason.LINK_USERINFO, "@" in _authority(url)),
        (Reason.LINK_HOST, host(url) not in amazon.LINK_HOSTS),
        (Reason.LINK_PATH, not _APPROVAL.fullmatch(path)),
    )
    return tuple(reason for reason, is_so in found if is_so)


def same_page(url: str) -> str:
    """Return the form in which two URLs of one page are equal."""
    scheme, _, rest = url.partition("://")
    return f"{scheme.lower()}://{host(url)}{rest.removeprefix(_authority(url))}"


def _authority(url: str) -> str:
    return _END_OF_AUTHORITY.split(url.partition("://")[2], maxsplit=1)[0]
