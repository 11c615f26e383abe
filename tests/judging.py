"""Judges the tests' mails with the tests' keys."""

from tests.samples import records
from watcher.dkim import memory_lookup, verifier
from watcher.recognition.judge import Policy, Verify, classify
from watcher.recognition.verdict import (
    Approval,
    Code,
    LookAlike,
    NotRelevant,
    Reason,
    Recognised,
    SignInAttempt,
    Unknown,
    Unverified,
    Verdict,
)

VERIFY = verifier(memory_lookup(records()))
ANYTHING = Policy()


def judged(
    raw: bytes, *, policy: Policy = ANYTHING, verify: Verify = VERIFY
) -> Verdict:
    """Return the verdict on a mail."""
    return classify(raw, verify=verify, policy=policy).verdict


def attempt(raw: bytes, *, policy: Policy = ANYTHING) -> SignInAttempt:
    """Return the attempt in a mail that must be recognised."""
    verdict = judged(raw, policy=policy)
    assert isinstance(verdict, Recognised), verdict
    return verdict.attempt


def link(raw: bytes) -> str:
    """Return the approval link of a mail that must have one."""
    content = attempt(raw).content
    assert isinstance(content, Approval), content
    return content.link


def code(raw: bytes) -> str:
    """Return the code of a mail that must have one."""
    content = attempt(raw).content
    assert isinstance(content, Code), content
    return content.code


def is_unknown(raw: bytes) -> bool:
    """Tell whether a mail is recognised without link and code."""
    return isinstance(attempt(raw).content, Unknown)


def outcome(
    raw: bytes, *, policy: Policy = ANYTHING, verify: Verify = VERIFY
) -> tuple[type[Verdict], set[Reason]]:
    """Return the verdict's class and its reasons; none of a recognised mail."""
    verdict = judged(raw, policy=policy, verify=verify)
    match verdict:
        case Recognised():
            return Recognised, set()
        case Unverified() | LookAlike() | NotRelevant():
            return type(verdict), set(verdict.reasons)
