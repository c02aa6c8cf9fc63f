from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.errors import EditDoesNotApply
from ctreview.tools import Canvas
from ctreview.tools.proposal import ProposedLabel, take_proposal
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.volume import Volume

GRID = Geometry.aligned((4, 6, 6), (2.0, 1.0, 1.0), origin=(0, 0, 0), frame_of_reference="1.2.3")
SCHEME = Scheme((Label(1, "front", (200, 0, 0)), Label(2, "back", (0, 200, 0))))


def labels(array: np.ndarray) -> LabelMap:
    return LabelMap(array.astype(np.uint8), GRID, SCHEME)


def test_a_proposal_fills_what_is_free_and_allowed_and_nothing_else() -> None:
    own, proposed, organ = (np.zeros(GRID.shape, int) for _ in range(3))
    own[1, 2, 2] = 2
    proposed[1:3, 1:4, 1:4] = 1
    proposed[2, 5, 5] = 2
    organ[:, :5] = 1
    canvas = Canvas(Volume(np.zeros(GRID.shape, np.float32), GRID), labels(own), within=labels(organ))
    patch = take_proposal(canvas, proposed=ProposedLabel.all_of(labels(proposed)))
    after = own.copy()
    after[patch.box] = patch.labels
    expected = np.where((own == 0) & (organ > 0), proposed, own)
    assert np.array_equal(after, expected)
    with pytest.raises(EditDoesNotApply, match="nothing is proposed"):
        take_proposal(replace(canvas, labels=labels(expected)), proposed=ProposedLabel.all_of(labels(proposed)))
