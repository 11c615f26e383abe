"""`watcher status`: whether the daemon runs, and how each account is watched."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from watcher.app.lock import running_daemon
from watcher.app.outcomes import Outcomes, read_outcomes
from watcher.app.places import (
    CONFIGURATION,
    GUIDE,
    IS_BLIND,
    LOOKED_WITHIN,
    MACHINE_CLOCK,
)
from watcher.cli.context import (
    configuration_if_good,
    journal_path,
    notification_language,
    read_journal,
)
from watcher.cli.parser import Options
from watcher.cli.terminal import say
from watcher.clock import iso, local_moment, minutes_seconds, utc_now
from watcher.config.providers import tls_quirk_of
from watcher.config.schema import Config
from watcher.errors import ExitCode
from watcher.events import Attempt, Mode, ModeReason, State
from watcher.i18n import Language, Text
from watcher.imap.choices import MODES, TLS_QUIRKS, TlsQuirk
from watcher.journal.reader import JournalReader
from watcher.timing.error import ClockError

Sessions = Mapping[str, Mapping[str, Any]]
_STOPPED = {
    "state": State.STOPPED.value,
    **dict.fromkeys(("since", "mode", "mode_reason", "next_try_at")),
}
"""What every account's session is without a daemon, even one that was killed."""


def run(options: Options) -> int:
    """Print the state of the daemon and of each account; exit 3 if it is down.

    Raises:
        ConfigError: it cannot be used, and no daemon goes on with a former one.
    """
    config = configuration_if_good(options)
    path = journal_path(config)
    pid = running_daemon(path)
    known = _read(read_journal(config), config)
    if pid is None:
        known = replace(known, configuration={}, is_set_up=config is not None)
    now = utc_now()
    sessions = {name: _now(one, pid, now) for name, one in known.sessions.items()}
    known = replace(known, sessions=sessions)
    if options.json:
        status = _to_json(known, pid, notification_language(config))
        print(json.dumps(status, ensure_ascii=False))
    else:
        for line in _render(known, pid, options.language):
            say(line)
    return ExitCode.NOTHING if pid is None else ExitCode.OK


def _now(facts: Mapping[str, Any], pid: int | None, now: datetime) -> Mapping[str, Any]:
    """Return what is true of a session now; the log has a look late or never."""
    told = {name: fact for name, fact in facts.items() if name != IS_BLIND}
    if pid is None:
        return told | _STOPPED
    if _is_watched(facts) and not facts.get(IS_BLIND):
        stored = datetime.fromisoformat(told["last_look_at"])
        looked = max(stored.astimezone(), now - LOOKED_WITHIN)
        told["last_look_at"] = iso(looked)
    return told


