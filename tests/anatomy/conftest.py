"""Scans that several tests of the anatomy stage look at."""

from __future__ import annotations

import pytest

from ctreview.anatomy import find_lungs
from ctreview.phantom import Phantom, small_thorax
from ctreview.volume.labels import LabelMap


@pytest.fixture(scope="session")
def adult() -> Phantom:
    """A healthy adult at 3 mm."""
    return small_thorax(spacing_mm=3.0)


@pytest.fixture(scope="session")
def adult_lungs(adult: Phantom) -> LabelMap:
    return find_lungs(adult.volume)
