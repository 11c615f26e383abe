"""Real parts that tests need: present, or skipped with the package that brings them.

Under `CI=true` a missing part is a failure: what is promised there must be tested.
"""

import os
import shutil
from typing import NoReturn

import pytest


def program(name: str, *, package: str) -> str:
    """Return the path of a program, or skip the test and name the Debian package."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/lib/xfce4")
    if path is None:
        missing(f"{name} is not installed: apt-get install {package}")
    return path


def missing(what: str) -> NoReturn:
    """Skip the test because of what is missing; fail it where CI promises all parts."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)
