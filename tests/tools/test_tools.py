from __future__ import annotations

from dataclasses import asdict, replace
from typing import Literal

import numpy as np
import pytest

from ctreview.edits import Edit, Patch, apply, replay
from ctreview.errors import EditDoesNotApply, GridMismatch
from ctreview.tools import (
    TOOLS,
    BrushSettings,
    Canvas,
    PickSettings,
    ScribbleSettings,
    brush,
    carry,
    fill_between,
    handlers,
    keep_largest,
    keep_piece,
    lasso,
    learn_gate,
    live_wire,
    move_outline,
    piece_at,
    remove_piece,
    remove_small,
    smooth_outline,
    take_piece,
)
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.volume import Volume

from .conftest import LESION, SCHEME, distance_to, grid, make_canvas

ANGLES = [0.0, 0.3]
BESIDE_THE_TUBE = LESION + np.array([0, 4, 2])


def after(canvas: Canvas, patch: Patch) -> Canvas:
    """The canvas with a patch applied."""
    array = canvas.labels.array.copy()
    apply(array, patch)
    return replace(canvas, labels=replace(canvas.labels, array=array))


def ball(canvas: Canvas, centre: np.ndarray, radius: float, value: int = 1) -> Canvas:
    array = canvas.labels.array.copy()
    array[distance_to(canvas.geometry, centre) <= radius] = value
    return replace(canvas, labels=replace(canvas.labels, array=array))


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


@pytest.mark.parametrize("angle", ANGLES)
def test_a_brush_paints_the_millimetres_it_says(angle: float) -> None:
    canvas = replace(make_canvas(angle), within=None, barrier=None)
    painted = after(canvas, brush(canvas, points=[LESION], label="ground_glass", settings=BrushSettings(6, "ball")))
    assert np.array_equal(painted.labels.mask(), distance_to(canvas.geometry, LESION) <= 6)


def test_a_disc_stays_in_its_slice_and_a_stroke_has_no_gaps(canvas: Canvas) -> None:
    points = [[-20, 0, 0], [20, 0, 0]]
    painted = after(canvas, brush(canvas, points=points, label="ground_glass", settings=BrushSettings(3)))
    levels = np.flatnonzero(painted.labels.mask().any(axis=(1, 2)))
    assert levels.tolist() == [20]
    row = painted.labels.mask()[20, 23]
    assert row[np.flatnonzero(row)[0] : np.flatnonzero(row)[-1]].all()
    assert row.sum() * 1.2 == pytest.approx(46, abs=1.3)


def test_a_gated_brush_leaves_alone_what_is_outside_gate_organ_and_barrier(canvas: Canvas) -> None:
    settings = BrushSettings(20, "ball", low_hu=-700, high_hu=-450)
    painted = after(canvas, brush(canvas, points=[LESION], label="ground_glass", settings=settings)).labels.mask()
    truth = (distance_to(canvas.geometry, LESION) < 8) & (canvas.barrier.array == 0)  # type: ignore[union-attr]
    assert dice(painted, truth) > 0.98
    assert not painted[canvas.barrier.array > 0].any()  # type: ignore[union-attr]


def test_erasing_reaches_labels_that_lie_where_none_may_be_set(canvas: Canvas) -> None:
    outside = ball(canvas, np.array([0, 0, 38.0]), 3)
    assert outside.labels.mask().any()
    erased = after(outside, brush(outside, points=[[0, 0, 38.0]], label=None, settings=BrushSettings(5, "ball")))
    assert not erased.labels.mask().any()


@pytest.mark.parametrize("angle", ANGLES)
def test_one_click_takes_the_lesion_and_stops_at_the_vessel(angle: float) -> None:
    canvas = make_canvas(angle)
    painted = after(canvas, take_piece(canvas, point=BESIDE_THE_TUBE, label="ground_glass")).labels.mask()
    truth = (distance_to(canvas.geometry, LESION) < 8) & (canvas.barrier.array == 0)  # type: ignore[union-attr]
    assert dice(painted, truth) > 0.9


