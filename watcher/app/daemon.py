"""The daemon: one queue, one consumer.

A thread for each account, where mails are judged, the scheduler and the desktop's
thread only put values on the queue; this thread alone stores and decides what is told,
so nothing needs a lock, and it waits for nobody. Trouble with network, desktop or disk
never ends it: only `stop` does, and another configuration, which a new one goes on by.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from watcher.app.attempts import AttemptTracker
from watcher.app.changes import ClockWatch, FileWatch
from watcher.app.configfile import ConfigRead, ConfigRefused, PasswordWritten, Taken
from watcher.app.desktop import Shown
from watcher.app.health import Health
from watcher.app.judging import FromAccount, Judged, NotJudged
from watcher.app.logfile import LogFile
from watcher.app.logwork import LogWork, Work
from watcher.app.notifier import Notifier
from watcher.app.phone import Pushed
from watcher.app.pipeline import MailPipeline, Observed
from watcher.app.prune import PRUNE_EVERY, Pruner
from watcher.app.queue import (
    ButtonPressed,
    Changed,
    Deadline,
    EventQueue,
    HandedOver,
    HookFailed,
    Prune,
    QueueItem,
    Remind,
    Scheduler,
    WarmedUp,
)
from watcher.app.reload import Reload
from watcher.app.service_manager import ServiceManager
from watcher.app.silence import Silence
from watcher.clock import call_in_thread, monotonic_s, utc_now
from watcher.errors import JournalBusy, JournalUnusable, WatcherError
from watcher.events import (
    AlertReceived,
    EventName,
    MailboxSynced,
    Origin,
    State,
    StateChanged,
)
from watcher.imap.session import Session
from watcher.journal.files import beside
from watcher.journal.log import Journal
from watcher.notify import trouble

logger = logging.getLogger(__name__)

TICK_S = 1.0
"""How often the daemon ticks, and tries again what the event log did not take."""

QUIET_TICK_S = 60.0
"""The same while nothing goes on, and the system tells of changes."""

BUSY_WAIT_S = 0.05
"""How long the event log is waited for; after that, what is to be done is owed."""

STORED_AT_ONCE = 8
"""Mails of one transaction in a burst: some hundredths of a second of work."""

STOP_WITHIN_S = 1.6
"""How long all sessions together may take to end (contract: clean stop within 2 s)."""

CLEAR_WITHIN_S = 1.2
"""What a slow desktop may take of this, while the sessions end."""

SHOW_WITHIN_S = 10.0
"""What a desktop may take to show what a command beside the daemon has found."""


PUSH_WITHIN_S = 5.0
"""What a push server may take to hear of it, before the command ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonSettings:
    """What the daemon does by itself."""

    remind_at: tuple[timedelta, ...]
    keep: timedelta
    """How long events are kept."""
    hidden: frozenset[str] = frozenset()
    """Environment variables that hold passwords: no other program sees them."""
    alert_after: timedelta = timedelta(seconds=3)
    """How long the event log may be out of use before the user is told."""
    observe: Callable[[Observed], None] = lambda _: None
    """Called in the daemon's thread with the changes of an account's state."""
    on_trouble: Callable[[WatcherError], None] = lambda _: None
    """Called once each time that the event log cannot be written."""
    on_log_changed: Callable[[WatcherError], None] = lambda _: None
    """Called once each time that it goes on with another log, or with less of it."""
    relay: Callable[[Journal, datetime], None] = lambda *_: None
    """Passes on what other programs have logged."""
    keep_lock: Callable[[], None] = lambda: None
    """Takes the lock of the only daemon again where its file was moved or deleted."""
    manager: ServiceManager = field(default_factory=ServiceManager)


