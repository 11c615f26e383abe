"""A user's environment: the program in a home, a mailbox on a real Dovecot."""

import itertools
import json
import os
import select
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any

import pytest
from imapclient import IMAPClient

from tests.fakes import needs_posix, required_program
from tests.sample_mails import Mail, approval, code, compose
from tests.servers import PASSWORD, Dovecot, NameServer
from watcher.app.lock import running_daemon
from watcher.events import AnyEvent
from watcher.journal.reader import JournalReader
from watcher.notify.dbus import DISABLED

PATIENCE_S = 30.0
ONE_LOOK_S = "1" if os.name == "posix" else "8"
"""Long enough a wait to look at the mailbox once: Wine stretches that."""

CONNECTED = "home: connected ("
"""What `run` says once the account `home` is watched."""

WATCHER = (sys.executable, "-m", "watcher")
CLOSED = -1
"""The descriptor of a terminal that is closed."""


def without_privileges() -> tuple[str, ...]:
    """Return the command that obeys permissions, also where root runs the tests."""
    needs_posix("file modes: Windows has none")
    if os.getuid():
        return WATCHER
    program = required_program("setpriv", package="util-linux")
    rights = "-dac_override,-dac_read_search,-fowner"
    return (program, "--bounding-set", rights, *WATCHER)


def without_account() -> tuple[str, ...]:
    """Return the command as a user whom the system does not know: it has no home."""
    needs_posix("user numbers: Windows has none")
    if os.getuid():
        pytest.skip("only root can be another user")
    program = required_program("setpriv", package="util-linux")
    user = ("--reuid", "54321", "--regid", "54321", "--clear-groups")
    start = (program, *user, sys.executable, "-c", "import watcher.cli")
    if subprocess.run(start, check=False, capture_output=True).returncode:
        pytest.skip("only root may start the Python that runs the tests")
    unmeasured = ("env", "COVERAGE_PROCESS_CONFIG=")  # that user may not write there
    return (*unmeasured, program, *user, *WATCHER)


def pseudo_terminal() -> tuple[int, int]:
    """Return the two ends of a terminal, the user's and the program's."""
    needs_posix("a pseudo-terminal: Windows lends none by a descriptor")
    return os.openpty()


def is_private(path: Path) -> bool:
    """Return whether only its owner may read it; Windows keeps no modes to ask for."""
    return os.name != "posix" or not path.stat().st_mode & 0o077


WIDE = 500
"""Columns of a terminal on which no sentence is broken; a test may set COLUMNS."""

NO_SERVER = """
[[accounts]]
name = "home"
user = "taro@example.jp"
host = "127.0.0.1"
port = 1
tls = "none"
password_env = "MAIL_PASSWORD"
"""
"""An account whose server nobody reaches."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> list[dict[str, Any]]:
        """What was printed, one object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(slots=True)
class Running:
    """A command that still runs, on a terminal of its own."""

    process: subprocess.Popen[bytes]
    terminal: int
    seen: str = ""

    def await_text(self, text: str) -> str:
        """Return all that was printed, once `text` is in it."""
        while text not in self.seen:
            assert self._is_readable(), f"no {text!r} in {self.seen}"
            assert self._read(), f"it ended without {text!r}: {self.seen}"
        return self.seen

    def crash(self) -> None:
        """End it as kill -9 does; `seen` then holds all the rest."""
        self.process.kill()
        self.await_end()

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code; `seen` then holds all the rest."""
        self.process.send_signal(number)
        return self.await_end()

    def kill(self) -> None:
        """End it if it still runs, and let go of its terminal."""
        self.process.kill()
        self.process.wait(PATIENCE_S)
        if self.terminal != CLOSED:
            os.close(self.terminal)

    def hang_up(self) -> int:
        """Close the terminal, as its window's button does; return the exit code."""
        os.close(self.terminal)
        self.terminal = CLOSED
        return self.process.wait(PATIENCE_S)

    def await_end(self) -> int:
        """Return the exit code."""
        while self._read():
            pass
        return self.process.wait(PATIENCE_S)

    def _is_readable(self) -> bool:
        return bool(select.select([self.terminal], [], [], PATIENCE_S)[0])

    def _read(self) -> bool:
        try:
            data = os.read(self.terminal, 65536)
        except OSError:  # Linux: nobody holds the other end any more
            return False
        self.seen += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)


