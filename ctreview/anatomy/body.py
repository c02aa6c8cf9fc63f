"""What is patient, what is the air around, and what is air inside."""

from __future__ import annotations

from dataclasses import dataclass

import cc3d
import numpy as np

from ctreview.anatomy.coarse import CoarseImage, Mask, opened
from ctreview.volume.distance import dilated

__all__ = ["AIR_HU", "BONE_HU", "OUTSIDE_AIR_HU", "Body", "find_body"]

OUTSIDE_AIR_HU = -968.0
"""Median of air around a patient lies below; that of a lung, severe emphysema included, above (its vessels and walls
count in the median of a coarse grid)."""

AIR_HU = -400.0
"""Half-way between aerated lung and soft tissue."""

BONE_HU = 150.0
"""Means of blocks above are bone, or blood full of contrast; lung is not."""


@dataclass(frozen=True)
class Body:
    """Masks of blocks.

    Attributes
    ----------
    tissue : ndarray of bool
        Soft tissue and bone of the patient, without table and blankets.
    air : ndarray of bool
        Everything that is more air than tissue and not around the patient: lung, airways, bowel gas.
    between_tissue : ndarray of bool
        What has the patient's tissue both in front and behind.
    gas_hu : float
        A space whose median lies below holds nothing but gas: a little above the air around the patient, which
        calibrates the scan.
    spine_left : float or None
        Where the spine is along axis 2 (a fractional index); None where none was found.
    """

    tissue: Mask
    air: Mask
    between_tissue: Mask
    gas_hu: float
    spine_left: float | None


def find_body(coarse: CoarseImage, unmeasured: Mask | None = None) -> Body:
    """Tell the patient from table and air; works where the field of view is smaller than the patient.

    ``unmeasured`` holds the blocks beyond a round field of view that cuts the patient.
    """
    hu, spacing = coarse.array, coarse.spacing
    air = hu < AIR_HU
    outside = _outside(coarse, air, unmeasured)
    width = hu.shape[2] * spacing[2]
    tissue = opened(hu > -300, min(6.0, 0.015 * width), spacing)
    tissue = np.asarray(cc3d.largest_k(tissue, k=1, connectivity=6) > 0)
    before = np.logical_or.accumulate(tissue, axis=1)
    behind = np.logical_or.accumulate(tissue[:, ::-1], axis=1)[:, ::-1]
    gas_hu = float(np.median(hu[outside])) + 32.0 if outside.any() else OUTSIDE_AIR_HU
    return Body(tissue, air & ~outside, before & behind, gas_hu, _spine(coarse, width))


def _outside(coarse: CoarseImage, air: Mask, unmeasured: Mask | None) -> Mask:
    """Wide spaces as thin as air that reach the border within the slice, or that of the field of view."""
    # opening keeps the nose, the mouth and the trachea from joining the lungs to the air around
    radius = 10.0
    wide = cc3d.connected_components(opened(air, radius, coarse.spacing), connectivity=6)
    rim = np.concatenate([wide[:, [0, -1]].ravel(), wide[:, :, [0, -1]].ravel()])
    if unmeasured is not None:
        rim = np.concatenate([rim, wide[dilated(unmeasured, 4.0, coarse.spacing)]])
    outside = np.zeros(air.shape, dtype=bool)
    for label in np.unique(rim[rim > 0]):
        part = wide == label
        if np.median(coarse.array[part]) < OUTSIDE_AIR_HU:
            outside |= part
    # what the ball could not reach: the corners between body and table
    return dilated(outside, 4.0, coarse.spacing) & air


def _spine(coarse: CoarseImage, width: float) -> float | None:
    """The bone that is thick in every direction and goes through more slices than any other.

    Shoulder blades and upper arms may be larger, but end where the chest goes on.
    """
    thick = opened(coarse.array > 140, min(5.0, 0.014 * width), coarse.spacing)
    if not thick.any():
        return None
    slices = np.count_nonzero(thick.any(axis=1), axis=0)
    # a short image ends before shoulder blades do: among bones that go equally far, the one nearest the middle
    farthest = np.flatnonzero(slices >= 0.95 * slices.max())
    most = int(farthest[np.abs(farthest - 0.5 * len(slices)).argmin()])
    # with its neighbours that go nearly as far: the width of the vertebral bodies
    enough = np.flatnonzero(slices < 0.6 * slices[most])
    begin = int(enough[enough < most].max(initial=-1)) + 1
    end = int(enough[enough > most].min(initial=len(slices)))
    return float(np.average(np.arange(begin, end), weights=slices[begin:end]))
