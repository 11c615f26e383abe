"""Reads the configuration file and reports every mistake in it at once."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

from watcher.config.cleaning import is_grouped
from watcher.config.file import read
from watcher.config.home import home_needed
from watcher.config.problem import Problem, keys_in
from watcher.config.providers import PRESETS
from watcher.config.push_url import push_topic
from watcher.config.schema import TABLES, Account, Config, Hook, Push
from watcher.config.toml import ACCOUNTS_BRACKETS, parse
from watcher.config.values import Bad, check_characters
from watcher.errors import ConfigError
from watcher.i18n import Language, Text
from watcher.imap.choices import Auth, Tls, is_loopback

TableT = TypeVar("TableT")
PASSWORD_KEYS = ("password_command", "password_env", "password_file", "keyring")
TOKEN_KEYS = ("token_command", "client_id")


class ConfigMistakesError(ConfigError):
    """Every mistake of one configuration file."""

    def __init__(self, path: Path, problems: Iterable[Problem]) -> None:
        super().__init__(_HEADING, path=path)
        self.problems = tuple(problems)

    def say(self, language: Language) -> str:
        """Return the heading and a line for each mistake."""
        lines = (f"  - {problem.say(language)}" for problem in self.problems)
        return "\n".join((super().say(language), *lines))


def default_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Return `$WATCHER_CONFIG`, else the platform's user config folder.

    Raises:
        NoHomeError: no home folder is known.
    """
    with home_needed():
        if named := environment.get("WATCHER_CONFIG"):
            return Path(named).expanduser()
        from platformdirs import user_config_path  # it takes long

        return user_config_path("watcher", appauthor=False) / "config.toml"


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return `$WATCHER_STATE`, else the platform's user state folder of watcher.

    Raises:
        NoHomeError: no home folder is known.
    """
    with home_needed():
        if named := environment.get("WATCHER_STATE"):
            return Path(named).expanduser()
        from platformdirs import user_state_path

        return user_state_path("watcher", appauthor=False)


def journal_path(config: Config | None) -> Path:
    """Return the event log's path: as configured, else in the state folder."""
    if config and config.log.path:
        return config.log.path
    return state_folder() / "events.db"


def load(path: Path) -> Config:
    """Read and check a configuration file.

    Relative paths in it are taken from its own folder.

    Raises:
        ConfigError: it cannot be read, others may write it, or it holds mistakes.
    """
    document = parse(read(path), path)
    problems: list[Problem] = _unknown("", document, [*TABLES, "accounts"])
    tables: dict[str, Any] = {
        name: _table(kind, document.get(name, {}), name, problems)
        for name, kind in TABLES.items()
    }
    problems.extend(_check_push(tables["push"], "push", problems))
    problems.extend(_check_hook(tables["hook"], problems))
    accounts = _accounts(document.get("accounts", []), problems)
    if problems:
        raise ConfigMistakesError(path, problems)
    folder = path.resolve().parent
    tables["log"] = _anchored(tables["log"], folder, "path")
    tables["push"] = _anchored(tables["push"], folder, "ca_file")
    return Config(**tables, accounts=tuple(_of(folder, one) for one in accounts))


def _of(folder: Path, account: Account) -> Account:
    """Return an account with its relative paths under `folder`."""
    push = _anchored(account.push, folder, "ca_file")
    anchored = _anchored(account, folder, "ca_file", "password_file")
    return replace(anchored, push=push)


def _table(
    kind: type[TableT], table: object, where: str, problems: list[Problem]
) -> TableT:
    if not isinstance(table, dict):
        name = _NUMBER.sub("", where)
        problems.append(Problem(where, _NOT_A_TABLE, {"name": name}))
        return kind()
    keys = {key.name: key for key in fields(kind)}  # type: ignore[arg-type]  # every table is a dataclass
    problems += _unknown(f"{where}.", table, list(keys))
    values = {}
    for name in (name for name in keys if name in table):
        metadata, key = keys[name].metadata, f"{where}.{name}"
        if "table" in metadata:
            values[name] = _table(metadata["table"], table[name], key, problems)
            continue
        try:
            check_characters(table[name])
            values[name] = metadata["parse"](table[name])
        except Bad as bad:
            problems.append(Problem(key, bad.text, bad.data))
    return kind(**values)


def _unknown(where: str, table: Mapping[str, Any], known: list[str]) -> list[Problem]:
    """Return a problem for each key that is not known."""
    if table.keys() <= set(known):
        return []
    from watcher.config.unknown import unknown_keys

    return [*unknown_keys(where, table, known)]


