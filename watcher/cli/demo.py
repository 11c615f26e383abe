"""`watcher demo`: the whole program at work, with nothing of the user's own."""

import sys
from collections.abc import Sequence

from watcher.cli.parser import Options
from watcher.cli.printed import Printed
from watcher.cli.terminal import PIPE_COLUMNS, columns, is_terminal
from watcher.demo.script import play
from watcher.errors import ExitCode
from watcher.notify.delivery import desktop_channels
from watcher.notify.notification import Channel, OnAction


def run(options: Options) -> int:
    """Show it; exit 1 if a mail was judged otherwise than it should be."""

    def open_channels(on_action: OnAction) -> Sequence[Channel]:
        desktop = () if options.no_notify else desktop_channels(on_action)
        return (*desktop, Printed())

    width = columns(sys.stdout) or PIPE_COLUMNS
    is_good = play(
        options.seconds,
        options.language,
        open_channels=open_channels,
        columns=width,
        is_redrawn=is_terminal(sys.stdout),
    )
    return ExitCode.OK if is_good else ExitCode.BUG
