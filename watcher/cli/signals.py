"""Ends `watcher run` in time after a signal, whatever it hangs on at that moment.

A locked event log, a frozen desktop or a silent name server each take seconds of the
main thread, and inside SQLite it does not even learn of the signal. So a thread of its
own hears the signal, too, and ends the process if that is still there: the event log
survives it, as it survives kill -9.
"""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable

from watcher.errors import ExitCode

PATIENCE_S = 1.7
"""How long a clean end may take (contract: within 2 s)."""


def end_in_time(stop: Callable[[], None]) -> None:
    """Call `stop` at SIGTERM and SIGINT, and end the process soon after.

    `stop` runs in the main thread and may be interrupted by itself.
    """
    ear, bell = socket.socketpair()
    bell.setblocking(False)
    threading.Thread(target=_leave, args=(ear, bell), daemon=True).start()
    signal.set_wakeup_fd(bell.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())


def _leave(ear: socket.socket, _writer: socket.socket) -> None:
    """Wait for a signal, then for the end; hold both sockets open until then."""
    ear.recv(1)
    time.sleep(PATIENCE_S)
    os._exit(ExitCode.OK)
