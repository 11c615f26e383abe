"""Checks what an account's server offers: push, and the mailboxes that are watched."""

from collections.abc import Collection

from watcher.i18n import Text
from watcher.imap.account import JUNK
from watcher.imap.choices import WatchMode
from watcher.imap.mailboxes import is_special
from watcher.recognition.text import one_line
from watcher.setup.doctor.report import (
    Finding,
    Sentence,
    failed,
    passed,
    warned,
    worst,
)
from watcher.setup.probe import Probed

USEFUL = ("IDLE", "NOTIFY", "SPECIAL-USE", "ID")
"""Capabilities that make a difference to how well an account is watched."""


def check_capabilities(offered: Collection[str], mode: WatchMode) -> Finding:
    """Return whether mail is pushed, and what else the server has to offer."""
    has = ", ".join(name for name in USEFUL if name in offered) or "–"
    lacks = ", ".join(name for name in USEFUL if name not in offered)
    if not lacks:
        return passed(_ALL_OFFERED, has=has)
    if "IDLE" in offered or mode is WatchMode.POLL:
        return passed(_OFFERED, has=has, lacks=lacks)
    return warned(Sentence.of(_NO_PUSH, lacks=lacks), _NO_PUSH_REMEDY)


def check_mailboxes(probed: Probed) -> Finding:
    """Return whether every mailbox that is to be watched is there."""
    missing = [name for name in probed.missing if not is_special(name)]
    findings: list[Finding] = []
    if missing:
        names = one_line(", ".join(missing))
        findings.append(failed(Sentence.of(_MISSING, names=names), _MISSING_REMEDY))
    if not probed.mailboxes:
        findings.append(failed(_NONE, _MISSING_REMEDY))
    findings += (warned(error, _REFUSED_REMEDY) for error in probed.refused)
    if JUNK.lower() in map(str.lower, probed.missing):
        findings.append(warned(_NO_JUNK, _NO_JUNK_REMEDY))
    return worst(findings or [passed(_FOUND, names=_names(probed))])


def _names(probed: Probed) -> str:
    return one_line(", ".join(probed.mailboxes))


_ALL_OFFERED = Text(en="It offers {has}.", ja="対応: {has}")
_OFFERED = Text(
    en="It offers {has}; it lacks {lacks}.",
    ja="対応: {has}、非対応: {lacks}",
)
_NO_PUSH = Text(
    en="The server does not tell of new mail by itself (it lacks {lacks}), so it is "
    "asked every few seconds.",
    ja="サーバーは新着を自分から知らせないので(非対応: {lacks})、数秒ごとに"
    "確認します。",
)
_NO_PUSH_REMEDY = Text(
    en="Nothing to repair. To be told sooner, run `watcher expect` before you sign in.",
    ja="直すところはありません。早く知りたいときは、サインインの前に `watcher expect` "
    "を実行してください。",
)
_FOUND = Text(en="Watched: {names}", ja="見張る場所: {names}")
_MISSING = Text(
    en="The server has no mailbox {names}.",
    ja="サーバーにメールボックス {names} がありません。",
)
_NONE = Text(
    en="None of the mailboxes of this account can be opened.",
    ja="このアカウントのメールボックスを、一つも開けません。",
)
_MISSING_REMEDY = Text(
    en='Correct mailboxes of this account, for instance ["INBOX", "\\\\Junk"].',
    ja='このアカウントの mailboxes を直してください(例: ["INBOX", "\\\\Junk"])。',
)
_REFUSED_REMEDY = Text(
    en="Try again later; the other mailboxes are watched meanwhile.",
    ja="あとでもう一度試してください。ほかのメールボックスは見張れます。",
)
_NO_JUNK = Text(
    en="No junk mailbox was found: an attempt that lands there would not be seen.",
    ja="迷惑メールのフォルダーが見つかりません。そこに入った試行には気づけません。",
)
_NO_JUNK_REMEDY = Text(
    en='Name it in mailboxes, as the server calls it: ["INBOX", "Spam"]. If there is '
    'none, write ["INBOX"].',
    ja='mailboxes に、サーバーでの名前を書いてください(例: ["INBOX", "Spam"])。'
    'ない場合は ["INBOX"] とだけ書いてください。',
)
