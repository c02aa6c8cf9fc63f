"""What replay needs: a handler for each kind of edit that the tools can make."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ctreview.edits.record import Edit
from ctreview.edits.replay import EditDoesNotApply, Handler, Patch
from ctreview.tools.canvas import Canvas
from ctreview.tools.carry import carry
from ctreview.tools.feature_memory import FeatureMemory
from ctreview.tools.payload import TOOLS, tool_arguments
from ctreview.tools.scribble import scribble
from ctreview.volume.labels import LabelMap

__all__ = ["handlers"]


def handlers(canvas: Canvas, *, other: LabelMap | None = None) -> dict[str, Handler]:
    """Handlers of every tool on one image.

    An edit's payload holds the keyword arguments of its tool, so that an edit is a call put down in writing.

    Parameters
    ----------
    canvas : Canvas
        The image, where labels may be set, and the barrier; its labels are replaced by those being replayed.
    other : LabelMap, optional
        The other timepoint's labels on this grid, for ``carry``.

    Returns
    -------
    dict of str to Handler
        By kind of edit.
    """
    memory = FeatureMemory()
    return {kind: partial(_run, canvas=canvas, other=other, memory=memory) for kind in TOOLS}


def _run(labels: LabelMap, edit: Edit, *, canvas: Canvas, other: LabelMap | None, memory: FeatureMemory) -> Patch:
    tool, call = TOOLS[edit.kind][0], tool_arguments(edit.kind, edit.payload)
    if tool is carry:
        if other is None:
            raise EditDoesNotApply("it copies from the other timepoint, and there is none")
        call["other"] = other
    if tool is scribble:
        call["memory"] = memory
    return tool(replace(canvas, labels=labels), **call)
