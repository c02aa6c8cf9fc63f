"""Opacity against known truth and against three radiologists, beside a reference of twenty lines.

The reference is the simplest thing that works on a clear adult scan: one threshold on a low percentile. It is given
the same lungs and the same vessels to leave out. ``CTREVIEW_BENCH_PLANTED`` says how many hybrids (14, of which half
are clear and half faint).
"""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import edt
import numpy as np
import numpy.typing as npt
from scipy import ndimage as ndi
from scipy.stats import rankdata

from ctreview.anatomy import find_lungs, find_vessels
from ctreview.opacity import (
    classify,
    excess_density,
    fit_normal_lung,
    measure_parenchyma,
    own_thresholds,
)
from ctreview.phantom import Lesion, Phantom, ThoraxSettings, make_thorax, random_hybrid
from ctreview.volume.labels import LabelMap
from ctreview.volume.load import load_volume
from ctreview.volume.resample import resample, resample_labels
from ctreview.volume.volume import Volume
from tests.opacity.one_scan import find_opacity
from tests.real_scans import DATA, healthy_host

Row = dict[str, Any]
Mask = npt.NDArray[np.bool_]


def reference(volume: Volume, lungs: LabelMap, vessels: LabelMap, threshold: float = -740.0) -> Mask:
    """Twenty lines: 35th percentile, one threshold, what is thick enough, grown back."""
    step = 2 if volume.geometry.spacing[1] < 1 else 1
    lung = lungs.mask("right_lung", "left_lung")
    boxes = ndi.find_objects(lung.astype(np.uint8))[0]
    inside, hu = lung[boxes], volume.array[boxes]
    spacing = np.array(volume.geometry.spacing) * (1, step, step)
    calm = ndi.percentile_filter(hu[:, ::step, ::step].astype(np.float32), 35, size=(3, 5, 5))
    calm = ndi.gaussian_filter(calm, 1.0 / spacing)
    thin = inside[:, ::step, ::step]
    dense = (calm > threshold) & (edt.edt(thin, anisotropy=tuple(spacing)) > 1.5)
    cores = edt.edt(dense, anisotropy=tuple(spacing)) > 3.0
    labels, count = ndi.label(cores)
    sizes = np.bincount(labels.ravel(), minlength=count + 1) * np.prod(spacing) / 1000
    sizes[0] = 0
    kept = (sizes > 0.2)[labels]
    grown = edt.edt(~kept, anisotropy=tuple(spacing)) <= 4.5 if kept.any() else kept
    grown = np.repeat(np.repeat(grown & thin, step, 1), step, 2)[:, : hu.shape[1], : hu.shape[2]]
    found = np.zeros(lung.shape, dtype=bool)
    found[boxes] = grown & inside & (vessels.array[boxes] == 0)
    return found


def run() -> list[Row]:
    """Rows of phantoms, of the real scans where they are at hand, and of speed."""
    rows = _phantoms()
    if DATA.is_dir():
        planted = _planted()
        rows += [*_hybrids(planted), *_real(_best_cuts(planted))]
    return rows


def _opacity(labels: LabelMap) -> Mask:
    return labels.mask("ground_glass", "consolidation")


def _dice(found: Mask, true: Mask) -> float:
    return float(2 * (found & true).sum() / max(1, found.sum() + true.sum()))


