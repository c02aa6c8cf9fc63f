"""What two readings were agreed on where they differed."""

from __future__ import annotations

from ctreview.edits.replay import Patch
from ctreview.tools.canvas import Canvas
from ctreview.tools.packed_mask import PackedMask

__all__ = ["DECIDE", "decide"]

DECIDE = "decide"
"""The kind of edit in a journal."""


def decide(canvas: Canvas, *, mask: PackedMask, label: str | None) -> Patch:
    """Give the voxels of a piece the label that was decided, whatever they had.

    Parameters
    ----------
    canvas : Canvas
    mask : PackedMask
        Its voxels.
    label : str or None
        None leaves them without a label.

    Raises
    ------
    EditDoesNotApply
        The mask does not fit the image.
    """
    where = mask.unpacked(canvas.geometry.shape)
    labels = canvas.labels.array[mask.box].copy()
    labels[where] = canvas.value(label)
    a, b, c = mask.start
    return Patch((a, b, c), labels)
