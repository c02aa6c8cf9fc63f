"""Real scans made worse in a known way: blurred, thicker, noisier, with gaps, moved, cut; the patient stays as is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, shift, zoom

from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume


def blurred(volume: Volume, in_plane_mm: float, through_plane_mm: float = 0.0) -> Volume:
    """Blurred further by Gaussians of these standard deviations."""
    sigma = np.array([through_plane_mm, in_plane_mm, in_plane_mm]) / volume.geometry.spacing
    return volume.with_array(_rounded(volume, gaussian_filter(volume.array.astype(np.float32), sigma, mode="nearest")))


def thicker(volume: Volume, slices: int) -> Volume:
    """So many slices averaged to one."""
    count = volume.array.shape[0] // slices
    parts = volume.array[: count * slices].reshape(count, slices, *volume.array.shape[1:])
    return _with_slices(volume, _rounded(volume, parts.mean(axis=1, dtype=np.float32)), slices, 0.5 * (slices - 1))


def averaged(volume: Volume, thickness_mm: float) -> Volume:
    """Slices of this thickness, one beside the other, each the mean of what lies in it."""
    own = volume.geometry.spacing[0]
    count = int(volume.array.shape[0] * own / thickness_mm)
    edges = np.arange(count + 1) * thickness_mm / own
    # the sum of all slices up to a height is linear within a slice
    sums = np.zeros((volume.array.shape[0] + 1, *volume.array.shape[1:]), dtype=np.float32)
    np.cumsum(volume.array + np.float32(1024.0), axis=0, out=sums[1:])
    low = np.minimum(edges.astype(int), volume.array.shape[0] - 1)
    part = (edges - low).astype(np.float32)[:, None, None]
    at = sums[low] * (1 - part) + sums[low + 1] * part
    factor = thickness_mm / own
    thick = _with_slices(volume, _rounded(volume, np.diff(at, axis=0) / factor - 1024.0), factor, 0.5 * (factor - 1))
    return replace(thick, acquisition=replace(volume.acquisition, slice_thickness_mm=thickness_mm))


def with_gaps(volume: Volume, slices: int) -> Volume:
    """One of so many slices."""
    return _with_slices(volume, volume.array[::slices].copy(), slices, 0.0)


def noisier(volume: Volume, sd_hu: float, *, grain_voxels: float = 0.7, seed: int = 1) -> Volume:
    """Noise of this standard deviation added, as fine as a kernel's."""
    white = np.random.default_rng(seed).standard_normal(volume.array.shape, dtype=np.float32)
    noise = gaussian_filter(white, [0.3, grain_voxels, grain_voxels])
    return volume.with_array(_rounded(volume, volume.array + noise * np.float32(sd_hu / noise.std())))


def moved_by_voxels(volume: Volume, share: float) -> Volume:
    """Imaged on a grid that lies this share of a voxel off in all directions."""
    array = shift(volume.array.astype(np.float32), (-share, -share, -share), order=3, mode="nearest")
    affine = volume.geometry.affine.copy()
    affine[:3, 3] = volume.geometry.to_lps(np.array([share, share, share]))
    return replace(volume, array=_rounded(volume, array), geometry=replace(volume.geometry, affine=affine))


def resampled(volume: Volume, factor: float) -> Volume:
    """On a grid of pixels larger by this factor, by cubic splines."""
    array = zoom(volume.array.astype(np.float32), (1.0, 1 / factor, 1 / factor), order=3, mode="nearest")
    affine = volume.geometry.affine.copy()
    for axis in (1, 2):  # the first and the last pixel keep their places
        affine[:3, axis] *= (volume.array.shape[axis] - 1) / (array.shape[axis] - 1)
    shape = (array.shape[0], array.shape[1], array.shape[2])
    return replace(
        volume, array=_rounded(volume, array), geometry=Geometry(shape, affine, volume.geometry.frame_of_reference)
    )


def cut(volume: Volume, lowest: float, around: float = 0.0) -> Volume:
    """Without a share of the slices at the lower end, and of rows and columns on each side."""
    n, rows, columns = volume.array.shape
    first, a, b = round(lowest * n), round(around * rows), round(around * columns)
    array = volume.array[first:, a : rows - a, b : columns - b].copy()
    affine = volume.geometry.affine.copy()
    affine[:3, 3] = volume.geometry.to_lps(np.array([first, a, b]))
    shape = (array.shape[0], array.shape[1], array.shape[2])
    return replace(volume, array=array, geometry=Geometry(shape, affine, volume.geometry.frame_of_reference))


def shifted(volume: Volume, millimetres: float) -> Volume:
    """The same image, told to lie a little further to the head."""
    affine = volume.geometry.affine.copy()
    affine[2, 3] += millimetres
    return replace(volume, geometry=Geometry(volume.geometry.shape, affine, f"{volume.geometry.frame_of_reference}.1"))


def _with_slices(volume: Volume, array: npt.NDArray[np.int16], factor: float, middle: float) -> Volume:
    affine = volume.geometry.affine.copy()
    affine[:3, 3] = volume.geometry.to_lps(np.array([middle, 0.0, 0.0]))
    affine[:3, 0] *= factor
    shape = (array.shape[0], array.shape[1], array.shape[2])
    geometry = Geometry(shape, affine, volume.geometry.frame_of_reference)
    outside = None if volume.unmeasured is None else volume.unmeasured[::factor][: shape[0]]
    return replace(volume, array=array, geometry=geometry, unmeasured=outside)


def _rounded(volume: Volume, values: npt.NDArray[np.floating]) -> npt.NDArray[np.int16]:
    """Cut off where the scan itself is: a cut of its own would move what air reads."""
    return np.clip(np.rint(values), int(volume.array.min()), 3071).astype(np.int16)