def _accounts(entries: object, problems: list[Problem]) -> list[Account]:
    if isinstance(entries, dict):
        problems.append(Problem("accounts", ACCOUNTS_BRACKETS))
        return []
    if not isinstance(entries, list) or not entries:
        if "accounts" not in keys_in(problems):
            problems.append(Problem("accounts", _NO_ACCOUNTS))
        return []
    accounts = []
    for number, entry in enumerate(entries, 1):
        where = f"accounts[{number}]"
        known_count = len(problems)
        account = _table(Account, entry, where, problems)
        refused = keys_in(problems[known_count:])
        if where not in refused:
            problems.extend(_check_account(account, where, refused))
            problems.extend(_check_push(account.push, f"{where}.push", problems))
        accounts.append(account)
    names = [account.name for account in accounts]
    problems.extend(
        Problem(f"accounts[{number}].name", _NAME_TWICE, {"name": name})
        for number, name in enumerate(names, 1)
        if name and name in names[: number - 1]
    )
    return accounts


def _check_account(
    account: Account, where: str, refused: set[str]
) -> Iterable[Problem]:
    """Yield what is missing or does not go together, beside the `refused` keys."""

    def is_given(name: str) -> bool:
        return bool(getattr(account, name)) or f"{where}.{name}" in refused

    if not is_given("name"):
        yield Problem(f"{where}.name", _NAME_MISSING)
    if not is_given("user"):
        yield Problem(f"{where}.user", _USER_MISSING)
    has_server = account.provider and PRESETS[account.provider].host
    if not (has_server or is_given("host") or f"{where}.provider" in refused):
        yield Problem(f"{where}.provider", _HOST_MISSING)
    check = _check_token if account.auth is Auth.OAUTH2 else _check_password
    keys = (*PASSWORD_KEYS, *TOKEN_KEYS)
    yield from check(account, where, [name for name in keys if is_given(name)])
    server = account.host or account.provider
    if account.tls is Tls.NONE and server and not is_loopback(server):
        yield Problem(f"{where}.tls", _CLEAR_TEXT)


def _check_push(push: Push, where: str, known: list[Problem]) -> list[Problem]:
    """Return what is missing for a phone, or does not go together."""
    is_refused = f"{where}.url" in keys_in(known)
    if is_refused or push == Push():
        return []
    if push.url is None:
        return [Problem(f"{where}.url", _PUSH_NOWHERE)]
    if push_topic(push.url):
        return []
    given = [name for name in ("ca_file", "token_command") if getattr(push, name)]
    return [Problem(f"{where}.{name}", _NTFY_ALONE) for name in given]


def _check_hook(hook: Hook, known: list[Problem]) -> list[Problem]:
    """Return what is missing for a command that gets events."""
    is_refused = "hook.command" in keys_in(known)
    is_idle = hook.command is None and hook != Hook()
    return [Problem("hook.command", _HOOK_EMPTY)] if is_idle and not is_refused else []


def _check_password(
    account: Account, where: str, given: list[str]
) -> Iterable[Problem]:
    """Yield what is wrong with the keys that name where the password is."""
    for_tokens = [name for name in given if name in TOKEN_KEYS]
    yield from (Problem(f"{where}.{name}", _NEEDS_OAUTH2) for name in for_tokens)
    given = [name for name in given if name in PASSWORD_KEYS]
    if not given and PRESETS[account.provider or "other"].oauth:
        if not for_tokens:
            yield Problem(where, _TAKES_OAUTH2)
    elif len(given) > 1 or not (given or for_tokens):
        key = f"{where}.{given[-1]}" if given else where
        yield Problem(key, _ONE_PASSWORD, {"keys": ", ".join(PASSWORD_KEYS)})
    for name in ("password_file", "password_env"):
        if is_grouped(str(getattr(account, name))):
            from watcher.config.secret_keys import NO_PASSWORD_HERE

            yield Problem(f"{where}.{name}", NO_PASSWORD_HERE)


def _check_token(account: Account, where: str, given: list[str]) -> Iterable[Problem]:
    """Yield what is wrong with the keys that name where the access token is."""
    for name in given:
        if name in PASSWORD_KEYS:
            yield Problem(f"{where}.{name}", _NO_PASSWORD_WITH_OAUTH2)
    if "token_command" in given:
        if "client_id" in given:
            yield Problem(f"{where}.client_id", _ONE_TOKEN)
    elif not PRESETS[account.provider or "other"].oauth:
        yield Problem(f"{where}.token_command", _TOKEN_MISSING)


