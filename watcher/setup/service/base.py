"""What every platform's way to start `watcher run` at login has in common.

A service is one file of the platform's own form, and what the platform notes of it. The
file names the interpreter and the configuration by their whole paths, and holds the
user's search path and language where a login does not bring them. So it is compared
with what would be written now: an upgrade or a moved environment is told, with the
remedy `watcher service install`.
"""

import os
import re
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from watcher.app.lock import running_daemon
from watcher.child import bare_environment
from watcher.config.load import default_path, journal_path, load, state_folder
from watcher.errors import (
    ConfigError,
    JournalUnusable,
    ServiceFailed,
    WatcherError,
    reason_of,
)
from watcher.i18n import Text
from watcher.recognition.text import sanitise

LANGUAGE = ("LANG", "LC_ALL", "LC_MESSAGES")
CARRIED = (
    *("PATH", *LANGUAGE),
    *("XDG_CONFIG_HOME", "XDG_STATE_HOME", "WATCHER_STATE"),
    *("BROWSER", "GNUPGHOME", "PASSWORD_STORE_DIR"),
)
"""What a shell sets and a login may lack: where programs, files and keys are found.

Never a variable that could hold a password: the file is read by others.
"""

ASK_S = 10.0
"""What the platform's own program may take to answer."""

START_S = 45.0
"""What it may take to start watcher, which first makes the event log ready."""

_HAS_MODULE = (
    "import importlib.util, sys; sys.exit(not importlib.util.find_spec('watcher.cli'))"
)


@dataclass(frozen=True, slots=True)
class Command:
    """How the daemon is started, and in which environment."""

    words: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Installed:
    """What an installation has done."""

    is_changed: bool
    """Whether anything was written or registered anew."""
    is_started: bool
    """Whether it was started, or started anew; else a watcher ran already."""


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """Whether watcher starts at the next login."""

    is_installed: bool
    """Whether its file is there."""
    starts_at_login: bool
    is_running: bool
    """Whether a watcher runs now, whoever started it."""
    problem: WatcherError | None
    """What is wrong with it, and the remedy; also where it starts all the same."""


