"""Steps of the core in a thread of their own, one after the other, so that the window never waits for them."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qtpy.QtCore import QObject, Qt, Signal

from ctreview.errors import in_words
from ctreview.progress import Cancelled, Progress

__all__ = ["BackgroundJob", "Worker"]

_TOLD_EVERY_S = 0.05
"""Progress is reported at most this often: a step may report thousands of times a second."""

_SWITCH_S = 0.0005
"""How long the window waits for Python while a step works; at Python's own 5 ms each of the thousand calls of one
drawing could wait that long."""

_usual_switch_s = sys.getswitchinterval()


@dataclass(eq=False)
class BackgroundJob:
    """One step that waits or runs.

    Attributes
    ----------
    name : str
        Which step it is.
    work : callable
        Called in the thread with a `Progress`.
    done : callable
        Called with its result in the thread of the window.
    """

    name: str
    work: Callable[[Progress], Any]
    done: Callable[[Any], object]
    stopped: bool = False


class Worker(QObject):
    """Runs jobs one after the other.

    Attributes
    ----------
    began : Signal(str)
        The name of the job.
    progressed : Signal(str, float, str)
        Its name, the share that is done, and what it does, in words.
    ended : Signal(str, str, str)
        Its name, "done", "failed" or "cancelled", and what the reader should know of it.
    """

    began = Signal(str)
    progressed = Signal(str, float, str)
    ended = Signal(str, str, str)
    _came = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: deque[BackgroundJob] = deque()
        self._job: BackgroundJob | None = None
        self._thread: threading.Thread | None = None
        # from here on the window's thread: whatever the job says is put into its queue
        self._came.connect(self._receive, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits."""
        return self._job is not None or bool(self._waiting)

    @property
    def running(self) -> str:
        """The name of the job that runs, or an empty text."""
        return "" if self._job is None else self._job.name

    def start(self, name: str, work: Callable[[Progress], Any], done: Callable[[Any], object]) -> None:
        """Run a step as soon as those before it have ended."""
        self._waiting.append(BackgroundJob(name, work, done))
        self._next()

    def cancel(self, name: str | None = None) -> None:
        """Stop the jobs of a name, or all: those that wait at once, the running one at its next report."""
        self._waiting = deque(job for job in self._waiting if name is not None and job.name != name)
        if self._job is not None and name in (None, self._job.name):
            self._job.stopped = True

    def wait(self, seconds: float) -> bool:
        """Wait for the thread, for the end of the program only; whether it has ended."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return thread is None or not thread.is_alive()

    def _next(self) -> None:
        if self._job is not None or not self._waiting:
            return
        self._job = job = self._waiting.popleft()
        sys.setswitchinterval(_SWITCH_S)
        self.began.emit(job.name)
        self._thread = threading.Thread(target=self._run, args=(job,), name=f"ctreview {job.name}", daemon=True)
        self._thread.start()

    def _run(self, job: BackgroundJob) -> None:
        """Everything here happens in the job's thread."""
        last = 0.0

        def listen(done: float, total: float, what: str) -> None:
            nonlocal last
            if job.stopped:
                raise Cancelled
            now = time.monotonic()
            if now - last >= _TOLD_EVERY_S:
                last = now
                self._tell((job, "progress", (done / total if total > 0 else 1.0, what)))

        try:
            self._tell((job, "done", job.work(listen)))
        except BaseException as error:
            self._tell((job, "cancelled" if isinstance(error, Cancelled) else "failed", error))

    def _tell(self, message: tuple[BackgroundJob, str, Any]) -> None:
        try:
            self._came.emit(message)
        except RuntimeError:  # the window went while the job ran
            message[0].stopped = True

    def _receive(self, message: tuple[BackgroundJob, str, Any]) -> None:
        job, kind, what = message
        if kind == "progress":
            if not job.stopped:
                self.progressed.emit(job.name, *what)
            return
        self._job = None
        sys.setswitchinterval(_usual_switch_s)
        # a job that ended while it was being stopped is a stopped one: nobody waits for its result
        if kind == "done" and not job.stopped:
            kind, said = self._deliver(job, what)
        else:
            said = in_words(what) if kind == "failed" else "stopped"
            kind = "cancelled" if kind == "done" else kind
        self.ended.emit(job.name, kind, said)
        self._next()

    @staticmethod
    def _deliver(job: BackgroundJob, result: Any) -> tuple[str, str]:
        try:
            job.done(result)
        except Exception as error:
            return "failed", in_words(error)
        return "done", ""