def _anchored(table: TableT, folder: Path, *keys: str) -> TableT:
    """Return the table with its relative paths under `folder`."""
    paths = {key: getattr(table, key) for key in keys}
    given = {key: folder / path for key, path in paths.items() if path}
    return replace(table, **given)  # type: ignore[type-var]  # every table is a dataclass


_NUMBER = re.compile(r"\[\d+\]")
"""Which account it is, in the name of a key."""

_HEADING = Text(
    en="The configuration {path} cannot be used:",
    ja="設定ファイル {path} はこのままでは使えません:",
)
_NO_ACCOUNTS = Text(
    en="no account is configured: add a table [[accounts]] with name, provider, user "
    "and a password key",
    ja="アカウントがありません。[[accounts]] に name, provider, user とパスワードの"
    "キーを書いてください",
)
_NOT_A_TABLE = Text(
    en="it must be a table: write [{name}] on a line of its own and its keys below",
    ja="テーブルにしてください。[{name}] の行を作り、その下にキーを書きます",
)
_NAME_MISSING = Text(
    en='the account needs a name of your choice, like name = "home"',
    ja='アカウントに好きな名前をつけてください(例: name = "home")',
)
_NAME_TWICE = Text(
    en='another account has the name "{name}" already: choose a different one',
    ja="「{name}」という名前のアカウントがもうあります。別の名前にしてください",
)
_USER_MISSING = Text(
    en='the login name is missing: add user = "me@example.jp"',
    ja='ログイン名がありません。user = "me@example.jp" のように書いてください',
)
_HOST_MISSING = Text(
    en='the server is missing: add a provider, like provider = "gmail", or a host',
    ja='サーバーがわかりません。provider = "gmail" のように書くか、host を'
    "書いてください",
)
_ONE_PASSWORD = Text(
    en="the password must come from exactly one of: {keys}",
    ja="パスワードの取り出し方を、次のうち一つだけ書いてください: {keys}",
)
_NEEDS_OAUTH2 = Text(
    en='this key is for access tokens: add auth = "oauth2", or remove the key',
    ja='アクセストークンのためのキーです。auth = "oauth2" を書き加えるか、'
    "消してください",
)
_TAKES_OAUTH2 = Text(
    en='this provider takes no password: add auth = "oauth2" (see `watcher help '
    "oauth2`)",
    ja='このメールサービスではパスワードが使えません。auth = "oauth2" を書き加えて'
    "ください(`watcher help oauth2` を見てください)",
)
_NO_PASSWORD_WITH_OAUTH2 = Text(
    en='with auth = "oauth2" there is no password: remove this key',
    ja='auth = "oauth2" ではパスワードを使いません。このキーを消してください',
)
_ONE_TOKEN = Text(
    en="token_command gives the token already: remove this key",
    ja="トークンは token_command から受け取ります。このキーを消してください",
)
_TOKEN_MISSING = Text(
    en="the command that prints the access token is missing, like token_command = "
    '["oama", "access", "me@example.jp"] (`watcher oauth login` works with provider = '
    '"outlook" alone)',
    ja="アクセストークンを出力するコマンドがありません。token_command = "
    '["oama", "access", "me@example.jp"] のように書いてください(`watcher oauth login` '
    'が使えるのは provider = "outlook" だけです)',
)
_PUSH_NOWHERE = Text(
    en='the address is missing: add url = "https://ntfy.sh/your-topic"',
    ja='送り先がありません。url = "https://ntfy.sh/your-topic" のように書いてください',
)
_HOOK_EMPTY = Text(
    en='the command is missing: add command = ["my-script"]',
    ja='コマンドがありません。command = ["my-script"] のように書いてください',
)
_NTFY_ALONE = Text(
    en="this key works with an ntfy server alone (url beginning with https://): remove "
    "it, since an apprise URL holds all that its service needs",
    ja="このキーは ntfy のサーバー(https:// で始まる url)にだけ使えます。apprise の "
    "URL には必要なものがすべて入るので、消してください",
)
_CLEAR_TEXT = Text(
    en='without TLS the password could be read on the way: use "implicit" or '
    '"starttls" ("none" works for servers on this machine only)',
    ja='TLS なしではパスワードを途中で読まれます。"implicit" か "starttls" に'
    'してください("none" はこのパソコンの中のサーバーにだけ使えます)',
)
