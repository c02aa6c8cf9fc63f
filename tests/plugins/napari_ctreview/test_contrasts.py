from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari_ctreview.contrasts import contrast_name, examination
from napari_ctreview.presets import limits, windows_for

from ctreview.dicom.acquisition import Acquisition, Patient
from ctreview.errors import DifferentPatients, PlaceMismatch, WrongUse
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


@pytest.mark.parametrize(
    ("described", "name"),
    [
        ("t1_tse_tra", "T1"),
        ("T2 TSE axial", "T2"),
        ("t2_tirm_cor", "STIR"),
        ("STIR longTE", "STIR"),
        ("t2 fs tse", "T2 fat suppressed"),
        ("t1_vibe_dixon_tra_W", "Dixon water"),
        ("t1_vibe_dixon_tra_F", "Dixon fat"),
        ("mDIXON opp-phase", "Dixon opposed phase"),
        ("PDFF liver", "fat fraction"),
        ("survey", "survey"),
        ("", "MR"),
    ],
)
def test_a_series_is_named_by_its_contrast(described: str, name: str) -> None:
    assert contrast_name(thigh(AXIAL, described)) == name


def test_contrasts_of_one_examination_lie_at_one_place(make_panes: Any) -> None:
    finer = Geometry.aligned((30, 70, 80), (2.0, 1.0, 1.0), origin=(-40, -33, 2), frame_of_reference="1.2.3")
    found = examination([thigh(AXIAL, "T1"), thigh(finer, "STIR"), thigh(coronal(), "T2")])
    assert [(one.name, one.resampled) for one in found.contrasts] == [("T1", False), ("STIR", False), ("T2", True)]
    for one in found.contrasts:
        bright = np.argwhere(np.asarray(one.volume.array) > 600)
        middle = one.volume.geometry.to_lps(bright.mean(axis=0))
        assert np.allclose(middle, (12, 4, 30), atol=max(one.volume.geometry.spacing) / 2)
    panes = make_panes(2)
    panes.show_examinations(found)
    pane = panes.panes[0]
    assert not panes.panes[1].canvas.isVisible()
    panes.window("oedema")
    panes.go_to(np.array([12.0, 4.0, 30.0]))
    for name in ("STIR", "T2", "T1"):
        panes.next_contrast()
        assert name in pane.annotations.corners.top_left
        assert tuple(pane.image.contrast_limits) == pytest.approx(limits(pane.windows["oedema"]))
        assert np.allclose(pane.centre, (12, 4, 30), atol=max(pane.geometry.spacing))
        assert pane.read(np.array([12.0, 4.0, 30.0])).value == pytest.approx(900)


def test_images_that_do_not_belong_together_are_refused() -> None:
    first = thigh(AXIAL, "T1")
    elsewhere = Volume(first.array, replace(AXIAL, frame_of_reference="9.9"), "arbitrary", first.acquisition)
    with pytest.raises(PlaceMismatch, match="frames of reference"):
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


def test_windows_of_mr_follow_the_image_and_not_its_scale() -> None:
    image = thigh(AXIAL, "T1")
    tenfold = image.with_array(np.asarray(image.array) * 10)
    for name, (level, width) in windows_for(image).items():
        assert windows_for(tenfold)[name] == pytest.approx((10 * level, 10 * width), rel=1e-3)
    low, high = limits(windows_for(image)["whole"])
    assert low <= 10
    assert 300 < high <= 900
    fraction = image.with_array(np.asarray(image.array) / 900, unit="fraction")
    assert limits(windows_for(fraction)["whole"]) == (0, 1)
