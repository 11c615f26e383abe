"""Looks at the sign-in mails of the last months, and judges them as the daemon does.

Amazon withdraws the keys of old mails: whose key is gone can no longer be checked, and
nothing follows from that. What is fetched is bounded in number, bytes and time.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from watcher.clock import boottime_s, monotonic_s, utc_now
from watcher.dkim import KeyStore, verifier
from watcher.events import MessageFetched
from watcher.imap.account import Account
from watcher.imap.connection import Connection
from watcher.imap.progress import Pending, Progress
from watcher.imap.reading import MailReader
from watcher.recognition.judge import Judgement, classify
from watcher.recognition.message import may_be_attempt
from watcher.recognition.policy import Policy
from watcher.recognition.reasons import Reason
from watcher.recognition.recipients import is_addressed_to
from watcher.recognition.sender import mailbox_of
from watcher.recognition.verdict import (
    LookAlike,
    Recognised,
    Result,
)

PAST = timedelta(days=90)
"""How far back is looked."""

HEADERS = 500
"""Mails of each mailbox whose header is fetched at most, the newest ones."""

MAILS = 100
"""Mails that are fetched whole at most; a user gets some ten in three months."""

MAIL_BYTES = 8 * 1024 * 1024
SECONDS = 12.0

KEY_KEPT = timedelta(days=7)
"""A mail as young as this has its key in DNS still (RFC 6376 §3.6.2.2 asks for it)."""

_FROM_AMAZON = ("FROM", '"amazon"')
"""Each of Amazon's addresses holds the word, and those of relays in front of it do."""


class Proof(StrEnum):
    """What is known of who wrote a mail of the past."""

    PROVED = "proved"
    UNCHECKABLE = "uncheckable"
    """Its key is gone from DNS, or DNS does not answer: nothing follows from that."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMail:
    """One mail that may be of a sign-in, and the daemon's judgement on it."""

    mailbox: str
    received_at: datetime
    """INTERNALDATE, in UTC."""
    recipients: tuple[str, ...]
    """The addresses of its To field, as written."""
    judgement: Judgement
    proof: Proof
    keys: tuple[str, ...] = ()
    """Names in DNS of the keys that were found for it."""


@dataclass(frozen=True, slots=True)
class PastMails:
    """What was found, newest first."""

    mails: tuple[PastMail, ...] = ()
    is_complete: bool = True
    """False: a bound was reached, or a mail could not be had; there may be more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The most that a look at the past may fetch."""

    headers: int = HEADERS
    mails: int = MAILS
    mail_bytes: int = MAIL_BYTES
    seconds: float = SECONDS


@dataclass(slots=True)
class _Asked:
    """A key store that notes what was asked for, and found, since the last mail."""

    keys: KeyStore
    found: dict[str, bool] = field(default_factory=dict)

    def find(self, text: str, /) -> bytes | None:
        return self._note(text, self.keys.find(text))

    def find_anew(self, text: str, /) -> bytes | None:
        return self._note(text, self.keys.find_anew(text))

    def is_validated(self, text: str, /) -> bool:
        return self.keys.is_validated(text)

    def _note(self, name: str, record: bytes | None) -> bytes | None:
        self.found[name] = record is not None and not _is_revoked(record)
        return record


def _is_revoked(record: bytes) -> bool:
    """Return whether a key was withdrawn: its `p=` is empty (RFC 6376 §3.6.1)."""
    tags = (tag.partition(b"=") for tag in record.split(b";"))
    return any(name.strip() == b"p" and not value.strip() for name, _, value in tags)


class _Enough(Exception):
    """A bound is reached."""


def past_mails(
    connection: Connection,
    account: Account,
    policy: Policy,
    keys: KeyStore,
    *,
    mailboxes: Iterable[str],
    bounds: Bounds = Bounds(),
) -> PastMails:
    """Judge the mails of the last `PAST` that may be of a sign-in.

    Args:
        connection: logged in; another mailbox is open on it afterwards.
        account: whose mailboxes these are.
        policy: the rules for the account's mail.
        keys: where DKIM keys are looked up.
        mailboxes: their names on the server.
        bounds: the most that is fetched.

    Raises:
        MailboxMissing, MailboxRefused, ConnectionLost
    """
    look = _Look(account.name, connection, policy, keys, bounds)
    try:
        for mailbox in mailboxes:
            look.read(mailbox)
    except _Enough:
        look.is_complete = False
    mails = sorted(look.mails, key=lambda one: one.received_at, reverse=True)
    return PastMails(tuple(mails), look.is_complete)


