"""Stand-ins for what a user's machine has: a recording channel, programs.

Real parts that tests need are present, or the test is skipped with the package that
brings them; under `CI=true` a missing part is a failure: what is promised there must be
tested.
"""

import math
import os
import shutil
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from watcher.app.desktop import Desktop, Request, Shown
from watcher.app.judging import Judged, Judging
from watcher.app.kernel import KernelEvents
from watcher.app.notifier import Notifier
from watcher.app.wanted import NotifierSettings
from watcher.clock import BootClock
from watcher.errors import NotificationFailed
from watcher.events import MessageFetched
from watcher.i18n import Text
from watcher.journal.log import Journal
from watcher.notify.delivery import Delivery
from watcher.notify.notification import Channel, Notification
from watcher.recognition.judge import Verify
from watcher.recognition.policy import Policy

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet


@dataclass(slots=True)
class FakeClock:
    """The clocks of a machine: the wall clock can be set, the other one goes on."""

    now: datetime
    boot_s: float = 1000.0
    boot: str = "b0-07"

    def rest(self, span: timedelta) -> None:
        """Let time pass on both."""
        self.now += span
        self.boot_s += span.total_seconds()

    def set_by(self, step: timedelta) -> None:
        """Set the wall clock."""
        self.now += step

    def reboot(self, span: timedelta, *, wrong_by: timedelta = timedelta(0)) -> None:
        """Let the machine be down so long, and start with a clock that is wrong."""
        self.now += span + wrong_by
        self.boot_s = 30.0
        self.boot += "1"

    def wall(self) -> datetime:
        """Read the wall clock."""
        return self.now

    def boottime_s(self) -> float:
        """Read the time since boot."""
        return self.boot_s

    def boot_clock(self, *, wrong_by: timedelta = timedelta(0)) -> BootClock:
        """Return what a program knows whose wall clock is wrong by so much."""
        return BootClock(lambda: self.now + wrong_by, self.boottime_s, self.boot)


IS_POSIX = os.name == "posix"


def posix_only(why: str) -> pytest.MarkDecorator:
    """Mark tests of what POSIX alone has, and say what that is."""
    return pytest.mark.skipif(not IS_POSIX, reason=f"POSIX only: {why}")


def only_on_posix(*values: object) -> "ParameterSet":
    """Return values of a test of which other ones run everywhere.

    Under Wine each start of a program takes seconds, and what is tried with these
    values is the same there.
    """
    return pytest.param(*values, marks=posix_only("there the test has other values"))


def linux_only(why: str) -> pytest.MarkDecorator:
    """Mark tests of what Linux alone has, and say what that is."""
    is_linux = sys.platform.startswith("linux")
    return pytest.mark.skipif(not is_linux, reason=f"Linux only: {why}")


def needs_posix(why: str) -> None:
    """Skip the test that runs, as `posix_only` does."""
    if not IS_POSIX:
        pytest.skip(f"POSIX only: {why}")


def required_program(name: str, *, package: str) -> str:
    """Return the path of a program, or skip the test and name the Debian package."""
    needs_posix(f"it runs {name}")
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/lib/xfce4")
    if path is None:
        missing(f"{name} is not installed: apt-get install {package}")
    return path


def missing(what: str) -> NoReturn:
    """Skip the test because of what is missing; fail it where CI promises all parts."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


def recorder(
    directory: Path, monkeypatch: pytest.MonkeyPatch, name: str, *, then: str = ":"
) -> Path:
    """Put a program first on the path; return the file with the arguments it got.

    `then` is what it does next, in the words of the shell; `$said` is that file.
    """
    needs_posix("stand-ins that are shell scripts")
    said = directory / "said"
    program = directory / name
    lines = ("#!/bin/sh", f"said='{said}'", 'printf "%s\\n" "$@" > "$said"', then, "")
    program.write_text("\n".join(lines))
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")
    return said


PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder of small programs; each writes down how it was called."""

    folder: Path

    def add(self, *names: str, then: str = ":") -> None:
        """Put programs there; `then` is what they do next, in the words of the shell.

        They find no other program by its name alone: the path may be this folder only.
        """
        needs_posix("stand-ins that are shell scripts")
        self.folder.mkdir(exist_ok=True)
        for name in names:
            words = f'{{ printf %s {name}; [ $# = 0 ] || printf " %s" "$@"; echo; }}'
            program = self.folder / name
            program.write_text(f"#!/bin/sh\n{words} >> '{self._said}'\n{then}\n")
            program.chmod(0o700)

    def calls(self) -> list[str]:
        """Return the command lines, in their order."""
        return self._said.read_text().splitlines() if self._said.exists() else []

    @property
    def _said(self) -> Path:
        return self.folder.with_suffix(".said")


