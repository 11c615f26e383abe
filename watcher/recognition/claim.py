"""What a sign-in mail offers and what it says, as values that are kept and told."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What a recognised mail offers the user."""

    APPROVAL = "approval"
    CODE = "code"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a mail says of the sign-in; as true as the proof that comes with it."""

    store: str | None = None
    """Store domain such as `amazon.co.jp`."""
    language: str | None = None
    """Language of the mail, as a BCP 47 primary subtag."""
    attempted_at: datetime | None = None
    """The mail's Date field in UTC; None if it cannot be used."""
    device: str | None = None
    near: str | None = None
    recipient: str | None = None
    """To whom it was written, where that is none of the user's addresses."""
    written_to: str | None = field(default=None, compare=False, repr=False)
    """To whom in any case; not kept in the event log."""
