from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ctreview.dicom.acquisition import Acquisition, Patient
from ctreview.errors import DifferentPatients, GridMismatch, WrongUse
from ctreview.volume.contrasts import examination
from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume

AXIAL = Geometry.aligned((12, 40, 48), (6.0, 1.5, 1.5), origin=(-36, -30, 0), frame_of_reference="1.2.3")


def thigh(geometry: Geometry, described: str, *, bone: float = 10.0, unit: Any = "arbitrary") -> Volume:
    """Muscle of 300 with a bright ball (900) left of the middle, at LPS (12, 4, 30), in air of noise."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in geometry.shape), indexing="ij"), axis=-1)
    points = geometry.to_lps(index)
    array = np.full(geometry.shape, bone, np.float32)
    array[np.linalg.norm(points[..., :2] - (0, 0), axis=-1) < 25] = 300
    array[np.linalg.norm(points - (12, 4, 30), axis=-1) < 9] = 900
    return Volume(array, geometry, unit, Acquisition(modality="MR", description=described))


def coronal() -> Geometry:
    affine = np.eye(4)
    # axes mostly canonical after tilting by 40 degrees about the left axis
    turn = np.radians(40)
    affine[:3, :3] = np.array(
        [(0, 0, 2.0), (-np.sin(turn) * 2, np.cos(turn) * 2, 0), (np.cos(turn) * 2, np.sin(turn) * 2, 0)]
    )
    affine[:3, 3] = (-40, -20, -10)
    return Geometry((50, 50, 40), affine, "1.2.3")


def test_images_that_do_not_belong_together_are_refused() -> None:
    first = thigh(AXIAL, "T1")
    elsewhere = Volume(first.array, replace(AXIAL, frame_of_reference="9.9"), "arbitrary", first.acquisition)
    with pytest.raises(GridMismatch, match="frames of reference"):
        examination([first, elsewhere])
    one, other = (replace(first.acquisition, patient=Patient(id=name)) for name in ("a", "b"))
    with pytest.raises(DifferentPatients):
        examination([replace(first, acquisition=one), replace(first, acquisition=other)])
    with pytest.raises(WrongUse):
        examination([])


def test_two_series_of_one_contrast_are_told_apart_and_walked_through() -> None:
    found = examination([thigh(AXIAL, "STIR"), thigh(AXIAL, "STIR")])
    assert [one.name for one in found.contrasts] == ["STIR", "STIR 2"]
    assert found.after("STIR 2").name == "STIR"
    with pytest.raises(WrongUse, match="STIR 2"):
        found["T1"]
