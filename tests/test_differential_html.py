"""Nothing is read in a body that the user of a browser does not see there.

Chromium shows the bodies of a seeded generator, and of real mails, without a network.
What is seen there and not read here costs a link at most: it is counted.
"""

import email
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chromium import Chromium, browsing
from tests.fakes import posix_only
from tests.html_cases import bodies
from tests.seen import Seen, seen_in
from watcher.recognition.body import read_body
from watcher.recognition.charset import decode_text
from watcher.recognition.html import Page, parse_html
from watcher.recognition.links import BLANKS, without_urls
from watcher.recognition.phrases import says_approve
from watcher.recognition.text import compatible, normal
from watcher.recognition.verdict import Approval, Code

pytestmark = [
    posix_only("it runs Debian's Chromium"),
    pytest.mark.xdist_group("browser"),
]

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "mails"
WORD = re.compile(r"q[0-9]+z")
"""The generator's mark of each text."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with browsing(tmp_path_factory.mktemp("chromium")) as chromium:
        yield chromium


def words(text: str) -> set[str]:
    return set(WORD.findall(text))


def read_but_not_seen(page: Page, seen: Seen) -> list[str]:
    """Return what speaks against the reading of a page."""
    wrong = sorted(words(page.text) - words(seen.text))
    for anchor in page.anchors:
        href = anchor.href.strip(BLANKS)
        is_asking = href.startswith("https:") and says_approve(
            normal(without_urls(anchor.text))
        )
        if is_asking and not is_pressed(href, seen):
            wrong.append(f"anchor: {anchor.text!r}")
    content = read_body((page,)).content
    if isinstance(content, Approval) and not is_asked(content.link, seen):
        wrong.append(content.link)
    if isinstance(content, Code) and content.code not in digits(seen.text):
        wrong.append(content.code)
    return wrong


def is_pressed(link: str, seen: Seen) -> bool:
    """Return whether a link is seen that asks to approve by its own words."""
    return any(
        href == link and says_approve(normal(without_urls(text)))
        for href, text in seen.anchors
    )


def is_asked(link: str, seen: Seen) -> bool:
    """Return whether it is pressed, or is itself seen behind words that ask."""
    before, url, _ = compatible(seen.text).partition(link)
    return is_pressed(link, seen) or (bool(url) and says_approve(normal(before)))


def digits(text: str) -> str:
    return re.sub(r"[\s-]", "", compatible(text))


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_read_in_a_body_that_a_browser_hides(
    seed: int, browser: Chromium
) -> None:
    wrong: dict[str, list[str]] = {}
    seen_words = missed = 0
    for source in bodies(250, seed):
        page, seen = parse_html(source), seen_in(browser, source)
        if found := read_but_not_seen(page, seen):
            wrong[source] = found
        seen_words += len(words(seen.text))
        missed += len(words(seen.text) - words(page.text))

    assert wrong == {}
    assert missed < 0.4 * seen_words


def test_nothing_is_read_in_a_real_body_that_a_browser_hides(browser: Chromium) -> None:
    if not REAL.exists():
        pytest.skip(f"no real mails to measure with: {REAL}")
    sources = dict(real_bodies())
    wrong, unseen = {}, set()
    for name, source in sources.items():
        page, seen = parse_html(source), seen_in(browser, source)
        if found := read_but_not_seen(page, seen):
            wrong[name] = found
        unseen |= {(name, word) for word in real_words(page.text)} - {
            (name, word) for word in real_words(seen.text)
        }

    assert len(sources) > 10
    assert wrong == {}
    # A picture's text has no room beside an icon, and a text of many lines is hit at
    # three points of each.
    assert len(unseen) <= 4


def real_words(text: str) -> set[str]:
    return set(re.findall("[a-zA-Z]{4,}", text))


def real_bodies() -> Iterator[tuple[str, str]]:
    """Yield the HTML of the real mails that lie beside the project."""
    for path in sorted(REAL.glob("*/*.eml")):
        mail = email.message_from_bytes(path.read_bytes())
        for number, part in enumerate(mail.walk()):
            payload = part.get_payload(decode=True)
            if part.get_content_type() == "text/html" and isinstance(payload, bytes):
                text = decode_text(payload, part.get_content_charset())
                yield f"{path.stem} {number}", text
