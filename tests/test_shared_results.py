"""Results that the processes of a run share."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from tests.shared_results import SharedResults


def _noted(folder: Path) -> str:
    with (folder / "made").open("a") as file:
        file.write("x")
    return "made"


def _asked(folder: Path) -> str:
    return SharedResults(folder).value("key", lambda: _noted(folder))


def test_several_processes_make_a_value_once(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(_asked, [tmp_path] * 4) == ["made"] * 4
    assert (tmp_path / "made").read_text() == "x"


def test_another_key_is_another_value(tmp_path: Path) -> None:
    shared = SharedResults(tmp_path)
    assert [shared.value(key, lambda key=key: key[0]) for key in (("one", 1.0), ("one", 1.5), ("two", 1.0))] == [
        "one",
        "one",
        "two",
    ]
    assert len(list(tmp_path.glob("*.pickle"))) == 3


def test_what_could_not_be_made_is_tried_again(tmp_path: Path) -> None:
    shared = SharedResults(tmp_path)
    for ask in (lambda: shared.value("key", lambda: 1 / 0), lambda: shared.files("folder", lambda _: 1 / 0)):
        with pytest.raises(ZeroDivisionError):
            ask()
    assert shared.value("key", lambda: 7) == 7
    assert shared.files("folder", lambda folder: (folder / "file").touch()).joinpath("file").exists()


def test_arrays_are_writeable_where_they_were(tmp_path: Path) -> None:
    fixed = np.arange(3)
    fixed.flags.writeable = False
    shared = SharedResults(tmp_path)
    shared.value("key", lambda: (fixed, fixed, np.arange(3)))
    first, second, free = shared.value("key", lambda: pytest.fail("it was made before"))
    assert first is second
    assert [one.flags.writeable for one in (first, free)] == [False, True]
