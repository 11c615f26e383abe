"""Each rule of the verdict, one test for the line that keeps it."""

import pytest

from tests.sample_mails import (
    LINK,
    TOKEN,
    USER,
    VERIFY,
    Mail,
    approval,
    compose,
    html,
    plain,
)
from watcher.recognition import header, limits, message
from watcher.recognition.explain import Aspect, Finding
from watcher.recognition.header import Header
from watcher.recognition.judge import Judgement, classify
from watcher.recognition.message import Reading
from watcher.recognition.policy import Policy
from watcher.recognition.reasons import Reason
from watcher.recognition.sender import UNCHECKED, Signature
from watcher.recognition.verdict import (
    Authentication,
    Authority,
    LookAlike,
    NotRelevant,
    Recognised,
    Result,
    Unknown,
    Unverified,
    Verdict,
)

NOTICE = "amazon.co.jp: サインイン"
FOREIGN = "amazon <x@evil.example>"
SHOP = "shop@amazon.co.jp"
ASKS = html(f"<a href='{LINK}'>Approve or Deny</a>")
FOOTER = html(f"<a href='{LINK}'>Approve or Deny</a><a href='https://x.example/'>x</a>")
HUGE = b" " * limits.MAIL_BYTES


def said(
    raw: bytes, flaw: Reason | None = None, policy: Policy | None = None
) -> Judgement:
    """Judge a mail with one signature of its store and this flaw."""

    def verify(_: Reading, domain: str) -> tuple[Signature, ...]:
        return (Signature(domain, flaw, "by hand"),)

    return classify(raw, verify=verify, policy=policy or Policy())


def outcome(verdict: Verdict) -> tuple[type[Verdict], tuple[Reason, ...]]:
    if isinstance(verdict, Recognised):
        return Recognised, ()
    return type(verdict), verdict.reasons


def finding(judgement: Judgement, aspect: Aspect) -> Finding:
    (found,) = (each for each in judgement.findings if each.aspect is aspect)
    return found


@pytest.mark.parametrize(
    ("sender", "subject", "flaw", "kind"),
    [
        (Mail().sender, NOTICE, Reason.DKIM_TEMPERROR, NotRelevant),
        (Mail().sender, NOTICE, Reason.DKIM_FAIL, LookAlike),
        (Mail().sender, NOTICE, None, NotRelevant),
        (SHOP, NOTICE, None, NotRelevant),
        (SHOP, NOTICE, Reason.DKIM_TEMPERROR, LookAlike),
        (SHOP, "Password recovery", Reason.DKIM_FAIL, NotRelevant),
        (FOREIGN, NOTICE, None, LookAlike),
    ],
)
def test_account_mail_is_a_look_alike_only_where_something_speaks_against_it(
    sender: str, subject: str, flaw: Reason | None, kind: type[Verdict]
) -> None:
    raw = compose(Mail(sender=sender, subject=subject, body=plain("x")))

    assert isinstance(said(raw, flaw).verdict, kind)


@pytest.mark.parametrize(
    ("mail", "kind", "reasons"),
    [
        (Mail(), Unverified, (Reason.TOO_LARGE,)),
        (Mail(sender=SHOP), LookAlike, (Reason.FROM_NOT_ACCOUNT_MAIL,)),
        (Mail(subject=NOTICE), NotRelevant, ()),
        (Mail(sender=FOREIGN, subject=NOTICE), LookAlike, (Reason.FROM_NOT_AMAZON,)),
    ],
)
def test_unread_mail_is_judged_by_its_header(
    mail: Mail, kind: type[Verdict], reasons: tuple[Reason, ...]
) -> None:
    judgement = said(compose(mail) + HUGE)

    expected = tuple(dict.fromkeys((Reason.TOO_LARGE, *reasons)))
    assert outcome(judgement.verdict) == (kind, expected)
    assert [found.aspect for found in judgement.findings] == [
        *(Aspect.SIZE, Aspect.HEADER, Aspect.SENDER, Aspect.RECIPIENT, Aspect.SUBJECT)
    ]
    assert judgement.verdict.authentication == UNCHECKED


@pytest.mark.parametrize(
    ("flaw", "kind", "reasons"),
    [
        (None, Recognised, ()),
        (Reason.DKIM_TEMPERROR, Unverified, (Reason.DKIM_TEMPERROR,)),
        (Reason.DKIM_FAIL, LookAlike, (Reason.DKIM_FAIL, Reason.LINK_HOST)),
    ],
)
def test_foreign_link_counts_only_where_the_proof_fails(
    flaw: Reason | None, kind: type[Verdict], reasons: tuple[Reason, ...]
) -> None:
    raw = compose(Mail(body=FOOTER))

    assert outcome(said(raw, flaw).verdict) == (kind, reasons)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("Hello", Reason.PHRASE_MISSING), ("Approve or Deny", Reason.LINK_MISSING)],
)
def test_unknown_body_is_amazons_right_alone(text: str, reason: Reason) -> None:
    raw = compose(Mail(body=plain(text)))

    assert outcome(said(raw).verdict) == (Recognised, ())
    waiting = outcome(said(raw, Reason.DKIM_TEMPERROR).verdict)
    assert waiting == (Unverified, (Reason.DKIM_TEMPERROR,))
    failed = outcome(said(raw, Reason.DKIM_FAIL).verdict)
    assert failed == (LookAlike, (Reason.DKIM_FAIL, reason))


