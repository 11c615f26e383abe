"""What to type in a shell, which texts tell: a word, and the name of this program."""

import re
import sys
from pathlib import Path


def as_typed(word: str) -> str:
    """Return a word as it is typed in a command line: a POSIX shell, cmd, PowerShell.

    Double quotes mean the same to all of them, unless one of their signs stands inside.
    """
    if re.fullmatch(r"[\w@%+=:,./-]+", word):
        return word
    if set(word).isdisjoint('"$`\\!'):
        return f'"{word}"'
    import shlex  # seldom needed

    return shlex.quote(word)


def command() -> str:
    """Return how this very program is called: `watcher` may not be on the PATH."""
    from shutil import which  # few texts need it

    if which("watcher"):
        return "watcher"
    called = Path(sys.argv[0])
    if called.name == "__main__.py":  # by `python -m watcher`
        return f"{_path(sys.executable)} -m watcher"
    return _path(str(called))


def _path(written: str) -> str:
    """Return a path as it is typed; Windows' have a sign that other shells quote."""
    plain = written.replace("\\", "/")
    return written if as_typed(plain) == plain else f'"{written}"'