@dataclass(slots=True)
class Piped(Running):
    """A command that still runs, on two pipes: Windows selects on sockets only."""

    _lines: SimpleQueue[str] = field(default_factory=SimpleQueue)
    _next: str = ""
    _reader: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        """Read on in a thread of its own."""
        self._reader = threading.Thread(target=self._forward, daemon=True)
        self._reader.start()

    def end(self, number: int = signal.SIGTERM) -> int:
        """Press Ctrl-Break and return the exit code, as if that were any signal."""
        self._stdin.close()
        return self.await_end()

    def kill(self) -> None:
        """End it if it still runs."""
        self.process.kill()
        self.process.wait(PATIENCE_S)
        self._stdin.close()
        self._reader.join(PATIENCE_S)

    @property
    def _stdin(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    def await_end(self) -> int:
        """Return the exit code."""
        while self._is_readable() and self._read():
            pass
        return self.process.wait(PATIENCE_S)

    def _forward(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout:
            for line in self.process.stdout:
                self._lines.put(line.decode(errors="replace").replace("\r\n", "\n"))
        self._lines.put("")

    def _is_readable(self) -> bool:
        try:
            self._next = self._lines.get(timeout=PATIENCE_S)
        except Empty:
            return False
        return True

    def _read(self) -> bool:
        self.seen += self._next
        return bool(self._next)


_NEEDED_BY_WINDOWS = ("SYSTEMROOT", "COMSPEC", "PATHEXT", "TEMP", "TMP")
"""Without the first of them no socket is opened there."""


NO_HOME = {
    "WATCHER_CONFIG": "config.toml",
    "WATCHER_STATE": "state",
    "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
}
"""What a test without a home of its own reads instead of the user's own files."""


def own_places(folder: Path) -> dict[str, str]:
    """Return what keeps configuration, state and passwords in a folder.

    On Linux HOME and XDG_* do. Elsewhere the system names the user's folders whatever
    these are, and its keyring belongs to the user who runs the tests.
    """
    if not sys.platform.startswith("linux"):
        return {
            "WATCHER_CONFIG": str(folder / "config" / "watcher" / "config.toml"),
            "WATCHER_STATE": str(folder / "state" / "watcher"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "USERPROFILE": str(folder),
            "LOCALAPPDATA": str(folder / "local"),
            "PYTHONUTF8": "1",  # as the other systems print by themselves
        }
    return {}


def _with_stand_ins(where: str, command: Sequence[str]) -> Sequence[str]:
    """Return the command, where need be with what stands in for parts of a desktop."""
    if os.name == "posix":
        return command
    python, *words = command
    if python != sys.executable:
        needs_posix(f"it runs {python}")
    return [
        python,
        str(Path(__file__).with_name("windows_stand_ins.py")),
        where,
        *words,
    ]


@dataclass(slots=True)
class Home:
    """Where a user's configuration and event log lie."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Leave nothing of this machine's own settings to the program."""
        kept = {name for name in os.environ if name.startswith("COVERAGE")}
        kept |= {"PATH", *_NEEDED_BY_WINDOWS} & os.environ.keys()
        self.environment |= {name: os.environ[name] for name in kept}
        self.environment |= {
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_RUNTIME_DIR": str(self.folder),
            "DBUS_SESSION_BUS_ADDRESS": DISABLED,
            "LANG": "C.UTF-8",
            "MAIL_PASSWORD": "secret",
            "BROWSER": str(self._browser()),
            "OPENED": str(self.opened),
            **own_places(self.folder),
        }

    def _browser(self) -> Path:
        """Make a browser that visits nothing: it writes down what it should open."""
        browser = self.folder / "browser"
        script = f'#!/bin/sh\nprintf %s "$1" > "{self.opened}"\n'
        browser.write_text(script, encoding="utf-8")
        browser.chmod(0o700)
        return browser

    @property
    def opened(self) -> Path:
        """The file that holds the address which the browser was to open."""
        return self.folder / "opened"

    @property
    def config(self) -> Path:
        """The configuration file, where the program reads it."""
        return self.folder / "config" / "watcher" / "config.toml"

    @property
    def log(self) -> Path:
        """The event log, where the program puts it."""
        return self.folder / "state" / "watcher" / "events.db"

    def resolve_at(self, address: str) -> None:
        """Let every program ask this name server: it is the one of the system."""
        host, _, port = address.partition(":")
        folder = self.folder / "site"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(
            "import dns.resolver\n"
            "def read(self, _):\n"
            f"    self.nameservers, self.port = [{host!r}], {port}\n"
            "dns.resolver.Resolver.read_resolv_conf = read\n"
        )
        self.environment["PYTHONPATH"] = str(folder)

    def configure(self, *tables: str) -> None:
        """Write the configuration file."""
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_text("\n".join(tables), encoding="utf-8")
        self.config.chmod(0o600)

    def run(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        command: Sequence[str] = WATCHER,
        encoding: str = "utf-8",
        patience_s: float = PATIENCE_S,
    ) -> Done:
        """Run a command to its end. It may fail, but never with a traceback."""
        if "copy" in arguments:
            needs_posix("a clipboard that is the test's own")
        done = subprocess.run(
            _with_stand_ins("pipes", [*command, *arguments]),
            cwd=self.folder,
            env={**self.environment, **(environment or {})},
            input=stdin,
            capture_output=True,
            timeout=patience_s,
            check=False,
        )
        assert b"Traceback" not in done.stderr or "-v" in arguments, done.stderr
        out, err = (
            text.decode(encoding, "replace").replace(os.linesep, "\n")
            for text in (done.stdout, done.stderr)
        )
        return Done(done.returncode, out, err)

    def run_unread(
        self, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Run a command whose output goes into a closed pipe."""
        with subprocess.Popen(
            [*WATCHER, *arguments],
            cwd=self.folder,
            env={**self.environment, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            err = process.stderr.read().decode(errors="replace")
            return process.wait(PATIENCE_S), err

    @contextmanager
    def started(
        self,
        *arguments: str,
        command: Sequence[str] = WATCHER,
        is_controlled: bool = False,
    ) -> Iterator[Running]:
        """Run a command beside the test; kill it in the end if it still runs.

        Where it `is_controlled`, its terminal is its controlling one: it gets SIGHUP
        when that is closed.
        """
        if is_controlled:
            needs_posix("a controlling terminal")
            program = required_program("setsid", package="util-linux")
            command = (program, "--ctty", *command)
        start = self._on_terminal if os.name == "posix" else self._on_pipes
        running = start([*command, *arguments], is_controlled)
        try:
            yield running
        finally:
            running.kill()

    def _on_terminal(self, command: Sequence[str], is_controlled: bool) -> Running:
        import termios  # of POSIX

        terminal, theirs = pseudo_terminal()
        termios.tcsetwinsize(theirs, (50, WIDE))
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=theirs if is_controlled else subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        return Running(process, terminal)

    def _on_pipes(self, command: Sequence[str], _: bool) -> Running:
        process = subprocess.Popen(
            _with_stand_ins("terminal", command),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        return Piped(process, CLOSED)

    def events(self) -> list[AnyEvent]:
        """Return everything in the event log."""
        journal = JournalReader.read(self.log)
        if journal is None:
            return []
        with journal:
            return list(journal.events())

    def names(self) -> list[str]:
        """Return the names of all events, in their order."""
        return [event.event.value for event in self.events()]


ACCOUNT = """
[[accounts]]
name = "home"
host = "imap.example.jp"
user = "taro@example.jp"
password_env = "MAIL_PASSWORD"
"""
"""One account of a configuration that only the loader sees."""


def written(folder: Path, content: str | bytes) -> Path:
    """Write a configuration file that only its owner may read."""
    path = folder / "config.toml"
    raw = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(raw)
    path.chmod(0o600)
    return path


UNREACHABLE = (
    '[[accounts]]\nname = "home"\nuser = "me@example.jp"\nhost = "127.0.0.1"',
    'tls = "none"\nport = 1\npassword_file = "password"',
)
"""An account whose server never answers."""


def saying(words: str) -> str:
    """Return a `password_command` that prints these words, in TOML."""
    return json.dumps([sys.executable, "-c", f"print({words!r})"])


def end_daemon(log: Path) -> None:
    """End the daemon on an event log, if one runs that is no child of the test."""
    if pid := running_daemon(log):
        process = os.pidfd_open(pid)
        signal.pidfd_send_signal(process, signal.SIGTERM)
        assert select.select([process], [], [], PATIENCE_S)[0]
        os.close(process)


_SERIAL = itertools.count(1)


def token() -> str:
    """Return the end of an approval link that no other mail has."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class MailUser:
    """A user at home, their mailbox, and the name server that knows Amazon's keys."""

    home: Home
    server: Dovecot
    name_server: NameServer
    user: str

    def configure(
        self,
        *accounts: str,
        mode: str = "poll",
        poll_interval: str = "1s",
        notify: str = 'language = "en"\nchannel = "terminal"',
        dkim: str = "",
    ) -> None:
        """Write a configuration with these accounts; without any, with the user's."""
        self.home.configure(
            f'[watch]\nmode = "{mode}"\npoll_interval = "{poll_interval}"',
            f"[notify]\n{notify}",
            f'[dkim]\nnameservers = ["{self.name_server.address}"]\n{dkim}',
            *(accounts or (self.account(),)),
        )

    def account(self, **changes: str | None) -> str:
        """Return the table of the user's account, keys replaced or left out (None)."""
        keys: dict[str, str | None] = {
            "name": '"home"',
            "host": '"localhost"',
            "port": str(self.server.ports.imaps),
            "ca_file": f'"{self.server.ca_file.as_posix()}"',
            "user": f'"{self.user}"',
            "password_env": '"MAIL_PASSWORD"',
            "mailboxes": '["INBOX"]',
            **changes,
        }
        lines = (f"{key} = {value}" for key, value in keys.items() if value)
        return "\n".join(("[[accounts]]", *lines))

    def post(self, mail: Mail) -> None:
        """Deliver a mail without a signature, addressed to this user, of now."""
        addressed = replace(mail, **self.envelope())  # type: ignore[arg-type]
        self.deliver(compose(addressed))

    def deliver(self, raw: bytes) -> None:
        """Hand over a mail by LMTP."""
        self.server.deliver(raw, self.user)

    def append(self, raw: bytes, special_use: bytes) -> None:
        """Put a mail into the mailbox with a special use, as a mail program does."""
        with IMAPClient("127.0.0.1", self.server.ports.imap, ssl=False) as client:
            client.login(self.user, PASSWORD)
            mailbox = client.find_special_folder(special_use)
            assert mailbox is not None
            client.append(mailbox, raw)

    def move_in(self, raw: bytes, received_at: datetime) -> None:
        """Put a mail into INBOX as MOVE does, which keeps its time of arrival."""
        with IMAPClient("127.0.0.1", self.server.ports.imap, ssl=False) as client:
            client.login(self.user, PASSWORD)
            client.append("INBOX", raw, msg_time=received_at)

    def approval(self, *, age: timedelta = timedelta(0), **changes: object) -> str:
        """Deliver a signed mail that asks to approve or deny; return its link."""
        link = f"https://www.amazon.co.jp/a/c/r/{token()}"
        self.deliver(approval(link, **{**self.envelope(age), **changes}))
        return link

    def code(self, number: str, *, age: timedelta = timedelta(0)) -> None:
        """Deliver a signed mail with a verification code."""
        self.deliver(code(number, **self.envelope(age)))

    def envelope(self, age: timedelta = timedelta(0)) -> dict[str, str]:
        """Return the fields of a mail to this user, so old."""
        return {
            "to": self.user,
            "date": format_datetime(datetime.now(UTC) - age),
            "message_id": f"<{next(_SERIAL)}.{token()}@amazonses.com>",
        }

    def mailbox_files(self) -> dict[str, bytes]:
        """Return INBOX as it lies on the server: a file's name holds its flags."""
        folder = self.server.maildir(self.user)
        files = (folder / "new").glob("*"), (folder / "cur").glob("*")
        return {path.name: path.read_bytes() for path in itertools.chain(*files)}
