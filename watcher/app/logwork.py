"""Does what needs the event log: now, or later where the log cannot be used now.

A log that another program locks, or a full disk, must hold up neither the user nor the
mails behind: what it did not take is owed, and tried again in its order. A log that was
damaged, moved or deleted is got over.
"""

import logging
from collections import deque
from collections.abc import Callable
from datetime import timedelta

from watcher.app.logfile import LogFile
from watcher.clock import monotonic_s
from watcher.errors import JournalBusy, JournalDamaged, JournalUnusable, WatcherError

logger = logging.getLogger(__name__)

REST = 10
"""After reading what is alive, how many times as long not to read it again."""

Work = Callable[[], None]
"""What writes or reads the event log."""


class LogWork:
    """What is done with the log, and what it did not take yet.

    Without a `file` this is a command beside the daemon: a log that has to be repaired,
    or stays out of use, ends it.
    """

    def __init__(
        self,
        file: LogFile | None,
        *,
        alert_after: timedelta,
        on_trouble: Callable[[WatcherError], None],
        on_stuck: Callable[[WatcherError], None],
        on_changed: Work,
        on_begun_anew: Work = lambda: None,
    ) -> None:
        """Prepare.

        Args:
            file: the log's file, if this program is to get over what becomes of it.
            alert_after: how long the log may be out of use before `on_stuck`.
            on_trouble: called once each time that the log cannot be used.
            on_stuck: called once if that goes on.
            on_changed: called when the program goes on with another file.
            on_begun_anew: called before that, if it is a new one, and not all that was
                in the damaged one is in it.
        """
        self._file = file
        self._alert_after_s = alert_after.total_seconds()
        self._on_trouble, self._on_stuck = on_trouble, on_stuck
        self._on_changed, self._on_begun_anew = on_changed, on_begun_anew
        self._owed: deque[Work] = deque()
        self._trouble_since_s: float | None = None
        self._is_alerted = False
        self._remember_s = 0.0

    @property
    def is_owed(self) -> bool:
        """Whether something is still to be done."""
        return bool(self._owed)

    @property
    def is_in_trouble(self) -> bool:
        """Whether the log did not take something since it was in use last."""
        return self.is_owed or self._trouble_since_s is not None

    def do(self, work: Work, *, in_order: bool = False) -> None:
        """Do it, or owe it; `in_order`: not before what is owed already."""
        if (in_order and self._owed) or not self.try_to(work):
            self._owed.append(work)

    def pay(self) -> bool:
        """Do what is owed, in its order, until the log fails; return whether all is."""
        while self._owed and self.try_to(self._owed[0]):
            self._owed.popleft()
        return not self._owed

    def try_to(self, work: Work) -> bool:
        """Do it; return whether the log took it.

        Raises:
            JournalUnusable: without a file, at once.
            JournalBusy: without a file, after `alert_after`.
        """
        try:
            work()
        except (JournalBusy, JournalUnusable) as error:
            logger.warning("%s", error)
            if isinstance(error, JournalDamaged) and self._get_over(error):
                return self.try_to(work)
            self._note(error)
            return False
        return True

    def check_file(self) -> None:
        """Go on with the file that is at the log's path now, if it is another one."""
        if self._file is not None and self._file.check():
            self._on_changed()

    def remember(self) -> None:
        """Keep what the program would have to go on from with another file.

        Of many live attempts it takes a while, and is done the less often.
        """
        began_s = monotonic_s()
        if self._file is not None and began_s >= self._remember_s:
            self._file.remember()
            ended_s = monotonic_s()
            self._remember_s = ended_s + REST * (ended_s - began_s)

    def note_success(self) -> bool:
        """Note that the log can be used; return whether the user was told otherwise."""
        was_alerted = self._is_alerted
        self._trouble_since_s, self._is_alerted = None, False
        return was_alerted

    def _get_over(self, error: JournalDamaged) -> bool:
        """Return whether the program goes on with a new log."""
        if self._file is None:
            return False
        try:
            self._file.begin_anew(error)
        except (JournalBusy, JournalUnusable):
            return False
        self._on_begun_anew()
        self._on_changed()
        return True

    def _note(self, error: WatcherError) -> None:
        """Tell of the trouble, and alert the user once if it goes on."""
        if self._file is None and isinstance(error, JournalUnusable):
            raise error  # the user has to repair it: there is nothing to wait for
        now_s = monotonic_s()
        if self._trouble_since_s is None:
            self._trouble_since_s = now_s
            self._on_trouble(error)
        if now_s - self._trouble_since_s < self._alert_after_s:
            return
        if self._file is None:
            raise error
        if not self._is_alerted:
            self._is_alerted = True
            self._on_stuck(error)
