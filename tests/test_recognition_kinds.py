"""To approve and to deny are never confused, and siblings are not attempts."""

from email.utils import parsedate_to_datetime

import pytest

from tests.sample_mails import (
    APPROVAL_HTML,
    APPROVAL_TEXT,
    CODE_HTML,
    LINK,
    Mail,
    alternatives,
    approval,
    code_in,
    compose,
    html,
    is_unknown,
    judged,
    link_in,
    outcome,
    plain,
    signed,
)
from tests.sample_mails import code as code_mail
from watcher.recognition.amazon import WORDINGS
from watcher.recognition.claim import Claim
from watcher.recognition.judge import judge
from watcher.recognition.message import read
from watcher.recognition.policy import Policy
from watcher.recognition.reasons import Reason
from watcher.recognition.verdict import (
    LookAlike,
    NotRelevant,
    Recognised,
    Result,
    SignInAttempt,
    Unverified,
)

OTHER_LINK = "https://www.amazon.co.jp/a/c/r/Zz9zz9zz9zz9zz9zz9zz9zz9z"


def test_link_of_a_code_mail_denies_and_is_not_given() -> None:
    verdict = judged(code_mail("123456"))

    assert isinstance(verdict, Recognised)
    assert LINK not in repr(verdict)
    assert code_in(code_mail("123456")) == "123456"


def test_mail_with_an_approve_anchor_and_a_code_gives_neither() -> None:
    both = APPROVAL_HTML.format(link=LINK) + "<p>確認コード: 123456</p>"

    assert is_unknown(signed(Mail(body=html(both))))


def test_alternatives_of_different_kinds_give_neither() -> None:
    body = alternatives(
        plain(APPROVAL_TEXT.format(link=LINK)),
        html(CODE_HTML.format(code="123456", link=LINK)),
    )

    assert is_unknown(signed(Mail(body=body)))


def test_two_different_approve_links_disagree() -> None:
    two = APPROVAL_HTML.format(link=LINK) + f"<a href='{OTHER_LINK}'>ここ</a>"

    assert outcome(signed(Mail(body=html(two)))) == (
        Recognised,
        {Reason.LINKS_DISAGREE},
    )


def test_text_and_html_with_different_links_disagree() -> None:
    body = alternatives(
        plain(APPROVAL_TEXT.format(link=OTHER_LINK)),
        html(APPROVAL_HTML.format(link=LINK)),
    )

    assert outcome(signed(Mail(body=body))) == (Recognised, {Reason.LINKS_DISAGREE})


def test_text_and_html_with_different_codes_disagree() -> None:
    body = alternatives(
        plain("verification code: 111111"), html("<p>verification code: 222222</p>")
    )

    assert outcome(signed(Mail(body=body))) == (Recognised, {Reason.CODES_DISAGREE})


def test_approve_phrase_without_any_link_gives_nothing() -> None:
    assert is_unknown(signed(Mail(body=plain("承認または否認してください。"))))


@pytest.mark.parametrize(
    "code_as_shown", ["123 456", "123-456", "<td>1<td>2<td>3<td>4<td>5<td>6"]
)
def test_code_in_pieces_beside_an_approve_anchor_gives_neither(
    code_as_shown: str,
) -> None:
    both = APPROVAL_HTML.format(link=LINK) + f"<p>確認コード: {code_as_shown}</p>"

    assert is_unknown(signed(Mail(body=html(both))))


@pytest.mark.parametrize("words", ["click here to deny", "拒否するにはこちら"])
def test_link_that_only_denies_is_not_given(words: str) -> None:
    denying = f"<p>承認または否認してください。</p><a href='{LINK}'>{words}</a>"

    assert is_unknown(signed(Mail(body=html(denying))))
    approving = f"<p>承認または否認してください。<a href='{LINK}'>{LINK}</a></p>"
    assert link_in(signed(Mail(body=html(denying + approving))))


def test_link_under_other_words_is_not_given() -> None:
    body = html(f"<p>Sign-in attempt</p><a href='{LINK}'>Continue</a>")

    assert is_unknown(signed(Mail(body=body)))


