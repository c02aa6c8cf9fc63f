"""The smallest box around a mask, and its margin."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.errors import WrongUse
from ctreview.volume.box import bounding_box, widened


def test_a_box_holds_the_whole_mask_and_no_slice_more() -> None:
    mask = np.zeros((9, 8, 7), dtype=bool)
    mask[2, 3, 6] = mask[5, 1, 4] = True
    assert bounding_box(mask) == (slice(2, 6), slice(1, 4), slice(4, 7))


def test_a_margin_ends_with_the_array() -> None:
    mask = np.zeros((9, 8, 7), dtype=np.uint8)
    mask[4, 0, 6] = 2
    assert bounding_box(mask, 2) == (slice(2, 7), slice(0, 3), slice(4, 7))
    assert bounding_box(mask, (0, 1, 9)) == (slice(4, 5), slice(0, 2), slice(0, 7))


def test_an_empty_mask_has_no_box() -> None:
    with pytest.raises(WrongUse, match="empty"):
        bounding_box(np.zeros((3, 3, 3), dtype=bool))


def test_a_box_of_numpy_integers_becomes_one_of_plain_integers() -> None:
    box = widened([slice(np.uint16(1), np.uint16(2))] * 3, 3, (9, 9, 4))
    assert box == (slice(0, 5), slice(0, 5), slice(0, 4))
    assert all(type(span.start) is int for span in box)
