"""Turns what happens in `watcher run` into lines for a person.

Pure. No line holds a link, a code or any other text of a mail; what comes from a server
is made harmless.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from watcher.app.health import BLIND_AFTER
from watcher.app.hooks import NAME as HOOK
from watcher.app.places import PHONE
from watcher.cli.render import OUTCOMES
from watcher.cli.retold import Retold
from watcher.clock import minutes_seconds, other_day
from watcher.errors import WatcherError
from watcher.events import (
    AccountRef,
    AlertReceived,
    AnyEvent,
    Attempt,
    EventName,
    Expectation,
    Mail,
    Mode,
    State,
    StateChanged,
)
from watcher.i18n import Language, Text, fit_columns
from watcher.imap.choices import MODES
from watcher.recognition.text import one_line
from watcher.timing.error import error_in_words

_URL = re.compile(r"(?i)https?://\S+")
COLUMNS = 300
"""How much of a server's or a library's words stands in a line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, in both languages."""

    at: datetime
    text: Text
    data: Mapping[str, object] = field(default_factory=dict)
    is_urgent: bool = False
    """An error, or something that needs the user: told with `--quiet`, too."""

    def say(self, language: Language) -> str:
        """Return the line, which begins with the user's clock time, `HH:MM`."""
        words = {name: _word(value, language) for name, value in self.data.items()}
        return f"{_clock(self.at)} {self.text.say(language, **words)}"


def _word(value: object, language: Language) -> str:
    match value:
        case Text() | WatcherError() | Retold():
            said = value.say(language)
        case _:
            said = str(value)
    return fit_columns(_URL.sub("…", one_line(said)), COLUMNS).rstrip(".。")


def _clock(instant: datetime) -> str:
    return instant.astimezone().strftime("%H:%M")


def event_line(event: AnyEvent) -> Line | None:
    """Return what to tell of an event; None for one that another line tells of."""
    text, is_urgent = _EVENTS.get(event.event, (None, False))
    if event.detail == PHONE and event.event in _ON_PHONE:
        text, is_urgent = _ON_PHONE[event.event], False
    if (event.detail or "").startswith(f"{HOOK}: "):
        text = _HOOK_FAILED
    if text is None or (event.event is EventName.EXPIRED and event.detail):
        return None  # who has answered needs no word on the end
    blind_s = round(BLIND_AFTER.total_seconds())
    data: dict[str, object] = {"detail": event.detail or "", "blind_s": blind_s}
    if event.event is EventName.NOTIFY_FAILED:
        data["detail"] = Retold(event.detail or "")
    elif event.event is EventName.OUTCOME:
        data["detail"] = OUTCOMES.get(event.detail or "", event.detail)
    match event.about:
        case Attempt() as attempt:
            data["left"] = _left(attempt, event.at)
        case AccountRef(name=name):
            data["account"] = name
        case Expectation(until=until):
            data["until"] = other_day(until, event.at) + _clock(until)
        case _:
            pass
    if isinstance(event.about, Mail):
        data |= {"account": event.about.origin.account, "id": event.about.id}
    if event.event is EventName.CLOCK_WRONG:
        data["error"] = error_in_words(event.detail)
    return Line(event.at, text, data, is_urgent)


def _left(attempt: Attempt, now: datetime) -> Text:
    if not attempt.is_deadline_known:
        return _MAYBE_OVER
    left = minutes_seconds(attempt.time_left(now))
    return _LEFT._replace(en=_LEFT.en.format(left), ja=_LEFT.ja.format(left))


def started_line(event: AnyEvent, accounts: str) -> Line:
    """Return the first line: who is watched, and how to end it."""
    return Line(event.at, _STARTED, {"accounts": accounts})


def unshown_line(attempt: Attempt, at: datetime) -> Line:
    """Return what to tell of a new attempt that no notification shows."""
    left = _left(attempt, at)
    data = {"account": attempt.origin.account, "id": attempt.id, "left": left}
    return Line(at, _CAME, data, is_urgent=True)


def connected_line(change: StateChanged, *, is_again: bool) -> Line:
    """Return that an account is watched now, and how."""
    data: dict[str, object] = {"account": change.account}
    if change.mode_reason and change.mode is Mode.POLL:
        data["how"], data["why"] = MODES[Mode.POLL], change.mode_reason.text
        text = _BACK_WHY if is_again else _CONNECTED_WHY
    else:
        data["how"] = MODES[change.mode or Mode.PUSH]
        text = _BACK if is_again else _CONNECTED
    return Line(change.at, text, data)


def failure_line(change: StateChanged, error: WatcherError) -> Line:
    """Return why an account is not watched, and when it is tried again."""
    data: dict[str, object] = {"account": change.account, "error": error}
    if change.next_try_at:
        wait_s = (change.next_try_at - change.at).total_seconds()
        data |= {"seconds": max(1, round(wait_s)), "next": _clock(change.next_try_at)}
    match change.state:
        case State.BACKING_OFF if change.next_try_at:
            return Line(change.at, _LOST, data)
        case State.REFUSED if change.next_try_at:
            return Line(change.at, _NOT_WATCHED, data, is_urgent=True)
        case _:  # a mailbox is missing, and the others are watched
            return Line(change.at, _ERROR, data, is_urgent=True)


