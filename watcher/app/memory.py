"""What a long-lived process asks of the allocator: the memory of large mails back.

glibc raises the size from which a block gets pages of its own, which go back to the
system when it is freed, with each such block that is freed: after the first large mail
all others of that size are laid among the small blocks of their thread's arena, and
what they leave cannot be given back. A flood of mails of 240 KB cost 15 MB by that, of
which 14 stayed; with a size that never changes it costs 7, of which 2 stay.
"""

from watcher.clock import libc

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
