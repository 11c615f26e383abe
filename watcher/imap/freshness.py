"""Knows how long a mail can have lain there that the last look did not find.

The mail's INTERNALDATE may say otherwise for two reasons: the clock of this machine is
wrong, or the mail is older and was moved here. A clock that was right for an earlier
mail is right for this one.
"""

from datetime import timedelta

from watcher.clock import boottime_s

CLOCKS_APART = timedelta(seconds=30)
"""Ages of two mails found at once that differ by less speak of the same clocks."""


class Freshness:
    """What the looks over one connection tell of the mails that they find."""

    def __init__(self) -> None:
        self._began_s: dict[str, float] = {}
        self._least_age = timedelta.max

    def begin(self, mailbox: str, at_s: float) -> None:
        """A look at a mailbox is done, which began at `boottime_s()` = `at_s`."""
        self._began_s[mailbox] = at_s

    def forget(self, mailbox: str) -> None:
        """The mails that come next may have lain there for long."""
        self._began_s.pop(mailbox, None)

    def note(self, mailbox: str, age: timedelta) -> None:
        """A mail of this age by INTERNALDATE was found."""
        if mailbox in self._began_s:
            self._least_age = min(self._least_age, age)

    def max_age(self, mailbox: str, age: timedelta) -> timedelta | None:
        """Return how long a mail can lie there at most; None if nobody knows."""
        began_s = self._began_s.get(mailbox)
        was_clock_right = self._least_age < age - CLOCKS_APART
        if began_s is None or was_clock_right:
            return None
        return timedelta(seconds=boottime_s() - began_s)
