"""The only door to time: aware UTC for what is told, monotonic for what is waited."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

Now = Callable[[], datetime]
"""A clock that tells aware UTC; the core takes instants, only the edge takes clocks."""


def utc_now() -> datetime:
    """Return the current instant, aware, in UTC."""
    return datetime.now(UTC)


def monotonic_s() -> float:
    """Return seconds on a clock that is never set; it may stand still in suspend."""
    return time.monotonic()


def iso(instant: datetime) -> str:
    """Return an instant as the contract writes it: ISO 8601 in UTC, with `Z`."""
    text = instant.astimezone(UTC).isoformat(timespec="seconds")
    return text.replace("+00:00", "Z")


def local_time(instant: datetime) -> str:
    """Return the user's clock time of an instant, `HH:MM:SS`."""
    return instant.astimezone().strftime("%H:%M:%S")
