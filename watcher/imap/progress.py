"""Remembers how far each mailbox of an account was read, over all its connections.

Pure. A server may name a mail and not deliver it: it stays pending until its window is
over. It may leave a mail out of one search: so each search begins where the mailbox
ended a window ago, and what was read since is known here.
"""

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from watcher.imap.losses import SegmentLosses

PUSH_S = 2.0
"""How long before its announcement a mail may have come, where IDLE works."""

READ_MOST = 500
"""How many mails behind the cursor are searched again at most: some 4 KB of UIDs."""

MARGIN = 10
"""How many UIDs below the oldest mail of the window the first searches begin."""


class LastLooks:
    """When each mailbox of an account was last seen whole, over all connections.

    In seconds since boot (`boottime_s`), before the command was sent.
    """

    def __init__(self) -> None:
        self._began_s: dict[str, float] = {}

    def note(self, mailbox: str, began_s: float) -> None:
        """Note a look that has ended: what it did not show was not there."""
        self._began_s[mailbox] = began_s

    def note_push(self, mailbox: str, announced_s: float) -> None:
        """Note that the server announced new mail: until then it had none."""
        absent_s = self._began_s.get(mailbox)
        if absent_s is not None:
            self._began_s[mailbox] = max(absent_s, announced_s - PUSH_S)

    def absent_s(self, mailbox: str) -> float | None:
        """Return when new mail was certainly not there; None: never looked."""
        return self._began_s.get(mailbox)


@dataclass(frozen=True, slots=True)
class Pending:
    """A mail that the server has named and not delivered yet."""

    named_s: float
    """When it was named first, in seconds since boot."""
    absent_s: float | None
    """When it was certainly not there yet; None: it may have been there for long."""
    is_held: bool = True
    """Whether the next run of the program is to ask for it, too."""


class Progress:
    """Which mails of one mailbox were read, and which are pending.

    Instants are seconds since boot (`boottime_s`). UIDs are those of one UIDVALIDITY.
    """

    def __init__(self, uid_validity: int) -> None:
        self.uid_validity = uid_validity
        self.first_uid_next = 1
        """UIDNEXT at the first sync: of mails below, only those of the window count."""
        self._floor = 1
        self._ends: deque[tuple[float, int]] = deque()
        self._read: set[int] = set()
        self._pending: dict[int, Pending] = {}
        self._abandoned_count = 0

    def restart(self, uid_next: int, recent: Iterable[int]) -> None:
        """Let the next searches begin where one by age has found the first mail.

        Args:
            uid_next: up to where the mailbox reaches.
            recent: the UIDs of the mails that came within the window.
        """
        self.first_uid_next = uid_next
        lowest = min(recent, default=uid_next) - MARGIN
        self._floor = max(lowest, uid_next - READ_MOST, 1)

    @property
    def pending(self) -> list[int]:
        """The UIDs that are pending, the newest first."""
        return sorted(self._pending, reverse=True)

    @property
    def undelivered_count(self) -> int:
        """How many mails were named and not delivered, the abandoned ones included."""
        return len(self._pending) + self._abandoned_count

    def absent_s(self, uid: int) -> float | None:
        """Return when a pending mail was certainly not there yet."""
        return self._pending[uid].absent_s

    def is_pending(self, uid: int) -> bool:
        """Return whether a mail was named and not delivered yet."""
        return uid in self._pending

    def search_from(self, uid_next: int) -> int:
        """Return the lowest UID that the next search must name."""
        return min([uid_next, self._floor, *self._pending])

    def unread(self, named: Iterable[int]) -> list[int]:
        """Return those of the mails that a search named which were not read yet."""
        return [
            uid
            for uid in named
            if uid in self._pending or (uid >= self._floor and uid not in self._read)
        ]

    def add(self, uid: int, pending: Pending) -> None:
        """Note that a mail was named; one that is pending already stays as it was."""
        self._pending.setdefault(uid, pending)

    def keep_named(self, named: Collection[int]) -> None:
        """Forget the pending mails that a search no longer names: they are expunged."""
        for uid in self._pending.keys() - set(named):
            del self._pending[uid]

    def note_read(self, uid: int) -> None:
        """Note that a mail needs no more work."""
        self._pending.pop(uid, None)
        self._read.add(uid)

    def abandon(self, now_s: float, window: timedelta) -> list[int]:
        """Return the UIDs that were pending for a window, and ask for them no more."""
        window_s = window.total_seconds()
        over = [
            uid
            for uid, pending in self._pending.items()
            if now_s - pending.named_s >= window_s
        ]
        for uid in over:
            self.note_read(uid)
        self._abandoned_count += len(over)
        return over

    def note_end(self, uid_next: int, now_s: float, window: timedelta) -> None:
        """Note up to where the mailbox reaches; searches begin a window behind that."""
        if not self._ends or self._ends[-1][1] != uid_next:
            self._ends.append((now_s, uid_next))
        while self._ends and now_s - self._ends[0][0] >= window.total_seconds():
            self._floor = max(self._floor, self._ends.popleft()[1])
        if len(self._read) > READ_MOST:
            self._floor = max(self._floor, sorted(self._read)[-READ_MOST])
        self._read = {uid for uid in self._read if uid >= self._floor}

    def safe_uid_next(self, uid_next: int) -> int:
        """Return up to where nothing is pending that the next run is to ask for."""
        held = [uid for uid, pending in self._pending.items() if pending.is_held]
        return min([uid_next, *held])


@dataclass(slots=True)
class AccountMemory:
    """What is known of the mailboxes of one account, over all its connections."""

    looks: LastLooks = field(default_factory=LastLooks)
    progress: dict[str, Progress] = field(default_factory=dict)
    bad_lines: set[str] = field(default_factory=set)
    """Lines of LIST without sense that were logged."""
    look_losses: SegmentLosses = field(default_factory=SegmentLosses)

    def begin(self, mailbox: str, uid_validity: int, *, is_known: bool) -> Progress:
        """Return the progress of a mailbox; a new one unless its UIDs still hold."""
        progress = self.progress.get(mailbox)
        if progress is None or not is_known or progress.uid_validity != uid_validity:
            progress = self.progress[mailbox] = Progress(uid_validity)
        return progress
