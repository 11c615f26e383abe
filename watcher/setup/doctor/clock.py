"""Checks this machine's clock: by the server's, by proved mails, by the system."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from watcher.clock import utc_now
from watcher.errors import ConnectionLost, MailboxMissing
from watcher.i18n import Text
from watcher.imap.connection import Connection
from watcher.imap.server_clock import clock_ahead_s
from watcher.setup.doctor.report import (
    Finding,
    Sentence,
    failed,
    passed,
    skipped,
    warned,
)
from watcher.timing.error import ClockError


@dataclass(frozen=True, slots=True)
class KnownClock:
    """What is known of the clock without asking a mail server."""

    learned: Callable[[], ClockError | None]
    """What proved mails have taught, as the event log holds it."""
    is_synchronised: Callable[[], bool | None]
    """Whether the system takes it for right; None: it does not tell."""


def check_clock(
    connection: Connection, mailboxes: Iterable[str], known: KnownClock
) -> Finding:
    """Compare the clock with the server's, where that can be had."""
    with suppress(MailboxMissing, ConnectionLost):
        for mailbox in mailboxes:
            connection.examine(mailbox)
            ahead_s = clock_ahead_s(connection, utc_now)
            if ahead_s is not None:
                return _wrong(ClockError(ahead_s)) if ahead_s else passed(_SAME)
    return machine_clock(known)


def machine_clock(known: KnownClock) -> Finding:
    """Return what is known of the clock where no server can be asked."""
    learned = known.learned()
    if learned is not None:
        return _wrong(learned)
    match known.is_synchronised():
        case True:
            return passed(_KEPT)
        case False:
            return warned(_NOT_KEPT, _REMEDY)
        case None:
            return skipped(_UNKNOWN)


def _wrong(error: ClockError) -> Finding:
    return failed(Sentence.of(_WRONG, error=error.text), _REMEDY)


_SAME = Text(
    en="This computer's clock agrees with the mail server's.",
    ja="このパソコンの時計は、メールサーバーの時計と合っています。",
)
_KEPT = Text(
    en="The system keeps this computer's clock right by a time server.",
    ja="このパソコンの時計は、システムが自動で合わせています。",
)
_NOT_KEPT = Text(
    en="The system does not set this computer's clock by a time server.",
    ja="このパソコンの時計は、自動では合わせられていません。",
)
_WRONG = Text(
    en="This computer's clock is {error}: the time left would be wrong.",
    ja="このパソコンの時計が{error}。残り時間が正しく出せません。",
)
_UNKNOWN = Text(
    en="There is nothing here to compare the clock with.",
    ja="時計を比べるものがありません。",
)
_REMEDY = Text(
    en="Switch on the automatic time in this computer's settings, or set it right.",
    ja="このパソコンの設定で時刻の自動設定を有効にするか、時刻を合わせてください。",
)
