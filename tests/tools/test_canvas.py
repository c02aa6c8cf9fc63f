"""What is done in the right lung never changes the left one; what falls outside is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from ctreview.edits import Edit, Patch, replay
from ctreview.tools import TOOLS, BrushSettings, Canvas, PickSettings, ScribbleSettings, handlers
from ctreview.tools.kinds import RECORDED_DEFAULTS
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.volume import Volume

GRID = Geometry.aligned((12, 40, 40), (2.0, 2.0, 2.0), origin=(0.0, 0.0, 0.0), frame_of_reference="1.2.3")
LUNGS = Scheme((Label(1, "right_lung", (9, 9, 9)), Label(2, "left_lung", (99, 9, 9))))
OPACITY = Scheme((Label(1, "ground_glass", (255, 200, 0)), Label(2, "consolidation", (0, 100, 200))))
RIGHT, LEFT = 1, 2
MIDDLE = [38.0, 40.0, 10.0]
BALL = asdict(BrushSettings(9.0, "ball"))

STROKES: dict[str, dict[str, Any]] = {
    "brush": {"points": [MIDDLE, [50.0, 40.0, 10.0]], "label": "consolidation", "settings": BALL},
    "take_piece": {"point": MIDDLE, "label": "consolidation", "settings": asdict(PickSettings(neck_mm=0.1))},
    "remove_piece": {"point": [36.0, 40.0, 10.0]},
    "lasso": {"points": [[20.0, 30, 10], [46.0, 30, 10], [46.0, 50, 10], [20.0, 50, 10]], "label": "consolidation"},
    "live_wire": {"points": [[20.0, 30, 10], [46.0, 30, 10], [46.0, 50, 10], [20.0, 50, 10]], "label": "consolidation"},
    "scribble": {
        "strokes": [
            {"points": [[30.0, 40.0, 10.0], MIDDLE], "label": "consolidation"},
            {"points": [[20.0, 24.0, 10.0]], "label": None},
        ],
        "settings": asdict(ScribbleSettings(near=0.0, caution=1.0, speck_ml=0.0)),
    },
    "fill_between": {"label": "consolidation"},
    "move_outline": {"label": "consolidation", "by_mm": 6.0},
    "smooth_outline": {"label": "consolidation", "by_mm": 4.0},
}


def joined_lungs(kind: str) -> Canvas:
    """Two lungs that touch at the middle, with one patch of opacity across both."""
    lungs = np.zeros(GRID.shape, np.uint8)
    lungs[1:11, 10:30, 5:20], lungs[1:11, 10:30, 20:35] = RIGHT, LEFT
    hu = np.where(lungs > 0, -850, 40).astype(np.int16)
    hu[3:8, 16:26, 14:26] = -500
    labels = np.zeros(GRID.shape, np.uint8)
    if kind == "remove_piece":
        labels[3:8, 16:26, 16:24] = 1
    elif kind == "fill_between":
        # drawn in the right lung alone, slanting so that the middle of the two lies in both
        labels[2, 16:26, 8:20] = labels[8, 16:26, 12:20] = 2
    elif kind in ("move_outline", "smooth_outline"):
        labels[3:8, 16:26, 14:20] = 2
    volume = Volume(hu, GRID)
    return Canvas(volume, LabelMap(labels, GRID, OPACITY), within=LabelMap(lungs, GRID, LUNGS), organ="lungs")


def done(canvas: Canvas, kind: str, payload: Mapping[str, Any]) -> np.ndarray:
    edit = Edit(kind, "opacity", payload, "reader", canvas.volume.digest, GRID)
    found = replay(canvas.labels, [edit], handlers(canvas), image=canvas.volume.digest)
    assert not found.refused, found.refused
    return found.labels.array


@pytest.mark.parametrize("kind", sorted(STROKES))
def test_a_stroke_in_the_right_lung_leaves_the_left_one_as_it_was(kind: str) -> None:
    canvas = joined_lungs(kind)
    array = done(canvas, kind, {**STROKES[kind], "one_part": True})
    changed = array != canvas.labels.array
    assert changed[canvas.within.mask("right_lung")].any() or kind == "smooth_outline"
    assert not changed[canvas.within.mask("left_lung")].any()


@pytest.mark.parametrize("kind", sorted(set(STROKES) - {"take_piece", "fill_between"}))
def test_a_record_of_old_changes_both_lungs_as_it_did(kind: str) -> None:
    canvas = joined_lungs(kind)
    assert RECORDED_DEFAULTS[kind]["one_part"] is False
    changed = done(canvas, kind, STROKES[kind]) != canvas.labels.array
    assert changed[canvas.within.mask("left_lung")].any()


@pytest.mark.parametrize("kind", ["brush", "lasso", "live_wire", "move_outline", "scribble"])
def test_what_falls_outside_is_counted(kind: str) -> None:
    """Of a stroke over the front of the right lung, the voxels beyond it."""
    canvas = joined_lungs("move_outline" if kind == "move_outline" else "")
    if kind == "move_outline":
        front = canvas.labels.array.copy()
        front[3:8, 10:16, 8:16] = 2
        canvas = replace(canvas, labels=replace(canvas.labels, array=front))
    payload = {
        "brush": {"points": [[24.0, 20.0, 10.0]], "label": "consolidation", "settings": BrushSettings(9.0, "ball")},
        "lasso": {"points": [[16.0, 10, 10], [30.0, 10, 10], [30.0, 30, 10]], "label": "consolidation"},
        "live_wire": {"points": [[16.0, 10, 10], [30.0, 10, 10], [30.0, 30, 10]], "label": "consolidation"},
        "move_outline": STROKES["move_outline"],
        "scribble": {
            "strokes": [
                {"points": [[24.0, 10.0, 10.0], [24.0, 30.0, 10.0]], "label": "consolidation"},
                {"points": [[30.0, 50.0, 10.0]], "label": None},
            ]
        },
    }[kind]
    patch: Patch = TOOLS[kind].tool(canvas, **payload)
    assert patch.outside >= 5
    labelled = patch.labels != canvas.labels.array[patch.box]
    assert not labelled[canvas.within.array[patch.box] == 0].any()


def test_a_click_beside_the_lungs_takes_nothing_and_says_why() -> None:
    canvas = joined_lungs("")
    edit = Edit(
        "take_piece",
        "opacity",
        {"point": [24.0, 18.0, 10.0], "label": "consolidation", "one_part": True},
        "reader",
        canvas.volume.digest,
        GRID,
    )
    ((_, reason),) = replay(canvas.labels, [edit], handlers(canvas), image=canvas.volume.digest).refused
    assert "outside the lungs" in reason
