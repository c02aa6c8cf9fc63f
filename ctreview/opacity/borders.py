"""Where the lung borders on heart, mediastinum and diaphragm, which move and lie aslant to the slices."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ctreview.opacity.neighbourhood import near_box

__all__ = ["moving_organs", "shared_with_moving"]

Bools = npt.NDArray[np.bool_]


def moving_organs(lung: Bools) -> Bools:
    """Heart, mediastinum and diaphragm: what lies between the lungs' sides, or below lung in its column."""
    before = np.logical_or.accumulate(lung, axis=2)
    after = np.logical_or.accumulate(lung[:, :, ::-1], axis=2)[:, :, ::-1]
    above = np.logical_or.accumulate(lung[::-1], axis=0)[::-1]
    return np.asarray(((before & after) | above) & ~lung)


def shared_with_moving(lung: Bools, slice_mm: float, resolution_mm: float) -> Bools:
    """Lung that heart, mediastinum or diaphragm follow on in the next slice, where slices are thick.

    These organs move, so that their border is wider than the point spread of what is at rest, and in a slice thicker
    than the resolution wanted a voxel beside them holds an unknown share of them.
    """
    if round(slice_mm, 3) <= resolution_mm:
        return np.zeros(lung.shape, dtype=bool)
    return lung & near_box(moving_organs(lung), (1, 0, 0))
