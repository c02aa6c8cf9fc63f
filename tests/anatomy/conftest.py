"""Scans that several tests of the anatomy stage look at."""

from __future__ import annotations

import pytest

from ctreview.anatomy import LungMap, find_lungs
from ctreview.phantom import Phantom, small_thorax


@pytest.fixture(scope="session")
def adult() -> Phantom:
    """A healthy adult at 3 mm."""
    return small_thorax(spacing_mm=3.0)


@pytest.fixture(scope="session")
def adult_lungs(adult: Phantom) -> LungMap:
    return find_lungs(adult.volume)
