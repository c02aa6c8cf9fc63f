"""Volumes and label maps brought onto another grid, by place or through a transform."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk  # noqa: N813

from ctreview.errors import GridMismatch
from ctreview.volume.geometry import Geometry, require_frame
from ctreview.volume.labels import LabelMap
from ctreview.volume.transform import Transform
from ctreview.volume.values import AIR_HU
from ctreview.volume.volume import Volume

__all__ = [
    "Interpolation",
    "affine_of_image",
    "itk_transform",
    "require_box",
    "resample",
    "resample_labels",
    "sitk_image",
    "unwarp_labels",
    "warp",
    "warp_labels",
]

Interpolation = Literal["nearest", "linear", "cubic"]

SQUARE = 2e-3
"""Cosine between two axes up to which they count as perpendicular: 0.1°, as where a series is read."""

_SLAB_VOXELS = 1 << 23
"""Sampled at a time: 32 MB as float32."""


def resample(
    volume: Volume, geometry: Geometry, *, interpolation: Interpolation = "linear", fill: float | None = None
) -> Volume:
    """Sample a volume at the voxels of another grid in the same patient space.

    Parameters
    ----------
    volume : Volume
        What is sampled. Its grid may be oblique or sheared.
    geometry : Geometry
        Where to. Its frame of reference must be that of the volume.
    interpolation : {"linear", "nearest", "cubic"}
        Cubic is a B-spline through the samples, which overshoots at edges.
    fill : float, optional
        The value outside the volume; by default air (−1024) for HU, else 0.

    Returns
    -------
    Volume
        On ``geometry``, of the volume's own number type.

    Raises
    ------
    GridMismatch
        The frames of reference differ, so that equal coordinates are not equal places.
    """
    require_frame(volume.geometry, geometry)
    array = _sampled(volume.array, volume.geometry, geometry, None, interpolation, _fill(volume, fill))
    return Volume(array, geometry, volume.unit, volume.acquisition, volume.notes)


def resample_labels(labels: LabelMap, geometry: Geometry) -> LabelMap:
    """Bring a label map onto another grid in the same patient space; each voxel takes its nearest label.

    Raises
    ------
    GridMismatch
        The frames of reference differ.
    """
    require_frame(labels.geometry, geometry)
    array = _sampled(labels.array, labels.geometry, geometry, None, "nearest", 0)
    return LabelMap(array, geometry, labels.scheme, labels.checks)


def warp(
    moving: Volume, transform: Transform, *, interpolation: Interpolation = "linear", fill: float | None = None
) -> Volume:
    """Bring the moving volume onto the grid of the transform's fixed image.

    Returns
    -------
    Volume
        On ``transform.fixed``: at each voxel what lies where the transform sends it.

    Raises
    ------
    GridMismatch
        The volume does not lie in the frame of the transform's moving image.
    """
    require_frame(moving.geometry, transform.moving)
    array = _sampled(moving.array, moving.geometry, transform.fixed, transform, interpolation, _fill(moving, fill))
    return Volume(array, transform.fixed, moving.unit, moving.acquisition, moving.notes)


def warp_labels(moving: LabelMap, transform: Transform) -> LabelMap:
    """Bring a label map of the moving image onto the grid of the fixed one; each voxel takes its nearest label.

    Raises
    ------
    GridMismatch
        The labels do not lie in the frame of the transform's moving image.
    """
    require_frame(moving.geometry, transform.moving)
    array = _sampled(moving.array, moving.geometry, transform.fixed, transform, "nearest", 0)
    return LabelMap(array, transform.fixed, moving.scheme, moving.checks)


def unwarp_labels(fixed: LabelMap, transform: Transform) -> LabelMap:
    """Bring a label map of the fixed image onto the grid of the moving one; each voxel takes its nearest label.

    The inverse of the transform is found point by point, which takes long; so only where labels are is looked at.

    Raises
    ------
    GridMismatch
        The labels do not lie in the frame of the transform's fixed image.
    """
    require_frame(fixed.geometry, transform.fixed)
    grid, source = transform.moving, fixed.geometry
    array = np.zeros(grid.shape, dtype=fixed.array.dtype)
    labelled = np.argwhere(fixed.array > 0)
    if len(labelled):
        # the surroundings of every labelled voxel's image hold every voxel that can get its label
        ends = grid.to_index(transform.to_moving(source.to_lps(labelled)))
        margin = 1 + np.ceil(max(source.spacing) / np.array(grid.spacing))
        low = np.clip(np.floor(ends.min(axis=0) - margin), 0, grid.shape).astype(int)
        high = np.clip(np.ceil(ends.max(axis=0) + margin) + 1, 0, grid.shape).astype(int)
        for level in range(low[0], high[0]):
            index = np.stack(np.meshgrid([level], *map(np.arange, low[1:], high[1:]), indexing="ij"), axis=-1)[0]
            at = np.rint(source.to_index(transform.to_fixed(grid.to_lps(index), tolerance_mm=0.1))).astype(np.int64)
            inside = np.all((at >= 0) & (at < source.shape), axis=-1)
            array[level, low[1] : high[1], low[2] : high[2]][inside] = fixed.array[tuple(at[inside].T)]
    return LabelMap(array, grid, fixed.scheme, fixed.checks)


def _fill(volume: Volume, fill: float | None) -> float:
    if fill is not None:
        return fill
    return float(AIR_HU) if volume.unit == "HU" else 0.0


def sitk_image(array: npt.NDArray[Any], geometry: Geometry) -> Any:
    """A SimpleITK image (axes x, y, z = array axes 2, 1, 0) of a grid that is not sheared.

    Raises
    ------
    GridMismatch
        The grid is sheared, which such an image cannot say.
    """
    require_box(geometry)
    directions = geometry.directions[:, ::-1]
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(geometry.spacing[::-1])
    # the nearest exactly orthogonal axes: headers round direction cosines, and ITK wants them orthogonal
    left, _, right = np.linalg.svd(directions)
    image.SetDirection((left @ right).ravel().tolist())
    image.SetOrigin(geometry.origin.tolist())
    return image


def require_box(geometry: Geometry) -> None:
    """Refuse a grid whose axes are not perpendicular.

    Raises
    ------
    GridMismatch
        The grid is sheared.
    """
    directions = geometry.directions
    if np.abs(directions.T @ directions - np.eye(3)).max() > SQUARE:
        raise GridMismatch(
            "the grid is sheared (gantry tilt), which this format cannot say",
            remedy="Resample the volume onto a right box first.",
        )


def itk_transform(transform: Transform) -> Any:
    """The same point mapping as a SimpleITK composite: the displacement first, then the affine.

    Points go from the fixed to the moving image, as `Transform` has it and as resampling needs it. A
    displacement field of ITK is zero outside its grid, where the affine alone rules: as in `Transform`.
    """
    affine = sitk.AffineTransform(3)
    affine.SetMatrix(np.asarray(transform.affine, dtype=float)[:3, :3].ravel().tolist())
    affine.SetTranslation(np.asarray(transform.affine, dtype=float)[:3, 3].tolist())
    parts = [affine]
    if transform.grid is not None and transform.displacement is not None:
        field = sitk_image(np.moveaxis(transform.displacement, 0, -1).astype(np.float64), transform.grid)
        parts.append(sitk.DisplacementFieldTransform(sitk.Cast(field, sitk.sitkVectorFloat64)))
    # ITK applies the last of the list first
    return sitk.CompositeTransform(parts)


def _sampled(
    array: npt.NDArray[Any],
    source: Geometry,
    target: Geometry,
    transform: Transform | None,
    interpolation: Interpolation,
    fill: float,
) -> npt.NDArray[Any]:
    """Sample ``array`` at the voxels of ``target``, slab by slab, rounding where the values are whole numbers.

    The moving image is given to ITK in index coordinates and its affine put into the transform, so that sheared
    grids work as any other. ITK would cut off decimals, which lowers a mean by half a unit; hence float32 between.
    """
    kind = {"nearest": sitk.sitkNearestNeighbor, "linear": sitk.sitkLinear, "cubic": sitk.sitkBSpline}[interpolation]
    blends = interpolation != "nearest"
    moving = sitk.GetImageFromArray(np.ascontiguousarray(array.astype(np.float32) if blends else array))
    inverse = np.asarray(np.linalg.inv(source.affine), dtype=np.float64)
    into = _affine_transform(inverse[2::-1, :3], inverse[2::-1, 3])
    middle = [itk_transform(transform)] if transform is not None else []
    sampler = sitk.ResampleImageFilter()
    sampler.SetInterpolator(kind)
    sampler.SetDefaultPixelValue(float(fill))
    out = np.empty(target.shape, dtype=array.dtype)
    slab = max(1, min(target.shape[0], _SLAB_VOXELS // (target.shape[1] * target.shape[2])))
    for start in range(0, target.shape[0], slab):
        part = target.crop((start, 0, 0), (min(start + slab, target.shape[0]), *target.shape[1:]))
        sampler.SetSize([int(n) for n in reversed(part.shape)])
        out_of = _affine_transform(part.affine[:3, 2::-1], part.affine[:3, 3])
        sampler.SetTransform(sitk.CompositeTransform([into, *middle, out_of]))
        sampled = sampler.Execute(moving)  # kept by name: the view below does not keep it alive
        out[start : start + slab] = _rounded(sitk.GetArrayViewFromImage(sampled), array.dtype)
    return out


def _affine_transform(matrix: npt.NDArray[np.float64], offset: npt.NDArray[np.float64]) -> Any:
    found = sitk.AffineTransform(3)
    found.SetMatrix(np.asarray(matrix, dtype=float).ravel().tolist())
    found.SetTranslation(np.asarray(offset, dtype=float).tolist())
    return found


def _rounded(found: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    if dtype.kind not in "iu" or found.dtype.kind in "iu":
        return found
    info = np.iinfo(dtype)
    return np.asarray(np.clip(np.rint(found), info.min, info.max))


def affine_of_image(image: Any) -> npt.NDArray[np.float64]:
    """The affine from array index (z, y, x) to LPS millimetres of a SimpleITK image."""
    affine = np.eye(4)
    direction = np.array(image.GetDirection()).reshape(3, 3)
    affine[:3, :3] = (direction * np.array(image.GetSpacing()))[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    return affine
