"""Shows a real notification with a button, which proves desktop, button and browser."""

from collections.abc import Collection, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager

from watcher.app.browser import LAUNCH_S, open_link
from watcher.app.wiring import OpenChannels
from watcher.clock import call_in_thread
from watcher.errors import NotHandedOver, NotificationFailed
from watcher.i18n import Language
from watcher.notify import trouble
from watcher.notify.delivery import Delivered, Delivery
from watcher.notify.notification import Action
from watcher.notify.trouble import TRIAL_ID

PAGES = {
    Language.EN: "https://www.amazon.com/",
    Language.JA: "https://www.amazon.co.jp/",
}
"""What the button opens: a page that everybody knows, and that asks for nothing."""


class Trial:
    """A notification on the screen, and what became of it."""

    def __init__(self, page: str, hidden: Collection[str]) -> None:
        """Prepare; `hidden` names the environment variables of no browser's."""
        self.delivered = Delivered(None)
        self._page = page
        self._hidden = hidden
        self._opened: Future[None] | None = None

    @property
    def is_on_desktop(self) -> bool:
        """Whether a desktop took it."""
        return self.delivered.channel is not None

    @property
    def failure(self) -> NotificationFailed | None:
        """Why the desktop did not take it; None: it did, or there is none to try."""
        return next((one.error for one in self.delivered.failures), None)

    @property
    def is_pressed(self) -> bool:
        """Whether its button was pressed."""
        return self._opened is not None

    def on_action(self, replaces_id: int, action: Action) -> None:
        """Open the page at the first press, in a thread of its own."""
        is_press = replaces_id == TRIAL_ID and action is Action.OPEN
        if is_press and not self.is_pressed:
            self._opened = call_in_thread(lambda: open_link(self._page, self._hidden))

    def browser_error(self) -> NotHandedOver | None:
        """Return why no browser took the page; wait until one did, or did not."""
        try:
            if self._opened is not None:
                self._opened.result(2 * LAUNCH_S)
        except NotHandedOver as error:
            return error
        except TimeoutError:  # the desktop asks the user which browser it shall be
            pass
        return None


@contextmanager
def trying(
    open_channels: OpenChannels, language: Language, hidden: Collection[str] = ()
) -> Iterator[Trial]:
    """Show the notification while inside; see `Trial`.

    A terminal is left out: it has no buttons and no browser.
    """
    trial = Trial(PAGES[language], hidden)
    channels = open_channels(trial.on_action)
    desktops = [one for one in channels if one.name != "terminal"]
    with closing(Delivery(desktops)) as delivery:
        shown = trouble.trial(PAGES[language], language=language)
        trial.delivered = delivery.deliver(shown)
        try:
            yield trial
        finally:
            delivery.withdraw(TRIAL_ID)
