"""Waits for what other programs change, without looking again and again.

The wall clock that is set, a suspend, and files that are written, moved or deleted.
Where the system does not tell of them, whoever waits is let look each second.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from watcher.app.kernel import FileEvents, KernelEvents, clock_events
from watcher.clock import ClockStepDetector, Resumed, SuspendDetector
from watcher.imap.transport import READ, Interrupt, Stopped

LOOK_S = 1.0
"""How often to look where the system does not tell, and the least between two looks."""


class ChangeWait:
    """The waits of one thread, which another one may end for good."""

    def __init__(self, events: KernelEvents | None) -> None:
        self._events = events
        self._interrupt = Interrupt()

    @property
    def is_told(self) -> bool:
        """Whether the system tells of changes."""
        return self._events is not None

    def until_changed(self, longest_s: float | None) -> bool:
        """Wait for a change, or for so long (None: for ever); return False at the end.

        Where the system does not tell, for `LOOK_S` at most.
        """
        if self._events is None or not self.is_told:
            return self.pause(LOOK_S if longest_s is None else min(longest_s, LOOK_S))
        try:
            is_changed = self._interrupt.wait_for_any(longest_s, [self._events], READ)
        except Stopped:
            return False
        if is_changed:
            self._events.take()
        return True

    def pause(self, seconds: float) -> bool:
        """Wait so long, whatever changes; return False at the end."""
        try:
            self._interrupt.wait(seconds)
        except Stopped:
            return False
        return True

    def stop(self) -> None:
        """End every wait; may be called from any thread."""
        self._interrupt.stop()

    def close(self) -> None:
        """Give the descriptors back, in the thread that waits."""
        self._interrupt.close()
        if self._events is not None:
            self._events.close()


class FileWait(ChangeWait):
    """Waits for files that may have changed."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = tuple(paths)
        self._files = FileEvents.open()
        super().__init__(self._files)
        self._are_watched = self.watch()

    @property
    def is_told(self) -> bool:
        """Whether the system tells of changes of each of the files."""
        return self._are_watched

    def until_changed(self, longest_s: float | None) -> bool:
        """Wait as `ChangeWait` does; what is at the paths afterwards is watched, too.

        So whoever looks then misses nothing that comes after the look.
        """
        were_watched, self._are_watched = self._are_watched, self.watch()
        if self._are_watched and not were_watched:
            return True  # nobody has told what came before
        is_going_on = super().until_changed(longest_s)
        self._are_watched = self.watch()
        return is_going_on

    def watch(self) -> bool:
        """Watch what is at the paths now; return whether the system tells of it."""
        return self._files is not None and self._files.watch(self._paths)


class ClockWatch:
    """Tells, in a thread of its own, that a clock was set or the machine suspended."""

    def __init__(
        self,
        on_change: Callable[[], None],
        suspend: SuspendDetector | None = None,
        step: ClockStepDetector | None = None,
    ) -> None:
        self._on_change = on_change
        self._wait = ChangeWait(clock_events())
        self._suspend = suspend or SuspendDetector()
        self._step = step or ClockStepDetector()

    @property
    def is_told(self) -> bool:
        """Whether the system tells of it, so that nobody has to compare clocks."""
        return self._wait.is_told

    @contextmanager
    def running(self) -> Iterator[None]:
        """Tell while inside."""
        with waiting_thread("clock", self._run, self._wait):
            yield

    def _run(self) -> None:
        while self._wait.until_changed(None):
            if self._wait.is_told or self._are_apart():
                self._on_change()

    def _are_apart(self) -> bool:
        """Return whether the clocks disagree since the last look, or it comes late."""
        is_set = bool(self._step.take_step())
        try:
            self._suspend.check_wait(LOOK_S)
        except Resumed:
            return True
        return is_set


class FileWatch:
    """Tells, in a thread of its own, that files may have changed; once a second."""

    def __init__(self, paths: Iterable[Path], on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._wait = FileWait(paths)

    @property
    def is_told(self) -> bool:
        """Whether the system tells of it; else a change is supposed each second."""
        return self._wait.is_told

    @contextmanager
    def running(self) -> Iterator[None]:
        """Tell while inside."""
        with waiting_thread("files", self._run, self._wait):
            yield

    def _run(self) -> None:
        while self._wait.until_changed(None):
            self._on_change()
            if not self._wait.pause(LOOK_S):
                return


@contextmanager
def waiting_thread(
    name: str, run: Callable[[], None], wait: ChangeWait
) -> Iterator[None]:
    """Run a thread while inside; one that hangs, on a disk, delays no exit."""

    def work() -> None:
        try:
            run()
        finally:
            wait.close()

    threading.Thread(target=work, name=name, daemon=True).start()
    try:
        yield
    finally:
        wait.stop()
