"""Fetches an account's password, anew at each login: it is not kept here.

By command (an argv list, never a shell), environment variable, file or keyring. Each
source is a frozen value that is called; none of them shows the secret in its `repr`.

Some write the password itself where the name of a source belongs. So what is not found
is named only if it has the form of such a name.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from pathlib import Path

from watcher import ownership
from watcher.config.cleaning import clean_password
from watcher.config.encoding import NotUtf8, decoded_lines
from watcher.config.regular import content, opened
from watcher.errors import ConfigError, SecretUnavailable, reason_of
from watcher.i18n import Text

SECRET_BYTES = 64 * 1024
"""The most that is read of a password's source: an OAuth token has a few thousand."""

COMMAND_TIMEOUT = timedelta(seconds=60)
"""A password manager may ask the user to unlock it.

Shorter than `secret_timeout_s` (75 s) of imap.account.Timeouts, which bounds every
source: so the program is ended and named before the login gives up.
"""

PASSWORD = Text(en="password", ja="パスワード")
TOKEN = Text(en="access token", ja="アクセストークン")
"""What a source gives, in words."""


@dataclass(frozen=True, slots=True)
class FromCommand:
    """The first line that a program prints, such as `pass show mail/home`."""

    argv: tuple[str, ...]
    timeout: timedelta = COMMAND_TIMEOUT
    key: str = "password_command"
    """Where it stands in the configuration, as each source has it."""
    gives: Text = PASSWORD
    hidden: frozenset[str] = frozenset()
    """Environment variables that it does not see, since they hold other passwords."""

    def __call__(self) -> str:
        """Run the program; its standard error goes to the user's terminal.

        Raises:
            ConfigError: it cannot be started, prints without end, or its first line is
                no password.
            SecretUnavailable: it failed, or took longer than `timeout`.
        """
        # it takes long, and few accounts need it
        from watcher.child import TooMuchOutput, output_of

        program, seconds = self.argv[0], self.timeout.total_seconds()
        words = {"program": program, "gives": self.gives}
        try:
            status, output = output_of(
                self.argv,
                hidden=self.hidden,
                timeout_s=seconds,
                most_bytes=SECRET_BYTES,
            )
        except TimeoutError as error:
            raise SecretUnavailable(_COMMAND_SLOW, **words, seconds=seconds) from error
        except TooMuchOutput:
            size = SECRET_BYTES // 1024
            raise _wrong(self.key, _COMMAND_ENDLESS, **words, size=size) from None
        except OSError as error:
            text = _NO_COMMAND if _is_program(program) else _NO_PROGRAM
            why = reason_of(error)
            raise _wrong(self.key, text, **words, why=why) from None
        if status:
            raise SecretUnavailable(_COMMAND_FAILED, **words, status=status)
        lines = islice(decoded_lines(output), 1)
        return _first(self.key, lines, program, self.gives)


def token_from(
    argv: tuple[str, ...], hidden: frozenset[str], key: str = "token_command"
) -> FromCommand:
    """Return the source of an access token, by a `token_command`."""
    return FromCommand(argv, key=key, gives=TOKEN, hidden=hidden)


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """The value of an environment variable."""

    name: str
    environment: Mapping[str, str] = field(
        default_factory=lambda: os.environ, repr=False
    )
    key: str = "password_env"

    def __call__(self) -> str:
        """Read the variable.

        Raises:
            ConfigError: it is not set, or empty.
        """
        secret = clean_password(self.environment.get(self.name, ""))
        if not secret:
            is_name = re.fullmatch("[A-Z_][A-Z0-9_]*", self.name)
            raise _wrong(
                self.key, _NOT_SET if is_name else _NO_VARIABLE, name=self.name
            )
        return secret


@dataclass(frozen=True, slots=True)
class FromFile:
    """The first line that is not empty, of a file that only its owner may read."""

    path: Path
    key: str = "password_file"

    def __call__(self) -> str:
        """Read the file.

        Raises:
            ConfigError: it is missing, no regular file, empty, too long, not UTF-8, or
                others may read it (POSIX).
        """
        try:
            with opened(self.path) as file:
                if ownership.is_open(os.fstat(file.fileno())):
                    raise ConfigError(_OPEN_TO_OTHERS, path=self.path)
                lines = decoded_lines(content(file, self.path, SECRET_BYTES))
        except ConfigError as error:
            raise ConfigError(_AT_KEY, key=self.key, why=error) from None
        except OSError as error:
            is_there = isinstance(error, PermissionError)
            text = _NO_FILE if is_there or self.path.suffix else _NO_SUCH_FILE
            why, folder = reason_of(error), self.path.parent
            raise _wrong(
                self.key, text, path=self.path, folder=folder, why=why
            ) from None
        return _first(self.key, map(clean_password, lines), self.path)


@dataclass(frozen=True, slots=True)
class FromKeyring:
    """The entry of the desktop's keyring for a host and a user."""

    service: str
    user: str
    key: str = "keyring"

    def __call__(self) -> str:
        """Ask the keyring.

        Raises:
            ConfigError: there is no keyring, or no such entry.
            SecretUnavailable: the keyring is locked or fails.
        """
        import keyring  # it takes long, and few accounts need it
        from keyring.errors import KeyringError, NoKeyringError

        try:
            secret = clean_password(keyring.get_password(self.service, self.user) or "")
        except NoKeyringError as error:
            raise _wrong(self.key, _NO_KEYRING) from error
        except KeyringError as error:
            raise SecretUnavailable(_KEYRING_LOCKED, why=error) from error
        if not secret:
            raise _wrong(
                self.key, _NOT_IN_KEYRING, service=self.service, user=self.user
            )
        return secret


