"""Labels that were proposed from elsewhere, such as from the other side or the other timepoint, taken as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from ctreview.edits.replay import Patch
from ctreview.errors import EditDoesNotApply
from ctreview.tools.canvas import Canvas
from ctreview.tools.packed_mask import PackedMask
from ctreview.volume.box import bounding_box
from ctreview.volume.labels import LabelMap

__all__ = ["TAKE_PROPOSAL", "ProposedLabel", "take_proposal"]

TAKE_PROPOSAL = "take_proposal"
"""The kind of edit in a journal."""


@dataclass(frozen=True)
class ProposedLabel:
    """A label and the voxels that are proposed for it."""

    label: str
    mask: PackedMask

    @classmethod
    def all_of(cls, proposed: LabelMap) -> tuple[Self, ...]:
        """What a label map proposes: its labels that hold any voxel."""
        found = []
        for label in proposed.scheme:
            where = proposed.mask(label.key)
            if where.any():
                box = bounding_box(where)
                found.append(cls(label.key, PackedMask.of(box, where[box])))
        return tuple(found)


def take_proposal(canvas: Canvas, *, proposed: Sequence[ProposedLabel]) -> Patch:
    """Give voxels the labels that are proposed for them, where they may have one and have none yet.

    What was proposed stands in the record, so that it means the same wherever it came from.

    Parameters
    ----------
    canvas : Canvas
    proposed : sequence of ProposedLabel

    Raises
    ------
    EditDoesNotApply
        Nothing is proposed where a label may still be set; a mask does not fit the image.
    """
    array = canvas.labels.array.copy()
    for one in proposed:
        where, box = one.mask.unpacked(array.shape), one.mask.box
        array[box][where & canvas.allowed(box) & (array[box] == 0)] = canvas.value(one.label)
    changed = array != canvas.labels.array
    if not changed.any():
        raise EditDoesNotApply("nothing is proposed where no label is yet")
    box = bounding_box(changed)
    a, b, c = (span.start for span in box)
    return Patch((a, b, c), np.ascontiguousarray(array[box]))
