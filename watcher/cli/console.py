"""Hears that a Windows console ends: its window is closed, or the user logs off.

Windows calls a function in a thread of its own, and ends the process as soon as that
returns (SetConsoleCtrlHandler, HandlerRoutine). Other systems send SIGHUP or SIGTERM.
"""

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ENDS = frozenset({2, 5, 6})
"""CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT.

The others are Ctrl-C and Ctrl-Break, which come as SIGINT and SIGBREAK.
"""


def console_handler(end: Callable[[], None]) -> Callable[[int], bool]:
    """Return what Windows may call with an event; whether it is dealt with."""

    def on_event(event: int) -> bool:
        if event in ENDS:
            end()
        return event in ENDS

    return on_event


@contextmanager
def calling_at_its_end(end: Callable[[], None]) -> Iterator[bool]:
    """Call `end` in another thread when the console ends; it must not return before.

    Give whether the system does so; where another one sends signals, it does not.
    """
    if sys.platform == "win32":
        kind = ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_ulong)
        routine = kind(console_handler(end))
        set_handler = ctypes.windll.kernel32.SetConsoleCtrlHandler
        is_taken = bool(set_handler(routine, True))
        try:
            yield is_taken
        finally:
            set_handler(routine, False)
    else:
        yield False
