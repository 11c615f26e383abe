"""Hands an approval link to the user's browser, because the user said so.

The program itself never visits it. No shell sees the link.
"""

import webbrowser
from collections.abc import Callable
from datetime import datetime

from watcher.clock import call_in_thread
from watcher.errors import NothingLive
from watcher.events import Attempt, EventName
from watcher.i18n import Text
from watcher.journal.log import Journal

Launch = Callable[[str], bool]
"""Hands a link to a browser; returns whether that could be done."""


def launch_in_thread(link: str) -> bool:
    """Launch a browser that may run in the foreground, without waiting for its end."""
    call_in_thread(lambda: webbrowser.open(link))
    return True


def open_page(
    journal: Journal, attempt: Attempt, now: datetime, launch: Launch = webbrowser.open
) -> None:
    """Open the approval page of a live attempt and log that the user went there.

    Raises:
        NothingLive: it has no link, or no browser can be started.
    """
    if attempt.link is None:
        raise NothingLive(_NO_LINK)
    if not launch(attempt.link):
        raise NothingLive(_NO_BROWSER)
    journal.append(EventName.OPENED, at=now, about=attempt)


_NO_LINK = Text(
    en="This mail has no approval link. Open it in your mail program.",
    ja="このメールに承認リンクはありません。メールソフトで開いてください。",
)
_NO_BROWSER = Text(
    en="No browser could be started. Run: watcher open --print, and open the link by "
    "hand.",
    ja="ブラウザーを起動できません。watcher open --print でリンクを表示し、手で"
    "開いてください。",
)