def alert_line(alert: AlertReceived) -> Line:
    """Return what a server wants the user to know; no URL in it is a link."""
    words = alert.words.replace("://", ":")
    data = {"account": alert.account, "words": words}
    return Line(alert.at, ALERT, data, is_urgent=True)


def trouble_line(error: WatcherError, at: datetime) -> Line:
    """Return that the event log cannot be written."""
    return Line(at, _TROUBLE, {"error": error}, is_urgent=True)


def log_line(why: WatcherError, at: datetime) -> Line:
    """Return what became of the event log."""
    return Line(at, _LOG, {"why": why}, is_urgent=True)


def bug_line(at: datetime) -> Line:
    """Return that a bug was survived, which only the log for developers names."""
    return Line(at, _BUG, is_urgent=True)


def config_lines(error: WatcherError, at: datetime) -> list[Line]:
    """Return what is wrong with the configuration as it was saved, a line each."""
    en, ja = (error.say(one).splitlines() for one in (Language.EN, Language.JA))
    words = [_LOG._replace(en=one, ja=other) for one, other in zip(en, ja, strict=True)]
    lines = [Line(at, _LOG, {"why": one}, is_urgent=True) for one in words]
    return [*lines, Line(at, _CONFIG_KEPT, is_urgent=True)]


def config_good_line(at: datetime) -> Line:
    """Return that the configuration can be used again, and is the one at work."""
    return Line(at, _CONFIG_GOOD)


def reloaded_line(accounts: str, at: datetime) -> Line:
    """Return that another configuration was taken up."""
    return Line(at, _RELOADED, {"accounts": accounts})


