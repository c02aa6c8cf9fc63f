"""The border of a piece is drawn where its density ends, and nowhere where that does not."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.anatomy.coarse import CoarseImage
from ctreview.anatomy.dense_lung.border import with_border_half_way

SHAPE, SPACING = (30, 40, 40), (2.2, 2.2, 2.2)
TISSUE = (slice(8, 22), slice(10, 30), slice(10, 30))
INNER = (slice(9, 21), slice(11, 29), slice(11, 29))


def box(slices: tuple[slice, slice, slice]) -> np.ndarray:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[slices] = True
    return mask


def drawn(behind_hu: float, bronchus: bool = False) -> np.ndarray:
    """Tissue of 35 HU, of which a piece holds the inner part, in other tissue of this density."""
    hu = np.where(box(TISSUE), 35.0, behind_hu) + np.random.default_rng(5).normal(0.0, 12.0, SHAPE)
    piece = box(INNER)
    if bronchus:
        hu[15, 20, 12:28], piece[15, 20, 12:28] = -600.0, False
    coarse = CoarseImage(hu.astype(np.float32), (1, 1, 1), SPACING, SHAPE)
    return with_border_half_way(coarse, piece, ~piece, 1.0)


@pytest.mark.parametrize("behind_hu", [-100.0, 75.0])
def test_a_piece_is_drawn_up_to_fat_or_an_organ(behind_hu: float) -> None:
    found, tissue = drawn(behind_hu), box(TISSUE)
    assert np.count_nonzero(found & tissue) > 0.95 * np.count_nonzero(tissue)
    assert np.count_nonzero(found & ~tissue) < 0.05 * np.count_nonzero(tissue)


def test_a_piece_stays_as_it_is_where_what_lies_behind_it_is_alike() -> None:
    found, piece = drawn(37.0), box(INNER)
    assert np.count_nonzero(found & ~piece) < 0.05 * np.count_nonzero(piece)


def test_bronchi_belong_to_a_piece() -> None:
    assert drawn(-100.0, bronchus=True)[15, 20, 12:28].all()