def _cases() -> dict[str, tuple[ThoraxSettings, tuple[Lesion, ...], str]]:
    """Name to settings, lesions, and the goal for Dice."""

    def haze(lobe: str, pattern: Any, ml: float, hu: float = 220.0, **more: Any) -> Lesion:
        return Lesion("ground_glass", lobe, pattern, ml, hu, **more)

    adult, child = ThoraxSettings(spacing=(2.0, 0.9, 0.9)), ThoraxSettings(age_years=4.0, spacing=(1.25, 0.6, 0.6))
    lobes = ("right_upper_lobe", "right_middle_lobe", "right_lower_lobe", "left_upper_lobe", "left_lower_lobe")
    ventral = tuple(
        haze(lobe, "ventral", 60.0 if "middle" in lobe else 150.0, 200.0, seed=i) for i, lobe in enumerate(lobes)
    )
    small_ventral = tuple(
        haze(lobe, "ventral", 15.0 if "middle" in lobe else 35.0, 200.0, seed=i) for i, lobe in enumerate(lobes)
    )
    solid = Lesion("consolidation", "right_lower_lobe", "basal", 25.0, seed=7)
    return {
        "adult, clear, 170 mL": (
            adult,
            (haze("right_upper_lobe", "ventral", 120.0), haze("left_lower_lobe", "subpleural", 50.0, seed=3)),
            "ours >= 0.95",
        ),
        "adult, clear, 20 mL": (adult, (haze("right_upper_lobe", "patches", 20.0, seed=6),), "ours >= 0.90"),
        "adult, ground glass and consolidation": (
            adult,
            (haze("left_upper_lobe", "diffuse", 80.0, seed=2), solid),
            "ours >= 0.90",
        ),
        "adult, faint (110 HU), 100 mL": (
            adult,
            (
                haze("right_lower_lobe", "patches", 60.0, 110.0, number=2, seed=2),
                haze("left_upper_lobe", "patches", 40.0, 110.0, number=2, seed=4),
            ),
            "ours >= 0.80",
        ),
        "adult, ventral ground glass in all lobes": (adult, ventral, "ours >= 0.95"),
        "child of 4, ventral ground glass in all lobes": (child, small_ventral, "ours >= 0.95"),
        "child of 4, 9 mL in two lobes": (
            child,
            (
                haze("right_middle_lobe", "patches", 5.0, 180.0, number=2, seed=3),
                haze("right_upper_lobe", "basal", 4.0, 180.0, seed=2),
            ),
            "ours >= 0.80",
        ),
        "child of 4, healthy, inspired": (child, (), "ours < 0.5"),
        "child of 4, healthy, expired": (
            ThoraxSettings(age_years=4.0, spacing=(1.25, 0.6, 0.6), breath_depth=0.0),
            (),
            "ours < 0.5",
        ),
        "adult, healthy, inspired": (adult, (), "ours < 0.3"),
    }


def _phantoms() -> list[Row]:
    rows: list[Row] = []
    for case, (settings, lesions, goal) in _cases().items():
        phantom = make_thorax(lesions, settings=settings)
        vessels = find_vessels(phantom.volume, phantom.lungs)
        found = _opacity(find_opacity(phantom.volume, phantom.lungs, vessels))
        peer = reference(phantom.volume, phantom.lungs, vessels)
        rows += _healthy(case, phantom, found, peer, goal) if not lesions else _ill(case, phantom, found, peer, goal)
    return rows


FIRST_SEED = 2000
LARGE_ML, SMALL_ML = 100.0, 20.0


Areas = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Planted:
    """What was found of opacity planted into a real scan: by us, and by the reference."""

    strength: str
    true_ml: float
    dice: tuple[float, float]
    off: tuple[float, float]
    areas: tuple[Areas, Areas, Areas]
    """Of each slice in cm²: found by us, by the reference, and true."""

    @property
    def case(self) -> str:
        """Which goal it counts for."""
        if self.strength == "faint":
            return "faint"
        return f"clear, {'over 100 mL' if self.true_ml > LARGE_ML else '20 to 100 mL'}"


