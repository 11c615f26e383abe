"""Watches one account for as long as the program runs, whatever the network does.

    CONNECTING ──DONE──► CATCHING_UP ──DONE──► WATCHING ─┐
      ▲  ▲  │                │                  │  ▲     │ DONE: a wait and a look
      │  │  └──LOST──┐       │ LOST             │  └─────┘
      │  │           ▼       ▼                  │ LOST
      │  └─DONE── BACKING_OFF ◄─────────────────┘
      └────DONE── REFUSED ◄──REFUSED── CONNECTING

RESUMED leads from everywhere to CONNECTING, STOP from everywhere to STOPPED. The table
below is the whole truth; `run` only walks it. A session belongs to one thread; `stop`,
`look_now` and `arm` may be called from any other.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from watcher.clock import Resumed, SuspendDetector, utc_now
from watcher.errors import SecretUnavailable, WatcherError
from watcher.events import Cursor, Report, State, StateChanged
from watcher.imap.account import Account
from watcher.imap.backoff import Backoff
from watcher.imap.haste import Haste
from watcher.imap.login import log_in
from watcher.imap.look import Looker
from watcher.imap.push import Listener, rest
from watcher.imap.rounds import Rounds
from watcher.imap.settings import WatchSettings
from watcher.imap.trouble import HOPELESS, PASSING, ToldLater, lost
from watcher.imap.vigil import Vigil
from watcher.imap.wake import Stopped, Wake

logger = logging.getLogger(__name__)


class Outcome(StrEnum):
    """How the work of a state ended."""

    DONE = "done"
    LOST = "lost"
    REFUSED = "refused"
    RESUMED = "resumed"
    STOP = "stop"


_ALWAYS = {Outcome.RESUMED: State.CONNECTING, Outcome.STOP: State.STOPPED}

TRANSITIONS: Mapping[State, Mapping[Outcome, State]] = {
    State.CONNECTING: {
        Outcome.DONE: State.CATCHING_UP,
        Outcome.LOST: State.BACKING_OFF,
        Outcome.REFUSED: State.REFUSED,
        **_ALWAYS,
    },
    State.CATCHING_UP: {
        Outcome.DONE: State.WATCHING,
        Outcome.LOST: State.BACKING_OFF,
        **_ALWAYS,
    },
    State.WATCHING: {
        Outcome.DONE: State.WATCHING,
        Outcome.LOST: State.BACKING_OFF,
        **_ALWAYS,
    },
    State.BACKING_OFF: {Outcome.DONE: State.CONNECTING, **_ALWAYS},
    State.REFUSED: {Outcome.DONE: State.CONNECTING, **_ALWAYS},
    State.STOPPED: {},
}

RESTING = {State.BACKING_OFF, State.REFUSED}
STEPS = {State.CONNECTING, State.CATCHING_UP, State.BACKING_OFF}
"""On the way to being watched, or to another try."""


class Session:
    """The watch over one account."""

    def __init__(
        self,
        account: Account,
        *,
        cursors: Mapping[str, Cursor],
        report: Callable[[Report], None],
        is_candidate: Callable[[bytes], bool],
        settings: WatchSettings,
    ) -> None:
        """Prepare, without touching the network.

        Args:
            account: who logs in where.
            cursors: how far each mailbox is known, by name.
            report: called in the session's thread; must return soon.
            is_candidate: whether a mail with this header may be an attempt.
            settings: what all accounts share.
        """
        self.account = account
        self._cursors = dict(cursors)
        self._report = report
        self._is_candidate = is_candidate
        self._settings = settings
        self._wake = Wake()
        self._suspend = SuspendDetector()
        self._backoff = Backoff()
        self._state = State.CONNECTING
        self._error: WatcherError | None = None
        self._last_trouble = ""
        self._wait_s = 0.0
        self._vigil: Vigil | None = None
        self._haste = Haste(settings.bounds)

    def stop(self) -> None:
        """End `run` at once, wherever it is."""
        self._wake.stop()

    def look_now(self) -> None:
        """Look at the mailboxes, or try to connect, without waiting any longer."""
        self._wake.call()

    def arm(self, lasting: timedelta) -> None:
        """Expect a mail: poll and try again more quickly for so long, and look now."""
        self._haste.arm(lasting)
        self._wake.call()

    def run(self) -> None:
        """Watch until `stop`; no trouble with network or server ends this."""
        self._tell()
        try:
            while self._state is not State.STOPPED:
                self._enter(TRANSITIONS[self._state][self._work()])
        finally:
            self._hang_up()
            self._wake.close()

    def _enter(self, state: State) -> None:
        is_other, self._state = state is not self._state, state
        if is_other:
            self._tell(self._error if state in RESTING else None)

    def _work(self) -> Outcome:
        """Do what the state is there for."""
        try:
            self._WORK[self._state](self)
        except Stopped:
            return Outcome.STOP
        except Resumed:
            return self._hurry()
        except HOPELESS as error:
            return self._be_refused(error)
        except PASSING as error:
            return self._lose(error)
        except Exception as error:  # noqa: BLE001 -- a bug must not end the watch
            # Its text could hold what stands in a mail.
            logger.error(
                "account=%s a bug: %s", self.account.name, type(error).__name__
            )
            return self._lose(lost(error, self.account.host))
        return Outcome.DONE

    def _connect(self) -> None:
        bounds = self._settings.bounds
        connection = log_in(self.account, wake=self._wake, bounds=bounds)
        looker = Looker(
            account=self.account.name,
            connection=connection,
            settings=self._settings,
            is_candidate=self._is_candidate,
            report=self._report,
        )
        rounds = Rounds(
            self.account, looker, cursors=self._cursors, tell_missing=self._tell
        )
        listener = Listener(
            connection, wake=self._wake, bounds=bounds, on_tick=self._suspend.check_tick
        )
        self._vigil = Vigil(looker, rounds, listener, self._settings)

    def _catch_up(self) -> None:
        self._here.catch_up()
        self._last_trouble = ""

    def _watch(self) -> None:
        self._suspend.check_work()
        if self._here.wait_and_look(longest_s=self._haste.longest_s):
            self._tell()

    def _rest(self) -> None:
        self._suspend.check_work()
        tick_s = self._settings.bounds.tick_s
        rest(
            self._wake,
            seconds=self._wait_s,
            tick_s=tick_s,
            on_tick=self._suspend.check_tick,
        )

    _WORK: ClassVar[Mapping[State, Callable[["Session"], None]]] = {
        State.CONNECTING: _connect,
        State.CATCHING_UP: _catch_up,
        State.WATCHING: _watch,
        State.BACKING_OFF: _rest,
        State.REFUSED: _rest,
    }

    @property
    def _here(self) -> Vigil:
        if self._vigil is None:
            raise AssertionError("the table leads here through CONNECTING alone")
        return self._vigil

    def _hang_up(self) -> None:
        if self._vigil is not None:
            self._backoff.outlived(self._vigil.lived_s)
            self._vigil.close()
        self._vigil = None

    def _lose(self, error: WatcherError) -> Outcome:
        self._hang_up()
        self._error = error
        self._wait_s = self._backoff.delay(
            time.monotonic(),
            is_told_later=isinstance(error, ToldLater),
            longest=self._haste.longest_s,
        )
        # The same trouble at every try of a long outage is no news.
        is_news = str(error) != self._last_trouble
        self._last_trouble = str(error)
        level = logging.WARNING if is_news else logging.DEBUG
        logger.log(level, "account=%s %s", self.account.name, error)
        return Outcome.LOST

    def _be_refused(self, error: WatcherError) -> Outcome:
        bounds = self._settings.bounds
        is_locked = isinstance(error, SecretUnavailable)
        self._error = error
        self._wait_s = bounds.locked_s if is_locked else bounds.refused_s
        logger.error("account=%s %s", self.account.name, error)
        return Outcome.REFUSED

    def _hurry(self) -> Outcome:
        """The machine woke up: what was open is dead, and time has gone by."""
        self._hang_up()
        self._suspend.reset()
        self._backoff = Backoff()
        self._haste.resume()
        return Outcome.RESUMED

    def _tell(self, error: WatcherError | None = None) -> None:
        is_watching = self._state is State.WATCHING
        attention = self._vigil.attention if self._vigil and is_watching else None
        next_try_at = utc_now() + timedelta(seconds=self._wait_s)
        change = StateChanged(
            account=self.account.name,
            state=self._state,
            at=utc_now(),
            mode=attention.mode if attention else None,
            mode_reason=attention.reason if attention else None,
            error=error,
            next_try_at=next_try_at if self._state in RESTING else None,
        )
        level = logging.DEBUG if self._state in STEPS else logging.INFO
        logger.log(level, "account=%s state=%s", self.account.name, self._state)
        self._report(change)
