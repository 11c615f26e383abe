"""What a sign-in attempt is, and how long it lives.

A link or a code exists only inside a `SignInAttempt`, and that only inside a
`Recognised` verdict: no proof, no link.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Approval:
    """The mail asks to approve or deny on Amazon's page behind `link`."""

    link: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Code:
    """The mail holds a verification code to type in; its only link denies."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Amazon's own sign-in mail in a form nobody has seen: neither link nor code."""


Content = Approval | Code | Unknown


@dataclass(frozen=True, slots=True)
class Claim:
    """What a mail says of the sign-in; as true as the proof that comes with it."""

    store: str | None
    """Store domain such as `amazon.co.jp`."""
    language: str | None
    """Language of the mail, as a BCP 47 primary subtag."""
    attempted_at: datetime | None
    """The mail's Date field in UTC; None if it cannot be used."""
    device: str | None
    near: str | None
    when: str | None = None
    """The time as Amazon writes it, with its zone in words: for the eye only."""


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """Somebody signs in to Amazon and Amazon asks the user about it."""

    claim: Claim
    content: Content


def expires_at(
    attempted_at: datetime | None, received_at: datetime, window: timedelta
) -> datetime:
    """Return when the link or code dies: never later than arrival plus window.

    The signed Date starts the window; a Date in the future (a clock that is wrong) or
    none at all falls back to the arrival, so that the time left is never overstated.
    """
    return min(attempted_at or received_at, received_at) + window


def time_left(expires_at: datetime, now: datetime) -> timedelta:
    """Return the time in which the user can still act, never negative."""
    return max(expires_at - now, timedelta(0))
