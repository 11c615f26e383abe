"""The four verdicts on a mail, as values of which no wrong one can be built.

A link or a code exists only inside a `SignInAttempt`, and that only inside a
`Recognised` verdict: no proof, no link (contract §3).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from watcher.recognition.claim import Claim, Kind
from watcher.recognition.reasons import Reason


@dataclass(frozen=True, slots=True)
class Approval:
    """The mail asks to approve or deny on Amazon's page behind `link`."""

    kind: ClassVar = Kind.APPROVAL
    link: str = field(repr=False)

    @property
    def secret(self) -> str:
        """The link."""
        return self.link


@dataclass(frozen=True, slots=True)
class Code:
    """The mail holds a verification code to type in; its only link denies."""

    kind: ClassVar = Kind.CODE
    code: str = field(repr=False)

    @property
    def secret(self) -> str:
        """The code."""
        return self.code


@dataclass(frozen=True, slots=True)
class Unknown:
    """Amazon's own sign-in mail that is not as known: neither link nor code."""

    kind: ClassVar = Kind.UNKNOWN
    secret: ClassVar[None] = None
    reasons: tuple[Reason, ...] = ()
    """What is not as known: its form, or to whom it was written."""


Content = Approval | Code | Unknown


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


class Result(StrEnum):
    """Result of an authentication (RFC 8601 §2.7.1, what matters of it)."""

    PASS = "pass"  # noqa: S105 -- RFC 8601's word, no password
    FAIL = "fail"
    NONE = "none"
    TEMPERROR = "temperror"


class Authority(StrEnum):
    """Who says so: our own DKIM check, or the provider's pinned field."""

    DKIM = "dkim"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Authentication:
    """What is known of the sender's identity."""

    result: Result
    by: Authority | None
    domain: str | None
    """The domain that the result speaks of: d= (SDID, RFC 6376 §3.5)."""
    detail: str
    """One English clause for people who want to know why."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """An Amazon sign-in attempt whose sender is proved."""

    attempt: SignInAttempt
    authentication: Authentication


@dataclass(frozen=True, slots=True)
class Unverified:
    """Reads like one, nothing speaks against it, but the proof is not complete."""

    claim: Claim
    reasons: tuple[Reason, ...]
    authentication: Authentication


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Passes itself off as Amazon's account mail, and something speaks against it."""

    reasons: tuple[Reason, ...]
    authentication: Authentication
    claim: Claim | None = None
    """What it says, if it fails only as mails fail that were altered on their way."""


@dataclass(frozen=True, slots=True)
class AccountMail:
    """Another mail that Amazon is proved to have written of the account."""

    subject: str
    sign_in: Claim | None = None
    """The sign-in that it reports, if it reports one to the user's own address."""


@dataclass(frozen=True, slots=True)
class NotRelevant:
    """Everything else, Amazon's other genuine mails included."""

    reasons: tuple[Reason, ...]
    authentication: Authentication
    account_mail: AccountMail | None = None


Verdict = Recognised | Unverified | LookAlike | NotRelevant
