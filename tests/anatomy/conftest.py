"""Scans that several tests of the anatomy stage look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctreview.anatomy import LungMap, find_lungs
from ctreview.phantom import Phantom, small_thorax
from ctreview.volume.load import load_volume
from ctreview.volume.volume import Volume
from tests.shared_results import SharedResults


@pytest.fixture(scope="session")
def adult() -> Phantom:
    """A healthy adult at 3 mm."""
    return small_thorax(spacing_mm=3.0)


@pytest.fixture(scope="session")
def normal001(shared_data: Path, shared_results: SharedResults) -> tuple[Volume, LungMap]:
    """The scan that was read as normal, and its lungs."""

    def find() -> tuple[Volume, LungMap]:
        volume = load_volume(shared_data / "normal001" / "dicom").canonical()
        return volume, find_lungs(volume)

    return shared_results.value("normal001 and its lungs", find)


@pytest.fixture(scope="session")
def adult_lungs(adult: Phantom) -> LungMap:
    return find_lungs(adult.volume)