def _planted() -> list[_Planted]:
    host = healthy_host(2, thinned=True)
    found = []
    for number in range(max(2, int(os.environ.get("CTREVIEW_BENCH_PLANTED", "14")))):
        strength, seed = ("clear", "faint")[number % 2], FIRST_SEED + number // 2
        hybrid = random_hybrid(host, seed, strength=strength)
        volume, lungs = hybrid.volume, hybrid.lungs
        vessels = find_vessels(volume, lungs)
        true = _opacity(hybrid.opacity)
        ours, theirs = _opacity(find_opacity(volume, lungs, vessels)), reference(volume, lungs, vessels)
        found.append(
            _Planted(
                strength,
                float(true.sum() * volume.geometry.voxel_ml),
                (_dice(ours, true), _dice(theirs, true)),
                (_off(ours, true), _off(theirs, true)),
                (_areas(volume, ours), _areas(volume, theirs), _areas(volume, true)),
            )
        )
    return found


def _off(mask: Mask, true: Mask) -> float:
    return float(100 * abs(mask.sum() / max(1, true.sum()) - 1))


def _areas(volume: Volume, mask: Mask) -> Areas:
    _, row, column = volume.geometry.spacing
    return np.asarray(mask.sum(axis=(1, 2)) * row * column / 100.0)


def _hybrids(planted: list[_Planted]) -> Iterator[Row]:
    """Dice by strength and amount, and how far volume is off."""
    goals = {"clear, over 100 mL": "ours >= 0.95", "clear, 20 to 100 mL": "ours >= 0.90", "faint": "ours >= 0.80"}
    large = [one for one in planted if one.true_ml >= SMALL_ML]
    for case, goal in goals.items():
        pairs = [one.dice for one in large if one.case == case]
        if pairs:
            ours, theirs = np.median(pairs, axis=0)
            note = f"worst {min(pair[0] for pair in pairs):.2f}; given the true lungs"
            yield _row(f"{len(pairs)} hybrids, {case}: Dice, median", ours, theirs, goal, "", note)
    off = [one.off for one in large]
    ours, theirs = np.median(off, axis=0)
    worst = f"worst {max(pair[0] for pair in off):.0f} %"
    yield _row(f"{len(off)} hybrids: volume off by, median", ours, theirs, "ours <= 5", "%", worst)


def _best_cuts(planted: list[_Planted]) -> tuple[float, float]:
    """From which area on (cm²) a slice is best called ill, for us and for the reference: on planted opacity alone."""
    ill = np.concatenate([one.areas[2] for one in planted]) > 0
    cuts = np.geomspace(0.05, 20.0, 60)
    best = []
    for which in (0, 1):
        area = np.concatenate([one.areas[which] for one in planted])
        youden = [(area[ill] > cut).mean() - (area[~ill] > cut).mean() for cut in cuts]
        best.append(float(cuts[int(np.argmax(youden))]))
    return best[0], best[1]


def _healthy(case: str, phantom: Phantom, found: Mask, peer: Mask, goal: str) -> list[Row]:
    lung = phantom.lungs.mask("right_lung", "left_lung").sum()
    ours, theirs = (float(100 * mask.sum() / lung) for mask in (found, peer))
    return [_row(f"{case}: falsely called", ours, theirs, goal, "% of lung")]


def _ill(case: str, phantom: Phantom, found: Mask, peer: Mask, goal: str) -> list[Row]:
    true = phantom.opacity.mask("ground_glass", "consolidation")
    true_ml, ml = sum(phantom.true_ml.values()), phantom.volume.geometry.voxel_ml
    off = [float(100 * abs(mask.sum() * ml / true_ml - 1)) for mask in (found, peer)]
    return [
        _row(f"{case}: Dice", _dice(found, true), _dice(peer, true), goal, ""),
        _row(f"{case}: volume off by", off[0], off[1], "ours <= 5", "%", f"true {true_ml:.1f} mL"),
    ]


