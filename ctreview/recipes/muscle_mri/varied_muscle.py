"""Numbers of the muscles of one examination between two heights, measured again with what they rest on varied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import erfc, sqrt

import numpy as np
import numpy.typing as npt

from ctreview.change import VariedNumber
from ctreview.muscle.limb_segment import both_key
from ctreview.muscle.measures import FAT_FRACTIONS
from ctreview.recipes.muscle_mri.measured import MuscleMriResult
from ctreview.recipes.muscle_mri.muscle_voxels import DrawnMuscle, MuscleVoxels, draw_muscle, list_voxels
from ctreview.recipes.muscle_mri.settings import MuscleIntervalSettings, MuscleMriSettings
from ctreview.recipes.muscle_mri.shared_part import Heights, slice_weights
from ctreview.volume.geometry import FloatArray
from ctreview.volume.labels import LabelMap

__all__ = ["vary_muscle"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Reading:
    """How the maps are read.

    Attributes
    ----------
    shift : float
        Robust z that hot voxels begin above the threshold.
    hot_border : int
        Voxels that the border of what is hot lies further out, -1 for further in.
    denoised : bool
        Whether what noise adds to a fat fraction, and hot voxels that noise makes, are taken off.
    """

    shift: float = 0.0
    hot_border: int = 0
    denoised: bool = False


_PLAIN = _Reading()

Numbers = dict[str, float]


def vary_muscle(
    scan: MuscleMriResult,
    heights: Mapping[str, Heights],
    end_error_mm: float,
    settings: MuscleMriSettings,
    other: MuscleMriResult | None = None,
) -> dict[str, dict[str, VariedNumber]]:
    """Measure each region between two heights, and again under every variation.

    Parameters
    ----------
    scan : MuscleMriResult
    heights : mapping of str to (float, float)
        LPS z of both ends by limb.
    end_error_mm : float
        How far each end may be off.
    settings : MuscleMriSettings
    other : MuscleMriResult, optional
        The examination that it is compared with: what is hot is counted by the spread of its muscle as well.

    Returns
    -------
    dict of str to dict of str to VariedNumber
        By region (both limbs, each limb, each drawn group), then by the key of the number.
    """
    voxels = list_voxels(scan, settings)
    by_number = {
        number: heights[region]
        for number, region in enumerate(map(scan.tissue.region, scan.tissue.sides), 1)
        if region in heights
    }
    counted = _Counter(scan, voxels, settings)
    unlike = _unlike_spread(scan, other, settings.measures.hot_z)
    regions = _regions(scan, voxels, tuple(by_number))
    drawn = {} if scan.groups is None else _drawn_borders(scan.groups, voxels)
    found = {}
    for region, where in regions.items():
        numbers = {number: by_number[number] for number in np.unique(voxels.number[where]).tolist()}
        found[region] = _varied(counted, where, numbers, end_error_mm, unlike, settings.interval)
        if region in drawn:
            _add_drawn_border(found[region], counted, (where, *drawn[region]), numbers, settings.interval)
    return found


def _unlike_spread(scan: MuscleMriResult, other: MuscleMriResult | None, hot_z: float) -> float:
    """What the robust z from which a voxel is hot rises by where it is as bright as that of the other examination.

    It never falls: below it noise would count.
    """
    spreads = [
        next((check.value for one in result.maps for check in one.caveats if check.name == "stir_robust_z"), None)
        for result in (scan, other or scan)
    ]
    if not all(isinstance(one, float) and one > 0 for one in spreads):
        return 0.0
    own, its = (float(str(one)) for one in spreads)
    return hot_z * max(0.0, its / own - 1.0)


def _regions(scan: MuscleMriResult, voxels: MuscleVoxels, numbers: tuple[int, ...]) -> dict[str, Mask]:
    shown = np.isin(voxels.number, numbers)
    found = {both_key(scan.tissue.segment): shown} if len(numbers) > 1 else {}
    for number in numbers:
        found[scan.tissue.region(scan.tissue.sides[number - 1])] = voxels.number == number
    if scan.groups is not None and voxels.groups is not None:
        for label in scan.groups.scheme:
            where = shown & (voxels.groups == label.value)
            if where.any():
                found[label.key] = where
    return found


class _Counter:
    """Numbers of a region from a drawing and the weights of slices."""

    def __init__(self, scan: MuscleMriResult, voxels: MuscleVoxels, settings: MuscleMriSettings) -> None:
        self.scan, self.voxels = scan, voxels
        self._voxel_ml, self.hot_z = scan.labels.geometry.voxel_ml, settings.measures.hot_z
        self._femur_cm = {
            number: None if (length := scan.found.femurs[scan.tissue.region(side)].length_mm) is None else length / 10.0
            for number, side in enumerate(scan.tissue.sides, 1)
        }
        self._fat = next((kind for kind in FAT_FRACTIONS if kind in voxels.maps), None)
        self._fat_noise = next((one.noise_floor for one in scan.maps if one.kind == self._fat), None)

    def weights(self, heights: Mapping[int, Heights]) -> FloatArray:
        """Share of each voxel between the heights of its limb."""
        table = slice_weights(self.scan, heights)
        return np.asarray(table[self.voxels.level, self.voxels.number])

    def half_height(self, where: Mask) -> float:
        """Half of what is usual among hot voxels: there the border of something bright lies, however blurred."""
        score = self.voxels.maps.get("stir_robust_z")
        hot = None if score is None else score[where & self.voxels.muscle & (score >= self.hot_z)]
        return 0.0 if hot is None or not len(hot) else float(np.median(hot)) / 2

    def numbers(
        self,
        where: Mask,
        weight: FloatArray,
        drawn: DrawnMuscle,
        heights: Mapping[int, Heights],
        reading: _Reading = _PLAIN,
    ) -> Numbers:
        """Every number that the maps allow; one that divides by nothing is left out."""
        voxels, ml = self.voxels, self._voxel_ml
        weight = np.where(where, weight, 0.0)
        muscle_ml = float(weight @ drawn.muscle) * ml
        inside = weight @ drawn.inside
        if not inside:
            return {}
        found = {"muscle_ml": muscle_ml, "lean_ml": muscle_ml}
        if self._fat is not None:
            fat, valid = self._fat_share(reading), voxels.valid[self._fat]
            lean = np.where(valid, 1.0 - fat, drawn.muscle)  # where the map says nothing, all muscle is lean
            found["lean_ml"] = float((weight * drawn.inside) @ lean) * ml
            counted = weight * (drawn.inside & valid)
            if counted.any():
                found["fat_fraction_mean"] = 100.0 * float(counted @ fat) / float(counted.sum())
        length_mm = sum(high - low for low, high in heights.values())
        found["mean_section_cm2"] = muscle_ml * 10.0 / length_mm
        femurs = [self._femur_cm[number] for number in heights]
        if None not in femurs:
            found["muscle_ml_per_femur_cm"] = muscle_ml / sum(one for one in femurs if one is not None)
        ratio = self._section_per_bone(weight, drawn)
        if ratio is not None:
            found["section_per_bone"] = ratio
        return found | dict(self._of_stir_and_t2(weight, drawn, reading))

    def _section_per_bone(self, weight: FloatArray, drawn: DrawnMuscle) -> float | None:
        """Median over slices of muscle's cross-section over that of bone; None where bone is missing in most."""
        place = self.voxels.level * 256 + self.voxels.number  # a slice of one limb
        muscle, bone = (np.bincount(place, weight * drawn_as) for drawn_as in (drawn.muscle, drawn.bone))
        there = bone > 0
        if 2 * np.count_nonzero(there) < np.count_nonzero(muscle):
            return None
        return float(np.median(muscle[there] / bone[there]))

    def _of_stir_and_t2(self, weight: FloatArray, drawn: DrawnMuscle, reading: _Reading) -> Iterator[tuple[str, float]]:
        voxels = self.voxels
        looked_at = drawn.muscle & voxels.inner & (weight > 0)
        if "stir_robust_z" in voxels.maps:
            yield "hot_ml", self._hot_ml(weight, looked_at & voxels.valid["stir_robust_z"], reading)
        for kind in ("stir_ratio", "water_t2"):
            if kind in voxels.maps:
                values = voxels.maps[kind][looked_at & voxels.valid[kind]]
                if len(values):
                    yield f"{kind}_median", float(np.median(values))

    def _fat_share(self, reading: _Reading) -> FloatArray:
        """Fat fraction of each voxel; squares of magnitudes are too large by twice the variance of the noise.

        So are they on average (Gudbjartsson and Patz, Magn Reson Med 1995, doi 10.1002/mrm.1910340618).
        """
        share = np.clip(self.voxels.maps[self._fat or ""], 0.0, 1.0)
        if not reading.denoised or self._fat_noise is None:
            return np.asarray(share)
        return np.asarray(np.sqrt(np.maximum(share**2 - 2.0 * self._fat_noise**2, 0.0)))

    def _hot_ml(self, weight: FloatArray, where: Mask, reading: _Reading) -> float:
        """Volume of hot voxels; of those without noise, what a normal distribution has there is taken off."""
        voxels, score = self.voxels, self.voxels.maps["stir_robust_z"]
        hot = where & (score >= self.hot_z + reading.shift)
        if reading.hot_border:
            hot = where & voxels.hot_ring | hot if reading.hot_border > 0 else hot & ~voxels.hot_edge
        found = float(weight @ hot)
        if reading.denoised:
            by_noise = 0.5 * erfc((self.hot_z + reading.shift) / sqrt(2)) * float(weight @ where)
            found = max(0.0, min(float(weight @ (hot & ~voxels.single)), found - by_noise))
        return found * self._voxel_ml


