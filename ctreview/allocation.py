"""Memory that is freed goes back to the system.

glibc's allocator raises, each time a large block is freed, the size above which blocks are mapped on their own, up to
32 MiB. The arrays of a lung's box lie below that and come to lie in heaps, where one small block that lives on keeps
all that was freed below it: a reading of two scans of 512 × 512 × 300 held 5.9 GB for arrays of 2.7 GB. With the size
fixed it holds 3.7 GB, in the same time.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

__all__ = ["return_freed_memory"]

_MAPPED_ALONE_BYTES = 4 << 20
"""Larger blocks are mapped on their own: a slice of 512 × 512 in float32 is 1 MiB, the box of a lung some tens."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc


def return_freed_memory() -> bool:
    """Let this process give large freed arrays back at once; whether its allocator can be told so.

    For programs, at their start: it is a setting of the whole process, and no library's to make. Other allocators
    (macOS, Windows, musl) are left as they are.
    """
    if sys.platform != "linux":
        return False
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018 - only glibc has it
        told = [libc.mallopt(name, _MAPPED_ALONE_BYTES) for name in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD)]
        return all(told)
    return False