@dataclass(slots=True)
class _Look:
    """One look at the past of an account."""

    account: str
    connection: Connection
    policy: Policy
    keys: KeyStore
    bounds: Bounds
    now: datetime = field(default_factory=utc_now)
    began_s: float = field(default_factory=monotonic_s)
    mails: list[PastMail] = field(default_factory=list)
    bytes_read: int = 0
    is_complete: bool = True

    def read(self, mailbox: str) -> None:
        """Judge the mails of one mailbox, newest first."""
        opened = self.connection.examine(mailbox)
        uids = self.connection.opened.uids_since(
            self.now - PAST, self.now, *_FROM_AMAZON
        )
        newest = sorted(uids, reverse=True)[: self.bounds.headers]
        self.is_complete &= len(newest) == len(uids)
        progress = Progress(opened.uid_validity)
        for uid in newest:
            progress.add(uid, Pending(boottime_s(), None))
        reader = MailReader(
            account=self.account,
            connection=self.connection,
            is_candidate=self._is_candidate,
            report=self._judge,
        )
        reader.read(mailbox, progress)
        self.is_complete &= not progress.pending

    def _is_candidate(self, header: bytes) -> bool:
        if monotonic_s() - self.began_s >= self.bounds.seconds:
            raise _Enough
        if not may_be_attempt(header):
            return False
        is_full = self.bytes_read >= self.bounds.mail_bytes
        if is_full or len(self.mails) >= self.bounds.mails:
            raise _Enough
        return True

    def _judge(self, mail: MessageFetched) -> None:
        asked = _Asked(self.keys)
        judgement = classify(mail.raw, verify=verifier(asked), policy=self.policy)
        received_at = mail.arrival.received_at
        age = self.now - received_at
        self.bytes_read += len(mail.raw)
        self.mails.append(
            PastMail(
                mailbox=mail.origin.mailbox,
                received_at=received_at,
                recipients=judgement.reading.recipients,
                judgement=judgement,
                proof=proof_of(judgement, asked.found.values(), age),
                keys=tuple(name for name, is_there in asked.found.items() if is_there),
            )
        )


def proof_of(judgement: Judgement, found: Collection[bool], age: timedelta) -> Proof:
    """Return what is known of a mail's writer.

    `found` tells of each key that was asked for whether it was there.
    """
    verdict = judgement.verdict
    result = verdict.authentication.result
    if result is Result.PASS and not isinstance(verdict, LookAlike):
        return Proof.PROVED
    reasons = () if isinstance(verdict, Recognised) else verdict.reasons
    is_gone = Reason.DKIM_FAIL in reasons and bool(found) and not any(found)
    if result is Result.TEMPERROR or (is_gone and age > KEY_KEPT):
        return Proof.UNCHECKABLE
    return Proof.FAILED


@dataclass(frozen=True, slots=True)
class WrittenTo:
    """An address that Amazon is proved to have written to."""

    address: str
    """In lower case, as it stood in the newest mail."""
    count: int
    newest_at: datetime


def written_to(mails: Iterable[PastMail]) -> tuple[WrittenTo, ...]:
    """Return the addresses of the proved mails, the one of the newest mail first.

    Two spellings of one mailbox count as one.
    """
    known: dict[str, WrittenTo] = {}
    proved = [mail for mail in mails if mail.proof is Proof.PROVED]
    for mail in sorted(proved, key=lambda one: one.received_at, reverse=True):
        for mailbox, address in _mailboxes(mail).items():
            one = known.get(mailbox, WrittenTo(address, 0, mail.received_at))
            known[mailbox] = WrittenTo(one.address, one.count + 1, one.newest_at)
    return tuple(known.values())


def _mailboxes(mail: PastMail) -> dict[str, str]:
    return {mailbox_of(address): address.lower() for address in mail.recipients}


def unlisted(
    written: Iterable[WrittenTo], addresses: Collection[str]
) -> tuple[WrittenTo, ...]:
    """Return those that no configured address reaches, as the daemon compares them."""
    return tuple(
        one for one in written if not is_addressed_to([one.address], addresses)
    )
