"""`watcher status`: whether the daemon lives, and how each account is watched."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from watcher.app.lock import running_daemon
from watcher.cli.context import configuration_if_any, journal_path
from watcher.cli.parser import Options
from watcher.clock import local_time
from watcher.config.schema import Config
from watcher.errors import ExitCode
from watcher.events import ModeReason, State
from watcher.i18n import Language, Text
from watcher.journal import Journal

Sessions = Mapping[str, Mapping[str, Any]]
_ENDED = {
    "state": State.STOPPED.value,
    **dict.fromkeys(("since", "mode", "mode_reason", "next_try_at")),
}
"""What is so of every account when the daemon is gone, even if it was killed."""


def run(options: Options) -> int:
    """Print the state of the daemon and of each account; exit 3 if it is down."""
    config = configuration_if_any(options)
    path = journal_path(config)
    pid = running_daemon(path)
    sessions = _sessions(Journal.read(path), config)
    if pid is None:
        sessions = {name: {**facts, **_ENDED} for name, facts in sessions.items()}
    if options.json:
        print(json.dumps(_as_json(pid, sessions, options.language), ensure_ascii=False))
    else:
        print(_as_text(pid, sessions, options.language))
    return ExitCode.NOTHING if pid is None else ExitCode.OK


def _sessions(journal: Journal | None, config: Config | None) -> Sessions:
    """Return the last known states of the accounts that there still are."""
    if journal is None:
        return {}
    with journal:
        known = journal.sessions()
    names = [one.name for one in config.accounts] if config else list(known)
    return {name: known[name] for name in names if name in known}


def _as_json(pid: int | None, sessions: Sessions, language: Language) -> dict[str, Any]:
    accounts = [
        {
            "account": name,
            **facts,
            "error": _error(facts, language),
            "last_look_at": facts.get("last_look_at"),
        }
        for name, facts in sessions.items()
    ]
    return {"v": 1, "running": pid is not None, "pid": pid, "accounts": accounts}


def _as_text(pid: int | None, sessions: Sessions, language: Language) -> str:
    head = _DOWN.say(language) if pid is None else _RUNS.say(language, pid=pid)
    lines = (_account(name, facts, language) for name, facts in sessions.items())
    return "\n".join((head, *lines))


def _account(name: str, facts: Mapping[str, Any], language: Language) -> str:
    lines = [_HEAD.say(language, name=name, state=_state(facts, language))]
    if reason := facts.get("mode_reason"):
        words = ModeReason(reason).text.say(language)
        lines.append(_MODE.say(language, mode=facts["mode"], reason=words))
    lines.append(_LOOK.say(language, at=_clock(facts.get("last_look_at"))))
    if error := _error(facts, language):
        lines.append(_ERROR.say(language, error=error))
    if next_try_at := facts.get("next_try_at"):
        lines.append(_NEXT.say(language, at=_clock(next_try_at)))
    return "\n".join(lines)


def _state(facts: Mapping[str, Any], language: Language) -> str:
    return _STATES[State(facts.get("state", State.STOPPED))].say(language)


def _error(facts: Mapping[str, Any], language: Language) -> str | None:
    words: Mapping[str, str] = facts.get("error") or {}
    return words.get(language.value)


def _clock(instant: str | None) -> str:
    return local_time(datetime.fromisoformat(instant)) if instant else "–"


_RUNS = Text(
    en="The daemon runs (process {pid}).", ja="デーモンは動いています(プロセス {pid})。"
)
_DOWN = Text(
    en="The daemon is not running. Start it with: watcher run",
    ja="デーモンは動いていません。次で開始できます: watcher run",
)
_HEAD = Text(en="{name}: {state}", ja="{name}: {state}")
_MODE = Text(en="  how: {mode} ({reason})", ja="  方法: {mode}({reason})")
_LOOK = Text(en="  last good look: {at}", ja="  最後の確認: {at}")
_ERROR = Text(en="  last error: {error}", ja="  最後のエラー: {error}")
_NEXT = Text(en="  next try: {at}", ja="  次の試み: {at}")
_STATES = {
    State.CONNECTING: Text(en="connecting", ja="接続しています"),
    State.CATCHING_UP: Text(en="catching up", ja="届いていたメールを確認しています"),
    State.WATCHING: Text(en="watching", ja="見張っています"),
    State.BACKING_OFF: Text(en="waiting to try again", ja="再接続を待っています"),
    State.REFUSED: Text(en="stopped until it is mended", ja="直すまで止まっています"),
    State.STOPPED: Text(en="not watched", ja="見張っていません"),
}
