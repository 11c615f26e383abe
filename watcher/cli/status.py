"""`watcher status`: whether the daemon runs, and how each account is watched."""

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from watcher.app.lock import running_daemon
from watcher.app.machine_clock import PLACE, read_error
from watcher.cli.context import (
    configuration_if_any,
    journal_path,
    notification_language,
)
from watcher.cli.layout import fit
from watcher.cli.parser import Options
from watcher.cli.terminal import columns
from watcher.clock import local_time, utc_now
from watcher.config.schema import Config
from watcher.errors import ExitCode
from watcher.events import Mode, ModeReason, State
from watcher.i18n import Language, Text
from watcher.imap.account import MODES
from watcher.journal.reader import JournalReader
from watcher.timing.error import ClockError

Sessions = Mapping[str, Mapping[str, Any]]
_STOPPED = {
    "state": State.STOPPED.value,
    **dict.fromkeys(("since", "mode", "mode_reason", "next_try_at")),
}
"""What every account's session is without a daemon, even one that was killed."""


def run(options: Options) -> int:
    """Print the state of the daemon and of each account; exit 3 if it is down."""
    config, language = configuration_if_any(options), options.language
    path = journal_path(config)
    pid = running_daemon(path)
    sessions, clock_error = _read(JournalReader.read(path), config)
    if pid is None:
        sessions = {name: {**facts, **_STOPPED} for name, facts in sessions.items()}
    if options.json:
        accounts = [
            {
                "account": name,
                **facts,
                "error": _error(facts, notification_language(config)),
                "last_look_at": facts.get("last_look_at"),
            }
            for name, facts in sessions.items()
        ]
        status = {"v": 1, "running": pid is not None, "pid": pid, "accounts": accounts}
        clock = {"clock_wrong": clock_error and clock_error.detail}
        print(json.dumps(status | clock, ensure_ascii=False))
    else:
        print(_DOWN.say(language) if pid is None else _RUNS.say(language, pid=pid))
        if clock_error:
            print(_CLOCK.say(language, error=clock_error.text))
        for name, facts in sessions.items():
            for line in _render_account(name, facts, language):
                print(line)
    return ExitCode.NOTHING if pid is None else ExitCode.OK


def _read(
    journal: JournalReader | None, config: Config | None
) -> tuple[Sessions, ClockError | None]:
    """Return the last known session of each configured account, and the clock's error.

    None: the clock is not known to be wrong.
    """
    if journal is None:
        return {}, None
    with journal:
        known = journal.sessions()
        error = read_error(journal, utc_now())
    known.pop(PLACE, None)
    names = [one.name for one in config.accounts] if config else list(known)
    return {name: known[name] for name in names if name in known}, error


def _render_account(
    name: str, facts: Mapping[str, Any], language: Language
) -> Iterator[str]:
    state = _STATES[State(facts.get("state", State.STOPPED))].say(language)
    yield _HEAD.say(language, name=name, state=state)
    if reason := facts.get("mode_reason"):
        words = ModeReason(reason).text.say(language)
        mode = MODES[Mode(facts["mode"])]
        said = _MODE.say(language, mode=mode, reason=words)
        yield fit(said, columns(sys.stdout))
    yield _LOOK.say(language, at=_clock_time(facts.get("last_look_at")))
    if error := _error(facts, language):
        yield _ERROR.say(language, error=error)
    if next_try_at := facts.get("next_try_at"):
        yield _NEXT.say(language, at=_clock_time(next_try_at))


def _error(facts: Mapping[str, Any], language: Language) -> str | None:
    words: Mapping[str, str] = facts.get("error") or {}
    return words.get(language.value)


def _clock_time(instant: str | None) -> str:
    """Return the user's clock time, with the date unless it is today's."""
    if not instant:
        return "–"
    local, today = datetime.fromisoformat(instant).astimezone(), utc_now().astimezone()
    date = "" if local.date() == today.date() else f"{local:%Y-%m-%d} "
    return f"{date}{local_time(local)}"


_RUNS = Text(
    en="watcher is running (process {pid}).",
    ja="watcher は動いています(プロセス {pid})。",
)
_DOWN = Text(
    en="watcher is not running: nothing is watched. Start it with: watcher run",
    ja="watcher は動いていません(見張っていません)。次で開始できます: watcher run",
)
_CLOCK = Text(
    en="This computer's clock is {error}. Set it right.",
    ja="このパソコンの時計が{error}。時刻を合わせてください。",
)
_HEAD = Text(en="{name}: {state}", ja="{name}: {state}")
_MODE = Text(en="  how: {mode} ({reason})", ja="  方法: {mode}({reason})")
_LOOK = Text(en="  last good look: {at}", ja="  最後の確認: {at}")
_ERROR = Text(en="  last error: {error}", ja="  最後のエラー: {error}")
_NEXT = Text(en="  next try: {at}", ja="  次に試す時刻: {at}")
_STATES = {
    State.CONNECTING: Text(en="connecting", ja="接続しています"),
    State.CATCHING_UP: Text(en="catching up", ja="届いていたメールを確認しています"),
    State.WATCHING: Text(en="watching", ja="見張っています"),
    State.BACKING_OFF: Text(en="waiting to try again", ja="再接続を待っています"),
    State.REFUSED: Text(
        en="not watched until the set-up is put right", ja="設定を直すまで見張れません"
    ),
    State.STOPPED: Text(en="not watched", ja="見張っていません"),
}
