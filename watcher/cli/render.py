"""Writes an event, or a judged mail, as lines a person reads, in their language."""

from datetime import datetime

from watcher.cli.parser import Options
from watcher.cli.terminal import Colour, paint
from watcher.clock import local_time, minutes_seconds
from watcher.events import AnyEvent, Attempt, EventName, to_fields
from watcher.i18n import Language, Text, fit_columns
from watcher.notify.sentences import OPEN_MAIL
from watcher.recognition.explain import ASPECTS, REASONS, Finding
from watcher.recognition.judge import Judgement
from watcher.recognition.text import sanitise
from watcher.recognition.verdict import (
    Approval,
    Code,
    Kind,
    LookAlike,
    NotRelevant,
    Recognised,
    Unknown,
    Unverified,
    Verdict,
)

DETAIL_COLUMNS = 100


def render_event(event: AnyEvent, language: Language) -> str:
    """Return one line: date, clock time, what happened, to whom, and the details."""
    fields = to_fields(event)
    attempt_id, kind = fields["attempt_id"], fields["kind"]
    words = (
        fields["account"],
        fields["store"],
        kind and _KINDS[kind].say(language),
        *(fields[name] for name in ("secret", "device", "near")),
        ", ".join(event.reasons),
        event.detail,
    )
    shown = (fit_columns(sanitise(word), DETAIL_COLUMNS) for word in words if word)
    when = event.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    about = f"#{attempt_id}" if attempt_id else ""
    return "  ".join(
        (when, about.rjust(5), EVENT_NAMES[event.event].say(language), *shown)
    )


def render_live(attempt: Attempt, now: datetime, language: Language) -> str:
    """Return a live attempt with its link or code, the deadline and the time left."""
    kind = attempt.kind or Kind.UNKNOWN
    head = _LIVE.say(
        language,
        id=attempt.id,
        kind=_KINDS[kind].say(language),
        account=attempt.origin.account,
        deadline=local_time(attempt.expires_at),
        left=minutes_seconds(attempt.time_left(now)),
    )
    advice = OPEN_MAIL.say(language) if kind is Kind.UNKNOWN else None
    details = (attempt.claim.device, attempt.claim.near, attempt.secret, advice)
    lines = (f"  {sanitise(line)}" for line in details if line)
    return "\n".join((head, *lines))


_LIVE = Text(
    en="#{id} {kind} for {account}: until {deadline}, {left} left",
    ja="#{id} {kind}({account}): {deadline} まで、残り {left}",
)
_KINDS = {
    Kind.APPROVAL: Text(en="approve or deny", ja="承認または否認"),
    Kind.CODE: Text(en="verification code", ja="確認コード"),
    Kind.UNKNOWN: Text(en="unknown form", ja="未知の形式"),
}
EVENT_NAMES = {
    EventName.ATTEMPT: Text(en="sign-in attempt", ja="サインイン試行"),
    EventName.MISSED: Text(en="missed", ja="間に合わず"),
    EventName.UNVERIFIED: Text(en="sender not verified", ja="差出人を確認できず"),
    EventName.LOOK_ALIKE: Text(en="look-alike", ja="偽物らしいメール"),
    EventName.NOTIFIED: Text(en="notified", ja="通知"),
    EventName.NOTIFY_FAILED: Text(en="notification failed", ja="通知できず"),
    EventName.REMINDED: Text(en="reminded", ja="再通知"),
    EventName.EXPIRED: Text(en="expired", ja="期限切れ"),
    EventName.OPENED: Text(en="opened", ja="ページを開いた"),
    EventName.NOT_ME: Text(en="it was not me", ja="自分ではない"),
    EventName.ARMED: Text(en="sign-in expected", ja="サインイン予定"),
    EventName.BLIND: Text(en="account not watched", ja="見張れていない"),
    EventName.RECOVERED: Text(en="watched again", ja="見張りを再開"),
    EventName.STARTED: Text(en="daemon started", ja="デーモン開始"),
    EventName.STOPPED: Text(en="daemon stopped", ja="デーモン終了"),
}


_SIGNS = {
    True: ("✓", Colour.GOOD),
    False: ("✗", Colour.BAD),
    None: ("?", Colour.OPEN),
}


def render_judgement(name: str, judgement: Judgement, options: Options) -> str:
    """Return the lines on one mail."""
    text, colour = _headline(judgement.verdict)
    head = f"{name}: {paint(text.say(options.language), colour, options)}"
    lines = (_render_finding(found, options) for found in judgement.findings)
    return "\n".join((head, *lines))


def _headline(verdict: Verdict) -> tuple[Text, Colour]:
    match verdict:
        case Recognised(attempt=attempt):
            match attempt.content:
                case Approval():
                    return _APPROVAL, Colour.GOOD
                case Code():
                    return _CODE, Colour.GOOD
                case Unknown():
                    return _UNKNOWN_FORM, Colour.GOOD
        case Unverified():
            return _UNVERIFIED, Colour.OPEN
        case LookAlike():
            return _LOOK_ALIKE, Colour.BAD
        case NotRelevant():
            return _NOT_RELEVANT, Colour.STRONG


def _render_finding(found: Finding, options: Options) -> str:
    sign, colour = _SIGNS[found.passed]
    label = ASPECTS[found.aspect].say(options.language)
    flaws = "; ".join(REASONS[flaw].say(options.language) for flaw in found.flaws)
    told = " — ".join(part for part in (flaws, found.value) if part)
    return f"  {paint(sign, colour, options)} {label}{': ' if told else ''}{told}"


_APPROVAL = Text(
    en="recognised: Amazon asks to approve or deny a sign-in",
    ja="本物: サインインの承認または否認を求める Amazon のメール",
)
_CODE = Text(
    en="recognised: Amazon's verification code for a sign-in",
    ja="本物: サインインの確認コードを知らせる Amazon のメール",
)
_UNKNOWN_FORM = Text(
    en="recognised: Amazon's sign-in mail in an unknown form (no link, no code)",
    ja="本物: 未知の形式のサインイン試行メール(リンクもコードも出しません)",
)
_UNVERIFIED = Text(
    en="unverified: it reads like a sign-in attempt, but nothing proves the sender",
    ja="未確認: サインイン試行のようですが、差出人を証明できません",
)
_LOOK_ALIKE = Text(
    en="look-alike: it passes itself off as Amazon's account mail",
    ja="偽物: Amazon のアカウント連絡に見せかけています",
)
_NOT_RELEVANT = Text(
    en="not relevant: it is no sign-in attempt",
    ja="対象外: サインイン試行のメールではありません",
)
