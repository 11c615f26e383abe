"""Prints the demo's script as it runs, with the seconds since its start."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from watcher.config.schema import CHANNELS
from watcher.demo import sentences
from watcher.demo.push_server import Received, Withdrawn
from watcher.events import Mode
from watcher.guide.screen import Screen
from watcher.i18n import Language, Text, wrap_columns
from watcher.imap.choices import MODES
from watcher.notify.notification import Notification
from watcher.notify.push import DASH
from watcher.recognition.explain import headline
from watcher.recognition.reasons import REASONS
from watcher.recognition.verdict import (
    LookAlike,
    NotRelevant,
    Recognised,
    Unverified,
    Verdict,
)

INDENT = 9
"""Where sentences begin: what stands before is the time."""

MARGIN = f"{' ' * INDENT}| "
"""Before each line of what the user is shown elsewhere."""


class Printer:
    """Prints in the user's language; safe from several threads."""

    def __init__(
        self, language: Language, columns: int, *, is_redrawn: bool = False
    ) -> None:
        """Prepare; `is_redrawn`: a line can be drawn anew in place."""
        self._language = language
        self._columns = columns
        self._is_redrawn = is_redrawn
        self._start_s = time.monotonic()
        self._lock = threading.RLock()

    def say(self, text: Text, **data: object) -> None:
        """Print a sentence on a line with the time."""
        elapsed_s = time.monotonic() - self._start_s
        self._print(f"{elapsed_s:5.1f} s  {text.say(self._language, **data)}", INDENT)

    def connected(self, mode: Mode) -> None:
        """Print that the program watches now, and how."""
        self.say(sentences.CONNECTED, mode=MODES[mode])

    def start(self, title: Text) -> None:
        """Print the title of a step, set off from the step before."""
        self._print("")
        self.say(title)

    def add(self, text: Text, **data: object) -> None:
        """Print a sentence below the last line."""
        self._print(f"{' ' * INDENT}{text.say(self._language, **data)}", INDENT)

    def tell(self, text: Text, **data: object) -> None:
        """Print the lines at the start or the end of the demo."""
        self._print(text.say(self._language, **data))

    def verdict(self, verdict: Verdict) -> None:
        """Print the verdict on a mail, the reasons, and what is done with the mail."""
        self.say(headline(verdict))
        match verdict:
            case Recognised(authentication=authentication):
                self.add(sentences.SIGNED, domain=authentication.domain)
            case LookAlike(reasons=reasons) | Unverified(reasons=reasons):
                texts = (REASONS[reason].say(self._language) for reason in reasons)
                self.add(sentences.REASONS, reasons="; ".join(texts))
                is_fake = isinstance(verdict, LookAlike)
                self.add(sentences.LOGGED_ONLY if is_fake else sentences.NO_LINK)
            case NotRelevant():
                self.add(sentences.NOT_FETCHED)

    def shown(self, notification: Notification, channel: str) -> None:
        """Print what the user is shown, and on which channel."""
        lines = (notification.title, *notification.lines(with_link=True))
        with self._lock:
            self.say(sentences.SHOWN, channel=CHANNELS.get(channel, channel))
            self._box(lines)

    def on_phone(self, change: Received | Withdrawn) -> None:
        """Print what has become of a message on the phone."""
        match change:
            case Received(title=title, text=text, click=click, is_new=is_new):
                lines = (title, text.replace(DASH, "-"), *filter(None, [click]))
                with self._lock:
                    self.say(sentences.PUSHED if is_new else sentences.PUSHED_AGAIN)
                    self._box(lines)
            case Withdrawn():
                self.say(sentences.OFF_THE_PHONE)

    @contextmanager
    def guide(self, app: str) -> Iterator[Screen]:
        """Lend the screen of `watcher guide`; nothing else is printed meanwhile."""
        with self._lock:
            self.say(sentences.GUIDE, app=app)
            yield Screen(
                self._language,
                columns=lambda: self._columns,
                is_redrawn=self._is_redrawn,
                margin=MARGIN,
            )

    def _box(self, lines: Iterable[str]) -> None:
        room = self._columns - len(MARGIN)
        self._write(
            MARGIN + part for line in lines for part in wrap_columns(line, room)
        )

    def _print(self, text: str, indent: int = 0) -> None:
        for line in text.split("\n"):
            self._write(wrap_columns(line, self._columns, indent))

    def _write(self, lines: Iterable[str]) -> None:
        with self._lock:
            print("\n".join(lines), flush=True)
