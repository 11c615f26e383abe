"""Fetches an account's password, anew at each login: it is kept nowhere in here.

By command (an argv list, never a shell), environment variable, file or keyring. Each
source is a frozen value that is called; none of them shows the secret in its `repr`.
"""

import os
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from watcher.errors import ConfigError, SecretUnavailable
from watcher.i18n import Text

COMMAND_TIMEOUT = timedelta(seconds=60)
"""A password manager may ask the user to unlock it. Shorter than
`imap.account.Timeouts.secret_timeout_s`, which bounds every source: so the error names
the program that was too slow."""


@dataclass(frozen=True, slots=True)
class FromCommand:
    """The first line that a program prints, such as `pass show mail/home`."""

    argv: tuple[str, ...]
    timeout: timedelta = COMMAND_TIMEOUT

    def __call__(self) -> str:
        """Run the program; its standard error goes to the user's terminal."""
        try:
            done = subprocess.run(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                timeout=self.timeout.total_seconds(),
                check=True,
            )
        except subprocess.TimeoutExpired as error:
            raise _command_slow(self.argv[0], self.timeout) from error
        except subprocess.CalledProcessError as error:
            raise _command_failed(self.argv[0], error.returncode) from None
        except OSError as error:
            raise _command_missing(self.argv[0], error) from error
        return _first_line(done.stdout, source=self.argv[0])


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """The value of an environment variable."""

    name: str
    environment: Mapping[str, str] = field(
        default_factory=lambda: os.environ, repr=False
    )

    def __call__(self) -> str:
        """Read the variable.

        Raises:
            ConfigError: it is not set, or empty.
        """
        secret = self.environment.get(self.name)
        if not secret:
            text = Text(
                en="The environment variable {name} is not set: export it first.",
                ja="環境変数 {name} がありません。先に設定してください。",
            )
            raise ConfigError(text, name=self.name)
        return secret


@dataclass(frozen=True, slots=True)
class FromFile:
    """The first line of a file that nobody but its owner may read."""

    path: Path

    def __call__(self) -> str:
        """Read the file.

        Raises:
            ConfigError: it is missing, empty, or others may read it (POSIX).
        """
        try:
            with self.path.open("rb") as file:
                _refuse_open_to_others(self.path, os.fstat(file.fileno()))
                content = file.read()
        except OSError as error:
            text = Text(
                en="The password file {path} cannot be read ({why}): make it, or mend "
                "password_file.",
                ja="パスワードファイル {path} を読めません({why})。作るか、"
                "password_file を直してください。",
            )
            raise ConfigError(text, path=self.path, why=error.strerror) from error
        return _first_line(content, source=str(self.path))


@dataclass(frozen=True, slots=True)
class FromKeyring:
    """The entry of the desktop's keyring for a host and a user."""

    service: str
    user: str

    def __call__(self) -> str:
        """Ask the keyring.

        Raises:
            ConfigError: the extra is not installed, or there is no such entry.
            SecretUnavailable: the keyring is locked, or none answers.
        """
        try:
            import keyring
            from keyring.errors import KeyringError, NoKeyringError
        except ImportError as error:
            raise ConfigError(_NO_KEYRING_EXTRA) from error
        try:
            secret: str | None = keyring.get_password(self.service, self.user)
        except NoKeyringError as error:
            raise ConfigError(_NO_KEYRING) from error
        except KeyringError as error:
            raise SecretUnavailable(_KEYRING_LOCKED, why=error) from error
        if not secret:
            raise ConfigError(_NOT_IN_KEYRING, service=self.service, user=self.user)
        return secret


_NO_KEYRING_EXTRA = Text(
    en="keyring = true needs the extra: pip install '.[keyring]'",
    ja="keyring = true には追加機能が必要です: pip install '.[keyring]'",
)
_NO_KEYRING = Text(
    en="This machine has no keyring that could be used: use password_command, or "
    "password_file.",
    ja="このパソコンには使えるキーリングがありません。password_command か "
    "password_file を使ってください。",
)
_KEYRING_LOCKED = Text(
    en="The keyring does not answer ({why}): unlock it.",
    ja="キーリングが応じません ({why})。解錠してください。",
)
_NOT_IN_KEYRING = Text(
    en="The keyring has no password: keyring set {service} {user}",
    ja="キーリングにパスワードがありません: keyring set {service} {user}",
)


def _first_line(content: bytes, *, source: str) -> str:
    """Return the first line as text; only the line's end is stripped.

    Raises:
        ConfigError: there is nothing in it, or it is not UTF-8.
    """
    try:
        line = content.split(b"\n", 1)[0].removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        line = ""
    if not line:
        text = Text(
            en="{source} gave no password: its first line must be the password.",
            ja="{source} からパスワードが得られません。1 行目に必要です。",
        )
        raise ConfigError(text, source=source)
    return line


def _refuse_open_to_others(path: Path, status: os.stat_result) -> None:
    if os.name != "posix" or not status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return
    text = Text(
        en="Others may read the password file {path}: chmod 600 {path}",
        ja="パスワードファイル {path} を他人が読めます: chmod 600 {path}",
    )
    raise ConfigError(text, path=path)


def _command_slow(program: str, timeout: timedelta) -> SecretUnavailable:
    text = Text(
        en="{program} gave no password within {seconds:.0f} s: is it locked?",
        ja="{program} が {seconds:.0f} 秒以内に応じません。ロックされていませんか。",
    )
    return SecretUnavailable(text, program=program, seconds=timeout.total_seconds())


def _command_failed(program: str, status: int) -> SecretUnavailable:
    text = Text(
        en="{program} ended with status {status} and gave no password: try it by hand.",
        ja="{program} が状態 {status} で終わりました。手動で試してください。",
    )
    return SecretUnavailable(text, program=program, status=status)


def _command_missing(program: str, error: OSError) -> ConfigError:
    text = Text(
        en="password_command cannot be run: {program}: {why}",
        ja="password_command を実行できません: {program}: {why}",
    )
    return ConfigError(text, program=program, why=error.strerror)
