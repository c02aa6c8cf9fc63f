"""Which process of which computer left something behind, and whether it still runs."""

from __future__ import annotations

import hashlib
import os
import platform

__all__ = ["computer_hash", "is_running"]

_PROCESS_QUERY_LIMITED_INFORMATION = 0x1000
"""The right to ask Windows whether a process exists."""

_ACCESS_DENIED = 5
"""What Windows says of another user's process: it is there."""


def computer_hash() -> str:
    """Eight hexadecimal digits that tell this computer from others without naming it."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def is_running(process: int) -> bool:
    """Whether a process of this number runs on this computer, whoever's it is."""
    if os.name == "nt":
        import ctypes  # noqa: PLC0415 - exists everywhere, means something only here

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined,unused-ignore]
        kernel.OpenProcess.restype = ctypes.c_void_p  # a handle, wider than the int that is assumed
        handle = kernel.OpenProcess(_PROCESS_QUERY_LIMITED_INFORMATION, False, process)
        if not handle:
            return bool(ctypes.get_last_error() == _ACCESS_DENIED)  # type: ignore[attr-defined,unused-ignore]
        kernel.CloseHandle(ctypes.c_void_p(handle))
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
