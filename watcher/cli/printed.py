"""The last channel of a command that prints what it tells: standard output itself."""

from watcher.notify.notification import Channel, Notification


class Printed(Channel):
    """What the command prints by itself, so that it cannot fail."""

    name = "terminal"

    def show(self, notification: Notification) -> None:
        """Do nothing: the command gets it from `on_shown`."""
