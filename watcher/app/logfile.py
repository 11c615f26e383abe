"""Keeps the running program on the one log that every other program sees.

The user may move, delete or replace the file, and a disk may damage it. Then the file
at the path is taken, or a damaged one moved away and a new one begun; what is alive
goes along, and the user is told once.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future

from watcher.clock import call_in_thread, monotonic_s, utc_now
from watcher.errors import JournalDamaged, JournalUnusable
from watcher.i18n import Text
from watcher.journal.log import Content, Journal

VERIFY_EVERY_S = 60.0
"""How often a log that is in use is read as a whole: 4 ms for each MB."""

HOLDS_OPEN_FILES = os.name == "nt"
"""Windows lets nobody move a file that anybody has open."""

ANEW_EVERY_S = 60.0
"""A disk that damages each new log must not be filled with old ones."""


class LogFile:
    """Checks the file of a journal in use, and gets over what became of it."""

    def __init__(
        self,
        journal: Journal,
        on_change: Callable[[JournalUnusable], None],
        keep_lock: Callable[[], None] = lambda: None,
        clock_s: Callable[[], float] = monotonic_s,
    ) -> None:
        """Prepare; `on_change` is called with what became of the log, each once."""
        self._journal = journal
        self._on_change = on_change
        self._keep_lock = keep_lock
        self._clock_s = clock_s
        self._next_s = 0.0
        self._content = journal.content()
        self._verified: Content | None = None
        self._verify_s = clock_s()
        if journal.is_read_at_opening():
            self._note_verified(self._content)
        self._verifying: tuple[Content, Future[None]] | None = None
        """What is read as a whole in a thread of its own, and what comes of it."""
        self._is_suspect = False
        self._set_aside: list[str] = []
        journal.set_aside_odd_rows(self._set_aside.append)

    def check(self) -> bool:
        """Return whether the program goes on with another file from now on.

        Raises:
            JournalDamaged: the file that is in use is damaged.
            JournalBusy, JournalUnusable: it cannot, for now.
            AlreadyRunning: another daemon was quicker at the path.
        """
        self._keep_lock()
        if not self._journal.is_in_place():
            self._reopen()
            return True
        self._verify_if_due()
        if self._set_aside:
            self._journal.restore()
            rows = "; ".join(self._set_aside)
            self._set_aside.clear()
            self._tell(_SET_ASIDE, rows=rows)
        return False

    def remember(self) -> None:
        """Keep in memory what would have to be carried over."""
        if lost := self._journal.remember():
            self._set_aside.append(f"events: {', '.join(map(str, sorted(lost)))}")

    def begin_anew(self, error: JournalDamaged) -> None:
        """Move the damaged file away and go on with a new one.

        Raises:
            JournalDamaged: that was done a moment ago, too, or is to be done later.
            JournalUnusable: it is whole, and of a newer version.
        """
        if self._clock_s() < self._next_s or self._is_held_open():
            raise error
        self._next_s = self._clock_s() + ANEW_EVERY_S
        self._verifying = None
        moved = self._journal.begin_anew(
            f"{utc_now().astimezone():.damaged-%Y%m%d-%H%M%S}"
        )
        self._tell(_BEGUN_ANEW, moved=moved.name)

    def _is_held_open(self) -> bool:
        """Return whether the file cannot be moved, since it is read as a whole."""
        is_read = self._verifying is not None and not self._verifying[1].done()
        return is_read and HOLDS_OPEN_FILES

    def _verify_if_due(self) -> None:
        """Read the log as a whole after a change that no program has made.

        Now and then after any other, too: that may have hidden one. A long log takes
        seconds, for which only the former holds up the daemon: the file may be lost.
        """
        content = self._journal.content()
        if content != self._content:
            self._is_suspect |= content.is_touched_since(self._content)
            self._is_suspect |= not self._journal.has_format()
            self._content = content
        if self._is_suspect:
            self._verifying = None
            self._journal.verify()
            self._is_suspect = False
            self._content = self._journal.content()
            self._note_verified(self._content)
        elif self._verifying is None:
            if self._clock_s() >= self._verify_s and content != self._verified:
                verifying = call_in_thread(self._journal.verification())
                self._verifying = content, verifying
        elif self._verifying[1].done():
            (content, verifying), self._verifying = self._verifying, None
            self._verify_s = self._clock_s() + VERIFY_EVERY_S
            verifying.result()
            self._note_verified(content)

    def _note_verified(self, content: Content) -> None:
        self._verified = content
        self._verify_s = self._clock_s() + VERIFY_EVERY_S

    def _reopen(self) -> None:
        self._verifying = None
        try:
            self._journal.reopen()
        except JournalDamaged as error:
            self.begin_anew(error)
        else:
            self._tell(_REOPENED)

    def _tell(self, text: Text, **data: object) -> None:
        self._on_change(JournalUnusable(text, path=self._journal.path, **data))


_REOPENED = Text(
    en="The event log {path} was moved, deleted or replaced. watcher goes on with the "
    "file that is there now, or a new one; attempts that are alive were carried over.",
    ja="記録ファイル {path} が移動、削除、または置きかえられました。いまそこにある"
    "ファイル(なければ新しいファイル)で続けます。有効な試行は引きつぎました。",
)
_BEGUN_ANEW = Text(
    en="The event log {path} was damaged. watcher renamed it to {moved} and goes on "
    "with a new one; attempts that are alive were carried over.",
    ja="記録ファイル {path} が壊れていたので、名前を {moved} に変え、新しい記録を"
    "始めました。有効な試行は引きつぎました。",
)
_SET_ASIDE = Text(
    en="The event log {path} held rows that cannot be read: {rows}. watcher set them "
    "aside and goes on.",
    ja="記録ファイル {path} に読めない行がありました: {rows}。その行を除いて続けます。",
)
