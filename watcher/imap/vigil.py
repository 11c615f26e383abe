"""Keeps watch over one connection, from login to loss."""

import time

from watcher.events import Mode
from watcher.imap.attention import Attention, attention
from watcher.imap.look import Looker
from watcher.imap.push import Heard, Listener
from watcher.imap.rounds import Rounds
from watcher.imap.settings import WatchSettings


class Vigil:
    """One logged-in connection: waits on it, and looks after every wait."""

    def __init__(
        self,
        looker: Looker,
        rounds: Rounds,
        listener: Listener,
        settings: WatchSettings,
    ) -> None:
        self._connection = looker.connection
        self._rounds = rounds
        self._listener = listener
        self._settings = settings
        self._since = time.monotonic()
        self.attention: Attention = attention(
            settings.mode, self._connection.capabilities
        )

    @property
    def lived_s(self) -> float:
        """Return the seconds since login."""
        return time.monotonic() - self._since

    def catch_up(self) -> None:
        """Look at every mailbox as far back as may be needed."""
        self._rounds.catch_up()

    def wait_and_look(self, *, longest_s: float) -> bool:
        """Wait for news, then look; return whether the attention changed.

        Args:
            longest_s: bound of a poll from outside.
        """
        heard = self._wait(longest_s)
        found_mail = self._rounds.look()
        before = self.attention
        self.attention = before.after(heard, found_mail=found_mail)
        return self.attention.reason is not before.reason

    def _wait(self, longest_s: float) -> Heard:
        is_push = self.attention.mode is Mode.PUSH
        poll_s = min(self._settings.poll_interval.total_seconds(), longest_s)
        seconds = self._settings.bounds.slice_s if is_push else poll_s
        if self.attention.may_idle:
            return self._listener.push(seconds=seconds)
        return self._listener.rest(seconds=seconds)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
