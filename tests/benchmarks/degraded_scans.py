"""Real scans made worse in a known way: blurred, of thicker slices, noisier, with gaps; the patient stays the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume


def blurred(volume: Volume, in_plane_mm: float, through_plane_mm: float = 0.0) -> Volume:
    """Blurred further by Gaussians of these standard deviations."""
    sigma = np.array([through_plane_mm, in_plane_mm, in_plane_mm]) / volume.geometry.spacing
    return volume.with_array(_rounded(gaussian_filter(volume.array.astype(np.float32), sigma, mode="nearest")))


def thicker(volume: Volume, slices: int) -> Volume:
    """So many slices averaged to one."""
    count = volume.array.shape[0] // slices
    parts = volume.array[: count * slices].reshape(count, slices, *volume.array.shape[1:])
    return _with_slices(volume, _rounded(parts.mean(axis=1, dtype=np.float32)), slices, 0.5 * (slices - 1))


def with_gaps(volume: Volume, slices: int) -> Volume:
    """One of so many slices."""
    return _with_slices(volume, volume.array[::slices].copy(), slices, 0.0)


def noisier(volume: Volume, sd_hu: float, *, grain_voxels: float = 0.7, seed: int = 1) -> Volume:
    """Noise of this standard deviation added, as fine as a kernel's."""
    white = np.random.default_rng(seed).standard_normal(volume.array.shape, dtype=np.float32)
    noise = gaussian_filter(white, [0.3, grain_voxels, grain_voxels])
    return volume.with_array(_rounded(volume.array + noise * np.float32(sd_hu / noise.std())))


def shifted(volume: Volume, millimetres: float) -> Volume:
    """The same image, told to lie a little further to the head."""
    affine = volume.geometry.affine.copy()
    affine[2, 3] += millimetres
    return replace(volume, geometry=Geometry(volume.geometry.shape, affine, f"{volume.geometry.frame_of_reference}.1"))


def _with_slices(volume: Volume, array: npt.NDArray[np.int16], factor: int, middle: float) -> Volume:
    affine = volume.geometry.affine.copy()
    affine[:3, 3] = volume.geometry.to_lps(np.array([middle, 0.0, 0.0]))
    affine[:3, 0] *= factor
    shape = (array.shape[0], array.shape[1], array.shape[2])
    return replace(volume, array=array, geometry=Geometry(shape, affine, volume.geometry.frame_of_reference))


def _rounded(values: npt.NDArray[np.floating]) -> npt.NDArray[np.int16]:
    return np.clip(np.rint(values), -1024, 3071).astype(np.int16)
