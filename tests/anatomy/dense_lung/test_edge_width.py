from __future__ import annotations

import numpy as np
from scipy import ndimage

from ctreview.anatomy.coarse import CoarseImage
from ctreview.anatomy.dense_lung.edge_width import FEW_EDGES, relative_edge_width
from ctreview.volume.geometry import Geometry

GRID = Geometry.aligned((60, 70, 70), (2.0, 2.0, 2.0), frame_of_reference="source:box")
LUNG = np.zeros(GRID.shape, dtype=bool)
LUNG[8:52, 10:60, 10:60] = True
PATCH = (slice(20, 40), slice(8, 12), slice(20, 50))
"""Part of the front border."""


def image(blur: float, faded_mm: float = 0.0) -> CoarseImage:
    share = LUNG.astype(np.float32)
    if faded_mm:
        soft = ndimage.gaussian_filter(share, faded_mm / 2.0)
        wide = (slice(20, 40), slice(4, 22), slice(20, 50))
        share[wide] = soft[wide]
    share = ndimage.gaussian_filter(share, blur / 2.0)
    return CoarseImage.from_array((40.0 - 890.0 * share).astype(np.float32), GRID, 2.0)


def mean_in_patch(width: np.ndarray) -> float:
    return float(np.nanmean(width[PATCH]))


def test_edges_of_one_width_are_all_usual() -> None:
    for blur in (1.5, 4.0):
        width = relative_edge_width(image(blur), LUNG)
        flat = width[20:40, 10, 20:50]
        assert np.nanmedian(flat) == 1.0
        assert np.nanmax(np.abs(flat - 1.0)) < 0.1


def test_a_border_that_fades_is_wider_than_usual_at_any_blur_of_the_scan() -> None:
    for blur in (1.5, 3.0):
        width = relative_edge_width(image(blur, faded_mm=4.0), LUNG)
        assert mean_in_patch(width) > 1.33
        assert abs(np.nanmedian(width[20:40, 59, 20:50]) - 1.0) < 0.1


def test_there_is_no_width_off_the_surface_and_none_without_lung() -> None:
    width = relative_edge_width(image(2.0), LUNG)
    assert np.isnan(width[30, 35, 35])
    assert np.isnan(relative_edge_width(image(2.0), np.zeros_like(LUNG))).all()


def test_edges_of_a_rare_direction_are_held_against_all_others() -> None:
    """A slab has hardly any edges along the slices, and these are as wide as the rest."""
    column = np.zeros(GRID.shape, dtype=bool)
    column[6:54, 25:37, 25:37] = True
    share = ndimage.gaussian_filter(column.astype(np.float32), 2.0)
    hu = CoarseImage.from_array((40.0 - 890.0 * share).astype(np.float32), GRID, 2.0)
    width = relative_edge_width(hu, column)
    end = width[53, 28:34, 28:34]
    assert 0 < np.count_nonzero(column[53]) < FEW_EDGES
    assert np.nanmedian(end) < 1.2
