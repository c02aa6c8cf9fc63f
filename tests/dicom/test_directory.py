"""DICOMDIR: files that it names, whatever their names became on the way."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.fileset import FileSet

from ctreview.dicom import find_series
from tests.dicom.making import make_stack, ramp

SHAPE = (5, 4, 4)


@pytest.fixture
def medium(tmp_path: Path) -> Path:
    made = FileSet()
    for path in make_stack(tmp_path / "source", ramp(SHAPE)):
        made.add(pydicom.dcmread(path))
    made.write(tmp_path / "medium")
    shutil.rmtree(tmp_path / "source")
    return tmp_path / "medium"


@pytest.mark.parametrize(
    "other",
    [
        str,
        str.lower,
        str.capitalize,
        lambda name: f"{name}.dcm",
        lambda name: f"{name}.DCM",
        lambda name: f"{name};1",
        lambda name: f"{name.lower()}.dcm;1",
    ],
)
def test_names_that_a_medium_changed(medium: Path, other: Callable[[str], str]) -> None:
    for folder, _, names in os.walk(medium):
        for name in names:
            if name != "DICOMDIR":
                Path(folder, name).rename(Path(folder, other(name)))
    (series,) = find_series(medium / "DICOMDIR")
    assert series.usable
    assert series.shape[0] == SHAPE[0]


def test_a_file_that_is_missing_is_missed(medium: Path) -> None:
    victim = next(path for path in sorted(medium.rglob("*")) if path.is_file() and path.name != "DICOMDIR")
    victim.unlink()
    (series,) = find_series(medium / "DICOMDIR")
    assert not series.usable
