"""Shows notifications through macOS's own osascript, which tells whether it worked.

The text reaches the script as its arguments, never as part of its source. Arguments can
be read by every process, so it is the short body.
"""

import subprocess

from watcher import child
from watcher.errors import NotificationFailed
from watcher.i18n import Text
from watcher.notify.notification import Channel, Notification

TIMEOUT_S = 5.0

_ENVIRONMENT = frozenset({"PATH", "HOME", "USER", "LANG", "TMPDIR"})
"""What osascript needs; the rest could hold a secret."""

_SCRIPT = """\
on run argv
    display notification (item 2 of argv) with title (item 1 of argv) sound name "Glass"
end run
"""

FAILED = Text(
    en="osascript could not show it: {reason}",
    ja="osascript で表示できません: {reason}",
)


class Osascript(Channel):
    """The Notification Centre, without buttons; a script gets no handle to close by."""

    name = "osascript"

    def show(self, notification: Notification) -> None:
        """Show the short body, or raise `NotificationFailed`."""
        try:
            subprocess.run(
                ["osascript", "-", notification.title, notification.short_body],  # noqa: S607
                input=_SCRIPT,
                text=True,
                capture_output=True,
                check=True,
                timeout=TIMEOUT_S,
                env=child.bare_environment(_ENVIRONMENT),
            )
        except (OSError, subprocess.SubprocessError) as error:
            reason = type(error).__name__  # its text holds the notification's
            raise NotificationFailed(FAILED, reason=reason) from error
