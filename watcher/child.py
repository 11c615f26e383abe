"""Starts other programs: streams closed, no secret in their environment, bounded."""

import atexit
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import IO, cast


def environment(hidden: Collection[str]) -> dict[str, str]:
    """Return this process's environment without the variables that hold secrets."""
    return {name: value for name, value in os.environ.items() if name not in hidden}


def bare_environment(kept: Collection[str]) -> dict[str, str]:
    """Return of this process's environment what a program is known to need."""
    return {name: os.environ[name] for name in kept if name in os.environ}


def start(
    command: Sequence[str],
    *,
    hidden: Collection[str],
    patience_s: float,
    text: str = "",
    changes: dict[str, str] | None = None,
) -> int | None:
    """Start a program that gets `text` on its standard input.

    It has a session of its own, so that Ctrl-C here does not end it there, and outlives
    this process. What it prints is dropped: it could be a live link.

    Returns:
        Its exit status; None if it still runs after `patience_s` seconds.

    Raises:
        OSError: it cannot be started.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(hidden) | (changes or {}),
        start_new_session=True,
    )
    try:
        process.communicate(text.encode(), timeout=patience_s)
    except subprocess.TimeoutExpired:
        with suppress(RuntimeError):  # without it, it stays a zombie until our end
            threading.Thread(target=process.wait, daemon=True).start()
        return None
    return process.returncode


class Children:
    """Programs that end with their process group when their time, or ours, is over."""

    def __init__(self, at_most: int) -> None:
        """Prepare to run so many at the same time; a further one waits for its turn."""
        self._turns = threading.BoundedSemaphore(at_most)
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_ended = False

    def run(
        self,
        command: Sequence[str],
        *,
        text: str,
        environment: Mapping[str, str],
        patience_s: float,
    ) -> int | None:
        """Run a program that gets `text` on its standard input; drop what it prints.

        Returns:
            Its exit status; None if it was ended after `patience_s` seconds, or by
            `end`.

        Raises:
            OSError: it cannot be started.
        """
        with self._turns:
            process = self._start(command, environment)
            if process is None:
                return None
            try:
                with _ending(partial(kill_group, process)):
                    process.communicate(text.encode(), timeout=patience_s)
            except TimeoutError:
                return None
            finally:
                with self._lock:
                    self._running.discard(process)
            return None if self._is_ended else process.returncode

    def end(self) -> None:
        """End those that run, and start no other one; from any thread."""
        with self._lock:
            self._is_ended = True
            for process in self._running:
                kill_group(process)

    def _start(
        self, command: Sequence[str], environment: Mapping[str, str]
    ) -> "subprocess.Popen[bytes] | None":
        with self._lock:
            if self._is_ended:
                return None
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(environment),
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            self._running.add(process)
            return process


class TooMuchOutput(Exception):
    """A program printed more than was asked for, and was ended."""


def output_of(
    command: Sequence[str],
    *,
    hidden: Collection[str],
    timeout_s: float,
    most_bytes: int,
    changes: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """Return the exit status of a program, and what it printed.

    It ends with all that it has started once its time, or ours, is over. Who sits at a
    terminal can be asked there by the program, which shares it; then Ctrl-C ends all.

    Raises:
        TimeoutError: it took longer than `timeout_s` seconds.
        TooMuchOutput: it printed more than `most_bytes`.
        OSError: it cannot be started.
    """
    is_attended = bool(sys.stderr and sys.stderr.isatty())
    deadline_s = time.monotonic() + timeout_s
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**environment(hidden), **(changes or {})},
        start_new_session=not is_attended,
    )
    with _ending(partial(_kill if is_attended else kill_group, process)):
        output = _read(process, timeout_s, most_bytes)
        status = process.wait(max(0.0, deadline_s - time.monotonic()))
    return status, output


@contextmanager
def _ending(end: Callable[[], None]) -> Iterator[None]:
    """End a program whose time is over, or ours, or that cannot be heard to its end.

    Raises:
        TimeoutError: its time was over.
    """
    atexit.register(end)
    try:
        yield
    except BaseException as error:
        end()
        if isinstance(error, subprocess.TimeoutExpired):
            raise TimeoutError from error
        raise
    finally:
        atexit.unregister(end)


def _read(
    process: "subprocess.Popen[bytes]", timeout_s: float, most_bytes: int
) -> bytes:
    """Return all that a program prints until it closes its output."""
    printed: list[bytes] = []
    output = cast("IO[bytes]", process.stdout)

    def read() -> None:
        with output:
            printed.append(output.read(most_bytes + 1))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(timeout_s)
    if reader.is_alive():
        raise TimeoutError
    if len(printed[0]) > most_bytes:
        raise TooMuchOutput
    return printed[0]


def _kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """End a program and all that it has started; Windows ends the program alone."""
    if sys.platform != "win32":
        # It has not been waited for, so that the number is nobody else's.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    _kill(process)
