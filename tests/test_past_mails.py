"""The mails of the last months are judged as new ones are, within bounds."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from imapclient import IMAPClient

from tests.imap_server import STEADY, Server, clear, secure
from tests.sample_mails import (
    Mail,
    approval,
    code,
    compose,
    html,
    records,
    sign,
    signed,
)
from tests.servers import PASSWORD, Dovecot, NameServer, serving_dns
from watcher.dkim import FixedKeys, KeyStore
from watcher.imap.account import Account
from watcher.keys import dns_keys
from watcher.recognition.policy import Policy
from watcher.recognition.trust import Trust
from watcher.recognition.verdict import LookAlike, Recognised, Result
from watcher.setup.past_mails import (
    PAST,
    Bounds,
    PastMails,
    Proof,
    past_mails,
    unlisted,
    written_to,
)
from watcher.setup.probe import connected

pytestmark = pytest.mark.timeout(60)

DAY = timedelta(days=1)
JUNK = "迷惑メール"
KEYS = FixedKeys(records().get)
NO_KEYS = FixedKeys(lambda _: None)
ANYTHING = Policy()
GENEROUS = Bounds(seconds=60)


class Mailbox:
    """A mailbox of its own on Dovecot."""

    def __init__(self, server: Dovecot) -> None:
        self.user = f"user-{uuid.uuid4().hex[:12]}"
        self.account = secure(server, self.user)
        self._server = server

    def put(self, raw: bytes, age: timedelta, mailbox: str = "INBOX") -> None:
        """Put a mail in that came so long ago."""
        with IMAPClient("127.0.0.1", self._server.ports.imap, ssl=False) as client:
            client.login(self.user, PASSWORD)
            client.append(mailbox, raw, msg_time=datetime.now(UTC) - age)

    def approval(self, age: timedelta, to: str, mailbox: str = "INBOX") -> None:
        self.put(approval(**dated(age, to)), age, mailbox)


def dated(age: timedelta, to: str) -> dict[str, str]:
    sent_at = format_datetime(datetime.now(UTC) - age)
    return {"to": to, "date": sent_at, "message_id": f"<{uuid.uuid4()}@amazonses.com>"}


def look(
    account: Account,
    *mailboxes: str,
    keys: KeyStore = KEYS,
    policy: Policy = ANYTHING,
    bounds: Bounds = GENEROUS,
) -> PastMails:
    with connected(account, timeouts=STEADY) as connection:
        names = mailboxes or ("INBOX",)
        return past_mails(
            connection, account, policy, keys, mailboxes=names, bounds=bounds
        )


@pytest.fixture
def mailbox(dovecot: Dovecot) -> Mailbox:
    return Mailbox(dovecot)


@contextmanager
def dns(known: Mapping[str, bytes]) -> Iterator[tuple[NameServer, KeyStore]]:
    with serving_dns(known) as server:
        yield server, dns_keys([server.endpoint], timedelta(seconds=5))


# What is found


def test_the_mails_of_all_mailboxes_come_newest_first(mailbox: Mailbox) -> None:
    mailbox.approval(40 * DAY, "a@example.jp")
    mailbox.approval(3 * DAY, "b@example.jp")
    mailbox.approval(20 * DAY, "c@example.jp", JUNK)

    past = look(mailbox.account, "INBOX", JUNK)

    found = [(one.mailbox, one.recipients) for one in past.mails]
    assert found == [
        ("INBOX", ("b@example.jp",)),
        (JUNK, ("c@example.jp",)),
        ("INBOX", ("a@example.jp",)),
    ]
    assert past.is_complete
    age = datetime.now(UTC) - past.mails[0].received_at
    assert 3 * DAY <= age < 4 * DAY


def test_each_is_judged_as_a_new_one(mailbox: Mailbox) -> None:
    mailbox.approval(DAY, "a@example.jp")

    (mail,) = look(mailbox.account).mails

    assert isinstance(mail.judgement.verdict, Recognised)
    assert mail.proof is Proof.PROVED
    assert mail.keys == ("test._domainkey.amazon.co.jp",)


def test_what_is_older_than_ninety_days_is_not_fetched(mailbox: Mailbox) -> None:
    mailbox.approval(PAST + 2 * DAY, "a@example.jp")
    mailbox.approval(PAST - 2 * DAY, "b@example.jp")

    assert len(look(mailbox.account).mails) == 1


def test_only_what_may_be_of_a_sign_in_is_fetched(mailbox: Mailbox) -> None:
    order = Mail(
        sender="auto-confirm@amazon.co.jp", subject="Your order", body=html("Thanks")
    )
    mailbox.put(signed(order), DAY)
    mailbox.put(b"From: a@example.com\r\nSubject: hello\r\n\r\n", DAY)

    assert look(mailbox.account) == PastMails()


def test_the_mails_stay_unread(dovecot: Dovecot, mailbox: Mailbox) -> None:
    mailbox.approval(DAY, "a@example.jp")

    look(mailbox.account)

    with IMAPClient("127.0.0.1", dovecot.ports.imap, ssl=False) as client:
        client.login(mailbox.user, PASSWORD)
        client.select_folder("INBOX", readonly=True)
        assert client.search("UNSEEN") == [1]


# What is proved


def test_account_mail_that_is_no_attempt_is_proved_too(mailbox: Mailbox) -> None:
    mail = Mail(subject="Your Amazon verification code", body=html("123456"))
    mailbox.put(signed(mail, **dated(DAY, "a@example.jp")), DAY)

    past = look(mailbox.account)

    assert [one.address for one in written_to(past.mails)] == ["a@example.jp"]


def test_a_mail_whose_key_is_gone_can_no_longer_be_checked(mailbox: Mailbox) -> None:
    mailbox.approval(30 * DAY, "a@example.jp")

    (mail,) = look(mailbox.account, keys=NO_KEYS).mails

    assert mail.proof is Proof.UNCHECKABLE
    assert mail.keys == ()
    assert written_to([mail]) == ()


@pytest.mark.parametrize("record", [b"v=DKIM1; p=", b"v=DKIM1; k=rsa; p= ;t=s"])
def test_a_key_that_was_withdrawn_is_gone(mailbox: Mailbox, record: bytes) -> None:
    mailbox.approval(30 * DAY, "a@example.jp")
    withdrawn = FixedKeys(dict.fromkeys(records(), record).get)

    (mail,) = look(mailbox.account, keys=withdrawn).mails

    assert mail.proof is Proof.UNCHECKABLE


def test_a_young_mail_whose_key_never_was_fails(mailbox: Mailbox) -> None:
    mailbox.approval(DAY, "a@example.jp")

    (mail,) = look(mailbox.account, keys=NO_KEYS).mails

    assert mail.proof is Proof.FAILED


def test_an_old_mail_that_was_changed_fails_while_its_key_is_there(
    mailbox: Mailbox,
) -> None:
    raw = approval(**dated(30 * DAY, "a@example.jp"))
    mailbox.put(raw.replace(b"To: a@", b"To: b@"), 30 * DAY)

    (mail,) = look(mailbox.account).mails

    assert mail.proof is Proof.FAILED
    assert isinstance(mail.judgement.verdict, LookAlike)
    assert written_to([mail]) == ()


def test_a_mail_that_nobody_signed_fails_whatever_its_age(mailbox: Mailbox) -> None:
    mailbox.put(compose(Mail(body=html("approve"))), 30 * DAY)

    (mail,) = look(mailbox.account, keys=NO_KEYS).mails

    assert mail.proof is Proof.FAILED


def test_what_was_added_to_a_signed_mail_takes_its_proof(mailbox: Mailbox) -> None:
    raw = approval(**dated(DAY, "a@example.jp"))
    mailbox.put(b"To: evil@example.jp\r\n" + raw, DAY)

    (mail,) = look(mailbox.account).mails

    assert mail.judgement.verdict.authentication.result is Result.PASS
    assert mail.proof is Proof.FAILED


def test_a_signature_for_which_no_key_was_asked_fails(mailbox: Mailbox) -> None:
    mail = Mail(body=html("approve"))
    sha1 = sign(compose(mail), "amazon.co.jp", tags={"a": "rsa-sha1"})
    mailbox.put(sha1, 30 * DAY)

    (found,) = look(mailbox.account, keys=NO_KEYS).mails

    assert found.proof is Proof.FAILED


def test_another_domains_signature_proves_no_address(mailbox: Mailbox) -> None:
    raw = sign(compose(Mail(body=html("approve"))), "evil.example")
    mailbox.put(raw, DAY)

    (mail,) = look(mailbox.account).mails

    assert mail.proof is Proof.FAILED


def test_while_dns_is_silent_nothing_can_be_checked(mailbox: Mailbox) -> None:
    mailbox.approval(DAY, "a@example.jp")
    with serving_dns(records()) as server:
        server.is_silent = True
        keys = dns_keys([server.endpoint], timedelta(seconds=0.2))
        (mail,) = look(mailbox.account, keys=keys).mails

    assert mail.proof is Proof.UNCHECKABLE


def test_the_provider_proves_a_mail_where_the_policy_says_so(mailbox: Mailbox) -> None:
    results = "mx.example.jp; dkim=pass header.d=amazon.co.jp"
    raw = approval(**dated(30 * DAY, "a@example.jp"))
    mailbox.put(f"Authentication-Results: {results}\r\n".encode() + raw, 30 * DAY)
    trusting = Policy(trust=(Trust(("mx.example.jp",), is_proof=True),))

    (mail,) = look(mailbox.account, keys=NO_KEYS, policy=trusting).mails
    (doubted,) = look(mailbox.account, keys=NO_KEYS).mails

    assert (mail.proof, doubted.proof) == (Proof.PROVED, Proof.UNCHECKABLE)


def test_keys_come_from_dns_and_are_asked_for_once(mailbox: Mailbox) -> None:
    for days in (1, 2, 3):
        mailbox.approval(days * DAY, "a@example.jp")
    with dns(records()) as (server, keys):
        past = look(mailbox.account, keys=keys)

    assert [mail.proof for mail in past.mails] == [Proof.PROVED] * 3
    assert len(server.questions) == 1


# To whom Amazon writes


def test_addresses_are_counted_with_the_date_of_the_newest_mail(
    mailbox: Mailbox,
) -> None:
    mailbox.approval(30 * DAY, "Old@Example.jp")
    mailbox.approval(20 * DAY, "new@example.jp")
    mailbox.approval(10 * DAY, "old@example.jp")

    past = look(mailbox.account)

    told = [(one.address, one.count) for one in written_to(past.mails)]
    assert told == [("old@example.jp", 2), ("new@example.jp", 1)]
    assert written_to(past.mails)[0].newest_at == past.mails[0].received_at


def test_what_reaches_a_configured_address_is_listed(mailbox: Mailbox) -> None:
    for to in ("taro+amazon@example.jp", "taro-amazon@example.jp", "hana@example.jp"):
        mailbox.put(code(**dated(DAY, to)), DAY)

    written = written_to(look(mailbox.account).mails)
    missing = unlisted(written, {"taro@example.jp"})

    assert [one.address for one in missing] == ["hana@example.jp"]
    assert unlisted(written, ()) == written


# Bounds


@pytest.mark.parametrize(
    "bounds", [Bounds(mails=2), Bounds(mail_bytes=3000), Bounds(headers=2)], ids=repr
)
def test_the_newest_are_read_and_a_bound_is_told(
    mailbox: Mailbox, bounds: Bounds
) -> None:
    for days in (5, 4, 3, 2, 1):
        mailbox.approval(days * DAY, f"a{days}@example.jp")

    past = look(mailbox.account, bounds=bounds)

    newest = [mail.recipients[0] for mail in past.mails]
    assert newest[:1] == ["a1@example.jp"]
    assert len(newest) <= 2
    assert not past.is_complete


def test_time_that_is_over_ends_the_look() -> None:
    with Server() as server:
        server.add(approval())
        past = look(clear(server.port), bounds=Bounds(seconds=0))

    assert past == PastMails(is_complete=False)


# Servers that refuse


def asked(server: Server) -> list[str]:
    return [one for one in server.commands if one.startswith("UID SEARCH")]


def test_the_server_is_asked_for_amazons_mails_alone() -> None:
    with Server() as server:
        server.add(approval())
        look(clear(server.port))

    (search,) = asked(server)
    assert search.startswith("UID SEARCH SINCE ")
    assert search.endswith(' FROM "amazon"')


@pytest.mark.parametrize("words", ["NO too slow", "BAD what"])
def test_where_the_search_is_refused_the_last_mails_are_looked_at(words: str) -> None:
    with Server() as server:
        server.add(approval())
        server.faults["SEARCH"] = lambda peer, tag: (
            peer.send(f"{tag} {words}")
            if "FROM" in server.commands[-1]
            else peer.send("* SEARCH 1", f"{tag} OK done")
        )
        past = look(clear(server.port))

    assert len(past.mails) == 1


def test_a_mail_that_is_not_delivered_leaves_the_look_incomplete() -> None:
    with Server() as server:
        server.add(approval())
        server.faults["FETCH"] = lambda peer, tag: peer.send(f"{tag} NO not now")
        past = look(clear(server.port))

    assert past == PastMails(is_complete=False)
