"""What replay needs: a handler for each kind of edit that the tools can make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import partial

from ctreview.edits.record import Edit
from ctreview.edits.replay import Handler, Patch
from ctreview.errors import EditDoesNotApply
from ctreview.tools.candidate import OfferedPiece
from ctreview.tools.canvas import Canvas
from ctreview.tools.feature_memory import FeatureMemory
from ctreview.tools.kinds import TOOLS
from ctreview.tools.payload_reading import read_payload
from ctreview.tools.payloads import AcceptCandidatePayload, CarryPayload, DismissCandidatePayload, ScribblePayload
from ctreview.volume.labels import LabelMap

__all__ = ["handlers"]


def handlers(
    canvas: Canvas | Callable[[], Canvas],
    *,
    other: LabelMap | Callable[[], LabelMap | None] | None = None,
    offered: Sequence[OfferedPiece] = (),
) -> dict[str, Handler]:
    """Handlers of every tool on one image.

    An edit's payload holds the keyword arguments of its tool, so that an edit records a call.

    Parameters
    ----------
    canvas : Canvas, or callable that gives it
        The image, where labels may be set, and the barrier; its labels are replaced by those being replayed.
        A callable is called by every act.
    other : LabelMap, or callable that gives it, optional
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
    canvas: Canvas | Callable[[], Canvas],
    other: LabelMap | Callable[[], LabelMap | None] | None,
    memory: FeatureMemory,
    offered: tuple[OfferedPiece, ...],
) -> Patch:
    payload = read_payload(edit.kind, edit.payload)
    call = {field.name: getattr(payload, field.name) for field in fields(payload)}
    if isinstance(payload, CarryPayload):
        there = other() if callable(other) else other
        if there is None:
            raise EditDoesNotApply("it copies from the other timepoint, and there is none")
        call["other"] = there
    if isinstance(payload, ScribblePayload):
        call["memory"] = memory
    if isinstance(payload, AcceptCandidatePayload | DismissCandidatePayload):
        call["offered"] = offered
    known = canvas() if callable(canvas) else canvas
    return TOOLS[edit.kind].tool(replace(known, labels=labels), **call)
