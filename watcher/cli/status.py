"""`watcher status`: whether the daemon lives, and how each account is watched."""

import json
from typing import Any

from watcher.cli.options import Options
from watcher.cli.setting import configuration_if_any, journal_path
from watcher.errors import ExitCode
from watcher.journal import Journal
from watcher.language import Language, Text
from watcher.lock import running_daemon


def run(options: Options) -> int:
    """Print the state of the daemon and of each account; exit 3 if it is down."""
    path = journal_path(configuration_if_any(options))
    pid = running_daemon(path)
    journal = Journal.read(path)
    sessions: dict[str, dict[str, Any]] = {}
    if journal:
        with journal:
            sessions = journal.sessions()
    if options.json:
        print(json.dumps(_as_json(pid, sessions), ensure_ascii=False))
    else:
        print(_as_text(pid, sessions, options.language))
    return ExitCode.NOTHING if pid is None else ExitCode.OK


def _as_json(pid: int | None, sessions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    accounts = [{"account": name, **state} for name, state in sessions.items()]
    return {"v": 1, "running": pid is not None, "pid": pid, "accounts": accounts}


def _as_text(
    pid: int | None, sessions: dict[str, dict[str, Any]], language: Language
) -> str:
    head = _DOWN.say(language) if pid is None else _RUNS.say(language, pid=pid)
    lines = (_account(name, state, language) for name, state in sessions.items())
    return "\n".join((head, *lines))


def _account(name: str, state: dict[str, Any], language: Language) -> str:
    error = state.get("error")
    return _ACCOUNT.say(
        language,
        name=name,
        state=state.get("state", "?"),
        mode=state.get("mode") or "-",
        look=state.get("last_look_at", "-"),
        error=error[language.value] if error else "-",
        next=state.get("next_try_at") or "-",
    )


_RUNS = Text(
    en="The daemon runs (process {pid}).", ja="デーモンは動いています(プロセス {pid})。"
)
_DOWN = Text(
    en="The daemon is not running. Start it with: watcher run",
    ja="デーモンは動いていません。次で開始できます: watcher run",
)
_ACCOUNT = Text(
    en="{name}: {state}, {mode}; last look {look}; "
    "last error: {error}; next try: {next}",
    ja="{name}: {state}、{mode}、最後の確認 {look}、"
    "最後のエラー: {error}、次回: {next}",
)
