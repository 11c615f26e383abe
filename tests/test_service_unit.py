"""The unit under a real systemd: what it forbids, and what it must not."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import Listener, linux_only, missing, required_program
from watcher.setup.service.base import Command
from watcher.setup.service.systemd import NAME, UserUnit

pytestmark = linux_only("systemd")

START_S = 30.0
SYSTEMD = Path("/lib/systemd/systemd")
NAMESPACES = ("--mount", "--pid", "--fork", "--mount-proc", "--kill-child")
SETUP = Path(__file__).with_name("user_manager.sh")

PROGRAM = """
import ctypes, errno, json, mmap, os, resource, socket, subprocess, sys

IO_URING_SETUP = 425
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall(IO_URING_SETUP, 0, None)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
open(os.path.expanduser("~/written"), "x").close()
found = {
    "io_uring_setup": errno.errorcode[ctypes.get_errno()],
    "privileges": int(status["NoNewPrivs"]),
    "core": resource.getrlimit(resource.RLIMIT_CORE)[1],
    "namespace": subprocess.call(["unshare", "--user", "true"]),
}
told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
told.sendto(json.dumps(found).encode(), sys.argv[1])
"""
"""Stands for watcher: it tells what it finds, and fails where it may too little."""


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[None]:
    """Let a user's systemd start the unit of that program, as root may have one."""
    unshare = required_program("unshare", package="util-linux")
    if not SYSTEMD.exists():
        missing(f"{SYSTEMD} is not there: apt-get install systemd")
    command = (unshare, *NAMESPACES)
    if os.geteuid() or subprocess.call([*command, "true"]):
        pytest.skip("root only, where it may mount: systemd looks at what is there")
    program, units = tmp_path / "program.py", tmp_path / "config" / "systemd" / "user"
    program.write_text(PROGRAM, encoding="utf-8")
    words = (sys.executable, str(program), str(tmp_path / "notify"))
    unit = UserUnit(Command(words, {"PATH": os.environ["PATH"]}), None)
    wanted = units / "default.target.wants"
    wanted.mkdir(parents=True)
    (units / NAME).write_text(unit.text(), encoding="utf-8")
    (wanted / NAME).symlink_to(units / NAME)
    own = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    with subprocess.Popen(
        [*command, "bash", str(SETUP), f"watcher-{os.getpid()}"],
        stdin=subprocess.PIPE,
        env={**os.environ, **own, "XDG_RUNTIME_DIR": "/run/user"},
    ) as process:
        yield
        process.communicate(timeout=START_S)
    assert process.returncode == 0


@pytest.mark.usefixtures("manager")
def test_what_it_starts_may_what_it_needs_and_no_more(listener: Listener) -> None:
    assert json.loads(listener.next(START_S)) == {
        "io_uring_setup": "EPERM",
        "privileges": 1,
        "core": 0,
        "namespace": 0,
    }
