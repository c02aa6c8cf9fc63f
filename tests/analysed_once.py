"""The two long steps of the chest CT recipe, each done once in a run for the same input.

Tests of commands, studies and windows compare the same few scans again and again. What a scan by itself holds and how
two scans are registered depends on nothing but what goes in; both are tested where they are made, in `tests/recipes`,
`tests/anatomy` and `tests/registration`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ctreview.muscle import carried_groups
from ctreview.progress import quiet
from ctreview.recipes.chest_ct import ChestCtSettings, pair, pipeline, registering
from ctreview.recipes.chest_ct.scan import ScanAnalysis, analyse_scan
from ctreview.recipes.steps import StepTimer
from ctreview.registration import Registration, register
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume
from tests.shared_results import SharedResults


@pytest.fixture(scope="module", autouse=True)
def analysed_once(shared_results: SharedResults) -> Iterator[None]:
    """For all tests of a folder or a file."""
    with taken_from(shared_results):
        yield


@contextmanager
def taken_from(shared: SharedResults) -> Iterator[None]:
    """The recipe takes analyses and registrations from what this run has computed already."""
    with pytest.MonkeyPatch.context() as patch:
        analyse = _analyse(shared)
        for module in (pair, pipeline):
            patch.setattr(module, "analyse_scan", analyse)
        registered = _register(shared)
        for stage in (registering, carried_groups):
            patch.setattr(stage, "register", registered)
        yield


@contextmanager
def analysed_anew() -> Iterator[None]:
    """A test that looks on while the recipe works lets it do its work."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (pair, pipeline):
            patch.setattr(module, "analyse_scan", analyse_scan)
        patch.setattr(registering, "register", register)
        yield


def _analyse(shared: SharedResults) -> Callable[..., ScanAnalysis]:
    def analysed(volume: Volume, age_years: float | None, **options: Any) -> ScanAnalysis:
        settings = options.pop("settings", None) or ChestCtSettings()
        timer, progress = options.pop("timer", None) or StepTimer(), options.pop("progress", quiet)
        on_lungs = options.pop("on_lungs", None)
        if any(one is not None for one in (*options.values(), settings.lungs_from, settings.lobes_from)):
            return analyse_scan(
                volume, age_years, settings=settings, timer=timer, progress=progress, on_lungs=on_lungs, **options
            )

        def make() -> tuple[ScanAnalysis, dict[str, float]]:
            own = StepTimer()
            return analyse_scan(volume, age_years, settings=settings, timer=own, progress=progress), own.seconds

        found, seconds = shared.value(("analysed", _image(volume), volume.acquisition, age_years, settings), make)
        for step, took in seconds.items():
            timer.seconds[step] = timer.seconds.get(step, 0.0) + took
        if on_lungs is not None:
            on_lungs(found.lungs)
        progress(1.0, 1.0, "comparing with normal lung")
        return found

    return analysed


def _register(shared: SharedResults) -> Callable[..., Registration]:
    def registered(
        fixed: Volume, moving: Volume, *, progress: Any = quiet, settings: Any, **masks: Any
    ) -> Registration:
        key = (
            "registered",
            _image(fixed),
            _image(moving),
            {name: _labels(one) for name, one in masks.items()},
            settings,
        )
        found = shared.value(key, lambda: register(fixed, moving, progress=progress, settings=settings, **masks))
        progress(1.0, 1.0, "judging the registration")
        return found

    return registered


def _image(volume: Volume) -> tuple[str, str]:
    outside = b"" if volume.unmeasured is None else volume.unmeasured.tobytes()
    return volume.digest, hashlib.sha256(outside).hexdigest()


def _labels(labels: LabelMap | None) -> str:
    return "" if labels is None else hashlib.sha256(labels.array.tobytes() + repr(labels.scheme).encode()).hexdigest()
