"""Tells on standard error what `watcher run` does, each thing once.

A connection that is lost and back at once is one line, and a failure that repeats is
told when it begins. Whatever becomes of the terminal, the daemon goes on: lines are
printed by a thread of their own, for a terminal may be closed or held by Ctrl-S.
"""

import logging
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Self, TypeVar

from watcher.app.pipeline import Observed
from watcher.app.places import PHONE
from watcher.cli import narrate
from watcher.cli.narrate import Line
from watcher.cli.terminal import fitted
from watcher.clock import utc_now
from watcher.errors import WatcherError
from watcher.events import (
    AlertReceived,
    AnyEvent,
    Attempt,
    EventName,
    Mode,
    ModeReason,
    State,
    StateChanged,
)
from watcher.i18n import Language

T = TypeVar("T")
logger = logging.getLogger(__name__)

BRIEF = timedelta(seconds=1)
"""A try that comes so soon may end the failure before it is worth a line."""

DOUBTFUL_AN_HOUR = 5
"""Anybody can send such mails; more lines than this would be a flood of theirs."""

HOUR = timedelta(hours=1)
LAST_LINES_S = 0.2
"""How long the end waits for lines that are not printed yet."""


TYPED = frozenset(
    {
        *(EventName.OPENED, EventName.OPEN_FAILED, EventName.COPIED),
        *(EventName.NOT_ME, EventName.OUTCOME, EventName.ARMED, EventName.DISARMED),
    }
)
"""What the user does by other programs: `watcher open` in another window."""

_APP = logging.getLogger("watcher.app")
_LOG = ("event log", "")


class Printer:
    """Prints lines on standard error; never raises, never waits for the terminal."""

    def __init__(self, language: Language, *, is_quiet: bool) -> None:
        self._language = language
        self._is_quiet = is_quiet
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._print, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.put(None)
        self._thread.join(LAST_LINES_S)

    def print(self, line: Line) -> None:
        """Print a line soon, unless the user wants quiet."""
        if line.is_urgent or not self._is_quiet:
            self._lines.put(line.say(self._language))

    def _print(self) -> None:
        while (line := self._lines.get()) is not None:
            # OSError: closed terminal or pipe, full disk; ValueError: closed stream
            with suppress(OSError, ValueError):
                print(fitted(line, sys.stderr), file=sys.stderr, flush=True)


