"""The reader can see why: every check, in both languages, and nothing dangerous."""

import pytest

from tests.sample_mails import (
    ANYTHING,
    LINK,
    TOKEN,
    USER,
    VERIFY,
    Mail,
    approval,
    compose,
    html,
    plain,
    signed,
)
from watcher.recognition.explain import (
    ASPECTS,
    Aspect,
    Finding,
    finding,
)
from watcher.recognition.judge import classify
from watcher.recognition.policy import Policy
from watcher.recognition.reasons import REASONS, Reason
from watcher.recognition.verdict import (
    LookAlike,
    NotRelevant,
    Unverified,
)


def checks(raw: bytes, policy: Policy = ANYTHING) -> dict[str, Finding]:
    """Return the findings by the English labels of their aspects."""
    judgement = classify(raw, verify=VERIFY, policy=policy)
    return {ASPECTS[found.aspect].en: found for found in judgement.findings}


def test_every_reason_and_aspect_has_words() -> None:
    assert set(REASONS) == set(Reason)
    assert set(ASPECTS) == set(Aspect)


def test_genuine_mail_passes_every_check() -> None:
    found = checks(approval(), Policy(recipients=frozenset({USER})))

    assert {label: check.passed for label, check in found.items()} == dict.fromkeys(
        [
            *("Header fields", "Sender", "Proof of the sender", "Recipient", "Subject"),
            *("What it asks", "Link", "Store"),
        ],
        True,
    )


def test_recipient_that_nobody_asked_for_is_left_open() -> None:
    assert checks(approval())["Recipient"].passed is None


def test_proof_that_was_not_tried_is_left_open() -> None:
    mail = Mail(sender="x@evil.example", body=plain("x"))

    assert checks(compose(mail))["Proof of the sender"].passed is None


def test_flaw_is_told_with_the_value_that_shows_it() -> None:
    body = html("<a href='https://evil.example/x'>Approve or Deny</a>")
    check = checks(signed(Mail(body=body)))["Link"]

    assert check.passed is False
    assert check.value == "hxxps://evil.example/x"
    assert REASONS[check.flaws[0]].ja == "リンク先が Amazon ではありません"


@pytest.mark.parametrize(
    "raw",
    [
        compose(Mail(body=html(f"<a href='{LINK}'>Approve or Deny</a>"))),
        approval(),
        compose(
            Mail(sender="x@evil.example", subject=f"Sign-in attempt amazon {LINK}")
        ),
    ],
)
def test_explanation_holds_no_token(raw: bytes) -> None:
    judgement = classify(raw, verify=VERIFY, policy=ANYTHING)

    assert TOKEN not in repr(judgement)
    assert "https://" not in repr(judgement.findings)


def test_explanation_is_harmless() -> None:
    sender = '"\x1b]0;amazon\x07\u202e" <x@evil.example>'
    check = checks(compose(Mail(sender=sender)))["Sender"]

    assert check.value.isprintable()


def test_dismissed_mail_says_what_it_is_about() -> None:
    found = checks(compose(Mail(sender="a@example.org", subject="Lunch?")))

    assert [found["Sender"].value, found["Subject"].value] == [
        "a@example.org",
        "Lunch?",
    ]


def test_defanged_text_leads_nowhere() -> None:
    def shown(text: str) -> str:
        return finding(Aspect.LINK, (), text).value

    assert shown(f"see {LINK} now") == "see hxxps://www.amazon.co.jp/a/c/r/… now"
    assert shown("HTTP://a.example") == "hxxp://a.example"


def test_reasons_of_a_verdict_are_the_flaws_of_its_findings() -> None:
    for raw in (compose(Mail(body=plain("x"))), approval() + b"x"):
        judgement = classify(raw, verify=VERIFY, policy=ANYTHING)
        assert isinstance(judgement.verdict, LookAlike | Unverified | NotRelevant)
        flaws = [flaw for found in judgement.findings for flaw in found.flaws]
        assert list(judgement.verdict.reasons) == flaws
