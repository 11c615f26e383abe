"""Builds the package by hatchling (PEP 517), unless this Python is too old to run it.

An installer asks here before it looks at anything else that the package needs. This
file must parse under every Python 3.
"""

import runpy
import sys

if sys.version_info < (3, 11):  # noqa: UP036 -- the installer has not looked yet
    runpy.run_path("watcher/__main__.py")  # ends with a sentence about it

from hatchling.build import *  # noqa: F403 -- its hooks are ours
