"""Tells what watcher would have done with the sign-in mails of the last months."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from watcher.errors import WatcherError
from watcher.i18n import Text
from watcher.imap.account import Account
from watcher.imap.connection import Connection
from watcher.keys import Keys
from watcher.recognition.policy import Policy
from watcher.recognition.reasons import Reason
from watcher.recognition.text import sanitise
from watcher.recognition.verdict import (
    Approval,
    Code,
    NotRelevant,
    Recognised,
    Unknown,
    Unverified,
)
from watcher.setup.past_mails import (
    PastMail,
    PastMails,
    Proof,
    past_mails,
    unlisted,
    written_to,
)

SHOWN = 5
"""Attempts that are told one by one, the newest ones."""


@dataclass(frozen=True, slots=True)
class Review:
    """The sign-in mails of the past, or why they could not be read."""

    past: PastMails
    error: WatcherError | None = None

    def unlisted(self, known: Collection[str]) -> tuple[str, ...]:
        """Return the addresses that Amazon is proved to write to beside those known."""
        found = unlisted(written_to(self.past.mails), known)
        return tuple(one.address for one in found)

    def lines(self, known: Collection[str]) -> Iterator[tuple[Text, dict[str, object]]]:
        """Yield what is to be said, each sentence with what it speaks of."""
        if self.error:
            yield _UNREAD, {"why": self.error}
            return
        attempts = [one for one in self.past.mails if _is_attempt(one)]
        if not attempts:
            yield _NONE, {}
        for mail in attempts[:SHOWN]:
            yield _told(mail, known)
        if len(attempts) > SHOWN:
            yield _MORE, {"count": len(attempts) - SHOWN}


def review(
    connection: Connection,
    account: Account,
    policy: Policy,
    keys: Keys,
    *,
    mailboxes: Collection[str],
) -> Review:
    """Judge the sign-in mails of the past; what goes wrong there is only told."""
    try:
        past = past_mails(connection, account, policy, keys, mailboxes=mailboxes)
    except WatcherError as error:
        return Review(PastMails(), error)
    return Review(past)


def _is_attempt(mail: PastMail) -> bool:
    return not isinstance(mail.judgement.verdict, NotRelevant)


def _told(mail: PastMail, known: Collection[str]) -> tuple[Text, dict[str, object]]:
    """Return what would have become of an attempt."""
    facts: dict[str, object] = {
        "at": _local(mail.received_at),
        "to": sanitise(", ".join(mail.recipients)),
    }
    verdict = mail.judgement.verdict
    if mail.proof is Proof.UNCHECKABLE:
        return _UNCHECKABLE, facts
    if isinstance(verdict, Unverified):
        return _UNVERIFIED, facts
    if mail.proof is Proof.FAILED:
        return _NOT_SHOWN, facts
    content = verdict.attempt.content if isinstance(verdict, Recognised) else Unknown()
    match content:
        case Approval():
            return _APPROVAL, facts
        case Code():
            return _CODE, facts
        case Unknown(reasons=reasons):
            is_foreign = Reason.RECIPIENT_UNKNOWN in reasons
            return (_FOREIGN if is_foreign and known else _UNKNOWN), facts


def _local(instant: datetime) -> str:
    return instant.astimezone().strftime("%m/%d %H:%M")


_UNREAD = Text(
    en="   They could not be read now ({why}). That does not matter for what comes.",
    ja="   今は読めませんでした({why})。これから届くメールには影響ありません。",
)
_NONE = Text(
    en="   No sign-in mail of Amazon is here from the last 90 days. That is fine if "
    "you have not signed in; else see that Amazon writes to this mailbox.",
    ja="   過去 90 日に、サインインのメールはありません。サインインをしていたら、"
    "Amazon のメールがここに届くか確かめてください。",
)
_MORE = Text(en="   … and {count} more", ja="   … ほか {count} 通")
_APPROVAL = Text(
    en="   {at} approval, to {to}: would have been shown with its link",
    ja="   {at} 承認リンク({to} 宛): リンクつきでお知らせする",
)
_CODE = Text(
    en="   {at} code, to {to}: would have been shown with the code",
    ja="   {at} 確認コード({to} 宛): コードつきでお知らせする",
)
_FOREIGN = Text(
    en="   {at} sign-in attempt, to {to}: an address that you have not named",
    ja="   {at} サインイン試行({to} 宛): 登録していないアドレスです",
)
_UNKNOWN = Text(
    en="   {at} sign-in attempt, to {to}: would have been told, without link",
    ja="   {at} サインイン試行({to} 宛): リンクなしでお知らせする",
)
_UNCHECKABLE = Text(
    en="   {at} to {to}: looks like one; its signature can no longer be checked today",
    ja="   {at}({to} 宛): サインインのメールのようですが、古くて署名を確かめられません",
)
_UNVERIFIED = Text(
    en="   {at} to {to}: unproved sender; would have been told, without link",
    ja="   {at}({to} 宛): 差出人を確認できないメール(リンクなしでお知らせする)",
)
_NOT_SHOWN = Text(
    en="   {at} to {to}: a look-alike; would not have been shown (save the mail, "
    "and `watcher classify` tells why)",
    ja="   {at}({to} 宛): 偽物の疑い(お知らせしない。理由は、保存したメールを "
    "`watcher classify` で調べると分かります)",
)