class BugHandler(logging.Handler):
    """Tells of what `watcher.app` logs as an error: bugs that it survives."""

    def __init__(self, tell: Callable[[Line], None]) -> None:
        super().__init__(logging.ERROR)
        self._tell = tell

    def __enter__(self) -> Self:
        _APP.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        _APP.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Tell a person; the record itself is for developers."""
        self._tell(narrate.bug_line(utc_now()))


class Narrator:
    """Chooses what to tell, knowing what was told; of the daemon's thread."""

    def __init__(
        self,
        tell: Callable[[Line], None],
        *,
        accounts: Sequence[str],
        is_mute: bool,
        tells_first: bool = True,
    ) -> None:
        """Prepare.

        Args:
            tell: prints a line.
            accounts: the names of those that are watched.
            is_mute: the user wants no notifications.
            tells_first: whether it is news that a first connection succeeds.
        """
        self._tell = tell
        self._accounts = accounts
        self._is_mute = is_mute
        self._unasked = set[str]() if tells_first else {*accounts}
        """Accounts whose connection is told only after something was wrong."""
        self._connected: dict[str, tuple[Mode | None, ModeReason | None]] = {}
        self._failures: dict[tuple[str, str], str] = {}
        self._held: set[str] = set()
        self._on_screen: set[int] = set()
        """Attempts of whose notification on the screen was told."""
        self._on_no_screen: set[int] = set()
        """Attempts that were told themselves, as no channel showed them."""
        self._missing: set[tuple[str, str]] = set()
        self._doubtful: dict[EventName, deque[datetime]] = {
            name: deque(maxlen=DOUBTFUL_AN_HOUR)
            for name in (EventName.UNVERIFIED, EventName.LOOK_ALIKE)
        }

    def on_event(self, event: AnyEvent) -> None:
        """Tell of an event that was logged."""
        self._guard(self._event, event)

    def on_other(self, event: AnyEvent) -> None:
        """Tell of an event that another program has logged, if it is the user's act."""
        if event.event in TYPED:
            self.on_event(event)

    def on_unshown(self, attempt: Attempt) -> None:
        """Tell of a live attempt itself that no channel shows, once."""
        self._guard(self._unshown, attempt)

    def observe(self, observed: Observed) -> None:
        """Tell of an account's state where it is news."""
        if isinstance(observed, StateChanged):
            self._guard(self._state, observed)
        elif isinstance(observed, AlertReceived):
            self._guard(self._tell, narrate.alert_line(observed))

    def on_trouble(self, error: WatcherError) -> None:
        """Tell that the event log cannot be written."""
        self._guard(self._log_trouble, error)

    def on_config(self, error: WatcherError | None) -> None:
        """Tell what is wrong with the configuration as saved; None: it is put right."""
        self._guard(self._config, error)

    def forget(self, accounts: Collection[str]) -> None:
        """Tell again how these accounts are watched, and why they are not."""
        for account in accounts:
            self._failures.pop(("account", account), None)
            self._connected.pop(account, None)

    def go_on(self, *, accounts: Sequence[str], is_mute: bool) -> None:
        """Tell that another configuration was taken up, and go by it."""
        self.forget(self._accounts)
        self._unasked.clear()
        self._accounts, self._is_mute = accounts, is_mute
        self._tell(narrate.reloaded_line(", ".join(accounts), utc_now()))

    def on_log_changed(self, why: WatcherError) -> None:
        """Tell what became of the event log."""
        self._guard(self._tell, narrate.log_line(why, utc_now()))

    @staticmethod
    def _guard(narrate_one: Callable[[T], None], what: T) -> None:
        try:
            narrate_one(what)
        # A line that cannot be told must cost no notification.
        except Exception as error:  # noqa: BLE001
            logger.error("a bug: %s", type(error).__name__)

    def _event(self, event: AnyEvent) -> None:
        self._failures.pop(_LOG, None)  # it was written
        line: Line | None
        match event.event, event.about:
            case EventName.STARTED, _:
                line = narrate.started_line(event, ", ".join(self._accounts))
            case EventName.ATTEMPT, Attempt() as attempt if self._is_mute:
                line = narrate.unshown_line(attempt, event.at)
            case _:
                line = narrate.event_line(event)
        if line and self._is_news(event):
            self._tell(line)

    def _unshown(self, attempt: Attempt) -> None:
        if attempt.id not in self._on_no_screen:
            self._on_no_screen.add(attempt.id)
            self._tell(narrate.unshown_line(attempt, utc_now()))

    def _is_news(self, event: AnyEvent) -> bool:
        channel, _, error = (event.detail or "").partition(":")
        about_id = event.about.id if isinstance(event.about, Attempt) else 0
        match event.event:
            case EventName.NOTIFY_FAILED:
                return self._is_new_failure(("channel", channel), error)
            case EventName.NOTIFIED | EventName.REMINDED:
                self._failures.pop(("channel", channel), None)
                if channel == PHONE:  # beside the screen, the log alone tells of it
                    return about_id not in self._on_screen
                self._on_screen.add(about_id)
            case EventName.EXPIRED:
                self._on_screen.discard(about_id)
                self._on_no_screen.discard(about_id)
            case EventName.UNVERIFIED | EventName.LOOK_ALIKE:
                return not self._is_flood(event)
            case _:
                pass
        return True

    def _is_flood(self, event: AnyEvent) -> bool:
        recent = self._doubtful[event.event]
        if len(recent) == DOUBTFUL_AN_HOUR and event.at - recent[0] < HOUR:
            return True
        recent.append(event.at)
        return False

    def _is_new_failure(self, of: tuple[str, str], error: str) -> bool:
        is_new = self._failures.get(of) != error
        self._failures[of] = error
        return is_new

    def _state(self, change: StateChanged) -> None:
        if change.error:
            self._failure(change, change.error)
        elif change.state is State.WATCHING:
            self._watching(change)

    def _watching(self, change: StateChanged) -> None:
        account, how = change.account, (change.mode, change.mode_reason)
        is_again = account in self._held
        if account in self._unasked:
            self._unasked.discard(account)
        elif is_again or self._connected.get(account) != how:
            self._tell(narrate.connected_line(change, is_again=is_again))
        self._held.discard(account)
        self._connected[account] = how
        self._failures.pop(("account", account), None)

    def _failure(self, change: StateChanged, error: WatcherError) -> None:
        account = change.account
        self._unasked.discard(account)
        if change.next_try_at is None:  # a mailbox is missing, told at each connection
            is_new = (account, str(error)) not in self._missing
            self._missing.add((account, str(error)))
        elif self._is_brief(change, change.next_try_at):
            self._held.add(account)
            return
        else:
            self._connected.pop(account, None)
            self._held.discard(account)
            is_new = self._is_new_failure(("account", account), str(error))
        if is_new:
            self._tell(narrate.failure_line(change, error))

    def _is_brief(self, change: StateChanged, next_try_at: datetime) -> bool:
        was_connected = change.account in self._connected
        is_lost = change.state is State.BACKING_OFF
        return was_connected and is_lost and next_try_at - change.at < BRIEF

    def _config(self, error: WatcherError | None) -> None:
        if error is None:
            self._tell(narrate.config_good_line(utc_now()))
        else:
            for line in narrate.config_lines(error, utc_now()):
                self._tell(line)

    def _log_trouble(self, error: WatcherError) -> None:
        if self._is_new_failure(_LOG, str(error)):
            self._tell(narrate.trouble_line(error, utc_now()))
