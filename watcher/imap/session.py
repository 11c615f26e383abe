"""Watches one account for as long as the program runs, whatever the network does.

    CONNECTING ──DONE──► CATCHING_UP ──DONE──► WATCHING ─┐
      ▲  ▲  │                │                  │  ▲     │ DONE: a wait and a sync
      │  │  └──LOST──┐       │ LOST             │  └─────┘
      │  │           ▼       ▼                  │ LOST
      │  └─DONE── BACKING_OFF ◄─────────────────┘
      └────DONE── REFUSED ◄──REFUSED── CONNECTING

RESUMED leads from everywhere to CONNECTING, STOP from everywhere to STOPPED. A one-shot
session is STOPPED where another would begin to wait: instead of WATCHING, BACKING_OFF
and REFUSED. The tables below hold all transitions; `run` only follows them. A session
belongs to one thread; `stop`, `arm`, `disarm`, `retry` and `check_clock` may be called
from any other.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from watcher.clock import Resumed, SuspendDetector, utc_now
from watcher.errors import MailboxRefused, SecretUnavailable, WatcherError
from watcher.events import (
    AlertReceived,
    Cursor,
    Mode,
    ModeReason,
    Report,
    State,
    StateChanged,
)
from watcher.imap import errors
from watcher.imap.account import Account, WatchSettings
from watcher.imap.alerts import AlertFilter
from watcher.imap.backoff import Backoff, DelayCap, Trouble
from watcher.imap.connection import Connection
from watcher.imap.history import ConnectionHistory
from watcher.imap.idle import Waiter, WaitResult, WatchStrategy, strategy
from watcher.imap.login import log_in
from watcher.imap.mailbox_sync import MailboxSync
from watcher.imap.progress import AccountMemory
from watcher.imap.sync import AccountSync
from watcher.imap.transport import Interrupt, Stopped

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
WAITING = {State.WATCHING, *RESTING}

ONE_SHOT_TRANSITIONS: Mapping[State, Mapping[Outcome, State]] = {
    state: {
        outcome: State.STOPPED if following in WAITING else following
        for outcome, following in ways.items()
    }
    for state, ways in TRANSITIONS.items()
    if state not in WAITING
}
"""It logs in and syncs every mailbox once; its error is told with STOPPED."""

STEPS = {State.CONNECTING, State.CATCHING_UP, State.BACKING_OFF}
"""Logged at DEBUG: on the way to WATCHING, or to another try."""


class Session:
    """The state machine of one account."""

    def __init__(
        self,
        account: Account,
        *,
        cursors: Mapping[str, Cursor],
        report: Callable[[Report], None],
        is_candidate: Callable[[bytes], bool],
        settings: WatchSettings,
        is_one_shot: bool = False,
    ) -> None:
        """Prepare, without touching the network.

        Args:
            account: the login, the server and the mailboxes.
            cursors: up to where each mailbox was synced, by name.
            report: called in the session's thread; must return soon.
            is_candidate: whether a mail with this header may be an attempt.
            settings: what all accounts share.
            is_one_shot: end after the first sync, or the first failure.
        """
        self.account = account
        self._cursors = dict(cursors)
        self._report = report
        self._is_candidate = is_candidate
        self._settings = settings
        self._transitions = ONE_SHOT_TRANSITIONS if is_one_shot else TRANSITIONS
        self._interrupt = Interrupt()
        self._suspend = SuspendDetector()
        self._waiter = Waiter(self._interrupt, self._suspend.check_wait)
        self._backoff = Backoff()
        self._delay_cap = DelayCap(settings.timeouts)
        self._state = State.CONNECTING
        self._error: WatcherError | None = None
        self._logged_error = ""
        self._delay_s = 0.0
        self._history = ConnectionHistory()
        self._alerts = AlertFilter()
        self._memory = AccountMemory()
        self._open_sync: AccountSync | None = None
        self._logged_in_at = 0.0
        self._strategy = WatchStrategy(ModeReason.NOT_OFFERED)

    def stop(self) -> None:
        """End `run` at once, in whatever state."""
        self._interrupt.stop()

    def arm(self, lasting: timedelta) -> None:
        """Expect a mail: cap polls and delays for so long, and sync at once."""
        self._delay_cap.arm(lasting)
        self._interrupt.call()

    def disarm(self) -> None:
        """Expect no mail any more."""
        self._delay_cap.disarm()

    def retry(self) -> None:
        """Log in again at once where it rests; where it watches, sync at once."""
        self._interrupt.call()

    def check_clock(self) -> None:
        """Look at the clocks where it waits: the machine may have been suspended."""
        self._interrupt.wake()

    def run(self) -> None:
        """Watch until `stop`; no error of network or server ends this.

        A one-shot session ends by itself.
        """
        self._tell()
        try:
            while self._state is not State.STOPPED:
                self._step()
        finally:
            self._close()
            self._interrupt.close()

    def _step(self) -> None:
        """Do the work of the current state, and go on to the next; tell of a change."""
        outcome = self._work()
        before = self._state
        self._state = self._transitions[before][outcome]
        if self._state is not before:
            has_failed = outcome in {Outcome.LOST, Outcome.REFUSED}
            self._tell(self._error if has_failed else None)

    def _work(self) -> Outcome:
        """Do the work of the current state."""
        try:
            if self._state in WAITING and self._suspend.has_resumed():
                return self._resume()
            self._WORK[self._state](self)
        except Stopped:
            return Outcome.STOP
        except Resumed:
            return self._resume()
        except WatcherError as error:
            return self._fail(error)
        except Exception as error:  # noqa: BLE001 -- a bug must not end the watch
            # Its text could hold text of a mail.
            logger.error(
                "account=%s a bug: %s", self.account.name, type(error).__name__
            )
            return self._fail(errors.lost(error, self.account.host))
        return Outcome.DONE

    def _connect(self) -> None:
        connection = log_in(
            self.account,
            interrupt=self._interrupt,
            timeouts=self._settings.timeouts,
            history=self._history,
            on_alert=self._tell_alert,
        )
        mailbox_sync = MailboxSync(
            account=self.account.name,
            connection=connection,
            settings=self._settings,
            is_candidate=self._is_candidate,
            report=self._report,
            memory=self._memory,
            is_armed=lambda: self._delay_cap.is_armed,
        )
        self._open_sync = AccountSync(
            self.account,
            mailbox_sync,
            cursors=self._cursors,
            tell_missing=self._tell,
            tell_refused=self._tell,
        )
        self._logged_in_at = time.monotonic()
        self._strategy = self._first_strategy(connection)

    def _first_strategy(self, connection: Connection) -> WatchStrategy:
        now_s = time.monotonic()
        return strategy(
            self._settings.mode,
            connection.capabilities,
            is_idle_avoided=self._waiter.losses.is_avoided(now_s),
            is_idle_refused=self._waiter.refusals.is_avoided(now_s),
        )

    def _initial_sync(self) -> None:
        self._sync.initial_sync()
        self._logged_error = ""

    def _watch(self) -> None:
        """Wait, then sync whatever the wait returned; tell a changed mode."""
        before, connection = self._strategy, self._sync.connection
        seconds = self._wait_s(before.mode)
        if before.may_idle:
            renew_s = self._renew_s()
            look = self._sync.begin_look
            result = self._waiter.idle(connection, seconds, look, renew_s=renew_s)
        else:
            result = self._waiter.poll(seconds)
            connection.noop()
        is_announced = result is WaitResult.ANNOUNCED
        found_mail = self._sync.fetch_new(is_pushed=is_announced)
        # an announcement that takes longer than a short IDLE is not missed
        is_missed = found_mail and seconds >= self._settings.timeouts.idle_interval_s
        self._strategy = before.after(result, is_missed=is_missed)
        if before.reason in {ModeReason.BROKEN_OFF, ModeReason.REFUSED}:
            self._strategy = self._first_strategy(connection)
        if self._strategy.reason is not before.reason:
            self._tell()

    def _wait_s(self, mode: Mode) -> float:
        """Return the longest that a wait may take now."""
        timeouts = self._settings.timeouts
        if mode is Mode.POLL:
            poll_s = self._settings.poll_interval.total_seconds()
            return min(poll_s, self._delay_cap.longest_s)
        if self._delay_cap.is_armed and not self._sync.is_told_of_all:
            return min(timeouts.idle_interval_s, timeouts.armed_look_s)
        return timeouts.idle_interval_s

    def _renew_s(self) -> float:
        """Return how soon an IDLE is answered again, if the server is still there."""
        timeouts = self._settings.timeouts
        if self._delay_cap.is_armed:
            return timeouts.armed_renew_s
        return timeouts.renew_interval_s

    def _rest(self) -> None:
        self._waiter.rest(self._delay_s)

    _WORK: ClassVar[Mapping[State, Callable[["Session"], None]]] = {
        State.CONNECTING: _connect,
        State.CATCHING_UP: _initial_sync,
        State.WATCHING: _watch,
        State.BACKING_OFF: _rest,
        State.REFUSED: _rest,
    }

    @property
    def _sync(self) -> AccountSync:
        if self._open_sync is None:
            raise AssertionError("only CONNECTING leads to the states that sync")
        return self._open_sync

    def _close(self) -> None:
        if self._open_sync is not None:
            self._backoff.outlived(time.monotonic() - self._logged_in_at)
            self._open_sync.connection.close()
        self._open_sync = None

    def _resume(self) -> Outcome:
        """Drop the connection after a suspend: the server has given it up."""
        self._close()
        self._suspend.reset()
        self._backoff = Backoff()
        self._delay_cap.resume()
        return Outcome.RESUMED

    def _fail(self, error: WatcherError) -> Outcome:
        """Close the connection, choose the delay before the next try, log the error."""
        self._close()
        self._error = error
        self._delay_s = self._choose_delay(error)
        logger.log(self._level(error), "account=%s %s", self.account.name, error)
        is_permanent = isinstance(error, errors.PERMANENT)
        return Outcome.REFUSED if is_permanent else Outcome.LOST

    def _level(self, error: WatcherError) -> int:
        """Return how an error is logged: the same at every try stands out once."""
        is_new = str(error) != self._logged_error
        self._logged_error = str(error)
        if not is_new or isinstance(error, errors.SessionExpired):
            return logging.DEBUG
        is_permanent = isinstance(error, errors.PERMANENT)
        return logging.ERROR if is_permanent else logging.WARNING

    def _choose_delay(self, error: WatcherError) -> float:
        """Return the seconds until the next try after an error."""
        timeouts = self._settings.timeouts
        match error:
            case SecretUnavailable():
                return timeouts.secret_delay_s
            case errors.PasswordDoubted():
                delays_s = timeouts.doubted_delays_s
                count = self._history.password.refusal_count
                return self._soon(delays_s[min(count, len(delays_s)) - 1])
            case _ if isinstance(error, errors.PERMANENT):
                is_doubted = self._history.password.refusal_count > 0
                delay_s = timeouts.refused_delay_s
                return self._soon(delay_s) if is_doubted else delay_s
            case _:
                named_s = (
                    error.wait_s if isinstance(error, errors.ServerThrottles) else 0
                )
                delay_s = self._backoff.delay(
                    time.monotonic(),
                    _trouble(error),
                    longest=self._delay_cap.longest_s,
                )
                return max(delay_s, self._soon(named_s))

    def _soon(self, delay_s: float) -> float:
        """Shorten a delay that the server is owed while a sign-in is expected."""
        longest_s = self._settings.timeouts.armed_login_delay_s
        return min(delay_s, longest_s) if self._delay_cap.is_armed else delay_s

    def _tell_alert(self, words: str) -> None:
        """Report what the server wants the user to know, once."""
        if self._alerts.is_news(words):
            logger.warning("account=%s alert: %s", self.account.name, words)
            self._report(
                AlertReceived(account=self.account.name, at=utc_now(), words=words)
            )

    def _tell(self, error: WatcherError | None = None) -> None:
        is_watching, now = self._state is State.WATCHING, utc_now()
        next_try_at = now + timedelta(seconds=self._delay_s)
        change = StateChanged(
            account=self.account.name,
            state=self._state,
            at=now,
            mode=self._strategy.mode if is_watching else None,
            mode_reason=self._strategy.reason if is_watching else None,
            error=error,
            next_try_at=next_try_at if self._state in RESTING else None,
        )
        level = logging.DEBUG if self._state in STEPS else logging.INFO
        logger.log(level, "account=%s state=%s", self.account.name, self._state)
        self._report(change)


def _trouble(error: WatcherError) -> Trouble:
    match error:
        case errors.NotConnected():
            return Trouble.UNCONNECTED
        case errors.ServerBusy() | MailboxRefused():
            return Trouble.BUSY
        case _:
            return Trouble.BROKEN
