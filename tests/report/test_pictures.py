"""Planes, levels and outlines: the geometry of what is drawn."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctreview.report.charts import frontal, scale_of
from ctreview.report.figures import LUNG_WINDOW, data_uri, outlines, scale_bar_mm
from ctreview.report.levels import OrganAndFinding, matched_levels, pick, shared_field_of_view
from ctreview.report.planes import Cut, FieldOfView, plane_through
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme

FIELD = FieldOfView(240.0, 180.0)
SPOT = Scheme((Label(1, "spot", (1, 2, 3)),))


def ball(centre, radius: float, spacing, *, turned: float = 0.0) -> LabelMap:
    """A ball in a grid of some spacing, turned about the head axis by some degrees."""
    shape = tuple(int(np.ceil(260.0 / step)) for step in spacing)
    grid = Geometry.aligned(shape, spacing, origin=(-130.0, -130.0, -130.0), frame_of_reference="1.2")
    turn, angle = np.eye(4), np.deg2rad(turned)
    turn[:2, :2] = ((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle)))
    grid = Geometry(shape, turn @ grid.affine, "1.2")
    points = grid.to_lps(np.stack(np.indices(shape), axis=-1))
    inside = ((points - centre) ** 2).sum(axis=-1) <= radius**2
    return LabelMap(inside.astype(np.uint8), grid, SPOT)


def drawn_box(labels: LabelMap, view: str, centre) -> np.ndarray:
    """Left, top, right, bottom of the outline in millimetres of the picture, with the picture's own size undone."""
    plane = plane_through(view, np.asarray(centre, dtype=float), FIELD, labels.geometry)
    (outline,) = outlines(labels, Cut(labels.geometry, plane))
    points = np.array(re.findall(r"([-\d.]+) ([-\d.]+)", outline.path), dtype=float)
    corner = plane.corner[[0, 1]] if view == "axial" else np.array((plane.corner[0], -plane.corner[2]))
    return np.concatenate((points.min(axis=0) + corner, points.max(axis=0) + corner))


@pytest.mark.parametrize("turned", [0.0, 12.0, -30.0])
@pytest.mark.parametrize("spacing", [(5.0, 0.9, 0.9), (1.5, 1.5, 1.5)])
def test_an_outline_lies_where_the_structure_is_also_in_oblique_scans(turned, spacing):
    """In patient millimetres: x to the right of the picture, y down, whatever the scan's grid."""
    centre = np.array((-40.0, 15.0, 20.0))
    found = drawn_box(ball(centre, 20.0, spacing, turned=turned), "axial", (0.0, 0.0, 20.0))
    np.testing.assert_allclose(found, (-60.0, -5.0, -20.0, 35.0), atol=1.5)


def test_a_ball_is_round_in_a_coronal_picture_of_thick_slices():
    found = drawn_box(ball(np.array((-40.0, 15.0, 20.0)), 30.0, (4.0, 1.0, 1.0)), "coronal", (0.0, 15.0, 0.0))
    width, height = found[2] - found[0], found[3] - found[1]
    assert width == pytest.approx(60.0, abs=2.0)
    assert height == pytest.approx(60.0, abs=4.0)
    assert found[0] < -60  # on the left of the picture: the patient's right
    assert found[1] + height / 2 == pytest.approx(-20.0, abs=2.0)  # head up


def test_an_axial_picture_of_a_straight_scan_is_its_slice_and_no_blend():
    rng = np.random.default_rng(1)
    grid = Geometry.aligned((6, 40, 50), (5.0, 0.8, 0.8), origin=(-20.0, -16.0, 3.0), frame_of_reference="1")
    values = rng.normal(size=grid.shape).astype(np.float32)
    plane = plane_through("axial", grid.to_lps((3, 20.2, 24.7)), FieldOfView(20.0, 16.0), grid)
    found = Cut(grid, plane).values(values, fill=-9.0)
    first = np.rint(grid.to_index(plane.points()[0, 0])).astype(int)
    assert first[0] == 3
    expected = values[3, first[1] : first[1] + found.shape[0], first[2] : first[2] + found.shape[1]]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_outside_the_scan_is_the_fill_value():
    grid = Geometry.aligned((5, 10, 10), (2.0, 1.0, 1.0), frame_of_reference="1")
    plane = plane_through("axial", np.array((5.0, 5.0, 4.0)), FieldOfView(30.0, 30.0), grid)
    found = Cut(grid, plane).values(np.ones(grid.shape, dtype=np.int16), fill=-7.0)
    assert found[0, 0] == -7.0
    assert found[15, 15] == 1.0
    far = plane_through("axial", np.array((5.0, 5.0, 400.0)), FieldOfView(30.0, 30.0), grid)
    assert np.unique(Cut(grid, far).values(np.ones(grid.shape, dtype=np.int16), fill=-7.0)) == [-7.0]


def test_the_lung_window_is_level_600_width_1500():
    hu = np.array([[-2000.0, -1350.0, -600.0, 150.0, 3000.0]], dtype=np.float32)
    np.testing.assert_array_equal(LUNG_WINDOW.grey(hu), [[0, 0, 128, 255, 255]])


