from __future__ import annotations

import numpy as np
import pytest

from ctreview.edits import Edit, replay
from ctreview.tools import (
    TOOLS,
    Canvas,
    handlers,
)
from ctreview.tools.parts import BORDER_POINTS, COPY_BORDER, PART_BRUSH, PART_PIECE
from ctreview.volume.labels import LabelMap

from .conftest import LESION, SCHEME
from .drawing import PAYLOADS, ball


@pytest.mark.parametrize("kind", sorted(TOOLS))
def test_every_tool_can_be_replayed_from_its_journal_line(canvas: Canvas, kind: str) -> None:
    start = ball(ball(canvas, np.array([-10.0, 0, 0]), 5), np.array([15.0, 0, 0]), 3)
    painted = start.labels.array.copy()
    painted[[10, 14], 20:24, 20:24] = 2
    painted[0, 0, 0] = 1  # beside the organ, where a candidate was accepted
    base = LabelMap(painted, canvas.geometry, SCHEME)
    edit = Edit(kind, "opacity", PAYLOADS[kind], "reader", canvas.volume.digest, canvas.geometry)
    again = Edit.from_json(edit.to_json())
    other = ball(canvas, LESION, 6).labels
    first, second = (
        replay(base, [one], handlers(canvas, other=other), image=canvas.volume.digest) for one in (edit, again)
    )
    assert not first.refused
    assert np.array_equal(first.labels.array, second.labels.array)
    of_parts = kind in (BORDER_POINTS, COPY_BORDER, PART_BRUSH, PART_PIECE)
    assert np.array_equal(first.labels.array, base.array) == of_parts, "acts on parts leave labels as they are"


def test_an_edit_of_a_newer_version_is_refused_by_name(canvas: Canvas) -> None:
    payload = {"points": [LESION.tolist()], "label": "ground_glass", "settings": {"pressure": 2}}
    edit = Edit("brush", "opacity", payload, "reader", canvas.volume.digest, canvas.geometry)
    done = replay(canvas.labels, [edit], handlers(canvas), image=canvas.volume.digest)
    assert "pressure" in done.refused[0][1]