class Daemon:
    """Watches accounts until it is told to stop, or all sessions have ended.

    Journal and notifier belong to the thread that calls `run`. Without a `health` this
    is a command beside the daemon: nothing is noted of how the accounts are watched,
    and a bug, or an event log that is or stays out of use, ends it. With a `reload` it
    ends, too, where another configuration is to be taken up.
    """

    def __init__(
        self,
        queue: EventQueue,
        journal: Journal,
        pipeline: MailPipeline,
        notifier: Notifier,
        settings: DaemonSettings,
        health: Health | None,
        reload: Reload | None = None,
    ) -> None:
        self._queue = queue
        self._journal = journal
        self._pipeline = pipeline
        self._notifier = notifier
        self._settings = settings
        self._scheduler = Scheduler(queue.put)
        self._health = health
        self._silence = Silence(journal, notifier) if health else None
        self._reload = reload
        self._ticked_s = self._tick_at_s = 0.0
        self._is_told_of_changes: Callable[[], bool] = lambda: False
        self._attempts = AttemptTracker(
            journal, notifier, self._scheduler, settings.remind_at, settings.hidden
        )
        file = (
            LogFile(journal, self._tell_of_log, settings.keep_lock) if health else None
        )
        self._log = LogWork(
            file,
            alert_after=settings.alert_after,
            on_trouble=settings.on_trouble,
            on_stuck=self._tell_of_stuck_log,
            on_changed=lambda: self._attempts.reschedule(utc_now()),
            on_begun_anew=pipeline.forget_stored,
        )
        self._pruner = Pruner(journal, settings.keep)
        self._sessions: dict[str, Session] = {}
        self._have_all_stopped = False
        self._armed_until: datetime | None = None
        self._with_bugs: set[str] = set()
        """Accounts with a mail that has met a bug."""
        self._next: Taken | None = None

    def run(self, sessions: Sequence[Session]) -> Taken | None:
        """Watch until the queue is asked to stop, or every session has stopped.

        Return the configuration to go on with, if another one is what ended it.

        Raises:
            JournalUnusable: without a `health`.
            JournalBusy: without a `health`, after `alert_after`.
            Exception: without a `health`, a bug in judging a mail.
        """
        self._journal.wait_at_most(BUSY_WAIT_S)
        self._sessions = {session.account.name: session for session in sessions}
        if self._health:
            self._health.start(self._sessions)
        with (
            self._scheduler.running(),
            self._watching_for_changes(sessions),
            _threads(sessions) as stop,
        ):
            try:
                self._work()
            finally:
                stop()
                self._end()
                self._queue.stop()
        self._settle(0)  # `status` learns of the end
        return self._next

    def _work(self) -> None:
        self._log.do(self._begin)
        while not (self._queue.is_stopping or self._is_done() or self._is_reloading()):
            item = self._queue.next(max(0.0, self._tick_at_s - monotonic_s()))
            self._log.try_to(self._log.check_file)
            for synced, waited_s in self._queue.take_syncs():
                self._take(synced, waited_s)
            if isinstance(item, Judged):
                self._take_mails(item)
            elif item is not None:
                self._take(item)
            if self._queue.is_empty():  # in a flood, it would take longer than the rest
                self._log.try_to(self._log.remember)
            if item is not None:  # what is handled may need a tick soon
                soon_s = self._ticked_s + TICK_S
                self._tick_at_s = min(self._tick_at_s, soon_s)
            if monotonic_s() >= self._tick_at_s:
                self._ticked_s = monotonic_s()
                self._tick()
                self._tick_at_s = self._ticked_s + self._tick_every_s()

    def _take_mails(self, first: Judged) -> None:
        """Handle a mail, and those that wait beside it: the disk is waited for once.

        What cannot be stored together is met again where each is handled alone.
        """
        mails = [first, *self._queue.mails_beside(first, STORED_AT_ONCE - 1)]
        if len(mails) > 1 and not self._log.is_owed:
            with suppress(Exception):
                self._pipeline.store(mails, utc_now())
        for mail in mails:
            self._take(mail)

    def _take(self, item: QueueItem, waited_s: float = 0.0) -> None:
        """Handle what was reported so long ago, or owe it."""
        if isinstance(item, FromAccount) and self._health:
            self._health.hear(item, waited_s=waited_s)
        act = partial(self._handle, item)
        self._log.do(act, in_order=isinstance(item, FromAccount))

    def _is_done(self) -> bool:
        """Return whether every session has stopped, and nothing is left to do."""
        is_settled = not (self._log.is_owed or self._notifier.is_busy)
        return self._have_all_stopped and is_settled

    def _is_reloading(self) -> bool:
        """Return whether another round is to begin, and nothing here is left to do."""
        is_settled = not (self._log.is_owed or self._attempts.is_handing_over)
        return bool(self._reload and self._reload.next and is_settled)

    def _tick(self) -> None:
        """Do what is owed, and what is due each second whatever else fails."""
        relay = partial(self._settings.relay, self._journal)
        acts: list[Callable[[datetime], None]] = [
            *(self._attempts.tick, self._pipeline.check_clock),
            *(self._pipeline.move_cursors, self._watch_health, self._arm, relay),
        ]
        acts += [self._silence.tick] if self._silence else []
        works: list[Work] = [partial(act, utc_now()) for act in acts]
        works.append(self._log.check_file)
        is_good = [self._log.pay(), *map(self._log.try_to, works)]
        if all(is_good) and self._log.note_success():
            self._notifier.withdraw(trouble.STUCK_ID, utc_now())
        if not (self._health and self._health.is_any_stuck()):
            self._settings.manager.note_progress()

    def _tick_every_s(self) -> float:
        """Return how soon to tick again, if nothing happens."""
        is_lively = (
            self._attempts.are_alive
            or self._armed_until is not None
            or self._notifier.is_showing
            or self._log.is_in_trouble
        )
        if is_lively or not self._is_told_of_changes():
            return TICK_S
        dues_s = [QUIET_TICK_S, self._settings.manager.due_in_s]
        if self._health:
            dues_s.append(self._health.due_in_s)
        return max(TICK_S, min(dues_s))

    @contextmanager
    def _watching_for_changes(self, sessions: Sequence[Session]) -> Iterator[None]:
        """Let a suspend reach every session, and other programs' changes the queue."""

        def look() -> None:
            for session in sessions:
                session.check_clock()
            self._queue.put(Changed())

        clock = ClockWatch(look)
        path = self._journal.path
        files = FileWatch(
            (path, beside(path, "-wal")), lambda: self._queue.put(Changed())
        )
        self._is_told_of_changes = lambda: clock.is_told and files.is_told
        with clock.running(), files.running():
            yield

    def _begin(self) -> None:
        now = utc_now()
        if self._health:
            self._notifier.prepare(now)
        if self._reload:
            self._reload.start(now)
        self._pipeline.check_clock(now)
        self._attempts.resume(now)

    def _end(self) -> None:
        """Leave nothing stale on the screen, and log the end if it is one."""
        if self._health is None:
            self._notifier.wait_for_phones(PUSH_WITHIN_S)
            self._settle(SHOW_WITHIN_S)
        if self._reload and self._is_reloading() and not self._queue.is_stopping:
            self._next = self._reload.next
        is_last = self._next is None
        if is_last:
            self._settings.manager.note_end()
        with suppress(JournalBusy, JournalUnusable):
            is_told = self._health is not None and is_last
            going = self._notifier.end(utc_now(), is_told=is_told)
            self._settle(CLEAR_WITHIN_S)
            self._notifier.hand_on(going, utc_now())
        if self._health and is_last:
            with suppress(JournalBusy, JournalUnusable):
                self._journal.append(EventName.STOPPED, at=utc_now())

    def _settle(self, seconds: float) -> None:
        """Wait for the desktop, and note what was shown and answered until now.

        Mails in the queue are left: they come again next time.
        """
        self._notifier.wait(seconds)
        for item in self._queue.rest():
            with suppress(JournalBusy, JournalUnusable):
                match item:
                    case Shown() | Pushed() | HandedOver():
                        self._handle(item)
                    case StateChanged() if self._health:
                        self._health.note_state(item)

    def _tell_of_log(self, why: JournalUnusable) -> None:
        self._settings.on_log_changed(why)
        self._notifier.notify(partial(trouble.log_changed, why), utc_now())

    def _tell_of_stuck_log(self, error: WatcherError) -> None:
        self._notifier.notify(partial(trouble.stuck, error), utc_now())

    def _watch_health(self, now: datetime) -> None:
        if self._health:
            self._health.tick(now)

    def _arm(self, now: datetime) -> None:
        """Let the sessions look more often while the user expects a sign-in."""
        armed_until = self._journal.armed_until(now)
        if armed_until == self._armed_until:
            return
        self._armed_until = armed_until
        for session in self._sessions.values():
            if armed_until:
                session.arm(armed_until - now)
            else:
                session.disarm()

    def _handle(self, item: QueueItem) -> None:
        now = utc_now()
        match item:
            case Judged():
                self._process(item, now)
            case NotJudged(origin=origin, bug=bug):
                self._note_bug(origin, bug, now)
            case MailboxSynced():
                self._pipeline.finish_sync(item, now)
                self._attempts.schedule(now)
                if self._health:
                    self._health.note_sync(item, now)
            case StateChanged():
                self._note_state(item)
            case AlertReceived():
                self._tell_alert(item, now)
            case Shown():
                self._notifier.confirm(item, now)
            case Pushed():
                self._notifier.confirm_push(item, now)
            case Remind():
                self._attempts.remind(item, now)
            case Deadline():
                self._attempts.expire(now)
            case ButtonPressed():
                self._attempts.press(item, now)
            case HandedOver():
                self._attempts.finish(item, now)
            case HookFailed(error=error):
                self._notifier.note_hook_failure(error, now)
            case Prune():
                if self._pruner.prune(now):  # the rest behind what comes meanwhile
                    go_on = partial(self._queue.put, item)
                    call_in_thread(self._journal.empty_wal, then=go_on)
            case WarmedUp(bug=Exception() as bug):
                raise bug
            case WarmedUp():
                self._scheduler.every(PRUNE_EVERY, Prune())
            case Changed():
                self._attempts.schedule(now)
            case ConfigRead() | ConfigRefused() | PasswordWritten():
                if self._reload:
                    self._reload.handle(item, self._sessions, now)
        self._queue.make_room(item)

    def _process(self, judged: Judged, now: datetime) -> None:
        try:
            self._pipeline.process(judged, now)
        except WatcherError:
            raise
        except Exception as bug:  # noqa: BLE001 -- the other mails are to be told
            self._note_bug(judged.origin, bug, now)
        self._attempts.schedule(now)

    def _note_bug(self, origin: Origin, bug: Exception, now: datetime) -> None:
        """Go on after a bug that a mail has met, and say so once; a command ends."""
        # Its text could hold what stands in the mail.
        logger.error("%s: a bug: %s", origin, type(bug).__name__)
        if self._health is None:
            raise bug
        if origin.account not in self._with_bugs:
            self._with_bugs.add(origin.account)
            self._notifier.notify(partial(trouble.unexamined, origin.account), now)

    def _tell_alert(self, alert: AlertReceived, now: datetime) -> None:
        self._settings.observe(alert)
        if self._health:  # a command prints it
            words = partial(trouble.alert, alert.account, alert.words)
            self._notifier.notify(words, now)

    def _note_state(self, change: StateChanged) -> None:
        if self._health:
            self._health.note_state(change)
        self._settings.observe(change)
        if change.state is State.STOPPED:
            self._sessions.pop(change.account, None)
            self._have_all_stopped = not self._sessions


@contextmanager
def _threads(sessions: Sequence[Session]) -> Iterator[Callable[[], None]]:
    """Run each session in a thread of its own; give what begins to stop them all.

    Daemon threads: one that hangs in the system's resolver must not hold the exit.
    """
    stopped_s: list[float] = []
    threads = [
        threading.Thread(target=session.run, name=session.account.name, daemon=True)
        for session in sessions
    ]

    def stop() -> None:
        stopped_s.append(time.monotonic())
        for session in sessions:
            session.stop()

    for thread in threads:
        thread.start()
    try:
        yield stop
    finally:
        stop()
        for thread in threads:
            thread.join(max(0.0, stopped_s[0] + STOP_WITHIN_S - time.monotonic()))