_CONFIG_KEPT = Text(
    en="the former configuration goes on; correct the file and save it again",
    ja="前の設定のまま続けます。ファイルを直して保存しなおしてください",
)
_CONFIG_GOOD = Text(
    en="the configuration is in order again", ja="設定ファイルが直りました"
)
_RELOADED = Text(
    en="the configuration was taken up: watching {accounts}",
    ja="新しい設定に切り替えました。{accounts} を見張ります",
)
_BUG = Text(
    en="an unexpected error: this is a bug in watcher; run it with --verbose and "
    "report what it prints",
    ja="予期しないエラーが起きました。watcher の不具合です。--verbose を付けて実行し、"
    "表示された内容を報告してください",
)
ALERT = Text(
    en="{account}: the mail server says: {words}",
    ja="{account}: メールサーバーからのお知らせ: {words}",
)
_STARTED = Text(
    en="Watching {accounts}. Ctrl-C ends it.",
    ja="{accounts} を見張ります。Ctrl-C で終わります。",
)
_LEFT = Text(en="{} left", ja="残り {}")
_MAYBE_OVER = Text(en="may be over already", ja="もう期限切れかもしれません")
_CAME = Text(
    en="{account}: sign-in attempt came (#{id}), {left}; `watcher check` shows it",
    ja="{account}: サインイン試行が届きました(#{id})。{left}。"
    "`watcher check` で表示できます",
)
_ON_PHONE = {
    EventName.NOTIFIED: Text(
        en="{account}: the phone was told of the sign-in attempt (#{id}), {left}",
        ja="{account}: サインイン試行をスマートフォンに知らせました(#{id})。{left}",
    ),
    EventName.REMINDED: Text(
        en="{account}: the phone was reminded of the sign-in attempt (#{id}), {left}",
        ja="{account}: サインイン試行をスマートフォンにもう一度知らせました(#{id})。"
        "{left}",
    ),
}
_HOOK_FAILED = Text(en="{detail}", ja="{detail}")
_EVENTS: Mapping[EventName, tuple[Text, bool]] = {
    EventName.NOTIFIED: (
        Text(
            en="{account}: sign-in attempt shown (#{id}), {left}",
            ja="{account}: サインイン試行を知らせました(#{id})。{left}",
        ),
        True,
    ),
    EventName.REMINDED: (
        Text(
            en="{account}: reminded of the sign-in attempt (#{id}), {left}",
            ja="{account}: サインイン試行をもう一度知らせました(#{id})。{left}",
        ),
        True,
    ),
    EventName.OPENED: (
        Text(
            en="{account}: approval page opened (#{id})",
            ja="{account}: 承認ページを開きました(#{id})",
        ),
        False,
    ),
    EventName.OPEN_FAILED: (
        Text(
            en="{account}: the approval page could not be opened (#{id}); run "
            "`watcher open {id} --print` and open the link by hand",
            ja="{account}: 承認ページを開けませんでした(#{id})。"
            "`watcher open {id} --print` でリンクを表示し、手で開いてください",
        ),
        True,
    ),
    EventName.COPIED: (
        Text(
            en="{account}: code copied (#{id})",
            ja="{account}: 確認コードをコピーしました(#{id})",
        ),
        False,
    ),
    EventName.NOT_ME: (
        Text(
            en="{account}: you said that it was not you (#{id}); do not approve, and "
            "change your Amazon password",
            ja="{account}: 「身に覚えがない」と記録しました(#{id})。承認せず、"
            "Amazon のパスワードを変更してください",
        ),
        True,
    ),
    EventName.EXPIRED: (
        Text(
            en="{account}: the sign-in attempt is over (#{id})",
            ja="{account}: サインイン試行の期限が切れました(#{id})",
        ),
        False,
    ),
    EventName.MISSED: (
        Text(
            en="{account}: a sign-in attempt was found too late (#{id}); if it was "
            "yours, sign in again",
            ja="{account}: 期限の切れたサインイン試行が見つかりました(#{id})。"
            "ご自分のものなら、サインインをやりなおしてください",
        ),
        True,
    ),
    EventName.UNVERIFIED: (
        Text(
            en="{account}: a mail reads like a sign-in attempt, but its sender could "
            "not be verified (#{id}); look at it with care",
            ja="{account}: サインイン試行らしいメールが届きましたが、差出人を確認"
            "できません(#{id})。注意して見てください",
        ),
        True,
    ),
    EventName.LOOK_ALIKE: (
        Text(
            en="{account}: a look-alike mail came (#{id}); it is only logged",
            ja="{account}: 偽物らしいメールが届きました(#{id})。記録だけします",
        ),
        False,
    ),
    EventName.NOTIFY_FAILED: (
        Text(
            en="a notification could not be shown ({detail})",
            ja="通知を表示できませんでした({detail})",
        ),
        True,
    ),
    EventName.SUPERSEDED: (
        Text(
            en="{account}: #{id} has made way for a newer mail",
            ja="{account}: #{id} は新しいメールに替わりました",
        ),
        False,
    ),
    EventName.SIGN_IN_REPORTED: (
        Text(
            en="{account}: Amazon reports a sign-in; it may be #{id}",
            ja="{account}: Amazon がサインインを知らせました(#{id} かもしれません)",
        ),
        True,
    ),
    EventName.OUTCOME: (
        Text(
            en="{account}: how #{id} ended is noted ({detail})",
            ja="{account}: #{id} の結果を記録しました({detail})",
        ),
        False,
    ),
    EventName.ARMED: (
        Text(
            en="a sign-in is expected until {until}",
            ja="{until} まで、すぐに知らせられるように待機します",
        ),
        False,
    ),
    EventName.DISARMED: (
        Text(
            en="a sign-in is no longer expected",
            ja="サインインに備えた待機をやめました",
        ),
        False,
    ),
    EventName.CLOCK_WRONG: (
        Text(
            en="this computer's clock is {error}; set it right",
            ja="このパソコンの時計が{error}。時刻を合わせてください",
        ),
        True,
    ),
    EventName.BLIND: (
        Text(
            en="{account}: not watched for {blind_s} seconds; look at your mail "
            "yourself",
            ja="{account}: {blind_s} 秒以上見張れていません。メールを直接"
            "確かめてください",
        ),
        True,
    ),
    EventName.RECOVERED: (
        Text(
            en="{account}: watched again; what came meanwhile was looked at",
            ja="{account}: 見張りを再開しました。その間のメールも確認しました",
        ),
        False,
    ),
    EventName.STOPPED: (
        Text(
            en="Stopped: nothing is watched now.",
            ja="終了しました。もう見張っていません。",
        ),
        False,
    ),
}
"""What is told of each event, and whether with `--quiet`, too."""
_CONNECTED = Text(
    en="{account}: connected ({how})", ja="{account}: 接続しました({how})"
)
_CONNECTED_WHY = Text(
    en="{account}: connected ({how}: {why})",
    ja="{account}: 接続しました({how}: {why})",
)
_BACK = Text(
    en="{account}: the connection was lost and is back ({how})",
    ja="{account}: 接続が切れましたが、すぐに戻りました({how})",
)
_BACK_WHY = Text(
    en="{account}: the connection was lost and is back ({how}: {why})",
    ja="{account}: 接続が切れましたが、すぐに戻りました({how}: {why})",
)
_LOST = Text(
    en="{account}: no connection ({error}); trying again in {seconds} s",
    ja="{account}: 接続できません({error})。{seconds} 秒後につなぎなおします",
)
_NOT_WATCHED = Text(
    en="{account}: not watched ({error}); next try at {next}",
    ja="{account}: 見張れません({error})。次は {next} に試します",
)
_ERROR = Text(en="{account}: {error}", ja="{account}: {error}")
_LOG = Text(en="{why}", ja="{why}")
_TROUBLE = Text(
    en="{error}; trying again until it works",
    ja="{error}。書きこめるまで試しつづけます",
)
