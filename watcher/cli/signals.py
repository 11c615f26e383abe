"""Ends `watcher run` in time after a signal, whatever it hangs on at that moment.

A locked event log, a frozen desktop or a silent name server each take seconds of the
main thread, and inside SQLite no Python handler of a signal runs; on Windows none runs
while a queue is waited for. So another thread receives the signal, too, and ends the
process if it still runs then: the event log survives this, as it survives kill -9.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from watcher.cli.console import calling_at_its_end
from watcher.errors import ExitCode
from watcher.imap.transport import Interrupt

PATIENCE_S = 1.7
"""How long a clean end may take (contract: within 2 s)."""

ENDING = tuple(
    signal.Signals[name]
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")
    if name in signal.Signals.__members__
)
"""The signals that end it, as far as the system has them; Ctrl-Break is SIGBREAK."""


@contextmanager
def ending_in_time(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at a signal of `ENDING` or the console's end; end the process soon.

    `stop` runs in the main thread, may be interrupted by itself, and runs in others at
    the same time. A signal that comes afterwards is ignored: while the interpreter ends
    it would kill the process.
    """

    def end() -> None:
        stop()
        time.sleep(PATIENCE_S)
        os._exit(ExitCode.OK)

    def leave() -> None:
        interrupt.wait(None)
        end()

    signals = [one for one in ENDING if not _is_left_alone(one)]
    interrupt = Interrupt()
    threading.Thread(target=leave, daemon=True).start()
    signal.set_wakeup_fd(interrupt.fileno(), warn_on_full_buffer=False)
    for number in signals:
        signal.signal(number, lambda *_: stop())
    try:
        with calling_at_its_end(end):
            yield
    finally:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)


def _is_left_alone(number: signal.Signals) -> bool:
    """Return whether it is the signal that nohup ignores, and so do its children."""
    return number.name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN
