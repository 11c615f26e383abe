"""Shows a real notification with a button, which proves desktop, button and browser."""

import threading
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta

from watcher.app.browser import LAUNCH_S, open_link
from watcher.app.wiring import OpenChannels
from watcher.clock import call_in_thread
from watcher.errors import NotHandedOver
from watcher.i18n import Language
from watcher.notify import trouble
from watcher.notify.delivery import Delivered, Delivery, Failure
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
        self._pressed = threading.Event()
        self._opened: Future[None] = Future()

    @property
    def failures(self) -> Sequence[Failure]:
        """Why no desktop took it; empty if one did, or if there is none to try."""
        return () if self.delivered.channel else self.delivered.failures

    @property
    def is_pressed(self) -> bool:
        """Whether its button was pressed."""
        return self._pressed.is_set()

    def await_press(self, seconds: float) -> None:
        """Wait until its button is pressed, no longer than that."""
        if self.delivered.channel:
            self._pressed.wait(seconds)

    def on_action(self, replaces_id: int, action: Action) -> None:
        """Open the page at the first press, in a thread of its own."""
        is_press = replaces_id == TRIAL_ID and action is Action.OPEN
        if is_press and not self.is_pressed:
            self._opened = call_in_thread(lambda: open_link(self._page, self._hidden))
            self._pressed.set()

    def browser_error(self) -> NotHandedOver | None:
        """Return why no browser took the page; wait until one did, or did not."""
        try:
            if self.is_pressed:
                self._opened.result(2 * LAUNCH_S)
        except NotHandedOver as error:
            return error
        except TimeoutError:  # the desktop asks the user which browser it shall be
            pass
        return None


@contextmanager
def trying(
    open_channels: OpenChannels,
    language: Language,
    longest_s: float,
    hidden: Collection[str] = (),
) -> Iterator[Trial]:
    """Show the notification while inside, at most so long; see `Trial`.

    A terminal is left out: it has no buttons and no browser.
    """
    trial = Trial(PAGES[language], hidden)
    channels = open_channels(trial.on_action)
    desktops = [one for one in channels if one.name != "terminal"]
    with closing(Delivery(desktops)) as delivery:
        shown = trouble.trial(PAGES[language], language=language)
        lasting = replace(shown, expires_in=timedelta(seconds=longest_s))
        trial.delivered = delivery.deliver(lasting)
        try:
            yield trial
        finally:
            delivery.withdraw(TRIAL_ID)
