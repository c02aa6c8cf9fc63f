"""Freed arrays go back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ctreview.allocation import return_freed_memory

HELD = """
import numpy as np
from pathlib import Path
from ctreview.allocation import return_freed_memory
if {told}:
    return_freed_memory()
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
np.ones(30 << 20, np.uint8)  # freed at once: from here on glibc puts blocks of this size on its heap
before = resident()
boxes, kept = [], []
for _ in range(20):
    boxes.append(np.ones(20 << 20, np.uint8))
    kept.append(np.ones(100 << 10, np.uint8))  # lies above, and lives on
boxes.clear()
print(resident() - before)
"""


@pytest.mark.skipif(not return_freed_memory(), reason="only glibc's allocator can be told")
def test_what_is_freed_is_not_held_by_a_small_block_above_it() -> None:
    def held(told: bool) -> float:
        run = subprocess.run([sys.executable, "-c", HELD.format(told=told)], check=True, capture_output=True, text=True)
        return float(run.stdout)

    assert held(told=True) < 20 < 300 < held(told=False)