@dataclass(frozen=True, slots=True)
class Latch:
    """What programs wait for; it opens at the end, so that none is left running."""

    pipe: Path

    @property
    def wait(self) -> str:
        """How a program waits, in the words of the shell."""
        return f"read -r _ < '{self.pipe}'"

    def open(self) -> None:
        """Let a program that waits, or comes to wait, go on."""
        self.pipe.write_text("go on\n")


@dataclass(slots=True)
class RecordingChannel(Channel):
    """A channel; while shut it shows nothing and says so."""

    name: str = "recording"
    is_shut: bool = False
    has_handles: bool = True
    shown: list[Notification] = field(default_factory=list)
    refreshed: list[Notification] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    adopted: list[tuple[int, str]] = field(default_factory=list)
    are_lost: set[int] = field(default_factory=set)
    is_closed: bool = False

    def show(self, notification: Notification) -> str | None:
        """Remember it, and give a handle that tells how many were shown."""
        if self.is_shut:
            raise NotificationFailed(Text(en="shut", ja="閉"))
        self.shown.append(notification)
        self.are_lost.discard(notification.replaces_id)
        return f"{self.name} {len(self.shown)}" if self.has_handles else None

    def adopt(self, replaces_id: int, handle: str) -> None:
        """Remember it."""
        self.adopted.append((replaces_id, handle))

    def lost(self) -> frozenset[int]:
        """Return what the test says is lost."""
        return frozenset(self.are_lost)

    def refresh(self, notification: Notification) -> None:
        """Remember it."""
        self.refreshed.append(notification)

    def withdraw(self, replaces_id: int) -> None:
        """Remember that it is gone."""
        self.withdrawn.append(replaces_id)

    def clear(self, replaces_ids: frozenset[int]) -> None:
        """Remember that these are gone."""
        self.withdrawn += sorted(replaces_ids, reverse=True)

    def close(self) -> None:
        """Remember that it was closed."""
        self.is_closed = True

    @property
    def links(self) -> list[str | None]:
        """The link of each notification shown."""
        return [notification.link for notification in self.shown]


class HangingChannel(RecordingChannel):
    """A channel whose desktop hangs until the test frees it."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked, self.is_freed = threading.Event(), threading.Event()

    def show(self, notification: Notification) -> str | None:
        """Hang, then remember it."""
        self.is_asked.set()
        self.is_freed.wait(PATIENCE_S)
        return super().show(notification)


ANY = Policy()


class PromptDesktop(Desktop):
    """A desktop that does at once what is asked for, in the caller's thread."""

    def __init__(self, channels: Sequence[Channel]) -> None:
        super().__init__(Delivery(channels), self._confirm)
        self.confirm: Callable[[Shown], None] = lambda _: None

    def ask(self, request: Request) -> None:
        """Do it, as if no time had gone by."""
        self.perform(replace(request, asked_s=math.inf))

    def _confirm(self, shown: Shown) -> None:
        self.confirm(shown)


def prompt_notifier(
    journal: Journal, channels: Sequence[Channel], settings: NotifierSettings
) -> Notifier:
    """Return a notifier whose desktop does at once what it is asked for."""
    desktop = PromptDesktop(channels)
    notifier = Notifier(journal, desktop, settings)
    desktop.confirm = lambda shown: notifier.confirm(shown, shown.request.now)
    return notifier


def judged(mail: MessageFetched, verify: Verify, policy: Policy = ANY) -> Judged:
    """Return a mail as its account's thread passes it on."""
    passed: list[object] = []
    Judging(verify, {mail.origin.account: policy}, passed.append).report(mail)
    (found,) = passed
    assert isinstance(found, Judged)
    return found


READY = "READY=1\nWATCHDOG=1"
FED = "WATCHDOG=1"
"""What a service manager is told at the start, and while there is progress."""


class Listener:
    """Stands for systemd: reads what a service tells."""

    def __init__(self, address: str) -> None:
        self.address = address
        needs_posix("systemd, with a socket in the file system")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)

    def next(self, patience_s: float = PATIENCE_S) -> str:
        """Return the next message, which must come in time."""
        self._socket.settimeout(patience_s)
        return self._socket.recv(4096).decode()

    def all(self) -> list[str]:
        """Return the messages that have come."""
        messages = []
        try:
            while True:
                messages.append(self.next(0))
        except BlockingIOError:
            return messages

    def close(self) -> None:
        """Listen no longer."""
        self._socket.close()


class Pipe(KernelEvents):
    """Stands for what the kernel tells: readable once the test says so."""

    def __init__(self) -> None:
        reader, self._writer = os.pipe()
        os.set_blocking(reader, False)
        super().__init__(reader)

    def tell(self) -> None:
        """Let something happen."""
        os.write(self._writer, b"\0")

    def close(self) -> None:
        """Close both ends."""
        super().close()
        os.close(self._writer)
