"""The daemon gives the memory of large mails back."""

import platform
import subprocess
import sys

import pytest

HAS_GLIBC = platform.libc_ver()[0] == "glibc"

BLOCKS = """
import ctypes
from watcher.app.memory import give_large_blocks_back

class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd",
        "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]

libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Info
if {is_asked}:
    give_large_blocks_back()
del (large := [bytes(1 << 20)])[0]
before = libc.mallinfo2().hblks
kept = bytes(1 << 19)
print(libc.mallinfo2().hblks - before)
"""


@pytest.mark.skipif(not HAS_GLIBC, reason="glibc's allocator is meant")
@pytest.mark.parametrize("is_asked", [True, False])
def test_a_large_block_has_pages_of_its_own_also_after_a_larger_one(
    *, is_asked: bool
) -> None:
    program = BLOCKS.replace("{is_asked}", str(is_asked))
    process = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert int(process.stdout) == is_asked
