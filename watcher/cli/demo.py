"""`watcher demo`: the whole program at work, with nothing of the user's own."""

import sys
from collections.abc import Sequence

from watcher.cli.parser import Options
from watcher.cli.terminal import PIPE_COLUMNS, columns
from watcher.demo.script import play
from watcher.errors import ExitCode
from watcher.notify.delivery import desktop_channels
from watcher.notify.notification import Channel, Notification, OnAction


class _Timeline(Channel):
    """The last channel: the printed timeline, which cannot fail."""

    name = "terminal"

    def show(self, notification: Notification) -> None:
        """Do nothing: the demo's printer gets it from `on_shown`."""


def run(options: Options) -> int:
    """Show it; exit 1 if a mail was judged otherwise than it should be."""

    def open_channels(on_action: OnAction) -> Sequence[Channel]:
        desktop = () if options.no_notify else desktop_channels(on_action)
        return (*desktop, _Timeline())

    width = columns(sys.stdout) or PIPE_COLUMNS
    is_good = play(
        options.seconds, options.language, open_channels=open_channels, columns=width
    )
    return ExitCode.OK if is_good else ExitCode.BUG
