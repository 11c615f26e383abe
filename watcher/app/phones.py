"""Which phone is told of which attempt, and what stays true there.

An account has its own phone, or the one for all, so that nobody in a household gets
another's link. A phone gets each attempt once, then the reminders in its place, and in
between the time left without a sound; it is taken back at the answer and the end.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watcher.app.desktop import Words
from watcher.app.phone import Phone, Pushed, PushRequest
from watcher.clock import monotonic_s
from watcher.events import Attempt, EventName
from watcher.i18n import Language
from watcher.notify.push import (
    Pusher,
    PushMessage,
    flood,
    flood_key,
    key_of,
    message,
    report,
)

ATTEMPTS_AN_HOUR = 20
"""More would be a flood: the phone has told of it by then."""

HOUR_S = 3600.0

STALE_AFTER = timedelta(hours=1)
"""How long a phone that could not be reached is still told of a flood."""

REFRESH_EVERY = timedelta(seconds=55)
"""How often the time left counts down there: each time costs an exchange."""


@dataclass(frozen=True, slots=True)
class Route:
    """How an account's attempts get to a phone."""

    pusher: Pusher
    is_linked: bool
    """Whether the message holds the approval link."""
    only_expected: bool
    """Whether the phone is told only while the user expects a sign-in."""


@dataclass(slots=True)
class _Sent:
    """A message that is on a phone, as far as is known."""

    phone: Phone
    attempt: Attempt
    at: datetime


@dataclass(slots=True)
class _Line:
    """A route, its phone, and when it was told of attempts in the last hour."""

    route: Route
    phone: Phone
    began_s: deque[float] = field(default_factory=deque)

    def is_flooded(self) -> bool:
        """Note one more attempt; return whether it is one too many."""
        now_s = monotonic_s()
        while self.began_s and now_s - self.began_s[0] > HOUR_S:
            self.began_s.popleft()
        if len(self.began_s) >= ATTEMPTS_AN_HOUR:
            return True
        self.began_s.append(now_s)
        return False


