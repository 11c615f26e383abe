"""The channel of freedesktop.org where the platform has no such desktop."""

from watcher.errors import NotificationFailed
from watcher.i18n import Text
from watcher.notify.notification import Channel, Notification


class NoFreedesktop(Channel):
    """Shows nothing, and says why, however often it is asked."""

    name = "freedesktop"

    def check(self) -> None:
        """Raise `NotificationFailed`."""
        raise NotificationFailed(_ELSEWHERE)

    def show(self, notification: Notification) -> None:
        """Raise `NotificationFailed`."""
        self.check()


_ELSEWHERE = Text(
    en='Windows and macOS have no such desktop. Set channel = "auto" under [notify] in '
    "the configuration.",
    ja="Windows と macOS には、このデスクトップはありません。設定の [notify] を "
    'channel = "auto" にしてください。',
)
