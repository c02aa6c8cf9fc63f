from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.coarse import CoarseImage
from ctreview.anatomy.dense_lung.edge_width import relative_edge_width
from ctreview.anatomy.dense_lung.expected_border import soft_tissue_within_expected_border
from ctreview.volume.geometry import Geometry

GRID = Geometry.aligned((70, 64, 64), (2.0, 2.0, 2.0), frame_of_reference="source:box")
MM = np.stack(np.meshgrid(*(2.0 * np.arange(n) for n in GRID.shape), indexing="ij"))
OFF_DOME = np.linalg.norm(MM - np.array([4.0, 64.0, 64.0])[:, None, None, None], axis=0)
LUNG = (sum(((MM[axis] - 64.0) / radius) ** 2 for axis, radius in enumerate((58.0, 54.0, 54.0))) < 1.0) & (
    OFF_DOME > 40
)
"""An ellipsoid in soft tissue on a dome."""

DENSE = LUNG & (OFF_DOME < 54) & (np.hypot(MM[1] - 64.0, MM[2] - 48.0) < 22.0)
"""It lies flat on a part of the dome."""


@cache
def found(faded_mm: float, dense: bool = True) -> npt.NDArray[np.bool_]:
    aerated = LUNG & ~DENSE if dense else LUNG
    share = aerated.astype(np.float32)
    if faded_mm:
        soft = ndimage.gaussian_filter(share, faded_mm / 4.0)
        near = ndimage.binary_dilation(DENSE, iterations=5)
        share = np.where(near & LUNG, soft, share)
    share = ndimage.gaussian_filter(share, 0.75)
    image = CoarseImage.from_array((40.0 - 890.0 * share).astype(np.float32), GRID, 2.0)
    edges = relative_edge_width(image, aerated)
    return soft_tissue_within_expected_border(image, aerated, np.zeros_like(aerated), edges, 1.0)


def test_the_border_goes_on_smoothly_behind_an_edge_that_fades() -> None:
    dense = found(4.0)
    # the fading rim is no soft tissue
    assert np.count_nonzero(dense & DENSE) > 0.5 * np.count_nonzero(DENSE)
    assert np.count_nonzero(dense & ~LUNG) < np.count_nonzero(dense & DENSE)


def test_behind_edges_of_one_width_nothing_is_expected() -> None:
    assert not found(0.0).any()
    assert not found(0.0, dense=False).any()


def test_a_border_seen_in_two_slices_is_not_carried_on() -> None:
    few = (slice(20, 22), slice(None), slice(None))
    grid = Geometry.aligned((2, *GRID.shape[1:]), (2.0, 2.0, 2.0), frame_of_reference="source:box")
    image = CoarseImage.from_array(np.where(LUNG[few], -850.0, 40.0).astype(np.float32), grid, 2.0)
    edges = np.where(LUNG[few], 2.0, np.nan).astype(np.float32)
    assert not soft_tissue_within_expected_border(image, LUNG[few], np.zeros_like(LUNG[few]), edges, 1.0).any()
