"""The part of the limbs that both examinations show, and muscle in it as the change stage counts it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctreview.change import Perturbation, RegionMeasures, Sensitivity, find_sensitivity
from ctreview.change import measure as count_regions
from ctreview.muscle.measures import thigh_key
from ctreview.muscle.morphology import near_in_slices
from ctreview.muscle.scheme import SIDES, TISSUE_SCHEME, TISSUES, tissue_key
from ctreview.recipes.muscle_mri.measured import MuscleMriResult
from ctreview.recipes.muscle_mri.settings import MuscleMriSettings
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.regions import Partition, Regions
from ctreview.volume.transform import Transform

__all__ = ["WHOLE", "CountedMuscle", "count_muscle", "levels_seen_by_both"]

Mask = npt.NDArray[np.bool_]

WHOLE = "both_thighs"

_TISSUE_OF_ONE_LIMB = Scheme(
    tuple(
        Label(1 + place, tissue, TISSUE_SCHEME[tissue].colour, counted=tissue == "muscle")
        for place, tissue in enumerate(TISSUES)
    )
)
_MUSCLE, _BETWEEN, _SUBCUTANEOUS = (
    1 + TISSUES.index(name) for name in ("muscle", "intermuscular_fat", "subcutaneous_fat")
)


@dataclass(frozen=True, eq=False)
class CountedMuscle:
    """Muscle of one examination in the part that both show, and how it moves with what it rests on."""

    measures: dict[str, RegionMeasures]
    sensitivity: Sensitivity


def levels_seen_by_both(
    here: MuscleMriResult, there: Geometry, transform: Transform | None, *, fixed: bool
) -> npt.NDArray[np.bool_]:
    """Which axial slices the other examination shows too, by where their middle lies in it.

    Without a transform, every one.
    """
    geometry, inside = here.labels.geometry, here.tissue.limbs.inside
    levels = np.arange(geometry.shape[0])
    if transform is None:
        return np.ones(len(levels), bool)
    middle = np.argwhere(inside).mean(axis=0)[1:]
    points = geometry.to_lps(np.column_stack([levels, np.broadcast_to(middle, (len(levels), 2))]))
    moved = transform.to_moving(points) if fixed else transform.to_fixed(points)
    level = there.to_index(moved)[:, 0]
    return np.asarray((level > -0.5) & (level < there.shape[0] - 0.5))


def count_muscle(scan: MuscleMriResult, levels: npt.NDArray[np.bool_], settings: MuscleMriSettings) -> CountedMuscle:
    """Count muscle in the slices that both show, and vary the threshold between muscle and fat."""
    regions = _regions(scan, levels)
    labels = _without_sides(scan.labels)
    variants = _Variants(scan, labels)
    corrected = scan.image.with_array(scan.tissue.levels.corrected)
    sensitivity = find_sensitivity(
        regions,
        labels,
        variants=variants,
        shifts_hu=settings.interval.shifts_hu,
        block_mm=settings.interval.block_mm,
    )
    return CountedMuscle(count_regions(corrected, regions, labels), sensitivity)


def _regions(scan: MuscleMriResult, levels: npt.NDArray[np.bool_]) -> Regions:
    cells = np.where(levels[:, None, None], scan.tissue.limbs.number, 0).astype(np.uint8)
    numbers = {thigh_key(side): (number,) for number, side in enumerate(scan.tissue.sides, 1)}
    whole = {WHOLE: tuple(n for (n,) in numbers.values())} if len(numbers) > 1 else {}
    return Regions(scan.labels.geometry, (Partition(cells, {**whole, **numbers}),))


def _without_sides(labels: LabelMap) -> LabelMap:
    table = np.zeros(256, np.uint8)
    for side in SIDES:
        for place, tissue in enumerate(TISSUES, 1):
            table[TISSUE_SCHEME[tissue_key(tissue, side)].value] = place
    return LabelMap(table[labels.array], labels.geometry, _TISSUE_OF_ONE_LIMB)


class _Variants:
    """Muscle under a shifted threshold: fat between muscles, and the rim of the fascia one voxel wide, go over."""

    def __init__(self, scan: MuscleMriResult, labels: LabelMap) -> None:
        self._labels, self._threshold = labels, 0.5
        self._likeness = scan.tissue.levels.fat_likeness
        compartment = labels.mask("muscle", "intermuscular_fat")
        rim = near_in_slices(compartment, labels.geometry.spacing, 1.01 * max(labels.geometry.spacing[1:]))
        self._free = compartment | (rim & labels.mask("subcutaneous_fat"))
        self._dark = scan.tissue.levels.dark

    def __call__(self, perturbation: Perturbation) -> LabelMap:
        threshold = self._threshold + perturbation.threshold_hu / 1000.0
        array = self._labels.array.copy()
        lean = self._free & (self._likeness < threshold)
        lost = (array == _MUSCLE) & ~self._dark & (self._likeness >= threshold)
        won = lean & np.isin(array, (_BETWEEN, _SUBCUTANEOUS)) & (self._likeness >= self._threshold)
        array[lost] = _BETWEEN
        array[won] = _MUSCLE
        return LabelMap(array, self._labels.geometry, self._labels.scheme)
