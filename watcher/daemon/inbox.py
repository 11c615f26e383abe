"""The daemon's one queue: everything that happens comes in here, as a value."""

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from watcher.events import MessageFetched, Report
from watcher.notify.notification import Action


@dataclass(frozen=True, slots=True)
class Remind:
    """The time left of an attempt has come down to `left`."""

    attempt_id: int
    left: timedelta


@dataclass(frozen=True, slots=True)
class Deadline:
    """The time of an attempt may be over."""

    attempt_id: int


@dataclass(frozen=True, slots=True)
class Pressed:
    """The user pressed a button of a notification."""

    attempt_id: int
    action: Action


@dataclass(frozen=True, slots=True)
class Retry:
    """A mail whose proof waited for DNS can be judged again."""

    fetched: MessageFetched


@dataclass(frozen=True, slots=True)
class Poll:
    """It is time to look at an account that learns of new mail by polls."""

    account: str


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Old events may go."""


Message = Report | Remind | Deadline | Pressed | Retry | Poll | Upkeep

MAILS_AT_ONCE = 64
"""Mails in the queue, of 256 KiB at most: 16 MiB, and a second of work."""

LOOK_UP_S = 0.2
"""How often a thread that waits for room looks whether the end has come."""


class Inbox:
    """Takes messages from every thread and signal handler; one thread reads them.

    A signal may come while the handler of another one runs, so `stop` takes no lock. A
    flood of mails waits in its account's thread, not in memory.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(MAILS_AT_ONCE)
        self._writer: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.is_stopping = False
        """Whether the reader was asked to end."""

    def put(self, message: Message) -> None:
        """Hand in a message; a mail too many waits for room, or for the end."""
        if isinstance(message, MessageFetched):
            while not self._room.acquire(timeout=LOOK_UP_S):
                if self.is_stopping:
                    return
        self._queue.put(message)

    def press(self, replaces_id: int, action: Action) -> None:
        """Hand in a button that the user pressed on a notification."""
        self.put(Pressed(replaces_id, action))

    def stop(self) -> None:
        """Ask the reader to end."""
        self.is_stopping = True
        self._queue.put(None)
        self._writer.put(None)

    def wait_for_stop(self, seconds: float) -> bool:
        """Wait at most so long; return whether the reader was asked to end."""
        if not self.is_stopping:
            with suppress(queue.Empty):
                self._writer.get(timeout=seconds)
        return self.is_stopping

    def rest(self) -> Iterator[Message]:
        """Yield what is still in the queue, without waiting."""
        while not self._queue.empty():
            if message := self._queue.get():
                yield message

    def next(self, seconds: float) -> Message | None:
        """Return the oldest message; None if none comes within so many seconds."""
        try:
            message = self._queue.get(timeout=seconds)
        except queue.Empty:
            return None
        if isinstance(message, MessageFetched):
            self._room.release()
        return message
