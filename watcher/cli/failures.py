"""What went wrong with each account while a command has watched it."""

from collections.abc import Iterable, Iterator

from watcher.app.pipeline import Observed
from watcher.errors import (
    ConnectionLost,
    MailboxMissing,
    MailboxRefused,
    MailsUndelivered,
    WatcherError,
)
from watcher.events import MailboxSynced, State, StateChanged
from watcher.i18n import Text


class Failures:
    """The last error of each account that was not put right since."""

    def __init__(self, awaited: Iterable[str] = ()) -> None:
        """Begin; an `awaited` account that is never watched has failed, too."""
        self._awaited = dict.fromkeys(awaited)
        self._errors: dict[str, WatcherError] = {}
        self._undelivered: dict[str, dict[str, int]] = {}
        """How many mails, by account and mailbox."""

    def observe(self, observed: Observed) -> None:
        """Take what the daemon has processed."""
        match observed:
            case StateChanged(account=account, state=State.WATCHING):
                self._awaited.pop(account, None)
            case StateChanged(account=account, error=WatcherError() as error):
                self._errors[account] = error
            case MailboxSynced(account=account, mailbox=mailbox):
                counts = self._undelivered.setdefault(account, {})
                counts[mailbox] = observed.undelivered_count
                kept = MailboxMissing | MailboxRefused
                if not isinstance(self._errors.get(account), kept):
                    self._errors.pop(account, None)
            case _:
                pass

    def all(self) -> list[tuple[str, WatcherError]]:
        """Return accounts with their errors; one account may have two."""
        return [
            *self._errors.items(),
            *self._undelivered_errors(),
            *self._unwatched_errors(),
        ]

    def _unwatched_errors(self) -> Iterator[tuple[str, WatcherError]]:
        """Return an error for each account that was not looked at in time."""
        for account in self._awaited.keys() - self._errors.keys():
            yield account, ConnectionLost(_NOT_LOOKED_AT)

    def _undelivered_errors(self) -> Iterator[tuple[str, WatcherError]]:
        """Return an error for each account with mails that could not be read.

        One of them may be an attempt: "nothing" would be a guess.
        """
        for account, counts in self._undelivered.items():
            if count := sum(counts.values()):
                yield account, MailsUndelivered(_UNDELIVERED, count=count)


_NOT_LOOKED_AT = Text(
    en="The time was over before the mailbox was looked at: wait longer.",
    ja="メールボックスを確認する前に時間が過ぎました。もっと長く待ってください。",
)
_UNDELIVERED = Text(
    en="The server did not deliver {count} of the mails, so they could not be read: "
    "try again in a moment.",
    ja="サーバーから受け取れず、読めなかったメールが {count} 通あります。"
    "しばらくしてから、もう一度実行してください。",
)
