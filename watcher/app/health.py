"""How well each account is watched: noted for `status`, notified when it is not.

The notes go to the event log, where `watcher status` finds them, also when the daemon
is down.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from math import inf
from typing import Any

from watcher.app.judging import FromAccount, Judged, NotJudged
from watcher.app.notifier import Notifier
from watcher.app.places import IS_BLIND
from watcher.clock import iso, monotonic_s
from watcher.events import (
    AccountRef,
    AlertReceived,
    EventName,
    MailboxSynced,
    State,
    StateChanged,
)
from watcher.i18n import Language
from watcher.journal.log import Journal
from watcher.notify import trouble

BLIND_AFTER = timedelta(seconds=90)
"""A third of the five minutes a user has: later than this, help comes too late."""

STUCK_AFTER = timedelta(minutes=15)
"""Every wait of a session is bounded, all of one try together by less than this."""

SYNC_NOTED_EVERY_S = 600.0
"""How far the last look may be ahead of what the log has of it: a disk is to rest."""


class Health:
    """Notes what the sessions report of every account."""

    def __init__(
        self,
        journal: Journal,
        notifier: Notifier,
        clock_s: Callable[[], float] = monotonic_s,
    ) -> None:
        self._clock_s = clock_s
        self._journal = journal
        self._notifier = notifier
        self._last_sync_s: dict[str, float] = {}
        self._heard_s: dict[str, float] = {}
        """When each session last reported; in a pause, when it is to go on."""
        self._noted_s: dict[str, float] = {}
        """When the log last took what is known of each account."""
        self._blind: set[str] = set()
        """Of which the user was told."""
        self._logged: set[str] = set()
        """Of which the event log has taken it."""
        self._refused: set[str] = set()
        self._known: dict[str, dict[str, Any]] = {}

    def start(self, accounts: Iterable[str]) -> None:
        """Start the time in which the first sync of each account is due."""
        self._last_sync_s = dict.fromkeys(accounts, self._clock_s())
        self._heard_s = dict(self._last_sync_s)

    def hear(self, report: FromAccount, *, waited_s: float = 0.0) -> None:
        """Note that a session works, whatever the event log takes.

        `waited_s` is how many seconds ago it reported.
        """
        now_s = self._clock_s() - waited_s
        match report:
            case Judged(origin=origin) | NotJudged(origin=origin):
                self._heard_s[origin.account] = now_s
            case StateChanged(account=account, state=State.STOPPED):
                self._heard_s.pop(account, None)
            case StateChanged(account=account, next_try_at=datetime() as next_try_at):
                pause_s = (next_try_at - report.at).total_seconds()
                self._heard_s[account] = now_s + pause_s
            case MailboxSynced(account=account):
                self._heard_s[account] = self._last_sync_s[account] = now_s
            case StateChanged(account=account) | AlertReceived(account=account):
                self._heard_s[account] = now_s

    def is_any_stuck(self) -> bool:
        """Return whether a session has not reported for `STUCK_AFTER`.

        One whose server cannot be reached does, at each try.
        """
        oldest_s = self._clock_s() - STUCK_AFTER.total_seconds()
        return any(heard_s < oldest_s for heard_s in self._heard_s.values())

    @property
    def due_in_s(self) -> float:
        """Return in how many seconds an account may have to be told as blind."""
        oldest_s = min(
            (
                last_s
                for account, last_s in self._last_sync_s.items()
                if account not in self._logged
            ),
            default=inf,
        )
        return oldest_s + BLIND_AFTER.total_seconds() - self._clock_s()

    def note_sync(self, synced: MailboxSynced, now: datetime) -> None:
        """Store that an account was synced; notify that it recovered if it was blind.

        When it was synced was heard.
        """
        account = synced.account
        ago_s = self._clock_s() - self._last_sync_s[account]
        if account in self._blind:
            self._blind.discard(account)
            self._notifier.notify(partial(trouble.recovered, account), now)
        if account in self._logged:
            self._log(EventName.RECOVERED, account, now)
            self._logged.discard(account)
        was_blind = self._of(account).pop(IS_BLIND, False)
        self._of(account)["last_look_at"] = iso(now - timedelta(seconds=ago_s))
        noted_s = self._noted_s.get(account)
        if (
            was_blind
            or noted_s is None
            or self._clock_s() - noted_s >= SYNC_NOTED_EVERY_S
        ):
            self._put(account, {})

    def note_state(self, change: StateChanged) -> None:
        """Note a state; notify once of a refused login until the next good one."""
        error, next_try_at = change.error, change.next_try_at
        facts = {
            "state": change.state,
            "since": iso(change.at),
            "mode": change.mode,
            "mode_reason": change.mode_reason,
            "error": error and {one.value: error.say(one) for one in Language},
            "next_try_at": next_try_at and iso(next_try_at),
        }
        self._put(change.account, facts)
        if change.state is State.CATCHING_UP and change.account in self._refused:
            self._refused.discard(change.account)
            self._notifier.withdraw(trouble.account_id(change.account), change.at)
        if change.state is State.REFUSED and change.account not in self._refused:
            self._refused.add(change.account)
            self._notifier.notify(
                partial(trouble.login_refused, change.account, why=error), change.at
            )

    def expect_login(self, accounts: Collection[str], now: datetime) -> None:
        """Tell again of a login that is refused, now that something was put right."""
        for account in self._refused.intersection(accounts):
            self._refused.discard(account)
            self._notifier.withdraw(trouble.account_id(account), now)

    def tick(self, now: datetime) -> None:
        """Notify once of each account that was not synced for `BLIND_AFTER`."""
        for account, last_s in self._last_sync_s.items():
            blind_s = self._clock_s() - last_s
            if blind_s <= BLIND_AFTER.total_seconds():
                continue
            if account not in self._blind:
                self._blind.add(account)
                self._notify_blind(account, now - timedelta(seconds=blind_s), now)
            if account not in self._logged:
                error = self._of(account).get("error")
                self._log(EventName.BLIND, account, now, error and error[Language.EN])
                self._logged.add(account)
                self._put(account, {IS_BLIND: True})

    def _notify_blind(self, account: str, since: datetime, now: datetime) -> None:
        if account not in self._refused:  # else the user was told, and why
            self._notifier.notify(partial(trouble.blind, account, since=since), now)

    def _put(self, account: str, facts: Mapping[str, Any]) -> None:
        known = self._of(account)
        known.update(facts)
        self._journal.put_session(account, known)
        self._noted_s[account] = self._clock_s()

    def _of(self, account: str) -> dict[str, Any]:
        return self._known.setdefault(account, {})

    def _log(
        self, name: EventName, account: str, now: datetime, detail: str | None = None
    ) -> None:
        self._journal.append(name, at=now, about=AccountRef(account), detail=detail)