class Service(ABC):
    """A platform's way to start watcher at login."""

    title: ClassVar[Text]
    """What the platform calls it."""
    environment_pattern: ClassVar[re.Pattern[str]] = re.compile(r"(?!)")
    """What of the file differs from shell to shell and is not compared."""

    def __init__(self, command: Command, config: Path | None) -> None:
        self._command = command
        self._config = config

    @property
    @abstractmethod
    def path(self) -> Path:
        """Where its file lies."""

    @abstractmethod
    def text(self) -> str:
        """Return what would be written now."""

    @abstractmethod
    def _command_in(self, written: str) -> Sequence[str]:
        """Return the command of a file, as far as it can be read; else nothing.

        Raises:
            ValueError: it cannot be read.
        """

    @abstractmethod
    def _problem(self) -> WatcherError | None:
        """Return why what is written would not start, as far as the platform knows."""

    @abstractmethod
    def _register(self) -> None:
        """Tell the platform of the file, so that it is used at the next login."""

    @abstractmethod
    def _unregister(self) -> None:
        """Let the platform end and forget it; nothing fails if there is none."""

    @abstractmethod
    def _start(self) -> None:
        """Start it now."""

    def _restart(self) -> bool:
        """End and start it if it runs as this service; return whether it did."""
        return False

    def install(self) -> Installed:
        """Write and register it; start it, unless a watcher runs already.

        Raises:
            ServiceFailed: it cannot be written, registered or started, or its file is
            another program's.
        """
        self._check_ours()
        before, text = self.status(), self.text()
        is_changed = self._written() != text or not before.starts_at_login
        if is_changed:
            with _sentences(self.path):
                self._write(text)
            self._register()
        if not before.is_running:
            self._start()
        is_started = not before.is_running or (is_changed and self._restart())
        return Installed(is_changed, is_started)

    def uninstall(self) -> bool:
        """End it and remove it; return whether it was there.

        Raises:
            ServiceFailed: its file cannot be removed, or is another program's.
        """
        self._check_ours()
        is_there = self._is_there()
        if is_there:
            self._unregister()
            with _sentences(self.path):
                self.path.unlink(missing_ok=True)
        return is_there

    def status(self) -> ServiceStatus:
        """Return whether it starts at the next login, by what is there now."""
        is_running = self.running_pid() is not None
        written = self._written()
        if written is None:
            problem = ServiceFailed(_NOT_INSTALLED)
            return ServiceStatus(False, False, is_running, problem)
        if self._is_foreign(written):
            problem = ServiceFailed(_FOREIGN, path=self.path)
            return ServiceStatus(False, False, is_running, problem)
        broken = self._problem() or self._broken_command(written)
        changed = None if self._is_current(written) else ServiceFailed(_CHANGED)
        return ServiceStatus(True, broken is None, is_running, broken or changed)

    def running_pid(self) -> int | None:
        """Return the process number of the watcher that runs; None if none does."""
        try:
            settings = load(self._config or default_path())
        except ConfigError:
            settings = None  # one that runs has read what was there before
        with suppress(JournalUnusable):
            return running_daemon(journal_path(settings))
        return None

    def _is_there(self) -> bool:
        return os.path.lexists(self.path)

    def _check_ours(self) -> None:
        """Raise `ServiceFailed` if the file is another program's."""
        written = self._written()
        if written is not None and self._is_foreign(written):
            raise ServiceFailed(_FOREIGN, path=self.path)

    def _is_foreign(self, written: str) -> bool:
        """Return whether a file starts something else than watcher."""
        try:
            words = self._command_in(written)
        except ValueError:  # a damaged one is written anew
            return False
        names = {Path(word).name for word in words}
        is_ours = bool(names & {"watcher", "watcher.exe"}) and words[-1] == "run"
        return bool(words) and not is_ours

    def _written(self) -> str | None:
        """Return what its file holds; None if there is none."""
        try:
            return self._decode(self.path.read_bytes())
        except FileNotFoundError:
            return "" if self.path.is_symlink() else None
        except (OSError, ValueError):
            return ""

    def _decode(self, raw: bytes) -> str:
        return raw.decode()

    def _encode(self, text: str) -> bytes:
        return text.encode()

    def _write(self, text: str) -> None:
        """Write its file at once or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=self.path.parent, prefix=".watcher-")
        try:
            with os.fdopen(number, "wb") as file:
                file.write(self._encode(text))
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _is_current(self, written: str) -> bool:
        then, now = (
            self.environment_pattern.sub("", text) for text in (written, self.text())
        )
        return then == now

    def _broken_command(self, written: str) -> ServiceFailed | None:
        """Return why what is written can start nothing; None if it can."""
        try:
            interpreter, *others = self._command_in(written)
        except ValueError:
            return ServiceFailed(_UNREADABLE, path=self.path)
        if interpreter == self._command.words[0]:
            return None
        if not os.access(interpreter, os.X_OK):
            return ServiceFailed(_NO_PROGRAM, path=sanitise(interpreter))
        if "-m" in others and not _has_module(interpreter):
            return ServiceFailed(_NO_MODULE, path=sanitise(interpreter))
        return None


def command_here(config: Path | None, environment: Mapping[str, str]) -> Command:
    """Return how this very watcher is started with a configuration.

    `-P`: nothing is imported from the folder in which it starts, the user's home.

    Raises:
        ServiceFailed: a path holds a line break or the like, which no file could name.
    """
    options = ["--config", str(config.absolute())] if config else []
    carried = {
        name: value
        for name in CARRIED
        if (value := environment.get(name)) and value.isprintable()
    }
    if "PATH" in carried:
        places = carried["PATH"].split(os.pathsep)
        carried["PATH"] = os.pathsep.join(filter(os.path.isabs, places))
    if "WATCHER_STATE" in carried:
        carried["WATCHER_STATE"] = str(state_folder(environment).absolute())
    words = (sys.executable, "-P", "-m", "watcher", *options, "run")
    if odd := next((word for word in words if not word.isprintable()), None):
        raise ServiceFailed(_ODD_PATH, path=sanitise(odd))
    return Command(words, carried)


_ENVIRONMENT = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_MESSAGES", "TZ"),
    *("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DBUS_SESSION_BUS_ADDRESS"),
    *("SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP"),
    *("USERPROFILE", "USERNAME", "USERDOMAIN", "APPDATA", "LOCALAPPDATA"),
)


def ask(
    *command: str, patience_s: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Return how one of the platform's own programs ended, and what it printed.

    One that is missing or hangs has ended with a status that is not 0. Of the
    environment it gets what it needs: nobody knows where a password stands.
    """
    timeout_s = ASK_S if patience_s is None else patience_s
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
            env=bare_environment(_ENVIRONMENT),
        )
    except subprocess.TimeoutExpired:
        reason = f"no answer in {timeout_s:.0f} s"
    except OSError as error:
        reason = error.strerror or str(error)
    return subprocess.CompletedProcess(command, -1, "", reason)


