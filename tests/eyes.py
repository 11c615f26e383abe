"""The user's eyes: a channel that remembers what it showed, and can be shut."""

from dataclasses import dataclass, field

from watcher.errors import NotificationFailed
from watcher.i18n import Text
from watcher.notify.notification import Notification


@dataclass(slots=True)
class Eyes:
    """A channel; while shut it shows nothing and says so."""

    name: str = "eyes"
    is_shut: bool = False
    shown: list[Notification] = field(default_factory=list)
    refreshed: list[Notification] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    is_closed: bool = False

    def show(self, notification: Notification) -> None:
        """Remember it."""
        if self.is_shut:
            raise NotificationFailed(Text(en="shut", ja="閉"))
        self.shown.append(notification)

    def refresh(self, notification: Notification) -> None:
        """Remember it."""
        self.refreshed.append(notification)

    def withdraw(self, replaces_id: int) -> None:
        """Remember that it is gone."""
        self.withdrawn.append(replaces_id)

    def close(self) -> None:
        """Remember that nobody looks any more."""
        self.is_closed = True

    @property
    def links(self) -> list[str | None]:
        """The link of each notification shown."""
        return [notification.link for notification in self.shown]
