"""Tissue behind wide edges is found as far as it has one density, and nothing where that has no end."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.anatomy.coarse import CoarseImage
from ctreview.anatomy.dense_lung.density_step import tissue_of_one_density

SHAPE, SPACING = (40, 60, 60), (2.2, 2.2, 2.2)
LUNG_FROM = 21
LESION = slice(8, LUNG_FROM), slice(15, 45), slice(15, 45)


def lesion() -> np.ndarray:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[LESION] = True
    return mask


def found(behind_hu: float, edge: float) -> np.ndarray:
    """Lung above an organ of this density; in the organ's top a lesion of 30 HU with edges of this relative width."""
    hu = np.full(SHAPE, behind_hu, dtype=np.float32)
    hu[lesion()] = 30.0
    lung = np.zeros(SHAPE, dtype=bool)
    lung[LUNG_FROM:-2, 2:-2, 2:-2] = True
    hu[lung] = -850.0
    hu += np.random.default_rng(3).normal(0.0, 15.0, SHAPE).astype(np.float32)
    edges = np.full(SHAPE, np.nan, dtype=np.float32)
    edges[LUNG_FROM, 2:-2, 2:-2] = 1.0
    edges[LUNG_FROM, 15:45, 15:45] = edge
    return tissue_of_one_density(CoarseImage(hu, (1, 1, 1), SPACING, SHAPE), lung, np.zeros(SHAPE, bool), edges, 1.0)


@pytest.mark.parametrize("organ_hu", [65.0, 85.0])
def test_it_ends_where_the_density_does(organ_hu: float) -> None:
    ours, true = found(organ_hu, edge=1.5), lesion()
    assert np.count_nonzero(ours & true) > 0.7 * np.count_nonzero(true)
    assert np.count_nonzero(ours & ~true) < 0.1 * np.count_nonzero(true)


def test_tissue_that_goes_on_into_an_organ_of_its_density_is_not_found() -> None:
    assert not found(34.0, edge=1.5).any()


def test_nothing_is_found_behind_the_edges_of_an_organ() -> None:
    assert not found(65.0, edge=1.0).any()
