"""Where the real scans of tests and benchmarks lie, and the healthy one as a host for lesions of known place."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctreview.phantom import Host
    from ctreview.volume.volume import Volume

REPOSITORY = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("CTREVIEW_DATA") or REPOSITORY.parent / "shared" / "data")
"""The folder of real images, never part of the repository; not always at hand."""


@lru_cache(maxsize=1)
def healthy_host(factor: int = 1, *, thinned: bool = False) -> Host | None:
    """The scan read as normal with its lungs and vessels, so many times coarser within the slice.

    Parameters
    ----------
    factor : int
    thinned : bool
        Leave voxels out and keep the others as they are, noise and all, instead of resampling.

    Returns
    -------
    Host or None
        None where the scan is not at hand.
    """
    from ctreview.anatomy import find_lungs, find_vessels
    from ctreview.phantom import Host
    from ctreview.volume.load import load_volume

    folder = DATA / "normal001" / "dicom"
    if not folder.is_dir():
        return None
    found = load_volume(folder)
    volume = (thinned_out if thinned else coarser)(found, factor).canonical()
    lungs = find_lungs(volume)
    return Host(volume, lungs, find_vessels(volume, lungs))


def coarser(volume: Volume, factor: int) -> Volume:
    """The scan resampled to a coarser grid within the slice; one that is coarse already stays."""
    from ctreview.volume.resample import resample

    a, b, c = volume.geometry.spacing
    if factor == 1 or max(volume.geometry.shape) < 256:
        return volume
    return resample(volume, volume.geometry.resized((a, b * factor, c * factor)))


def thinned_out(volume: Volume, factor: int) -> Volume:
    """Every second, third … voxel of each row and column within the slice."""
    from ctreview.volume.geometry import Geometry

    array = volume.array[:, ::factor, ::factor]
    affine = volume.geometry.affine.copy()
    affine[:3, 1:3] *= factor
    shape = (array.shape[0], array.shape[1], array.shape[2])
    outside = None if volume.unmeasured is None else volume.unmeasured[:, ::factor, ::factor]
    geometry = Geometry(shape, affine, volume.geometry.frame_of_reference)
    return replace(volume, array=array, geometry=geometry, unmeasured=outside)
