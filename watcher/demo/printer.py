"""Prints the demo's script as it runs, with the seconds since its start."""

import threading
import time
from datetime import timedelta

from watcher.clock import minutes_seconds
from watcher.demo import sentences
from watcher.demo.mails import Draft
from watcher.i18n import Language, Text
from watcher.notify.notification import Notification
from watcher.recognition.explain import REASONS
from watcher.recognition.verdict import (
    LookAlike,
    NotRelevant,
    Reason,
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

    def add(self, text: Text, **data: object) -> None:
        """Print a sentence below the last line."""
        self._print(f"         {text.say(self._language, **data)}")

    def frame(self, text: Text, **data: object) -> None:
        """Print the lines that open or close the story."""
        self._print(text.say(self._language, **data))

    def arrival(self, title: Text, draft: Draft) -> None:
        """Tell of a mail that comes in now."""
        self._print("")
        self.say(title)
        self.add(sentences.FROM, sender=draft.sender)
        self.add(sentences.SUBJECT, subject=draft.subject)

    def verdict(self, verdict: Verdict) -> None:
        """Tell what a mail was judged to be, and why."""
        match verdict:
            case Recognised(authentication=authentication):
                self.say(sentences.RECOGNISED)
                self.add(sentences.SIGNED, domain=authentication.domain)
            case LookAlike(reasons=reasons):
                self.say(sentences.LOOK_ALIKE)
                self._add_reasons(reasons)
            case Unverified(reasons=reasons):
                self.say(sentences.UNVERIFIED)
                self._add_reasons(reasons)
            case NotRelevant():
                self.say(sentences.NOT_RELEVANT)

    def _add_reasons(self, reasons: tuple[Reason, ...]) -> None:
        told = "; ".join(REASONS[reason].say(self._language) for reason in reasons)
        self.add(sentences.REASONS, reasons=told)

    def shown(self, notification: Notification, channel: str) -> None:
        """Tell what the user is shown, and by which channel."""
        self.say(sentences.SHOWN, channel=channel)
        for line in (notification.title, *notification.body.splitlines()):
            self._print(f"         | {line}")

    def countdown(self, left: timedelta) -> None:
        """Tell the time left."""
        self.say(
            sentences.LEFT,
            left=minutes_seconds(timedelta(seconds=round(left.total_seconds()))),
        )

    def _print(self, line: str) -> None:
        with self._lock:
            print(line, flush=True)
