"""Starts other programs: streams closed, no secret in their environment, bounded."""

import os
import subprocess
import threading
from collections.abc import Collection, Sequence
from contextlib import suppress


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
