"""Spread a compiled kernel over threads.

Compiled kernels release the interpreter's lock and write to separate parts of their output, so plain threads are
enough. They are preferred to numba's own parallel loops because these compile for ten seconds, need a
threading layer that differs between systems, and must not be entered from two threads at once; two timepoints or
two patients may well be worked on at the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

__all__ = ["in_chunks"]


def in_chunks(work: Callable[[int, int], None], count: int, threads: int, *, chunks_per_thread: int = 4) -> None:
    """Call ``work(start, stop)`` on stretches that cover ``range(count)``, several at a time.

    The stretches' results must not depend on how the range is cut; then the result does not depend on ``threads``.
    """
    if threads <= 1 or count <= 1:
        work(0, count)
        return
    pieces = min(count, threads * chunks_per_thread)
    edges = [count * i // pieces for i in range(pieces + 1)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, edges[:-1], edges[1:]))
