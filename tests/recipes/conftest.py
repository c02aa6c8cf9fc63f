"""The phantom child on a coarse grid, compared once for all tests of this folder."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ctreview.change import Comparison
from ctreview.errors import RegistrationFailed
from ctreview.phantom import Phantom, phantom_child
from ctreview.recipes.chest_ct import Prepared, compare_prepared, pair, registering
from tests.shared_results import SharedResults
from tests.without_lobes import prepare

SPACING = (2.0, 1.3, 1.3)


@pytest.fixture(scope="session")
def child(shared_results: SharedResults) -> tuple[Phantom, Phantom]:
    return shared_results.value("child", lambda: phantom_child(spacing=SPACING))


@pytest.fixture(scope="session")
def prepared(child: tuple[Phantom, Phantom], shared_results: SharedResults) -> Prepared:
    return shared_results.value("child prepared", lambda: prepare(child[0].volume, child[1].volume))


@pytest.fixture(scope="session")
def comparison(prepared: Prepared, shared_results: SharedResults) -> Comparison:
    return shared_results.value("child compared", lambda: compare_prepared(prepared))


@pytest.fixture(scope="session")
def analysed() -> dict[Any, Any]:
    """Scans that a test has analysed already, by what the analysis depends on."""
    return {}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, analysed: dict[Any, Any]) -> None:
    """For tests of what follows from two scans: each is segmented once, and registration fails at once."""
    analyse_scan = pair.analyse_scan

    def remembered(volume: Any, age_years: Any, *, on_lungs: Any, **options: Any) -> Any:
        key = (volume.array.tobytes(), volume.geometry, volume.acquisition.posture, age_years)
        if key not in analysed:
            analysed[key] = analyse_scan(volume, age_years, **options)
        on_lungs(analysed[key].lungs)
        return dataclasses.replace(analysed[key], volume=volume)

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RegistrationFailed("the masks do not overlap")

    monkeypatch.setattr(pair, "analyse_scan", remembered)
    monkeypatch.setattr(registering, "register", fail)
