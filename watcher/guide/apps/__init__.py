"""The apps that the guide knows, one file each; found here by name."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watcher.guide.steps import AppSteps

NAMES = ("zaim", "moneyforward")
"""The modules of this package. The command line names them, and imports none."""


def find(name: str) -> "AppSteps":
    """Return the steps of an app, one of `NAMES`."""
    steps: AppSteps = importlib.import_module(f"{__name__}.{name}").STEPS
    return steps
