"""Counts connections that were lost in the same way, one after the other.

A server, or what stands in between, may bear something ill: say BYE to each IDLE, drop
what follows the end of one, or answer nothing. After enough losses that is avoided for
a while; then one more loss is enough for the next while.
"""

AVOIDED_S = 30 * 60.0
"""How long something is avoided."""

LOST_SEGMENTS = 2


class Losses:
    """Counts losses of one kind; the clock is the caller's, and always the same."""

    def __init__(self, enough: int) -> None:
        self._enough = enough
        self._count = 0
        self._avoided_until_s = 0.0

    def note_good(self) -> None:
        """Note that it went well."""
        self._count = 0

    def note_loss(self, now_s: float) -> None:
        """Note that the connection was lost by it."""
        self._count += 1
        if self._count >= self._enough:
            self._count = self._enough - 1
            self._avoided_until_s = now_s + AVOIDED_S

    def is_avoided(self, now_s: float) -> bool:
        """Return whether to do without it."""
        return now_s < self._avoided_until_s


class SegmentLosses:
    """Counts the segments of several commands (RFC 3501 §5.5) that were not answered.

    Such as a look, or the renewal of an IDLE.
    """

    def __init__(self, enough: int = LOST_SEGMENTS) -> None:
        self._losses = Losses(enough)
        self._is_unanswered = False

    def may_begin(self, now_s: float) -> bool:
        """Return whether to send them in one segment: it is lost until answered."""
        if self._is_unanswered:
            self._losses.note_loss(now_s)
        self._is_unanswered = not self._losses.is_avoided(now_s)
        return self._is_unanswered

    def note_answer(self, *, is_behind_idle: bool) -> None:
        """Note the answers; a segment alone says nothing of those behind IDLE."""
        self._is_unanswered = False
        if is_behind_idle:
            self._losses.note_good()
