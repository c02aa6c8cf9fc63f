"""Masks from a model's output and the edits a reader made to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.edits.record import Edit, active_edits
from ctreview.errors import CtreviewError, EditDoesNotApply, WrongUse
from ctreview.volume.geometry import require_same_grid
from ctreview.volume.labels import LabelMap

__all__ = ["Handler", "Handlers", "Patch", "ReplayResult", "apply", "handlers_after", "replay"]


@dataclass(frozen=True, eq=False)
class Patch:
    """A box of a label map with the labels that come to stand in it.

    Attributes
    ----------
    start : tuple of int
        Index of the box's first voxel.
    labels : ndarray of unsigned integers
        What the box holds from now on.
    outside, in_other_part : int
        So many voxels that were meant as well stay as they were: they lie outside the organ, or in a part of it (the
        other lung) that the act was not for.
    """

    start: tuple[int, int, int]
    labels: npt.NDArray[Any]
    outside: int = 0
    in_other_part: int = 0

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """The box as an index."""
        a, b, c = (slice(s, s + n) for s, n in zip(self.start, self.labels.shape, strict=True))
        return a, b, c


Handler = Callable[[LabelMap, Edit], Patch]
"""A tool as replay sees it: the labels as they stand and an edit in, the changed box out; must not change its input."""

Handlers = Mapping[str, Handler] | Callable[[Sequence[Edit]], Mapping[str, Handler]]
"""A tool for each kind of edit; or what gives them after the edits that were applied, where earlier acts change what
later ones may do (an organ that a reader extended)."""


@dataclass(frozen=True, eq=False)
class ReplayResult:
    """What came of a replay.

    Attributes
    ----------
    labels : LabelMap
        The base with every edit applied that could be.
    applied : tuple of Edit
        In order.
    refused : tuple of (Edit, str)
        What did not apply, and why, for the reader to decide anew.
    """

    labels: LabelMap
    applied: tuple[Edit, ...]
    refused: tuple[tuple[Edit, str], ...]


def apply(array: npt.NDArray[Any], patch: Patch) -> Patch:
    """Put a patch into a writable array, and give back the patch that undoes it."""
    before = Patch(patch.start, array[patch.box].copy())
    array[patch.box] = patch.labels
    return before


def handlers_after(handlers: Handlers, applied: Sequence[Edit]) -> Mapping[str, Handler]:
    """The tools that the next edit is made with."""
    return handlers if isinstance(handlers, Mapping) else handlers(applied)


def replay(base: LabelMap, edits: Iterable[Edit], handlers: Handlers, *, image: str) -> ReplayResult:
    """Apply a journal's edits to a label map, in order, after its undos and redos.

    Parameters
    ----------
    base : LabelMap
        What the computer proposed.
    edits : iterable of Edit
        A whole journal, or the part of it with one target.
    handlers : Handlers
        A tool for each kind of edit.
    image : str
        `Volume.digest` of the image that ``base`` lies on.

    Returns
    -------
    ReplayResult
        The same for the same input, bit for bit.

    Raises
    ------
    WrongUse
        An edit of a kind that has no handler.
    """
    labels = base.array.copy()
    applied: list[Edit] = []
    refused: list[tuple[Edit, str]] = []
    for edit in active_edits(tuple(edits)):
        tools = handlers_after(handlers, applied)
        if edit.kind not in tools:
            raise WrongUse(f"no tool is known for an edit of kind {edit.kind!r}", remedy="Update ctreview.")
        try:
            if edit.image != image:
                raise EditDoesNotApply("it was drawn on another image")
            require_same_grid(base, edit.geometry)
            apply(labels, tools[edit.kind](replace(base, array=labels), edit))
            applied.append(edit)
        except CtreviewError as reason:
            refused.append((edit, reason.found))
    return ReplayResult(replace(base, array=np.ascontiguousarray(labels)), tuple(applied), tuple(refused))
