"""Prints the demo's script as it runs, with the seconds since its start."""

import threading
import time

from watcher.config.schema import CHANNELS
from watcher.demo import sentences
from watcher.events import Mode
from watcher.i18n import Language, Text
from watcher.imap.account import MODES
from watcher.notify.notification import Notification
from watcher.recognition.explain import REASONS, headline
from watcher.recognition.verdict import (
    LookAlike,
    NotRelevant,
    Recognised,
    Unverified,
    Verdict,
)


class Printer:
    """Prints in the user's language; safe from several threads."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._start_s = time.monotonic()
        self._lock = threading.Lock()

    def say(self, text: Text, **data: object) -> None:
        """Print a sentence on a line with the time."""
        elapsed_s = time.monotonic() - self._start_s
        self._print(f"{elapsed_s:5.1f} s  {text.say(self._language, **data)}")

    def connected(self, mode: Mode) -> None:
        """Print that the program watches now, and how."""
        self.say(sentences.CONNECTED, mode=MODES[mode])

    def start(self, title: Text) -> None:
        """Print the title of a step, set off from the step before."""
        self._print("")
        self.say(title)

    def add(self, text: Text, **data: object) -> None:
        """Print a sentence below the last line."""
        self._print(f"         {text.say(self._language, **data)}")

    def frame(self, text: Text, **data: object) -> None:
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
        self.say(sentences.SHOWN, channel=CHANNELS.get(channel, channel))
        for line in (notification.title, *notification.lines(with_link=True)):
            self._print(f"         | {line}")

    def _print(self, line: str) -> None:
        with self._lock:
            print(line, flush=True)
