"""The sample of muscle MRI: the phantom child's thighs at two dates, as DICOM, with the answer.

Small on purpose: thick slices, whole numbers, lossless compression.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ctreview.phantom.muscle.body import Legs, make_legs
from ctreview.phantom.muscle.child import muscle_child_settings
from ctreview.phantom.muscle.dicom import write_examination
from ctreview.phantom.muscle.scanner import MrScanner
from ctreview.phantom.muscle.scans import scan_dixon, scan_stir, scan_t1
from ctreview.phantom.muscle.schemes import SIDES
from ctreview.phantom.muscle.settings import LegsSettings
from ctreview.volume.volume import Volume

__all__ = ["make_muscle_sample", "muscle_answer", "write_muscle_sample"]

_DIXON_MM, _THICK_MM = (6.0, 1.6, 1.6), 8.0
"""Voxels of water and fat, and the slices of STIR and T1."""
_MOVED_MM = (2.5, -2.0, 0.0)
"""How far the child moved at the first date between water and fat, and STIR."""
_HIGHER_MM = 12.0
"""By how much more of the hip, and less of the knee, the second date shows."""


def make_muscle_sample() -> tuple[Legs, Legs]:
    """Make the child on the grids of the sample, before and after."""
    before, after = (replace(one, spacing=_DIXON_MM, pelvis=False) for one in muscle_child_settings())
    first, second = make_legs(before), make_legs(after)
    grid = second.geometry
    higher = grid.affine.copy()
    higher[2, 3] += _HIGHER_MM
    return first, make_legs(replace(after, geometry=replace(grid, affine=higher)))


def write_muscle_sample(folder: Path | str) -> Mapping[str, Any]:
    """Write water, fat, STIR and T1 of both dates, and give the answer.

    Parameters
    ----------
    folder : path
        Gets ``before/`` and ``after/``, each with a folder for each series.

    Returns
    -------
    mapping
        As `muscle_answer`.
    """
    before, after = make_muscle_sample()
    for name, legs, moved in (("before", before, _MOVED_MM), ("after", after, (0.0, 0.0, 0.0))):
        dixon, other = scan_dixon(legs), make_legs(_in_thick_slices(legs, moved))
        scanner = MrScanner(seed=2)
        images = (dixon.water, dixon.fat, scan_stir(other, scanner), scan_t1(other, scanner))
        write_examination([[_whole_numbers(one)] for one in images], Path(folder) / name, compression="jpeg-ls")
    return muscle_answer(before, after)


def muscle_answer(before: Legs, after: Legs) -> dict[str, Any]:
    """What is true of both dates: millilitres, fat, oedema and femurs of each thigh, ready for JSON.

    ``shared_part`` is what both dates show, between two shares of the femur's length from the knee. There
    ``lean_ml`` and ``fat_fraction_mean`` are of all that lies inside the fascia, the fat between muscles too.
    """
    shown = [_shown_share(legs) for legs in (before, after)]
    common = max(low for low, _ in shown), min(high for _, high in shown)
    return {
        "schema": "ctreview.muscle_answer/1",
        "baseline": _truth(before, common),
        "followup": _truth(after, common),
        "shared_part": [round(share, 4) for share in common],
        "assumed": "Sizes, fat and relaxation of the child are invented; see ctreview.phantom.muscle.settings.",
    }


def _femur(legs: Legs) -> tuple[float, float]:
    """LPS z of knee and hip."""
    hip = legs.settings.offset[2]
    return hip - legs.settings.femur_length_mm, hip


def _shown_share(legs: Legs) -> tuple[float, float]:
    """What the slices show, each as thick as it is, in shares of the femur's length from the knee."""
    knee, hip = _femur(legs)
    faces = legs.geometry.to_lps([(-0.5, 0, 0), (legs.geometry.shape[0] - 0.5, 0, 0)])[:, 2]
    low, high = ((face - knee) / (hip - knee) for face in faces.tolist())
    return low, high


def _truth(legs: Legs, common: tuple[float, float]) -> dict[str, Any]:
    knee, hip = _femur(legs)
    return {
        "femur_mm": [round(knee, 2), round(hip, 2)],
        "regions": {f"{side}_thigh": _truth_of_side(legs, side, common) for side in SIDES},
    }


def _truth_of_side(legs: Legs, side: str, common: tuple[float, float]) -> dict[str, Any]:
    voxel_ml = legs.geometry.voxel_ml
    muscle = legs.compartments.mask(f"{side}_muscle")
    between = legs.compartments.mask(f"{side}_intermuscular_fat")
    inside = muscle | between
    fat = np.where(inside, legs.fat_fraction.array, 0.0).sum(axis=(1, 2), dtype=np.float64)
    count = inside.sum(axis=(1, 2))
    slices = legs.geometry.shape[0]
    low, high = _shown_share(legs)
    first, last = (slices * (share - low) / (high - low) for share in common)
    level = np.arange(slices)
    shown = np.clip(np.minimum(level + 1, last) - np.maximum(level, first), 0, 1)
    return {
        "muscle_ml": round(int(muscle.sum()) * voxel_ml, 2),
        "intermuscular_fat_ml": round(int(between.sum()) * voxel_ml, 2),
        "oedema_ml": round(int((legs.oedema & muscle).sum()) * voxel_ml, 2),
        "shared_part": {
            "lean_ml": round(float(shown @ (count - fat)) * voxel_ml, 2),
            "fat_fraction_mean": round(100 * float(shown @ fat) / float(shown @ count), 2),
            "hot_ml": round(float(shown @ (legs.oedema & muscle).sum(axis=(1, 2))) * voxel_ml, 2),
        },
    }


def _in_thick_slices(legs: Legs, moved_mm: tuple[float, float, float]) -> LegsSettings:
    """The same body on a grid of thicker slices over the same part, moved on the couch."""
    grid = legs.geometry
    thick = grid.resized((_THICK_MM, *grid.spacing[1:]))
    x, y, z = (a + b for a, b in zip(legs.settings.offset, moved_mm, strict=True))
    return replace(legs.settings, geometry=thick, offset=(x, y, z))


def _whole_numbers(volume: Volume) -> Volume:
    """At half the brightness, noise of the standard scanner is three grey levels: fine enough, and it compresses."""
    return volume.with_array(np.rint(volume.array / 2).astype(np.int16))
