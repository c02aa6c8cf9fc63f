"""What tests of the tools share: drawing on a canvas, and a call of every tool."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np

from ctreview.edits import Patch, apply
from ctreview.tools import (
    BrushSettings,
    Canvas,
    PickSettings,
    ScribbleSettings,
)
from ctreview.tools.packed_mask import PackedMask

from .conftest import LESION, distance_to

ANGLES = [0.0, 0.3]
BESIDE_THE_TUBE = LESION + np.array([0, 4, 2])
BESIDE_THE_ORGAN = slice(0, 4), slice(0, 8), slice(0, 1)
PAINTED = slice(0, 40), slice(0, 48), slice(0, 56)


def plain_mask(box: tuple[slice, slice, slice]) -> dict[str, object]:
    """All of a box, as a payload holds it."""
    packed = PackedMask.of(box, np.ones([s.stop - s.start for s in box], dtype=bool))
    return {"start": list(packed.start), "shape": list(packed.shape), "bits": packed.bits}


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
    "fill_by_image": {
        "drawn": [{"label": "consolidation", "slices": [10, 14]}],
        "settings": {"window_mm": 6.0, "grid_mm": 2.0, "margin_mm": 10.0},
    },
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
    "accept_candidate": {
        "id": "r1",
        "label": "consolidation",
        "point": [40.0, 0.0, 0.0],
        "mask": plain_mask(BESIDE_THE_ORGAN),
    },
    "organ_brush": {
        "points": [[24.0, 24.0, 14.0]],
        "part": "organ",
        "adds": True,
        "classes": [{"label": "consolidation", "from_hu": -300.0}],
        "settings": asdict(BrushSettings(6.0, "ball")),
    },
    "border_points": {"border": "middle", "points": [[0.0, 0.0, 0.0], [4.0, 0.0, 0.0]]},
    "copy_border": {"border": "middle", "points": [[0.0, 0.0, 0.0]], "error_mm": 2.0},
    "part_brush": {"points": [[0.0, 0.0, 0.0]], "part": "organ", "settings": asdict(BrushSettings(6.0, "ball"))},
    "part_piece": {"part": "organ", "point": [0.0, 0.0, 20.0], "mask": plain_mask(PAINTED)},
    "decide": {"mask": plain_mask(PAINTED), "label": "consolidation"},
    "take_proposal": {"proposed": [{"label": "consolidation", "mask": plain_mask(PAINTED)}]},
    "dismiss_candidate": {"id": "r1", "point": [0.0, 0.0, 20.0], "mask": plain_mask(PAINTED)},
}
