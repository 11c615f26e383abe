"""Renders events and live attempts as lines of text in the user's language."""

from collections.abc import Iterator
from datetime import datetime

from watcher.app.places import PHONE
from watcher.cli.retold import Retold
from watcher.clock import local_moment, local_time, minutes_seconds
from watcher.config.schema import CHANNELS
from watcher.events import AnyEvent, Attempt, EventName, Expectation, to_fields
from watcher.i18n import Language, Text, fit_columns
from watcher.notify.sentences import OPEN_MAIL, SIGNED_BUT, SIGNED_TO
from watcher.recognition.claim import Kind
from watcher.recognition.reasons import REASONS, Reason, is_misaddressed, misaddressed
from watcher.recognition.text import sanitise
from watcher.timing.error import error_in_words

DETAILS_AT = 28
"""The column at which a line of the event log has come past time and number."""
DETAIL_COLUMNS = 100
"""How much is shown of a word that comes from a mail, a server or a library."""


def render_event(event: AnyEvent, language: Language) -> str:
    """Return one line: local date and time, attempt id, event name and details."""
    fields = to_fields(event)
    attempt_id, kind = fields["attempt_id"], fields["kind"]
    foreign = (fields[name] for name in ("secret", "device", "near"))
    words = (
        _shown(fields["account"]),
        _shown(fields["store"]),
        kind and KINDS[kind].say(language),
        *map(_shown, foreign),
        *_why(event, language),
    )
    when = event.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    about = f"#{attempt_id}" if attempt_id else ""
    name = EVENT_NAMES[event.event].say(language)
    if event.event is EventName.OUTCOME:
        name = f"{name}: {outcome_in_words(event.detail, language)}"
    line = (when, about.rjust(5), name, *filter(None, words))
    return "  ".join(line)


def _shown(word: str | None) -> str | None:
    return word and fit_columns(sanitise(word), DETAIL_COLUMNS)


def _why(event: AnyEvent, language: Language) -> Iterator[str]:
    """Yield the reasons and the detail of an event in words."""
    if isinstance(event.about, Expectation):
        yield _UNTIL.say(language, until=local_moment(event.about.until, event.at))
    is_genuine = event.event in (EventName.ATTEMPT, EventName.MISSED)
    if is_genuine and is_misaddressed(event.reasons):
        text, data = misaddressed(sanitise(to_fields(event)["recipient"] or ""))
        yield text.say(language, **data)
    else:
        yield from (reason_in_words(code, language) for code in event.reasons)
    if event.event is EventName.CLOCK_WRONG:
        yield error_in_words(event.detail).say(language)
    elif detail := _shown(event.detail):
        is_channel = event.event in (EventName.NOTIFIED, EventName.REMINDED)
        if is_channel and detail in CHANNELS:
            text = _TO_PHONE if detail == PHONE else _ON
            yield text.say(language, channel=CHANNELS[detail])
        elif event.event is EventName.ARMED:
            yield _BY.say(language, detail=detail)
        elif event.event is EventName.SIGN_IN_REPORTED:
            yield local_time(datetime.fromisoformat(detail))
        elif event.event is EventName.EXPIRED:
            yield EVENT_NAMES[EventName(detail)].say(language)
        elif event.event in (EventName.NOTIFY_FAILED, EventName.OPEN_FAILED):
            cause = Retold(event.detail or "").say(language)
            yield _DETAIL.say(language, detail=_shown(cause))
        elif event.event is not EventName.OUTCOME:
            yield _DETAIL.say(language, detail=detail)


def outcome_in_words(detail: str | None, language: Language) -> str:
    """Return how an attempt ended; its code where a newer version has noted it."""
    known = OUTCOMES.get(detail or "")
    return known.say(language) if known else sanitise(detail or "")


def reason_in_words(code: str, language: Language) -> str:
    """Return a reason in words; its code where a newer version has logged it."""
    try:
        return REASONS[Reason(code)].say(language)
    except ValueError:
        return sanitise(code)