def test_a_recipient_is_judged_only_where_some_are_known() -> None:
    known = Policy(recipients=frozenset({USER}))
    other = Policy(recipients=frozenset({"x@example.jp"}))

    assert finding(said(approval()), Aspect.RECIPIENT) == Finding(
        Aspect.RECIPIENT, (), USER, is_judged=False
    )
    assert finding(said(approval(), policy=known), Aspect.RECIPIENT).is_judged
    verdict = said(approval(), policy=other).verdict
    assert isinstance(verdict, Recognised)
    assert verdict.attempt.content == Unknown((Reason.RECIPIENT_UNKNOWN,))
    assert verdict.attempt.claim.recipient == USER


def test_a_foreign_recipient_is_forgiven_nothing_else() -> None:
    other = Policy(recipients=frozenset({"x@example.jp"}))
    forged = said(approval(), Reason.DKIM_FAIL, policy=other).verdict
    unproved = said(approval(), Reason.DKIM_TEMPERROR, policy=other).verdict

    assert outcome(forged)[0] is LookAlike
    assert outcome(unproved)[0] is Unverified


def test_a_store_that_is_not_watched_is_told_last() -> None:
    judgement = said(approval(), policy=Policy(stores=frozenset({"amazon.com"})))

    assert outcome(judgement.verdict) == (NotRelevant, (Reason.STORE_NOT_WATCHED,))
    assert judgement.findings[-1] == Finding(
        Aspect.STORE, (Reason.STORE_NOT_WATCHED,), "amazon.co.jp"
    )


def test_findings_come_in_order_with_harmless_values() -> None:
    judgement = said(compose(Mail(body=ASKS)))

    assert [found.aspect for found in judgement.findings] == list(Aspect)[1:]
    assert TOKEN not in repr(judgement)
    assert finding(judgement, Aspect.BODY).value == "approval"
    shown = finding(judgement, Aspect.LINK).value
    assert shown == "hxxps://www.amazon.co.jp/a/c/r/…"
    assert finding(judgement, Aspect.SIGNATURE).value == "by hand"


def test_a_foreign_sender_leaves_the_signature_unjudged() -> None:
    found = finding(said(compose(Mail(sender=FOREIGN, body=ASKS))), Aspect.SIGNATURE)

    assert (found.flaws, found.value, found.is_judged) == ((), UNCHECKED.detail, False)


def test_a_dismissed_mail_leaves_sender_and_subject() -> None:
    judgement = said(compose(Mail(sender="a@example.org", subject="Lunch?")))

    assert judgement.findings == (
        Finding(Aspect.SENDER, (), "a@example.org", is_judged=False),
        Finding(Aspect.SUBJECT, (Reason.SUBJECT_UNKNOWN,), "Lunch?"),
    )


def test_the_claim_says_what_the_mail_says() -> None:
    verdict = said(approval()).verdict

    assert isinstance(verdict, Recognised)
    claim = verdict.attempt.claim
    assert (claim.store, claim.language) == ("amazon.co.jp", "ja")
    assert claim.device == "Mozilla Firefox Windows (デスクトップ)"
    assert claim.near == "Tokyo, Japan"
    assert claim.attempted_at is not None


def test_the_header_of_a_candidate_is_parsed_once_and_shared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: list[bytes] = []

    def parse_header(raw: bytes) -> Header:
        parsed.append(raw)
        return header.parse_header(raw)

    monkeypatch.setattr(message, "parse_header", parse_header)
    judgement = classify(approval(), verify=VERIFY, policy=Policy())

    assert isinstance(judgement.verdict, Recognised)
    assert len(parsed) == 1


@pytest.mark.parametrize("subject", [Mail().subject, NOTICE])
@pytest.mark.parametrize(
    ("flaw", "result"),
    [
        (None, Result.PASS),
        (Reason.DKIM_TEMPERROR, Result.TEMPERROR),
        (Reason.DKIM_FAIL, Result.FAIL),
    ],
)
def test_every_verdict_says_what_is_known_of_the_sender(
    subject: str, flaw: Reason | None, result: Result
) -> None:
    judgement = said(compose(Mail(subject=subject, body=ASKS)), flaw)

    assert judgement.verdict.authentication == Authentication(
        result, Authority.DKIM, "amazon.co.jp", "by hand"
    )
    assert finding(judgement, Aspect.SUBJECT).value == subject
    assert finding(judgement, Aspect.SENDER).value == Mail().sender


def test_a_store_that_is_not_watched_is_proved_all_the_same() -> None:
    judgement = said(approval(), policy=Policy(stores=frozenset({"amazon.com"})))

    assert judgement.verdict.authentication.result is Result.PASS


def test_the_link_that_is_wrong_is_the_one_that_is_shown() -> None:
    wrong = "https://evil.example/a/c/r/x"
    body = html(f"<a href='{LINK}'>Approve or Deny</a><a href='{wrong}'>Approve</a>")

    shown = finding(said(compose(Mail(body=body))), Aspect.LINK).value
    assert shown.startswith("hxxps://evil.example/")