def _varied(
    counter: _Counter,
    where: Mask,
    heights: Mapping[int, Heights],
    end_error_mm: float,
    unlike: float,
    settings: MuscleIntervalSettings,
) -> dict[str, VariedNumber]:
    voxels = counter.voxels
    weight, plain = counter.weights(heights), draw_muscle(voxels)

    def measured(drawn: DrawnMuscle, reading: _Reading = _PLAIN) -> Numbers:
        return counter.numbers(where, weight, drawn, heights, reading)

    base = measured(plain)
    shift = settings.threshold_share
    threshold = (
        measured(draw_muscle(voxels, threshold=0.5 - shift)),
        measured(draw_muscle(voxels, threshold=0.5 + shift)),
    )
    border = measured(draw_muscle(voxels, border=-1)), measured(draw_muscle(voxels, border=1))
    bone = measured(draw_muscle(voxels, bone_border=-1)), measured(draw_muscle(voxels, bone_border=1))
    # the higher the threshold, the less is hot
    upwards = max(settings.hot_z_shift, counter.half_height(where) - counter.hot_z)
    hot = measured(plain, _Reading(upwards)), measured(plain, _Reading(-settings.hot_z_shift))
    hot_border = measured(plain, _Reading(hot_border=-1)), measured(plain, _Reading(hot_border=1))
    by_other = measured(plain, _Reading(unlike)), base
    denoised = measured(plain, _Reading(denoised=True)), base
    ends = {
        f"{end} end of the shared part": _shorter(counter, where, plain, heights, end, end_error_mm)
        for end in ("lower", "upper")
    }
    return {
        key: VariedNumber(
            value,
            common={
                "threshold": _scaled(value, key, threshold, 1.0),
                "boundary": _scaled(value, key, border, settings.boundary_voxels),
                "boundary of bone": _scaled(value, key, bone, settings.boundary_voxels),
                "threshold of hot voxels": _scaled(value, key, hot, 1.0),
                "noise": _scaled(value, key, denoised, 1.0 if key == "hot_ml" else settings.noise_factor),
            },
            own={
                "threshold of each scan": _scaled(value, key, threshold, settings.own_threshold_share / shift),
                "boundary of each scan": _scaled(value, key, border, settings.own_boundary_voxels),
                "boundary of bone in each scan": _scaled(value, key, bone, settings.own_boundary_voxels),
                **{name: _mirrored(value, found.get(key, value)) for name, found in ends.items()},
                "noise of each scan": _around(
                    value, key, denoised[0], 0.0 if key == "hot_ml" else settings.own_noise_factor
                ),
                "spread of STIR in the other scan": _scaled(value, key, by_other, 1.0),
                "boundary of hot voxels in each scan": _scaled(value, key, hot_border, settings.own_boundary_voxels),
                **_of_reference(counter.scan, key, value),
                **_of_femur(counter.scan, key, value),
            },
        )
        for key, value in base.items()
    }


