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
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from watcher.errors import ExitCode
from watcher.imap.transport import Interrupt

PATIENCE_S = 1.7
"""How long a clean end may take (contract: within 2 s)."""


@contextmanager
def ending_in_time(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at SIGTERM, SIGINT and SIGHUP; end the process soon after.

    `stop` runs in the main thread and may be interrupted by itself. A signal that comes
    afterwards is ignored: while the interpreter ends it would kill the process.
    """

    def leave() -> None:
        interrupt.wait(None)
        time.sleep(PATIENCE_S)
        os._exit(ExitCode.OK)

    signals = [signal.SIGTERM, signal.SIGINT]
    # Windows has no SIGHUP; nohup ignores it, and so do its children.
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up and signal.getsignal(hang_up) is not signal.SIG_IGN:
        signals.append(hang_up)
    interrupt = Interrupt()
    threading.Thread(target=leave, daemon=True).start()
    signal.set_wakeup_fd(interrupt.fileno(), warn_on_full_buffer=False)
    for number in signals:
        signal.signal(number, lambda *_: stop())
    try:
        yield
    finally:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