def test_the_wheel_widens_the_gate_and_so_the_piece(canvas: Canvas) -> None:
    point = BESIDE_THE_TUBE
    sizes = [
        after(canvas, take_piece(canvas, point=point, label="ground_glass", steps=n)).labels.mask().sum()
        for n in (-2, 0, 8)
    ]
    assert sizes[0] < sizes[1] < sizes[2]
    narrow, wide = (learn_gate(canvas, point, steps=n) for n in (0, 3))
    assert wide.high_hu - narrow.high_hu == pytest.approx(3 * PickSettings().widening_hu)


@pytest.mark.parametrize("takes", ["piece", "supervoxel"])
def test_a_pick_stays_in_the_part_that_was_clicked(canvas: Canvas, takes: Literal["piece", "supervoxel"]) -> None:
    assert canvas.within is not None
    cut = round(float(canvas.geometry.to_index(LESION)[1]))
    parts = canvas.within.array.copy()
    parts[:, cut:] *= 2  # two lobes that meet in the middle of the lesion
    lobes = Scheme((Label(1, "upper_lobe", (1, 1, 1)), Label(2, "lower_lobe", (2, 2, 2))))
    divided = replace(canvas, within=replace(canvas.within, array=parts, scheme=lobes))
    settings = PickSettings(takes=takes)
    for point, part in ((LESION + np.array([0, -4, 3]), 1), (LESION + np.array([0, 4, 3]), 2)):
        painted = after(divided, take_piece(divided, point=point, label="ground_glass", settings=settings))
        assert set(parts[painted.labels.mask()]) == {part}
    whole = after(canvas, take_piece(canvas, point=BESIDE_THE_TUBE, label="ground_glass")).labels.mask()
    assert whole[:, :cut].any()
    assert whole[:, cut:].any()


@pytest.mark.parametrize("angle", ANGLES)
def test_a_supervoxel_is_compact_and_follows_the_edge_that_it_meets(angle: float) -> None:
    canvas = make_canvas(angle)
    settings = PickSettings(takes="supervoxel", supervoxel_mm=8.0)
    near_the_edge = LESION + np.array([0, 6.0, 2.0])
    painted = after(canvas, take_piece(canvas, point=near_the_edge, label="ground_glass", settings=settings))
    found = painted.labels.mask()
    in_lesion = distance_to(canvas.geometry, LESION) < 8
    assert (found & in_lesion).sum() > 0.9 * found.sum() > 0, "the lesion's edge is where it ends"
    assert not found[canvas.barrier.array > 0].any()  # type: ignore[union-attr]
    in_plain_lung = np.array([-15.0, 0.0, 0.0])
    sizes = []
    for steps in (-2, 0, 2):
        patch = take_piece(canvas, point=in_plain_lung, label="ground_glass", steps=steps, settings=settings)
        sizes.append(after(canvas, patch).labels.volume_ml("ground_glass"))
    assert sizes[0] < sizes[1] < sizes[2]
    assert sizes[1] == pytest.approx(0.8**3, rel=0.6), "where nothing stops it, about as wide as asked"


