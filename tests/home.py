"""The program as a user runs it: a process of its own, in a home of its own."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import needs
from watcher.events import Event
from watcher.journal import Journal

PATIENCE_S = 30.0
WATCHER = (sys.executable, "-m", "watcher")


def without_privileges() -> tuple[str, ...]:
    """Return the command that obeys permissions, also where root runs the tests."""
    if os.getuid():
        return WATCHER
    program = needs.program("setpriv", package="util-linux")
    rights = "-dac_override,-dac_read_search,-fowner"
    return (program, "--bounding-set", rights, *WATCHER)


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
            ready, _, _ = select.select([self.terminal], [], [], PATIENCE_S)
            assert ready, f"no {text!r} in {self.seen}"
            assert self._read(), f"it ended without {text!r}: {self.seen}"
        return self.seen

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code; `seen` then holds all the rest."""
        self.process.send_signal(number)
        return self.await_end()

    def await_end(self) -> int:
        """Return the exit code."""
        while self._read():
            pass
        return self.process.wait(PATIENCE_S)

    def _read(self) -> bool:
        try:
            data = os.read(self.terminal, 65536)
        except OSError:  # Linux: nobody holds the other end any more
            return False
        self.seen += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)


@dataclass(slots=True)
class Home:
    """Where a user's configuration and event log lie."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Leave nothing of this machine's own settings to the program."""
        kept = {name for name in os.environ if name.startswith("COVERAGE")}
        self.environment |= {name: os.environ[name] for name in kept | {"PATH"}}
        self.environment |= {
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_RUNTIME_DIR": str(self.folder),
            "LANG": "C.UTF-8",
            "MAIL_PASSWORD": "secret",
            "BROWSER": str(self._browser()),
        }

    def _browser(self) -> Path:
        """Make a browser that visits nothing: it writes down what it should open."""
        browser = self.folder / "browser"
        browser.write_text(f'#!/bin/sh\nprintf %s "$1" > "{self.opened}"\n')
        browser.chmod(0o700)
        return browser

    @property
    def opened(self) -> Path:
        """The file that holds the address which the browser was to open."""
        return self.folder / "opened"

    @property
    def config(self) -> Path:
        """The configuration file, where the program looks for it."""
        return self.folder / "config" / "watcher" / "config.toml"

    @property
    def log(self) -> Path:
        """The event log, where the program puts it."""
        return self.folder / "state" / "watcher" / "events.db"

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
    ) -> Done:
        """Run a command to its end. It may fail, but never with a traceback."""
        done = subprocess.run(
            [*command, *arguments],
            cwd=self.folder,
            env={**self.environment, **(environment or {})},
            input=stdin,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert b"Traceback" not in done.stderr or "-v" in arguments, done.stderr
        out, err = (
            text.decode(errors="replace") for text in (done.stdout, done.stderr)
        )
        return Done(done.returncode, out, err)

    @contextmanager
    def started(
        self, *arguments: str, command: Sequence[str] = WATCHER
    ) -> Iterator[Running]:
        """Run a command beside the test; kill it in the end if it still runs."""
        terminal, theirs = pty.openpty()
        process = subprocess.Popen(
            [*command, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        try:
            yield Running(process, terminal)
        finally:
            process.kill()
            process.wait(PATIENCE_S)
            os.close(terminal)

    def events(self) -> list[Event]:
        """Return everything in the event log."""
        journal = Journal.read(self.log)
        if journal is None:
            return []
        with journal:
            return list(journal.events())

    def names(self) -> list[str]:
        """Return the names of all events, in their order."""
        return [event.event.value for event in self.events()]
