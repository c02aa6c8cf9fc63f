"""The phantom child on a coarse grid, compared once for all tests of this folder."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ctreview.change import Comparison
from ctreview.errors import RegistrationFailed
from ctreview.phantom import Phantom, phantom_child
from ctreview.recipes import pair, two_scans
from ctreview.recipes.chest_ct import Prepared, conclude, prepare

SPACING = (2.0, 1.3, 1.3)


@pytest.fixture(scope="session")
def child() -> tuple[Phantom, Phantom]:
    return phantom_child(spacing=SPACING)


@pytest.fixture(scope="session")
def prepared(child: tuple[Phantom, Phantom]) -> Prepared:
    return prepare(child[0].volume, child[1].volume)


@pytest.fixture(scope="session")
def comparison(prepared: Prepared) -> Comparison:
    return conclude(prepared)


@pytest.fixture(scope="session")
def seen_before() -> dict[Any, Any]:
    """Scans that a test has already looked at, by what decides what is seen in them."""
    return {}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, seen_before: dict[Any, Any]) -> None:
    """For tests of what follows from two scans: each is segmented once, and registration fails at once."""
    see = pair.see

    def remembered(volume: Any, age_years: Any, settings: Any, clock: Any, progress: Any, *, arrived: Any) -> Any:
        key = (volume.array.tobytes(), volume.geometry, volume.acquisition.posture, age_years)
        if key not in seen_before:
            seen_before[key] = see(volume, age_years, settings, clock, progress)
        arrived(seen_before[key].lungs)
        return dataclasses.replace(seen_before[key], volume=volume)

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RegistrationFailed("the masks do not overlap")

    monkeypatch.setattr(pair, "see", remembered)
    monkeypatch.setattr(two_scans, "register", fail)
