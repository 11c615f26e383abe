"""What is asked of the system's memory: room to begin with, and large mails' back.

glibc raises the size from which a block gets pages of its own, which go back to the
system when it is freed, with each such block that is freed: after the first large mail
all others of that size are laid among the small blocks of their thread's arena, and
what they leave cannot be given back. A flood of mails of 240 KB cost 15 MB by that, of
which 14 stayed; with a size that never changes it costs 7, of which 2 stay.
"""

import sys

from watcher.clock import libc

ROOM_BYTES = 128 * 1024 * 1024
"""The stacks of some fifteen threads, 8 MiB each, are most of it."""


def ensure_room() -> None:
    """Ask for what the threads will need, and give it back.

    A thread that gets no memory while it starts is waited for by CPython for ever, or
    ends the process: so it is not begun. Windows has no such limit.

    Raises:
        MemoryError: the system gives less.
    """
    if sys.platform == "win32":
        return
    import mmap

    try:
        mmap.mmap(-1, ROOM_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except OSError as error:
        raise MemoryError from error


_M_MMAP_THRESHOLD = -3
"""From glibc's <malloc.h>; to set it ends its changing by itself."""

OWN_PAGES_BYTES = 64 * 1024
"""From which size a block gets pages of its own."""


def give_large_blocks_back() -> None:
    """Let what a large mail took go back to the system; best effort, on glibc alone."""
    try:
        libc().mallopt(_M_MMAP_THRESHOLD, OWN_PAGES_BYTES)
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return