def render_live(
    attempt: Attempt, now: datetime, language: Language, *, is_clock_wrong: bool = False
) -> str:
    """Return a live attempt with its link or code, the deadline and the time left."""
    kind = attempt.kind or Kind.UNKNOWN
    text = _LIVE_FOR if is_clock_wrong else _LIVE
    if not attempt.is_deadline_known:
        text = _LIVE_OR_OVER
    head = text.say(
        language,
        id=attempt.id,
        kind=KINDS[kind].say(language),
        account=attempt.origin.account,
        deadline=local_time(attempt.expires_at),
        left=minutes_seconds(attempt.time_left(now)),
    )
    details = (attempt.claim.device, attempt.claim.near, attempt.secret)
    lines = [f"  {sanitise(line)}" for line in details if line]
    if kind is Kind.UNKNOWN:
        recipient = sanitise(attempt.claim.recipient or "")
        why = SIGNED_TO if recipient else SIGNED_BUT
        lines += [f"  {why.say(language, recipient=recipient)}"]
        lines += [f"  {OPEN_MAIL.say(language)}"]
    return "\n".join((head, *lines))


_LIVE_OR_OVER = Text(
    en="#{id} {kind} for {account}: may be over already",
    ja="#{id} {kind}({account}): もう期限切れかもしれません",
)
_LIVE_FOR = Text(
    en="#{id} {kind} for {account}: {left} left",
    ja="#{id} {kind}({account}): 残り {left}",
)
_LIVE = Text(
    en="#{id} {kind} for {account}: until {deadline}, {left} left",
    ja="#{id} {kind}({account}): {deadline} まで、残り {left}",
)
KINDS = {
    Kind.APPROVAL: Text(en="approve or deny", ja="承認または否認"),
    Kind.CODE: Text(en="verification code", ja="確認コード"),
    Kind.UNKNOWN: Text(en="a form not seen before", ja="はじめて見る形のメール"),
}
OUTCOMES = {
    "worked": Text(en="worked", ja="成功"),
    "failed": Text(en="failed", ja="失敗"),
}
_ON = Text(en="on the {channel}", ja="{channel}に表示")
_TO_PHONE = Text(en="to the {channel}", ja="{channel}に送信")
_DETAIL = Text(en="cause: {detail}", ja="原因: {detail}")
_BY = Text(en="by `watcher {detail}`", ja="`watcher {detail}` による")
_UNTIL = Text(en="until {until}", ja="{until} まで")
_TO_ANOTHER = Text(en="to another address", ja="宛先が違うメール")
EVENT_NAMES = {
    EventName.ATTEMPT: Text(en="sign-in attempt", ja="サインイン試行"),
    EventName.MISSED: Text(en="found too late", ja="期限後に見つかった"),
    EventName.UNVERIFIED: Text(en="sender not verified", ja="差出人を確認できず"),
    EventName.LOOK_ALIKE: Text(en="look-alike", ja="偽物らしいメール"),
    EventName.NOTIFIED: Text(en="notified", ja="通知"),
    EventName.NOTIFY_FAILED: Text(en="notification failed", ja="通知できず"),
    EventName.REMINDED: Text(en="reminded", ja="再通知"),
    EventName.EXPIRED: Text(en="expired", ja="期限切れ"),
    EventName.OPENED: Text(en="opened", ja="ページを開いた"),
    EventName.OPEN_FAILED: Text(en="page could not be opened", ja="ページを開けず"),
    EventName.COPIED: Text(en="code copied", ja="コードをコピー"),
    EventName.NOT_ME: Text(en="it was not me", ja="身に覚えがない"),
    EventName.SUPERSEDED: Text(en="superseded", ja="新しいメールに交代"),
    EventName.SIGN_IN_REPORTED: Text(en="sign-in reported", ja="サインインの報告"),
    EventName.OUTCOME: Text(en="outcome", ja="結果"),
    EventName.ARMED: Text(en="sign-in expected", ja="サインイン予定"),
    EventName.DISARMED: Text(en="no sign-in expected any more", ja="予定の取り消し"),
    EventName.CLOCK_WRONG: Text(en="clock wrong", ja="時計のずれ"),
    EventName.BLIND: Text(en="account not watched", ja="見張れていない"),
    EventName.RECOVERED: Text(en="watched again", ja="見張りを再開"),
    EventName.STARTED: Text(en="watcher started", ja="watcher を開始"),
    EventName.STOPPED: Text(en="watcher stopped", ja="watcher を終了"),
}
