"""Known transforms are found again, and what cannot be registered is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.errors import GridMismatch, RegistrationFailed, WrongUse
from ctreview.progress import Cancelled
from ctreview.registration import Registration, local_volume_ratio, register
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume
from tests.registration.bodies import ORGAN, Organ, affine_of, brisk, moved_grid, points_of, waves


def registered(organ: Organ, truth: Transform, **changes: object) -> tuple[Registration, np.ndarray]:
    """The registration of the organ before and after a known transform, and its errors in mm inside the organ."""
    fixed, fixed_mask = organ.before()
    moving, moving_mask = organ.after(truth)
    settings = replace(brisk(), **changes)  # type: ignore[arg-type]
    found = register(fixed, moving, fixed_mask=fixed_mask, moving_mask=moving_mask, settings=settings)
    points = points_of(fixed.geometry)[fixed_mask.array > 0]
    return found, np.linalg.norm(found.transform.to_moving(points) - truth.to_moving(points), axis=1)


def test_same_image_stays_where_it_is() -> None:
    organ = Organ()
    found, errors = registered(organ, Transform(organ.geometry, organ.geometry, np.eye(4)))
    assert errors.mean() < 0.06
    assert errors.max() < 0.3
    assert found.ok
    assert found.figures["mask_dice"] > 0.98
    assert found.figures["jacobian_1"] == pytest.approx(1, abs=0.02)


def test_shift_of_35_mm() -> None:
    organ = Organ()
    shift = (4.0, -9.0, 33.0)
    truth = Transform(organ.geometry, moved_grid(organ.geometry, shift), affine_of(shift))
    found, errors = registered(organ, truth)
    assert errors.mean() < 0.2
    assert found.ok


def test_deeper_breath() -> None:
    organ = Organ()
    affine = affine_of((3.0, 2.0, -20.0), (1.04, 1.06, 1.15))
    truth = Transform(organ.geometry, moved_grid(organ.geometry, (3.0, 2.0, -20.0), grow=4), affine)
    found, errors = registered(organ, truth)
    assert errors.mean() < 0.4
    ratio = 1.04 * 1.06 * 1.15
    assert found.figures["volume_ratio_measured"] == pytest.approx(ratio, rel=0.03)
    assert found.figures["volume_ratio"] == pytest.approx(ratio, rel=0.03)


def test_smooth_deformation_and_the_local_change_of_volume() -> None:
    organ = Organ()
    grid = moved_grid(organ.geometry, (5.0, 5.0, 12.0), grow=4)
    truth = waves(organ.geometry, grid, affine_of((5.0, 5.0, 12.0), (1.0, 1.0, 1.1)), 5.0)
    found, errors = registered(organ, truth)
    assert errors.mean() < 0.8
    assert found.ok
    assert found.transform.grid is not None
    nodes = points_of(found.transform.grid)
    inside = organ.inside(nodes * 1.1)
    step = 1.0
    rows = [(truth.to_moving(nodes[inside] + d) - truth.to_moving(nodes[inside] - d)) / 2 for d in step * np.eye(3)]
    expected = np.linalg.det(np.stack(rows, axis=-1))
    ratio = local_volume_ratio(found.transform)[inside]
    for axis in range(3):
        half = nodes[inside][:, axis] > 0
        assert ratio[half].mean() == pytest.approx(expected[half].mean(), rel=0.05)


def test_coming_of_opacity_moves_nothing() -> None:
    organ = Organ()
    affine = affine_of((0.0, 0.0, 10.0), (1.0, 1.0, 1.05))
    truth = Transform(organ.geometry, moved_grid(organ.geometry, (0.0, 0.0, 10.0), grow=2), affine)
    fixed, fixed_mask = organ.before()
    moving, moving_mask = organ.after(truth)
    sick = np.linalg.norm(points_of(fixed.geometry) - np.array([8.0, 0.0, 0.0]), axis=-1) < 12
    painted = np.where(sick & (fixed_mask.array > 0), fixed.array + 250, fixed.array).astype(np.int16)
    ratios = []
    for image in (fixed, fixed.with_array(painted)):
        found = register(image, moving, fixed_mask=fixed_mask, moving_mask=moving_mask, settings=brisk())
        assert found.transform.grid is not None
        nodes = np.linalg.norm(points_of(found.transform.grid) - np.array([8.0, 0.0, 0.0]), axis=-1) < 12
        ratios.append(float(local_volume_ratio(found.transform)[nodes].mean()))
    assert ratios[1] == pytest.approx(ratios[0], rel=0.03)


def test_same_input_gives_the_same_answer_with_any_number_of_threads() -> None:
    organ = Organ()
    truth = waves(organ.geometry, moved_grid(organ.geometry, (0.0, 0.0, 3.0)), affine_of((0.0, 0.0, 3.0)), 3.0)
    found = [registered(organ, truth, threads=threads)[0] for threads in (1, 1, 3)]
    assert found[0].figures == found[1].figures == found[2].figures
    for other in found[1:]:
        assert other.transform.displacement is not None
        assert np.array_equal(other.transform.displacement, found[0].transform.displacement)
        assert np.array_equal(other.transform.affine, found[0].transform.affine)


def test_two_different_organs_of_one_shape_are_flagged() -> None:
    fixed, fixed_mask = Organ(0).before()
    moving, moving_mask = Organ(1).before()
    found = register(fixed, moving, fixed_mask=fixed_mask, moving_mask=moving_mask, settings=brisk())
    assert not found.ok
    assert "registration_matched" in {check.name for check in found.checks if check.stops}


def test_no_overlap_is_flagged_or_refused() -> None:
    organ = Organ()
    fixed, fixed_mask = organ.before()
    points = points_of(fixed.geometry)
    upper = LabelMap((fixed_mask.array * (points[..., 2] > 12)).astype(np.uint8), fixed.geometry, ORGAN)
    lower = LabelMap((fixed_mask.array * (points[..., 2] < -12)).astype(np.uint8), fixed.geometry, ORGAN)
    try:
        found = register(fixed, fixed, fixed_mask=upper, moving_mask=lower, settings=brisk())
    except RegistrationFailed:
        return
    assert not found.ok


def test_empty_mask_is_named() -> None:
    fixed, mask = Organ().before()
    empty = LabelMap(np.zeros_like(mask.array), fixed.geometry, ORGAN)
    with pytest.raises(RegistrationFailed, match="moving image is empty"):
        register(fixed, fixed, fixed_mask=mask, moving_mask=empty, settings=brisk())


def test_blank_image_is_refused() -> None:
    fixed, mask = Organ().before()
    blank = fixed.with_array(np.full_like(fixed.array, -800))
    with pytest.raises(RegistrationFailed, match="places with structure"):
        register(blank, fixed, fixed_mask=mask, moving_mask=mask, settings=brisk())


def test_mask_of_another_place_is_refused() -> None:
    fixed, mask = Organ().before()
    elsewhere = LabelMap(mask.array, moved_grid(mask.geometry, (0.0, 0.0, 4.0)), ORGAN)
    with pytest.raises(GridMismatch):
        register(fixed, fixed, fixed_mask=elsewhere, moving_mask=mask, settings=brisk())


def test_unknown_engine_is_refused() -> None:
    fixed, mask = Organ().before()
    with pytest.raises(WrongUse, match="Known here: keypoints, elastix"):
        register(fixed, fixed, fixed_mask=mask, moving_mask=mask, settings=replace(brisk(), engine="magic"))


def test_oblique_grids() -> None:
    organ = Organ()
    turn = np.eye(4)
    angle = np.deg2rad(12)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    tilted = Geometry(organ.geometry.shape, turn @ organ.geometry.affine, "source:tilted")
    truth = Transform(organ.geometry, tilted, affine_of((0.0, 0.0, 2.0)))
    _, errors = registered(organ, truth)
    assert errors.mean() < 0.4


def test_cancelling_travels_out() -> None:
    fixed, mask = Organ().before()

    def stop(done: float, total: float, what: str) -> None:
        if done / total > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        register(fixed, fixed, fixed_mask=mask, moving_mask=mask, settings=brisk(), progress=stop)


def test_progress_rises_to_its_end() -> None:
    fixed, mask = Organ().before()
    heard: list[float] = []
    register(
        fixed,
        fixed,
        fixed_mask=mask,
        moving_mask=mask,
        settings=brisk(),
        progress=lambda done, total, what: heard.append(done / total),
    )
    assert heard == sorted(heard)
    assert heard[-1] == 1


def test_mirrored_volume_is_not_believed() -> None:
    fixed, mask = Organ().before()
    mirrored = Volume(fixed.array[:, :, ::-1], fixed.geometry)
    found = register(fixed, mirrored, fixed_mask=mask, moving_mask=mask, settings=brisk())
    assert not found.ok
