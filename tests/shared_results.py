"""What several test files ask for is computed once in a run, by whichever of its processes comes first.

A result is kept by what it was made of, in the temporary folder that pytest makes anew for every run and its workers
share: nothing outlives the run, so none is ever of another state of the code.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pytest

from ctreview.errors import StudyLocked
from ctreview.study.lock import locked
from ctreview.volume.atomic import atomic_folder, atomic_path

T = TypeVar("T")


class SharedResults:
    """Results of one run.

    Parameters
    ----------
    folder : Path
        The same for all processes of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of_run(cls, factory: pytest.TempPathFactory) -> SharedResults:
        """Those of the run that this process is part of."""
        base = factory.getbasetemp()
        folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared results"
        folder.mkdir(exist_ok=True)
        return cls(folder)

    def value(self, key: object, make: Callable[[], T]) -> T:
        """What ``make`` gives, or gave in another process; a copy of its own for each caller.

        Parameters
        ----------
        key : object
            Its ``repr`` says all that the value depends on.
        make : callable
        """
        path = self.folder / f"{hashlib.sha256(repr(key).encode()).hexdigest()[:24]}.pickle"
        if not path.exists():
            with _held(path):
                if not path.exists():
                    made = make()
                    with atomic_path(path) as draft, draft.open("wb") as file:
                        _Pickler(file, protocol=pickle.HIGHEST_PROTOCOL).dump(made)
                    return made
        return cast(T, pickle.loads(path.read_bytes()))

    def files(self, name: str, make: Callable[[Path], object]) -> Path:
        """A folder that ``make`` fills, or filled in another process; not to be changed."""
        path = self.folder / name
        with _held(path):
            if not path.exists():
                with atomic_folder(path) as draft:
                    make(draft)
        return path


class _Pickler(pickle.Pickler):
    """Arrays that may not be written stay so."""

    def reducer_override(self, given: Any) -> Any:
        if isinstance(given, np.ndarray) and not given.flags.writeable:
            return _read_only, (np.array(given),)
        return NotImplemented


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Let one process at a time look for a result and make it."""
    lock = path.with_name(f"{path.name}.lock")
    while True:
        try:
            held = locked(lock)
            held.__enter__()
            break
        except StudyLocked:
            time.sleep(0.05)
    try:
        yield
    finally:
        held.__exit__(None, None, None)
