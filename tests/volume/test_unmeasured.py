"""A round field of view: what lies beyond it is known to be unmeasured, in canonical axes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ctreview.volume import load_volume
from tests.dicom.making import make_stack


@pytest.mark.parametrize("varying", [False, True])
@pytest.mark.parametrize("orientation", [(1, 0, 0, 0, 1, 0), (-1, 0, 0, 0, -1, 0), (0, 1, 0, 0, 0, -1)])
def test_padding_is_remembered_where_it_was(tmp_path: Path, varying: bool, orientation: tuple[int, ...]) -> None:
    array = np.full((4, 5, 6), 40, np.int16)
    array[:, 0, :2] = -2000
    if varying:
        array[1, 4, 5] = -2000
    make_stack(tmp_path, array, orientation=orientation, PixelPaddingValue=-2000)
    volume = load_volume(tmp_path)
    assert volume.unmeasured is not None
    assert volume.unmeasured.shape == volume.array.shape
    assert np.array_equal(volume.unmeasured, volume.array == -1024)
    part = volume.crop((0, 1, 1), (3, 4, 4))
    assert part.unmeasured is not None
    assert np.array_equal(part.unmeasured, part.array == -1024)


def test_a_square_field_of_view_was_measured_everywhere(tmp_path: Path) -> None:
    make_stack(tmp_path, np.full((4, 5, 6), -1000, np.int16))
    assert load_volume(tmp_path).unmeasured is None
