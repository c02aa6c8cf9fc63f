"""What the muscles of each side and each drawn group measure: volume, cross-section, fat, oedema, symmetry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ctreview.muscle.curves import SliceCurve, slice_curve
from ctreview.muscle.femur import Femur
from ctreview.muscle.limb_segment import LimbSegment, both_key, limb_key
from ctreview.muscle.maps.tissue_map import TissueMap
from ctreview.muscle.measurement import MuscleMeasurement
from ctreview.muscle.morphology import distance_in_slices
from ctreview.muscle.scheme import SIDES, TISSUES, LimbSide, tissue_key
from ctreview.possible_values import require_possible
from ctreview.volume.geometry import Geometry, require_same_grid
from ctreview.volume.labels import LabelMap

__all__ = ["MeasureSettings", "MuscleMeasures", "asymmetry_percent", "measure_muscles"]

Mask = npt.NDArray[np.bool_]

FAT_FRACTIONS = ("proton_density_fat_fraction", "signal_fat_fraction")

LEAST_KNOWN = 0.95
"""Share of what lies inside the fascia that the fat map must show; a dark vessel in it is no reason to say more."""

PAIRED = ("muscle_ml", "lean_ml", "intermuscular_fat_ml", "subcutaneous_fat_ml", "largest_section_cm2", "section_cm2")
"""Measures that are set against the other side."""


@dataclass(frozen=True)
class MeasureSettings:
    """What is measured, and where.

    Attributes
    ----------
    femur_share : float
        Height of the cross-section, as a share of the femur's length from the knee.
    erode_mm : float
        Taken off the border, within slices, before the fat fraction of the inner part: there fat outside bleeds in.
    hot_z : float
        From this robust z on, a voxel of muscle is hot.
    """

    femur_share: float = 0.5
    erode_mm: float = 3.0
    hot_z: float = 3.0

    def __post_init__(self) -> None:
        require_possible(self, hot_z=(0.0, 100.0))


@dataclass(frozen=True, eq=False)
class MuscleMeasures:
    """All numbers of one examination.

    Attributes
    ----------
    measurements : tuple of MuscleMeasurement
    curves : tuple of SliceCurve
        One for each limb.
    femurs : mapping of str to Femur
        By the key of the limb.
    group_curves : tuple of SliceCurve
        One for each group that was drawn.
    """

    measurements: tuple[MuscleMeasurement, ...]
    curves: tuple[SliceCurve, ...] = field(repr=False)
    femurs: Mapping[str, Femur] = field(repr=False)
    group_curves: tuple[SliceCurve, ...] = field(default=(), repr=False)

    def __getitem__(self, where: tuple[str, str]) -> MuscleMeasurement:
        """The measurement of a region by its key."""
        return next(one for one in self.measurements if (one.region, one.key) == where)

    def value(self, region: str, key: str) -> float | None:
        """A number, or None where there is none."""
        return next((one.value for one in self.measurements if (one.region, one.key) == (region, key)), None)


def asymmetry_percent(right: float, left: float) -> float | None:
    """2 (L − R) / (L + R) in per cent; above 0 where the left is larger."""
    return None if right + left <= 0 else 200.0 * (left - right) / (left + right)


def measure_muscles(
    labels: LabelMap,
    sides: Sequence[LimbSide],
    femurs: Mapping[LimbSide, Femur],
    *,
    segment: LimbSegment = "thigh",
    maps: Sequence[TissueMap] = (),
    groups: LabelMap | None = None,
    joined: npt.NDArray[np.bool_] | None = None,
    settings: MeasureSettings | None = None,
) -> MuscleMeasures:
    """Measure each limb, and each group that was drawn.

    Parameters
    ----------
    labels : LabelMap
        By `ctreview.muscle.scheme.TISSUE_SCHEME`.
    sides : sequence of {"right", "left", "unknown"}
        Which limbs there are.
    femurs : mapping of side to Femur
    segment : {"thigh", "lower_leg"}
        What of the limbs is shown.
    maps : sequence of TissueMap
        Fat fraction, ratio and robust z of a fat-suppressed image, T2; on the grid of the labels.
    groups : LabelMap, optional
        Groups that a reader drew; on the same grid.
    joined : ndarray of bool, shape (slices,), optional
        Axial slices in which the limbs are joined: they belong to no limb, but groups are measured there too.
    settings : MeasureSettings, optional

    Raises
    ------
    GridMismatch
        A map or the groups lie on another grid.
    """
    settings = settings or MeasureSettings()
    geometry = require_same_grid(labels, *maps, *(() if groups is None else (groups,)))
    fat = next((one for one in maps if one.kind in FAT_FRACTIONS), None)
    share = None if fat is None else np.where(fat.valid, fat.array, np.float32(np.nan))
    found: list[MuscleMeasurement] = []
    curves = []
    limbs = labels if joined is None else replace(labels, array=np.where(joined[:, None, None], 0, labels.array))
    for side in sides:
        region = limb_key(side, segment)
        tissues = {tissue: limbs.mask(tissue_key(tissue, side)) for tissue in TISSUES}
        inside = tissues["muscle"] | tissues["intermuscular_fat"]
        curve = slice_curve(region, tissues, inside, geometry, share)
        curves.append(curve)
        found += _volumes(region, tissues, geometry, fat)
        found += _sections(region, curve, femurs[side], settings)
        found += _of_maps(region, inside, tissues["muscle"], maps, geometry, settings)
    group_curves = []
    told = np.asarray(labels.array.any(axis=(1, 2)))
    for group, side, drawn in () if groups is None else _drawn(groups):
        tissues = {tissue: drawn & labels.mask(*_keys(tissue, sides)) for tissue in ("muscle", "intermuscular_fat")}
        curve = slice_curve(group, tissues, drawn, geometry, share, told=told)
        group_curves.append(curve)
        found.append(_number(group, "group_ml", int(drawn.sum()) * geometry.voxel_ml, "mL"))
        found += _volumes(group, tissues, geometry, fat)
        found += _group_sections(group, curve, femurs.get(side), settings)
        found += _of_maps(group, drawn, tissues["muscle"], maps, geometry, settings)
    found += _asymmetries(found)
    femurs_of = {limb_key(side, segment): femurs[side] for side in sides}
    return MuscleMeasures(tuple(found), tuple(curves), femurs_of, tuple(group_curves))


def _keys(tissue: str, sides: Sequence[LimbSide]) -> list[str]:
    return [tissue_key(tissue, side) for side in sides]


def _drawn(groups: LabelMap) -> Iterator[tuple[str, LimbSide, Mask]]:
    """The groups that hold a voxel, each with the side that its key names."""
    for label in groups.scheme:
        drawn = groups.mask(label.key)
        if drawn.any():
            side: LimbSide = next((side for side in SIDES if label.key.startswith(f"{side}_")), "unknown")
            yield label.key, side, drawn


def _group_sections(
    group: str, curve: SliceCurve, femur: Femur | None, settings: MeasureSettings
) -> Iterator[MuscleMeasurement]:
    """Of a group that ends below the height, the section there is 0, unless the image ends too."""
    yield _number(group, "largest_section_cm2", float(np.nanmax(curve.area_cm2["muscle"], initial=0.0)), "cm2")
    if femur is not None:
        height = femur.height_mm(settings.femur_share)
        area = None if height is None else curve.area_at("muscle", height)
        reason = femur.reason if height is None else "" if area is not None else "The image does not reach that height."
        yield _number(group, "section_cm2", area, "cm2", reason=reason)


def _number(
    region: str, key: str, value: float | None, unit: str, *caveats: str, reason: str = ""
) -> MuscleMeasurement:
    return MuscleMeasurement(region, key, None if value is None else float(value), unit, reason, caveats)


def _volumes(
    region: str, tissues: Mapping[str, Mask], geometry: Geometry, fat: TissueMap | None
) -> Iterator[MuscleMeasurement]:
    for tissue, mask in tissues.items():
        yield _number(region, f"{tissue}_ml", int(np.count_nonzero(mask)) * geometry.voxel_ml, "mL")
    muscle, between = tissues["muscle"], tissues["intermuscular_fat"]
    if fat is None:
        lean = int(np.count_nonzero(muscle)) * geometry.voxel_ml
        yield _number(region, "lean_ml", lean, "mL", "lean_volume_by_threshold")
    else:
        inside = muscle | between
        known = fat.valid[inside]
        # where the map says nothing, muscle is lean and the fat between is not
        share = np.where(known, np.clip(fat.array[inside], 0.0, 1.0), between[inside])
        names = [check.name for check in fat.caveats if not check.ok]
        if np.count_nonzero(known) < LEAST_KNOWN * known.size:
            names.append("lean_volume_by_threshold")
        yield _number(region, "lean_ml", float((1.0 - share).sum(dtype=np.float64)) * geometry.voxel_ml, "mL", *names)


def _sections(region: str, curve: SliceCurve, femur: Femur, settings: MeasureSettings) -> Iterator[MuscleMeasurement]:
    areas = curve.area_cm2["muscle"]
    yield _number(region, "largest_section_cm2", float(np.nanmax(areas, initial=0.0)), "cm2")
    length = femur.length_mm
    yield _number(region, "femur_mm", length, "mm", reason=femur.reason)
    height = femur.height_mm(settings.femur_share)
    area = None if height is None else curve.area_at("muscle", height)
    reason = femur.reason if height is None else "" if area is not None else "The image does not reach that height."
    yield _number(region, "section_cm2", area, "cm2", reason=reason)
    volume = float(np.nansum(areas * np.gradient(curve.z_mm))) / 10.0 if len(areas) > 1 else None
    per_length = None if length is None or volume is None else volume / (length / 10.0)
    yield _number(region, "muscle_ml_per_femur_cm", per_length, "mL/cm", reason=femur.reason)
    bone = None
    if height is not None:
        parts = [curve.area_at(tissue, height) for tissue in ("bone_cortex", "bone_marrow")]
        bone = None if None in parts else sum(part for part in parts if part is not None)
    ratio = None if not bone or area is None else area / bone
    yield _number(region, "section_per_bone_section", ratio, "{ratio}", reason=reason)


def _of_maps(
    region: str,
    inside: Mask,
    muscle: Mask,
    maps: Sequence[TissueMap],
    geometry: Geometry,
    settings: MeasureSettings,
) -> Iterator[MuscleMeasurement]:
    inner = distance_in_slices(inside, geometry.spacing) > settings.erode_mm if maps else inside
    for one in maps:
        caveats = tuple(check.name for check in one.caveats if not check.ok)
        if one.kind in FAT_FRACTIONS:
            yield from _fractions(region, "fat_fraction", one, inside, caveats)
            yield from _fractions(region, "fat_fraction_inner", one, inner, caveats)
        elif one.kind == "stir_robust_z":
            yield from _hot(region, one, muscle & inner, geometry, caveats, settings)
        else:
            values = one.array[muscle & inner & one.valid]
            median = float(np.median(values)) if len(values) else None
            yield _number(region, f"{one.kind}_median", median, one.unit, *caveats)


def _fractions(
    region: str, key: str, fat: TissueMap, where: Mask, caveats: tuple[str, ...]
) -> Iterator[MuscleMeasurement]:
    values = 100.0 * fat.array[where & fat.valid].astype(np.float64)
    yield _number(region, f"{key}_mean", float(values.mean()) if len(values) else None, "%", *caveats)
    yield _number(region, f"{key}_median", float(np.median(values)) if len(values) else None, "%", *caveats)
    for percentile in (5, 25, 75, 95):
        found = float(np.percentile(values, percentile)) if len(values) else None
        yield _number(region, f"{key}_p{percentile:02d}", found, "%", *caveats)


def _hot(
    region: str,
    score: TissueMap,
    where: Mask,
    geometry: Geometry,
    caveats: tuple[str, ...],
    settings: MeasureSettings,
) -> Iterator[MuscleMeasurement]:
    looked_at = where & score.valid
    count, hot = int(np.count_nonzero(looked_at)), int(np.count_nonzero(looked_at & (score.array >= settings.hot_z)))
    yield _number(region, "hot_percent", 100.0 * hot / count if count else None, "%", *caveats)
    yield _number(region, "hot_ml", hot * geometry.voxel_ml if count else None, "mL", *caveats)


def _asymmetries(found: Sequence[MuscleMeasurement]) -> list[MuscleMeasurement]:
    """Of both limbs, and of each group that is drawn on both sides; what is missing on one side is missing here."""
    by = {(one.region, one.key): one for one in found}
    regions = dict.fromkeys(one.region for one in found)
    pairs = [one.removeprefix("right_") for one in regions if one.startswith("right_")]
    rows = []
    for region in pairs:
        for key in PAIRED:
            right, left = by.get((f"right_{region}", key)), by.get((f"left_{region}", key))
            if right is None or left is None:
                continue
            value = None
            if right.value is not None and left.value is not None:
                value = asymmetry_percent(right.value, left.value)
            name = f"{key.rpartition('_')[0]}_asymmetry"
            rows.append(_number(both_key(region), name, value, "%", reason=right.reason or left.reason))
    return rows
