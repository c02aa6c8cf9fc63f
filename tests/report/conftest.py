"""A thorax of two ellipsoids, twice: small, quick, and with an answer that is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from ctreview.anatomy.regions import DIVISIONS
from ctreview.change.comparison import Comparison, Interval, RegionChange
from ctreview.change.fate import FATE_SCHEME
from ctreview.change.measure import RegionMeasures
from ctreview.change.residual import name_residual
from ctreview.change.timepoint import Timepoint
from ctreview.checks import Check
from ctreview.dicom.acquisition import Acquisition, Patient
from ctreview.opacity.scheme import OPACITY_SCHEME
from ctreview.recipes.chest_ct.measuring import bands_dict, measure_scan
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.regions import Partition, Regions
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume

LUNGS = Scheme((Label(1, "right_lung", (86, 180, 233)), Label(2, "left_lung", (0, 114, 178))))
WIDTHS = {"ground_glass": 6.0, "consolidation": 1.0}
SHIFT = np.array((4.0, -3.0, 6.0))
"""Baseline to follow-up, LPS millimetres."""

SECRET = Patient(id="ID-4711", name="Doe^Jane", birth_date=None, sex="F")


@dataclass(frozen=True)
class Ball:
    """A ball of density in LPS millimetres."""

    centre: tuple[float, float, float]
    radius: float
    hu: float
    value: int


BEFORE = (Ball((-55, -25, 10), 26, -560, 1), Ball((-55, -25, -30), 9, -80, 2), Ball((55, 45, -20), 10, -640, 3))
AFTER = (Ball((-55, -25, -30), 13, -560, 1), Ball((58, 5, 35), 8, -560, 1))


def _inside(points: np.ndarray, centre: np.ndarray, radii: tuple[float, float, float]) -> np.ndarray:
    return (((points - centre) / np.array(radii)) ** 2).sum(axis=-1) <= 1.0


def geometry(spacing=(4.0, 2.0, 2.0), *, oblique: float = 0.0, uid: str = "1.2.3") -> Geometry:
    """A grid around the thorax; ``oblique`` turns it about the head axis, degrees."""
    extent = (220.0, 220.0, 300.0)
    shape = tuple(round(e / s) for e, s in zip(extent, spacing, strict=True))
    grid = Geometry.aligned(shape, spacing, origin=(-149.0, -109.0, -108.0), frame_of_reference=uid)
    turn, angle = np.eye(4), np.deg2rad(oblique)
    turn[:2, :2] = ((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle)))
    return Geometry(grid.shape, turn @ grid.affine, uid)


def regions(lungs: LabelMap) -> Regions:
    """Both lungs and each, in upper, middle and lower thirds."""
    z = lungs.geometry.to_lps(np.stack(np.indices(lungs.geometry.shape), axis=-1))[..., 2]
    inside = lungs.array > 0
    low, high = z[inside].min(), z[inside].max()
    third = np.clip(((z - low) / (high - low + 1e-6) * 3).astype(int), 0, 2)
    cells = np.where(inside, 1 + (lungs.array.astype(int) - 1) * 3 + third, 0).astype(np.uint8)
    parts = {}
    for name, firsts in {"lungs": (1, 4), "right_lung": (1,), "left_lung": (4,)}.items():
        parts[name] = tuple(first + k for first in firsts for k in range(3))
        for k, word in enumerate(("basal", "middle", "apical")):
            parts[f"{name}/{word}"] = tuple(first + k for first in firsts)
    split = [{n: c for n, c in parts.items() if n.startswith("lungs") == whole} for whole in (True, False)]
    return Regions(lungs.geometry, tuple(Partition(cells, named) for named in split), DIVISIONS)


def timepoint(balls: tuple[Ball, ...], grid: Geometry, shift: np.ndarray, **facts: object) -> Timepoint:
    """Two lungs of air in a body of water, with balls of opacity in them."""
    points = grid.to_lps(np.stack(np.indices(grid.shape), axis=-1)) - shift
    hu = np.where(_inside(points, np.zeros(3), (145, 105, 1e4)), 40.0, -1000.0)
    organ = np.zeros(grid.shape, dtype=np.uint8)
    organ[_inside(points, np.array((-62.0, 5.0, 0.0)), (48, 75, 90))] = 1
    organ[_inside(points, np.array((62.0, 5.0, 0.0)), (44, 75, 86))] = 2
    hu[organ > 0] = -850.0
    labels = np.zeros(grid.shape, dtype=np.uint8)
    for ball in balls:
        there = _inside(points, np.array(ball.centre), (ball.radius,) * 3) & (organ > 0)
        hu[there], labels[there] = ball.hu, ball.value
    noise = np.random.default_rng(7).normal(0.0, 20.0, grid.shape)
    lungs = LabelMap(organ, grid, LUNGS)
    acquisition = Acquisition(modality="CT", age_years=4.3, patient=SECRET, kvp=100.0, kernel="B<40>f")
    return Timepoint(
        volume=Volume((hu + noise).astype(np.int16), grid, acquisition=acquisition),
        organ=lungs,
        opacity=LabelMap(labels, grid, OPACITY_SCHEME),
        regions=regions(lungs),
        facts={
            "age_years": 4.3,
            "modality": "CT",
            "kvp": 100.0,
            "kernel": "B<40>f",
            "shape": list(grid.shape),
            "spacing_mm": list(grid.spacing),
            **facts,
        },
    )


def _fates(baseline: Timepoint, followup: Timepoint) -> tuple[LabelMap, LabelMap]:
    """Fates by carrying voxel centres along the known shift (nearest voxel, no tolerance)."""

    def other(here: Timepoint, there: Timepoint, shift: np.ndarray) -> np.ndarray:
        index = np.stack(np.indices(here.volume.geometry.shape), axis=-1)
        at = np.rint(there.volume.geometry.to_index(here.volume.geometry.to_lps(index) + shift)).astype(int)
        at = np.clip(at, 0, np.array(there.volume.geometry.shape) - 1)
        return there.opacity.array[tuple(np.moveaxis(at, -1, 0))]

    now, later = baseline.opacity.array, other(baseline, followup, SHIFT)
    early = np.zeros(now.shape, dtype=np.uint8)
    counted = (now == 1) | (now == 2)
    early[counted] = 1
    early[counted & (later == now)] = 2
    early[(now == 1) & (later == 2)] = 3
    early[(now == 2) & (later == 1)] = 4
    now, before = followup.opacity.array, other(followup, baseline, -SHIFT)
    late = np.zeros(now.shape, dtype=np.uint8)
    counted = (now == 1) | (now == 2)
    late[counted] = 5
    late[counted & ((before == 1) | (before == 2))] = 6
    return (
        LabelMap(early, baseline.volume.geometry, FATE_SCHEME),
        LabelMap(late, followup.volume.geometry, FATE_SCHEME),
    )


def _changes(before: RegionMeasures, after: RegionMeasures) -> dict[str, Interval | None]:
    def around(value: float, width: float) -> Interval:
        return Interval(value, value - width, value + width, dominant="threshold", sources={"threshold": width})

    relative = None
    if before.opacity_ml >= 5:
        relative = around(100.0 * (after.opacity_ml / before.opacity_ml - 1.0), 8.0)
    return {
        "opacity_ml": around(after.opacity_ml - before.opacity_ml, 6.0),
        **{f"{key}_ml": around(after.classes_ml[key] - before.classes_ml[key], width) for key, width in WIDTHS.items()},
        "opacity_pp": around((after.opacity_percent or 0) - (before.opacity_percent or 0), 0.5),
        "opacity_relative_percent": relative,
    }


def _verdict(change: Interval) -> str:
    return "unchanged" if not change.excludes_zero else "decreased" if change.value < 0 else "increased"


def compare(baseline: Timepoint, followup: Timepoint, *, registered: bool = True) -> Comparison:
    """Put a comparison together whose numbers are counted, not written down."""
    first = measure_scan(baseline)
    second = measure_scan(followup)
    fates: dict[str, dict[str, float]] | None = None
    if registered:
        early, late = _fates(baseline, followup)
        baseline, followup = replace(baseline, fate=early), replace(followup, fate=late)
        sides = ((baseline, early, (1, 2, 3, 4)), (followup, late, (5, 6)))
        keys = {label.value: label.key for label in FATE_SCHEME}
        fates = {name: {} for name in first}
        for point, fate, values in sides:
            for name, counts in point.regions.count(fate.array, 7).items():
                fates[name] |= {keys[v]: float(counts[v]) * fate.geometry.voxel_ml for v in values}
    rows = []
    for name, before in first.items():
        change = _changes(before, second[name])
        fate = None if fates is None else fates[name]
        rows.append(RegionChange(name, before, second[name], change, fate, _verdict(change["opacity_ml"])))
    affine = np.eye(4)
    affine[:3, 3] = SHIFT
    return Comparison(
        baseline=baseline,
        followup=followup,
        interval_days=62,
        fixed_bands={"baseline": bands_dict(baseline), "followup": bands_dict(followup)},
        regions=tuple(rows),
        checks=(
            Check("kernel", "B<40>f and B70f", "equal", False, "The kernels differ: density may be off by 14 %."),
            Check("lung_volume_ratio", 1.02, 1.1, True, "The lungs were filled alike (ratio 1.02)."),
        ),
        registration={"engine": "keypoints", "folding_share": 0.0, "jacobian_1": 0.93} if registered else None,
        thresholds={
            "rule": "common",
            "baseline": {"ground_glass_hu": -720.0, "consolidation_hu": -300.0},
            "followup": {"ground_glass_hu": -714.0, "consolidation_hu": -300.0},
        },
        residual=name_residual(second, followup.regions),
        transform=Transform(baseline.volume.geometry, followup.volume.geometry, affine) if registered else None,
        settings={"opacity": {"sigmas": 2.5}},
        seeds={"interval": 20210921},
        timings={"registration": 1.5},
    )


@pytest.fixture(scope="session")
def baseline() -> Timepoint:
    return timepoint(BEFORE, geometry(), np.zeros(3))


@pytest.fixture(scope="session")
def followup() -> Timepoint:
    return timepoint(AFTER, geometry((3.0, 1.8, 1.8), uid="1.2.4"), SHIFT)


@pytest.fixture(scope="session")
def comparison(baseline: Timepoint, followup: Timepoint) -> Comparison:
    return compare(baseline, followup)


@pytest.fixture(scope="session")
def unregistered(baseline: Timepoint, followup: Timepoint) -> Comparison:
    return compare(baseline, followup, registered=False)


@pytest.fixture(scope="session")
def healthy() -> Comparison:
    """Two scans without any opacity."""
    grids = geometry((6.0, 3.0, 3.0)), geometry((6.0, 3.0, 3.0), uid="1.2.4")
    return compare(timepoint((), grids[0], np.zeros(3)), timepoint((), grids[1], SHIFT))
