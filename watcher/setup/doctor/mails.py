"""Checks what the mails of the last months tell: addresses, and keys of signatures."""

from collections.abc import Sequence
from dataclasses import replace

from watcher.config.accounts import addresses
from watcher.config.schema import Account, Config
from watcher.dkim import KeyStore
from watcher.errors import Unreachable
from watcher.i18n import Text
from watcher.recognition.text import sanitise
from watcher.setup.doctor.report import (
    Finding,
    Sentence,
    Sentences,
    failed,
    passed,
    skipped,
    warned,
)
from watcher.setup.past_mails import (
    PAST,
    PastMail,
    PastMails,
    Proof,
    unlisted,
    written_to,
)

KNOWN_KEY = "efcs4kiwgez5q6d7nhj6jx2dyn2hqgz4._domainkey.amazon.co.jp"
"""Of mails of 2024; where no mail is here to name the key that is in use now."""

SHOWN = 5
"""Addresses that are named; the others are counted."""


def check_addresses(past: PastMails, entry: Account, config: Config) -> Finding:
    """Return whether the addresses that Amazon writes to are configured ones.

    Any account's address is a known recipient, as for the judgement on a mail.
    """
    found = _judge(past, entry, config)
    if past.is_complete:
        return found
    return replace(found, detail=Sentences((found.detail, _INCOMPLETE)))


def _judge(past: PastMails, entry: Account, config: Config) -> Finding:
    written = written_to(past.mails)
    days = PAST.days
    if not written:
        old = sum(mail.proof is Proof.UNCHECKABLE for mail in past.mails)
        if old:
            return skipped(_UNCHECKABLE, count=old, days=days)
        return skipped(_NO_MAIL, days=days)
    own = addresses(entry)
    if not own:
        named = _named([one.address for one in written])
        return warned(
            Sentence.of(_UNKNOWN, named=named), _add(entry, written[0].address)
        )
    known = frozenset().union(*map(addresses, config.accounts))
    foreign = unlisted(written, known)
    if foreign:
        named = _named([f"{one.address} ({one.count})" for one in foreign])
        detail = Sentence.of(_UNLISTED, named=named, days=days)
        every = [*sorted(own), *(one.address for one in foreign)]
        return warned(detail, _add(entry, *every))
    named = _named([one.address for one in written])
    return passed(_LISTED, named=named, count=sum(one.count for one in written))


def _named(words: Sequence[str]) -> str:
    more = [f"+{len(words) - SHOWN}"] if len(words) > SHOWN else []
    return ", ".join([*map(sanitise, words[:SHOWN]), *more])


def _add(entry: Account, *wanted: str) -> Sentence:
    listed = ",".join(f'"{sanitise(one)}"' for one in wanted[: SHOWN + 1])
    line = f"addresses=[{listed}]"  # one word: it is copied, so no line may break in it
    return Sentence.of(_ADD, account=entry.name, line=line)


def check_key(keys: KeyStore, mails: Sequence[PastMail]) -> Finding:
    """Return whether DNS gives the key by which a mail of Amazon's is proved."""
    proved = (mail for mail in mails if mail.proof is Proof.PROVED and mail.keys)
    newest = next(proved, None)
    name = newest.keys[0] if newest else KNOWN_KEY
    try:
        record = keys.find(name)
    except Unreachable as error:
        return failed(error, _KEY_REMEDY)
    if record is not None:
        return passed(_KEY, name=sanitise(name))
    return skipped(_NO_KEY_KNOWN)


_NO_MAIL = Text(
    en="No mail of Amazon's about the account came in the last {days} days.",
    ja="この {days} 日間に、アカウントについての Amazon のメールは届いていません。",
)
_UNCHECKABLE = Text(
    en="The mails of the last {days} days ({count}) could not be checked any more: "
    "Amazon has withdrawn their keys, or DNS is silent.",
    ja="この {days} 日間のメール({count} 通)は、もう確かめられません。Amazon が鍵を"
    "取り下げたか、DNS が応答していません。",
)
_INCOMPLETE = Text(
    en="Not all mails of that time could be looked at.",
    ja="その期間のメールを、すべては調べられませんでした。",
)
_LISTED = Text(
    en="Amazon wrote to {named} ({count} proved mails).",
    ja="Amazon からの宛先: {named}(確かなメール {count} 通)",
)
_UNKNOWN = Text(
    en="No address is configured. Amazon wrote to {named}.",
    ja="宛先のアドレスが設定されていません。Amazon からの宛先は {named} です。",
)
_UNLISTED = Text(
    en="In the last {days} days Amazon also wrote to {named}, which is not configured: "
    "such mails are shown without link and code.",
    ja="この {days} 日間に、設定にない宛先 {named} にも Amazon からメールが届きました。"
    "そのようなメールは、リンクもコードもなしで知らせます。",
)
_ADD = Text(
    en="Only if these are all your own addresses at Amazon, write under the account "
    "{account}: {line}",
    ja="すべて自分が Amazon に登録したアドレスである場合だけ、アカウント {account} に"
    "次のように書いてください: {line}",
)
_KEY = Text(
    en="DNS gives Amazon's key {name}.",
    ja="DNS から Amazon の鍵 {name} を取り出せます。",
)
_NO_KEY_KNOWN = Text(
    en="DNS answers, but no proved mail is here that names the key in use now.",
    ja="DNS は応答しますが、いま使われている鍵の名前がわかる確かなメールがありません。",
)
_KEY_REMEDY = Text(
    en="Without keys no link is shown. Name another name server under [dkim], like "
    'nameservers = ["1.1.1.1", "8.8.8.8"].',
    ja="鍵がないとリンクは表示されません。[dkim] に別のネームサーバーを書いてください"
    '(例: nameservers = ["1.1.1.1", "8.8.8.8"])。',
)
