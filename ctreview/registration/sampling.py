"""Values of an image at the voxels of another grid, through a transform."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.parallel import in_chunks
from ctreview.volume.transform import Transform

__all__ = ["sample"]

Image = npt.NDArray[np.float32]


@compiled()
def _trilinear(array, z, y, x, fill):  # type: ignore[no-untyped-def]
    depth, height, width = array.shape
    # Up to half a voxel beyond the outer centres is still inside the outer voxels.
    if z < -0.5 or y < -0.5 or x < -0.5 or z > depth - 0.5 or y > height - 0.5 or x > width - 0.5:
        return fill
    z = min(max(z, 0.0), depth - 1.0)
    y = min(max(y, 0.0), height - 1.0)
    x = min(max(x, 0.0), width - 1.0)
    i, j, k = int(z), int(y), int(x)
    i1, j1, k1 = min(i + 1, depth - 1), min(j + 1, height - 1), min(k + 1, width - 1)
    a, b, c = z - i, y - j, x - k
    top = (array[i, j, k] * (1 - c) + array[i, j, k1] * c) * (1 - b) + (
        array[i, j1, k] * (1 - c) + array[i, j1, k1] * c
    ) * b
    low = (array[i1, j, k] * (1 - c) + array[i1, j, k1] * c) * (1 - b) + (
        array[i1, j1, k] * (1 - c) + array[i1, j1, k1] * c
    ) * b
    return top * (1 - a) + low * a


@compiled()
def _sample_affine(array, to_index, fill, out, start, stop):  # type: ignore[no-untyped-def]
    for i in range(start, stop):
        for j in range(out.shape[1]):
            z = to_index[0, 0] * i + to_index[0, 1] * j + to_index[0, 3]
            y = to_index[1, 0] * i + to_index[1, 1] * j + to_index[1, 3]
            x = to_index[2, 0] * i + to_index[2, 1] * j + to_index[2, 3]
            for k in range(out.shape[2]):
                out[i, j, k] = _trilinear(
                    array, z + to_index[0, 2] * k, y + to_index[1, 2] * k, x + to_index[2, 2] * k, fill
                )


@compiled()
def _sample_displaced(array, to_index, field, to_node, shift, fill, out, start, stop):  # type: ignore[no-untyped-def]
    # ``shift`` (3, 3) takes a displacement in millimetres to a change of array index.
    for i in range(start, stop):
        for j in range(out.shape[1]):
            for k in range(out.shape[2]):
                a = to_node[0, 0] * i + to_node[0, 1] * j + to_node[0, 2] * k + to_node[0, 3]
                b = to_node[1, 0] * i + to_node[1, 1] * j + to_node[1, 2] * k + to_node[1, 3]
                c = to_node[2, 0] * i + to_node[2, 1] * j + to_node[2, 2] * k + to_node[2, 3]
                ux = _trilinear(field[0], a, b, c, 0.0)
                uy = _trilinear(field[1], a, b, c, 0.0)
                uz = _trilinear(field[2], a, b, c, 0.0)
                z = to_index[0, 0] * i + to_index[0, 1] * j + to_index[0, 2] * k + to_index[0, 3]
                y = to_index[1, 0] * i + to_index[1, 1] * j + to_index[1, 2] * k + to_index[1, 3]
                x = to_index[2, 0] * i + to_index[2, 1] * j + to_index[2, 2] * k + to_index[2, 3]
                out[i, j, k] = _trilinear(
                    array,
                    z + shift[0, 0] * ux + shift[0, 1] * uy + shift[0, 2] * uz,
                    y + shift[1, 0] * ux + shift[1, 1] * uy + shift[1, 2] * uz,
                    x + shift[2, 0] * ux + shift[2, 1] * uy + shift[2, 2] * uz,
                    fill,
                )


def sample(
    array: Image, geometry: Geometry, grid: Geometry, transform: Transform | None, *, fill: float, threads: int = 1
) -> Image:
    """Values of an image at the voxels of ``grid``, linear between voxels.

    Parameters
    ----------
    array : ndarray of float32
        The image's values.
    geometry : Geometry
        Where they lie.
    grid : Geometry
        The voxels to fill; in the frame of the transform's fixed image.
    transform : Transform or None
        From ``grid`` to the image; None where both lie in one frame.
    fill : float
        The value outside the image.

    Returns
    -------
    ndarray of float32, shape ``grid.shape``
    """
    out = np.empty(grid.shape, dtype=np.float32)
    mapping: FloatArray = np.eye(4) if transform is None else transform.affine
    lps_to_index = np.linalg.inv(geometry.affine) @ mapping
    to_index = lps_to_index @ grid.affine
    value = np.float32(fill)
    if transform is None or transform.displacement is None or transform.grid is None:
        in_chunks(lambda a, b: _sample_affine(array, to_index, value, out, a, b), grid.shape[0], threads)
        return out
    to_node = np.linalg.inv(transform.grid.affine) @ grid.affine
    field, shift = transform.displacement, np.ascontiguousarray(lps_to_index[:3, :3])
    in_chunks(
        lambda a, b: _sample_displaced(array, to_index, field, to_node, shift, value, out, a, b),
        grid.shape[0],
        threads,
    )
    return out
