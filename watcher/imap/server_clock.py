"""Compares this machine's clock with the server's.

IMAP has no command for the time. But a server that searches by age (WITHIN, RFC 5032)
goes by its own clock: which ages hold a mail tells how old that is by the server's now,
and with its INTERNALDATE what that now is. Of any other server, a mail that came later
than now proves that this machine's clock is behind, or the server's ahead.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from watcher.imap.connection import Connection
from watcher.imap.opened import SearchRefused

TOLERANCE_S = 30
"""What may lie between the clocks, the search's way there and back included."""

_LONGEST_S = 2**31
"""No mail is older, and servers take no larger number."""

Now = Callable[[], datetime]


def clock_ahead_s(connection: Connection, now: Now) -> float | None:
    """Return by how many seconds this machine's clock is ahead of the server's.

    It is exact to `TOLERANCE_S`, and 0 within that; None: it cannot be compared. The
    newest mail of the mailbox that is open is the measure.

    Raises:
        ConnectionLost: the connection broke.
    """
    uid = connection.opened.last_uid()
    came_at = connection.opened.internal_date(uid) if uid else None
    if came_at is None:
        return None
    age_s = (now() - came_at).total_seconds()
    if connection.opened.has_within:
        try:
            return _compared(connection, uid, age_s, lambda: now() - came_at)
        except SearchRefused:
            connection.opened.has_within = False
    return age_s if age_s < -TOLERANCE_S else None


def _compared(
    connection: Connection, uid: int, age_s: float, age: Callable[[], timedelta]
) -> float:
    def is_younger(seconds: float) -> bool:
        words = ("UID", str(uid), "YOUNGER", str(max(1, int(seconds))))
        return uid in connection.opened.search(*words)

    is_old_enough = age_s <= TOLERANCE_S or not is_younger(age_s - TOLERANCE_S)
    if age_s >= 0 and is_old_enough and is_younger(age_s + TOLERANCE_S):
        return 0.0
    low, high = 0, TOLERANCE_S
    while high < _LONGEST_S and not is_younger(high):
        low, high = high, 2 * high
    while high - low > TOLERANCE_S // 2:
        middle = (low + high) // 2
        low, high = (low, middle) if is_younger(middle) else (middle, high)
    return age().total_seconds() - high