def test_holes_stay_holes():
    rows, columns = np.mgrid[-30:31, -30:31]
    radius = np.hypot(rows, columns)
    ring = ((radius < 25) & (radius > 12)).astype(np.uint8)[None]
    grid = Geometry.aligned(ring.shape, (1.0, 1.0, 1.0), frame_of_reference="1")
    (outline,) = outlines(
        LabelMap(ring, grid, SPOT),
        Cut(grid, plane_through("axial", grid.to_lps((0, 30, 30)), FieldOfView(61, 61), grid)),
    )
    assert outline.path.count("M") == 2
    assert outline.path.count("Z") == 2


class TestLevels:
    @pytest.fixture(scope="class")
    @staticmethod
    def both(baseline, followup):
        return [
            OrganAndFinding(p.volume.geometry, p.organ.mask(), p.opacity.mask("ground_glass", "consolidation"))
            for p in (baseline, followup)
        ]

    @pytest.mark.parametrize(("view", "row"), [("axial", 2), ("coronal", 1)])
    def test_a_level_is_the_same_place_in_both_scans(self, comparison, both, view, row):
        shift = comparison.transform.affine[row, 3]
        spacing = comparison.followup.volume.geometry.spacing[0 if view == "axial" else 1]
        for level in matched_levels(view, *both, comparison.transform, count=3):
            apart = level.followup[row] - level.baseline[row] - shift
            assert abs(apart) <= spacing / 2 + 1e-6
            within = np.delete(level.followup - level.baseline - comparison.transform.affine[:3, 3], row)
            assert np.abs(within).max() < 3.0

    def test_the_largest_opacity_and_the_rest_are_among_the_levels(self, comparison, both):
        heights = [level.baseline[2] for level in matched_levels("axial", *both, comparison.transform, count=3)]
        assert min(abs(z - 10) for z in heights) <= 6  # largest ball at baseline
        assert min(abs(z + 30) for z in heights) <= 6  # largest ball at follow-up
        assert heights == sorted(heights, reverse=True)

    def test_without_a_transform_levels_go_by_share_of_the_lung(self, both):
        for level in matched_levels("axial", *both, None, count=3):
            shares = []
            for centre, scan in zip((level.baseline, level.followup), both, strict=True):
                low, high = scan.extent(0)
                shares.append((scan.geometry.to_index(centre)[0] - low) / (high - low))
            assert shares[0] == pytest.approx(shares[1], abs=0.02)

    def test_slice_numbers_count_from_the_head(self, both):
        levels = matched_levels("axial", *both, None, count=3)
        assert [level.slices[0] for level in levels] == sorted(level.slices[0] for level in levels)
        top = both[0].geometry.shape[0] - 1
        index = both[0].geometry.to_index(levels[0].baseline)[0]
        assert levels[0].slices[0] == top - round(index) + 1

    def test_both_scans_get_one_frame_that_holds_both_organs(self, both):
        field = shared_field_of_view("coronal", *both)
        for scan in both:
            assert field.width_mm >= scan.box_mm(2)
            assert field.height_mm >= scan.box_mm(0)

    @given(
        st.lists(st.floats(0, 100), min_size=12, max_size=40),
        st.lists(st.floats(0, 100), min_size=12, max_size=40),
        st.integers(1, 4),
    )
    def test_chosen_slices_are_apart_inside_the_organ_and_as_many_as_asked(self, before, after, count):
        size = min(len(before), len(after))
        found = pick(np.array(before[:size]), np.array(after[:size]), (1, size - 2), count)
        assert len(found) == count
        assert all(1 <= one <= size - 2 for one in found)
        assert all(abs(a - b) >= 0.15 * (size - 3) for a in found for b in found if a != b)
        if max(before[1 : size - 1]) > 0:
            assert found[0] == 1 + int(np.argmax(before[1 : size - 1]))


def test_seen_from_the_front_the_right_is_left_and_the_head_is_up(baseline):
    found = frontal(baseline.organ, baseline.opacity)
    image = np.asarray(_decoded(found.uri), dtype=float)
    dark = np.argwhere(image < 150).mean(axis=0) / image.shape
    assert dark[1] < 0.4  # the ground glass lies in the right lung,
    assert 0.3 < dark[0] < 0.5  # a little above its middle
    assert found.width_mm / found.height_mm == pytest.approx(
        image.shape[1] * baseline.organ.geometry.spacing[2] / (image.shape[0] * baseline.organ.geometry.spacing[0])
    )


def _decoded(uri: str):
    import base64
    import io

    from PIL import Image

    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_a_picture_carries_no_metadata():
    image = _decoded(data_uri(np.zeros((4, 5), dtype=np.uint8)))
    assert (image.size, image.mode, image.info) == ((5, 4), "L", {})


@pytest.mark.parametrize(("width", "bar"), [(30, 10), (150, 20), (180, 50), (340, 100)])
def test_a_scale_bar_takes_at_most_a_third(width, bar):
    assert scale_bar_mm(width) == bar


def test_bars_share_a_scale_with_zero_on_it(comparison):
    intervals = [row.change["opacity_ml"] for row in comparison.regions]
    scale = scale_of(intervals)
    assert 0 < scale.at(0.0) < 100
    for one in intervals:
        bar = scale.bar(one)
        assert 0 <= bar.low <= bar.high <= 100
        assert bar.zero in (pytest.approx(bar.start, abs=0.02), pytest.approx(bar.start + bar.width, abs=0.02))
