"""Decoding on several cores.

Our own decoder of JPEG Lossless leaves Python's lock to others, so that threads do. GDCM and CharLS hold it while
they decode; there child processes do it all, at about 0.3 s to start each. They are plain child processes that run one
function: unlike those of `multiprocessing` they work from a script without a main guard, beside threads, and on
every system alike.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.dicom.codecs import is_jpeg_lossless
from ctreview.dicom.decode import stored_pixels
from ctreview.dicom.frame import Frame
from ctreview.dicom.syntaxes import SYNTAXES
from ctreview.dicom.worker import FAILED, HEAD

__all__ = ["decode_all", "decodes_slowly"]

_SECONDS_PER_MEGAPIXEL = {"gdcm": 0.033, "jpegls": 0.04, "rle": 0.1}
"""Measured on one core of 2.5 GHz with 16-bit CT; JPEG 2000 takes four times as long as JPEG Lossless."""

_PROCESS_PAYS_OFF_S = 1.0
"""Below this decoding time other processes do not pay off."""

_MOST_PROCESSES = 8

_QUEUED_SLICES = 4
"""Slices that a child is asked for before it has answered."""

Numbered = tuple[int, npt.NDArray[Any]]


def decodes_slowly(frames: Sequence[Frame]) -> bool:
    """Whether slices take so long to decode that other processes help."""
    seconds = 0.0
    for frame in frames:
        layout = frame.layout
        decoder = SYNTAXES[layout.syntax].decoder or ""
        rate = _SECONDS_PER_MEGAPIXEL.get(decoder, 0.0) * (4 if layout.syntax.endswith((".4.90", ".4.91")) else 1)
        seconds += rate * layout.rows * layout.columns / 1e6
    several_files = len({frame.file for frame in frames}) > 1  # a multiframe file would be read for every frame
    return several_files and seconds > _PROCESS_PAYS_OFF_S


def decode_all(frames: Sequence[Frame], *, processes: int | None = None) -> Iterator[Numbered]:
    """Stored numbers of slices, each with its place in ``frames``, in any order.

    Parameters
    ----------
    frames : sequence of Frame
        What to read.
    processes : int, optional
        How many cores to use; by default those that this process may use, up to eight. With 1, or where little is
        to be decoded, everything happens here and in order.

    Raises
    ------
    UnreadableFile
        As `stored_pixels`.
    """
    cores = processes or min(_cores(), _MOST_PROCESSES)
    worth = decodes_slowly(frames)
    if cores < 2 or not worth:
        yield from enumerate(stored_pixels(frames, quick=worth))
        return
    yield from _Pool(frames, cores).results()


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


class _Pool:
    """For each core a thread, which decodes here or talks to a child process that does."""

    def __init__(self, frames: Sequence[Frame], cores: int) -> None:
        self._frames = frames
        self._next = iter(range(len(frames)))
        self._lock = threading.Lock()
        self._stopped = False
        self._done: queue.Queue[Numbered | BaseException] = queue.Queue(maxsize=2 * cores)
        free = all(is_jpeg_lossless(frame.layout) for frame in frames)  # of Python's lock
        targets = [self._here if free else self._there] * cores
        self._threads = [threading.Thread(target=self._guarded, args=(target,), daemon=True) for target in targets]

    def results(self) -> Iterator[Numbered]:
        for thread in self._threads:
            thread.start()
        try:
            for _ in self._frames:
                found = self._wait()
                if isinstance(found, BaseException):
                    raise found
                yield found
        finally:
            self._stopped = True
            while any(thread.is_alive() for thread in self._threads):
                try:
                    self._done.get(timeout=0.05)
                except queue.Empty:
                    continue

    def _wait(self) -> Numbered | BaseException:
        """The next result; an error rather than waiting for ever, should all threads have ended without one."""
        while True:
            alive = any(thread.is_alive() for thread in self._threads)
            try:
                return self._done.get(timeout=1.0)
            except queue.Empty:
                if not alive:
                    return RuntimeError("decoding stopped before all slices were decoded")

    def _take(self) -> int | None:
        with self._lock:
            return None if self._stopped else next(self._next, None)

    def _guarded(self, target: Any) -> None:
        try:
            target()
        except BaseException as error:
            self._done.put(error)

    def _here(self) -> None:
        while (number := self._take()) is not None:
            self._decode(number)

    def _decode(self, number: int) -> None:
        (raw,) = stored_pixels([self._frames[number]], quick=True)
        self._done.put((number, raw))

    def _there(self) -> None:
        """Have a child process decode; whatever goes wrong with it is done here instead.

        Some slices are always asked for ahead, so that the child need not wait until this thread gets Python's lock.
        """
        try:
            child = _started()
        except OSError:
            self._here()
            return
        with child:
            asked: deque[int] = deque()
            try:
                while True:
                    while len(asked) < _QUEUED_SLICES and (number := self._take()) is not None:
                        asked.append(number)
                        _ask(child, self._frames[number])
                    if not asked:
                        return
                    raw = _answer(child)
                    if raw is None:
                        self._decode(asked.popleft())
                    else:
                        self._done.put((asked.popleft(), raw))
            except OSError:  # the child is gone: what it was asked for, and its share of the rest, is done here
                for number in asked:
                    self._decode(number)
                self._here()
            finally:
                if child.stdin is not None:
                    with suppress(OSError):
                        child.stdin.close()


def _started() -> subprocess.Popen[bytes]:
    command = "import sys; sys.path[:] = sys.argv[1:]; from ctreview.dicom.worker import main; main()"
    return subprocess.Popen(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", command, *sys.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _ask(child: subprocess.Popen[bytes], frame: Frame) -> None:
    assert child.stdin is not None
    data = pickle.dumps(frame)
    child.stdin.write(len(data).to_bytes(4, "little") + data)
    child.stdin.flush()


def _answer(child: subprocess.Popen[bytes]) -> npt.NDArray[Any] | None:
    """The stored numbers of the slice that was asked for first; ``None`` where they do not decode.

    Raises
    ------
    OSError
        The child is gone.
    """
    assert child.stdout is not None
    head = child.stdout.read(HEAD.size)
    if len(head) < HEAD.size:
        raise BrokenPipeError
    size, dtype, rows, columns = HEAD.unpack(head)
    if size == FAILED:
        return None
    pixels = child.stdout.read(size)
    if len(pixels) < size:
        raise BrokenPipeError
    return np.frombuffer(pixels, dtype.rstrip(b"\0").decode()).reshape(rows, columns)
