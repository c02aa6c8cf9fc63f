"""Lobes whose fissures are not known, in lungs that changed: what was added belongs to the nearest lobe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from ctreview.anatomy.lobes.scheme import LOBES_OF_LUNG
from ctreview.volume.box import bounding_box
from ctreview.volume.labels import LabelMap

__all__ = ["WITHIN_MM", "in_nearest_lobes"]

WITHIN_MM = 40.0
"""About how far around lung without a lobe one is looked for; beyond, it belongs to none."""


def in_nearest_lobes(lobes: LabelMap, lungs: LabelMap) -> LabelMap:
    """Lobes that end where the lungs do, with all lung in the nearest lobe of its own side.

    Parameters
    ----------
    lobes : LabelMap
        Under the keys of `LOBES`.
    lungs : LabelMap
        On its grid. A lung of which no lobe is known has none.
    """
    found = np.zeros_like(lobes.array)
    known_keys = {label.key for label in lobes.scheme}
    for side, keys in LOBES_OF_LUNG.items():
        lung = lungs.mask(side)
        own = [key for key in keys if key in known_keys]
        if not own or not lung.any():
            continue
        known = lung & lobes.mask(*own)
        found[known] = lobes.array[known]
        if known.any():
            _fill(found, lung & ~known, known, lobes.geometry.spacing)
    return replace(lobes, array=found)


def _fill(
    found: npt.NDArray[np.generic],
    missing: npt.NDArray[np.bool_],
    known: npt.NDArray[np.bool_],
    spacing: tuple[float, ...],
) -> None:
    """Write into what is missing the value of the nearest voxel that is known."""
    if not missing.any():
        return
    box = bounding_box(missing, [int(np.ceil(WITHIN_MM / step)) for step in spacing])
    if not known[box].any():
        return
    nearest = distance_transform_edt(~known[box], sampling=spacing, return_distances=False, return_indices=True)
    part, inside = found[box], missing[box]
    part[inside] = part[tuple(axis[inside] for axis in nearest)]