SIBLINGS = [
    ("amazon.com: Account data access attempt", Reason.SUBJECT_UNKNOWN),
    (
        "amazon.co.jp: アクションが必要です: アカウントデータアクセスの試行",
        Reason.SUBJECT_UNKNOWN,
    ),
    ("amazon.co.jp: アクションが必要です: サインイン", Reason.SIGN_IN_NOTICE),
    ("amazon.com, action needed: Sign-in", Reason.SIGN_IN_NOTICE),
    ("amazon.com.tr, action needed: Sign-in", Reason.SIGN_IN_NOTICE),
    ("Amazonセキュリティ警告: サインインが検出されました", Reason.SIGN_IN_NOTICE),
    ("AMAZON SECURITY ALERT Sign-In detected from Tokyo", Reason.SIGN_IN_NOTICE),
    ("amazon.in: Password recovery", Reason.SUBJECT_UNKNOWN),
    ("Amazon password assistance", Reason.SUBJECT_UNKNOWN),
    ("Your Amazon verification code", Reason.SUBJECT_UNKNOWN),
    ("Amazon Authentication", Reason.SUBJECT_UNKNOWN),
    ("お客様のAmazon確認コード", Reason.SUBJECT_UNKNOWN),
    ("Ihr Amazon-Verifizierungscode", Reason.SUBJECT_UNKNOWN),
    ("Verify your new Amazon account", Reason.SUBJECT_UNKNOWN),
    ("新しいAmazonアカウントを確認します", Reason.SUBJECT_UNKNOWN),
    ("Revision to Your Amazon.com Account", Reason.SUBJECT_UNKNOWN),
    (
        "Account Recovery: Reset your Amazon.com account password",
        Reason.SUBJECT_UNKNOWN,
    ),
    ("Your sign-in attempt was approved", Reason.SUBJECT_UNKNOWN),
]


NOTICE = "amazon.co.jp: アクションが必要です: サインイン"
TO_TARO = Policy(recipients=frozenset({"taro@example.jp"}))


def sign_in_in(raw: bytes, policy: Policy = TO_TARO) -> Claim | None:
    """Return the sign-in that a genuine account mail reports."""
    verdict = judged(raw, policy=policy)
    assert isinstance(verdict, NotRelevant), verdict
    assert verdict.account_mail is not None
    return verdict.account_mail.sign_in


def test_a_notice_reports_a_sign_in_with_store_time_device_and_place() -> None:
    claim = sign_in_in(approval(subject=NOTICE))

    assert claim is not None
    assert claim.store == "amazon.co.jp"
    assert claim.attempted_at == parsedate_to_datetime(Mail().date)
    assert claim.device == "Mozilla Firefox Windows (デスクトップ)"
    assert claim.near == "Tokyo, Japan"


@pytest.mark.parametrize(
    ("raw", "policy"),
    [
        (approval(subject="amazon.in: Password recovery"), TO_TARO),
        (approval(subject=NOTICE, to="hanako@example.jp"), TO_TARO),
        (approval(subject=NOTICE), Policy(stores=frozenset({"amazon.com"}))),
    ],
    ids=["other mail", "to somebody else", "store not watched"],
)
def test_other_account_mail_reports_no_sign_in(raw: bytes, policy: Policy) -> None:
    assert sign_in_in(raw, policy) is None


def test_a_notice_that_is_not_proved_reports_nothing() -> None:
    verdict = judged(compose(Mail(subject=NOTICE, body=html("<p>x</p>"))))

    assert not isinstance(verdict, NotRelevant) or verdict.account_mail is None


@pytest.mark.parametrize(("subject", "reason"), SIBLINGS)
def test_genuine_sibling_is_not_relevant(subject: str, reason: Reason) -> None:
    verdict = judged(approval(subject=subject))

    assert isinstance(verdict, NotRelevant)
    assert verdict.reasons == (reason,)
    assert verdict.authentication.result is Result.PASS


