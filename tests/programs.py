"""Puts a program of ours where another one would be looked for."""

import os
from pathlib import Path

import pytest


def recorder(
    directory: Path, monkeypatch: pytest.MonkeyPatch, name: str, *, then: str = ":"
) -> Path:
    """Put a program first on the path; return the file with the arguments it got.

    `then` is what it does next, in the words of the shell; `$said` is that file.
    """
    said = directory / "said"
    program = directory / name
    lines = ("#!/bin/sh", f"said='{said}'", 'printf "%s\\n" "$@" > "$said"', then, "")
    program.write_text("\n".join(lines))
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")
    return said