def _wrong(key: str, text: Text, **data: object) -> ConfigError:
    """Return the error of a source, with the key that names it."""
    return ConfigError(_AT_KEY, key=key, why=ConfigError(text, **data))


def _is_program(name: str) -> bool:
    """Return whether that is the name of a program: a path, there, or well known."""
    from shutil import which

    is_path = Path(name).name != name
    return is_path or bool(which(name) or re.fullmatch(_PROGRAMS, name))


_PROGRAMS = (
    "age|bash|bw|cat|cmd|echo|gopass|gpg2?|keepassxc-cli|keyring|kwallet-query|lpass|"
    "op|pass|passage|powershell|pwsh|python3?|rbw|secret-tool|security|sh|sops|zsh"
)
"""What people take their passwords from, be it installed or not."""


def _first(
    key: str, lines: Iterable[str], source: object, gives: Text = PASSWORD
) -> str:
    """Return the first line that is not empty.

    Raises:
        ConfigError: there is none, or it is not UTF-8.
    """
    try:
        password = next(filter(None, lines), "")
    except NotUtf8:
        raise _wrong(key, _NOT_UTF8, source=source, gives=gives) from None
    if not password:
        raise _wrong(key, _NO_PASSWORD, source=source, gives=gives)
    return password


_AT_KEY = Text(en="{key}: {why}", ja="{key}: {why}")
_COMMAND_SLOW = Text(
    en="{program} gave no {gives} within {seconds:.0f} s: is it locked?",
    ja="{program} が {seconds:.0f} 秒たっても{gives}を返しません。ロックされて"
    "いたら解除してください。",
)
_COMMAND_FAILED = Text(
    en="{program} ended with status {status} and gave no {gives}: try it by hand.",
    ja="{program} が終了コード {status} で失敗し、{gives}を返しませんでした。"
    "自分で実行して確かめてください。",
)
_COMMAND_ENDLESS = Text(
    en="{program} printed more than {size} KiB: that is no {gives}. Try it by hand.",
    ja="{program} の出力が {size} KiB を超えました。{gives}ではありません。"
    "自分で実行して確かめてください。",
)
_NO_COMMAND = Text(
    en="{program} cannot be run ({why}). Check the program's name.",
    ja="{program} を実行できません({why})。プログラムの名前を確かめてください。",
)
_NOT_SET = Text(
    en="The environment variable {name} is not set: export it first.",
    ja="環境変数 {name} がありません。先に設定してください。",
)
_NO_PROGRAM = Text(
    en="what it names first is no program that can be run ({why}): write the name of a "
    "program there, not the {gives} itself.",
    ja="最初の値は、実行できるプログラムではありません({why})。"
    "{gives}そのものではなく、プログラムの名前を書いてください。",
)
_NO_VARIABLE = Text(
    en="The environment variable that password_env names is not set: write the name of "
    "a variable there, like MAIL_PASSWORD, not the password itself.",
    ja="password_env に書かれた名前の環境変数がありません。パスワードそのものではなく、"
    "MAIL_PASSWORD のような変数の名前を書いてください。",
)
_NO_SUCH_FILE = Text(
    en="In {folder} the file that password_file names cannot be read ({why}): create "
    "it; what stands there is the name of a file, not the password itself.",
    ja="{folder} に、password_file に書かれたファイルがないか、読めません({why})。"
    "ファイルを作ってください。password_file には、パスワードそのものではなく"
    "ファイルの名前を書きます。",
)
_OPEN_TO_OTHERS = Text(
    en="Others may read the password file {path}: chmod 600 {path}",
    ja="パスワードファイル {path} をほかの利用者が読めます。"
    "次を実行してください: chmod 600 {path}",
)
_NO_FILE = Text(
    en="The password file {path} cannot be read ({why}): create it, or correct "
    "password_file.",
    ja="パスワードファイル {path} を読めません({why})。ファイルを作るか、"
    "password_file を書きなおしてください。",
)
_NO_PASSWORD = Text(
    en="{source} gave no {gives}: its first line must be the {gives}.",
    ja="{source} から{gives}を取り出せません。1 行目を{gives}にしてください。",
)
_NOT_UTF8 = Text(
    en="{source} gave no {gives} in UTF-8: save the file as UTF-8, with nothing but "
    "the {gives} on its first line.",
    ja="{source} の文字コードが UTF-8 ではありません。1 行目を{gives}だけにして、"
    "UTF-8 で保存しなおしてください。",
)
_NO_KEYRING = Text(
    en="This machine has no keyring that could be used: use password_command, or "
    "password_file.",
    ja="このパソコンには使えるキーリングがありません。password_command か "
    "password_file を使ってください。",
)
_KEYRING_LOCKED = Text(
    en="The keyring does not answer ({why}): unlock it.",
    ja="キーリングが応答しません({why})。ロックを解除してください。",
)
_NOT_IN_KEYRING = Text(
    en="The keyring has no password: keyring set {service} {user}",
    ja="キーリングにパスワードがありません。次を実行してください: "
    "keyring set {service} {user}",
)
