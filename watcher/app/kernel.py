"""What Linux tells by itself, so that nobody has to look again and again.

Descriptors that become readable: once the wall clock was set or the machine resumed
(timerfd_create(2)), and once a file was written, moved or deleted (inotify(7)). Where
the system has no such, or no more of them, there are none.
"""

import ctypes
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

from watcher.clock import libc

_NONBLOCK_CLOEXEC = 0o2004000
_CLOCK_REALTIME = 0
_ABSTIME_CANCEL_ON_SET = 3
_FAR_S = 2**33
"""In Unix time, in the 23rd century: the timer itself never comes."""

_ATTRIB, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x4, 0x40, 0x80, 0x100, 0x200
_MODIFY, _DELETE_SELF, _MOVE_SELF = 0x2, 0x400, 0x800
_IN_FILE = _MODIFY | _ATTRIB | _DELETE_SELF | _MOVE_SELF
_IN_FOLDER = (
    _CREATE | _DELETE | _MOVED_FROM | _MOVED_TO | _ATTRIB | _DELETE_SELF | _MOVE_SELF
)
"""Not the content of all files in it: some folders of users are written to always."""

READ_BYTES = 64 * 1024


class KernelEvents:
    """A descriptor that is readable once something has happened."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        """Return the descriptor, for a selector."""
        return self._descriptor

    def take(self) -> None:
        """Take what has happened: until something else does it is not readable."""
        # ECANCELED is how a timer tells that the clock was set.
        with suppress(OSError):
            os.read(self._descriptor, READ_BYTES)

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._descriptor)


class FileEvents(KernelEvents):
    """Readable once a file may be another than before, by whomever on this machine."""

    @classmethod
    def open(cls) -> Self | None:
        """Begin; None where the system does not tell."""
        descriptor = _called("inotify_init1", _NONBLOCK_CLOEXEC)
        return None if descriptor is None else cls(descriptor)

    def watch(self, paths: Iterable[Path]) -> bool:
        """Watch what is at these paths now, and in their folders; again if it is.

        Return whether every folder, and every file that is there, is watched.
        """
        are_watched = [self._watch(path) for path in paths]
        return all(are_watched)

    def _watch(self, path: Path) -> bool:
        is_folder_watched = self._add(path.parent, _IN_FOLDER)
        is_file_watched = self._add(path, _IN_FILE)
        return is_folder_watched and (is_file_watched or not os.path.lexists(path))

    def _add(self, path: Path, mask: int) -> bool:
        name = os.fsencode(path)
        return _called("inotify_add_watch", self.fileno(), name, mask) is not None


def clock_events() -> KernelEvents | None:
    """Return what tells that the wall clock was set, or that the machine resumed."""
    if ctypes.sizeof(ctypes.c_long) < ctypes.sizeof(ctypes.c_longlong):
        return None  # the C libraries disagree on the size of seconds
    descriptor = _called("timerfd_create", _CLOCK_REALTIME, _NONBLOCK_CLOEXEC)
    if descriptor is None:
        return None
    timer = (ctypes.c_long * 4)(0, 0, _FAR_S, 0)  # interval, then time: s, ns
    events = KernelEvents(descriptor)
    if _called("timerfd_settime", descriptor, _ABSTIME_CANCEL_ON_SET, timer, None):
        events.close()
        return None
    return events


def _called(name: str, *arguments: object) -> int | None:
    """Return what a system call returns; None where it fails, or there is none."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        result = int(getattr(libc(), name)(*arguments))
    except (AttributeError, OSError):
        return None
    return None if result < 0 else result
