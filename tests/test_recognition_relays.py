"""A mail that fails only as mails fail on their way may be Amazon's, and no more."""

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

import pytest

from tests.sample_mails import (
    APPROVAL_HTML,
    APPROVAL_TEXT,
    LINK,
    Mail,
    approval,
    compose,
    html,
    judged,
    outcome,
    plain,
    sign,
)
from watcher.recognition.policy import Policy
from watcher.recognition.reasons import Reason
from watcher.recognition.verdict import (
    LookAlike,
    NotRelevant,
    Unverified,
    Verdict,
)

BODY = html(APPROVAL_HTML.format(link=LINK))
RELAY = "account-update_at_amazon_co_jp_qwerty@lists.example"
USERS_NAME = '"amazon.co.jp" <a+account-update=amazon.co.jp@taro.lists.example>'
TARGET = quote(LINK, safe="")


def relayed(sender: str = RELAY, body: bytes = BODY, **changes: str) -> bytes:
    domain = sender.rpartition("@")[2].rstrip(">")
    return sign(compose(Mail(sender=sender, body=body, **changes)), domain)  # type: ignore[arg-type]


def may_be_altered(verdict: Verdict) -> bool:
    return isinstance(verdict, LookAlike) and verdict.claim is not None


def safe(link: str) -> str:
    return f"https://jpn01.safelinks.protection.outlook.com/?url={quote(link, safe='')}"


LEADING = [
    "<p>evil.example/login</p>",
    "<p>www.evil.example</p>",
    "<p>evil.example:8080/login</p>",
    "<p>192.0.2.1/login</p>",
    "<p>https：//evil.example/login</p>",
    "<form action='https://evil.example/'><input name=password></form>",
    "<object data='https://evil.example/'></object>",
    "<svg><a xlink:href='https://evil.example/'>Approve</a></svg>",
    "<table background='https://evil.example/x'></table>",
    "<a ping='https://evil.example/' href='#x'>Approve</a>",
    "<iframe src='https://evil.example/'></iframe>",
    "<iframe srcdoc='&lt;a href=//evil.example/&gt;Approve&lt;/a&gt;'></iframe>",
    "<meta http-equiv=refresh content='0; URL=https://evil.example/'>",
    "<meta http-equiv=Refresh content='0;https://evil.example/'>",
    "<p hidden><a href='https://evil.example/'>Approve</a></p>",
    "<v:rect href='https://evil.example/'>Approve</v:rect>",
    "<a href='ftp://evil.example/'>Approve</a>",
    "<a href='mailto:a@evil.example'>Approve</a>",
    "<a href='https://duckduckgo.com/l/?uddg=https://evil.example/'>Approve</a>",
]


DEFENDED = f"https://urldefense.com/v3/__{LINK}__;!!x"


ALTERED: dict[str, Callable[[], bytes]] = {
    "footer": lambda: approval() + b"--\r\nThe list\r\n",
    "doubled_field": lambda: b"Subject: [x]\r\n" + approval(),
    "words_before_the_subject": lambda: approval().replace(
        b"Subject: ", b"Subject: Not an ", 1
    ),
    "other_date": lambda: approval().replace(b"Date: ", b"Date:  x", 1),
    "safe_links": lambda: (
        compose(
            Mail(body=html(f"<a href='{safe(LINK)}'>承認または否認してください</a>"))
        )
        + b"changed"
    ),
    "relay": relayed,
    "mailing_list": lambda: relayed('"amazon.co.jp via family" <family@lists.example>'),
    "link_of_a_known_relay": lambda: relayed(
        body=html(
            APPROVAL_HTML.format(link=LINK)
            + "<a href='https://app.addy.io/deactivate/1'>deactivate</a>"
        )
    ),
    "page_of_a_banner": lambda: relayed(
        body=html(
            APPROVAL_HTML.format(link=LINK)
            + "<a href='https://relay.firefox.com/accounts/profile/'>Manage</a>"
            + "<a href='mailto:family+unsubscribe@googlegroups.com?subject=x'>leave</a>"
        )
    ),
    "name_within_the_relay": lambda: sign(
        compose(Mail(sender=USERS_NAME, body=BODY)), "lists.example"
    ),
    "urldefense": lambda: compose(
        Mail(body=html(f"<a href='{DEFENDED}'>承認または否認してください</a>"))
    ),
}
FORGED: dict[str, Callable[[], bytes]] = {
    "foreign_link": lambda: relayed(
        body=html("<a href='https://evil.example/'>承認または否認してください</a>")
    ),
    "foreign_link_in_text": lambda: relayed(body=plain("https://evil.example/a/c/r/x")),
    "safe_link_elsewhere": lambda: relayed(
        body=html(f"<a href='{safe('https://evil.example/')}'>承認または否認</a>")
    ),
    "own_domain": lambda: relayed(
        '"amazon.co.jp" <account-update@evil.example>',
        html("<a href='https://login.evil.example/a/c/r/x'>Approve or Deny</a>"),
    ),
    **{
        f"leads_elsewhere_{number}": partial(
            relayed, body=html(f"{APPROVAL_HTML.format(link=LINK)}{more}")
        )
        for number, more in enumerate(
            (
                "<form action='https://evil.example/'>Approve or Deny</form>",
                "<button formaction='//evil.example/'>Approve or Deny</button>",
                "<a href='//evil.example/login'>Approve or Deny</a>",
                "<a href='ht&#9;tps://evil.example/'>Approve or Deny</a>",
                "<a href='javascript:x()'>Approve or Deny</a>",
                "<base href='https://evil.example/'><a href='login'>Approve</a>",
                f"<a href='{safe('https://evil.example/amazon.co.jp')}'>x</a>",
                f"<a href='{safe('https://amazon.evil.example/')}'>x</a>",
                *LEADING,
            )
        )
    },
    "not_signed_by_its_sender": lambda: compose(Mail(sender=RELAY, body=BODY)),
    "disguised": lambda: relayed(subject="аmazon.co.jp: Sign-in attempt"),
}


