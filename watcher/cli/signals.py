"""Ends `watcher run` in time after a signal, whatever it hangs on at that moment.

A locked event log, a frozen desktop or a silent name server each take seconds of the
main thread, and inside SQLite no Python handler of a signal runs. So another thread
receives the signal, too, and ends the process if it still runs then: the event log
survives this, as it survives kill -9.
"""

import os
import signal
import threading
import time
from collections.abc import Callable

from watcher.errors import ExitCode
from watcher.imap.transport import Interrupt

PATIENCE_S = 1.7
"""How long a clean end may take (contract: within 2 s)."""


def end_in_time(stop: Callable[[], None]) -> None:
    """Call `stop` at SIGTERM and SIGINT, and end the process soon after.

    `stop` runs in the main thread and may be interrupted by itself.
    """
    interrupt = Interrupt()
    threading.Thread(target=_leave, args=(interrupt,), daemon=True).start()
    signal.set_wakeup_fd(interrupt.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())


def _leave(interrupt: Interrupt) -> None:
    """Wait for a signal, then as long as a clean end may take; end the process."""
    interrupt.wait(None)
    time.sleep(PATIENCE_S)
    os._exit(ExitCode.OK)
