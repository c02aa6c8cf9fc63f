"""Lungs that a round field of view cuts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ctreview.anatomy import find_lungs
from ctreview.anatomy.field_of_view import cut_by_field_of_view, touches_unmeasured, with_unknown_outside
from ctreview.volume import Geometry, Volume, load_volume

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"


def _round(volume: Volume, radius: float) -> Volume:
    """The volume with what lies beyond a circle in every slice filled in, as scanners do."""
    _, rows, columns = volume.geometry.shape
    y, x = np.meshgrid(np.arange(rows) - rows / 2, np.arange(columns) - columns / 2, indexing="ij")
    outside = np.broadcast_to(x**2 + y**2 > radius**2, volume.geometry.shape)
    return replace(volume, array=np.where(outside, -1024, volume.array), unmeasured=outside)


def _body(inside_hu: int) -> Volume:
    array = np.full((8, 40, 40), -1000, np.int16)
    array[:, 12:28, 12:28] = inside_hu
    return Volume(array, Geometry.aligned((8, 40, 40), (2.0, 2.0, 2.0), frame_of_reference="1.2"))


@pytest.mark.parametrize(("radius", "cut"), [(6, True), (18, False)])
def test_a_field_of_view_cuts_the_patient_or_ends_in_the_air_around(radius: float, cut: bool) -> None:
    assert cut_by_field_of_view(_round(_body(40), radius)) == cut


def test_without_padding_nothing_is_cut() -> None:
    assert not cut_by_field_of_view(_body(40))


def test_what_was_not_measured_is_neither_air_nor_tissue() -> None:
    volume = _round(_body(40), 6)
    assert volume.unmeasured is not None
    changed = with_unknown_outside(volume).array
    assert -400 < changed[volume.unmeasured].min() == changed[volume.unmeasured].max() < -300
    assert np.array_equal(changed[~volume.unmeasured], volume.array[~volume.unmeasured])


def test_what_reaches_the_border_is_seen() -> None:
    volume = _round(_body(-820), 12)
    inner = np.zeros(volume.geometry.shape, bool)
    inner[:, 18:22, 18:22] = True
    assert touches_unmeasured(volume, volume.array == -820)
    assert not touches_unmeasured(volume, inner)


@pytest.mark.slow
def test_lungs_end_at_a_round_field_of_view_as_at_the_border_of_the_image() -> None:
    whole = load_volume(SAMPLE / "after")
    lungs = find_lungs(_round(whole, 100))
    # a circle of 80 mm: 1160 mL of the phantom's lungs lie within
    assert lungs.volume_ml("right_lung", "left_lung") == pytest.approx(1160, rel=0.03)
    cut = [check for check in lungs.checks if check.name == "lung_touches_field_of_view"]
    assert [check.ok for check in cut] == [False, False]
    assert "border of the field of view" in cut[0].message
