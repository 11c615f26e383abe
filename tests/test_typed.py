"""What texts tell to type is what works in the user's shell."""

import sys
from pathlib import Path

import pytest

from watcher.typed import command


@pytest.mark.parametrize(
    ("called", "typed"),
    [
        (".venv/bin/watcher", str(Path(".venv/bin/watcher"))),
        (r".venv\Scripts\watcher", r".venv\Scripts\watcher"),
        ("/my programs/watcher", f'"{Path("/my programs/watcher")}"'),
        ("/lib/watcher/__main__.py", "/usr/bin/python3 -m watcher"),
    ],
)
def test_a_program_that_is_not_on_the_path_is_named_as_it_was_called(
    monkeypatch: pytest.MonkeyPatch, called: str, typed: str
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "argv", [called, "init"])
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")

    assert command() == typed