def _drawn_borders(groups: LabelMap, voxels: MuscleVoxels) -> dict[str, tuple[Mask, Mask]]:
    return {
        label.key: voxels.drawn_borders[label.value] for label in groups.scheme if label.value in voxels.drawn_borders
    }


def _add_drawn_border(
    varied: dict[str, VariedNumber],
    counter: _Counter,
    drawn: tuple[Mask, Mask, Mask],
    heights: Mapping[int, Heights],
    settings: MuscleIntervalSettings,
) -> None:
    """Add to every number of a group how it moves where its border within the muscle was drawn further in or out."""
    where, ring, edge = drawn
    weight, plain = counter.weights(heights), draw_muscle(counter.voxels)
    found = tuple(counter.numbers(mask, weight, plain, heights) for mask in (where & ~edge, where | ring))
    for key, one in varied.items():
        limits = _scaled(one.value, key, (found[0], found[1]), settings.own_drawn_border_voxels)
        varied[key] = replace(one, own={**one.own, "drawn border in each scan": limits})


def _shorter(
    counter: _Counter, where: Mask, plain: DrawnMuscle, heights: Mapping[int, Heights], end: str, by_mm: float
) -> Numbers:
    """The numbers with one end moved inwards; where the image ends nothing is known of what lies beyond."""
    moved = {
        number: (low + by_mm, high) if end == "lower" else (low, high - by_mm)
        for number, (low, high) in heights.items()
    }
    # lengths stay: what is in doubt is where the part lies, not how long the other examination shows it
    return counter.numbers(where, counter.weights(moved), plain, heights)


