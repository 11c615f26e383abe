"""Renders events and judged mails as lines of text in the user's language."""

from datetime import datetime
from typing import TYPE_CHECKING

from watcher.cli.parser import Options
from watcher.cli.terminal import Colour, paint
from watcher.clock import local_time, minutes_seconds
from watcher.events import AnyEvent, Attempt, EventName, to_fields
from watcher.i18n import Language, Text, fit_columns
from watcher.notify.sentences import OPEN_MAIL
from watcher.recognition import explain
from watcher.recognition.explain import ASPECTS, REASONS
from watcher.recognition.text import sanitise
from watcher.recognition.verdict import (
    Kind,
    LookAlike,
    NotRelevant,
    Recognised,
    Unverified,
    Verdict,
)

if TYPE_CHECKING:  # it imports mailparser, which `log` does without
    from watcher.recognition.judge import Judgement

DETAIL_COLUMNS = 100


def render_event(event: AnyEvent, language: Language) -> str:
    """Return one line: local date and time, attempt id, event name and details."""
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
    EventName.OPEN_FAILED: Text(en="page could not be opened", ja="ページを開けず"),
    EventName.COPIED: Text(en="code copied", ja="コードをコピー"),
    EventName.NOT_ME: Text(en="it was not me", ja="自分ではない"),
    EventName.ARMED: Text(en="sign-in expected", ja="サインイン予定"),
    EventName.BLIND: Text(en="account not watched", ja="見張れていない"),
    EventName.RECOVERED: Text(en="watched again", ja="見張りを再開"),
    EventName.STARTED: Text(en="daemon started", ja="デーモン開始"),
    EventName.STOPPED: Text(en="daemon stopped", ja="デーモン終了"),
}


_SIGNS = {True: ("✓", Colour.GOOD), False: ("✗", Colour.BAD), None: ("?", Colour.OPEN)}
_COLOURS: dict[type[Verdict], Colour] = {
    Recognised: Colour.GOOD,
    Unverified: Colour.OPEN,
    LookAlike: Colour.BAD,
    NotRelevant: Colour.STRONG,
}


def render_judgement(name: str, judgement: "Judgement", options: Options) -> str:
    """Return the lines on one mail."""
    verdict = judgement.verdict
    headline = explain.headline(verdict).say(options.language)
    head = f"{name}: {paint(headline, _COLOURS[type(verdict)], options)}"
    lines = [head]
    for found in judgement.findings:
        sign, colour = _SIGNS[found.passed]
        label = ASPECTS[found.aspect].say(options.language)
        flaws = "; ".join(REASONS[flaw].say(options.language) for flaw in found.flaws)
        told = " — ".join(part for part in (flaws, found.value) if part)
        line = ": ".join(filter(None, (label, told)))
        lines.append(f"  {paint(sign, colour, options)} {line}")
    return "\n".join(lines)