@pytest.mark.parametrize("make", ALTERED.values(), ids=ALTERED)
def test_what_relays_and_filters_do_is_told_from_forgery(
    make: Callable[[], bytes],
) -> None:
    raw = make()
    assert may_be_altered(judged(raw)) or outcome(raw)[0] is Unverified


@pytest.mark.parametrize("make", FORGED.values(), ids=FORGED)
def test_what_only_forgers_do_is_not_forgiven(make: Callable[[], bytes]) -> None:
    verdict = judged(make())

    assert isinstance(verdict, LookAlike)
    assert verdict.claim is None


@pytest.mark.parametrize("relay", ["lists.example", "example"])
def test_a_relay_that_the_user_has_named_makes_it_unverified(relay: str) -> None:
    policy = Policy(relays=frozenset({relay}))

    assert outcome(relayed(), policy=policy)[0] is Unverified
    assert outcome(compose(Mail(sender=RELAY, body=BODY)), policy=policy)[0] is (
        LookAlike
    )
    tampered = relayed() + b"more\r\n"
    assert outcome(tampered, policy=policy)[0] is LookAlike


@pytest.mark.parametrize("relay", ["lists.example", "taro.lists.example"])
def test_a_relay_may_sign_for_the_names_within_its_own(relay: str) -> None:
    policy = Policy(relays=frozenset({relay}))
    mail = compose(Mail(sender=USERS_NAME, body=BODY))

    assert outcome(sign(mail, "lists.example"), policy=policy)[0] is Unverified
    for signer in ("evil.example", "s.example", "example.lists.example"):
        assert outcome(sign(mail, signer), policy=policy)[0] is LookAlike


def test_other_mail_of_a_relay_is_not_relevant() -> None:
    policy = Policy(relays=frozenset({"lists.example"}))
    raw = relayed(sender="shop@lists.example", subject="Hello")

    assert outcome(raw, policy=policy)[0] is NotRelevant


@pytest.mark.parametrize("more", LEADING)
def test_an_unsigned_mail_that_leads_elsewhere_is_no_unverified_one(more: str) -> None:
    whole = APPROVAL_HTML.format(link=LINK)

    assert outcome(compose(Mail(body=html(whole))))[0] is Unverified
    assert outcome(compose(Mail(body=html(whole + more)))) == (
        LookAlike,
        {Reason.DKIM_NONE, Reason.LINK_HOST},
    )


@pytest.mark.parametrize(
    "harmless",
    [
        "<p>Amazon.co.jp, Inc./Ltd. 24.12/31 Mozilla/5.0</p>",
        "<p>www.amazon.co.jp/help</p>",
        "<a href='#top'>top</a>",
        "<link rel=stylesheet href='https://fonts.googleapis.com/css?family=Roboto'>",
        "<meta http-equiv=Content-Type content='text/html; charset=utf-8'>",
        "<form action='https://www.amazon.co.jp/'></form>",
    ],
)
def test_an_unsigned_mail_that_leads_to_amazon_alone_is_unverified(
    harmless: str,
) -> None:
    body = html(APPROVAL_HTML.format(link=LINK) + harmless)

    assert outcome(compose(Mail(body=body)))[0] is Unverified


def test_a_text_alone_that_asks_is_enough() -> None:
    text = plain(APPROVAL_TEXT.format(link=LINK))

    assert may_be_altered(judged(relayed(body=text)))
