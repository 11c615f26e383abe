"""Decides how the account learns of new mail: push, or polls, and says why.

Pure. A server that offers IDLE is believed until a scan twice in a row finds mail that
a whole IDLE kept silent about; then the account is polled, still in IDLE, so that a
server which comes to its senses is believed again.
"""

from dataclasses import dataclass, replace

from watcher.events import Mode, ModeReason
from watcher.imap.push import Heard
from watcher.imap.settings import WatchMode

MISSES = 2


@dataclass(frozen=True, slots=True)
class Attention:
    """How the account is watched now."""

    reason: ModeReason
    misses: int = 0

    @property
    def mode(self) -> Mode:
        """Push or poll."""
        return Mode.PUSH if self.reason is ModeReason.OFFERED else Mode.POLL

    @property
    def may_idle(self) -> bool:
        """Return whether to wait in IDLE, be it only in hope."""
        return self.reason in {ModeReason.OFFERED, ModeReason.SILENT}

    def after(self, heard: Heard, *, found_mail: bool) -> "Attention":
        """Return what follows from one wait and the scan behind it."""
        match heard:
            case Heard.NO_IDLE:
                return Attention(ModeReason.REFUSED)
            case Heard.NEWS:
                return Attention(ModeReason.OFFERED)
            case Heard.NOTHING if found_mail and self.may_idle:
                return self._missed()
            case Heard.NOTHING | Heard.CALLED:
                return self

    def _missed(self) -> "Attention":
        if self.misses + 1 < MISSES:
            return replace(self, misses=self.misses + 1)
        return Attention(ModeReason.SILENT)


def attention(wanted: WatchMode, capabilities: frozenset[str]) -> Attention:
    """Return how to begin, after login told what the server can do."""
    if wanted is WatchMode.POLL:
        return Attention(ModeReason.CONFIGURED)
    if "IDLE" not in capabilities:
        return Attention(ModeReason.NOT_OFFERED)
    return Attention(ModeReason.OFFERED)
