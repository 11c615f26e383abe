"""The autostart entry means to a desktop what was meant."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import PATIENCE_S, UNREACHABLE, Home, end_daemon
from tests.fakes import READY, Listener, linux_only, required_program
from watcher.setup.service.autostart import Autostart
from watcher.setup.service.base import Command
from watcher.setup.service.systemd import UserUnit

pytestmark = linux_only("systemd and XDG autostart")

ODD = """a b/"家計簿" 100% %f %% $HOME `x` \\n \\\\ 'q' ; & | < > # ~ * ? ()"""
"""What a path may hold, and what a desktop or a shell would take for its own."""


SAY = """\
import json, os, pathlib, sys
heard = json.dumps([os.environ["PATH"], *sys.argv[1:]])
pathlib.Path({said!r}).write_text(heard, encoding="utf-8")
"""


@pytest.mark.parametrize("service", [Autostart, UserUnit])
def test_every_word_is_read_as_it_was_written(
    service: type[Autostart | UserUnit],
) -> None:
    words = (f"/opt/{ODD}/python", "-P", "-m", "watcher", ODD, "")
    made = service(Command(words, {"PATH": f"/{ODD}", "LANG": "C"}), None)

    assert tuple(made._command_in(made.text())) == words


@pytest.fixture
def gio() -> str:
    """Give GLib's own reader of entries, which desktops use."""
    return required_program("gio", package="libglib2.0-bin")


@pytest.mark.parametrize("folder", [ODD.replace("/", ""), "a=b", "A=b c"])
def test_a_desktop_starts_the_words_that_were_meant(
    tmp_path: Path, gio: str, folder: str
) -> None:
    program, said = tmp_path / folder / "python", tmp_path / "said"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\n{SAY.format(said=str(said))}")
    program.chmod(0o700)
    os.mkfifo(said)
    command = Command((str(program), "--config", ODD, "run"), {"PATH": f"/bin:/{ODD}"})
    entry = tmp_path / "watcher.desktop"
    entry.write_text(Autostart(command, None).text(), encoding="utf-8")

    subprocess.run([gio, "launch", str(entry)], check=True, timeout=PATIENCE_S)

    heard = json.loads(said.read_text(encoding="utf-8"))
    assert heard == [f"/bin:/{ODD}", "--config", ODD, "run"]


def test_what_a_desktop_starts_is_the_watcher_of_this_user(
    home: Home, listener: Listener, gio: str
) -> None:
    folder = home.folder / 'my "家計簿" 100%'
    folder.mkdir()
    home.environment |= {"XDG_CONFIG_HOME": str(folder), "XDG_STATE_HOME": str(folder)}
    mine = folder / "my config.toml"
    home.configure("[notify]\nenabled = false", *UNREACHABLE)
    home.config.rename(mine)
    arguments = ("--config", str(mine), "service", "install", "--print")
    entry = folder / "watcher.desktop"
    entry.write_text(home.run(*arguments).out, encoding="utf-8")
    environment = {**home.environment, "NOTIFY_SOCKET": listener.address}

    subprocess.run(
        [gio, "launch", str(entry)], env=environment, check=True, timeout=PATIENCE_S
    )

    assert listener.next() == READY
    end_daemon(folder / "watcher" / "events.db")


def test_the_entry_is_valid(home: Home, tmp_path: Path) -> None:
    validate = required_program("desktop-file-validate", package="desktop-file-utils")
    entry = tmp_path / "watcher.desktop"
    entry.write_text(home.run("service", "install", "--print").out, encoding="utf-8")

    done = subprocess.run([validate, str(entry)], capture_output=True, check=False)

    assert (done.returncode, done.stdout) == (0, b"")