class Phones:
    """The phones of all accounts."""

    def __init__(
        self,
        routes: Mapping[str, Route],
        language: Language,
        report: Callable[[Pushed], None] = lambda _: None,
        *,
        open_phone: Callable[[Pusher, Callable[[Pushed], None]], Phone] = Phone,
    ) -> None:
        """Prepare; `routes` by the accounts' names, of which several may share one."""
        self._language = language
        self._phones = {
            route.pusher: open_phone(route.pusher, report) for route in routes.values()
        }
        self._lines = {
            account: _Line(route, self._phones[route.pusher])
            for account, route in routes.items()
        }
        self._sent: dict[int, _Sent] = {}

    @contextmanager
    def running(self) -> Iterator["Phones"]:
        """Let the phones' threads end in the end; none of them delays it."""
        try:
            yield self
        finally:
            for phone in self._phones.values():
                phone.end()

    @property
    def are_any(self) -> bool:
        """Whether there is a phone to be told of anything."""
        return bool(self._phones)

    @property
    def are_showing(self) -> bool:
        """Whether something is on a phone, as far as is known."""
        return bool(self._sent)

    def has(self, attempt: Attempt) -> bool:
        """Return whether a phone is to be told of this account's attempts."""
        return attempt.origin.account in self._lines

    def wait(self, seconds: float) -> bool:
        """Wait so long, at most, for all that was asked for to be tried once."""
        end_s = monotonic_s() + seconds
        waits = [
            phone.wait(max(0.0, end_s - monotonic_s()))
            for phone in self._phones.values()
        ]
        return all(waits)

    def tell(
        self,
        attempt: Attempt,
        words: Words,
        now: datetime,
        *,
        is_armed: bool,
        confirms: EventName | None = None,
        tells: frozenset[int] = frozenset(),
    ) -> None:
        """Tell the account's phone of an attempt; `words` are those of the desktop.

        What was told already is told again only to remind.
        """
        line = self._line(attempt, is_armed=is_armed)
        if line is None:
            return
        sent = self._sent.get(attempt.id)
        is_new = sent is None or sent.attempt.kind is not attempt.kind
        if not is_new and confirms is not EventName.REMINDED:
            return
        if is_new and line.is_flooded():
            return
        self._send(line, attempt, words, now, confirms=confirms, tells=tells)

    def tell_flood(
        self,
        newest: Attempt,
        count: int,
        now: datetime,
        *,
        is_armed: bool,
        tells: frozenset[int] = frozenset(),
    ) -> None:
        """Tell the account's phone of a flood of attempts, of which this is one."""
        line = self._line(newest, is_armed=is_armed)
        if line is None:
            return
        words = flood(newest.origin.account, count, self._language)
        line.phone.ask(
            PushRequest(
                key=words.key,
                now=now,
                words=lambda at: words if at - now < STALE_AFTER else None,
                about=newest,
                confirms=EventName.NOTIFIED,
                tells=tells,
            )
        )

    def withdraw_flood(self, account: str, now: datetime) -> None:
        """Take back what the phone was told of a flood: it was the user."""
        if line := self._lines.get(account):
            line.phone.ask(PushRequest(key=flood_key(account), now=now))

    def adopt(self, attempt: Attempt, now: datetime) -> None:
        """Treat what an earlier program has sent as sent by this one."""
        line = self._lines.get(attempt.origin.account)
        if line is not None:
            line.phone.adopt(key_of(attempt))
            self._sent[attempt.id] = _Sent(line.phone, attempt, now)

    def refresh(self, attempt: Attempt, words: Words, now: datetime) -> None:
        """Let the time left count down there, without a sound, where that can be."""
        sent = self._sent.get(attempt.id)
        line = self._lines.get(attempt.origin.account)
        if sent is None or line is None or not line.route.pusher.replaces:
            return
        if abs(now - sent.at) >= REFRESH_EVERY:
            self._send(line, attempt, words, now, is_urgent=False)

    def withdraw(self, attempt_id: int, now: datetime) -> None:
        """Take what the phone was told of an attempt back."""
        if sent := self._sent.pop(attempt_id, None):
            sent.phone.ask(PushRequest(key=key_of(sent.attempt), now=now))

    def tell_reported(
        self,
        attempt: Attempt,
        at: datetime,
        now: datetime,
        tells: frozenset[int] = frozenset(),
    ) -> None:
        """Say that Amazon reports a sign-in of then, where the phone knows of it.

        It stands in the attempt's place, and is not taken back.
        """
        sent = self._sent.pop(attempt.id, None)
        if sent is None:
            return

        def word(now: datetime) -> PushMessage | None:
            is_over = attempt.expires_at <= now  # the mail has told it long ago
            return None if is_over else report(attempt, at, self._language)

        sent.phone.ask(
            PushRequest(key=key_of(attempt), now=now, words=word, tells=tells)
        )

    def keep(
        self, attempt_ids: Collection[int], now: datetime, account: str | None = None
    ) -> None:
        """Take back what is over, and proved attempts that are none of these.

        Look at those of one account, or of all (None).
        """
        for attempt_id, sent in list(self._sent.items()):
            if account not in (None, sent.attempt.origin.account):
                continue
            is_proved = sent.attempt.kind is not None
            is_gone = is_proved and attempt_id not in attempt_ids
            if is_gone or sent.attempt.expires_at <= now:
                self.withdraw(attempt_id, now)

    def _line(self, attempt: Attempt, *, is_armed: bool) -> _Line | None:
        """Return the line on which an attempt is to be told now; None if on none."""
        line = self._lines.get(attempt.origin.account)
        is_silent = line is not None and line.route.only_expected and not is_armed
        return None if is_silent else line

    def _send(
        self,
        line: _Line,
        attempt: Attempt,
        words: Words,
        now: datetime,
        *,
        confirms: EventName | None = None,
        tells: frozenset[int] = frozenset(),
        is_urgent: bool = True,
    ) -> None:
        def word(at: datetime) -> PushMessage | None:
            shown = words(at)
            if shown is None or attempt.expires_at <= at:
                return None
            return message(
                attempt,
                shown,
                at=at,
                language=self._language,
                is_linked=line.route.is_linked,
                is_urgent=is_urgent,
            )

        self._sent[attempt.id] = _Sent(line.phone, attempt, now)
        line.phone.ask(
            PushRequest(
                key=key_of(attempt),
                now=now,
                words=word,
                about=attempt,
                confirms=confirms,
                tells=tells,
                is_refresh=not is_urgent,
            )
        )
