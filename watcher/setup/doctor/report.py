"""What a check found: one line for the user, and for scripts (contract §5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from watcher.i18n import Language, Sayable, Text


class Check(StrEnum):
    """What is checked, in the order of the report. Scripts rely on these names."""

    CONFIGURATION = "configuration"
    PERMISSIONS = "permissions"
    SECRET = "secret"  # noqa: S105 -- the name of a check, no password
    DNS = "dns"
    TLS = "tls"
    LOGIN = "login"
    CAPABILITIES = "capabilities"
    MAILBOXES = "mailboxes"
    ADDRESSES = "addresses"
    CLOCK = "clock"
    DKIM_KEY = "dkim_key"
    NOTIFICATION = "notification"
    BROWSER = "browser"
    LOG = "log"
    SERVICE = "service"
    DISK = "disk"
    PUSH = "push"
    OAUTH = "oauth"


class Verdict(StrEnum):
    """How a check ended; the worst comes last."""

    SKIP = "skip"
    PASS = "pass"  # noqa: S105 -- the contract's word, no password
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text with what stands in its fields."""

    text: Text
    data: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, text: Text, **data: object) -> "Sentence":
        """Return a text with these fields filled."""
        return cls(text, data)

    def say(self, language: Language, /) -> str:
        """Return the sentence in a language."""
        return self.text.say(language, **self.data)


@dataclass(frozen=True, slots=True)
class Sentences:
    """Several sentences, one after the other."""

    parts: tuple[Sayable, ...]

    def say(self, language: Language, /) -> str:
        """Return them in a language."""
        blank = "" if language is Language.JA else " "
        return blank.join(part.say(language) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Finding:
    """How one check ended, and what the user can do about it."""

    verdict: Verdict
    detail: Sayable
    remedy: Sayable | None = None

    @property
    def is_failure(self) -> bool:
        """Whether something does not work."""
        return self.verdict is Verdict.FAIL


def passed(text: Text, **data: object) -> Finding:
    """Return that all is well, and what was found."""
    return Finding(Verdict.PASS, Sentence(text, data))


def skipped(text: Text, **data: object) -> Finding:
    """Return why there was nothing to check."""
    return Finding(Verdict.SKIP, Sentence(text, data))


def warned(detail: Sayable, remedy: Sayable) -> Finding:
    """Return what works, but not as well as it could."""
    return Finding(Verdict.WARN, detail, remedy)


def failed(detail: Sayable, remedy: Sayable) -> Finding:
    """Return what does not work."""
    return Finding(Verdict.FAIL, detail, remedy)


def worst(findings: list[Finding]) -> Finding:
    """Return several findings of one check as one: of the worst verdict, all told."""
    verdict = max((one.verdict for one in findings), key=list(Verdict).index)
    bad = [one for one in findings if one.verdict is verdict]
    remedies = tuple(one.remedy for one in bad if one.remedy is not None)
    details = Sentences(tuple(one.detail for one in bad))
    return Finding(verdict, details, Sentences(remedies) if remedies else None)


@dataclass(frozen=True, slots=True)
class Slot:
    """A line of the report: a check, of an account where it is about one."""

    check: Check
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the report, filled."""

    slot: Slot
    finding: Finding

    def fields(self, language: Language) -> dict[str, object]:
        """Return the line as `doctor --json` prints it."""
        remedy = self.finding.remedy
        return {
            "v": 1,
            "check": self.slot.check.value,
            "account": self.slot.account,
            "verdict": self.finding.verdict.value,
            "detail": self.finding.detail.say(language),
            "remedy": remedy and remedy.say(language),
        }