def _real(cuts: tuple[float, float]) -> list[Row]:
    ill, lungs, vessels = _prepared("covid_p001")
    labels = find_opacity(ill, lungs, vessels)
    rows = _against_readers(ill, _opacity(labels), reference(ill, lungs, vessels), cuts)
    rows += _speed(ill, lungs, vessels)
    normal, lungs, vessels = _prepared("normal001")
    found = _opacity(find_opacity(normal, lungs, vessels))
    lung = lungs.mask("right_lung", "left_lung").sum()
    shares = [float(100 * mask.sum() / lung) for mask in (found, reference(normal, lungs, vessels))]
    return [*rows, _row("normal001: falsely called", shares[0], shares[1], "ours < 0.3", "% of lung")]


def _prepared(name: str) -> tuple[Volume, LabelMap, LabelMap]:
    volume = load_volume(DATA / name / "dicom")
    lungs = find_lungs(volume)
    return volume, lungs, find_vessels(volume, lungs)


def _against_readers(volume: Volume, found: Mask, peer: Mask, cuts: tuple[float, float]) -> list[Row]:
    with (DATA / "covid_p001" / "lobe_labels.csv").open(newline="") as file:
        readings = list(csv.DictReader(file))
    lobes = ("left_lower", "left_upper", "right_lower", "right_middle", "right_upper")
    ill = np.array([any(int(row[lobe]) for lobe in lobes) for row in readings])
    # the table runs from the head down, axis 0 towards the head
    per_slice = [_areas(volume, mask)[::-1] for mask in (found, peer)]
    called = [area > cut for area, cut in zip(per_slice, cuts, strict=True)]
    note = f"a slice is ill from {cuts[0]:.2f} cm² on (twenty lines: {cuts[1]:.2f}), set on the hybrids"
    return [
        _row("covid_p001: AUC per slice", _auc(per_slice[0], ill), _auc(per_slice[1], ill), "ours >= 0.95", ""),
        _row(
            "covid_p001: sensitivity",
            called[0][ill].mean(),
            called[1][ill].mean(),
            "ours >= 0.90",
            "",
            note,
        ),
        _row(
            "covid_p001: specificity",
            1 - called[0][~ill].mean(),
            1 - called[1][~ill].mean(),
            "ours >= 0.90",
            "",
            note,
        ),
    ]


def _auc(score: npt.NDArray[np.float64], ill: Mask) -> float:
    ranks, positive = rankdata(score), int(ill.sum())
    return float((ranks[ill].sum() - positive * (positive + 1) / 2) / (positive * (len(ill) - positive)))


def _speed(volume: Volume, lungs: LabelMap, vessels: LabelMap) -> list[Row]:
    """The same chest on 512×512×300, warm."""
    shape = volume.geometry.shape
    spacing = [s * n / m for s, n, m in zip(volume.geometry.spacing, shape, (300, 512, 512), strict=True)]
    grid = volume.geometry.resized(spacing)
    large = resample(volume, grid)
    large_lungs, large_vessels = resample_labels(lungs, grid), resample_labels(vessels, grid)
    start = time.perf_counter()
    parenchyma = measure_parenchyma(large, large_lungs, large_vessels)
    normal = fit_normal_lung(large, large_lungs, large_vessels, parenchyma=parenchyma)
    excess = excess_density(large, large_lungs, large_vessels, normal, parenchyma=parenchyma)
    classify(excess, own_thresholds(normal))
    took = time.perf_counter() - start
    start = time.perf_counter()
    classify(excess, own_thresholds(normal), shift_hu=25.0)
    again = time.perf_counter() - start
    start = time.perf_counter()
    reference(large, large_lungs, large_vessels)
    theirs = time.perf_counter() - start
    return [
        _row("512×512×300: time", took, theirs, "ours <= 5", "s"),
        _row("512×512×300: once more at another threshold", again, theirs, "ours <= 2", "s"),
    ]


def _row(case: str, ours: float, peer: float, goal: str, unit: str, note: str = "") -> Row:
    return {
        "stage": "opacity",
        "case": case,
        "ours": float(ours),
        "peer": float(peer),
        "peer_name": "twenty lines",
        "goal": goal,
        "unit": unit,
        "note": note,
    }
