"""What pipelines share: two scans worked on at once, and the time of each step."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from ctreview.progress import Cancelled, Progress
from ctreview.volume.labels import LabelMap

__all__ = ["LabelsListener", "StepTimer", "ignore_labels", "run_both"]

T = TypeVar("T")
S = TypeVar("S")

LabelsListener = Callable[[int, str, LabelMap], None]
"""Called in the working thread as soon as labels are found: number of the scan (0, 1), "lungs" or "opacity", labels."""


def ignore_labels(number: int, what: str, labels: LabelMap) -> None:
    """Listen to none: whoever calls waits for the result."""


class StepTimer:
    """Measures the seconds of each named step, added to those of earlier steps."""

    def __init__(self, before: Mapping[str, float] | None = None) -> None:
        self.seconds: dict[str, float] = dict(before or {})

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        """Time the block; a name that comes again adds up."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - start


class _Shared:
    """Reports the progress of two tasks as one, their mean. Once one is stopped, the other stops at its next report."""

    def __init__(self, listener: Progress) -> None:
        self._listener = listener
        self._shares = [0.0, 0.0]
        self._lock = threading.Lock()
        self.stopped = False

    def of(self, number: int) -> Progress:
        def listen(done: float, total: float, what: str) -> None:
            with self._lock:
                if self.stopped:
                    raise Cancelled
                self._shares[number] = done / total if total > 0 else 1.0
                try:
                    self._listener(sum(self._shares), 2.0, what)
                except BaseException:
                    self.stopped = True
                    raise

        return listen


def run_both(
    first: Callable[[Progress], T], second: Callable[[Progress], S], *, threads: int, progress: Progress
) -> tuple[T, S]:
    """Run two tasks, at the same time where there are two threads.

    Most of the work is done in libraries and compiled loops that release Python's lock.

    Raises
    ------
    BaseException
        What the first of the two to fail raised; the other is stopped at its next report of progress.
    """
    shared = _Shared(progress)
    if threads < 2:
        return first(shared.of(0)), second(shared.of(1))
    with ThreadPoolExecutor(2, thread_name_prefix="ctreview") as pool:
        one = pool.submit(_stopping, shared, first, 0)
        other = pool.submit(_stopping, shared, second, 1)
        errors = [one.exception(), other.exception()]
    # a task that was stopped because the other failed says Cancelled; the failure itself is what counts
    for error in sorted(
        (found for found in errors if found is not None), key=lambda found: isinstance(found, Cancelled)
    ):
        raise error
    return one.result(), other.result()


def _stopping(shared: _Shared, task: Callable[[Progress], T], number: int) -> T:
    try:
        return task(shared.of(number))
    except BaseException:
        shared.stopped = True
        raise
