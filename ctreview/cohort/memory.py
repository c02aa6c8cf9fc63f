"""How much memory there is for cases, and how much one of them took."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

__all__ = ["MemoryBudget", "available_mib", "forget_peak", "peak_mib"]

_MIB = 1 << 20
_CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)

FIRST_GUESS_MIB = (1300.0, 16.0)
"""Of a case that nothing like was measured yet: what every case takes, and MiB for each million voxels of its scans.
A pair of 512×512×300 takes 3.5 GiB, one of a coarse phantom 1.4."""

SHARE = 0.9
"""Of the available memory that cases may fill."""


def available_mib() -> float | None:
    """Memory that this process and its children may still take, by the system and by its control group.

    None where the system does not say (Windows).
    """
    found = [mib for mib in (_of_system(), *(_of_group(*paths) for paths in _CGROUPS)) if mib is not None]
    return min(found) if found else None


def _of_system() -> float | None:
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) / 1024
    with suppress(AttributeError, ValueError, OSError):  # macOS says only how much there is in all
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / _MIB / 2
    return None


def _of_group(limit: str, used: str) -> float | None:
    with suppress(OSError, ValueError):
        return (int(Path(limit).read_text()) - int(Path(used).read_text())) / _MIB
    return None


def forget_peak() -> None:
    """Begin to measure the peak of this process anew, where the system can (Linux)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_mib() -> float | None:
    """The most memory that this process held since `forget_peak`; since it began where that cannot be forgotten."""
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415 - not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MIB if sys.platform == "darwin" else peak / 1024


class MemoryBudget:
    """Which cases fit beside each other: by what those before them took.

    Parameters
    ----------
    limit_mib : float or None
        For all cases together; None for no limit.
    """

    def __init__(self, limit_mib: float | None) -> None:
        self._limit = limit_mib
        self._measured: list[tuple[float, float]] = []
        self._taken: dict[object, float] = {}

    def expected_mib(self, megavoxels: float) -> float:
        """What a case with so many voxels will take at most.

        The most that was measured, if a case of this size is among those; else that or a guess that is rather high,
        whichever is more.
        """
        base, rate = FIRST_GUESS_MIB
        guess = base + rate * megavoxels
        if not self._measured:
            return guess
        highest = max(mib for _, mib in self._measured)
        return highest if megavoxels <= 1.1 * max(one for one, _ in self._measured) else max(highest, guess)

    def admits(self, megavoxels: float) -> bool:
        """Whether a case may begin now; one is always let in where none runs."""
        if self._limit is None or not self._taken:
            return True
        return sum(self._taken.values()) + self.expected_mib(megavoxels) <= self._limit

    def begin(self, case: object, megavoxels: float) -> None:
        """Set memory aside for a case."""
        self._taken[case] = self.expected_mib(megavoxels)

    def end(self, case: object, megavoxels: float, mib: float | None) -> None:
        """Give it free again and learn from what it took."""
        self._taken.pop(case, None)
        if mib is not None:
            self._measured.append((megavoxels, mib))
