"""What a command line said, as one typed value, and what follows from it."""

import argparse
from datetime import datetime, timedelta
from pathlib import Path

from watcher.i18n import Language


class Options(argparse.Namespace):
    """Every option of every command; a command reads its own."""

    command: str
    language: Language
    config: Path | None
    verbose: bool
    quiet: bool
    no_color: bool
    json: bool
    # check
    wait: float | None
    no_notify: bool
    # demo
    seconds: float
    # classify
    files: list[str]
    received_at: datetime | None
    # log
    count: int | None
    since: timedelta | None
    follow: bool
    reveal: bool
    # expect
    span: timedelta
    # open
    id: int | None
    print_only: bool
