"""Imports what takes long to import, once that holds up no connection.

What parses a mail, verifies its signature and plans reminders takes longer to import
than all the rest. It is done in a thread beside the first login: so the first mail
finds it done, unless it is there already.
"""

import importlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from watcher.app import judging, queue
from watcher.app.queue import WarmedUp
from watcher.events import Report, State, StateChanged


class WarmUp:
    """One warm-up, begun by whatever account is the first to be greeted, or fails."""

    def __init__(self, put: Callable[[WarmedUp], None]) -> None:
        """Prepare; `put` is called in a thread of its own, when it is done."""
        self._put = put
        self._begun = threading.Event()
        self._is_ended = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the thread while inside; the end does not wait for it."""
        threading.Thread(target=self._run, name="warm-up", daemon=True).start()
        try:
            yield
        finally:
            self._is_ended = True
            self._begun.set()

    def after(self, get_secret: Callable[[], str]) -> Callable[[], str]:
        """Return what begins it, too: a password is asked for after the greeting.

        What the login needs is imported there and then.
        """

        def begin_and_get() -> str:
            self._begun.set()
            self._import(_CLIENT)
            return get_secret()

        return begin_and_get

    def hear(self, report: Report) -> None:
        """Begin it where no password was needed, or nobody could be reached."""
        is_before = isinstance(report, StateChanged) and report.state in _BEFORE
        if not is_before:
            self._begun.set()

    def _run(self) -> None:
        self._begun.wait()
        for names in (judging.NEEDED, queue.NEEDED):
            if not self._is_ended:
                self._import(names)
        self._put(WarmedUp())

    def _import(self, names: Sequence[str]) -> None:
        try:
            import_all(names)
        except Exception as bug:  # noqa: BLE001 -- it ends the program
            self._put(WarmedUp(bug))


def import_all(names: Sequence[str]) -> None:
    """Import modules by their names, in this order."""
    for name in names:
        importlib.import_module(name)


_CLIENT = ("watcher.imap.client",)
"""What the login needs."""
_BEFORE = frozenset({State.CONNECTING, State.STOPPED})
