"""What comes to the guide from other threads: the user's lines, the watch, its end.

The guide's own thread alone prints, reads the event log and decides.
"""

import os
import queue
import sys
import threading
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from watcher.notify.notification import Notification

READ_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Typed:
    """A line that the user has typed; None: they type nothing any more."""

    line: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """A line to be printed, about how the accounts are watched."""

    line: str


@dataclass(frozen=True, slots=True)
class Noticed:
    """What the watch tells the user of, apart from live attempts."""

    notification: Notification


@dataclass(frozen=True, slots=True)
class Watched:
    """An account is watched from now on, or cannot be."""

    account: str
    is_so: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """The event log may hold news."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The watch has ended, by an error or since it was asked to."""

    error: BaseException | None


Item = Typed | Told | Noticed | Watched | Changed | Ended


class Inbox:
    """Takes items from every thread; one thread reads them."""

    def __init__(self) -> None:
        self._items: queue.SimpleQueue[Item] = queue.SimpleQueue()

    def put(self, item: Item) -> None:
        """Put an item."""
        self._items.put(item)

    def next(self, seconds: float) -> Item | None:
        """Return the oldest item; None if none comes within so many seconds."""
        with suppress(queue.Empty):
            return self._items.get(timeout=seconds)
        return None

    def forget_lines(self) -> None:
        """Drop lines that were typed before what is asked for now was printed."""
        kept: list[Item] = []
        with suppress(queue.Empty):
            while True:
                kept.append(self._items.get_nowait())
        for item in kept:
            if not isinstance(item, Typed) or item.line is None:
                self._items.put(item)

    def read_lines(self) -> None:
        """Read what the user types, in a thread that holds no exit.

        Past `sys.stdin`, whose lock a waiting thread would hold at the end of Python.
        """

        def read() -> None:
            held = b""
            while (data := _read(sys.stdin.fileno())) is not None:
                *lines, held = (held + data).split(b"\n")
                for line in lines:
                    said = line.decode(errors="replace")  # maybe in full width
                    self.put(Typed(unicodedata.normalize("NFKC", said).strip()))
            self.put(Typed(None))

        threading.Thread(target=read, name="guide-input", daemon=True).start()

    def watch(self, run: Callable[[], object]) -> threading.Thread:
        """Run the watch in a thread of its own, and tell of its end."""

        def watch() -> None:
            try:
                run()
            except BaseException as error:  # noqa: BLE001 -- raised where it is read
                self.put(Ended(error))
            else:
                self.put(Ended(None))

        thread = threading.Thread(target=watch, name="guide-watch", daemon=True)
        thread.start()
        return thread


def _read(descriptor: int) -> bytes | None:
    """Return what was typed; None at the end, or where the terminal is gone."""
    try:
        return os.read(descriptor, READ_BYTES) or None
    except OSError:
        return None
