"""Watches one account for as long as the program runs, whatever the network does.

    CONNECTING ──DONE──► CATCHING_UP ──DONE──► WATCHING ─┐
      ▲  ▲  │                │                  │  ▲     │ DONE: a wait and a sync
      │  │  └──LOST──┐       │ LOST             │  └─────┘
      │  │           ▼       ▼                  │ LOST
      │  └─DONE── BACKING_OFF ◄─────────────────┘
      └────DONE── REFUSED ◄──REFUSED── CONNECTING

RESUMED leads from everywhere to CONNECTING, STOP from everywhere to STOPPED. The table
below is the whole truth; `run` only walks it. A session belongs to one thread; `stop`,
`sync_now` and `arm` may be called from any other.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from watcher.clock import Resumed, SuspendDetector, utc_now
from watcher.errors import SecretUnavailable, WatcherError
from watcher.events import Cursor, Mode, Report, State, StateChanged
from watcher.imap.account import Account, WatchSettings
from watcher.imap.backoff import Backoff, DelayCap
from watcher.imap.errors import PERMANENT, TRANSIENT, ServerBusy, lost
from watcher.imap.idle import Listener, WaitResult, WatchStrategy, rest, strategy
from watcher.imap.login import log_in
from watcher.imap.sync import AccountSync, MailboxSync
from watcher.imap.transport import Interrupt, Stopped


class Vigil:
    """One logged-in connection: waits on it, and looks after every wait."""

    def __init__(
        self,
        mailbox_sync: MailboxSync,
        account_sync: AccountSync,
        listener: Listener,
        settings: WatchSettings,
    ) -> None:
        self._connection = mailbox_sync.connection
        self._account_sync = account_sync
        self._listener = listener
        self._settings = settings
        self._since = time.monotonic()
        self.strategy: WatchStrategy = strategy(
            settings.mode, self._connection.capabilities
        )

    @property
    def lived_s(self) -> float:
        """Return the seconds since login."""
        return time.monotonic() - self._since

    def initial_sync(self) -> None:
        """Look at every mailbox as far back as may be needed."""
        self._account_sync.initial_sync()

    def wait_and_look(self, *, longest_s: float) -> bool:
        """Wait for news, then look; return whether the attention changed.

        Args:
            longest_s: bound of a poll from outside.
        """
        result = self._wait(longest_s)
        found_mail = self._account_sync.fetch_new()
        before = self.strategy
        self.strategy = before.after(result, found_mail=found_mail)
        return self.strategy.reason is not before.reason

    def _wait(self, longest_s: float) -> WaitResult:
        is_push = self.strategy.mode is Mode.PUSH
        poll_s = min(self._settings.poll_interval.total_seconds(), longest_s)
        seconds = self._settings.timeouts.idle_interval_s if is_push else poll_s
        if self.strategy.may_idle:
            return self._listener.push(seconds=seconds)
        return self._listener.rest(seconds=seconds)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


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
"""Where a one-shot session ends."""
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
        is_one_shot: bool = False,
    ) -> None:
        """Prepare, without touching the network.

        Args:
            account: who logs in where.
            cursors: how far each mailbox is known, by name.
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
        self._is_one_shot = is_one_shot
        self._interrupt = Interrupt()
        self._suspend = SuspendDetector()
        self._backoff = Backoff()
        self._state = State.CONNECTING
        self._error: WatcherError | None = None
        self._last_trouble = ""
        self._wait_s = 0.0
        self._vigil: Vigil | None = None
        self._delay_cap = DelayCap(settings.timeouts)

    def stop(self) -> None:
        """End `run` at once, wherever it is."""
        self._interrupt.stop()

    def sync_now(self) -> None:
        """Look at the mailboxes, or try to connect, without waiting any longer."""
        self._interrupt.call()

    def arm(self, lasting: timedelta) -> None:
        """Expect a mail: poll and try again more quickly for so long, and look now."""
        self._delay_cap.arm(lasting)
        self._interrupt.call()

    def run(self) -> None:
        """Watch until `stop`; no trouble with network or server ends this.

        A one-shot session ends by itself, and tells its error with `STOPPED`.
        """
        self._tell()
        try:
            while self._state is not State.STOPPED:
                self._enter(TRANSITIONS[self._state][self._work()])
        finally:
            self._hang_up()
            self._interrupt.close()

    def _enter(self, state: State) -> None:
        is_told_error = state in RESTING
        if self._is_one_shot and state in WAITING:
            state = State.STOPPED
        is_other, self._state = state is not self._state, state
        if is_other:
            self._tell(self._error if is_told_error else None)

    def _work(self) -> Outcome:
        """Do what the state is there for."""
        try:
            self._WORK[self._state](self)
        except Stopped:
            return Outcome.STOP
        except Resumed:
            return self._hurry()
        except PERMANENT as error:
            return self._be_refused(error)
        except TRANSIENT as error:
            return self._lose(error)
        except Exception as error:  # noqa: BLE001 -- a bug must not end the watch
            # Its text could hold what stands in a mail.
            logger.error(
                "account=%s a bug: %s", self.account.name, type(error).__name__
            )
            return self._lose(lost(error, self.account.host))
        return Outcome.DONE

    def _connect(self) -> None:
        timeouts = self._settings.timeouts
        connection = log_in(self.account, interrupt=self._interrupt, timeouts=timeouts)
        mailbox_sync = MailboxSync(
            account=self.account.name,
            connection=connection,
            settings=self._settings,
            is_candidate=self._is_candidate,
            report=self._report,
        )
        account_sync = AccountSync(
            self.account, mailbox_sync, cursors=self._cursors, tell_missing=self._tell
        )
        listener = Listener(
            connection,
            interrupt=self._interrupt,
            timeouts=timeouts,
            on_tick=self._suspend.check_tick,
        )
        self._vigil = Vigil(mailbox_sync, account_sync, listener, self._settings)

    def _initial_sync(self) -> None:
        self._here.initial_sync()
        self._last_trouble = ""

    def _watch(self) -> None:
        if self._suspend.has_resumed():
            raise Resumed
        if self._here.wait_and_look(longest_s=self._delay_cap.longest_s):
            self._tell()

    def _rest(self) -> None:
        if self._suspend.has_resumed():
            raise Resumed
        tick_s = self._settings.timeouts.tick_s
        rest(
            self._interrupt,
            seconds=self._wait_s,
            tick_s=tick_s,
            on_tick=self._suspend.check_tick,
        )

    _WORK: ClassVar[Mapping[State, Callable[["Session"], None]]] = {
        State.CONNECTING: _connect,
        State.CATCHING_UP: _initial_sync,
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
            is_server_busy=isinstance(error, ServerBusy),
            longest=self._delay_cap.longest_s,
        )
        # The same trouble at every try of a long outage is no news.
        is_news = str(error) != self._last_trouble
        self._last_trouble = str(error)
        level = logging.WARNING if is_news else logging.DEBUG
        logger.log(level, "account=%s %s", self.account.name, error)
        return Outcome.LOST

    def _be_refused(self, error: WatcherError) -> Outcome:
        timeouts = self._settings.timeouts
        is_locked = isinstance(error, SecretUnavailable)
        self._error = error
        self._wait_s = (
            timeouts.secret_delay_s if is_locked else timeouts.refused_delay_s
        )
        logger.error("account=%s %s", self.account.name, error)
        return Outcome.REFUSED

    def _hurry(self) -> Outcome:
        """The machine woke up: what was open is dead, and time has gone by."""
        self._hang_up()
        self._suspend.reset()
        self._backoff = Backoff()
        self._delay_cap.resume()
        return Outcome.RESUMED

    def _tell(self, error: WatcherError | None = None) -> None:
        is_watching = self._state is State.WATCHING
        strategy = self._vigil.strategy if self._vigil and is_watching else None
        next_try_at = utc_now() + timedelta(seconds=self._wait_s)
        change = StateChanged(
            account=self.account.name,
            state=self._state,
            at=utc_now(),
            mode=strategy.mode if strategy else None,
            mode_reason=strategy.reason if strategy else None,
            error=error,
            next_try_at=next_try_at if self._state in RESTING else None,
        )
        level = logging.DEBUG if self._state in STEPS else logging.INFO
        logger.log(level, "account=%s state=%s", self.account.name, self._state)
        self._report(change)