@pytest.mark.parametrize("spacing", [(5.0, 0.7, 0.7), (0.7, 0.7, 0.7), (0.35, 0.35, 3.0)])
def test_a_supervoxel_is_as_wide_as_asked_in_all_directions(spacing: tuple[float, float, float]) -> None:
    settings = PickSettings(takes="supervoxel")
    shape = tuple(round(70 / mm) for mm in spacing)
    geometry = Geometry.aligned(shape, spacing, frame_of_reference="1.2.3")
    noise = np.random.default_rng(3).normal(-850, 20, shape)
    plain = Canvas(Volume(noise.astype(np.int16), geometry), LabelMap(np.zeros(shape, np.uint8), geometry, SCHEME))
    point = geometry.to_lps(np.array(shape) // 2)
    first, again = (take_piece(plain, point=point, label="ground_glass", settings=settings) for _ in range(2))
    assert np.array_equal(first.labels, again.labels)
    found = np.argwhere(after(plain, first).labels.mask())
    # of a cuboid the standard deviation is its width over the root of 12
    widths = found.std(axis=0) * np.array(spacing) * np.sqrt(12)
    assert widths == pytest.approx([settings.supervoxel_mm] * 3, rel=0.25)


def test_clicks_in_one_cell_of_the_lattice_see_the_same_supervoxel(canvas: Canvas) -> None:
    settings = PickSettings(takes="supervoxel")
    here = np.array([-14.0, 0.0, 0.0])
    first = after(canvas, take_piece(canvas, point=here, label="ground_glass", settings=settings)).labels.mask()
    edges = np.rint(settings.supervoxel_mm / np.array(canvas.geometry.spacing)).astype(int)
    index = np.argwhere(first)
    same_cell = index[np.all(index // edges == canvas.voxel_at(here) // edges, axis=1)]
    assert len(same_cell) > 50
    for voxel in same_cell[:: len(same_cell) // 3]:
        point = canvas.geometry.to_lps(voxel)
        again = after(canvas, take_piece(canvas, point=point, label="ground_glass", settings=settings)).labels.mask()
        assert np.array_equal(first, again)


def test_a_click_outside_image_or_organ_says_so(canvas: Canvas) -> None:
    with pytest.raises(EditDoesNotApply, match="outside the image"):
        take_piece(canvas, point=[0, 0, 500], label="ground_glass")
    with pytest.raises(EditDoesNotApply, match="may be labelled"):
        take_piece(canvas, point=[33, 27, 0], label="ground_glass")
    with pytest.raises(EditDoesNotApply, match="may not be labelled"):
        take_piece(canvas, point=[33, 27, 0], label="ground_glass", settings=PickSettings(takes="supervoxel"))


def test_pieces_are_removed_changed_and_kept_one_by_one(canvas: Canvas) -> None:
    near, far = np.array([-10.0, 0, 0]), np.array([15.0, 0, 0])
    two = ball(ball(canvas, near, 5), far, 3)
    only_far = distance_to(canvas.geometry, far) <= 3
    assert np.array_equal(after(two, remove_piece(two, point=near)).labels.mask(), only_far)
    changed = after(two, remove_piece(two, point=far, label="consolidation")).labels
    assert changed.mask("consolidation").sum() <= only_far.sum()
    assert changed.mask("ground_glass")[only_far].sum() == (canvas.barrier.array[only_far] > 0).sum()  # type: ignore[union-attr]
    assert np.array_equal(after(two, keep_piece(two, point=far)).labels.mask(), only_far)
    assert not after(two, keep_largest(two, label="ground_glass")).labels.mask()[only_far].any()
    with pytest.raises(EditDoesNotApply, match="no piece"):
        remove_piece(canvas, point=near)


def test_islands_below_a_volume_go_and_those_above_stay(canvas: Canvas) -> None:
    two = ball(ball(canvas, np.array([-10.0, 0, 0]), 5), np.array([15.0, 0, 0]), 3)
    sizes = [4 / 3 * np.pi * r**3 / 1000 for r in (5, 3)]
    left = after(two, remove_small(two, label="ground_glass", below_ml=sum(sizes) / 2)).labels
    assert left.volume_ml("ground_glass") == pytest.approx(sizes[0], rel=0.1)
    everything = after(two, remove_small(two, label="ground_glass", below_ml=1.0)).labels
    assert everything.voxels["ground_glass"] == 0
    by_length = after(two, remove_small(two, label="ground_glass", below_ml=0.0, below_mm=8.0)).labels
    assert by_length.volume_ml("ground_glass") == pytest.approx(sizes[0], rel=0.1)


def test_a_piece_is_whole_however_far_it_reaches(canvas: Canvas) -> None:
    long = canvas.labels.array.copy()
    long[20, 23, 1:55] = 1
    long[2:39, 23, 54] = 1
    here = replace(canvas, labels=replace(canvas.labels, array=long), barrier=None, within=None)
    for reach in (2, 5, 400):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("ctreview.tools.pick._FIRST_WINDOW", reach)
            box, piece = piece_at(here, here.geometry.to_lps([20, 23, 1]))
        whole = np.zeros_like(long)
        whole[box] = piece
        assert np.array_equal(whole, long)


@pytest.mark.parametrize("by_mm", [-3.0, -1.5, 2.0, 4.0])
def test_an_outline_moves_by_the_millimetres_asked(canvas: Canvas, by_mm: float) -> None:
    free = replace(canvas, within=None, barrier=None)
    start = ball(free, np.zeros(3), 12)
    moved = after(start, move_outline(start, label="ground_glass", by_mm=by_mm)).labels
    wanted = 4 / 3 * np.pi * (12 + by_mm) ** 3 / 1000
    # the distance counts from voxel centres: half a voxel either way
    slack = 4 * np.pi * (12 + by_mm) ** 2 * 1.2 / 1000
    assert moved.volume_ml("ground_glass") == pytest.approx(wanted, abs=slack)


def test_growing_never_takes_another_label_or_leaves_the_organ(canvas: Canvas) -> None:
    start = ball(ball(canvas, np.array([-4.0, 0, 0]), 4), np.array([8.0, 0, 0]), 5, 2)
    grown = after(start, move_outline(start, label="ground_glass", by_mm=60)).labels
    assert grown.voxels["consolidation"] == start.labels.voxels["consolidation"]
    assert not (grown.mask("ground_glass") & (canvas.within.array == 0)).any()  # type: ignore[union-attr]


def test_smoothing_keeps_the_volume_and_drops_a_spike(canvas: Canvas) -> None:
    free = replace(canvas, within=None, barrier=None)
    start = ball(free, np.zeros(3), 12)
    spiked = start.labels.array.copy()
    spiked[20, 23, 37:45] = 1
    start = replace(start, labels=replace(start.labels, array=spiked))
    smooth = after(start, smooth_outline(start, label="ground_glass", by_mm=3)).labels
    assert smooth.voxels["ground_glass"] == pytest.approx(int((spiked > 0).sum()), rel=0.01)
    assert not smooth.array[20, 23, 42:45].any()


@pytest.mark.parametrize("plane", [0, 1, 2])
def test_slices_between_two_drawn_ones_take_the_shape_between(canvas: Canvas, plane: int) -> None:
    free = replace(canvas, within=None, barrier=None)
    full = ball(free, np.zeros(3), 14)
    levels = np.flatnonzero(full.labels.mask().any(axis=tuple(n for n in range(3) if n != plane)))
    drawn = levels[1:-1:3]
    keep = np.zeros(full.geometry.shape[plane], dtype=bool)
    keep[drawn] = True
    shape = [1, 1, 1]
    shape[plane] = -1
    sparse = replace(full, labels=replace(full.labels, array=full.labels.array * keep.reshape(shape).astype(np.uint8)))
    filled = after(sparse, fill_between(sparse, label="ground_glass", plane=plane)).labels.mask()
    inner = np.zeros_like(keep)
    inner[drawn[0] : drawn[-1] + 1] = True
    assert dice(filled, full.labels.mask() & inner.reshape(shape)) > 0.97
    with pytest.raises(EditDoesNotApply, match="two drawn slices"):
        fill_between(full, label="ground_glass", plane=plane)


def test_filling_between_corners_leaves_the_rest_of_the_slices_alone(canvas: Canvas) -> None:
    free = replace(canvas, within=None, barrier=None)
    drawn = free.labels.array.copy()
    for level in (10, 20):
        drawn[level, 10:20, 10:20] = 1
        drawn[level, 30:40, 30:40] = 1  # a piece of its own, which nobody asked about
    here = replace(free, labels=replace(free.labels, array=drawn))
    corners = here.geometry.to_lps([[10, 9, 9], [20, 20, 20]]).tolist()
    filled = after(here, fill_between(here, label="ground_glass", slices=[10, 20], corners=corners)).labels.array
    assert filled[11:20, 10:20, 10:20].all()
    assert not filled[11:20, 30:40, 30:40].any()
    assert filled[[10, 20], 30:40, 30:40].all()


def test_a_live_wire_clings_to_the_edge_between_few_clicks() -> None:
    canvas = replace(make_canvas(noise=10), barrier=None)
    level = canvas.geometry.to_lps(canvas.voxel_at(LESION))[2]
    angles = np.linspace(0, 2 * np.pi, 5, endpoint=False)
    clicks = [[LESION[0] + 8 * np.cos(t), LESION[1] + 8 * np.sin(t), level] for t in angles]
    wired = after(canvas, live_wire(canvas, points=clicks, label="ground_glass")).labels.mask()
    straight = after(canvas, lasso(canvas, points=clicks, label="ground_glass")).labels.mask()
    truth = distance_to(canvas.geometry, LESION) < 8
    truth &= np.arange(truth.shape[0])[:, None, None] == canvas.voxel_at(LESION)[0]
    assert dice(wired, truth) > 0.93
    assert dice(wired, truth) > dice(straight, truth) + 0.03


def test_a_lasso_changes_only_the_class_it_is_told_to(canvas: Canvas) -> None:
    free = replace(canvas, within=None, barrier=None)
    start = ball(free, np.zeros(3), 6)
    corners = [[-20, -20, 1.0], [20, -20, 1.0], [20, 20, 1.0], [-20, 20, 1.0]]
    turned = after(start, lasso(start, points=corners, label="consolidation", only=["ground_glass"], depth_mm=2.0))
    assert turned.labels.mask("consolidation").any(axis=(1, 2)).sum() == 3
    assert not (turned.labels.mask("consolidation") & ~start.labels.mask()).any()
    with pytest.raises(EditDoesNotApply, match="outside"):
        lasso(start, points=[[0, 0, 900], [1, 0, 900], [0, 1, 900]], label="ground_glass")


def test_carrying_fills_background_only(canvas: Canvas) -> None:
    start = ball(canvas, LESION, 3, 2)
    other = ball(canvas, LESION, 6).labels
    carried = after(start, carry(start, other=other, label="ground_glass")).labels
    assert carried.voxels["consolidation"] == start.labels.voxels["consolidation"]
    assert carried.voxels["ground_glass"] > 0
    with pytest.raises(EditDoesNotApply, match="no consolidation there"):
        carry(start, other=other, label="consolidation")
    moved = replace(other, geometry=grid(0.2))
    with pytest.raises(GridMismatch):
        carry(start, other=moved, label="ground_glass")


PAYLOADS = {
    "brush": {"points": [LESION.tolist()], "label": "ground_glass", "settings": asdict(BrushSettings(6, "ball"))},
    "take_piece": {"point": BESIDE_THE_TUBE.tolist(), "label": "ground_glass", "settings": asdict(PickSettings())},
    "remove_piece": {"point": [-10.0, 0.0, 0.0]},
    "remove_small": {"label": "ground_glass", "below_ml": 0.3},
    "keep_largest": {"label": "ground_glass"},
    "keep_piece": {"point": [-10.0, 0.0, 0.0]},
    "move_outline": {"label": "ground_glass", "by_mm": 2.0},
    "smooth_outline": {"label": "ground_glass", "by_mm": 2.0},
    "fill_between": {"label": "consolidation"},
    "live_wire": {
        "points": [[0, 0, 1.0], [9, 0, 1.0], [9, 9, 1.0]],
        "label": "ground_glass",
        "settings": {"edge_mm": 1.0},
    },
    "lasso": {"points": [[0, 0, 1.0], [9, 0, 1.0], [9, 9, 1.0]], "label": "consolidation"},
    "scribble": {
        "strokes": [
            {"points": [BESIDE_THE_TUBE.tolist()], "label": "ground_glass"},
            {"points": [[-10.0, 0.0, 0.0]], "label": None},
        ],
        "settings": asdict(ScribbleSettings(reach_mm=15)),
    },
    "carry": {"label": "ground_glass"},
}


@pytest.mark.parametrize("kind", sorted(TOOLS))
def test_every_tool_can_be_replayed_from_its_journal_line(canvas: Canvas, kind: str) -> None:
    start = ball(ball(canvas, np.array([-10.0, 0, 0]), 5), np.array([15.0, 0, 0]), 3)
    painted = start.labels.array.copy()
    painted[[10, 14], 20:24, 20:24] = 2
    base = LabelMap(painted, canvas.geometry, SCHEME)
    edit = Edit(kind, "opacity", PAYLOADS[kind], "reader", canvas.volume.digest, canvas.geometry)
    again = Edit.from_json(edit.to_json())
    other = ball(canvas, LESION, 6).labels
    first, second = (
        replay(base, [one], handlers(canvas, other=other), image=canvas.volume.digest) for one in (edit, again)
    )
    assert not first.refused
    assert np.array_equal(first.labels.array, second.labels.array)
    assert not np.array_equal(first.labels.array, base.array)


def test_an_edit_of_a_newer_version_is_refused_by_name(canvas: Canvas) -> None:
    payload = {"points": [LESION.tolist()], "label": "ground_glass", "settings": {"pressure": 2}}
    edit = Edit("brush", "opacity", payload, "reader", canvas.volume.digest, canvas.geometry)
    done = replay(canvas.labels, [edit], handlers(canvas), image=canvas.volume.digest)
    assert "pressure" in done.refused[0][1]
