"""What replay needs: a handler for each kind of edit that the tools can make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from functools import partial

from ctreview.edits.record import Edit
from ctreview.edits.replay import Handler, Patch
from ctreview.errors import EditDoesNotApply
from ctreview.tools.candidate import OfferedPiece
from ctreview.tools.canvas import Canvas
from ctreview.tools.feature_memory import FeatureMemory
from ctreview.tools.payloads import (
    TOOLS,
    AcceptCandidatePayload,
    CarryPayload,
    DismissCandidatePayload,
    ScribblePayload,
    read_payload,
)
from ctreview.volume.labels import LabelMap

__all__ = ["handlers"]


def handlers(
    canvas: Canvas, *, other: LabelMap | None = None, offered: Sequence[OfferedPiece] = ()
) -> dict[str, Handler]:
    """Handlers of every tool on one image.

    An edit's payload holds the keyword arguments of its tool, so that an edit is a call put down in writing.

    Parameters
    ----------
    canvas : Canvas
        The image, where labels may be set, and the barrier; its labels are replaced by those being replayed.
    other : LabelMap, optional
        The other timepoint's labels on this grid, for ``carry``.
    offered : sequence of OfferedPiece
        Pieces that may be accepted or dismissed.

    Returns
    -------
    dict of str to Handler
        By kind of edit.
    """
    memory = FeatureMemory()
    return {kind: partial(_run, canvas=canvas, other=other, memory=memory, offered=tuple(offered)) for kind in TOOLS}


def _run(
    labels: LabelMap,
    edit: Edit,
    *,
    canvas: Canvas,
    other: LabelMap | None,
    memory: FeatureMemory,
    offered: tuple[OfferedPiece, ...],
) -> Patch:
    payload = read_payload(edit.kind, edit.payload)
    call = {field.name: getattr(payload, field.name) for field in fields(payload)}
    if isinstance(payload, CarryPayload):
        if other is None:
            raise EditDoesNotApply("it copies from the other timepoint, and there is none")
        call["other"] = other
    if isinstance(payload, ScribblePayload):
        call["memory"] = memory
    if isinstance(payload, AcceptCandidatePayload | DismissCandidatePayload):
        call["offered"] = offered
    return TOOLS[edit.kind].tool(replace(canvas, labels=labels), **call)