def _is_watched(facts: Mapping[str, Any]) -> bool:
    return facts.get("state") == State.WATCHING and bool(facts.get("last_look_at"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the event log tells."""

    is_set_up: bool = True
    """Whether there is a configuration, or a daemon that goes on with a former one."""
    sessions: Sessions = field(default_factory=dict)
    """The last known session of each configured account, be it none."""
    clock_error: ClockError | None = None
    """None: the clock is not known to be wrong."""
    outcomes: Outcomes = field(default_factory=Outcomes)
    """How the attempts ended of which that was said."""
    tls_quirks: Mapping[str, TlsQuirk] = field(default_factory=dict)
    """What each account's server is allowed of old TLS."""
    configuration: Mapping[str, Any] = field(default_factory=dict)
    """Since when it is at work, and what is wrong with the file as it was saved."""
    armed_until: datetime | None = None
    """Until when the user expects a sign-in; None: they do not."""
    waiting: Sequence[Attempt] = ()
    """The live attempts that nobody has answered, and that have not made way."""


def _read(journal: JournalReader | None, config: Config | None) -> _Known:
    accounts, now = config.accounts if config else (), utc_now()
    if journal is None:
        return _Known(sessions={one.name: _STOPPED for one in accounts})
    with journal:
        known = journal.sessions()
        error = _clock_error(journal) if known.pop(MACHINE_CLOCK, None) else None
        outcomes = read_outcomes(journal)
        armed_until = journal.armed_until(now)
        waiting = [event.about for event in journal.pending(now)]
    configuration = known.pop(CONFIGURATION, {})
    known.pop(GUIDE, None)
    names = [one.name for one in accounts] if config else list(known)
    sessions = {name: known.get(name, _STOPPED) for name in names}
    quirks = {one.name: tls_quirk_of(one.provider, one.host) for one in accounts}
    return _Known(
        sessions=sessions,
        clock_error=error,
        outcomes=outcomes,
        tls_quirks=quirks,
        configuration=configuration,
        armed_until=armed_until,
        waiting=waiting,
    )


def _clock_error(journal: JournalReader) -> ClockError | None:
    from watcher.app.machine_clock import read_error  # seldom is anything known

    return read_error(journal, utc_now())


def _to_json(known: _Known, pid: int | None, language: Language) -> dict[str, Any]:
    accounts = [
        {
            "account": name,
            **facts,
            "error": _error(facts, language),
            "last_look_at": facts.get("last_look_at"),
            "tls_quirk": known.tls_quirks.get(name, TlsQuirk.NOTHING),
        }
        for name, facts in known.sessions.items()
    ]
    slowest = known.outcomes.slowest
    return {
        "v": 1,
        "running": pid is not None,
        "pid": pid,
        "accounts": accounts,
        "outcomes": {
            "worked": known.outcomes.worked,
            "failed": known.outcomes.failed,
            "slowest_s": slowest and round(slowest.total_seconds()),
        },
        "waiting": [attempt.id for attempt in known.waiting],
        "armed_until": known.armed_until and iso(known.armed_until),
        "clock_wrong": known.clock_error and known.clock_error.detail,
        "configuration_since": known.configuration.get("since"),
        "configuration_error": _error(known.configuration, language),
    }


def _render(known: _Known, pid: int | None, language: Language) -> Iterator[str]:
    down = _DOWN if known.is_set_up else _NOT_SET_UP
    yield down.say(language) if pid is None else _RUNS.say(language, pid=pid)
    if since := known.configuration.get("since"):
        yield _CONFIG.say(language, at=_clock_time(since))
    if error := _error(known.configuration, language):
        yield _CONFIG_REFUSED.say(language)
        yield error
    yield from _render_waiting(known.waiting, language)
    if known.armed_until:
        until = local_moment(known.armed_until, utc_now())
        yield _ARMED.say(language, until=until)
    if known.clock_error:
        yield _CLOCK.say(language, error=known.clock_error.text)
    for name, facts in known.sessions.items():
        yield from _render_account(name, facts, language)
        if quirk := TLS_QUIRKS.get(known.tls_quirks.get(name, TlsQuirk.NOTHING)):
            yield _TLS.say(language, quirk=quirk)
    yield from _render_outcomes(known.outcomes, language)


def _render_outcomes(outcomes: Outcomes, language: Language) -> Iterator[str]:
    count = outcomes.worked + outcomes.failed
    if count and outcomes.slowest:
        slowest = minutes_seconds(outcomes.slowest)
        worked = outcomes.worked
        yield _WORKED_IN.say(language, worked=worked, count=count, slowest=slowest)
    elif count:
        yield _WORKED.say(language, worked=outcomes.worked, count=count)


def _render_waiting(attempts: Sequence[Attempt], language: Language) -> Iterator[str]:
    """Return what waits for an answer, how long yet, and how it is given."""
    now = utc_now()
    ways = {
        _TO_OPEN: [one for one in attempts if one.link],
        _TO_COPY: [one for one in attempts if one.code],
        _BY_MAIL: [one for one in attempts if not one.secret],
    }
    for text, alike in ways.items():
        if alike:
            numbers = ", ".join(_numbered(one, now, language) for one in alike)
            number = str(alike[0].id) if len(alike) == 1 else _NUMBER.say(language)
            yield text.say(language, numbers=numbers, number=number)


def _numbered(attempt: Attempt, now: datetime, language: Language) -> str:
    if not attempt.is_deadline_known:
        return f"#{attempt.id}"
    left = minutes_seconds(attempt.time_left(now))
    return _NUMBERED.say(language, id=attempt.id, left=left)


def _render_account(
    name: str, facts: Mapping[str, Any], language: Language
) -> Iterator[str]:
    state = _STATES[State(facts.get("state", State.STOPPED))].say(language)
    yield _HEAD.say(language, name=name, state=state)
    if reason := facts.get("mode_reason"):
        words = ModeReason(reason).text.say(language)
        mode = MODES[Mode(facts["mode"])]
        yield _MODE.say(language, mode=mode, reason=words)
    looked = facts.get("last_look_at")
    if _is_watched(facts) and _is_recent(str(looked)):
        minutes = LOOKED_WITHIN // timedelta(minutes=1)
        yield _RECENT_LOOK.say(language, minutes=minutes)
    else:
        yield _LOOK.say(language, at=_clock_time(looked))
    if error := _error(facts, language):
        yield _ERROR.say(language, error=error)
    if next_try_at := facts.get("next_try_at"):
        yield _NEXT.say(language, at=_clock_time(next_try_at))


def _is_recent(instant: str) -> bool:
    """Return whether it is not over `LOOKED_WITHIN` ago, a second for this program."""
    longest = LOOKED_WITHIN + timedelta(seconds=1)
    return utc_now() - datetime.fromisoformat(instant).astimezone() <= longest


def _error(facts: Mapping[str, Any], language: Language) -> str | None:
    words: Mapping[str, str] = facts.get("error") or {}
    return words.get(language.value)


def _clock_time(instant: str | None) -> str:
    """Return the user's clock time, with the date unless it is today's."""
    if not instant:
        return "–"
    return local_moment(datetime.fromisoformat(instant), utc_now())


_RUNS = Text(
    en="watcher is running (process {pid}).",
    ja="watcher は動いています(プロセス {pid})。",
)
_DOWN = Text(
    en="watcher is not running. Start it with: watcher run",
    ja="watcher は動いていません。次で開始できます: watcher run",
)
_NOT_SET_UP = Text(
    en="watcher is not running, and not set up yet. Begin with: watcher init",
    ja="watcher は動いていません。まだ設定されていないので、次から始めてください: "
    "watcher init",
)
_CONFIG = Text(
    en="It goes by the configuration read at {at}.",
    ja="{at} に読んだ設定で動いています。",
)
_CONFIG_REFUSED = Text(
    en="What was saved since then cannot be used; correct the file and save it again:",
    ja="その後に保存された設定は使えません。直して保存しなおしてください:",
)
_NUMBER = Text(en="NUMBER", ja="番号")
_NUMBERED = Text(en="#{id} ({left} left)", ja="#{id}(残り {left})")
_TO_OPEN = Text(
    en="Waiting for your answer: {numbers}. Open the page with `watcher open "
    "{number}`.",
    ja="答えを待っている試行: {numbers}。承認ページは `watcher open {number}` で"
    "開けます。",
)
_TO_COPY = Text(
    en="Waiting for your answer: {numbers}. Copy the code with `watcher copy "
    "{number}`.",
    ja="答えを待っている試行: {numbers}。確認コードは `watcher copy {number}` で"
    "コピーできます。",
)
_BY_MAIL = Text(
    en="Waiting for your answer by Amazon's own mail: {numbers}. `watcher check` tells "
    "why.",
    ja="Amazon のメールを直接開いて答える試行: {numbers}。理由は `watcher check` で"
    "確認できます。",
)
_ARMED = Text(
    en="You expect a sign-in until {until}.",
    ja="{until} まで、サインインを待っています。",
)
_CLOCK = Text(
    en="This computer's clock is {error}. Set it right.",
    ja="このパソコンの時計が{error}。時刻を合わせてください。",
)
_WORKED = Text(
    en="Of {count} sign-ins {worked} worked.",
    ja="サインイン {count} 件のうち、成功 {worked} 件。",
)
_WORKED_IN = Text(
    en="Of {count} sign-ins {worked} worked; the slowest was answered {slowest} after "
    "its mail.",
    ja="サインイン {count} 件のうち、成功 {worked} 件(応答がいちばん遅かったのは、"
    "メールの {slowest} 後)。",
)
_HEAD = Text(en="{name}: {state}", ja="{name}: {state}")
_MODE = Text(en="  how: {mode} ({reason})", ja="  方法: {mode}({reason})")
_TLS = Text(en="  encryption: {quirk}", ja="  暗号化: {quirk}")
_LOOK = Text(en="  last good look: {at}", ja="  最後の確認: {at}")
_RECENT_LOOK = Text(
    en="  last good look: within {minutes} minutes", ja="  最後の確認: {minutes} 分以内"
)
_ERROR = Text(en="  last error: {error}", ja="  最後のエラー: {error}")
_NEXT = Text(en="  next try: {at}", ja="  次に試す時刻: {at}")
_STATES = {
    State.CONNECTING: Text(en="connecting", ja="接続しています"),
    State.CATCHING_UP: Text(en="catching up", ja="届いていたメールを確認しています"),
    State.WATCHING: Text(en="watching", ja="見張っています"),
    State.BACKING_OFF: Text(en="waiting to try again", ja="再接続を待っています"),
    State.REFUSED: Text(
        en="not watched until what is wrong is put right",
        ja="下の問題が直るまで見張れません",
    ),
    State.STOPPED: Text(en="not watched", ja="見張っていません"),
}