@pytest.mark.parametrize(
    "sender",
    [
        "store-news@amazon.co.jp",
        '"Amazon.co.jp" <auto-confirm@amazon.co.jp>',
        "no-reply@amazon.com",
    ],
)
@pytest.mark.parametrize(
    "subject",
    [
        "Amazonを装った不審なメール等にご注意ください",
        "Your Amazon verification code",
        "発送",
    ],
)
def test_other_mail_of_amazon_is_not_relevant_even_unsigned(
    sender: str, subject: str
) -> None:
    mail = Mail(sender=sender, subject=subject, body=plain("Hello"))

    assert outcome(compose(mail))[0] is NotRelevant


@pytest.mark.parametrize(
    "subject", ["amazon.co.jp: サインイン", "Re: amazon.co.jp: サインイン試行"]
)
def test_proved_mail_of_another_address_of_amazon_is_not_relevant(
    subject: str,
) -> None:
    mail = Mail(sender="cs-reply@amazon.co.jp", subject=subject, body=plain("Hello"))

    assert outcome(signed(mail))[0] is NotRelevant
    assert outcome(compose(mail))[0] is LookAlike


def test_ordinary_mail_is_not_relevant() -> None:
    mail = Mail(
        sender="a@example.org", subject="Sign-in attempt blocked", body=plain("")
    )

    assert outcome(compose(mail))[0] is NotRelevant


def test_store_that_is_not_watched_is_not_relevant() -> None:
    policy = Policy(stores=frozenset({"amazon.com"}))

    assert outcome(approval(), policy=policy) == (
        NotRelevant,
        {Reason.STORE_NOT_WATCHED},
    )


def test_watched_store_is_recognised() -> None:
    policy = Policy(stores=frozenset({"amazon.co.jp"}))

    assert outcome(approval(), policy=policy) == (Recognised, set())


@pytest.mark.parametrize(
    ("to", "known"),
    [
        ("taro@example.jp", "taro@example.jp"),
        ('"Taro" <Taro@Example.JP>', "taro@example.jp"),
        ("taro+amazon@example.jp", "taro@example.jp"),
        ("t.a.r.o@gmail.com", "taro@gmail.com"),
        ("taro@googlemail.com", "ta.ro+x@gmail.com"),
        ("a@example.org, taro@example.jp", "taro@example.jp"),
        ("taro..yamada.@example.jp", "taro..yamada.@example.jp"),
        ("Taro <.taro-@example.jp>", ".taro-@example.jp"),
        ('"taro..yamada."@example.jp', "taro..yamada.@example.jp"),
        ("taro-amazon@example.jp", "taro@example.jp"),
        ("amazon@taro.fastmail.com", "taro@fastmail.com"),
    ],
)
def test_known_recipient_is_known_in_every_spelling(to: str, known: str) -> None:
    policy = Policy(recipients=frozenset({known}))

    assert outcome(approval(to=to), policy=policy) == (Recognised, set())


@pytest.mark.parametrize("wording", WORDINGS, ids=lambda wording: wording.language)
def test_every_wording_is_read_back(wording: object) -> None:
    """Every subject and phrase in the data is found in a mail that uses it."""
    assert isinstance(wording, type(WORDINGS[0]))
    for end in wording.attempts:
        for words in wording.approve:
            body = html(f"<a href='{LINK}'>{words}</a>")
            assert (
                link_in(signed(Mail(subject=f"amazon.com: {end}", body=body))) == LINK
            )
        for words in wording.codes:
            body = plain(f"{words}: 123456")
            assert (
                code_in(signed(Mail(subject=f"amazon.com: {end}", body=body)))
                == "123456"
            )


def test_only_a_recognised_mail_has_room_for_a_link() -> None:
    """No proof, no link: the other verdicts have no field that could hold one."""
    for verdict in (Unverified, LookAlike, NotRelevant):
        annotations = verdict.__annotations__
        assert SignInAttempt not in annotations.values()
        assert str not in annotations.values()


def test_judge_dismisses_what_poses_as_nothing() -> None:
    mail = Mail(sender="a@example.org", subject="Lunch?", body=plain("?"))

    assert isinstance(judge(read(compose(mail)), (), Policy()).verdict, NotRelevant)