def _scaled(value: float, key: str, limits: tuple[Numbers, Numbers], factor: float) -> tuple[float, float]:
    low, high = (value + factor * (found.get(key, value) - value) for found in limits)
    return low, high


def _around(value: float, key: str, found: Numbers, factor: float) -> tuple[float, float]:
    away = factor * abs(found.get(key, value) - value)
    return value - away, value + away


def _mirrored(value: float, less: float) -> tuple[float, float]:
    return less, 2 * value - less


def _of_reference(scan: MuscleMriResult, key: str, value: float) -> dict[str, tuple[float, float]]:
    """How far the level of the reference may be off moves the ratio over it."""
    if key != "stir_ratio_median" or scan.stir_reference is None:
        return {}
    error = scan.stir_reference.error_share
    return {"reference of STIR": (value * (1 - error), value * (1 + error))}


def _of_femur(scan: MuscleMriResult, key: str, value: float) -> dict[str, tuple[float, float]]:
    """Both ends of a femur are seen to half a slice."""
    lengths = [one.length_mm for one in scan.found.femurs.values() if one.length_mm is not None]
    if key != "muscle_ml_per_femur_cm" or not lengths:
        return {}
    error = scan.labels.geometry.spacing[0] / 2**0.5 / min(lengths)
    return {"length of the femur": (value * (1 - error), value * (1 + error))}
