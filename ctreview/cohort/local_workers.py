"""Tasks done by processes of this machine, as many at once as there are cores and memory for.

They are plain child processes: unlike those of `multiprocessing` they work from a script without a main guard and from
a notebook, and one that is killed takes nothing with it but the case it was at.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ctreview.cohort.memory import MemoryBudget
from ctreview.cohort.outcome import Outcome, Task
from ctreview.errors import CtreviewError

__all__ = ["LocalWorkers", "cores"]

TRIES = 2
"""A task whose worker ended is given to another once, with nothing beside it; then the case is to blame."""

COMMAND = "import sys; sys.path[:] = sys.argv[1:]; from ctreview.cohort.worker import main; main()"
"""What a worker runs; its arguments are where modules are looked for."""

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def cores() -> int:
    """On how many cores this process may run."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


class LocalWorkers:
    """Worker processes of this machine.

    Parameters
    ----------
    workers : int
        At most so many.
    threads : int
        Of each.
    memory_mib : float or None
        What all together may take; None for no limit.
    """

    def __init__(self, workers: int, *, threads: int = 1, memory_mib: float | None = None) -> None:
        self.workers = workers
        self._threads = threads
        self._memory_mib = memory_mib

    def perform(self, tasks: Sequence[Task]) -> Generator[Outcome]:
        """Do tasks and give what became of each as soon as it is known, in any order.

        Closing the iterator ends the workers at once; what they were at is not finished.
        """
        run = _WorkerThreads(tasks, min(self.workers, len(tasks)), self._threads, MemoryBudget(self._memory_mib))
        try:
            yield from run.outcomes()
        finally:
            run.end()


class _WorkerThreads:
    """The threads that talk to the processes, one each, and what they share."""

    def __init__(self, tasks: Sequence[Task], workers: int, threads: int, budget: MemoryBudget) -> None:
        self._waiting = deque(range(len(tasks)))
        self._tasks, self._threads_of_each, self._budget = tasks, threads, budget
        self._tries = [0] * len(tasks)
        self._alone: int | None = None
        self._running: set[int] = set()
        self._children: set[subprocess.Popen[str]] = set()
        self._ended = False
        self._changed = threading.Condition()
        self._done: queue.Queue[Outcome | BaseException] = queue.Queue()
        self._threads = [threading.Thread(target=self._guarded, daemon=True) for _ in range(workers)]

    def outcomes(self) -> Iterator[Outcome]:
        for thread in self._threads:
            thread.start()
        for _ in self._tasks:
            while True:
                try:
                    found = self._done.get(timeout=0.2)  # so that Ctrl-C is heard on every system
                    break
                except queue.Empty:
                    continue
            if isinstance(found, BaseException):
                raise found
            yield found

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
            for child in self._children:
                child.kill()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def _guarded(self) -> None:
        child: subprocess.Popen[str] | None = None
        try:
            while (number := self._take()) is not None:
                child = self._with_a_worker(number, child)
        except BaseException as error:
            self._done.put(error)
        finally:
            if child is not None:
                self._close(child)

    def _with_a_worker(self, number: int, child: subprocess.Popen[str] | None) -> subprocess.Popen[str] | None:
        """Have a task done; gives the worker back for the next, or None where it ended."""
        if child is None:
            child = self._start()
        answer = _ask(child, self._tasks[number].work)
        if answer is None:
            code = child.wait()
            self._close(child)
            self._worker_ended(number, code)
            return None
        self._finish(number, answer)
        return child

    def _take(self) -> int | None:
        """The next task that there is memory for; None where there is no more."""
        with self._changed:
            while not self._ended:
                if not self._waiting and not self._running:
                    return None
                number = self._waiting[0] if self._waiting else None
                if number is not None and self._admitted(number):
                    self._waiting.popleft()
                    self._running.add(number)
                    self._budget.begin(number, self._tasks[number].megavoxels)
                    self._tries[number] += 1
                    self._alone = number if self._tries[number] > 1 else None
                    return number
                self._changed.wait()
            return None

    def _admitted(self, number: int) -> bool:
        if self._alone is not None or (self._tries[number] and self._running):
            return False
        return self._budget.admits(self._tasks[number].megavoxels)

    def _finish(self, number: int, answer: Mapping[str, Any]) -> None:
        found = answer.get("answer")
        with self._changed:
            mib = None if found is None else found.get("peak_mib")
            self._budget.end(number, self._tasks[number].megavoxels, mib)
            self._leave(number)
        self._done.put(Outcome(number, found, answer.get("fault")))

    def _worker_ended(self, number: int, code: int) -> None:
        """Try again with nothing beside it, since it may have been memory; then say so."""
        with self._changed:
            self._budget.end(number, 0.0, None)
            again = self._tries[number] < TRIES and not self._ended
            if again:
                self._waiting.append(number)
            self._leave(number)
        if not again:
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            why = f"its worker ended twice ({how}), perhaps for want of memory. Give it more, or crop the scans."
            self._done.put(Outcome(number, None, why))

    def _leave(self, number: int) -> None:
        self._running.discard(number)
        if self._alone == number:
            self._alone = None
        self._changed.notify_all()

    def _start(self) -> subprocess.Popen[str]:
        threads = dict.fromkeys(_THREAD_VARIABLES, str(self._threads_of_each))
        with self._changed:
            if self._ended:
                raise CtreviewError("the workers were stopped")
            child = subprocess.Popen(  # noqa: S603 - this very interpreter
                [sys.executable, "-c", COMMAND, *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                env={**os.environ, **threads},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            self._children.add(child)
        return child

    def _close(self, child: subprocess.Popen[str]) -> None:
        with self._changed:
            self._children.discard(child)
        with suppress(OSError):
            if child.stdin is not None:
                child.stdin.close()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _ask(child: subprocess.Popen[str], work: Mapping[str, Any]) -> dict[str, Any] | None:
    """The answer to a task; None where the worker is gone."""
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(json.dumps(work) + "\n")
        child.stdin.flush()
        line = child.stdout.readline()
        answer: dict[str, Any] = json.loads(line)
    except (OSError, ValueError):
        return None
    return answer