def call(*command: str, patience_s: float | None = None) -> None:
    """Let one of the platform's own programs do something.

    Raises:
        ServiceFailed: it did not; with its last words.
    """
    done = ask(*command, patience_s=patience_s)
    if done.returncode:
        words = (done.stderr or done.stdout).split("\n")
        last = next((line for line in reversed(words) if line.strip()), "")
        reason = sanitise(last.strip()) or f"exit {done.returncode}"
        raise ServiceFailed(_REFUSED, command=" ".join(command), reason=reason)


def words_in(line: str) -> list[str]:
    """Return the words of a command, each quoted or not, as they were quoted."""
    found = _WORD.finditer(line)
    return [re.sub(r"\\(.)", r"\1", one[1] or one[2] or "") for one in found]


_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


def _has_module(interpreter: str) -> bool:
    return ask(interpreter, "-P", "-c", _HAS_MODULE).returncode == 0


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ServiceFailed(_NOT_WRITTEN, path=path, reason=reason_of(error)) from error


DESCRIPTION = Text(
    en="Watches for Amazon's sign-in attempts",
    ja="Amazon のサインイン試行を見張ります",
)
_NOT_INSTALLED = Text(
    en="watcher does not start at login. Set it up with: watcher service install",
    ja="ログインしても watcher は始まりません。次で登録できます: "
    "watcher service install",
)
_FOREIGN = Text(
    en="{path} starts another program than watcher, and is left alone. Move it away, "
    "then run: watcher service install",
    ja="{path} は watcher ではないプログラムを始めるファイルなので、触りません。よそへ"
    "移してから、次を実行してください: watcher service install",
)
_ODD_PATH = Text(
    en="The path {path} holds a line break or another character that cannot be shown. "
    "Rename it, then run: watcher service install",
    ja="パス {path} に改行などの表示できない文字があります。名前を変えてから、次を"
    "実行してください: watcher service install",
)
_CHANGED = Text(
    en="What is installed is not what this watcher would install, after an upgrade or "
    "a move. Renew it with: watcher service install",
    ja="登録されている内容が、この watcher のものと違います(更新や移動のあとなど)。"
    "次で登録しなおしてください: watcher service install",
)
_UNREADABLE = Text(
    en="{path} cannot be read as what watcher writes there. Write it anew with: "
    "watcher service install",
    ja="{path} は、watcher が書いた内容として読めません。次で書きなおしてください: "
    "watcher service install",
)
_NO_PROGRAM = Text(
    en="The program that is to be started, {path}, is no longer there. Renew it with: "
    "watcher service install",
    ja="登録されているプログラム {path} がもうありません。次で登録しなおしてください: "
    "watcher service install",
)
_NO_MODULE = Text(
    en="The Python that is to be started, {path}, has no watcher any more. Renew it "
    "with: watcher service install",
    ja="登録されている Python({path})に、もう watcher が入っていません。次で登録し"
    "なおしてください: watcher service install",
)
_REFUSED = Text(
    en="The command `{command}` failed: {reason}. Start watcher by hand with `watcher "
    "run`, which tells what is wrong.",
    ja="`{command}` が失敗しました: {reason}。手で `watcher run` を実行すると、原因が"
    "表示されます。",
)
_NOT_WRITTEN = Text(
    en="{path} cannot be written or removed ({reason}). Correct the permissions of its "
    "folder.",
    ja="{path} を書きこむことも消すこともできません({reason})。フォルダーのアクセス権を"
    "直してください。",
)
