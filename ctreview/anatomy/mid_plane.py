"""Where the patient's right ends and the left begins, in images of the trunk, of both limbs or of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ctreview.volume.volume import Volume

__all__ = ["MidPlane", "MidPlaneMethod", "find_mid_plane"]

MidPlaneMethod = Literal["gap between the limbs", "middle of the body", "patient's x = 0", "reader"]

_SOFT_TISSUE_HU = -300.0
_EDGE_SHARE = 0.02
"""A sagittal plane belongs to the body where it holds so much of what the fullest one does; noise and edges do not."""

_GAP_SHARE = 0.25
"""Between two limbs the sagittal planes hold less than this share of what the fullest one on each side holds."""


@dataclass(frozen=True)
class MidPlane:
    """The sagittal plane that parts right from left.

    Attributes
    ----------
    x_mm : float
        LPS millimetres: what lies below is the patient's right, the rest the left.
    method : str
        What says so.
    """

    x_mm: float
    method: MidPlaneMethod


def find_mid_plane(volume: Volume) -> MidPlane:
    """Find the plane between right and left.

    Tissue is counted in each sagittal plane. A gap in the middle is that between two limbs. Where the body lies wholly
    to one side of the patient's x = 0, which is the middle of the scanner, it is one limb; only DICOM says where that
    is. Else the plane goes through the middle between the body's right and left skin. A single limb that was moved
    into the middle of the scanner cannot be told from a trunk: there the reader says where the middle is.

    Parameters
    ----------
    volume : Volume
        MR or CT in patient coordinates.
    """
    profile, x = _tissue_by_x(volume)
    inside = np.flatnonzero(profile > _EDGE_SHARE * profile.max(initial=0.0))
    if not len(inside):
        return MidPlane(0.0, "patient's x = 0")
    first, last = int(inside[0]), int(inside[-1])
    gap = _gap(profile[first : last + 1])
    if gap is not None:
        return MidPlane(float(np.interp(first + gap, np.arange(len(x)), x)), "gap between the limbs")
    known = not volume.geometry.frame_of_reference.startswith("source:")
    if known and not x[first] < 0.0 < x[last]:
        return MidPlane(0.0, "patient's x = 0")
    return MidPlane(float(x[first] + x[last]) / 2, "middle of the body")


def _tissue_by_x(volume: Volume) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """How many voxels of tissue lie at each x, and the x, in steps of the grid."""
    array = volume.array
    tissue = array > _threshold(volume)
    row = volume.geometry.affine[0]
    planes, rows, columns = (np.arange(n) for n in array.shape)
    # where the grid is oblique, x runs along more than one axis
    x = row[0] * planes[:, None, None] + row[1] * rows[None, :, None] + row[2] * columns[None, None, :] + row[3]
    low, high = float(x.min()), float(x.max())
    bins = max(2, round((high - low) / volume.geometry.spacing[2]) + 1)
    edges = np.linspace(low, high, bins)
    steps = np.rint((x - low) / max(high - low, 1e-6) * (bins - 1)).astype(np.int64)
    counts = np.bincount(np.broadcast_to(steps, array.shape)[tissue], minlength=bins).astype(float)
    return counts, edges


def _threshold(volume: Volume) -> float:
    """Above this is tissue; in MR a tenth of what is bright, as air holds only noise."""
    if volume.unit == "HU":
        return _SOFT_TISSUE_HU
    step = tuple(slice(None, None, max(1, n // 64)) for n in volume.array.shape)
    values = np.asarray(volume.array[step], dtype=float)
    bright = values[values > np.median(values)]
    return 0.1 * float(np.percentile(bright, 95)) if bright.size else float("inf")


def _gap(profile: npt.NDArray[np.float64]) -> float | None:
    """The middle of the emptiest planes of the middle third; None where they are as full as those beside them."""
    third = len(profile) // 3
    if third < 1:
        return None
    middle = profile[third : 2 * third + 1]
    least = float(middle.min())
    if least > _GAP_SHARE * min(float(profile[:third].max()), float(profile[-third:].max())):
        return None
    return third + float(np.flatnonzero(middle <= least).mean())
