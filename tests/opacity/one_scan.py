"""Opacity of one scan by its own rule: every step of the stage, for tests and benchmarks that need no second scan."""

from __future__ import annotations

from ctreview.opacity import (
    Excess,
    NormalLung,
    OpacitySettings,
    Thresholds,
    classify,
    excess_density,
    fit_normal_lung,
    measure_parenchyma,
    own_thresholds,
)
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume


def excess_of(volume: Volume, lungs: LabelMap, vessels: LabelMap | None) -> Excess:
    parenchyma = measure_parenchyma(volume, lungs, vessels)
    normal = fit_normal_lung(volume, lungs, vessels, parenchyma=parenchyma)
    return excess_density(volume, lungs, vessels, normal, parenchyma=parenchyma)


def find_opacity(
    volume: Volume,
    lungs: LabelMap,
    vessels: LabelMap | None,
    *,
    thresholds: Thresholds | None = None,
    normal: NormalLung | None = None,
    age_years: float | None = None,
    settings: OpacitySettings | None = None,
) -> LabelMap:
    parenchyma = measure_parenchyma(volume, lungs, vessels, settings=settings)
    if normal is None:
        normal = fit_normal_lung(volume, lungs, vessels, age_years=age_years, parenchyma=parenchyma, settings=settings)
    excess = excess_density(volume, lungs, vessels, normal, parenchyma=parenchyma, settings=settings)
    return classify(excess, thresholds or own_thresholds(normal, settings=settings), settings=settings)
